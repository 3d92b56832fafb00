#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read access tokens at Docker Hub, without their secrets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_access_token_info
short_description: Read Docker Hub access tokens, and find those that expire or are unused
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Returns all access tokens of an organization, or of the account that the task is logged in with. The result does not
    contain their secrets, because Docker Hub returns a secret only when the token is created.
  - The result also lists the tokens that expire soon, that have expired, and that nobody uses.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  organization:
    description:
      - The name of the organization whose access tokens (OATs) are read.
      - Without this option, the personal access tokens (PATs) of the account that the task is logged in with are read.
    type: str
  expires_within:
    description:
      - RV(expiring) contains the tokens that expire within this span of time from now.
      - A span is a whole number with C(s), C(m), C(h), C(d) or C(w) for seconds, minutes, hours, days or weeks, for
        example V(14d).
    type: str
    default: 14d
  unused_for:
    description:
      - RV(unused) contains the tokens that were not used for this span of time. See O(expires_within) for the form.
      - For a token that was never used, the time since its creation counts.
    type: str
    default: 90d
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.info
notes:
  - Docker Hub does not let access tokens read access tokens. Log in with a password. If the account uses two-factor
    authentication, give O(totp_secret) too.
  - Only the owners of an organization can read its tokens.
seealso:
  - module: hubops.dockerhub.dockerhub_access_token
  - module: hubops.dockerhub.dockerhub_org_access_token
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_access_tokens
    description: A play that reports tokens before they expire.
"""

EXAMPLES = r"""
- name: Read the tokens of an organization
  hubops.dockerhub.dockerhub_access_token_info:
    organization: myorg
    expires_within: 30d
  register: hub

- name: Show tokens that nobody uses
  ansible.builtin.debug:
    msg: "{{ item.label }}, last used {{ item.last_used or 'never' }}"
  loop: "{{ hub.unused }}"
  loop_control:
    label: "{{ item.id }}"

- name: Fail if a token has expired or expires soon
  ansible.builtin.assert:
    that: (hub.expiring + hub.expired) | length == 0
    fail_msg: "{{ (hub.expiring + hub.expired) | map(attribute='label') | join(', ') }}"
"""

RETURN = r"""
tokens:
  description: All tokens, the oldest first. The list also contains deactivated and expired tokens.
  returned: success
  type: list
  elements: dict
  contains: &token
    id:
      description: The id of the token, which the API calls C(uuid) for personal access tokens.
      type: str
    label:
      description:
        - The label, which is the name that a person has given the token. Several tokens can have the same label.
      type: str
    state:
      description:
        - V(active), V(pending), V(deactivated) or V(expired).
        - V(pending) can be used, but its rotation is not yet complete.
        - A deactivated token that has also expired is V(deactivated).
      type: str
    active:
      description:
        - Whether the token is activated. V(true) does not mean that it can be used, because it may have expired.
      type: bool
    created_at:
      description: When the token was created, in UTC.
      type: str
    expires_at:
      description: When the token expires, in UTC. V(null) if it never expires.
      type: str
    last_used:
      description:
        - When the token was last used, in UTC. V(null) if it was never used, or if Docker Hub does not report it.
      type: str
    scopes:
      description: What the token may do. Only for personal access tokens.
      type: list
      elements: str
    generated_by:
      description: V(manual), or V(auto-generated) for a token of Docker Desktop. Only for personal access tokens.
      type: str
    created_by:
      description: Who created the token. V(null) if Docker Hub does not report it. Only for organization access tokens.
      type: str
  sample: &sample
    - id: 3f6c2a0e-0000-4000-8000-000000000000
      label: ci
      state: active
      active: true
      created_at: "2026-01-31T12:00:00.123456Z"
      expires_at: "2026-05-01T12:00:00Z"
      last_used: "2026-03-01T12:00:00.123456Z"
      scopes: ['repo:write']
      generated_by: manual
expiring:
  description: The tokens of RV(tokens) that can be used to log in and expire within O(expires_within).
  returned: success
  type: list
  elements: dict
  contains: *token
  sample: *sample
unused:
  description: The tokens of RV(tokens) that can be used to log in and were not used for O(unused_for).
  returned: success
  type: list
  elements: dict
  contains: *token
  sample: *sample
expired:
  description:
    - The tokens of RV(tokens) that have expired. In an organization, they count towards the limit of its subscription.
  returned: success
  type: list
  elements: dict
  contains: *token
  sample: *sample
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

from ansible_collections.hubops.dockerhub.plugins.module_utils._access_tokens import AccessTokens
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, run_module
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import parse_span, unix_time_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._token_rotation import state_of

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "organization": {"type": "str"},
        "expires_within": {"type": "str", "default": "14d"},
        "unused_for": {"type": "str", "default": "90d"},
    }
}


def access_token_info(task: Task, hub: HubClient) -> Result:
    """Return all tokens, and again those that expire soon, are unused, or have expired."""
    soon, idle = (parse_span(task.params[name], name) for name in ("expires_within", "unused_for"))
    tokens = AccessTokens(hub, task.account("organization") if task.params["organization"] else None)
    found = sorted(tokens.read(), key=lambda token: token.created)
    now = hub.server_time()
    rows: dict[str, dict[str, t.Any]] = {}
    for token in found:
        state = state_of(token, now)
        rows[token.id] = {**tokens.facts(token.id), "state": "active" if state == "current" else state}

    def idle_since(token_id: str) -> float:
        row = rows[token_id]
        return unix_time_of(row["last_used"] or row["created_at"]) or now

    live = [token for token in found if token.is_live(now)]
    return {
        "changed": False,
        "tokens": list(rows.values()),
        "expiring": [rows[one.id] for one in live if one.expires is not None and one.expires <= now + soon],
        "unused": [rows[one.id] for one in live if idle_since(one.id) <= now - idle],
        "expired": [rows[one.id] for one in found if one.is_expired(now)],
    }


if __name__ == "__main__":
    run_module(access_token_info, SPEC)
