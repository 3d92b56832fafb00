# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change so that an organization has the described members."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    InvalidOptions,
    Protected,
    TooManyRemovals,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._people import People, Person, is_in_use

MEMBER, PENDING, ABSENT, KEPT = "member", "pending", "absent", "kept"
INVITED, ROLE_CHANGED, RESENT = "invited", "role_changed", "resent"
REMOVED, CANCELLED, INVALID = "removed", "cancelled", "invalid"
CHANGES = (INVITED, ROLE_CHANGED, RESENT, REMOVED, CANCELLED)


class Wanted(t.NamedTuple):
    """A person whom the task lists, by name or by address; no role means that the role is left alone."""

    name: str
    role: str | None
    team: str | None


class Decision(t.NamedTuple):
    """What the task does about one person. ``found`` is the member or the invitation, None for a new person."""

    name: str
    status: str
    role: str | None
    team: str | None = None
    found: Person | None = None

    def facts(self) -> Person:
        """Return what the task returns about this person."""
        found = self.found or {}
        return {
            "name": self.name,
            "user": found.get("user") or None,
            "role": self.role,
            "status": self.status,
        }


class Organization(t.NamedTuple):
    """An organization as it is: its members, its invitations, the account that the task is logged in with."""

    name: str
    members: People
    invitations: People
    accounts: set[str]


def decide_present(organization: Organization, listed: list[Wanted], *, resend: bool) -> list[Decision]:
    """Return a decision for each person who must be in the organization."""
    _refuse_duplicates(organization, listed)
    return [_present(organization, wanted, resend=resend) for wanted in listed]


def decide_absent(organization: Organization, listed: list[Wanted]) -> list[Decision]:
    """Return a decision for each person who must not be in the organization; raise ``Protected`` for the account in use."""
    _refuse_duplicates(organization, listed)
    decisions = []
    for wanted in listed:
        member, invitation = organization.members.find(wanted.name), organization.invitations.find(wanted.name)
        if member and is_in_use(member, organization.accounts):
            raise Protected(
                f"the task is logged in as {member['user']}, and would remove its own account",
                hint="log in with another owner's account to remove this one",
            )
        if member:
            decisions.append(Decision(wanted.name, REMOVED, None, found=member))
        elif invitation:
            decisions.append(Decision(wanted.name, CANCELLED, None, found=invitation))
        else:
            decisions.append(Decision(wanted.name, ABSENT, None))
    return decisions


def decide_unlisted(organization: Organization, listed: list[Wanted]) -> list[Decision]:
    """Return a decision for each member and invitation that the list does not contain."""
    names = {wanted.name.lower() for wanted in listed}
    decisions = []
    for member in organization.members.all:
        if names.isdisjoint(_names(member)):
            status, role = (KEPT, member["role"]) if is_in_use(member, organization.accounts) else (REMOVED, None)
            decisions.append(Decision(member["user"], status, role, found=member))
    for invitation in organization.invitations.all:
        if invitation["invitee"].lower() not in names:
            decisions.append(Decision(invitation["invitee"], CANCELLED, None, found=invitation))
    return decisions


def require_few_removals(decisions: list[Decision], most: int) -> None:
    """Raise ``TooManyRemovals`` if more people would be removed than the task allows."""
    going = [decision.name for decision in decisions if decision.status in (REMOVED, CANCELLED)]
    if len(going) > most:
        names = ", ".join(going[:10]) + (" and others" if len(going) > 10 else "")
        raise TooManyRemovals(
            f"{len(going)} people would be removed, but max_removals is {most}: {names}",
            hint="check that members is complete; if it is, raise max_removals",
        )


def require_owner(organization: Organization, decisions: list[Decision]) -> None:
    """Raise ``Protected`` if no owner would be left, or if the account in use would no longer be one."""
    roles = {member["user"]: member["role"] for member in organization.members.all}
    owners = {user for user, role in roles.items() if role == "owner"}
    for decision in decisions:
        if decision.found is None or decision.status not in (REMOVED, ROLE_CHANGED):
            continue
        user = decision.found["user"]
        if user in owners and is_in_use(decision.found, organization.accounts):
            raise Protected(
                f"the task is logged in as {user}, and would end its own role as an owner",
                hint="log in with another owner's account to change this role",
            )
        roles[user] = decision.role
    if owners and "owner" not in roles.values():
        raise Protected(
            f"{organization.name} would no longer have an owner: {', '.join(sorted(owners))}",
            hint="list another person as owner, and run the task again once that person is a member",
        )


def _present(organization: Organization, wanted: Wanted, *, resend: bool) -> Decision:
    member, invitation = organization.members.find(wanted.name), organization.invitations.find(wanted.name)
    if member:
        is_right = wanted.role in (None, member["role"])
        status, role = (MEMBER, member["role"]) if is_right else (ROLE_CHANGED, wanted.role)
        return Decision(wanted.name, status, role, found=member)
    if invitation:
        return Decision(wanted.name, RESENT if resend else PENDING, invitation["role"], found=invitation)
    return Decision(wanted.name, INVITED, wanted.role or "member", wanted.team)


def _refuse_duplicates(organization: Organization, listed: list[Wanted]) -> None:
    """Raise ``InvalidOptions`` if two entries are the same person."""
    seen: dict[str, str] = {}
    for wanted in listed:
        member = organization.members.find(wanted.name)
        key = member["user"].lower() if member else wanted.name.lower()
        if key in seen:
            raise InvalidOptions(
                f"members lists the same person as {seen[key]} and as {wanted.name}", hint="remove one of the entries"
            )
        seen[key] = wanted.name


def _names(member: Person) -> set[str]:
    return {str(member[key]).lower() for key in ("user", "email") if member[key]}
