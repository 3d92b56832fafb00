#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read an organization at Docker Hub: members, invitations, teams, settings."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_org_info
short_description: Read a Docker Hub organization
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Returns the members, invitations, teams and settings of an organization. O(gather) selects which of them.
  - The task reads all pages of a list. It fails if the list is not complete.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  organization:
    description:
      - The name of the organization.
      - Required, unless O(secret) is an organization access token. O(identifier) is then the default.
    type: str
  gather:
    description:
      - What to return. V(members), V(invites) and V(teams) return the lists with these names. Each list takes one
        request for each 100 entries at most.
      - V(team_members) returns RV(teams) with the members of each team. This takes one more request for each 100
        members, and at least one for each team.
      - V(settings) requires the password of an owner. Docker Hub does not let access tokens read settings.
    type: list
    elements: str
    choices: [members, invites, teams, team_members, settings]
    default: [members, invites, teams]
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.info
notes:
  - Docker Hub does not let personal access tokens read organizations. Log in with an organization access token that has
    C(scope-member-read), C(scope-invite-read) and C(scope-group-read), or with a password. If the account uses
    two-factor authentication, a password also requires O(totp_secret).
seealso:
  - module: hubops.dockerhub.dockerhub_org_member
  - module: hubops.dockerhub.dockerhub_team
  - module: hubops.dockerhub.dockerhub_org_settings
  - module: hubops.dockerhub.dockerhub_audit_log_info
  - plugin: hubops.dockerhub.organization_file
    plugin_type: filter
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Read who is in the organization and who is invited
  hubops.dockerhub.dockerhub_org_info:
    organization: myorg
    gather: [members, invites]
  register: hub

- name: Show the owners
  ansible.builtin.debug:
    msg: "{{ hub.members | selectattr('role', 'equalto', 'owner') | map(attribute='user') }}"

- name: Show invitations that nobody has accepted
  ansible.builtin.debug:
    msg: "{{ hub.invites | map(attribute='invitee') }}"

- name: Read the teams with their members
  hubops.dockerhub.dockerhub_org_info:
    organization: myorg
    gather: [team_members]
  register: found

- name: Show who is in which team
  ansible.builtin.debug:
    msg: "{{ item.members | join(', ') }}"
  loop: "{{ found.teams }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
members:
  description: The members of the organization.
  returned: if O(gather) contains V(members)
  type: list
  elements: dict
  contains:
    user:
      description: The user name.
      type: str
    email:
      description: The e-mail address. V(null) if Docker Hub does not show it to this account.
      type: str
    full_name:
      description: The full name in the profile of the person. Empty if there is none.
      type: str
    role:
      description: V(owner), V(editor) or V(member), or the name of a custom role, in lowercase letters.
      type: str
    teams:
      description: The names of the teams of the person.
      type: list
      elements: str
    guest:
      description: Whether Docker Hub lists the person as a guest of the organization.
      type: bool
  sample:
    - user: alice
      email: alice@example.com
      full_name: Alice Example
      role: owner
      teams: [developers, owners]
      guest: false
invites:
  description: The invitations that nobody has accepted yet.
  returned: if O(gather) contains V(invites)
  type: list
  elements: dict
  contains:
    id:
      description: The id of the invitation.
      type: str
    invitee:
      description: The user name or e-mail address that was invited.
      type: str
    role:
      description: The role that the person will have. V(null) if Docker Hub does not report it.
      type: str
    team:
      description: The team that the person will join. V(null) if there is none.
      type: str
    inviter:
      description: The user name of the person who sent the invitation.
      type: str
    created_at:
      description: When the invitation was sent, in UTC.
      type: str
  sample:
    - id: 3f6c2a0e-0000-4000-8000-000000000000
      invitee: bob@example.com
      role: member
      team: developers
      inviter: alice
      created_at: "2026-01-31T12:00:00.123456Z"
teams:
  description: The teams of the organization.
  returned: if O(gather) contains V(teams) or V(team_members)
  type: list
  elements: dict
  contains:
    id:
      description: The id of the team, which is a number.
      type: int
    name:
      description: The name of the team.
      type: str
    description:
      description: The description of the team. Empty if there is none.
      type: str
    member_count:
      description: How many members the team has.
      type: int
    members:
      description: The user names of the members, sorted. Only if O(gather) contains V(team_members).
      type: list
      elements: str
  sample:
    - id: 1001
      name: developers
      description: Builds the application
      member_count: 2
      members: [alice, bob]
settings:
  description: The settings of the organization, as Docker Hub returns them.
  returned: if O(gather) contains V(settings)
  type: dict
  contains:
    restricted_images:
      description: Which images members may use. See M(hubops.dockerhub.dockerhub_org_settings).
      type: dict
  sample:
    restricted_images:
      enabled: false
      allow_official_images: false
      allow_verified_publishers: false
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

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import SETTINGS, TEAM_MEMBERS, TEAMS
from ansible_collections.hubops.dockerhub.plugins.module_utils._people import (
    member_facts,
    read_invitations,
    read_members,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, run_module

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "organization": {"type": "str"},
        "gather": {
            "type": "list",
            "elements": "str",
            "choices": ["members", "invites", "teams", "team_members", "settings"],
            "default": ["members", "invites", "teams"],
        },
    }
}


def org_info(task: Task, hub: HubClient) -> Result:
    """Return the parts of an organization that ``gather`` lists."""
    organization, gather = task.account("organization"), set(task.params["gather"])
    result: Result = {"changed": False}
    if "members" in gather:
        result["members"] = read_members(hub, organization).all
    if "invites" in gather:
        result["invites"] = read_invitations(hub, organization).all
    if gather & {"teams", "team_members"}:
        result["teams"] = [_team_facts(row) for row in hub.pages(TEAMS.at(organization=organization))]
    for team in result["teams"] if "team_members" in gather else []:
        rows = hub.pages(TEAM_MEMBERS.at(organization=organization, team=team["name"]))
        team["members"] = sorted(member_facts(row)["user"] for row in rows)
    if "settings" in gather:
        here = SETTINGS.at(organization=organization)
        result["settings"] = hub.object_of(hub.get(here), here)
    return result


def _team_facts(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "id": row.get("id"),
        "name": str(row.get("name")),
        "description": row.get("description") or "",
        "member_count": row.get("member_count"),
    }


if __name__ == "__main__":
    run_module(org_info, SPEC)
