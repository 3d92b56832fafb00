# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Document the options of a credential.

This fragment is PRIVATE to the collection. It may change at any time; do not use it outside of hubops.dockerhub.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Contain one section for each group of plugins.

    ``_login`` is for all plugins, ``_login.task`` for dockerhub_token, ``_login.resource`` for all other modules,
    ``_login.sources`` for the lookup.
    """

    DOCUMENTATION = r"""
options:
  identifier:
    description:
      - The user name of the Docker Hub account. If O(secret) is an organization access token, the name of the
        organization.
      - Required to log in, unless O(docker_config) provides it. It is usually in the environment variable
        E(DOCKERHUB_USERNAME).
    type: str
    aliases: [username]
  secret:
    description:
      - A personal access token (C(dckr_pat_...)), an organization access token (C(dckr_oat_...)), or the password of
        the account. Required to log in, unless O(docker_config) provides it. It is usually in an encrypted variable or
        in the environment variable E(DOCKERHUB_PASSWORD).
      - Every user creates personal access tokens under Account settings > Personal access tokens. The owners of an
        organization create organization access tokens under Identity & auth > Access tokens of the organization.
      - If the account uses two-factor authentication, a password also requires O(totp_secret) or O(otp). Docker Hub
        refuses a password if the organization enforces single sign-on. Access tokens work in both cases.
      - An access token must be given alone. If other characters are around it, such as quotes, the login fails before
        anything is sent.
    type: str
    aliases: [password]
  otp:
    description:
      - The six-digit code that an authenticator app shows for the account. It is valid for 30 seconds, and for one
        login.
      - Required if the account uses two-factor authentication, O(secret) is a password, and O(totp_secret) is not
        given. If both are given, O(otp) is used.
      - Write the code in quotes, because YAML reads C(012345) as another number. Spaces, hyphens and line breaks in the
        value are ignored.
    type: str
    aliases: [code]
  totp_secret:
    description:
      - The key from which an authenticator app generates its codes. With this key, a login with two-factor
        authentication works unattended.
      - Docker Hub shows the key next to the QR code while two-factor authentication is being enabled, and never
        again.
      - Give the key in base32, or as the C(otpauth://) URI that the QR code contains. Spaces, hyphens and case do not
        matter in base32.
      - Requires the Python library pyotp.
      - Without this option and O(otp), the login fails if Docker Hub requires a code.
    type: str
  docker_config:
    description:
      - The path of Docker's configuration file on the controller, for example C(~/.docker/config.json), or of the
        folder that contains it. The task or lookup then uses the O(identifier) and O(secret) that the command C(docker
        login) has stored.
      - The file is read only if O(secret) is found nowhere else. If O(identifier) is given, only an entry of that
        account is used. An entry for another registry is never used.
      - The entry can be in the file, or in the credential helper that the file names. A helper is a program that keeps
        passwords. It runs once in a run of Ansible, has no terminal, and must answer within 8 seconds.
      - Without this option, Docker's configuration is not read.
      - Requires the Python library docker.
    type: path
  auth_method:
    description:
      - The operation of the API that logs in.
      - V(access_token) is C(POST /v2/auth/token). It accepts access tokens, and passwords of accounts without a
        second factor.
      - V(login) is C(POST /v2/users/login), which Docker has deprecated. It is still the only operation with a second
        factor.
      - V(auto) uses V(login) if O(otp) or O(totp_secret) is given, and V(access_token) otherwise.
    type: str
    choices: [auto, access_token, login]
    default: auto
requirements:
  - Python 3.9 or later
  - requests 2.25.1 or later (not 2.32.0 to 2.32.2) and PyJWT 2 or later, where the login runs
  - pyotp, for O(totp_secret) only
  - docker, for O(docker_config) only, on the controller
notes:
  - Most options of the login and of the connection have several sources. These are the arguments of the task or lookup,
    variables, the environment of the command C(ansible-playbook), the section C([dockerhub]) of C(ansible.cfg), and the
    default. They are read on the controller in this order. The first value that is not empty is used.
  - Secrets are not read from C(ansible.cfg). The names of the variables are in the guide to tokens and in the output of
    C(ansible-doc -t lookup hubops.dockerhub.dockerhub_token).
  - The keyword C(environment) of a task or play does not reach a login on the controller.
  - If an option and its alias have different values, the task or lookup fails.
  - If the source of O(secret) names another account than O(identifier), the login fails and nothing is sent. An
    O(otp) or O(totp_secret) from such a source is ignored.
  - An O(otp) or O(totp_secret) from a variable or the environment is ignored if O(secret) is an access token, which
    needs no second factor.
  - The guides are in the folder C(docs/docsite/rst) of the collection.
seealso:
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_token
    description: Which kind of secret to use, and all sources of every option.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_second_factor
    description: Log in with a typed code or a TOTP secret.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_one_login
    description: What the tasks of a run share, and what happens after a refused login.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_secrets
    description: What is hidden, and what your own tasks may show.
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_troubleshooting
    description: The cause of every error, and what to do.
"""

    RESOURCE = r"""
options:
  access_token:
    description:
      - A bearer token that the task uses instead of logging in, for example
        RV(hubops.dockerhub.dockerhub_token#module:access_token).
      - Most playbooks do not need this option. Without it, the task logs in with O(identifier) and O(secret), shares
        that login with all other tasks of the run, and logs in again if Docker Hub no longer accepts the token.
      - The task cannot renew a token that is given here. When the token has expired, the task fails with the code
        V(token_expired).
      - A personal or organization access token is not a bearer token. Give it as O(secret).
    type: str
"""

    TASK = r"""
options:
  login_2fa_token:
    description:
      - The intermediate token of a login that still requires a six-digit code. An earlier task with
        O(on_otp_required=return) has returned it as RV(login_2fa_token).
      - The task completes that login with O(otp) or O(totp_secret). It needs neither O(identifier) nor O(secret).
    type: str
  on_otp_required:
    description:
      - What the task does if Docker Hub requires a code, and neither O(otp) nor O(totp_secret) is given.
      - With V(fail), the task fails.
      - With V(return), the task succeeds with RV(otp_required=true) and RV(login_2fa_token), and a later task
        completes the login. With V(return), O(auth_method=auto) uses V(login).
    type: str
    choices: [fail, return]
    default: fail
  login_from:
    description:
      - The host that logs in.
      - With V(controller), the host that runs Ansible logs in, for any host of the play.
      - With V(target), the host of the task logs in, for example a bastion that has the only route to Docker Hub. The
        credential is sent to that host, and the Python libraries must be installed there.
      - With V(target) and C(become), a temporary file on that host contains the credential during the login. If the
        connection uses pipelining, there is no file.
    type: str
    choices: [controller, target]
    default: controller
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
  docker_config:
    env: [{name: DOCKERHUB_DOCKER_CONFIG}]
    vars: [{name: dockerhub_docker_config}]
    ini: [{section: dockerhub, key: docker_config}]
  auth_method:
    env: [{name: DOCKERHUB_AUTH_METHOD}]
    vars: [{name: dockerhub_auth_method}]
    ini: [{section: dockerhub, key: auth_method}]
"""
