# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teams of an organization, and their members."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import TEAMS, Client

DENIED = {"message": "permission denied", "errinfo": None}


def add(client: Client, *teams: dict[str, t.Any]) -> t.Any:
    return client.seed("teams", organization="myorg", teams=list(teams))


# Teams


def test_a_team_is_created_with_a_number(client: Client) -> None:
    made = client("POST", TEAMS, {"name": "dev", "description": "Developers"}, bearer=client.owner())
    assert made.status == 201
    assert set(made.json) == {"id", "uuid", "name", "description", "member_count"}
    assert isinstance(made.json["id"], int)
    assert (made.json["name"], made.json["description"], made.json["member_count"]) == ("dev", "Developers", 0)
    assert client("GET", f"{TEAMS}/dev/", bearer=client.oat()).json == made.json


def test_every_organization_has_owners(client: Client) -> None:
    (team,) = client("GET", TEAMS, bearer=client.owner()).json["results"]
    assert (team["name"], team["member_count"]) == ("owners", 1)


def test_teams_are_listed_searched_and_filtered(client: Client) -> None:
    add(client, {"name": "dev", "members": ["orgmember"]}, {"name": "devops"}, {"name": "sales"})
    for query, names in (
        ("", ["dev", "devops", "owners", "sales"]),
        ("?search=dev", ["dev", "devops"]),
        ("?username=orgmember", ["dev"]),
        ("?page=2&page_size=3", ["sales"]),
    ):
        found = client("GET", f"{TEAMS}{query}", bearer=client.owner()).json["results"]
        assert [team["name"] for team in found] == names


def test_a_team_is_renamed_and_described(client: Client) -> None:
    team_id = add(client, {"name": "dev", "description": "Developers"})["dev"]
    changed = client("PATCH", f"{TEAMS}/dev", {"name": "devel"}, bearer=client.owner())
    assert (changed.status, changed.json["id"], changed.json["name"]) == (200, team_id, "devel")
    assert changed.json["description"] == "Developers"
    assert client("GET", f"{TEAMS}/dev", bearer=client.owner()).status == 404
    described = client("PATCH", f"{TEAMS}/devel", {"description": "New"}, bearer=client.owner())
    assert (described.json["name"], described.json["description"]) == ("devel", "New")
    replaced = client("PUT", f"{TEAMS}/devel", {"name": "dev"}, bearer=client.owner())
    assert (replaced.status, replaced.json["name"], replaced.json["description"]) == (200, "dev", "")
    assert client("PUT", f"{TEAMS}/dev", {"description": "New"}, bearer=client.owner()).status == 400


def test_a_team_is_deleted(client: Client) -> None:
    add(client, {"name": "dev"})
    assert client("DELETE", f"{TEAMS}/dev", bearer=client.owner()).status == 204
    assert client("DELETE", f"{TEAMS}/dev", bearer=client.owner()).status == 404


def test_an_unknown_team_is_not_found(client: Client) -> None:
    for path in (f"{TEAMS}/dev", f"{TEAMS}/dev/members", "/v2/orgs/nowhere/groups", "/v2/orgs/mybot/groups"):
        reply = client("GET", path, bearer=client.owner())
        assert (reply.status, "not found" in reply.json["message"]) == (404, True)


@pytest.mark.parametrize("status", [400, 409])
def test_a_name_that_exists_is_refused(client: Client, status: int) -> None:
    add(client, {"name": "dev"}, {"name": "ops"})
    client.hub.existing_team_status = status
    assert client("POST", TEAMS, {"name": "dev"}, bearer=client.owner()).status == status
    assert client("PATCH", f"{TEAMS}/ops", {"name": "dev"}, bearer=client.owner()).status == status


@pytest.mark.parametrize("name", ["ab", "a" * 31, "a b", "a.b", "", None])
def test_a_wrong_team_name_is_refused(client: Client, name: str | None) -> None:
    assert client("POST", TEAMS, {"name": name}, bearer=client.owner()).status == 400


def test_the_owners_stay(client: Client) -> None:
    owners = f"{TEAMS}/owners"
    assert client("DELETE", owners, bearer=client.owner()).status == 403
    assert client("PATCH", owners, {"name": "bosses"}, bearer=client.owner()).status == 403
    assert client("DELETE", f"{owners}/members/mybot", bearer=client.owner()).status == 400
    assert client("POST", f"{owners}/members", {"member": "orgmember"}, bearer=client.owner()).status == 200
    assert client("DELETE", f"{owners}/members/mybot", bearer=client.owner()).status == 204
    assert client("POST", TEAMS, {"name": "dev"}, bearer=client.owner()).json == DENIED


# Members


