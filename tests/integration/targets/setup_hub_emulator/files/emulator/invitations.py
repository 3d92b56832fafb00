# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invitations to an organization."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import uuid

from emulator.bearers import require_bearer
from emulator.organizations import ROLES, Organization, add_members, find_user, require_organization
from emulator.teams import teams_of
from emulator.wire import (
    BAD_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    OAT_NOT_ALLOWED,
    Rejection,
    Reply,
    Request,
    Routes,
    error_body,
    iso_time,
)

if t.TYPE_CHECKING:
    from emulator.hub import Hub

READ, EDIT = "scope-invite-read", "scope-invite-edit"
MOST_INVITEES = 1000
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
INVITED, MEMBER, INVALID = "invited", "existing_org_member", "invalid_email_or_docker_id"


@dataclasses.dataclass
class InvitationSettings:
    """What is not known, or differs between the service and the reference, about invitations."""

    bulk_status: int = 202  # or 200: inviting people
    resend_method: str = "POST"  # or "PATCH", as in the reference; any other method is 405


@dataclasses.dataclass
class Invitation:
    """An invitation that nobody has accepted yet."""

    invitee: str  # a name or an address, as it was given
    inviter: str
    role: str
    team: str
    created: float
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    sent: int = 1  # how many messages this person has received

    def body(self, organization: str) -> dict[str, t.Any]:
        return {
            "id": self.id,
            "inviter_username": self.inviter,
            "invitee": self.invitee,
            "org": organization,
            "team": self.team,
            "role": self.role,
            "created_at": iso_time(self.created),
        }


def list_invitations(hub: Hub, request: Request, organization: str) -> Reply:
    owner = require_organization(hub, request, organization, READ, ["owner"])
    return Reply(200, {"data": [invitation.body(owner.name) for invitation in owner.invitations.values()]})


def invite(hub: Hub, request: Request) -> Reply:
    """Invite people to an organization, or with `dry_run` say what would happen."""
    fields = request.fields()
    owner = require_organization(hub, request, str(fields.get("org")), EDIT, ["owner"])
    invitees, team = fields.get("invitees"), fields.get("team", "")
    role, dry_run = fields.get("role", "member"), fields.get("dry_run", False)
    if not isinstance(invitees, list) or not invitees or not isinstance(team, str) or not isinstance(dry_run, bool):
        raise Rejection(400, BAD_REQUEST)
    if len(invitees) > MOST_INVITEES:
        raise Rejection(400, error_body(f"no more than {MOST_INVITEES} invitees"))
    if role not in (*ROLES, "distributor_member"):
        raise Rejection(400, error_body("no such role"))
    if team and team not in teams_of(hub, owner):
        raise Rejection(400, error_body("no such group"))
    inviter = require_bearer(hub, request).account.name
    results = []
    for invitee in invitees:
        result: dict[str, t.Any] = {"invitee": invitee, "status": _status(hub, owner, str(invitee))}
        if result["status"] == INVITED and not dry_run:
            made = _invite_one(owner, Invitation(str(invitee), inviter, str(role), team, hub.now()))
            result["invite"] = made.body(owner.name)
        results.append(result)
    return Reply(hub.bulk_status, {"invitees": results})


def resend_invitation(hub: Hub, request: Request, invitation: str) -> Reply:
    if require_bearer(hub, request).kind == "oat":
        raise Rejection(403, OAT_NOT_ALLOWED)
    if request.method != hub.resend_method:
        raise Rejection(405, METHOD_NOT_ALLOWED)
    _find(hub, request, invitation)[1].sent += 1
    return Reply(204)


def cancel_invitation(hub: Hub, request: Request, invitation: str) -> Reply:
    owner, found = _find(hub, request, invitation)
    del owner.invitations[found.id]
    return Reply(204)


def _find(hub: Hub, request: Request, invitation: str) -> tuple[Organization, Invitation]:
    for organization in hub.organizations.known.values():
        if invitation in organization.invitations:
            require_organization(hub, request, organization.name, EDIT, ["owner"])
            return organization, organization.invitations[invitation]
    raise Rejection(404, NOT_FOUND)


def _status(hub: Hub, organization: Organization, invitee: str) -> str:
    user = find_user(hub, invitee.lower())
    if user and user.name in organization.roles:
        return MEMBER
    return INVITED if user or ADDRESS.fullmatch(invitee) else INVALID


def _invite_one(organization: Organization, invitation: Invitation) -> Invitation:
    """Add an invitation. A person who has one receives another message."""
    for known in organization.invitations.values():
        if known.invitee.lower() == invitation.invitee.lower():
            known.sent += 1
            return known
    organization.invitations[invitation.id] = invitation
    return invitation


def add_invitations(hub: Hub, fields: dict[str, t.Any], _rest: str) -> list[str]:
    """Add pending invitations: `organization`; `invitations`, a list of {invitee, role, team}. Returns their ids."""
    organization = hub.organizations.find(hub, fields["organization"])
    if organization is None:
        raise ValueError("no such organization")
    for each in fields["invitations"]:
        given = Invitation(each["invitee"], "mybot", each.get("role", "member"), each.get("team", ""), hub.now())
        organization.invitations[given.id] = given
    return list(organization.invitations)


def accept_invitation(hub: Hub, fields: dict[str, t.Any], _rest: str) -> dict[str, int]:
    """Let somebody accept: `organization`, `invitee`, and `user`, the name of an account, which is made if necessary."""
    organization = hub.organizations.find(hub, fields["organization"])
    if organization is None:
        raise ValueError("no such organization")
    found = next(each for each in organization.invitations.values() if each.invitee == fields["invitee"])
    del organization.invitations[found.id]
    member = {"name": fields["user"], "role": found.role}
    members = add_members(hub, {"organization": organization.name, "members": [member]}, "")
    if found.team:
        teams_of(hub, organization)[found.team].add(fields["user"])
    return members


ROUTES: Routes = [
    (r"/v2/orgs/(?P<organization>[^/]+)/invites", {"GET": list_invitations}),
    (r"/v2/invites/bulk", {"POST": invite}),
    (r"/v2/invites/(?P<invitation>[^/]+)", {"DELETE": cancel_invitation}),
    (r"/v2/invites/(?P<invitation>[^/]+)/resend", {"PATCH": resend_invitation, "POST": resend_invitation}),
]
CONTROL = {("POST", "invitations"): add_invitations, ("POST", "accept_invitation"): accept_invitation}
