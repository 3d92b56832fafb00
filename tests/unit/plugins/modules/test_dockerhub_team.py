# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dockerhub_team."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_team
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.organization_tasks import OAT, PAT, Tasks

TEAMS = "/v2/orgs/myorg/groups"


@pytest.fixture
def team(hub: t.Any) -> Tasks:
    tasks = Tasks(hub, dockerhub_team, dockerhub_team.team)
    tasks.seed(members=["alice", "bob", "carol"])
    return tasks


def test_a_team_is_created_and_then_unchanged(team: Tasks) -> None:
    wanted = {"name": "dev", "description": "Developers", "members": ["Bob", "alice"]}
    made = team(**wanted)
    assert made["changed"]
    assert made["team"] == {
        "organization": "myorg",
        "name": "dev",
        "description": "Developers",
        "members": ["alice", "bob"],
    }
    assert team.team("dev") == ["alice", "bob"]
    again = team(**wanted)
    assert (again["changed"], team.writes, again["team"]) == (False, [], made["team"])


def test_check_mode_reports_and_sends_nothing(team: Tasks) -> None:
    planned = team(name="dev", description="Developers", members=["alice"], check_mode=True)
    assert planned["changed"]
    assert planned["diff"] == {"before": "", "after": 'description: "Developers"\nmembers:\n  - "alice"\n'}
    assert team.writes == []


