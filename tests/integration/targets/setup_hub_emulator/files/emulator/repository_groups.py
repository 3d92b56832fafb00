# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions of teams for a repository, which the API calls repository groups."""

from __future__ import annotations

import dataclasses
import typing as t

from emulator.paging import page
from emulator.repositories import LEGACY, NAMESPACED, Repository
from emulator.repository_access import (
    DELETE_GROUP,
    EDIT_GROUPS,
    READ_GROUPS,
    RIGHTS,
    require_repository,
    switchable,
)
from emulator.teams import Team, teams_of
from emulator.wire import BAD_REQUEST, NOT_FOUND, Rejection, Reply, Request, Routes, error_body

if t.TYPE_CHECKING:
    from emulator.hub import Hub


@dataclasses.dataclass
class RepositoryGroupSettings:
    """What is not known of the replies about the permissions of teams."""

    group_added_status: int = 200  # or 201
    existing_group_status: int = 400  # or 409: adding a team that has a permission; 200 replaces it
    unknown_group_status: int = 400  # or 500, as in 2018: adding a team that does not exist
    group_removed_status: int = 204  # or 200, 202


def list_groups(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    repository = require_repository(hub, request, namespace, name, READ_GROUPS)
    teams = _teams(hub, namespace)
    found = [teams[team_id] for team_id in repository.permissions]
    return page(hub, request, found, lambda team: _body(repository, team))


def add_group(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    repository = require_repository(hub, request, namespace, name, EDIT_GROUPS)
    team_id, permission = request.fields().get("group_id"), _permission(request)
    if not isinstance(team_id, int) or team_id not in _teams(hub, namespace):
        raise Rejection(hub.unknown_group_status, BAD_REQUEST)
    if team_id in repository.permissions and hub.existing_group_status != 200:
        raise Rejection(hub.existing_group_status, error_body("group already exists"))
    repository.permissions[team_id] = permission
    return Reply(hub.group_added_status, _body(repository, _teams(hub, namespace)[team_id]))


def read_group(hub: Hub, request: Request, namespace: str, name: str, group: str) -> Reply:
    repository = require_repository(hub, request, namespace, name, READ_GROUPS)
    return Reply(200, _body(repository, _find(hub, repository, group)))


def update_group(hub: Hub, request: Request, namespace: str, name: str, group: str) -> Reply:
    """Change the permission; other fields of the body have no effect."""
    repository = require_repository(hub, request, namespace, name, EDIT_GROUPS)
    team = _find(hub, repository, group)
    repository.permissions[team.id] = _permission(request)
    return Reply(200, _body(repository, team))


def remove_group(hub: Hub, request: Request, namespace: str, name: str, group: str) -> Reply:
    repository = require_repository(hub, request, namespace, name, DELETE_GROUP)
    del repository.permissions[_find(hub, repository, group).id]
    return Reply(hub.group_removed_status)


def _teams(hub: Hub, namespace: str) -> dict[int, Team]:
    """Return the teams by id; a personal namespace has none."""
    organization = hub.organizations.find(hub, namespace)
    return {team.id: team for team in teams_of(hub, organization).values()} if organization else {}


def _permission(request: Request) -> str:
    permission = request.fields().get("permission")
    if not isinstance(permission, str) or permission not in RIGHTS:
        raise Rejection(400, BAD_REQUEST)
    return permission


def _find(hub: Hub, repository: Repository, group: str) -> Team:
    if not group.isdecimal() or int(group) not in repository.permissions:
        raise Rejection(404, {**NOT_FOUND, "message": "group not found"})
    return _teams(hub, repository.namespace)[int(group)]


def _body(repository: Repository, team: Team) -> dict[str, t.Any]:
    return {"group_name": team.name, "permission": repository.permissions[team.id], "group_id": team.id}


ROUTES: Routes = [
    row
    for kind, pattern in (("namespaced", NAMESPACED), ("legacy", LEGACY))
    for row in (
        (
            pattern + r"/groups",
            {
                "GET": switchable(f"{kind} groups", list_groups),
                "POST": switchable(f"{kind} groups", add_group),
            },
        ),
        (
            pattern + r"/groups/(?P<group>[^/]+)",
            {
                "GET": switchable(f"{kind} groups", read_group),
                "PATCH": switchable(f"{kind} groups", update_group),
                "DELETE": switchable(f"{kind} groups", remove_group),
            },
        ),
    )
]
