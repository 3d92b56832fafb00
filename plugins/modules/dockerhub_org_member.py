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
  - Invites people to an organization, changes their roles, or removes them.
  - The task reads members and invitations once, and sends only what differs. It invites all new people with the same
    role and team in one request.
  - A pending invitation, which the person has not accepted yet, is sent again only with O(resend=true).
  - In check mode, Docker Hub checks the names of new people without inviting them. You can thus find a misspelt name
    before anything is changed. The names of teams are not checked, because an earlier task may create them.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  organization:
    description:
      - The name of the organization.
      - Required, unless O(secret) is an organization access token. O(identifier) is then the default.
    type: str
  members:
    description:
      - The people to invite, change or remove.
      - People who are not listed are left unchanged, unless O(exclusive) is V(true).
    type: list
    elements: dict
    required: true
    suboptions:
      user:
        description:
          - The user name. Case does not matter.
          - Exactly one of O(members[].user) and O(members[].email) is required.
        type: str
      email:
        description:
          - The e-mail address. Case does not matter.
          - Docker Hub shows the addresses of members to owners and to organization access tokens only. With another
            account, use O(members[].user) for people who are members already.
        type: str
      role:
        description:
          - V(owner), V(editor) or V(member). Case does not matter.
          - Without this option, the role of a member is left unchanged, and new people are invited as V(member).
        type: str
      team:
        description:
          - The team that a new person joins when accepting the invitation.
          - This option has no effect for people who are members already. Use M(hubops.dockerhub.dockerhub_team) for
            them.
        type: str
  state:
    description:
      - V(present) invites people who are not in the organization, and changes roles that differ from the options.
      - V(absent) removes people from the organization and from all of its teams, and cancels pending invitations.
    type: str
    choices: [present, absent]
    default: present
  exclusive:
    description:
      - Whether to remove all members that O(members) does not list, and to cancel all other invitations.
      - The task never removes the account that it is logged in with. It warns if O(members) does not list that account.
      - Cannot be combined with O(state=absent).
    type: bool
    default: false
  max_removals:
    description:
      - How many people O(exclusive) may remove. Cancelled invitations count too. If there are more, the task fails with
        the code V(too_many_removals) and changes nothing. This also applies in check mode.
      - With V(0), nobody may be removed. Without O(exclusive), this option has no effect.
    type: int
    default: 5
  resend:
    description:
      - Whether to send the pending invitations of listed people again. The task then reports a change in each run, as
        long as an invitation is pending.
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
  - An organization always keeps an owner. The task fails with the code V(protected) if it would remove the last owner, or
    change the role of the last owner.
  - The task also fails with this code if it would remove the account that it is logged in with, or if that account would
    no longer be an owner.
  - If Docker Hub does not accept a name, the task makes all other changes and then fails with the code V(not_found).
  - The role and the team of a pending invitation cannot be changed. To change them, remove the person with
    O(state=absent) first.
  - List a person with a pending invitation by the same user name or e-mail address that the invitation was sent to.
  - Docker Hub does not let personal access tokens manage members. Log in with an organization access token that has
    C(scope-member-edit) and C(scope-invite-edit), or with the password of an owner. If the account uses two-factor
    authentication, a password also requires O(totp_secret).
seealso:
  - module: hubops.dockerhub.dockerhub_team
  - module: hubops.dockerhub.dockerhub_org_info
  - plugin: hubops.dockerhub.organization_people
    plugin_type: filter
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Invite two people, and make another person an owner
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

- name: Send pending invitations again
  hubops.dockerhub.dockerhub_org_member:
    organization: myorg
    members:
      - email: alice@example.com
      - email: bob@example.com
    resend: true

- name: See who would be removed if the list were complete
  hubops.dockerhub.dockerhub_org_member:
    organization: myorg
    members: "{{ myorg_members }}"
    exclusive: true
    max_removals: 10
  check_mode: true
  register: preview # preview.members with the status removed or cancelled

- name: Let the organization have exactly these members
  hubops.dockerhub.dockerhub_org_member:
    organization: myorg
    members: "{{ myorg_members }}"
    exclusive: true
    max_removals: 10
"""

RETURN = r"""
members:
  description:
    - The people in O(members). With O(exclusive=true), also the people who were removed or kept although they are not
      listed.
    - In check mode, the result that a normal run would have.
  returned: success, and failure because of a name that Docker Hub does not accept
  type: list
  elements: dict
  contains:
    name:
      description: The user name or the e-mail address, as O(members) lists it.
      type: str
    user:
      description: The user name of a member. V(null) for people who are not members before the task.
      type: str
    role:
      description: The role of the person after the task, or the role in the invitation. V(null) if there is none.
      type: str
    status:
      description:
        - What the task did for the person, or found.
        - V(member) means that the person already was a member with the right role. V(role_changed) means that the role
          was changed.
        - V(invited) means that the person was invited by this task. V(pending) means that an earlier invitation is not
          yet accepted. V(resent) means that this invitation was sent again.
        - V(removed) means that the person is no longer a member. V(cancelled) means that the invitation was cancelled.
          V(absent) means that there was neither a member nor an invitation.
        - V(kept) means that the person is not listed, but is the account that the task is logged in with.
        - V(invalid) means that Docker Hub does not accept the name.
      type: str
    reason:
      description: Why Docker Hub does not accept the name, in its own words. Only with the status V(invalid).
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
  description: The changes that were made before the failure.
  returned: failure of a change
  type: list
  elements: dict
  contains:
    name:
      description: The user name or e-mail address. For invitations, all names of the request.
      type: str
    change:
      description: V(invite), V(resend), V(cancel), V(remove), or the new role.
      type: str
  sample:
    - name: carol
      change: owner
left:
  description: The changes that were not made because of the failure. The first one is the change that failed.
  returned: failure of a change
  type: list
  elements: dict
  contains:
    name:
      description: The user name or e-mail address. For invitations, all names of the request.
      type: str
    change:
      description: V(invite), V(resend), V(cancel), V(remove), or the new role.
      type: str
  sample:
    - name: alice@example.com, bob@example.com
      change: invite
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
        user, email = ((row[option] or "").strip() for option in ("user", "email"))
        name, role = user or email, (row["role"] or "").strip().lower() or None
        if user and email:
            raise InvalidOptions(
                f"members contains both user {user} and email {email} in one entry", hint="give one of them"
            )
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
