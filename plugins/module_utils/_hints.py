# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hints: what the user can do after a failure of a login or of a request for a resource."""

from __future__ import annotations

from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import PAT_LEVELS, Need
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, secret_kind

COMMON_HINTS = {
    "tls": "give the CA that signed the certificate as ca_path, and check hub_url and the clock of this machine",
    "connection": "check network, proxy and hub_url",
    "timeout": "check network and proxy, or raise timeout",
    "server_error": "try again later; known incidents: https://www.dockerstatus.com",
    "bad_answer": "check hub_url and whether a proxy answers in place of Docker Hub",
    "rate_limited": "wait, send fewer requests, or raise max_wait",
    "locked_out": "wait, without any further login (an hour, if no other time is given), stop all programs that log in with an"
    " old secret, or reset the password at Docker Hub",
}

# The key is the error.code, followed by the kind of secret if the hint depends on it.
LOGIN_HINTS = {
    **COMMON_HINTS,
    "bad_credentials:password": "check identifier and secret; with a second factor give totp_secret or use a personal access"
    " token, with enforced single sign-on use a personal access token",
    "bad_credentials:pat": "check that this personal access token exists, is active and has not expired, and that"
    " identifier is the user name of its owner",
    "bad_credentials:oat": "with an organization access token, identifier must be the name of the organization; check also"
    " that the token is active and has not expired",
    "otp_required": "give totp_secret, or otp with a current code; or on_otp_required: return, to complete the login in a"
    " later task",
    "otp_invalid": "give a current code: each is valid once and for 30 s; a login_2fa_token that is too old is refused"
    " in the same way",
    "otp_invalid:totp": "check that totp_secret belongs to this account and was not replaced by a newer enrollment",
    "sso_required": "the organization enforces single sign-on: use a personal access token as secret",
    "forbidden": "check what this account and token are allowed to do; with enforced single sign-on use a personal"
    " access token",
    "invalid_request": "check identifier, secret and hub_url",
    "edge_blocked": "the credential was not checked: set user_agent, or use another outgoing address or proxy",
}

RESOURCE_HINTS = {
    **COMMON_HINTS,
    "token_expired": "get a new token, or leave out access_token so that the task logs in",
    "plan_required": "check the subscription of this namespace at Docker Hub",
    "edge_blocked": "set user_agent, or use another outgoing address or proxy",
    "conflict": "run the task again: it may have been created meanwhile",
    "not_found": "check the names, and whether this account may read it: Docker Hub hides what an account may not read",
    "invalid_request": "correct the value that Docker Hub names",
}
_PASSWORD = (
    "log in with the password of an account with the right role (with a second factor, give totp_secret too);"
    " where single sign-on is enforced, use a bot account outside of it"
)


def login_hint(error: errors.HubError, options: Options) -> str | None:
    """Return what to do after a failed login."""
    is_generated = error.code == "otp_invalid" and not options["otp"]
    kind = "totp" if is_generated else secret_kind(options["secret"])
    return LOGIN_HINTS.get(f"{error.code}:{kind}", LOGIN_HINTS.get(error.code))


def explain(error: errors.HubError, missing: str, need: Need | None, kind: str) -> errors.HubError:
    """Return the error of a resource request, with a hint, and after 404 with a message that names the missing object.

    ``missing`` is the name of that object, ``need`` the requirement of the operation (None if it is not in the table),
    ``kind`` the kind of secret in use.
    """
    if isinstance(error, errors.NotFound) and missing:
        error = errors.NotFound(f"{missing} does not exist, or is hidden from this account", http_status=404)
    if isinstance(error, errors.Forbidden) and not isinstance(error, errors.PlanRequired):
        error.hint = error.hint or _forbidden_hint(error, need, kind)
    error.hint = error.hint or RESOURCE_HINTS.get(error.code)
    return error


def _forbidden_hint(error: errors.Forbidden, need: Need | None, kind: str) -> str:
    if need is None:
        return "check what this account and this token are allowed to do"
    if isinstance(error, errors.NeedsPasswordLogin):
        oat = f"; or use an organization access token with {need.oat}" if need.oat and kind != "oat" else ""
        return f"{_PASSWORD}{oat}"
    return f"this operation requires {requirement(need)}"


def requirement(need: Need) -> str:
    """Return the requirement of an operation in words."""
    ways = []
    if need.pat:
        ways.append(f"a personal access token with {need.pat} ({PAT_LEVELS[need.pat]})")
    if need.oat:
        ways.append(f"an organization access token with {need.oat}")
    ways.append("a password login")
    listed = f"{', '.join(ways[:-1])} or {ways[-1]}" if len(ways) > 1 else ways[0]
    return f"{listed}, of an account with the right role"
