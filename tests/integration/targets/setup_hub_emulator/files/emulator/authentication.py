# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in: three endpoints, the second factor and the lockout."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from emulator.accounts import Account
from emulator.bearers import issue_bearer, jwt
from emulator.totp import TOTP_STEP, totp
from emulator.wire import Rejection, Reply, Request, Routes, error_body

if t.TYPE_CHECKING:
    from emulator.access_tokens import AccessToken
    from emulator.hub import Hub

TOKEN_PATH = "/v2/auth/token"
LOGIN_PATH = "/v2/users/login"
SECOND_FACTOR_PATH = "/v2/users/2fa-login"
AUTH_PATHS = (TOKEN_PATH, LOGIN_PATH, SECOND_FACTOR_PATH)


@dataclasses.dataclass
class AuthenticationSettings:
    """How logins are refused."""

    pending_life: float = 300  # seconds that a second factor may take
    lockout_after: int = 10  # refused logins; 0: never
    lockout_seconds: float = 3600
    # The reply of TOKEN_PATH to the password of an account with a second factor is not known:
    # "plain" is the reply to a wrong password, "login_2fa_token" asks for the second factor.
    token_path_second_factor: str = "plain"
    sso_status: int = 403  # or 401: the reply to a password where single sign-on is enforced
    pat_owner_only: bool = True  # False: a PAT logs its owner in under any user name
    latency: float = 0.0  # seconds added to each request to one of AUTH_PATHS


class PendingLogin(t.NamedTuple):
    """A login that waits for its second factor."""

    account: Account
    expires: float


