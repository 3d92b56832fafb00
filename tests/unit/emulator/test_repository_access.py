# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bearers are refused according to what they were made from."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import LEGACY, REPOSITORIES, TEAMS, Client

INSUFFICIENT = (403, {"message": "insufficient scope", "errinfo": {}})
DENIED = (403, {"message": "permission denied", "errinfo": None})
NOT_FOUND = (404, {"message": "object not found", "errinfo": {}})
UNAUTHORIZED = (401, {"message": "unauthorized", "errinfo": {}})
NO_OAT = (403, {"message": "token issued from organization access token is not allowed"})
NO_PAT = (403, {"message": "token issued from personal access token is not allowed"})

# Method, path below a repository, body.
READS = [("GET", "", None), ("GET", "/tags", None), ("GET", "/tags/latest", None)]
WRITES: list[tuple[str, str, t.Any]] = [
    ("PATCH", "", {"description": "New"}),
    ("POST", "/privacy", {"is_private": True}),
    ("PATCH", "/immutabletags", {"immutable_tags": False, "immutable_tags_rules": ["v.*"]}),
    ("POST", "/immutabletags/verify", {"regex": "v.*"}),
    ("GET", "/groups", None),
    ("POST", "/groups", {"group_id": 1001, "permission": "read"}),
    ("DELETE", "/tags/latest", None),
    ("DELETE", "", None),
]


@pytest.fixture(autouse=True)
def some_repositories(client: Client) -> None:
    for name, private in (("open", False), ("closed", True)):
        client.seed("repositories", namespace="myorg", repositories=[{"name": name, "is_private": private}])
        client.seed("tags", namespace="myorg", repository=name, tags=["latest"])
    client.seed("teams", organization="myorg", teams=[])


def outcome(client: Client, name: str, request: tuple[str, str, t.Any], bearer: str | None) -> t.Any:
    method, path, body = request
    reply = client(method, f"{REPOSITORIES}/{name}{path}", body, bearer=bearer)
    return reply.status if reply.status < 300 else (reply.status, reply.json)


def listed(client: Client, bearer: str | None) -> list[str]:
    return [entry["name"] for entry in client("GET", REPOSITORIES, bearer=bearer).json["results"]]


# Without a bearer, and strangers


def test_without_a_bearer_public_repositories_can_be_read(client: Client) -> None:
    assert [outcome(client, "open", request, None) for request in READS] == [200] * 3
    assert [outcome(client, "closed", request, None) for request in READS] == [NOT_FOUND] * 3
    assert [outcome(client, "open", request, None) for request in WRITES] == [UNAUTHORIZED] * 8
    assert listed(client, None) == ["open"]


def test_public_reads_refuse_a_wrong_bearer(client: Client) -> None:
    assert [outcome(client, "open", request, "wrong") for request in READS] == [UNAUTHORIZED] * 3


def test_a_stranger_reads_public_repositories_only(client: Client) -> None:
    stranger = client.bearer("plainuser", "plain-password-1")
    assert [outcome(client, "open", request, stranger) for request in READS] == [200] * 3
    assert [outcome(client, "open", request, stranger) for request in WRITES] == [DENIED] * 8
    assert [outcome(client, "closed", request, stranger) for request in [*READS, *WRITES]] == [NOT_FOUND] * 11
    assert listed(client, stranger) == ["open"]


def test_a_private_repository_can_be_forbidden_instead(client: Client) -> None:
    client.hub.private_status = 403
    assert outcome(client, "closed", READS[0], client.bearer("plainuser", "plain-password-1")) == DENIED
    assert outcome(client, "closed", READS[0], None) == NOT_FOUND


