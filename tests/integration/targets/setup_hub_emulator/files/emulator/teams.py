# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teams of an organization, which the API calls groups."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from emulator.bearers import require_bearer
from emulator.organizations import Organization, find_user, require_organization, user_body
from emulator.paging import page
from emulator.wire import (
    BAD_REQUEST,
    NOT_FOUND,
    PERMISSION_DENIED,
    Rejection,
    Reply,
    Request,
    Routes,
    error_body,
    validation_error,
)

if t.TYPE_CHECKING:
    from emulator.hub import Hub

OWNERS = "owners"
# The rule of Docker's own Terraform provider; that of the service is not known.
TEAM_NAME = re.compile(r"[a-zA-Z0-9_-]{3,30}")
READ, EDIT = "scope-group-read", "scope-group-edit"


@dataclasses.dataclass
class TeamSettings:
    """What is not known of the replies about teams."""

    existing_team_status: int = 400  # or 409: creating or renaming a team to a name that exists
    outsider_status: int = 404  # or 200, 400, 403: adding a user to a team who is not in the organization
    team_member_added_status: int = 200  # or 201
    team_members_as_array: bool = False  # True: the members of a team are an array, not a page


class Team:
    """One team. The members of the team `owners` are the organization's owners."""

    def __init__(self, organization: Organization, team_id: int, name: str, description: str = "") -> None:
        self.organization = organization
        self.id = team_id
        self.name = name
        self.description = description
        self._members: dict[str, None] = {}

    @property
    def members(self) -> t.Collection[str]:
        return self.organization.owners() if self.name == OWNERS else self._members

    def add(self, name: str) -> None:
        if self.name == OWNERS:
            self.organization.roles[name] = "owner"
        else:
            self._members[name] = None

    def remove(self, name: str) -> None:
        if self.name == OWNERS:
            self.organization.roles[name] = "member"
        else:
            del self._members[name]

    def body(self) -> dict[str, t.Any]:
        return {
            "id": self.id,
            "uuid": self.organization.account.uuid(f"team {self.id}"),
            "name": self.name,
            "description": self.description,
            "member_count": len(self.members),
        }


def teams_of(hub: Hub, organization: Organization) -> dict[str, Team]:
    """Return the teams by name. Every organization has the team `owners`."""
    if OWNERS not in organization.teams:
        organization.teams[OWNERS] = Team(organization, next(hub.organizations.ids), OWNERS)
    return organization.teams


def team_ids(hub: Hub, namespace: str) -> dict[str, int]:
    """Return the ids of the teams by name; a personal namespace has none."""
    organization = hub.organizations.find(hub, namespace)
    return {team.name: team.id for team in teams_of(hub, organization).values()} if organization else {}


def list_teams(hub: Hub, request: Request, organization: str) -> Reply:
    teams = teams_of(hub, require_organization(hub, request, organization, READ))
    search, username = request.query.get("search", "").lower(), request.query.get("username")
    found = [
        team
        for _name, team in sorted(teams.items())
        if search in team.name.lower() and (username is None or username in team.members)
    ]
    return page(hub, request, found, Team.body)


def create_team(hub: Hub, request: Request, organization: str) -> Reply:
    owner = require_organization(hub, request, organization, EDIT, ["owner"])
    name, description = request.fields().get("name"), request.fields().get("description", "")
    _validate(hub, owner, name, description)
    return Reply(201, _make(hub, owner, str(name), description).body())


def read_team(hub: Hub, request: Request, organization: str, team: str) -> Reply:
    return Reply(200, _find(hub, require_organization(hub, request, organization, READ), team).body())


def replace_team(hub: Hub, request: Request, organization: str, team: str) -> Reply:
    """Set name and description; a description that is left out becomes empty."""
    fields = {"name": None, "description": "", **request.fields()}
    return _change(hub, request, organization, team, fields["name"], fields["description"])


def update_team(hub: Hub, request: Request, organization: str, team: str) -> Reply:
    """Change name or description."""
    fields = request.fields()
    return _change(hub, request, organization, team, fields.get("name", team), fields.get("description"))


def delete_team(hub: Hub, request: Request, organization: str, team: str) -> Reply:
    owner = require_organization(hub, request, organization, EDIT, ["owner"])
    found = _find(hub, owner, team)
    if team == OWNERS:  # the real status is not known
        raise Rejection(403, PERMISSION_DENIED)
    del owner.teams[team]
    for repository in hub.repositories.of(organization):
        repository.permissions.pop(found.id, None)
    return Reply(204)


