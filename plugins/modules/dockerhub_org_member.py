#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invite, change and remove members of an organization at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_org_member
short_description: Invite, change or remove members of a Docker Hub organization
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Brings people into an organization in their roles, or removes them.
  - The task reads members and invitations once, and sends only what differs. It invites all new people with the same role and
    team in one request.
  - An invitation that somebody has not accepted yet is not sent again, unless O(resend) is set.
  - In check mode, Docker Hub itself checks the names of new people without inviting them. A misspelt name is found before the
    run. The names of teams are not checked, because an earlier task may create them.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  organization:
    description:
      - The name of the organization.
      - Without it, O(identifier) is meant if O(secret) is an organization access token.
    type: str
  members:
    description: The people.
    type: list
    elements: dict
    required: true
    suboptions:
      user:
        description: The user name. Exactly one of O(members[].user) and O(members[].email) is required. Case does not matter.
        type: str
      email:
        description:
          - The e-mail address. Case does not matter.
          - Docker Hub shows the addresses of members to owners and to organization access tokens only.
        type: str
      role:
        description:
          - V(owner), V(editor) or V(member), in any case of letters.
          - Without it, the role of a member is left alone, and new people are invited as V(member).
        type: str
      team:
        description:
          - The team that a new person joins with the invitation.
          - For people who are members already, use M(hubops.dockerhub.dockerhub_team).
        type: str
  state:
    description:
      - V(present) invites people who are not in the organization, and changes roles that differ.
      - V(absent) removes people from the organization, and with it from all of its teams. It cancels their invitations.
    type: str
    choices: [present, absent]
    default: present
  exclusive:
    description:
      - Whether to remove all members whom O(members) does not list, and to cancel all other invitations.
      - The account that the task is logged in with stays in the organization. The task warns about it.
    type: bool
    default: false
  max_removals:
    description:
      - How many people O(exclusive) may remove, cancelled invitations included. They are counted before the first change. If
        there are more, the task fails and changes nothing.
    type: int
    default: 5
  resend:
    description:
      - Whether to send pending invitations of listed people again. The task then reports a change in every run.
      - Docker Hub does not let organization access tokens do this.
    type: bool
    default: false
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - The task never removes the last owner, never takes the role of the last owner away, and never removes the account that it
    is logged in with. It fails with the code V(protected) instead.
  - A name that Docker Hub does not accept makes the task fail with the code V(not_found), after everything else was done.
  - A pending invitation keeps its role and its team. To change them, remove the person with O(state=absent) first.
  - A pending invitation is found by the name or the address that it was sent to.
  - Docker Hub does not let personal access tokens manage members. Use a password (with a second factor, O(totp_secret) too) or
    an organization access token with C(scope-member-edit) and C(scope-invite-edit).
seealso:
  - module: hubops.dockerhub.dockerhub_team
  - module: hubops.dockerhub.dockerhub_org_info
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code.
"""

EXAMPLES = r"""
- name: Invite two people, and give another one a role
  hubops.dockerhub.dockerhub_org_member:
    organization: myorg
    members:
      - email: alice@example.com
        team: developers
      - email: bob@example.com
        team: developers
      - user: carol
        role: owner

- name: Remove one person from the organization and all of its teams
  hubops.dockerhub.dockerhub_org_member:
    organization: myorg
    members:
      - user: dave
    state: absent

- name: Let the organization have exactly these members
  hubops.dockerhub.dockerhub_org_member:
    organization: myorg
    members: "{{ myorg_members }}"
    exclusive: true
    max_removals: 10
"""

RETURN = r"""
members:
  description: Everybody whom the task lists, and everybody who was removed.
  returned: success, and if a name is not accepted
  type: list
  elements: dict
  contains:
    name:
      description: The user name or the address, as it was listed.
      type: str
    user:
      description: The user name of a member. V(null) for people who are only invited.
      type: str
    role:
      description: The role of the person after the task. V(null) if the person has none.
      type: str
    status:
      description:
        - V(member) is in the organization, with the right role. V(role_changed) received another role.
        - V(invited) was invited by this task. V(pending) was invited earlier. V(resent) received the invitation again.
        - V(removed) is no longer in the organization. V(cancelled) is no longer invited. V(absent) was neither.
        - V(kept) is not listed, and stays because the task is logged in with this account.
        - V(invalid) is not accepted by Docker Hub.
      type: str
    reason:
      description: What Docker Hub answers for this name. Only with the status V(invalid).
      type: str
  sample:
    - name: alice@example.com
      user: null
      role: member
      status: invited
    - name: carol
      user: carol
      role: owner
      status: member
