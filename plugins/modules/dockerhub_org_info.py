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
  - Returns the members, invitations, teams and settings of an organization, as you ask for them.
  - The task reads all pages of a list. It fails instead of returning a part of it.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  organization:
    description:
      - The name of the organization.
      - Without it, O(identifier) is meant if O(secret) is an organization access token.
    type: str
  gather:
    description:
      - What to return. Each of V(members), V(invites) and V(teams) takes one request for each 100 entries.
      - V(team_members) returns the members of each team too. That takes one more request for each team and 100 members.
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
  - Docker Hub does not let personal access tokens read organizations. Use a password (with a second factor, O(totp_secret)
    too) or an organization access token with C(scope-member-read), C(scope-invite-read) and C(scope-group-read).
seealso:
  - module: hubops.dockerhub.dockerhub_org_member
  - module: hubops.dockerhub.dockerhub_team
  - module: hubops.dockerhub.dockerhub_org_settings
  - module: hubops.dockerhub.dockerhub_audit_log_info
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code.
"""

EXAMPLES = r"""
- name: Read who is in the organization and who is invited
  hubops.dockerhub.dockerhub_org_info:
    organization: myorg
    gather: [members, invites]
  register: hub

- name: Show its owners
  ansible.builtin.debug:
    msg: "{{ hub.members | selectattr('role', 'equalto', 'owner') | map(attribute='user') }}"

- name: Show invitations that nobody has accepted
  ansible.builtin.debug:
    msg: "{{ hub.invites | map(attribute='invitee') }}"
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
      description: The name that the person has given.
      type: str
    role:
      description: V(owner), V(editor) or V(member), or the name of a custom role, in lower case.
      type: str
    teams:
      description: The names of the person's teams, as Docker Hub lists them.
      type: list
      elements: str
    guest:
      description: Whether the person is a guest.
      type: bool
invites:
  description: The invitations that nobody has accepted yet.
  returned: if O(gather) contains V(invites)
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the invitation.
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
teams:
  description: The teams of the organization.
  returned: if O(gather) contains V(teams) or V(team_members)
  type: list
  elements: dict
  contains:
    id:
      description: The number of the team.
      type: int
    name:
      description: The name of the team.
      type: str
    description:
      description: The description of the team.
      type: str
    member_count:
      description: How many members the team has.
      type: int
    members:
      description: The user names of the members. Only if O(gather) contains V(team_members).
      type: list
      elements: str
settings:
  description: The settings of the organization.
  returned: if O(gather) contains V(settings)
  type: dict
  sample:
    restricted_images:
      enabled: false
      allow_official_images: false
      allow_verified_publishers: false
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
