# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dockerhub_org_member."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_org_member
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.organization_tasks import OAT, PAT, Tasks

MEMBERS, INVITES, BULK = "/v2/orgs/myorg/members", "/v2/orgs/myorg/invites", "/v2/invites/bulk"


@pytest.fixture
def members(hub: t.Any) -> Tasks:
    """An organization with the owner mybot, and the members orgmember, alice and bob."""
    tasks = Tasks(hub, dockerhub_org_member, dockerhub_org_member.org_member)
    tasks.seed(members=["alice", "bob"])
    return tasks


def statuses(result: dict[str, t.Any]) -> dict[str, str]:
    return {person["name"]: person["status"] for person in result["members"]}


def users(*names: str, **more: t.Any) -> list[dict[str, t.Any]]:
    return [{"email" if "@" in name else "user": name, **more} for name in names]


@pytest.mark.parametrize("bulk_status", [200, 202])
def test_new_people_are_invited_together_and_once(members: Tasks, bulk_status: int) -> None:
    members.hub.bulk_status = bulk_status
    listed = users("plainuser", "New@example.com", "alice")
    result = members(members=listed)
    assert result["changed"]
    assert statuses(result) == {"plainuser": "invited", "New@example.com": "invited", "alice": "member"}
    assert [request.path for request in members.sent] == [MEMBERS, INVITES, BULK]
    again = members(members=listed)
    assert statuses(again) == {"plainuser": "pending", "New@example.com": "pending", "alice": "member"}
    assert (again["changed"], members.writes) == (False, [])
    assert members.pending() == {"plainuser": 1, "New@example.com": 1}


def test_addresses_are_compared_without_case(members: Tasks) -> None:
    members.seed(invitations=[{"invitee": "New@Example.com"}])
    result = members(members=users("ALICE@example.COM", "new@example.com", "BOB"))
    assert statuses(result) == {"ALICE@example.COM": "member", "new@example.com": "pending", "BOB": "member"}
    assert result["members"][0]["user"] == "alice"
    assert not result["changed"]


def test_each_role_and_team_is_one_request(members: Tasks) -> None:
    members.seed(teams=[{"name": "dev"}])
    people = [*users("one@example.com", "two@example.com", team="dev"), *users("three@example.com", role="OWNER")]
    members(members=people)
    bodies = [request.body for request in members.sent if request.path == BULK]
    assert [(body["invitees"], body["role"], body["team"]) for body in bodies] == [
        (["one@example.com", "two@example.com"], "member", "dev"),
        (["three@example.com"], "owner", ""),
    ]


def test_a_role_is_changed_in_place(members: Tasks) -> None:
    result = members(members=users("alice", role="Editor"))
    assert members.writes == [f"PUT {MEMBERS}/alice"]
    assert (statuses(result), members.roles()["alice"]) == ({"alice": "role_changed"}, "editor")
    assert result["diff"] == {
        "before": 'alice:\n  role: "member"\n  status: "member"\n',
        "after": 'alice:\n  role: "editor"\n  status: "role_changed"\n',
    }
    assert not members(members=users("alice", role="editor"))["changed"]
    assert not members(members=users("alice"))["changed"]


def test_check_mode_asks_without_inviting(members: Tasks) -> None:
    planned = members(members=[*users("new@example.com"), *users("alice", role="owner")], check_mode=True)
    assert statuses(planned) == {"new@example.com": "invited", "alice": "role_changed"}
    assert planned["changed"]
    assert members.writes == [f"POST {BULK}"]
    assert members.sent[-1].body["dry_run"] is True
    assert (members.pending(), members.roles()["alice"]) == ({}, "member")


@pytest.mark.parametrize("check_mode", [True, False])
def test_misspelt_names_fail_after_everything_else(members: Tasks, *, check_mode: bool) -> None:
    with pytest.raises(errors.NotFound, match="not accept these names: nobdy ") as caught:
        members(members=users("nobdy", "new@example.com"), check_mode=check_mode)
    result = caught.value.result
    assert statuses(result) == {"nobdy": "invalid", "new@example.com": "invited"}
    assert result["members"][0]["reason"] == "invalid_email_or_docker_id"
    assert result["changed"]
    assert members.pending() == ({} if check_mode else {"new@example.com": 1})


