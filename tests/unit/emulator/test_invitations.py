# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invitations in the emulator."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client

BULK = "/v2/invites/bulk"


def invite(client: Client, *people: str, **more: t.Any) -> t.Any:
    return client("POST", BULK, {"org": "myorg", "invitees": people, **more}, bearer=client.owner())


def pending(client: Client) -> list[dict[str, t.Any]]:
    return list(client("GET", "/v2/orgs/myorg/invites", bearer=client.owner()).json["data"])


@pytest.mark.parametrize("status", [200, 202])
def test_people_are_invited_together(client: Client, status: int) -> None:
    client.hub.bulk_status = status
    reply = invite(client, "plainuser", "new@example.com", "ORGMEMBER@example.com", "nobody", role="editor")
    assert reply.status == status
    found = {each["invitee"]: each["status"] for each in reply.json["invitees"]}
    assert found == {
        "plainuser": "invited",
        "new@example.com": "invited",
        "ORGMEMBER@example.com": "existing_org_member",
        "nobody": "invalid_email_or_docker_id",
    }
    assert [each["invitee"] for each in pending(client)] == ["plainuser", "new@example.com"]
    assert {each["role"] for each in pending(client)} == {"editor"}


def test_a_dry_run_invites_nobody(client: Client) -> None:
    reply = invite(client, "plainuser", "nobody", dry_run=True)
    assert [each["status"] for each in reply.json["invitees"]] == ["invited", "invalid_email_or_docker_id"]
    assert pending(client) == []


def test_a_second_invitation_is_another_message(client: Client) -> None:
    invite(client, "new@example.com")
    invite(client, "NEW@example.com")
    (invitation,) = client.hub.organizations.known["myorg"].invitations.values()
    assert invitation.sent == 2


def test_a_wrong_invitation_is_refused(client: Client) -> None:
    for fields in (
        {"invitees": []},
        {"invitees": ["plainuser"], "team": "nowhere"},
        {"invitees": ["plainuser"], "role": "king"},
        {"invitees": [f"person{number}@example.com" for number in range(1001)]},
    ):
        assert client("POST", BULK, {"org": "myorg", **fields}, bearer=client.owner()).status == 400
    assert client("POST", BULK, {"org": "myorg", "invitees": ["x"]}, bearer=client.bearer()).status == 403


@pytest.mark.parametrize(("method", "other"), [("POST", "PATCH"), ("PATCH", "POST")])
def test_one_method_sends_an_invitation_again(client: Client, method: str, other: str) -> None:
    client.hub.resend_method = method
    (number,) = client.seed("invitations", organization="myorg", invitations=[{"invitee": "new@example.com"}])
    path = f"/v2/invites/{number}/resend"
    assert client(other, path, bearer=client.owner()).status == 405
    assert client(method, path, bearer=client.owner()).status == 204
    assert client(method, path, bearer=client.oat()).status == 403
    assert client.hub.organizations.known["myorg"].invitations[number].sent == 2


def test_an_invitation_is_cancelled_once(client: Client) -> None:
    (number,) = client.seed("invitations", organization="myorg", invitations=[{"invitee": "new@example.com"}])
    assert client("DELETE", f"/v2/invites/{number}", bearer=client.owner()).status == 204
    assert client("DELETE", f"/v2/invites/{number}", bearer=client.owner()).status == 404
    assert pending(client) == []


def test_somebody_who_accepts_becomes_a_member_of_the_team(client: Client) -> None:
    client.seed("teams", organization="myorg", teams=[{"name": "dev"}])
    invite(client, "new@example.com", team="dev", role="owner")
    client.seed("accept_invitation", organization="myorg", invitee="new@example.com", user="newcomer")
    organization = client.hub.organizations.known["myorg"]
    assert organization.roles["newcomer"] == "owner"
    assert list(organization.teams["dev"].members) == ["newcomer"]
    assert pending(client) == []
