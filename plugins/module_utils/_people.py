# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the people of an organization: members and invitations."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import INVITATIONS, MEMBERS
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Task

ROLES = ("owner", "editor", "member")
Person = dict[str, t.Any]


class People:
    """People that can be found by their names and by their e-mail addresses, in any case of letters."""

    def __init__(self, people: t.Iterable[Person]) -> None:
        self.all = list(people)
        self._by_name = {
            str(person[key]).lower(): person
            for person in self.all
            for key in ("invitee", "email", "user")
            if person.get(key)
        }

    def find(self, name: str) -> Person | None:
        """Return the person with this name or address."""
        return self._by_name.get(name.lower())


def read_members(hub: HubClient, organization: str) -> People:
    """Return all members of an organization."""
    rows = hub.pages(MEMBERS.at(organization=organization))
    facts = (member_facts(row) for row in rows)
    # Other clients have found invited people in this list.
    return People(member for member in facts if member["role"] != "invitee")


def read_invitations(hub: HubClient, organization: str) -> People:
    """Return all invitations of an organization that nobody has accepted yet."""
    return People(invitation_facts(row) for row in hub.pages(INVITATIONS.at(organization=organization)))


def member_facts(row: t.Mapping[str, t.Any]) -> Person:
    """Return a member of an organization or a team in the terms of the modules' options.

    Members of a team have no role and no teams here. Only owners see addresses.
    """
    groups = row.get("groups")
    return {
        "user": str(row.get("username") or ""),
        "email": row.get("email") or row.get("primary_email") or None,
        "full_name": row.get("full_name") or "",
        "role": str(row["role"]).lower() if row.get("role") else None,
        "teams": sorted(map(str, groups)) if isinstance(groups, list) else [],
        "guest": bool(row.get("is_guest")),
    }


def invitation_facts(row: t.Mapping[str, t.Any]) -> Person:
    """Return an invitation in the terms of the modules' options; ``invitee`` is a name or an address."""
    return {
        "id": row.get("id"),
        "invitee": str(row.get("invitee") or ""),
        "role": str(row["role"]).lower() if row.get("role") else None,
        "team": row.get("team") or None,
        "inviter": row.get("inviter_username"),
        "created_at": row.get("created_at"),
    }


def accounts_in_use(task: Task, hub: HubClient) -> set[str]:
    """Return the names and addresses, in lower case, of the account that the task is logged in with."""
    names = (task.login["identifier"], hub.token_content()["username"])
    return {name.lower() for name in names if name}


def is_in_use(person: Person, accounts: set[str]) -> bool:
    """Return whether the task is logged in as this person."""
    return any(str(person.get(key) or "").lower() in accounts for key in ("user", "email"))
