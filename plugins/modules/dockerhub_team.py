#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, change or delete a team of an organization at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_team
short_description: Create, change or delete a Docker Hub team
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Creates, changes or deletes a team of an organization, including its members.
  - The task reads the team and, with O(members), its members. It sends only what differs from the options. For a team
    of 200 members that does not differ, it sends three requests.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - An option that you leave out is left unchanged.
options:
  organization:
    description:
      - The name of the organization.
      - Required, unless O(secret) is an organization access token. O(identifier) is then the default.
    type: str
  name:
    description:
      - The name of the team. Docker does not document which names are valid. Names of 3 to 30 lowercase letters and
        digits are known to work.
      - The members of the team V(owners) are the owners of the organization. The task fails if you try to delete or
        rename that team.
    type: str
    required: true
  new_name:
    description:
      - The new name of the team. Without this option, the team keeps its name.
      - If there is no team O(name), but a team O(new_name), the team was renamed by an earlier run. It is then not
        renamed again. If there is neither, the team is created as O(new_name).
      - If both teams exist, the task fails with the code V(conflict).
    type: str
  state:
    description:
      - V(present) creates the team if it does not exist, and changes what differs from the options.
      - V(absent) deletes the team. Its members stay in the organization, but they lose the access to repositories that
        the team gave them.
    type: str
    choices: [present, absent]
    default: present
  description:
    description: The description of the team. An empty text clears it.
    type: str
  members:
    description:
      - The user names or e-mail addresses of the people to add to the team. Order and case do not matter.
      - Only members of the organization can be in a team. If other people are listed, the task adds the members, lists
        the others in RV(not_yet_members), and then fails with the code V(not_found). Use
        M(hubops.dockerhub.dockerhub_org_member) to invite people first.
      - Without this option, the members of the team are neither read nor changed.
    type: list
    elements: str
  members_exclusive:
    description:
      - Whether to remove people that O(members) does not list from the team. An empty list removes all of them.
      - With V(false), these people stay in the team. Without O(members), this option has no effect.
      - The task never removes the account that it is logged in with. It warns if O(members) does not list that account.
      - The task fails if nobody would be left in the team V(owners).
    type: bool
    default: false
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - Docker Hub does not let personal access tokens manage teams. Log in with an organization access token that has
    C(scope-group-edit), and C(scope-member-read) to add people. Or log in with a password. If the account uses
    two-factor authentication, a password also requires O(totp_secret).
seealso:
  - module: hubops.dockerhub.dockerhub_org_member
  - module: hubops.dockerhub.dockerhub_org_info
  - module: hubops.dockerhub.dockerhub_repository
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Create a team with two members
  hubops.dockerhub.dockerhub_team:
    organization: myorg
    name: developers
    description: Builds the application
    members: [alice, bob@example.com]

- name: Create several teams
  hubops.dockerhub.dockerhub_team:
    organization: myorg
    name: "{{ item }}"
  loop: [backend, frontend]

- name: Let the team have exactly these members
  hubops.dockerhub.dockerhub_team:
    organization: myorg
    name: developers
    members: [alice, carol]
    members_exclusive: true

- name: Rename a team
  hubops.dockerhub.dockerhub_team:
    organization: myorg
    name: developers
    new_name: engineering

- name: Delete a team
  hubops.dockerhub.dockerhub_team:
    organization: myorg
    name: contractors
    state: absent
"""

RETURN = r"""
team:
  description:
    - The team as it is after the task. In check mode, as it would be.
    - V(null) if it does not exist after the task.
  returned: success, and failure because of people who are not members of the organization
  type: dict
  contains:
    organization:
      description: The organization that the team belongs to.
      type: str
    name:
      description: The name of the team.
      type: str
    description:
      description: The description of the team. Empty if there is none.
      type: str
    members:
      description: The user names of the members, sorted. Only with O(members).
      type: list
      elements: str
  sample:
    organization: myorg
    name: developers
    description: Builds the application
    members: [alice, bob]
not_yet_members:
  description: The people that O(members) lists, but who are not members of the organization.
  returned: with O(members), unless O(state=absent)
  type: list
  elements: str
  sample: []
done:
  description: The changes that were made before the failure.
  returned: failure of a change
  type: list
  elements: dict
  contains:
    name:
      description: The name of the person or of the team.
      type: str
    change:
      description: V(add) or V(remove) for a person, V(create) or V(change) for the team.
      type: str
  sample:
    - name: alice
      change: add
