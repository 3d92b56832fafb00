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
  - Makes sure that the account in use has a personal access token (PAT) of this name that is neither expired nor about to expire.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - The task rotates in two phases. A new token starts with the label C(ci (pending\)). The playbook stores its secret, and then
    confirms it with O(held_id). Until then the previous token stays valid, so that a run which ends early causes no outage.
  - The role P(hubops.dockerhub.rotate_access_token#role) does all of that around a task file that stores the secret.
  - A token that a person deactivated stays deactivated, unless O(active=true).
options:
  scopes:
    description:
      - What the token may do. A scope includes those before it in the list of choices.
      - Required if there is no earlier token to take the scopes from. Docker Hub cannot change them afterwards. See
        O(on_mismatch).
    type: list
    elements: str
    choices: ['repo:public_read', 'repo:read', 'repo:write', 'repo:admin']
  held_secret:
    description:
      - The secret that the store holds, in place of or beside O(held_id). An empty value means that the store holds nothing.
      - The task logs in with it once. If Docker Hub accepts it, the task knows which token the store holds. If Docker Hub
        refuses it, the task proceeds as if the store held nothing.
    type: str
extends_documentation_fragment:
  - hubops.dockerhub._access_token
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - Docker Hub does not let access tokens create or change access tokens. Use a password (with a second factor, O(totp_secret) too).
seealso:
  - module: hubops.dockerhub.dockerhub_org_access_token
  - module: hubops.dockerhub.dockerhub_access_token_info
  - module: hubops.dockerhub.dockerhub_token
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_access_tokens
    description: Rotation, monitoring, and what happens when a run ends early.
"""

EXAMPLES = r"""
- name: Create a token once
  hubops.dockerhub.dockerhub_access_token:
    name: laptop
    scopes: ['repo:read']
    expires_in: 90d
  register: laptop # laptop.token is the secret, only in the run that creates the token

- name: Rotate a token 14 days before it expires
  hubops.dockerhub.dockerhub_access_token:
    name: ci
    scopes: ['repo:write']
    expires_in: 90d
    rotate: due
    rotate_before: 14d
    held_id: "{{ held.id | default('') }}" # what the store holds beside the secret
  register: ci

- name: Store the new secret together with its id
  ansible.builtin.copy:
    content: "{{ {'id': ci.id, 'token': ci.token} | to_json }}"
    dest: /etc/ci/dockerhub.json
    mode: '0600'
  no_log: true
  when: ci.token is not none

- name: Confirm that it is stored
  hubops.dockerhub.dockerhub_access_token:
    name: ci
    held_id: "{{ ci.id }}"
    confirm: true
  when: ci.token is not none

- name: Revoke a token at once
  hubops.dockerhub.dockerhub_access_token:
    name: ci
    active: false
"""

RETURN = r"""
token:
  description:
    - The secret of a new token. Docker Hub shows it only once. The result of the task is hidden then, and a registered variable
      contains it.
    - V(null) if no token was created. The result is readable then.
  returned: success
  type: str
  sample: dckr_pat_0123456789abcdefghijklmnopq
id:
  description: The id of the token, which the API calls C(uuid). Store it beside the secret, for O(held_id).
  returned: success
  type: str
  sample: 3f6c2a0e-0000-4000-8000-000000000000
label:
  description: The label at Docker Hub.
  returned: success
  type: str
  sample: ci (pending)
scopes:
  description: What the token may do.
  returned: success
  type: list
  elements: str
  sample: ['repo:write']
active:
  description: Whether the token is activated.
  returned: success
  type: bool
created_at:
  description: When the token was created, in UTC.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00.123456Z"
expires_at:
  description: When the token expires, in UTC. V(null) if it never expires.
  returned: success
  type: str
  sample: "2026-05-01T12:00:00Z"
last_used:
  description: When the token was last used, in UTC. V(null) if it never was.
  returned: success
  type: str
  sample: "2026-03-01T12:00:00.123456Z"
state:
  description:
    - V(current) is in use, V(pending) waits for its confirmation, V(deactivated) was deactivated, V(expired) has expired, and
      V(absent) does not exist.
  returned: success
  type: str
  sample: pending
reason:
  description: Why a new token was created, or would be in check mode. V(null) if none was.
  returned: success
  type: str
  sample: rotation is due
retired:
  description: The tokens that were deactivated or deleted, each with C(id), C(label), C(action) and C(reason).
  returned: always, also when the task fails after it changed something
  type: list
  elements: dict
  sample:
    - id: 1d2b9f4c-0000-4000-8000-000000000000
      label: ci
      action: deactivated
      reason: it was replaced
next_rotation_at:
  description: From when on O(rotate=due) creates the next token, in UTC. V(null) if it never does.
  returned: success
  type: str
  sample: "2026-04-17T12:00:00Z"
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

from ansible_collections.hubops.dockerhub.plugins.module_utils._access_token_task import (
    MUTUALLY_EXCLUSIVE,
    TOKEN_OPTIONS,
    TokenKind,
    manage_token,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._access_tokens import AccessTokens
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
        chosen = scopes or (tokens.rows[model].get("scopes") if model else None)
        if not chosen:
            raise InvalidOptions(
                "scopes is missing, and there is no earlier token to take the scopes from",
                hint=f"give one of {', '.join(PAT_LEVELS)}",
            )
        return {"scopes": sorted(without_included(chosen))}

    def mismatch(token_id: str) -> str | None:
        current = without_included(tokens.rows[token_id].get("scopes") or [])
        differs = scopes is not None and without_included(scopes) != current
        return f"its scopes are {', '.join(sorted(current)) or 'none'}" if differs else None

    def describe(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        return {"scopes": sorted(map(str, row.get("scopes") or []))} if row else {}

    kind = TokenKind(values, lambda token_id: {}, mismatch, describe, takes_over=scopes is None)
    return manage_token(task, hub, tokens, kind)


if __name__ == "__main__":
    run_module(access_token, SPEC)
