#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, change, rotate or delete an organization access token at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_org_access_token
short_description: Create, change, rotate or delete a Docker Hub organization access token
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Creates, changes, rotates or deletes an organization access token (OAT). It belongs to the organization instead of a
    person. Programs such as C(docker login) or a CI use it with the name of the organization as the user name.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - The task can replace a token before it expires. This is called a rotation, and has two phases. First, the task
    creates a token with the label V(ci (pending\)), and the playbook stores its secret. Then the task confirms the new
    token. The previous token stays valid until then, so a run that ends early causes no outage.
  - The role P(hubops.dockerhub.rotate_access_token#role) does both phases. You write only the task file that stores the
    secret.
  - A token that a person deactivated stays deactivated, unless O(active=true).
  - The task changes the description, the repositories and the scopes of an existing token. An option that you leave out
    is left unchanged.
options:
  organization:
    description: The name of the organization that owns the token. Required.
    type: str
  description:
    description:
      - A note about the token, at most 200 characters. An empty text clears it.
      - Without this option, a new token has the note of the token that it replaces.
    type: str
  repositories:
    description:
      - The repositories that the token may use, and what it may do there. The list is complete. The token loses its
        access to repositories that are not in the list. With an empty list, it loses its access to all of them.
      - At most 50 repositories are accepted.
      - A new token requires this option, O(public_repositories) or O(organization_scopes), unless it takes them from
        the token that it replaces.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of a repository of the organization, with or without the organization before it.
          - V(*) stands for all repositories of the organization. Put it in quotes.
        type: str
        required: true
      scopes:
        description:
          - What the token may do in the repository, for example V(scope-image-pull) or V(scope-image-push). You can
            leave out C(scope-).
          - A higher scope includes the lower ones. For example, V(scope-image-push) includes V(scope-image-pull).
          - The guide to repositories lists the scope that each operation requires.
        type: list
        elements: str
        required: true
  public_repositories:
    description:
      - Whether the token may pull from all public repositories at Docker Hub.
      - Without this option, a new token may do so only if the token that it replaces may.
    type: bool
  organization_scopes:
    description:
      - What the token may do in the organization itself, for example V(scope-member-read). You can leave out C(scope-).
      - The list is complete. An empty list removes all of these scopes.
      - The guide to organizations lists the scope that each operation requires.
    type: list
    elements: str
extends_documentation_fragment:
  - hubops.dockerhub._access_token
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - Docker Hub does not let access tokens manage access tokens. Log in with the password of an owner of the
    organization. If the account uses two-factor authentication, give O(totp_secret) too.
seealso:
  - module: hubops.dockerhub.dockerhub_access_token
  - module: hubops.dockerhub.dockerhub_access_token_info
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_access_tokens
    description: Rotation, monitoring, and what happens when a run ends early.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_permissions
    description: The scopes that each operation requires.
"""

EXAMPLES = r"""
- name: Create a token that pulls the images of two repositories
  hubops.dockerhub.dockerhub_org_access_token:
    organization: myorg
    name: cluster
    description: Pulls images for the cluster
    repositories:
      - name: app
        scopes: [image-pull]
      - name: app-base
        scopes: [image-pull]
    expires_in: 90d
  register: cluster # cluster.token is the secret, only in the run that creates the token

- name: Let the existing token use all repositories
  hubops.dockerhub.dockerhub_org_access_token:
    organization: myorg
    name: cluster
    repositories:
      - name: '*'
        scopes: [image-pull]

- name: Rotate the token of the CI 14 days before it expires
  hubops.dockerhub.dockerhub_org_access_token:
    organization: myorg
    name: ci
    description: Pushes the images of the CI
    repositories:
      - name: app
        scopes: [image-push]
      - name: '*'
        scopes: [image-pull]
    organization_scopes: [repository-list]
    expires_in: 90d
    rotate: due
    rotate_before: 14d
    held_id: "{{ held.id | default('') }}" # the id that was stored together with the secret
  register: ci

- name: Store the new secret together with its id
  ansible.builtin.copy:
    content: "{{ {'id': ci.id, 'token': ci.token} | to_json }}"
    dest: /etc/ci/dockerhub.json
    mode: '0600'
  no_log: true # the arguments of this task contain the secret
  when: ci.token is not none

- name: Confirm that the new secret is stored
  hubops.dockerhub.dockerhub_org_access_token:
    organization: myorg
    name: ci
    held_id: "{{ ci.id }}"
    confirm: true
  when: ci.token is not none

- name: Delete all tokens of this name
  hubops.dockerhub.dockerhub_org_access_token:
    organization: myorg
    name: ci
    state: absent
"""

RETURN = r"""
token:
  description:
    - The secret of a new token. Docker Hub returns it only once. The result of the task is then hidden on the screen
      and in logs. A registered variable contains it.
    - V(null) if no token was created. The result is then shown as usual.
  returned: success
  type: str
  sample: dckr_oat_0123456789abcdefghijklmnopqrstuv
id:
  description:
    - The id of the token. Store it together with the secret, for O(held_id).
    - V(null) if there is no token, or in check mode for a new one.
  returned: success
  type: str
  sample: 3f6c2a0e-0000-4000-8000-000000000000
label:
  description: The label of the token at Docker Hub. V(null) if there is no token.
  returned: success
  type: str
  sample: ci (pending)
description:
  description: The note about the token. Empty if there is none.
  returned: if the token exists, or would exist in check mode
  type: str
  sample: Pushes the images of the CI
repositories:
  description: The repositories that the token may use.
  returned: if the token exists, or would exist in check mode
  type: list
  elements: dict
  contains:
    name:
      description: The name of the repository, with the organization before it. C(myorg/*) stands for all repositories.
      type: str
    scopes:
      description: What the token may do in the repository.
      type: list
      elements: str
  sample:
    - name: myorg/app
      scopes: [scope-image-push]
public_repositories:
  description: Whether the token may pull from all public repositories at Docker Hub.
  returned: if the token exists, or would exist in check mode
  type: bool
  sample: false
organization_scopes:
  description: What the token may do in the organization itself.
  returned: if the token exists, or would exist in check mode
  type: list
  elements: str
  sample: [scope-repository-list]
active:
  description: Whether the token is activated. V(false) if there is no token.
  returned: success
  type: bool
  sample: true
created_at:
  description: When the token was created, in UTC. V(null) if there is no token, or in check mode for a new one.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00.123456Z"
expires_at:
  description: When the token expires, in UTC. V(null) if it never expires, or if there is no token.
  returned: success
  type: str
  sample: "2026-05-01T12:00:00Z"
last_used:
  description:
    - When the token was last used, in UTC.
    - V(null) if it was never used, if Docker Hub does not report it, or if there is no token.
  returned: success
  type: str
  sample: "2026-03-01T12:00:00.123456Z"
state:
  description:
    - The state of the token after the task.
    - V(current) means that it can be used. V(pending) can be used too, but is not yet confirmed as stored.
    - V(deactivated) and V(expired) cannot be used. V(absent) means that there is no token of this name.
  returned: success
  type: str
  sample: pending
reason:
  description: Why a new token was created, or would be created in check mode. V(null) if no token was created.
  returned: success
  type: str
  sample: rotation is due
retired:
  description: The tokens that were deactivated or deleted. In check mode, those that would be.
  returned: success, and failure of such a change
  type: list
  elements: dict
  contains:
    id:
      description: The id of the token.
      type: str
    label:
      description: The label that the token had before the task.
      type: str
    action:
      description: V(deactivated) or V(deleted).
      type: str
    reason:
      description: Why it was deactivated or deleted.
      type: str
  sample:
    - id: 1d2b9f4c-0000-4000-8000-000000000000
      label: ci
      action: deactivated
      reason: it was replaced
next_rotation_at:
  description:
    - When the token becomes due for rotation, in UTC. A run with O(rotate=due) after this time creates the next token.
    - V(null) with O(rotate=never), if the token never becomes due, or if it cannot be used.
  returned: success
  type: str
  sample: "2026-04-17T12:00:00Z"
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

from ansible_collections.hubops.dockerhub.plugins.module_utils._access_token_task import (
    MUTUALLY_EXCLUSIVE,
    TOKEN_OPTIONS,
    TokenKind,
    manage_token,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._access_tokens import AccessTokens
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, run_module
from ansible_collections.hubops.dockerhub.plugins.module_utils._token_scopes import (
    described_resources,
    read_resources,
    resource_rows,
    same_resources,
    wanted_resources,
)

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **TOKEN_OPTIONS,
        "organization": {"type": "str"},
        "description": {"type": "str"},
        "repositories": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "scopes": {"type": "list", "elements": "str", "required": True},
            },
        },
        "public_repositories": {"type": "bool"},
        "organization_scopes": {"type": "list", "elements": "str"},
    },
    "mutually_exclusive": MUTUALLY_EXCLUSIVE,
}

_RESOURCES = ("repositories", "public_repositories", "organization_scopes")
_LONGEST_DESCRIPTION = 200


def org_access_token(task: Task, hub: HubClient) -> Result:
    """Create, change, rotate or delete an organization access token."""
    organization = task.account("organization")
    tokens = AccessTokens(hub, organization)
    description: str | None = task.params["description"]
    if len(description or "") > _LONGEST_DESCRIPTION:
        raise InvalidOptions(
            f"description has {len(description or '')} characters, but Docker Hub accepts {_LONGEST_DESCRIPTION} at most",
            hint="shorten it",
        )
    options = [task.params[name] for name in _RESOURCES]
    wanted_resources(organization, {}, *options)  # for its checks

    def values(model: str | None) -> dict[str, t.Any]:
        row = tokens.rows[model] if model else {}
        resources = wanted_resources(organization, read_resources(row.get("resources")), *options)
        if not resources:
            raise InvalidOptions(
                "the token could do nothing", hint="give repositories, public_repositories or organization_scopes"
            )
        text = (row.get("description") or "") if description is None else description
        return {"description": text, "resources": resource_rows(resources)}

    def changes(token_id: str) -> dict[str, t.Any]:
        row = tokens.rows[token_id]
        current = read_resources(row.get("resources"))
        wanted = wanted_resources(organization, current, *options)
        found: dict[str, t.Any] = {} if same_resources(current, wanted) else {"resources": resource_rows(wanted)}
        if description is not None and description != (row.get("description") or ""):
            found["description"] = description
        return found

    def describe(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        shown: dict[str, t.Any] = {}
        if "description" in row or "id" in row:  # a change contains only what differs
            shown["description"] = row.get("description") or ""
        if "resources" in row or "id" in row:
            shown.update(described_resources(organization, read_resources(row.get("resources"))))
        return shown

    takes_over = description is None or None in options
    kind = TokenKind(values, changes, lambda token_id: None, describe, takes_over)
    return manage_token(task, hub, tokens, kind)


if __name__ == "__main__":
    run_module(org_access_token, SPEC)
