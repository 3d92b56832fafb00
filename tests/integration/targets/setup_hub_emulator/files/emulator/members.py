# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of an organization."""

from __future__ import annotations

import csv
import dataclasses
import io
import typing as t

from emulator.bearers import require_bearer
from emulator.organizations import ROLES, Organization, require_organization, user_body
from emulator.paging import page
from emulator.teams import teams_of
from emulator.wire import BAD_REQUEST, NOT_FOUND, Rejection, Reply, Request, Routes, error_body, iso_time

if t.TYPE_CHECKING:
    from emulator.hub import Hub

READ, EDIT = "scope-member-read", "scope-member-edit"
COLUMNS = ("Name", "Username", "Email", "Type", "Role", "Teams", "Date Joined")


@dataclasses.dataclass
class MemberSettings:
    """What is not known, or differs between captures and the reference, about members."""

    members_as_pages: bool = False  # True: a list of members is an array of pages, as the reference describes it
    members_with_invitees: bool = False  # True: the list contains people who were invited, with the role Invitee
    last_owner_status: int = 400  # or 403, 409: removing the last owner, or changing that owner's role


def list_members(hub: Hub, request: Request, organization: str) -> Reply:
    """List members; owners and organization access tokens see their addresses."""
    owner = require_organization(hub, request, organization, READ)
    bearer = require_bearer(hub, request)
    addresses = bearer.kind == "oat" or owner.roles.get(bearer.account.name) == "owner"
    search, role = request.query.get("search", "").lower(), request.query.get("role")
    found = [
        name for name, role_of in owner.roles.items() if search in f"{name}@example.com" and role in (None, role_of)
    ]
    invitees = owner.invitees() if hub.members_with_invitees else []
    listed = {"all": [*found, *invitees], "member": found, "invitee": invitees}.get(request.query.get("type", "all"))
    if listed is None:
        raise Rejection(400, BAD_REQUEST)

    def body(name: str) -> dict[str, t.Any]:
        return _member_body(hub, owner, name, addresses=addresses) if name in owner.roles else _invitee_body(name)

    reply = page(hub, request, listed, body, default_size=25)
    return Reply(200, [reply.body]) if hub.members_as_pages else reply


def export_members(hub: Hub, request: Request, organization: str) -> Reply:
    """Return all members as CSV."""
    owner = require_organization(hub, request, organization, READ)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for name, role in owner.roles.items():
        teams = ", ".join(_teams(hub, owner, name))
        table.writerow(["", name, f"{name}@example.com", "User", role.capitalize(), teams, iso_time(1_600_000_000)])
    disposition = f'attachment; filename="{organization}-members.csv"'
    return Reply(200, text.getvalue(), {"Content-Type": "text/csv", "Content-Disposition": disposition})


def change_role(hub: Hub, request: Request, organization: str, user: str) -> Reply:
    owner = require_organization(hub, request, organization, EDIT, ["owner"])
    _require_member(owner, user)
    role = request.fields().get("role")
    if role not in ROLES:
        raise Rejection(400, error_body("role must be owner, editor or member"))
    if role != "owner":
        _refuse_last_owner(hub, owner, user)
    owner.roles[user] = role
    return Reply(200, _member_body(hub, owner, user, addresses=True))


def remove_member(hub: Hub, request: Request, organization: str, user: str) -> Reply:
    """Remove a member from the organization and from all of its teams."""
    owner = require_organization(hub, request, organization, EDIT, ["owner"])
    _require_member(owner, user)
    _refuse_last_owner(hub, owner, user)
    for team in _teams(hub, owner, user):
        owner.teams[team].remove(user)
    del owner.roles[user]
    return Reply(204)


def _require_member(organization: Organization, user: str) -> None:
    if user not in organization.roles:
        raise Rejection(404, {**NOT_FOUND, "message": "user not found"})


def _refuse_last_owner(hub: Hub, organization: Organization, user: str) -> None:
    if organization.owners() == [user]:
        raise Rejection(hub.last_owner_status, error_body("the last owner cannot be removed"))


def _teams(hub: Hub, organization: Organization, user: str) -> list[str]:
    return [name for name, team in teams_of(hub, organization).items() if user in team.members]


def _member_body(hub: Hub, organization: Organization, user: str, *, addresses: bool) -> dict[str, t.Any]:
    return {
        **user_body(user),
        **({"email": f"{user}@example.com"} if addresses else {}),
        "role": organization.roles[user].capitalize(),
        "groups": _teams(hub, organization, user),
        "is_guest": False,
    }


def _invitee_body(invitee: str) -> dict[str, t.Any]:
    address = {"email": invitee, "username": ""} if "@" in invitee else {"username": invitee}
    return {**user_body(invitee), **address, "role": "Invitee", "groups": [], "is_guest": False}


MEMBERS = r"/v2/orgs/(?P<organization>[^/]+)/members"
ROUTES: Routes = [
    (MEMBERS, {"GET": list_members}),
    (MEMBERS + r"/export", {"GET": export_members}),
    (MEMBERS + r"/(?P<user>[^/]+)", {"PUT": change_role, "DELETE": remove_member}),
]
