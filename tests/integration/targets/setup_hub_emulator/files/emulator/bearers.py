# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bearers: the tokens that a login returns, and what each was made from."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import os
import secrets
import typing as t
import uuid

from emulator.accounts import Account
from emulator.wire import Rejection, Request, error_body

if t.TYPE_CHECKING:
    from emulator.access_tokens import AccessToken
    from emulator.hub import Hub
    from emulator.scopes import Resource

# The claim that names the secret which the bearer was made from.
SOURCES = {"password": "docker_pwd", "pat": "docker_pat", "oat": "docker_oat"}


@dataclasses.dataclass
class BearerSettings:
    """How bearers look and how long they are valid."""

    token_life: float | None = 600  # None: no expiry
    token_grace: float = 0.0  # seconds that a bearer is accepted beyond its expiry
    token_shape: str = "jwt"  # or "opaque"


class Bearer(t.NamedTuple):
    """What the emulator remembers of a bearer that it issued."""

    account: Account
    kind: str  # of the secret it was made from: "password", "pat" or "oat"
    expires: float
    token: AccessToken | None = None  # the access token it was made from
    scopes: tuple[str, ...] = ()  # of a personal access token, at the time of the login
    resources: tuple[Resource, ...] = ()  # of an organization access token, at the time of the login


def jwt(header: dict[str, t.Any], claims: dict[str, t.Any]) -> str:
    """Return a JWT as long as one signed with RS256. The signature is random: the emulator knows its own bearers."""
    head, payload = (_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{head}.{payload}.{_base64url(os.urandom(256))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def issue_bearer(hub: Hub, account: Account, made_from: AccessToken | None, *, deprecated_login: bool) -> str:
    """Make a bearer from an access token, or from the account's password, and remember it."""
    kind = made_from.kind if made_from else "password"
    source = f"{SOURCES[kind]}|{made_from.uuid if made_from else account.uuid(kind)}"
    token = (
        secrets.token_urlsafe(48) if hub.token_shape == "opaque" else _make_jwt(hub, account, source, deprecated_login)
    )
    life = math.inf if hub.token_life is None else hub.token_life
    # Not cut to whole seconds as the claim is: a bearer of one second would have expired on arrival.
    expires = hub.now() + life + hub.token_grace
    scopes, resources = (made_from.scopes, made_from.resources) if made_from else ((), ())
    hub.bearers[token] = Bearer(account, kind, expires, made_from, scopes, resources)
    return token


def _make_jwt(hub: Hub, account: Account, source: str, deprecated_login: bool) -> str:
    whole = hub.token_life is None or hub.token_life == int(hub.token_life)
    issued_at = int(hub.now()) if whole else hub.now()
    session = str(uuid.uuid4())
    person = {"email": account.email, "session_id": session, "username": account.name}
    claims: dict[str, t.Any] = {
        "iat": issued_at,
        "iss": "https://api.docker.com/",
        "jti": str(uuid.uuid4()),
        "sub": account.uuid(),
        "https://hub.docker.com": {
            **person,
            "roles": [],
            "source": source,
            "uuid": account.uuid(),
        },
    }
    if hub.token_life is not None:
        claims["exp"] = issued_at + (int(hub.token_life) if whole else hub.token_life)
    if deprecated_login:  # its header begins with a certificate chain, its audience is a list
        claims.update(person, aud=["https://hub.docker.com"], user_id=account.uuid())
        chain = [base64.b64encode(b"a certificate" * 60).decode()]
        return jwt({"x5c": chain, "alg": "RS256", "typ": "JWT"}, claims)
    claims.update(aud="https://hub.docker.com", scope=account.scope)
    return jwt({"alg": "RS256", "typ": "JWT", "kid": "hub-emulator-1"}, claims)


def bearer_of(hub: Hub, request: Request) -> Bearer | None:
    """Return the bearer of a request, or None. A wrong header is refused even where none is required."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _space, token = header.partition(" ")
    bearer = hub.bearers.get(token)
    if scheme.lower() != "bearer" or bearer is None or hub.now() >= bearer.expires:
        raise Rejection(401, error_body("unauthorized"))
    return bearer


def require_bearer(hub: Hub, request: Request) -> Bearer:
    """Return the bearer of a request, and refuse a request without one."""
    bearer = bearer_of(hub, request)
    if bearer is None:
        raise Rejection(401, error_body("unauthorized"))
    return bearer
