# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of an organization in the emulator."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import TEAMS, Client

MEMBERS = "/v2/orgs/myorg/members"


def listed(client: Client, query: str = "") -> t.Any:
    return client("GET", f"{MEMBERS}{query}", bearer=client.owner()).json


def test_members_are_listed_in_pages(client: Client) -> None:
    client.seed("members", organization="myorg", count=100)
    client.seed("teams", organization="myorg", teams=[{"name": "dev", "members": ["orgmember"]}])
    page = listed(client, "?page_size=100")
    assert (page["count"], len(page["results"]), page["next"].partition("?")[2]) == (102, 100, "page_size=100&page=2")
    owner, member = page["results"][:2]
    assert (owner["username"], owner["role"], owner["groups"]) == ("mybot", "Owner", ["owners"])
    assert (member["role"], member["groups"], member["email"]) == ("Member", ["dev"], "orgmember@example.com")


def test_members_are_searched_and_filtered(client: Client) -> None:
    for query, names in (
        ("?search=orgm", ["orgmember"]),
        ("?role=owner", ["mybot"]),
        ("?type=member", ["mybot", "orgmember"]),
        ("?type=invitee", []),
    ):
        assert [row["username"] for row in listed(client, query)["results"]] == names
    assert client("GET", f"{MEMBERS}?type=robot", bearer=client.owner()).status == 400


def test_members_may_come_as_an_array_of_pages(client: Client) -> None:
    client.hub.members_as_pages = True
    (page,) = listed(client)
    assert page["count"] == 2


def test_the_list_may_contain_invitees(client: Client) -> None:
    client.seed("invitations", organization="myorg", invitations=[{"invitee": "new@example.com"}])
    assert listed(client)["count"] == 2
    client.hub.members_with_invitees = True
    assert [row["role"] for row in listed(client)["results"]] == ["Owner", "Member", "Invitee"]


def test_addresses_are_for_owners_and_organization_tokens(client: Client) -> None:
    for bearer, sees in ((client.owner(), True), (client.oat(), True)):
        assert ("email" in client("GET", MEMBERS, bearer=bearer).json["results"][0]) is sees
    member = client.bearer("orgmember", "orgmember-password-1")
    assert "email" not in client("GET", MEMBERS, bearer=member).json["results"][0]


def test_an_owner_changes_a_role(client: Client) -> None:
    changed = client("PUT", f"{MEMBERS}/orgmember", {"role": "editor"}, bearer=client.owner())
    assert (changed.status, changed.json["role"]) == (200, "Editor")
    assert client("PUT", f"{MEMBERS}/orgmember", {"role": "king"}, bearer=client.owner()).status == 400
    assert client("PUT", f"{MEMBERS}/nobody", {"role": "editor"}, bearer=client.owner()).status == 404
    editor = client.bearer("orgmember", "orgmember-password-1")
    assert client("PUT", f"{MEMBERS}/orgmember", {"role": "owner"}, bearer=editor).status == 403


def test_a_removed_member_leaves_all_teams(client: Client) -> None:
    client.seed("teams", organization="myorg", teams=[{"name": "dev", "members": ["orgmember"]}])
    assert client("DELETE", f"{MEMBERS}/orgmember", bearer=client.owner()).status == 204
    assert client("GET", f"{TEAMS}/dev/members", bearer=client.owner()).json["count"] == 0
    assert client("DELETE", f"{MEMBERS}/orgmember", bearer=client.owner()).status == 404


@pytest.mark.parametrize("status", [400, 403])
def test_the_last_owner_stays(client: Client, status: int) -> None:
    client.hub.last_owner_status = status
    assert client("DELETE", f"{MEMBERS}/mybot", bearer=client.owner()).status == status
    assert client("PUT", f"{MEMBERS}/mybot", {"role": "member"}, bearer=client.owner()).status == status


def test_members_are_exported_as_csv(client: Client) -> None:
    reply = client("GET", f"{MEMBERS}/export", bearer=client.owner())
    assert reply.headers["Content-Type"] == "text/csv"
    assert reply.raw.decode().splitlines()[1].split(",")[:5] == ["", "mybot", "mybot@example.com", "User", "Owner"]


def test_no_personal_access_token_may_manage_members(client: Client) -> None:
    for method, path in (("GET", MEMBERS), ("PUT", f"{MEMBERS}/orgmember"), ("DELETE", f"{MEMBERS}/orgmember")):
        assert client(method, path, {"role": "owner"}, bearer=client.bearer()).status == 403