done:
  description: The changes that were made before an error, each with C(name) and C(change).
  returned: if the task fails between two changes
  type: list
  elements: dict
left:
  description: The changes that were not made because of an error, each with C(name) and C(change).
  returned: if the task fails between two changes
  type: list
  elements: dict
rate_limit:
  description: The rate limit that Docker Hub reported. V(null) if it reported none.
  returned: success
  type: dict
  contains:
    limit:
      description: How many requests Docker Hub accepts in one period.
      type: int
    remaining:
      description: How many requests are left in the current period.
      type: int
    reset:
      description: When the next period starts, in UTC.
      type: str
  sample: {"limit": 180, "remaining": 179, "reset": "2026-01-31T12:01:00Z"}
error:
  description: The reason of the failure, in a form that a playbook can evaluate.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - A name for the kind of failure, for example V(not_found).
        - The guide to troubleshooting describes the cause of each code and the way out.
      type: str
    http_status:
      description: The HTTP status of the answer. V(null) if there was no answer.
      type: int
    hint:
      description: What to do.
      type: str
    retry_at:
      description: The earliest time for another attempt, in UTC. V(null) if Docker Hub named no time.
      type: str
  sample: {"code": "not_found", "http_status": 404, "hint": "check the name", "retry_at": null}
"""

import typing as t
from functools import partial

from ansible_collections.hubops.dockerhub.plugins.module_utils import _membership as membership
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import INVITATION, INVITATION_RESEND, MEMBER
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions, InvalidRequest, NotFound
from ansible_collections.hubops.dockerhub.plugins.module_utils._invitations import invite
from ansible_collections.hubops.dockerhub.plugins.module_utils._membership import Decision, Organization, Wanted
from ansible_collections.hubops.dockerhub.plugins.module_utils._people import (
    ROLES,
    accounts_in_use,
    read_invitations,
    read_members,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, difference, run_module
from ansible_collections.hubops.dockerhub.plugins.module_utils._steps import Step, take_steps

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "organization": {"type": "str"},
        "members": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "user": {"type": "str"},
                "email": {"type": "str"},
                "role": {"type": "str"},
                "team": {"type": "str"},
            },
            "mutually_exclusive": [("user", "email")],
            "required_one_of": [("user", "email")],
        },
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "exclusive": {"type": "bool", "default": False},
        "max_removals": {"type": "int", "default": 5},
        "resend": {"type": "bool", "default": False},
    }
}


def org_member(task: Task, hub: HubClient) -> Result:
    """Bring people into an organization, or out of it."""
    listed, name = _listed(task), task.account("organization")
    members, invitations = read_members(hub, name), read_invitations(hub, name)
    organization = Organization(name, members, invitations, accounts_in_use(task, hub))
    decisions = _decisions(task, organization, listed)
    membership.require_owner(organization, decisions)
    for decision in decisions:
        if decision.status == membership.KEPT:
            task.warn(f"{decision.name} stays in {name}, because the task is logged in with this account.")

    answers: dict[str, str] = {}
    changes = _changes(hub, name, decisions)
    invitations_sent = _invitations(task, hub, name, decisions, answers)
    promotions = [step for step in changes if step.change == "owner"]
    others = [step for step in changes if step.change != "owner"]
    take_steps(invitations_sent if task.check_mode else [*promotions, *invitations_sent, *others])
    return _result(decisions, answers)


def _listed(task: Task) -> list[Wanted]:
    """Return the people that the task lists; raise ``InvalidOptions`` for entries that make no sense."""
    if task.params["exclusive"] and task.params["state"] == "absent":
        raise InvalidOptions("exclusive cannot be combined with state: absent", hint="leave one of them out")
    if task.params["max_removals"] < 0:
        raise InvalidOptions("max_removals is negative", hint="give the number of people that may be removed")
    listed: dict[str, Wanted] = {}
    for row in task.params["members"]:
        name, role = (row["user"] or row["email"]).strip(), (row["role"] or "").lower() or None
        if role not in (None, *ROLES):
            raise InvalidOptions(f"{name} has the unknown role {role}", hint=f"the roles are {', '.join(ROLES)}")
        if not name or name.lower() in listed:
            raise InvalidOptions(f"members lists '{name}' twice or without a name", hint="remove one of the entries")
        listed[name.lower()] = Wanted(name, role, row["team"])
    return list(listed.values())


def _decisions(task: Task, organization: Organization, listed: list[Wanted]) -> list[Decision]:
    if task.params["state"] == "absent":
        return membership.decide_absent(organization, listed)
    decisions = membership.decide_present(organization, listed, resend=task.params["resend"])
    if task.params["exclusive"]:
        unlisted = membership.decide_unlisted(organization, listed)
        membership.require_few_removals(unlisted, task.params["max_removals"])
        decisions += unlisted
    return decisions


def _changes(hub: HubClient, organization: str, decisions: list[Decision]) -> list[Step]:
    """Return all changes except new invitations."""
    steps = []
    for name, status, role, _team, found in decisions:
        if found is None:
            continue
        if status in (membership.ROLE_CHANGED, membership.REMOVED):
            target = MEMBER.at(organization=organization, username=found["user"])
            if role:
                steps.append(Step(name, role, partial(hub.put, target, {"role": role})))
            else:
                steps.append(Step(name, "remove", partial(hub.delete, target)))
        elif status == membership.CANCELLED:
            target = INVITATION.at(invitation=found["id"])
            steps.append(Step(name, "cancel", partial(hub.delete, target)))
        elif status == membership.RESENT:
            steps.append(Step(name, "resend", partial(_resend, hub, found["id"])))
    return steps


def _resend(hub: HubClient, invitation: str) -> None:
    """Send an invitation again. The reference describes PATCH, but the service has been seen to accept POST only."""
    target = INVITATION_RESEND.at(invitation=invitation)
    try:
        hub.patch(target)
    except InvalidRequest as error:
        if error.http_status != 405:
            raise
        hub.post(target)


def _invitations(
    task: Task, hub: HubClient, organization: str, decisions: list[Decision], answers: dict[str, str]
) -> list[Step]:
    """Return one request for each role and team. They write Docker Hub's answer for each name into ``answers``."""
    groups: dict[tuple[str, str], list[str]] = {}
    for decision in decisions:
        if decision.status == membership.INVITED:
            groups.setdefault((decision.role or "", decision.team or ""), []).append(decision.name)
    steps = []
    for (role, team), names in groups.items():
        # In check mode, an earlier task may not have created the team yet.
        named = "" if task.check_mode else team
        body = {"org": organization, "role": role, "team": named, "dry_run": task.check_mode}
        steps.append(Step(", ".join(names), "invite", partial(_invite, hub, body, names, answers)))
    return steps