@pytest.mark.parametrize(
    ("namespace", "status"), [("myorg", 403), ("mybot", 403), ("nowhere", 404), ("plainuser", 201)]
)
def test_a_user_creates_in_the_own_namespace(client: Client, namespace: str, status: int) -> None:
    bearer = client.bearer("plainuser", "plain-password-1")
    assert client("POST", f"/v2/namespaces/{namespace}/repositories", {"name": "app"}, bearer=bearer).status == status
    assert client("POST", f"/v2/namespaces/{namespace}/repositories", {"name": "app"}).status == 401


# Roles and teams


def test_an_owner_may_do_everything(client: Client) -> None:
    assert [outcome(client, "closed", request, client.owner()) for request in [*READS, *WRITES]] == [
        *[200] * 9,
        204,
        202,
    ]


@pytest.mark.parametrize(
    ("permission", "may"),
    [
        (None, {"read": False, "write": False, "admin": False}),
        ("read", {"read": True, "write": False, "admin": False}),
        ("write", {"read": True, "write": True, "admin": False}),
        ("admin", {"read": True, "write": True, "admin": True}),
    ],
)
def test_a_member_has_the_permission_of_a_team(client: Client, permission: str | None, may: dict[str, bool]) -> None:
    teams = [{"name": "dev", "members": ["orgmember"]}, {"name": "ops"}]
    client.seed("teams", organization="myorg", teams=teams)
    permissions = {"ops": "admin", **({"dev": permission} if permission else {})}
    private = {"name": "closed", "is_private": True, "permissions": permissions}
    client.seed("repositories", namespace="myorg", repositories=[private])
    member = client.bearer("orgmember", "orgmember-password-1")
    read = client("GET", f"{REPOSITORIES}/closed", bearer=member)
    assert read.json.get("permissions", dict.fromkeys(may, False)) == may
    assert listed(client, member) == (["closed", "open"] if may["read"] else ["open"])
    patched = client("PATCH", f"{REPOSITORIES}/closed", {"description": "New"}, bearer=member)
    assert patched.status == (200 if may["admin"] else 403 if may["read"] else 404)
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=member).status == 403


def test_an_editor_manages_repositories(client: Client) -> None:
    client.seed("members", organization="myorg", members=[{"name": "orgmember", "role": "editor"}])
    member = client.bearer("orgmember", "orgmember-password-1")
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=member).status == 201
    assert outcome(client, "closed", WRITES[0], member) == 200


# Personal access tokens


@pytest.mark.parametrize(
    ("level", "reads", "writes"),
    [
        ("repo:public_read", NOT_FOUND, NOT_FOUND),
        ("repo:read", 200, INSUFFICIENT),
        ("repo:write", 200, INSUFFICIENT),
        ("repo:admin", 200, None),
    ],
)
def test_a_pat_is_refused_by_its_level(client: Client, level: str, reads: t.Any, writes: t.Any) -> None:
    bearer = client.pat_of(level)
    assert [outcome(client, "open", request, bearer) for request in READS] == [200] * 3
    assert [outcome(client, "closed", request, bearer) for request in READS] == [reads] * 3
    wanted = [200] * 6 + [204, 202] if writes is None else [writes] * 8
    assert [outcome(client, "closed", request, bearer) for request in WRITES] == wanted


def test_a_pat_level_limits_what_is_listed_and_shown(client: Client) -> None:
    assert listed(client, client.pat_of("repo:public_read")) == ["open"]
    assert listed(client, client.pat_of("repo:read")) == ["closed", "open"]
    shown = client("GET", f"{REPOSITORIES}/open", bearer=client.pat_of("repo:write")).json["permissions"]
    assert shown == {"read": True, "write": True, "admin": False}


def test_the_level_that_may_create_can_be_set(client: Client) -> None:
    bearer = client.pat_of("repo:write")
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer).json == INSUFFICIENT[1]
    client.hub.create_pat_level = "repo:write"
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer).status == 201
    assert client("POST", REPOSITORIES, {"name": "ap2"}, bearer=client.pat_of("repo:read")).status == 403