left:
  description: The changes that were not made because of the failure. The first one is the change that failed.
  returned: failure of a change
  type: list
  elements: dict
  contains:
    name:
      description: The name of the person or of the team.
      type: str
    change:
      description: V(add) or V(remove) for a person, V(create) or V(change) for the team.
      type: str
  sample:
    - name: bob
      change: add
rate_limit:
  description:
    - How many requests Docker Hub still accepts, as its last answer reported it.
    - V(null) if the answer did not report it. A single missing value is V(null) too.
  returned: success
  type: dict
  contains:
    limit:
      description: How many requests Docker Hub accepts in one period.
      type: int
    remaining:
      description: How many requests are left in this period.
      type: int
    reset:
      description: When the next period starts, in ISO 8601 and UTC.
      type: str
  sample: {"limit": 180, "remaining": 179, "reset": "2026-01-31T12:01:00Z"}
error:
  description: The reason for the failure, in a form that a playbook can evaluate.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - A fixed name for the kind of failure, for example V(not_found).
        - The guide to troubleshooting describes the cause of each code and what to do.
      type: str
    http_status:
      description: The HTTP status code of the answer. V(null) if there was no answer.
      type: int
    hint:
      description: What you can do about the failure. The text may change at any time.
      type: str
    retry_at:
      description: The earliest time for another attempt, in ISO 8601 and UTC. V(null) if Docker Hub named no time.
      type: str
  sample: {"code": "not_found", "http_status": 404, "hint": "check the name", "retry_at": null}
