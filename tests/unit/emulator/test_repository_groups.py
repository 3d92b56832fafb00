# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teams have permissions for repositories."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import LEGACY, REPOSITORIES, TEAMS, Client

BOTH = pytest.mark.parametrize("path", [f"{REPOSITORIES}/app/groups", f"{LEGACY}/app/groups"])


@pytest.fixture
def dev(client: Client) -> int:
    """Return the id of a team; there is a repository as well."""
    client.seed("repositories", namespace="myorg", repositories=["app"])
    return int(client.seed("teams", organization="myorg", teams=[{"name": "dev"}])["dev"])


@BOTH
def test_a_permission_is_added_changed_and_removed(client: Client, dev: int, path: str) -> None:
    bearer = client.bearer()
    added = client("POST", f"{path}/", {"group_id": dev, "permission": "read"}, bearer=bearer)
    expected = {"group_name": "dev", "permission": "read", "group_id": dev}
    assert (added.status, added.json) == (200, expected)
    listed = client("GET", path, bearer=bearer)
    assert listed.json == {"count": 1, "next": None, "previous": None, "results": [expected]}
    body = {"permission": "admin", "group_id": 0, "group_name": ""}
    changed = client("PATCH", f"{path}/{dev}/", body, bearer=bearer)
    assert (changed.status, changed.json) == (200, {**expected, "permission": "admin"})
    assert client("GET", f"{path}/{dev}", bearer=bearer).json == changed.json
    removed = client("DELETE", f"{path}/{dev}/", bearer=bearer)
    assert (removed.status, removed.raw) == (204, b"")
    assert client("GET", path, bearer=bearer).json["count"] == 0


@BOTH
def test_a_team_without_permission_is_not_found(client: Client, dev: int, path: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        reply = client(method, f"{path}/{dev}", {"permission": "read"}, bearer=client.bearer())
        assert (reply.status, reply.json["message"]) == (404, "group not found")
    assert client("GET", f"{path}/dev", bearer=client.bearer()).status == 404


@pytest.mark.parametrize(
    ("setting", "status", "team"),
    [
        ("group_added_status", 201, "dev"),
        ("unknown_group_status", 400, 0),
        ("unknown_group_status", 500, 0),
        ("existing_group_status", 400, "owners"),
        ("existing_group_status", 409, "owners"),
        ("existing_group_status", 200, "owners"),
    ],
)
def test_unknown_statuses_can_be_set(client: Client, dev: int, setting: str, status: int, team: t.Any) -> None:
    path, bearer = f"{LEGACY}/app/groups", client.bearer()
    ids = client.seed("teams", organization="myorg", teams=[])
    client("POST", path, {"group_id": ids["owners"], "permission": "read"}, bearer=bearer)
    setattr(client.hub, setting, status)
    reply = client("POST", path, {"group_id": ids.get(team, team), "permission": "write"}, bearer=bearer)
    assert reply.status == status


@pytest.mark.parametrize("status", [200, 202])
def test_the_status_of_a_removal_can_be_set(client: Client, dev: int, status: int) -> None:
    client.hub.group_removed_status = status
    client("POST", f"{LEGACY}/app/groups", {"group_id": dev, "permission": "read"}, bearer=client.bearer())
    assert client("DELETE", f"{LEGACY}/app/groups/{dev}", bearer=client.bearer()).status == status


def test_a_wrong_permission_is_refused(client: Client, dev: int) -> None:
    path, bearer = f"{LEGACY}/app/groups", client.bearer()
    for permission in ("owner", None):
        assert client("POST", path, {"group_id": dev, "permission": permission}, bearer=bearer).status == 400


def test_a_personal_namespace_has_no_teams(client: Client, dev: int) -> None:
    client.seed("repositories", namespace="mybot", repositories=["app"])
    path, body = "/v2/repositories/mybot/app/groups", {"group_id": dev, "permission": "read"}
    assert client("POST", path, body, bearer=client.bearer()).status == 400


def test_the_repositories_of_a_team_are_an_array(client: Client, dev: int) -> None:
    client("POST", f"{LEGACY}/app/groups", {"group_id": dev, "permission": "write"}, bearer=client.bearer())
    reply = client("GET", f"{TEAMS}/dev/repositories/", bearer=client.owner())
    assert reply.json == [{"repository": "app", "repository_type": "image", "permission": "write"}]


def test_a_deleted_team_loses_its_permissions(client: Client, dev: int) -> None:
    client("POST", f"{LEGACY}/app/groups", {"group_id": dev, "permission": "write"}, bearer=client.bearer())
    assert client("DELETE", f"{TEAMS}/dev", bearer=client.owner()).status == 204
    assert client("GET", f"{LEGACY}/app/groups", bearer=client.bearer()).json["results"] == []
