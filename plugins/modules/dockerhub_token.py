#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs in to Docker Hub on the host the task is directed to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_token
short_description: Get a Docker Hub access token
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Logs in to Docker Hub and returns a short-lived bearer token for its API, as a registered variable.
  - One login serves all hosts, tasks and lookups of a run that use the same credential. A refused login is not tried
    again for 15 minutes, so that a run with a wrong password does not lock the account.
  - No token, secret or code is shown, at any verbosity. O(ignore:no_log) is not needed on this task, except in a loop
    over items that hold secrets; but it is on a later task that carries the token.
  - The login runs on the controller, whichever host the task is directed to, unless O(login_from=target).
extends_documentation_fragment:
  - hubops.dockerhub.hub
  - hubops.dockerhub.hub.task
  - hubops.dockerhub.hub.attributes
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - plugin: hubops.dockerhub.dockerhub_token
    plugin_type: lookup
  - name: Docker Hub API
    description: Docker's reference of the API, its authentication operations first.
    link: https://docs.docker.com/reference/api/hub/latest/
"""

EXAMPLES = r"""
- name: Get a token with a personal access token
  hubops.dockerhub.dockerhub_token:
    identifier: mybot
    secret: "{{ vault_dockerhub_pat }}"
  register: hub

- name: Use it
  ansible.builtin.uri:
    url: https://hub.docker.com/v2/namespaces/mybot/repositories
    headers:
      Authorization: "Bearer {{ hub.access_token }}"
  no_log: true # this task carries the token

- name: Get a token for an organization
  hubops.dockerhub.dockerhub_token:
    identifier: myorg # the organization's name
    secret: "{{ vault_dockerhub_oat }}"
  register: hub

- name: Pass the second factor unattended
  hubops.dockerhub.dockerhub_token:
    identifier: myname
    secret: "{{ vault_dockerhub_password }}"
    totp_secret: "{{ vault_dockerhub_totp_secret }}"
  register: hub

- name: First step of a login in two tasks
  hubops.dockerhub.dockerhub_token:
    identifier: myname
    secret: "{{ vault_dockerhub_password }}"
    on_otp_required: return
  register: first

- name: Second step, with the six digits that somebody typed
  hubops.dockerhub.dockerhub_token:
    login_2fa_token: "{{ first.login_2fa_token }}"
    otp: "{{ six_digits }}"
  register: second
  when: first.otp_required

- name: Use the token, whether or not a code was wanted
  ansible.builtin.uri:
    url: https://hub.docker.com/v2/namespaces/myname/repositories
    headers:
      Authorization: "Bearer {{ second.access_token | default(first.access_token) }}"
  no_log: true # this task carries the token

- name: Log in from a bastion, which has the only way out
  hubops.dockerhub.dockerhub_token:
    identifier: mybot
    secret: "{{ vault_dockerhub_pat }}"
    login_from: target
  delegate_to: bastion.example.com
  register: hub
"""

RETURN = r"""
access_token:
  description:
    - The bearer token, for the header C(Authorization).
    - V(null) while a second factor is pending.
  returned: success
  type: str
  sample: eyJhbGciOi...
token_type:
  description: How the token is sent.
  returned: success
  type: str
  sample: Bearer
expires_at:
  description: When the token expires, in UTC. V(null) if the token does not tell.
  returned: success
  type: str
  sample: "2026-01-31T12:10:00Z"
issued_at:
  description: When the token was issued, in UTC. V(null) if the token does not tell.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00Z"
expires_in:
  description: Seconds that the token still lives. V(null) if the token does not tell.
  returned: success
  type: int
  sample: 600
identifier:
  description: The identifier used to log in.
  returned: success
  type: str
  sample: mybot
username:
  description: The user the token belongs to, by its own claims. V(null) if it names nobody.
  returned: success
  type: str
  sample: mybot
scope:
  description: What the token may do, as the token has it. V(null) if it does not say.
  returned: success
  type: str
  sample: repo:admin
source:
  description: What kind of secret the token was made from, V(password), V(pat) or V(oat). V(null) if that is not known.
  returned: success
  type: str
  sample: pat
endpoint:
  description: The path of the API that gave the token.
  returned: success
  type: str
  sample: /v2/auth/token
claims:
  description: All that the token says. Empty if it cannot be read.
  returned: success
  type: dict
  sample: {}
cached:
  description: Whether the token was reused, without a login.
  returned: success
  type: bool
  sample: false
otp_required:
  description: Whether a six-digit code is still wanted. Only with O(on_otp_required=return).
  returned: success
  type: bool
  sample: false
login_2fa_token:
  description: The intermediate token, for a later task with O(login_2fa_token) and O(otp).
  returned: while a second factor is pending
  type: str
rate_limit:
  description: What Docker Hub said about its rate limit. V(null) if nothing.
  returned: success
  type: dict
  contains:
    limit:
      description: Requests allowed in a period.
      type: int
    remaining:
      description: Requests left in it.
      type: int
    reset:
      description: When the next period starts, in UTC.
      type: str
  sample: {"limit": 180, "remaining": 179, "reset": "2026-01-31T12:01:00Z"}
error:
  description: Why the login failed, for the decisions of a playbook.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - One of V(bad_credentials), V(otp_required), V(otp_invalid), V(locked_out), V(rate_limited), V(sso_required),
          V(forbidden), V(invalid_options), V(invalid_request), V(module_failed), V(edge_blocked), V(tls),
          V(connection), V(timeout), V(server_error), V(bad_answer), V(missing_library).
      type: str
    http_status:
      description: The status of Docker Hub's answer. V(null) if there was none.
      type: int
    hint:
      description: What to do.
      type: str
    retry_at:
      description: When to try again, in UTC. V(null) if Docker Hub named no time.
      type: str
  sample: {"code": "bad_credentials", "http_status": 401, "hint": "check identifier and secret", "retry_at": null}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import TOKEN_SPEC, normalize_options


def main() -> None:
    """Log in and return the token. Check mode logs in as well, so that later tasks have their token."""
    module = AnsibleModule(**TOKEN_SPEC, supports_check_mode=True)
    # A short secret, or a code that is part of the token by chance, would be cut out of the result. _redact masks them.
    module.no_log_values.clear()
    try:
        result = fetch_token(normalize_options(module.params))
    except HubError as error:
        # The action needs the whole record; tools that call the module see msg and error.
        module.fail_json(msg=str(error), error=error.public(), record=error.to_dict(), invocation={})
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(changed=False, invocation={}, **result)


if __name__ == "__main__":
    main()
