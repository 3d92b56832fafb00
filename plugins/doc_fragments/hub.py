# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the options, said once for task and lookup."""

from __future__ import annotations


class ModuleDocFragment:
    """``hub``: the options; ``hub.task``: those of the task alone; ``hub.sources``: where else they are found."""

    DOCUMENTATION = r"""
options:
  identifier:
    description:
      - The user name at Docker Hub, or with an organization access token the name of the organization. Required.
    type: str
    aliases: [username]
  secret:
    description:
      - A personal access token (C(dckr_pat_...), made under Account settings > Personal access tokens), an organization
        access token (C(dckr_oat_...), made under the organization's Identity & auth > Access tokens), or the password.
      - An account with enforced single sign-on takes no password; one with a second factor takes a password only
        together with O(totp_secret) or O(otp). Tokens need no second factor.
      - Required.
    type: str
    aliases: [password]
  otp:
    description:
      - The six digits that an authenticator app shows, as text. Quote them; YAML reads C(012345) as another number.
      - Valid once, for 30 seconds. Takes precedence over O(totp_secret), which needs nobody to type.
    type: str
    aliases: [code]
  totp_secret:
    description:
      - The secret that the six-digit codes are generated from, the text that Docker Hub shows beside the QR code when
        two-factor authentication is enabled. Base32 (spaces and case do not matter), or the C(otpauth://) URI of the QR
        code.
      - Without it and without O(otp), a login that wants a second factor fails. Needs the Python library pyotp.
    type: str
  auth_method:
    description:
      - How to log in. V(access_token) uses C(/v2/auth/token), V(login) the deprecated C(/v2/users/login), which is still
        the only way to a second factor.
      - V(auto) takes V(login) if a second factor is given (O(otp) or O(totp_secret)), else V(access_token).
    type: str
    choices: [auto, access_token, login]
    default: auto
  hub_url:
    description: The base URL of Docker Hub. Plain C(http://) is accepted for loopback addresses only, for tests.
    type: str
    default: https://hub.docker.com
  validate_certs:
    description: Whether to verify the certificate. Set it to V(false) for a test only, since it gives the secret away.
    type: bool
    default: true
  ca_path:
    description:
      - A file (PEM) or folder of the CAs to trust, in place of the system's and certifi's. For a proxy that intercepts TLS.
      - Without it E(REQUESTS_CA_BUNDLE) counts, if it is set.
    type: path
  proxy:
    description:
      - The URL of a proxy, C(http://proxy.example.com:3128) for example.
      - Without it E(HTTPS_PROXY) and E(NO_PROXY) count, as usual.
    type: str
  user_agent:
    description: The header C(User-Agent) to send. Defaults to C(hubops.dockerhub/) and the version.
    type: str
  timeout:
    description:
      - Seconds to connect (to each address of the name), between two pieces of an answer, and for the whole body of an
        answer.
      - Looking up the name and a server that drips its headers are not covered; the C(timeout) keyword of Ansible ends
        those for a task, and nothing does for a lookup.
      - A login takes at most (requests + O(retries)) x 3 x O(timeout) + 8 s x O(retries) + O(max_wait), with 1 request
        for V(access_token) and up to 4 for V(login). To each request a proxy may add 2 x O(timeout), and each further
        address of the name that does not answer 1 x O(timeout).
    type: float
    default: 30.0
  retries:
    description:
      - How many times in a login a request is sent again, after a connection that broke, an answer 502, 503 or 504, or
        an answer 429 that names a time within O(max_wait).
      - Nothing else is sent again, but for the one more try that a refused code of O(totp_secret) gets.
    type: int
    default: 3
  max_wait:
    description: Seconds that a login may wait in all, for a rate limit to end and for the next six-digit code.
    type: int
    default: 60
  cache:
    description:
      - Whether to reuse a token that an earlier task or lookup of this run got.
      - V(false) logs in anew. The guard against repeated refused logins stays; see O(refusal_ttl).
    type: bool
    default: true
  min_ttl:
    description:
      - Seconds that a reused token must still live, or a quarter of its whole life if that is less.
      - Raise it for a task that uses one token for long.
    type: int
    default: 60
  refusal_ttl:
    description:
      - Seconds for which a refused login is not tried again in this run; every later use fails at once and says why.
      - A changed O(secret) is tried at once. A lockout counts for the account, until the time Docker Hub named.
      - V(0) tries every time, which may lock the account. A typed O(otp) is sent once all the same.
    type: int
    default: 900
requirements:
  - requests 2.25.1 or later (not 2.32.0 to 2.32.2) and PyJWT 2 or later, where the login runs
  - pyotp, for O(totp_secret) only
notes:
  - Options are found in this order, arguments, variables, environment, C([dockerhub]) in C(ansible.cfg) under the
    name of the option (secrets excepted), default. The first that is not empty counts, for task and lookup alike,
    always on the controller. C(ansible-doc -t lookup hubops.dockerhub.dockerhub_token) and the guide to tokens list the
    names.
  - The guides are in C(docs/docsite/rst) of the collection's folder.
  - A secret found beside the name of another account is not sent; the login fails instead. An O(otp) or O(totp_secret)
    found so is left alone, and so is any that is found where O(secret) is an access token, which needs none.
seealso:
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_token
    description: The kinds of secret, and where every option is found.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_second_factor
    description: Codes, typed or made from a TOTP secret.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_one_login
    description: What a run shares, for how long, and what a refused login does.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_secrets
    description: What is hidden, and what your own tasks may show.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_troubleshooting
    description: What each error means, and what to do.
"""

    TASK = r"""
options:
  login_2fa_token:
    description:
      - The intermediate token that an earlier task returned with O(on_otp_required=return). This task finishes that
        login, with O(otp) or O(totp_secret), and needs neither O(identifier) nor O(secret).
    type: str
  on_otp_required:
    description:
      - What to do if Docker Hub wants a six-digit code and neither O(otp) nor O(totp_secret) is given.
      - V(return) ends the task with RV(otp_required) and RV(login_2fa_token), so that a later one can finish the login. With
        it O(auth_method=auto) takes V(login).
    type: str
    choices: [fail, return]
    default: fail
  login_from:
    description:
      - Where to log in from. V(target) runs the login on the host that the task is directed to, a bastion with the only
        way out for example; the credential is sent there, and the libraries are needed there.
    type: str
    choices: [controller, target]
    default: controller
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    support: full
    details: Logs in as well, so that later tasks have their token.
  diff_mode:
    support: N/A
    details: Nothing is ever changed.
  action:
    support: full
    details: Logs in on the controller; with O(login_from=target) on the target.
  async:
    support: none
  become:
    support: partial
    details: Only with O(login_from=target).
  bypass_host_loop:
    support: none
  connection:
    support: partial
    details: Only with O(login_from=target).
  delegation:
    support: partial
    details: Only with O(login_from=target).
  platform:
    support: full
    platforms: posix
  action_group:
    support: full
    membership:
      - hubops.dockerhub.dockerhub
"""

    SOURCES = r"""
options:
  identifier:
    env: [{name: DOCKERHUB_USERNAME}]
    vars: [{name: dockerhub_identifier}, {name: dockerhub_username}]
    ini: [{section: dockerhub, key: identifier}]
  secret:
    env: [{name: DOCKERHUB_PASSWORD}, {name: DOCKERHUB_TOKEN}]
    vars: [{name: dockerhub_secret}, {name: dockerhub_password}]
  otp:
    vars: [{name: dockerhub_otp}]
  totp_secret:
    env: [{name: DOCKERHUB_TOTP_SECRET}]
    vars: [{name: dockerhub_totp_secret}]
  auth_method:
    env: [{name: DOCKERHUB_AUTH_METHOD}]
    vars: [{name: dockerhub_auth_method}]
    ini: [{section: dockerhub, key: auth_method}]
  hub_url:
    env: [{name: DOCKERHUB_URL}]
    vars: [{name: dockerhub_url}]
    ini: [{section: dockerhub, key: hub_url}]
  validate_certs:
    env: [{name: DOCKERHUB_VALIDATE_CERTS}]
    vars: [{name: dockerhub_validate_certs}]
    ini: [{section: dockerhub, key: validate_certs}]
  ca_path:
    env: [{name: DOCKERHUB_CA_PATH}]
    vars: [{name: dockerhub_ca_path}]
    ini: [{section: dockerhub, key: ca_path}]
  proxy:
    vars: [{name: dockerhub_proxy}]
    ini: [{section: dockerhub, key: proxy}]
  user_agent:
    vars: [{name: dockerhub_user_agent}]
    ini: [{section: dockerhub, key: user_agent}]
  timeout:
    env: [{name: DOCKERHUB_TIMEOUT}]
    vars: [{name: dockerhub_timeout}]
    ini: [{section: dockerhub, key: timeout}]
  retries:
    vars: [{name: dockerhub_retries}]
    ini: [{section: dockerhub, key: retries}]
  max_wait:
    vars: [{name: dockerhub_max_wait}]
    ini: [{section: dockerhub, key: max_wait}]
  cache:
    env: [{name: DOCKERHUB_CACHE}]
    vars: [{name: dockerhub_cache}]
    ini: [{section: dockerhub, key: cache}]
  min_ttl:
    vars: [{name: dockerhub_min_ttl}]
    ini: [{section: dockerhub, key: min_ttl}]
  refusal_ttl:
    vars: [{name: dockerhub_refusal_ttl}]
    ini: [{section: dockerhub, key: refusal_ttl}]
"""