def test_the_pat_of_a_member_has_its_own_level(client: Client) -> None:
    path = "/v2/namespaces/orgmember/repositories"
    client.seed("repositories", namespace="orgmember", repositories=["app"])
    bearer = client.bearer("orgmember", hub_emulator.ORGMEMBER_PAT)
    assert client("PATCH", f"{path}/app", {}, bearer=bearer).json == INSUFFICIENT[1]
    assert client("GET", f"{path}/app", bearer=bearer).status == 200


def test_no_pat_manages_an_organization(client: Client) -> None:
    for path in (TEAMS, "/v2/orgs/nowhere/groups", f"{TEAMS}/owners/members"):
        reply = client("GET", path, bearer=client.bearer())
        assert (reply.status, reply.json) == NO_PAT


# Organization access tokens


def test_an_oat_with_all_scopes_may_do_everything(client: Client) -> None:
    assert [outcome(client, "closed", request, client.oat()) for request in [*READS, *WRITES]] == [
        *[200] * 9,
        204,
        202,
    ]
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=client.oat()).status == 201


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("scope-image-pull", []),
        ("scope-repository-read", [READS[0]]),
        ("scope-repository-edit", [READS[0], *WRITES[:2]]),
        ("scope-repository-admin", [READS[0], *WRITES[:2], WRITES[7]]),
        ("scope-tag-read", READS[1:]),
        ("scope-tag-admin", [*READS[1:], WRITES[6]]),
        ("scope-repository-settings-admin", WRITES[2:4]),
        ("scope-repo-group-read", [WRITES[4]]),
        ("scope-repo-group-edit", WRITES[4:6]),
    ],
)
def test_an_oat_is_refused_by_its_scopes(client: Client, scope: str, allowed: list[t.Any]) -> None:
    bearer = client.oat_of(("TYPE_REPO", "myorg/closed", (scope,)))
    for request in [*READS, *WRITES]:
        found = outcome(client, "closed", request, bearer)
        assert found in (200, 202, 204) if request in allowed else found == INSUFFICIENT, request


def test_an_oat_sees_the_repositories_of_its_resources(client: Client) -> None:
    bearer = client.oat_of(("TYPE_REPO", "myorg/other", ("scope-repository-admin",)))
    assert outcome(client, "closed", READS[0], bearer) == NOT_FOUND
    assert outcome(client, "open", READS[0], bearer) == 200
    assert outcome(client, "open", WRITES[0], bearer) == INSUFFICIENT
    public = client.oat_of(("TYPE_REPO", "*/*/public", ("scope-repository-edit",)))
    assert outcome(client, "open", WRITES[0], public) == 200
    assert outcome(client, "closed", WRITES[0], public) == NOT_FOUND


def test_without_the_list_scope_private_repositories_are_missing(client: Client) -> None:
    everything = ("TYPE_REPO", "myorg/*", ("scope-repository-admin",))
    assert listed(client, client.oat_of(everything)) == ["open"]
    with_scope = client.oat_of(everything, ("TYPE_ORG", "myorg", ("scope-repository-list",)))
    assert listed(client, with_scope) == ["closed", "open"]


def test_no_repository_scope_lets_an_oat_create(client: Client) -> None:
    bearer = client.oat_of(("TYPE_REPO", "myorg/*", ("scope-repository-admin",)))
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer).json == INSUFFICIENT[1]
    bearer = client.oat_of(("TYPE_ORG", "myorg", ("scope-repository-create",)))
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer).status == 201
    other = client("POST", "/v2/namespaces/mybot/repositories", {"name": "app"}, bearer=bearer)
    assert (other.status, other.json) == DENIED


@pytest.mark.parametrize("path", [LEGACY, f"{LEGACY}/open", "/v2/users/myorg/repositories"])
def test_legacy_reads_refuse_every_oat(client: Client, path: str) -> None:
    reply = client("GET", path, bearer=client.oat())
    assert (reply.status, reply.json) == NO_OAT
    assert client("GET", path, bearer=client.bearer()).status == 200
