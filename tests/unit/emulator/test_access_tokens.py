# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens as a resource: their secrets log in, their limits, and who may manage them."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client

PATS, OATS = "/v2/access-tokens", "/v2/orgs/myorg/access-tokens"
PULL = {"type": "TYPE_REPO", "path": "myorg/*", "scopes": ["scope-image-pull"]}
NOWHERE = "00000000-0000-4000-8000-000000000000"
BODIES = {
    PATS: {"token_label": "ci", "scopes": ["repo:write", "repo:read"]},
    OATS: {"label": "ci", "description": "of the CI", "resources": [PULL]},
}
OWNERS = {PATS: "mybot", OATS: "myorg"}
KINDS = pytest.mark.parametrize("path", [PATS, OATS])


def create(client: Client, path: str, **more: t.Any) -> dict[str, t.Any]:
    reply = client("POST", path, {**BODIES[path], **more}, bearer=client.owner())
    assert reply.status == 201, reply.raw
    return reply.json


def at(client: Client, seconds: float) -> str:
    """Return the time so many seconds from now, as a body contains it."""
    return hub_emulator.iso_time(client.hub.now() + seconds)


@pytest.mark.parametrize("kind", ["pat", "oat"])
@pytest.mark.parametrize("path", [PATS, f"{PATS}/{NOWHERE}", OATS, f"{OATS}/{NOWHERE}"])
def test_no_access_token_manages_access_tokens(client: Client, kind: str, path: str) -> None:
    bearer = client.bearer() if kind == "pat" else client.oat()
    words = {"pat": "personal access token", "oat": "organization access token"}[kind]
    for method in ("GET", "PATCH", "DELETE") if NOWHERE in path else ("GET", "POST"):
        reply = client(method, path, {}, bearer=bearer)
        assert (reply.status, reply.json) == (403, {"message": f"token issued from {words} is not allowed"})


def test_only_owners_manage_the_tokens_of_an_organization(client: Client) -> None:
    assert client("GET", OATS, bearer=client.bearer("orgmember", "orgmember-password-1")).status == 403
    assert client("GET", "/v2/orgs/nowhere/access-tokens", bearer=client.owner()).status == 404


def test_a_setting_lets_a_token_manage_tokens(client: Client) -> None:
    client.hub.tokens_manage_tokens = True
    assert client("GET", PATS, bearer=client.bearer()).json["count"] == 1


@KINDS
def test_a_secret_is_shown_once_and_logs_in(client: Client, path: str) -> None:
    made = create(client, path)
    shown = client("GET", f"{path}/{made.get('uuid') or made['id']}", bearer=client.owner()).json
    assert shown.get("token", "") == ""
    assert made["token"] not in str(client("GET", path, bearer=client.owner()).json)
    used = "last_used" if path == PATS else "last_used_at"
    assert shown[used] is None
    assert client.token(OWNERS[path], made["token"]).status == 200
    (row,) = [row for row in client("GET", path, bearer=client.owner()).json["results"] if row.get(used)]
    assert (row.get("uuid") or row["id"]) == (made.get("uuid") or made["id"])


@KINDS
def test_an_expired_or_deactivated_or_deleted_token_does_not_log_in(client: Client, path: str) -> None:
    made = create(client, path, expires_at=at(client, 60))
    one = f"{path}/{made.get('uuid') or made['id']}"
    label = {name: BODIES[path][name] for name in BODIES[path] if name != "scopes"}
    for active, status in ((False, 401), (True, 200)):
        assert client("PATCH", one, {**label, "is_active": active}, bearer=client.owner()).status == 200
        assert client.token(OWNERS[path], made["token"]).status == status
    client.hub.clock_offset += 60
    assert client.token(OWNERS[path], made["token"]).status == 401
    client.hub.clock_offset -= 60
    assert client("DELETE", one, bearer=client.owner()).status == (202 if path == PATS else 204)
    assert client.token(OWNERS[path], made["token"]).status == 401
    assert client("GET", one, bearer=client.owner()).status == 404


