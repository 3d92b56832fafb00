#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, rotate or delete a personal access token at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_access_token
short_description: Create, rotate or delete a Docker Hub personal access token
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Creates, rotates or deletes a personal access token (PAT) of the account that the task is logged in with. Programs
    such as C(docker login) or a CI use such a token in place of the password.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - The task can replace a token before it expires. This is called a rotation, and has two phases. First, the task
    creates a token with the label V(ci (pending\)), and the playbook stores its secret. Then the task confirms the new
    token. The previous token stays valid until then, so a run that ends early causes no outage.
  - The role P(hubops.dockerhub.rotate_access_token#role) does both phases. You write only the task file that stores the
    secret.
  - A token that a person deactivated stays deactivated, unless O(active=true).
options:
  scopes:
    description:
      - What the token may do. Each scope includes those before it in the list of choices, so one scope is sufficient.
      - V(repo:public_read) reads public repositories. V(repo:read) also reads private ones. V(repo:write) also pushes
        images. V(repo:admin) also manages repositories and deletes tags.
      - Without this option, a new token has the scopes of the token that it replaces. Required if there is no such
        token.
      - Docker Hub cannot change the scopes of an existing token. See O(on_mismatch).
    type: list
    elements: str
    choices: ['repo:public_read', 'repo:read', 'repo:write', 'repo:admin']
  held_secret:
    description:
      - The secret that is in your store. Use it in place of O(held_id) if the store contains no id. An empty text means
        that the store contains no token.
      - The task logs in with this secret once to find out which token it belongs to. If Docker Hub refuses the secret,
        the task warns and proceeds as if the store contained no token.
      - Requires O(identifier).
    type: str
extends_documentation_fragment:
  - hubops.dockerhub._access_token
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - Docker Hub does not let access tokens manage access tokens. Log in with a password. If the account uses two-factor
    authentication, give O(totp_secret) too.
seealso:
  - module: hubops.dockerhub.dockerhub_org_access_token
  - module: hubops.dockerhub.dockerhub_access_token_info
  - module: hubops.dockerhub.dockerhub_token
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_access_tokens
    description: Rotation, monitoring, and what happens when a run ends early.
"""

EXAMPLES = r"""
- name: Create a token if it does not exist
  hubops.dockerhub.dockerhub_access_token:
    name: laptop
    scopes: ['repo:read']
    expires_in: 90d
  register: laptop # laptop.token is the secret, only in the run that creates the token

- name: Find out in check mode why a token would be created
  hubops.dockerhub.dockerhub_access_token:
    name: laptop
    scopes: ['repo:read']
    expires_in: 90d
  check_mode: true
  register: preview # preview.reason

- name: Rotate a token 14 days before it expires
  hubops.dockerhub.dockerhub_access_token:
    name: ci
    scopes: ['repo:write']
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
  no_log: true
  when: ci.token is not none

- name: Confirm that the new secret is stored
  hubops.dockerhub.dockerhub_access_token:
    name: ci
    held_id: "{{ ci.id }}"
    confirm: true
  when: ci.token is not none

- name: Deactivate a token at once
  hubops.dockerhub.dockerhub_access_token:
    name: ci
    active: false

- name: Delete the tokens of computers that are no longer used
  hubops.dockerhub.dockerhub_access_token:
    name: "{{ item }}"
    state: absent
  loop: [laptop, old-server]
"""

RETURN = r"""
token:
  description:
    - The secret of a new token. Docker Hub returns it only once. The result of the task is then hidden on the screen
      and in logs. A registered variable contains it.
    - V(null) if no token was created. The result is then shown as usual.
  returned: success
  type: str
  sample: dckr_pat_0123456789abcdefghijklmnopq
id:
  description:
    - The id of the token, which the API calls C(uuid). Store it together with the secret, for O(held_id).
    - V(null) if there is no token, or in check mode for a new one.
  returned: success
  type: str
  sample: 3f6c2a0e-0000-4000-8000-000000000000
label:
  description: The label of the token at Docker Hub. V(null) if there is no token.
  returned: success
  type: str
  sample: ci (pending)
scopes:
  description: What the token may do. See O(scopes).
  returned: if the token exists, or would exist in check mode
  type: list
  elements: str
  sample: ['repo:write']
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
  description: When the token was last used, in UTC. V(null) if it was never used, or if there is no token.
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
from ansible_collections.hubops.dockerhub.plugins.module_utils._answers import texts_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import PAT_LEVELS
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, run_module
from ansible_collections.hubops.dockerhub.plugins.module_utils._token_scopes import without_included

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **TOKEN_OPTIONS,
        "scopes": {"type": "list", "elements": "str", "choices": list(PAT_LEVELS)},
        "held_secret": {"type": "str", "no_log": True},
    },
    "mutually_exclusive": MUTUALLY_EXCLUSIVE,
}


def access_token(task: Task, hub: HubClient) -> Result:
    """Create, rotate or delete a personal access token."""
    tokens = AccessTokens(hub)
    scopes: list[str] | None = task.params["scopes"]
    if scopes == []:
        raise InvalidOptions("scopes is empty, and Docker Hub creates no token without scopes", hint="give a scope")

    def values(model: str | None) -> dict[str, t.Any]:
        chosen = scopes or (texts_of(tokens.rows[model].get("scopes")) if model else None)
        if not chosen:
            raise InvalidOptions(
                "scopes is missing, and there is no earlier token to take the scopes from",
                hint=f"give one of {', '.join(PAT_LEVELS)}",
            )
        return {"scopes": sorted(without_included(chosen))}

    def mismatch(token_id: str) -> str | None:
        current = without_included(texts_of(tokens.rows[token_id].get("scopes")))
        differs = scopes is not None and without_included(scopes) != current
        return f"its scopes are {', '.join(sorted(current)) or 'none'}" if differs else None

    def describe(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        return {"scopes": sorted(texts_of(row.get("scopes")))} if row else {}

    kind = TokenKind(values, lambda token_id: {}, mismatch, describe, takes_over=scopes is None)
    return manage_token(task, hub, tokens, kind)


if __name__ == "__main__":
    run_module(access_token, SPEC)
