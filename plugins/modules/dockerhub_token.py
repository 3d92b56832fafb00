#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in to Docker Hub on the host that the task is directed to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_token
short_description: Log in to Docker Hub and return a bearer token
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Logs in to Docker Hub and returns a bearer token for its API. The token is valid for a few minutes.
  - All hosts, tasks and lookups of a run that use the same credential share one login.
  - A refused login is not sent again for 15 minutes. A wrong password on many hosts therefore does not lock the
    account.
  - The task shows no token, secret or code, at any verbosity. It does not need C(no_log), except in a loop over items
    that contain secrets. A later task that uses the token needs C(no_log), because Ansible may show its arguments.
  - The controller logs in, whichever host the task is directed to. O(login_from=target) changes that.
  - The other modules of this collection log in by the same rules and do not need this task.
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.task
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
attributes:
  check_mode:
    details: The task also logs in in check mode, so that later tasks have a token.
  diff_mode:
    support: N/A
    details: The task changes nothing.
  action:
    details: The login runs on the controller. With O(login_from=target), it runs on the host of the task.
  become:
    support: partial
    details: Only with O(login_from=target).
  connection:
    support: partial
    details: Only with O(login_from=target).
  delegation:
    support: partial
    details: Only with O(login_from=target).
seealso:
  - module: hubops.dockerhub.dockerhub_api
  - module: hubops.dockerhub.dockerhub_access_token
  - plugin: hubops.dockerhub.dockerhub_token
    plugin_type: lookup
  - name: Docker Hub API
    description: Docker's reference of the API.
    link: https://docs.docker.com/reference/api/hub/latest/
"""

EXAMPLES = r"""
- name: Get a token with a personal access token
  hubops.dockerhub.dockerhub_token:
    identifier: mybot
    secret: "{{ vault_dockerhub_pat }}"
  register: hub

- name: Use the token
  ansible.builtin.uri:
    url: https://hub.docker.com/v2/namespaces/mybot/repositories
    headers:
      Authorization: "Bearer {{ hub.access_token }}"
  no_log: true # the arguments of this task contain the token

- name: Get a token with an organization access token
  hubops.dockerhub.dockerhub_token:
    identifier: myorg # the name of the organization
    secret: "{{ vault_dockerhub_oat }}"
  register: hub

- name: Log in with a password and a TOTP secret
  hubops.dockerhub.dockerhub_token:
    identifier: myname
    secret: "{{ vault_dockerhub_password }}"
    totp_secret: "{{ vault_dockerhub_totp_secret }}"
  register: hub

- name: Start a login that may require a code
  hubops.dockerhub.dockerhub_token:
    identifier: myname
    secret: "{{ vault_dockerhub_password }}"
    on_otp_required: return
  register: first

- name: Complete the login with the code that a person typed
  hubops.dockerhub.dockerhub_token:
    login_2fa_token: "{{ first.login_2fa_token }}"
    otp: "{{ six_digits }}"
  register: second
  when: first.otp_required

- name: Use the token of the task that received it
  ansible.builtin.uri:
    url: https://hub.docker.com/v2/namespaces/myname/repositories
    headers:
      Authorization: "Bearer {{ second.access_token | default(first.access_token) }}"
  no_log: true # the arguments of this task contain the token

- name: Log in from a bastion that has the only route to Docker Hub
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
    - V(null) if the login still needs a code, see RV(otp_required).
  returned: success
  type: str
  sample: eyJhbGciOi...
token_type:
  description: The word before the token in the header C(Authorization).
  returned: success
  type: str
  sample: Bearer
expires_at:
  description: When the token expires, in UTC. V(null) if the token has no expiry.
  returned: success
  type: str
  sample: "2026-01-31T12:10:00Z"
issued_at:
  description: When the token was issued, in UTC. V(null) if the token does not contain this time.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00Z"
expires_in:
  description: How many seconds the token is still valid. V(null) if the token has no expiry.
  returned: success
  type: int
  sample: 600
identifier:
  description: The identifier that was used to log in.
  returned: success
  type: str
  sample: mybot
username:
  description: The user in the claims of the token. V(null) if the claims contain no user.
  returned: success
  type: str
  sample: mybot
scope:
  description: The permissions in the claims of the token. V(null) if the claims contain none.
  returned: success
  type: str
  sample: repo:admin
source:
  description: The kind of secret that was used, V(password), V(pat) or V(oat). V(null) if it is unknown.
  returned: success
  type: str
  sample: pat
endpoint:
  description: The path of the operation that returned the token.
  returned: success
  type: str
  sample: /v2/auth/token
claims:
  description: All claims of the token. Empty if the token cannot be decoded.
  returned: success
  type: dict
  sample: {}
cached:
  description: Whether the token comes from an earlier login of this run.
  returned: success
  type: bool
  sample: false
otp_required:
  description: Whether the login still needs a six-digit code. Never V(true) without O(on_otp_required=return).
  returned: success
  type: bool
  sample: false
login_2fa_token:
  description: The intermediate token of a login that still needs a code. A later task takes it as O(login_2fa_token).
  returned: when RV(otp_required) is V(true)
  type: str
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
        - One of V(bad_credentials), V(otp_required), V(otp_invalid), V(locked_out), V(rate_limited), V(sso_required),
          V(forbidden), V(invalid_options), V(invalid_request), V(module_failed), V(edge_blocked), V(tls),
          V(connection), V(timeout), V(server_error), V(bad_answer), V(missing_library).
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
  sample: {"code": "bad_credentials", "http_status": 401, "hint": "check identifier and secret", "retry_at": null}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import TOKEN_SPEC, normalize_options


def main() -> None:
    """Log in and return the token. Check mode logs in as well, so that later tasks have their token."""
    module = AnsibleModule(**TOKEN_SPEC, supports_check_mode=True)
    # _redact masks secrets. AnsibleModule would also remove a short secret or a code from a token that contains it by chance.
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