def _invite(hub: HubClient, body: dict[str, t.Any], names: list[str], answers: dict[str, str]) -> None:
    answers.update(invite(hub, body, names))


def _result(decisions: list[Decision], answers: dict[str, str]) -> Result:
    """Return the outcome for each person; raise ``NotFound`` if Docker Hub does not accept a name."""
    people, before, after = [], {}, {}
    for decision in decisions:
        facts, answer = decision.facts(), answers.get(decision.name, "invited")
        if answer == "existing_org_member":  # the list of members contains this person under another name or address
            facts["status"] = membership.MEMBER
        elif answer != "invited":
            facts.update(status=membership.INVALID, reason=answer, role=None)
        people.append(facts)
        if facts["status"] in membership.CHANGES:
            before[decision.name] = _state_of(decision)
            after[decision.name] = {"role": facts["role"], "status": facts["status"]}
    result = {"changed": bool(after), "members": people, "diff": difference(before, after)}
    invalid = [f"{person['name']} ({person['reason']})" for person in people if "reason" in person]
    if invalid:
        error = NotFound(
            f"Docker Hub does not accept these names: {', '.join(invalid)}",
            hint="correct them; everything else that the task lists is as described",
        )
        error.result = result
        raise error
    return result


def _state_of(decision: Decision) -> dict[str, t.Any] | None:
    if decision.found is None:
        return None
    is_member = "user" in decision.found
    return {"role": decision.found["role"], "status": membership.MEMBER if is_member else membership.PENDING}


if __name__ == "__main__":
    run_module(org_member, SPEC)