def test_the_first_token_of_an_account_can_be_used_or_not(client: Client) -> None:
    (token,) = client.hub.access_tokens.of(client.hub.accounts["mybot"])
    secret = hub_emulator.MYBOT_PAT
    assert client.token("mybot", secret).status == 200
    token.is_active = False
    assert client.token("mybot", secret).status == client.login("mybot", secret).status == 401
    token.is_active = True
    client.hub.access_tokens.remove(token)
    assert client.token("mybot", secret).status == 401
    assert client("GET", PATS, bearer=client.owner()).json["results"] == []


def test_lower_scopes_are_dropped(client: Client) -> None:
    assert create(client, PATS)["scopes"] == ["repo:write"]


def test_the_answer_to_an_organization_token_is_the_captured_one(client: Client) -> None:
    made = create(client, OATS, expires_at="2099-12-31T23:59:59Z")
    assert (made["expires_at"], made["description"], made["resources"]) == ("2099-12-31T23:59:59Z", "of the CI", [PULL])
    assert not {"created_by", "last_used_at"} & {*made}
    listed = client("GET", OATS, bearer=client.owner()).json
    assert listed["total"] == 2
    assert not {"resources", "description"} & {*listed["results"][1]}
    assert listed["results"][1]["created_by"] == "mybot"


def test_a_change_of_an_organization_token_needs_all_its_fields(client: Client) -> None:
    one = f"{OATS}/{create(client, OATS)['id']}"
    changed = client("PATCH", one, {"label": "other"}, bearer=client.owner()).json
    assert (changed["label"], changed["description"], changed["resources"]) == ("other", "", [])


@KINDS
@pytest.mark.parametrize(("setting", "shown"), [("absent", ...), ("null", None), ("empty", "")])
def test_a_token_without_expiry_is_shown_in_three_ways(client: Client, path: str, setting: str, shown: t.Any) -> None:
    client.hub.no_expiry = setting
    assert create(client, path).get("expires_at", ...) == shown


@pytest.mark.parametrize("status", [202, 204])
def test_a_deletion_has_either_status(client: Client, status: int) -> None:
    client.hub.pat_delete_status = status
    one = f"{PATS}/{create(client, PATS)['uuid']}"
    assert client("DELETE", one, bearer=client.owner()).status == status


@KINDS
def test_a_full_list_refuses_a_creation(client: Client, path: str) -> None:
    client.hub.pat_limit, client.hub.oat_limit, client.hub.token_limit_status = 2, 2, 403
    create(client, path)
    refused = client("POST", path, BODIES[path], bearer=client.owner())
    assert (refused.status, refused.json) == (403, {"message": "bad request", "errinfo": {}})


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (PATS, {"token_label": ""}),
        (PATS, {"token_label": "x" * 101}),
        (PATS, {"scopes": []}),
        (PATS, {"scopes": ["repo:push"]}),
        (PATS, {"expires_at": "tomorrow"}),
        (PATS, {"expires_at": "2020-01-01T00:00:00Z"}),
        (OATS, {"label": None}),
        (OATS, {"description": "x" * 201}),
        (OATS, {"resources": [{**PULL, "scopes": ["image-pull"]}]}),
        (OATS, {"resources": [{**PULL, "path": "other/*"}]}),
        (OATS, {"resources": [{**PULL, "type": "TYPE_ORG", "path": "myorg"}]}),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(client: Client, path: str, wrong: dict[str, t.Any]) -> None:
    refused = client("POST", path, {**BODIES[path], **wrong}, bearer=client.owner())
    assert (refused.status, list(refused.json["fields"])) == (400, list(wrong))


def test_tokens_can_be_prepared(client: Client) -> None:
    token = {"kind": "pat", "owner": "mybot", "secret": "dckr_pat_prepared", "uuid": NOWHERE, "label": "old"}
    known = client.seed("access-tokens", access_tokens=[{**token, "scopes": ["repo:read"], "created_at": 1.0}])
    assert NOWHERE in {each["uuid"] for each in known}
    assert client("GET", PATS, bearer=client.owner()).json["results"][0]["token_label"] == "old"