def list_team_members(hub: Hub, request: Request, organization: str, team: str) -> Reply:
    """List members; owners and organization access tokens see their addresses."""
    owner = require_organization(hub, request, organization, READ)
    bearer = require_bearer(hub, request)
    addresses = bearer.kind == "oat" or owner.roles.get(bearer.account.name) == "owner"
    search = request.query.get("search", "").lower()
    found = [name for name in _find(hub, owner, team).members if search in f"{name}@example.com"]

    def body(name: str) -> dict[str, t.Any]:
        return {**user_body(name), **({"email": f"{name}@example.com"} if addresses else {})}

    if hub.team_members_as_array:
        return Reply(200, [body(name) for name in found])
    return page(hub, request, found, body, default_size=25)


def add_team_member(hub: Hub, request: Request, organization: str, team: str) -> Reply:
    """Add a member by name or address."""
    owner = require_organization(hub, request, organization, EDIT, ["owner"])
    found = _find(hub, owner, team)
    wanted = request.fields().get("member")
    if not isinstance(wanted, str) or not wanted:
        raise Rejection(400, BAD_REQUEST)
    user = find_user(hub, wanted)
    if user is None:
        raise Rejection(404, {**NOT_FOUND, "message": "user not found"})
    if user.name not in owner.roles and hub.outsider_status != 200:
        raise Rejection(hub.outsider_status, error_body("user is not a member of the organization"))
    found.add(user.name)
    return Reply(hub.team_member_added_status)


def remove_team_member(hub: Hub, request: Request, organization: str, team: str, user: str) -> Reply:
    owner = require_organization(hub, request, organization, EDIT, ["owner"])
    found = _find(hub, owner, team)
    if user not in found.members:
        raise Rejection(404, {**NOT_FOUND, "message": "user not found"})
    if team == OWNERS and len(found.members) == 1:  # the real status is not known
        raise Rejection(400, error_body("the last owner cannot be removed"))
    found.remove(user)
    return Reply(204)


def list_team_repositories(hub: Hub, request: Request, organization: str, team: str) -> Reply:
    """List the repositories that a team has a permission for, as a plain array."""
    found = _find(hub, require_organization(hub, request, organization, READ), team)
    return Reply(
        200,
        [
            {"repository": repository.name, "repository_type": "image", "permission": repository.permissions[found.id]}
            for repository in hub.repositories.of(organization)
            if found.id in repository.permissions
        ],
    )


def _find(hub: Hub, organization: Organization, name: str) -> Team:
    teams = teams_of(hub, organization)
    if name not in teams:
        raise Rejection(404, {**NOT_FOUND, "message": "group not found"})
    return teams[name]


def _make(hub: Hub, organization: Organization, name: str, description: str = "") -> Team:
    team = Team(organization, next(hub.organizations.ids), name, description)
    teams_of(hub, organization)[name] = team
    return team


def _validate(hub: Hub, organization: Organization, name: t.Any, description: t.Any) -> None:
    if not isinstance(name, str) or not isinstance(description, str):
        raise Rejection(400, BAD_REQUEST)
    if not TEAM_NAME.fullmatch(name):
        raise validation_error(name="group name must be 3 to 30 letters, digits, '-' or '_'")
    if name in teams_of(hub, organization):
        raise Rejection(hub.existing_team_status, error_body("group already exists"))


def _change(hub: Hub, request: Request, organization: str, name: str, new_name: t.Any, description: t.Any) -> Reply:
    owner = require_organization(hub, request, organization, EDIT, ["owner"])
    team = _find(hub, owner, name)
    description = team.description if description is None else description
    if new_name == name:
        if not isinstance(description, str):
            raise Rejection(400, BAD_REQUEST)
    elif name == OWNERS:  # the real status is not known
        raise Rejection(403, PERMISSION_DENIED)
    else:
        _validate(hub, owner, new_name, description)
        del owner.teams[name]
        owner.teams[new_name] = team
    team.name, team.description = new_name, description
    return Reply(200, team.body())


def add_teams(hub: Hub, fields: dict[str, t.Any], _rest: str) -> dict[str, int]:
    """Add teams: `organization`; `teams`, a list of {name, description, members}. Returns their ids by name."""
    organization = hub.organizations.find(hub, fields["organization"])
    if organization is None:
        raise ValueError("no such organization")
    for each in fields["teams"]:
        team = _make(hub, organization, each["name"], each.get("description", ""))
        for name in each.get("members", []):
            team.add(name)
    return team_ids(hub, organization.name)


TEAMS = r"/v2/orgs/(?P<organization>[^/]+)/groups"
TEAM = TEAMS + r"/(?P<team>[^/]+)"
ROUTES: Routes = [
    (TEAMS, {"GET": list_teams, "POST": create_team}),
    (TEAM, {"GET": read_team, "PUT": replace_team, "PATCH": update_team, "DELETE": delete_team}),
    (TEAM + r"/members", {"GET": list_team_members, "POST": add_team_member}),
    (TEAM + r"/members/(?P<user>[^/]+)", {"DELETE": remove_team_member}),
    (TEAM + r"/repositories", {"GET": list_team_repositories}),
]
CONTROL = {("POST", "teams"): add_teams}