def test_people_are_removed_from_organization_and_teams(members: Tasks) -> None:
    members.seed(teams=[{"name": "dev", "members": ["alice", "bob"]}], invitations=[{"invitee": "new@example.com"}])
    gone = users("Alice", "NEW@example.com", "nobody")
    planned = members(members=gone, state="absent", check_mode=True)
    assert members.writes == []
    result = members(members=gone, state="absent")
    assert result == planned
    assert statuses(result) == {"Alice": "removed", "NEW@example.com": "cancelled", "nobody": "absent"}
    assert (members.team("dev"), members.pending()) == (["bob"], {})
    assert not members(members=gone, state="absent")["changed"]


def test_exclusive_removes_everybody_else(members: Tasks) -> None:
    members.seed(invitations=[{"invitee": "old@example.com"}, {"invitee": "new@example.com"}])
    result = members(members=users("ALICE@example.com", "new@example.com"), exclusive=True)
    assert statuses(result) == {
        "ALICE@example.com": "member",
        "new@example.com": "pending",
        "mybot": "kept",
        "orgmember": "removed",
        "bob": "removed",
        "old@example.com": "cancelled",
    }
    assert (members.roles(), members.pending()) == ({"mybot": "owner", "alice": "member"}, {"new@example.com": 1})
    assert members.warnings == ["mybot stays in myorg, because the task is logged in with this account."]


def test_an_accepted_invitation_stays_listed(members: Tasks) -> None:
    members.seed(invitations=[{"invitee": "New@example.com"}])
    members.hub.organizations.known["myorg"].invitations.clear()
    members.seed(members=["new"])
    result = members(members=users("New@example.com", "mybot", "orgmember", "alice", "bob"), exclusive=True)
    assert (result["changed"], result["members"][0]["user"]) == (False, "new")


@pytest.mark.parametrize("check_mode", [True, False])
def test_too_many_removals_change_nothing(members: Tasks, *, check_mode: bool) -> None:
    members.seed(members=["carol"], invitations=[{"invitee": "old@example.com"}])
    listed = [*users("mybot", "new@example.com"), *users("alice", role="owner")]
    with pytest.raises(errors.TooManyRemovals, match="4 people would be removed, but max_removals is 3"):
        members(members=listed, exclusive=True, max_removals=3, check_mode=check_mode)
    assert members.writes == []
    if not check_mode:
        members(members=listed, exclusive=True, max_removals=4)
        assert members.roles() == {"mybot": "owner", "alice": "owner"}


def test_the_account_in_use_is_not_removed(members: Tasks) -> None:
    members.seed(members=[{"name": "boss", "role": "owner"}])
    for person in ("MyBot", "mybot@example.com"):
        with pytest.raises(errors.Protected, match="its own account"):
            members(members=users("alice", person), state="absent")
        assert members.writes == []
    with pytest.raises(errors.Protected, match="its own role"):
        members(members=users("mybot", role="member"))
    assert members.writes == []


def test_the_last_owner_is_protected(members: Tasks) -> None:
    members.login = OAT  # so that no member is the account in use
    for arguments in (
        {"members": users("mybot"), "state": "absent"},
        {"members": users("mybot", role="member")},
        {"members": users("orgmember", "alice", "bob"), "exclusive": True},
    ):
        with pytest.raises(errors.Protected, match="myorg would no longer have an owner: mybot"):
            members(**arguments, check_mode=True)
        with pytest.raises(errors.Protected):
            members(**arguments)
        assert members.writes == []


def test_an_owner_may_follow_another(members: Tasks) -> None:
    members.login = OAT
    members(members=[*users("mybot", role="member"), *users("alice", role="owner")])
    assert members.writes == [f"PUT {MEMBERS}/alice", f"PUT {MEMBERS}/mybot"]
    assert (members.roles()["alice"], members.roles()["mybot"]) == ("owner", "member")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_pending_invitations_are_sent_again_on_request(members: Tasks, method: str) -> None:
    members.hub.resend_method = method
    members.seed(invitations=[{"invitee": "new@example.com"}])
    listed = users("new@example.com", "alice")
    assert statuses(members(members=listed, resend=True, check_mode=True))["new@example.com"] == "resent"
    assert members.pending() == {"new@example.com": 1}
    assert members(members=listed, resend=True)["changed"]
    assert members.pending() == {"new@example.com": 2}