class Authentication:
    """What earlier logins left behind."""

    def __init__(self) -> None:
        self.pending: dict[str, PendingLogin] = {}  # by login_2fa_token
        self.intermediate_tokens: set[str] = set()  # every login_2fa_token ever issued
        self.used_codes: set[tuple[str, int]] = set()
        self.issued: collections.Counter[str] = collections.Counter()  # bearers by account
        self.refused: collections.Counter[str] = collections.Counter()  # since the last success or lockout
        self.locked_until: dict[str, float] = {}


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One way to log in with a name and a secret: names of fields, accepted tokens, error replies."""

    name: str
    secret: str
    token: str
    accepts: tuple[str, ...]  # kinds of access tokens
    refusals: dict[str, tuple[int, dict[str, t.Any]]]


ENDPOINTS = {
    TOKEN_PATH: Endpoint(
        name="identifier",
        secret="secret",
        token="access_token",
        accepts=("pat", "oat"),
        refusals={
            "refused": (401, error_body("unauthorized")),
            "second_factor": (401, error_body("unauthorized")),
            "sso": (403, error_body("SSO is enforced: use a personal access token")),  # the real text is not known
            "locked": (429, error_body("Too many failed login attempts. You have been locked out for one hour")),
        },
    ),
    LOGIN_PATH: Endpoint(
        name="username",
        secret="password",
        token="token",
        accepts=("pat",),
        refusals={
            "refused": (401, {"detail": "Incorrect authentication credentials"}),
            "second_factor": (401, {"detail": "Require secondary authentication on MFA enabled account"}),
            "sso": (403, {"detail": "SSO is enforced: use a personal access token"}),  # the real text is not known
            "locked": (429, {"detail": "Too many login attempts."}),
        },
    ),
}


# The second factor has the replies of the login that it completes.
ENDPOINTS[SECOND_FACTOR_PATH] = ENDPOINTS[LOGIN_PATH]


def log_in(hub: Hub, request: Request) -> Reply:
    endpoint = ENDPOINTS[request.path]
    name, secret = _credentials(request, endpoint)
    _refuse_locked(hub, name, endpoint)
    account = hub.accounts.get(name)
    if account is None or account.password is None or account.password != secret:
        owner, token = _owner(hub, name, secret, endpoint)
        return _accept(hub, owner, token, request.path)
    if account.sso:
        raise _refusal(hub, "sso" if hub.sso_status == 403 else "refused", name, endpoint)
    if account.totp_secret:
        if request.path == TOKEN_PATH and hub.token_path_second_factor == "plain":
            raise _refusal(hub, "refused", name, endpoint)
        status, body = endpoint.refusals["second_factor"]
        return Reply(status, {**body, "login_2fa_token": _ask_second_factor(hub, account)})
    return _accept(hub, account, None, request.path)


def complete_login(hub: Hub, request: Request) -> Reply:
    """Accept or refuse the code of a second factor. A code is valid for one step either side, and once."""
    endpoint, state = ENDPOINTS[request.path], hub.authentication
    token, code = request.fields().get("login_2fa_token"), request.fields().get("code")
    if not isinstance(token, str) or not isinstance(code, str):
        raise Rejection(400, {"detail": "malformed request: login_2fa_token and code must be strings"})
    pending = state.pending.get(token)
    if pending is None or hub.now() >= pending.expires:
        raise Rejection(*endpoint.refusals["refused"])
    account = pending.account
    _refuse_locked(hub, account.name, endpoint)
    now = int(hub.now()) // TOTP_STEP
    for step in (now - 1, now, now + 1):
        used = (account.name, step)
        if totp(account.totp_secret or "", step * TOTP_STEP) == code and used not in state.used_codes:
            state.used_codes.add(used)
            del state.pending[token]
            return _accept(hub, account, None, request.path)
    raise _refusal(hub, "refused", account.name, endpoint)


def account_that_logs_in(hub: Hub, request: Request) -> str | None:
    """Return the name of the account that a request to one of AUTH_PATHS is about."""
    fields = request.fields()
    if request.path == SECOND_FACTOR_PATH:
        pending = hub.authentication.pending.get(str(fields.get("login_2fa_token")))
        return pending.account.name if pending else None
    name = fields.get(ENDPOINTS[request.path].name)
    return name if isinstance(name, str) else None


def _credentials(request: Request, endpoint: Endpoint) -> tuple[str, str]:
    """Return name and secret, and refuse a body without them."""
    name, secret = request.fields().get(endpoint.name), request.fields().get(endpoint.secret)
    if request.path == LOGIN_PATH:
        if not isinstance(request.body, dict):
            raise Rejection(400, {"detail": "malformed request: EOF"})
        if not (isinstance(name, str) and name and isinstance(secret, str) and secret):
            raise Rejection(401, {"detail": "unauthorized"})
        return name, secret
    errinfo = {
        field: "value is required"
        for field, value in ((endpoint.name, name), (endpoint.secret, secret))
        if not (isinstance(value, str) and value)
    }
    if endpoint.secret not in errinfo and len(str(secret)) < 9:
        errinfo[endpoint.secret] = "must be at least 9 characters"
    if errinfo:
        raise Rejection(400, error_body("body is invalid", **errinfo))
    return str(name), str(secret)


def _owner(hub: Hub, name: str, secret: str, endpoint: Endpoint) -> tuple[Account, AccessToken]:
    """Return the access token with this secret, and its account; refuse the login if there is none."""
    named = hub.accounts.get(name)
    for kind in endpoint.accepts:
        anybody = kind == "pat" and not hub.pat_owner_only
        for account in list(hub.accounts.values()) if anybody else filter(None, [named]):
            token = hub.access_tokens.find(account, kind, secret, hub.now())
            if token:
                return account, token
    raise _refusal(hub, "refused", name, endpoint)


def _refusal(hub: Hub, reason: str, name: str, endpoint: Endpoint) -> Rejection:
    """Return the reply to a refused login, and count it towards the lockout."""
    state = hub.authentication
    state.refused[name] += 1
    if hub.lockout_after and state.refused[name] >= hub.lockout_after:
        state.locked_until[name] = hub.now() + hub.lockout_seconds
        del state.refused[name]
    return Rejection(*endpoint.refusals[reason])


def _refuse_locked(hub: Hub, name: str, endpoint: Endpoint) -> None:
    """Refuse every login to a locked account. Each attempt prolongs the lockout."""
    locked_until = hub.authentication.locked_until
    if hub.now() < locked_until.get(name, 0):
        locked_until[name] = hub.now() + hub.lockout_seconds
        raise Rejection(*endpoint.refusals["locked"])


def _ask_second_factor(hub: Hub, account: Account) -> str:
    expires = hub.now() + hub.pending_life
    token = jwt({"alg": "HS256", "typ": "JWT"}, {"sub": account.uuid(), "exp": int(expires)})
    hub.authentication.pending[token] = PendingLogin(account, expires)
    hub.authentication.intermediate_tokens.add(token)
    return token


def _accept(hub: Hub, account: Account, made_from: AccessToken | None, path: str) -> Reply:
    hub.authentication.refused.pop(account.name, None)
    hub.authentication.issued[account.name] += 1
    token = issue_bearer(hub, account, made_from, deprecated_login=path != TOKEN_PATH)
    return Reply(200, {ENDPOINTS[path].token: token})


ROUTES: Routes = [
    (TOKEN_PATH, {"POST": log_in}),
    (LOGIN_PATH, {"POST": log_in}),
    (SECOND_FACTOR_PATH, {"POST": complete_login}),
]