"""

import typing as t
from functools import partial

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import TEAM, TEAM_MEMBER, TEAM_MEMBERS, TEAMS
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import BadAnswer, Conflict, NotFound, Protected
from ansible_collections.hubops.dockerhub.plugins.module_utils._people import (
    People,
    accounts_in_use,
    is_in_use,
    member_facts,
    read_members,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import (
    Result,
    State,
    Task,
    create_or_find,
    ensure,
    run_module,
    send_or_find,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._steps import Step, after_a_change, take_steps

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "organization": {"type": "str"},
        "name": {"type": "str", "required": True},
        "new_name": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "description": {"type": "str"},
        "members": {"type": "list", "elements": "str"},
        "members_exclusive": {"type": "bool", "default": False},
    }
}

_OWNERS = "owners"


def team(task: Task, hub: HubClient) -> Result:
    """Bring a team into the described state."""
    organization, name = task.account("organization"), task.params["name"]
    final_name = task.params["new_name"] or name
    _protect_owners(task, name, final_name)
    found = _find(hub, organization, name)
    if task.params["state"] == "absent":
        here = TEAM.at(organization=organization, team=name)
        current = _facts(found) if found else None
        return ensure(task, current, None, delete=lambda: hub.delete(here)).result(team=None)

    found = _renamed(hub, organization, found, final_name) if final_name != name else found
    names = {"organization": organization, "team": str(found["name"]) if found else final_name}
    here, has_members = TEAM.at(**names), task.params["members"] is not None
    current = _facts(found) if found else None
    crew = People([])
    if current and has_members:
        crew = _read_crew(hub, names)
        current["members"] = _users(crew)
    wanted = task.given("description")
    if final_name != name:
        wanted["name"] = final_name
    outsiders: list[str] = []
    if has_members:
        wanted["members"], outsiders = _wanted_members(task, hub, organization, crew)

    def create() -> State:
        nonlocal crew
        body = {"name": final_name, "description": wanted.get("description", "")}
        made = create_or_find(
            lambda: hub.object_of(hub.post(TEAMS.at(organization=organization), body), here), lambda: hub.find(here)
        )
        with after_a_change():
            crew = _read_crew(hub, names) if has_members else crew
        return {**_facts(made), "members": _users(crew)}

    def update(changes: State) -> None:
        take_steps(_steps(task, hub, names, changes, crew, found or {}), created=None if found else final_name)

    change = ensure(task, current, wanted, create=create, update=update)
    state = {"organization": organization, "name": final_name, "description": "", **(current or {}), **wanted}
    result = change.result(team=state)
    if has_members:
        result["not_yet_members"] = outsiders
    if outsiders:
        raise _missing(outsiders, organization, result)
    return result


def _protect_owners(task: Task, name: str, final_name: str) -> None:
    is_owners = name.lower() == _OWNERS
    if is_owners and (task.params["state"] == "absent" or final_name != name):
        raise Protected(
            f"the team {_OWNERS} belongs to every organization", hint="neither delete nor rename it; change its members"
        )


def _find(hub: HubClient, organization: str, name: str) -> State | None:
    found = hub.find(TEAM.at(organization=organization, team=name))
    if found is not None and not found.get("name"):
        raise BadAnswer(f"the answer about the team {name} of {organization} contains no name")
    return found


def _renamed(hub: HubClient, organization: str, found: State | None, new_name: str) -> State | None:
    """Return the team to rename: under its old name, or under the new one if it is renamed already."""
    other = _find(hub, organization, new_name)
    if found and other and found.get("id") != other.get("id"):
        raise Conflict(
            f"{organization} has both a team {found['name']} and a team {new_name}",
            hint="delete one of them, or give another new_name",
        )
    return found or other


def _facts(row: State) -> State:
    return {"name": str(row.get("name")), "description": row.get("description") or ""}


def _read_crew(hub: HubClient, names: dict[str, str]) -> People:
    return People(member_facts(row) for row in hub.pages(TEAM_MEMBERS.at(**names)))


def _users(crew: People) -> list[str]:
    return sorted(person["user"] for person in crew.all)


def _is_in_crew(hub: HubClient, names: dict[str, str], user: str) -> bool:
    return _read_crew(hub, names).find(user) is not None


def _wanted_members(task: Task, hub: HubClient, organization: str, crew: People) -> tuple[list[str], list[str]]:
    """Return the user names for the team, and the listed people who are not in the organization."""
    listed = {name.lower(): name for name in map(str.strip, task.params["members"]) if name}
    staying = [person for person in map(crew.find, listed) if person]
    new = [name for name in listed if not crew.find(name)]
    everybody = read_members(hub, organization) if new else People([])
    coming = [person for person in map(everybody.find, new) if person]
    if not task.params["members_exclusive"]:
        staying = crew.all
    else:
        accounts = accounts_in_use(task, hub)
        own = [person for person in crew.all if person not in staying and is_in_use(person, accounts)]
        staying = [*staying, *own]
        for person in own:
            task.warn(f"{person['user']} stays in the team, because the task is logged in with this account.")
    wanted = sorted({person["user"] for person in (*staying, *coming)})
    final_name = task.params["new_name"] or task.params["name"]
    if not wanted and final_name.lower() == _OWNERS and crew.all:
        raise Protected(f"members would leave the team {_OWNERS} empty", hint="list at least one owner who stays")
    return wanted, [listed[name] for name in new if not everybody.find(name)]


def _steps(
    task: Task, hub: HubClient, names: dict[str, str], changes: State, crew: People, found: State
) -> t.Iterator[Step]:
    """Yield the changes. New members are added before others are removed, so that the team is never empty."""
    texts = {"name": names["team"], "description": found.get("description") or ""}
    texts.update({name: changes[name] for name in texts if name in changes})
    if "name" in changes or "description" in changes:
        yield Step(texts["name"], "change", partial(hub.patch, TEAM.at(**names), texts))
    names = {**names, "team": texts["name"]}
    if "members" not in changes:
        return
    before, after = _users(crew), changes["members"]
    for user in sorted(set(after) - set(before)):
        add = partial(hub.post, TEAM_MEMBERS.at(**names), {"member": user})
        yield Step(user, "add", partial(send_or_find, add, partial(_is_in_crew, hub, names, user)))
    accounts = accounts_in_use(task, hub)
    for person in crew.all if task.params["members_exclusive"] else []:
        user = person["user"]
        if user not in after and not is_in_use(person, accounts):
            yield Step(user, "remove", partial(hub.delete, TEAM_MEMBER.at(**names, username=user)))


def _missing(outsiders: list[str], organization: str, result: Result) -> NotFound:
    error = NotFound(
        f"not members of {organization}: {', '.join(outsiders)}",
        hint="invite them with dockerhub_org_member, and run the task again once they have accepted; or correct the names",
    )
    error.result = result
    return error


if __name__ == "__main__":
    run_module(team, SPEC)