def test_a_refused_resend_is_not_tried_otherwise(members: Tasks) -> None:
    members.login = OAT
    members.seed(invitations=[{"invitee": "new@example.com"}])
    with pytest.raises(errors.NeedsPasswordLogin):
        members(members=users("new@example.com"), resend=True)
    assert len(members.writes) == 1


@pytest.mark.parametrize("as_pages", [False, True])
@pytest.mark.parametrize("with_invitees", [False, True])
def test_every_form_of_the_member_list_is_read(members: Tasks, *, as_pages: bool, with_invitees: bool) -> None:
    members.hub.members_as_pages, members.hub.members_with_invitees = as_pages, with_invitees
    members.seed(invitations=[{"invitee": "new@example.com"}], members=[f"user{number}" for number in range(250)])
    listed = users("mybot", "orgmember", "alice", "bob", "new@example.com", *(f"user{number}" for number in range(250)))
    result = members(members=listed, exclusive=True)
    assert not result["changed"]
    assert statuses(result)["new@example.com"] == "pending"


def test_the_documented_form_of_the_answer_is_read(members: Tasks) -> None:
    rows = [{"invitee": "new@example.com", "status": "invited"}]
    members.hub.fail(BULK, status=202, body={"invitees": {"invitees": rows}})
    assert members(members=users("new@example.com"))["changed"]


def test_somebody_whom_only_docker_hub_knows_as_member(members: Tasks) -> None:
    rows = [{"invitee": "al@example.com", "status": "existing_org_member"}]
    members.hub.fail(BULK, status=202, body={"invitees": rows})
    result = members(members=users("al@example.com"))
    assert (statuses(result), result["changed"]) == ({"al@example.com": "member"}, False)


def test_a_lost_answer_repeats_no_invitation(members: Tasks) -> None:
    def lose(request: t.Any) -> t.Any:
        members.hub.reply_to(request)
        return hub_emulator.Reply(502, {})

    members.hub.fail(BULK, status=None, respond=lose)
    assert statuses(members(members=users("new@example.com"))) == {"new@example.com": "invited"}
    assert members.pending() == {"new@example.com": 1}


def test_a_refused_invitation_is_an_error(members: Tasks) -> None:
    members.hub.fail(BULK, status=502, body={})
    with pytest.raises(errors.ServerError):
        members(members=users("new@example.com"))


def test_an_answer_without_a_name_is_an_error(members: Tasks) -> None:
    members.hub.fail(BULK, status=202, body={"invitees": []})
    with pytest.raises(errors.BadAnswer, match=r"new@example\.com"):
        members(members=users("new@example.com"))


def test_a_failure_in_the_middle_reports_what_is_left(members: Tasks) -> None:
    members.hub.fail(f"{MEMBERS}/bob", status=500, body={})
    with pytest.raises(errors.ServerError) as caught:
        members(members=users("alice", "bob"), state="absent")
    assert caught.value.result == {
        "changed": True,
        "done": [{"name": "alice", "change": "remove"}],
        "left": [{"name": "bob", "change": "remove"}],
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"members": users("alice", role="king")},
        {"members": users("alice", "ALICE")},
        {"members": users(" ")},
        {"members": [{"user": None}]},
        {"members": [{"user": "", "email": ""}]},
        {"members": [{"role": "owner"}]},
        {"members": [{"user": "alice", "email": "alice@example.com"}]},
        {"members": [], "state": "absent", "exclusive": True},
        {"members": [], "max_removals": -1},
    ],
)
def test_wrong_options_are_refused_before_any_request(members: Tasks, arguments: dict[str, t.Any]) -> None:
    with pytest.raises(errors.InvalidOptions):
        members(**arguments, check_mode=True)
    assert members.sent == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_one_person_under_two_names_is_refused(members: Tasks, state: str) -> None:
    with pytest.raises(errors.InvalidOptions, match="same person"):
        members(members=users("alice", "alice@example.com"), state=state)
    assert members.writes == []


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_name_counts_as_left_out(members: Tasks, empty: str | None) -> None:
    listed = [
        {"user": "alice", "email": empty, "role": empty, "team": empty},
        {"user": empty, "email": "bob@example.com"},
    ]
    assert statuses(members(members=listed)) == {"alice": "member", "bob@example.com": "member"}


def test_a_personal_access_token_cannot_manage_members(members: Tasks) -> None:
    members.login = PAT
    with pytest.raises(errors.NeedsPasswordLogin, match="scope-member-read"):
        members(members=users("alice"))