def test_what_is_left_out_stays_and_empty_clears(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev", "description": "Developers", "members": ["alice"]}])
    assert not team(name="dev")["changed"]
    changed = team(name="dev", description="")
    assert changed["diff"] == {"before": 'description: "Developers"\n', "after": 'description: ""\n'}
    assert team.organization.teams["dev"].description == ""
    assert team.team("dev") == ["alice"]


def test_members_are_added_to_those_who_are_there(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev", "members": ["alice"]}])
    changed = team(name="dev", members=["bob"])
    assert team.writes == [f"POST {TEAMS}/dev/members"]
    assert changed["team"]["members"] == team.team("dev") == ["alice", "bob"]


def test_exclusive_members_replace_the_others(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev", "members": ["alice", "bob"]}])
    team(name="dev", members=["BOB@example.com", "carol"], members_exclusive=True)
    assert team.writes == [f"POST {TEAMS}/dev/members", f"DELETE {TEAMS}/dev/members/alice"]
    assert team.team("dev") == ["bob", "carol"]
    team(name="dev", members=[], members_exclusive=True)
    assert team.team("dev") == []


def test_the_account_in_use_stays_in_its_team(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev", "members": ["alice", "mybot"]}])
    changed = team(name="dev", members=["bob"], members_exclusive=True)
    assert changed["team"]["members"] == team.team("dev") == ["bob", "mybot"]
    assert team.warnings == ["mybot stays in the team, because the task is logged in with this account."]
    assert not team(name="dev", members=["bob"], members_exclusive=True)["changed"]


def test_an_address_as_identifier_protects_its_account(team: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    team.seed(teams=[{"name": "dev", "members": ["mybot"]}])
    monkeypatch.setitem(team.hub.accounts, "mybot@example.com", team.hub.accounts["mybot"])
    team.login = ("mybot@example.com", "mybot-password-1")
    team(name="dev", members=[], members_exclusive=True)
    assert team.team("dev") == ["mybot"]


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_outsiders_are_reported_and_never_sent(team: Tasks, status: int) -> None:
    team.hub.outsider_status = status
    with pytest.raises(errors.NotFound, match="not members of myorg: plainuser, nobody") as caught:
        team(name="dev", members=["alice", "plainuser", "nobody"])
    assert caught.value.result["not_yet_members"] == ["plainuser", "nobody"]
    assert caught.value.result["changed"]
    assert team.team("dev") == ["alice"]


def test_check_mode_finds_outsiders_too(team: Tasks) -> None:
    with pytest.raises(errors.NotFound, match="nobody"):
        team(name="dev", members=["nobody"], check_mode=True)
    assert team.writes == []


def test_a_team_is_renamed_once(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev", "description": "Developers", "members": ["alice"]}])
    wanted = {"name": "dev", "new_name": "engineering", "members": ["alice", "bob"]}
    assert team(**wanted, check_mode=True)["changed"]
    assert team(**wanted)["team"]["name"] == "engineering"
    assert team.writes == [f"PATCH {TEAMS}/dev", f"POST {TEAMS}/engineering/members"]
    assert (team.team("engineering"), "dev" in team.organization.teams) == (["alice", "bob"], False)
    assert team.organization.teams["engineering"].description == "Developers"
    assert not team(**wanted)["changed"]


def test_a_new_name_that_is_taken_is_a_conflict(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev"}, {"name": "ops"}])
    with pytest.raises(errors.Conflict):
        team(name="dev", new_name="ops", check_mode=True)


def test_a_team_is_deleted_once(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev"}])
    assert team(name="dev", state="absent", check_mode=True)["changed"]
    assert team.writes == []
    assert team(name="dev", state="absent") == {
        "changed": True,
        "team": None,
        "diff": {"before": 'description: ""\nname: "dev"\n', "after": ""},
    }
    assert not team(name="dev", state="absent")["changed"]


@pytest.mark.parametrize("wanted", [{"state": "absent"}, {"new_name": "bosses"}])
def test_owners_are_neither_deleted_nor_renamed(team: Tasks, wanted: dict[str, str]) -> None:
    for name in ("owners", "Owners"):
        with pytest.raises(errors.Protected):
            team(name=name, **wanted)
        assert team.sent == []


def test_owners_are_never_emptied(team: Tasks) -> None:
    team.login = OAT  # so that no member is the account in use
    with pytest.raises(errors.Protected, match="would leave the team owners empty"):
        team(name="owners", members=[], members_exclusive=True)
    assert team.writes == []
    with pytest.raises(errors.Protected, match="would leave the team owners empty"):
        team(name="bosses", new_name="owners", members=[], members_exclusive=True)
    assert team.writes == []
    team(name="owners", members=["alice"], members_exclusive=True)
    assert team.team("owners") == ["alice"]


@pytest.mark.parametrize("status", [400, 409])
def test_a_team_that_somebody_else_creates_meanwhile_is_used(team: Tasks, status: int) -> None:
    team.hub.existing_team_status = status

    def create_first(_request: t.Any) -> None:
        team.seed(teams=[{"name": "dev", "members": ["carol"]}])

    team.hub.fail(TEAMS, status=None, respond=create_first)
    team(name="dev", description="Developers", members=["alice"], members_exclusive=True)
    assert team.organization.teams["dev"].description == "Developers"
    assert team.team("dev") == ["alice"]


@pytest.mark.parametrize("is_array", [False, True])
@pytest.mark.parametrize("size", [99, 100, 200, 250])
def test_large_teams_take_few_requests(team: Tasks, size: int, *, is_array: bool) -> None:
    team.hub.team_members_as_array = is_array
    names = [f"user{number:03}" for number in range(size)]
    team.seed(members=names, teams=[{"name": "big", "members": names}])
    assert not team(name="big", members=[name.upper() for name in reversed(names)], members_exclusive=True)["changed"]
    assert len(team.sent) <= (4 if size <= 200 else 5)


def test_a_failure_in_the_middle_reports_what_is_left(team: Tasks) -> None:
    team.seed(teams=[{"name": "dev", "members": []}])
    refusals = iter([None, True])

    def refuse_second(request: t.Any) -> t.Any:
        from hub_emulator import Reply

        return Reply(500, {}) if request.method == "POST" and next(refusals) else None

    team.hub.fail(f"{TEAMS}/dev/members", times=None, status=None, respond=refuse_second)
    with pytest.raises(errors.ServerError) as caught:
        team(name="dev", members=["alice", "bob", "carol"])
    assert caught.value.result == {
        "changed": True,
        "done": [{"name": "alice", "change": "add"}],
        "left": [{"name": "bob", "change": "add"}, {"name": "carol", "change": "add"}],
    }


def test_a_personal_access_token_cannot_manage_teams(team: Tasks) -> None:
    team.login = PAT
    with pytest.raises(errors.NeedsPasswordLogin, match="scope-group-read"):
        team(name="dev")


def test_names_are_encoded_in_paths(team: Tasks) -> None:
    assert not team(name="a/b", state="absent")["changed"]
    assert team.sent[0].raw_path == f"{TEAMS}/a%2Fb"


@pytest.mark.parametrize("body", [{}, {"id": 1, "name": None}])
def test_an_answer_without_a_name_is_an_error(team: Tasks, body: dict[str, t.Any]) -> None:
    team.hub.fail(f"{TEAMS}/dev", status=200, body=body)
    with pytest.raises(errors.BadAnswer, match="the team dev of myorg contains no name"):
        team(name="dev", members=["alice"])
    assert team.writes == []


def test_a_failure_after_the_creation_is_a_change(team: Tasks) -> None:
    team.hub.fail(f"{TEAMS}/dev/members", None, status=500)
    with pytest.raises(errors.ServerError) as caught:
        team(name="dev", members=["alice"])
    assert caught.value.result == {"changed": True}


@pytest.mark.parametrize("is_added", [True, False])
def test_a_lost_answer_is_decided_by_the_list(team: Tasks, is_added: bool) -> None:
    team.seed(teams=[{"name": "dev"}])

    def lose(sent: t.Any) -> t.Any:
        if sent.method != "POST":
            return None
        if is_added:
            team.organization.teams["dev"].add("alice")
        return hub_emulator.Reply(502, {})

    team.hub.fail(f"{TEAMS}/dev/members", None, respond=lose)
    if is_added:
        assert team(name="dev", members=["alice"])["changed"]
        return
    with pytest.raises(errors.ServerError):
        team(name="dev", members=["alice"])
