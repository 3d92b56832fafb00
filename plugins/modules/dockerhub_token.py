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
  - Logs in to Docker Hub and returns a bearer token for its API. Requests to the API contain this token in the header
    C(Authorization). It is valid for a few minutes.
  - All hosts, tasks and lookups of a run that use the same credential share one login.
  - A refused login is not sent again for 15 minutes. A wrong password on many hosts therefore does not lock the
    account.
  - The task shows no token, secret or code, at any verbosity. It does not need C(no_log), except in a loop over items
    that contain secrets. A later task that uses the token needs C(no_log), because Ansible may show its arguments.
  - The controller logs in, for any host of the play. With O(login_from=target), the host of the task logs in.
  - The other modules of this collection log in on their own and do not need this task. Use it for requests that you
    send in another way, for example with C(ansible.builtin.uri).
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
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_start
    description: The first login, and the first change at Docker Hub.
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

- name: Send a request with the token
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

- name: Send a request with the token of the task that received it
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
    - V(null) if the login still requires a code. See RV(otp_required).
  returned: success
  type: str
  sample: eyJhbGciOi...
token_type:
  description: The word before the token in the header C(Authorization).
  returned: success
  type: str
  sample: Bearer
expires_at:
  description: When the token expires, in UTC. V(null) if it has no expiry, or if there is no token yet.
  returned: success
  type: str
  sample: "2026-01-31T12:10:00Z"
issued_at:
  description: When the token was issued, in UTC. V(null) if it does not contain this time, or if there is no token yet.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00Z"
expires_in:
  description: How many seconds the token is still valid. V(null) if it has no expiry, or if there is no token yet.
  returned: success
  type: int
  sample: 600
identifier:
  description: The identifier that was used to log in. V(null) if O(login_2fa_token) was used without O(identifier).
  returned: success
  type: str
  sample: mybot
username:
  description: The user name in the token. V(null) if the token contains none.
  returned: success
  type: str
  sample: mybot
scope:
  description: The permissions in the token. V(null) if the token contains none.
  returned: success
  type: str
  sample: repo:admin
source:
  description:
    - The kind of secret that was used. V(pat) is a personal access token, and V(oat) is an organization access token.
      The third kind is V(password).
    - V(null) if the kind is unknown.
  returned: success
  type: str
  sample: pat
endpoint:
  description: The path of the operation that returned the token. See O(auth_method).
  returned: success
  type: str
  sample: /v2/auth/token
claims:
  description: The whole content of the token, which is called its claims. Empty if the token cannot be decoded.
  returned: success
  type: dict
  sample: {"aud": "https://hub.docker.com", "iat": 1769860800, "exp": 1769861400, "scope": "repo:admin"}
cached:
  description: Whether the token is the result of an earlier login of this run.
  returned: success
  type: bool
  sample: false
otp_required:
  description: Whether the login still requires a six-digit code. Always V(false) without O(on_otp_required=return).
  returned: success
  type: bool
  sample: false
login_2fa_token:
  description:
    - The intermediate token of a login that still requires a code. Give it to a later task as O(login_2fa_token).
  returned: if RV(otp_required) is V(true)
  type: str
  sample: eyJhbGciOi...
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
        - One of V(bad_credentials), V(otp_required), V(otp_invalid), V(locked_out), V(rate_limited), V(sso_required),
          V(forbidden), V(invalid_options), V(invalid_request), V(module_failed), V(edge_blocked), V(tls),
          V(connection), V(timeout), V(server_error), V(bad_answer), V(missing_library).
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
  sample: {"code": "bad_credentials", "http_status": 401, "hint": "check identifier and secret", "retry_at": null}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import TOKEN_SPEC, normalize_options


def main() -> None:
    """Log in and return the token. Check mode logs in as well, so that later tasks have their token."""
    module = AnsibleModule(argument_spec=TOKEN_SPEC, supports_check_mode=True)
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