def test_a_member_is_added_and_removed(client: Client) -> None:
    add(client, {"name": "dev"})
    members = f"{TEAMS}/dev/members"
    for member in ("orgmember", "mybot@example.com"):
        added = client("POST", members, {"member": member}, bearer=client.oat())
        assert (added.status, added.raw) == (200, b"")
    listed = client("GET", members, bearer=client.owner()).json
    assert [(user["username"], user["email"]) for user in listed["results"]] == [
        ("orgmember", "orgmember@example.com"),
        ("mybot", "mybot@example.com"),
    ]
    assert client("GET", f"{TEAMS}/dev", bearer=client.owner()).json["member_count"] == 2
    removed = client("DELETE", f"{members}/orgmember", bearer=client.owner())
    assert (removed.status, removed.raw) == (204, b"")
    assert client("DELETE", f"{members}/orgmember", bearer=client.owner()).status == 404
    found = client("GET", f"{members}?search=BOT", bearer=client.owner()).json["results"]
    assert [user["username"] for user in found] == ["mybot"]


def test_only_owners_see_addresses(client: Client) -> None:
    add(client, {"name": "dev", "members": ["orgmember"]})
    member = client.bearer("orgmember", "orgmember-password-1")
    (user,) = client("GET", f"{TEAMS}/dev/members", bearer=member).json["results"]
    assert (user["username"], "email" in user) == ("orgmember", False)


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_the_status_for_outsiders_can_be_set(client: Client, status: int) -> None:
    add(client, {"name": "dev"})
    client.hub.outsider_status = status
    assert client("POST", f"{TEAMS}/dev/members", {"member": "plainuser"}, bearer=client.owner()).status == status
    assert client("GET", f"{TEAMS}/dev", bearer=client.owner()).json["member_count"] == (1 if status == 200 else 0)


@pytest.mark.parametrize(("member", "status"), [("nobody-here", 404), ("myorg", 404), (None, 400), ("", 400)])
def test_an_unknown_user_cannot_be_added(client: Client, member: str | None, status: int) -> None:
    add(client, {"name": "dev"})
    assert client("POST", f"{TEAMS}/dev/members", {"member": member}, bearer=client.owner()).status == status


def test_the_replies_about_members_can_be_set(client: Client) -> None:
    add(client, {"name": "dev"})
    client.hub.team_member_added_status, client.hub.team_members_as_array = 201, True
    members = f"{TEAMS}/dev/members"
    assert client("POST", members, {"member": "orgmember"}, bearer=client.owner()).status == 201
    (user,) = client("GET", members, bearer=client.owner()).json
    assert user["username"] == "orgmember"


def test_two_thousand_members_are_twenty_pages(client: Client) -> None:
    assert client.seed("members", organization="myorg", count=1998) == {"members": 2000}
    names = [f"user{number:05}" for number in range(1998)] + ["mybot", "orgmember"]
    add(client, {"name": "all", "members": names})
    path = f"{TEAMS}/all/members?page_size=100&page="
    pages = [client("GET", f"{path}{page}", bearer=client.owner()).json for page in range(1, 21)]
    assert [user["username"] for page in pages for user in page["results"]] == names
    assert pages[-1]["next"] is None


# Who may


def test_members_read_and_owners_write(client: Client) -> None:
    add(client, {"name": "dev"})
    member = client.bearer("orgmember", "orgmember-password-1")
    assert client("GET", TEAMS, bearer=member).status == 200
    stranger = client.bearer("plainuser", "plain-password-1")
    assert client("GET", TEAMS, bearer=stranger).json == DENIED
    for method, path in (
        ("POST", ""),
        ("PUT", "/dev"),
        ("PATCH", "/dev"),
        ("DELETE", "/dev"),
        ("POST", "/dev/members"),
        ("DELETE", "/dev/members/mybot"),
    ):
        reply = client(method, f"{TEAMS}{path}", {"name": "dev"}, bearer=member)
        assert (reply.status, reply.json) == (403, DENIED)


def test_an_oat_needs_a_group_scope(client: Client) -> None:
    reads = client.oat_of(("TYPE_ORG", "myorg", ("scope-group-read",)))
    assert client("GET", TEAMS, bearer=reads).status == 200
    insufficient = {"message": "insufficient scope", "errinfo": {}}
    assert client("POST", TEAMS, {"name": "dev"}, bearer=reads).json == insufficient
    edits = client.oat_of(("TYPE_ORG", "myorg", ("scope-group-edit",)))
    assert client("POST", TEAMS, {"name": "dev"}, bearer=edits).status == 201
    none = client.oat_of(("TYPE_ORG", "myorg", ("scope-member-edit",)))
    assert client("GET", TEAMS, bearer=none).json == insufficient


def test_an_oat_manages_only_its_own_organization(client: Client) -> None:
    client.seed("accounts", accounts=[{"name": "ourorg", "kind": "organization", "owners": ["mybot"]}])
    reply = client("GET", "/v2/orgs/ourorg/groups", bearer=client.oat())
    assert (reply.status, reply.json) == (403, DENIED)
    assert client("GET", "/v2/orgs/ourorg/groups", bearer=client.owner()).status == 200
