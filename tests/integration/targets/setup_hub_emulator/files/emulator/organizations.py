# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organizations: who belongs to them in which role, and which bearer may manage them."""

from __future__ import annotations

import itertools
import typing as t

from emulator.accounts import Account
from emulator.bearers import require_bearer
from emulator.scopes import oat_includes, organization_scopes
from emulator.wire import (
    INSUFFICIENT_SCOPE,
    NOT_FOUND,
    OAT_NOT_ALLOWED,
    PAT_NOT_ALLOWED,
    PERMISSION_DENIED,
    Rejection,
    Request,
    iso_time,
)

if t.TYPE_CHECKING:
    from emulator.hub import Hub
    from emulator.invitations import Invitation
    from emulator.teams import Team

ROLES = ("owner", "editor", "member")


class Organization:
    """What belongs to one organization."""

    def __init__(self, account: Account) -> None:
        self.name = account.name
        self.account = account
        self.roles: dict[str, str] = dict.fromkeys(account.owners, "owner")  # of each member
        self.roles.update(dict.fromkeys(account.members, "member"))
        self.teams: dict[str, Team] = {}
        self.invitations: dict[str, Invitation] = {}  # by their ids
        self.restricted_images = {
            "enabled": False,
            "allow_official_images": False,
            "allow_verified_publishers": False,
        }

    def owners(self) -> list[str]:
        return [name for name, role in self.roles.items() if role == "owner"]

    def invitees(self) -> list[str]:
        return [invitation.invitee for invitation in self.invitations.values()]


class Organizations:
    """All organizations, each made from its account when it is first needed."""

    def __init__(self) -> None:
        self.known: dict[str, Organization] = {}
        self.ids = itertools.count(1001)  # of teams

    def find(self, hub: Hub, name: str) -> Organization | None:
        """Return an organization, or None if there is none with this name."""
        account = hub.accounts.get(name)
        if account is None or account.kind != "organization":
            return None
        if name not in self.known:
            self.known[name] = Organization(account)
        return self.known[name]


def require_organization(
    hub: Hub, request: Request, name: str, scope: str | None, roles: t.Container[str] = ROLES
) -> Organization:
    """Return an organization if the bearer may do what a request asks for.

    A bearer made from a personal access token may not, whatever the organization. One made from an organization access
    token requires the scope; without a scope it may not either. One made from a password requires one of the roles.
    """
    bearer = require_bearer(hub, request)
    if bearer.kind == "pat":
        raise Rejection(403, PAT_NOT_ALLOWED)
    if bearer.kind == "oat" and scope is None:
        raise Rejection(403, OAT_NOT_ALLOWED)
    organization = hub.organizations.find(hub, name)
    if organization is None:
        raise Rejection(404, NOT_FOUND)
    if bearer.kind == "oat":
        if bearer.account.name != name:
            raise Rejection(403, PERMISSION_DENIED)
        if not oat_includes(organization_scopes(bearer.resources), scope or ""):
            raise Rejection(403, INSUFFICIENT_SCOPE)
    elif organization.roles.get(bearer.account.name) not in roles:
        raise Rejection(403, PERMISSION_DENIED)
    return organization


def find_user(hub: Hub, name_or_email: str) -> Account | None:
    """Return the user with this name or e-mail address."""
    account = hub.accounts.get(name_or_email)
    if account is None and name_or_email.endswith("@example.com"):
        account = hub.accounts.get(name_or_email.partition("@")[0])
    return account if account and account.kind == "user" else None


def user_body(name: str) -> dict[str, t.Any]:
    """Return a user as lists of members contain it, without the address."""
    return {
        "id": Account(name).uuid().replace("-", ""),
        "company": "",
        "date_joined": iso_time(1_600_000_000.123456),
        "full_name": "",
        "gravatar_email": "",
        "gravatar_url": "",
        "location": "",
        "profile_url": "",
        "type": "User",
        "username": name,
    }


def add_members(hub: Hub, fields: dict[str, t.Any], _rest: str) -> dict[str, int]:
    """Add members to an organization, and their accounts where there are none.

    `organization`; `members`, a list of names or of {name, role}; or `count` members called `prefix` and a number.
    """
    organization = hub.organizations.find(hub, fields["organization"])
    if organization is None:
        raise ValueError("no such organization")
    prefix = fields.get("prefix", "user")
    given = [*fields.get("members", []), *(f"{prefix}{number:05}" for number in range(fields.get("count", 0)))]
    for each in given:
        member = {"name": each} if isinstance(each, str) else each
        role = member.get("role", "member")
        if role not in ROLES:
            raise ValueError(f"no such role: {role}")
        hub.accounts.setdefault(member["name"], Account(member["name"]))
        organization.roles[member["name"]] = role
    return {"members": len(organization.roles)}


CONTROL = {("POST", "members"): add_members}
