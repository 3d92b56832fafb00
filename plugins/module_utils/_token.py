# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a bearer token: its owner and its lifetime."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._libraries import require_library

_SOURCES = {"docker_pat": "pat", "docker_oat": "oat", "docker_pwd": "password", "docker_password": "password"}
_DEEPEST = 50  # levels of lists and dictionaries; Ansible cannot print some hundreds


class TokenContent(t.TypedDict):
    """What a token contains. A field is None where the token has no such claim."""

    claims: dict[str, t.Any]
    issued_at: str | None
    expires_at: str | None
    expires_in: int | None
    username: str | None
    scope: str | None
    source: str | None


def iso_time(seconds: float | None) -> str | None:
    """Return a unix time in seconds as ISO 8601 in UTC; None if there is none, or no calendar contains it."""
    if seconds is None:
        return None
    try:
        moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    # strftime writes years before 1000 without leading zeros.
    return moment.replace(tzinfo=None).isoformat() + "Z"


def read_token(token: str, now: float) -> TokenContent:
    """Return the content of a token; ``now`` is the server's unix time when the token arrived.

    ``claims`` is empty for a token that is not a JWT. The signature is not verified: that is up to the service that accepts
    the token.
    """
    claims = _claims(token)
    account = _account(claims)
    issued, expires = _number(claims.get("iat")), _number(claims.get("exp"))
    lifetime = None if expires is None else expires - (now if issued is None else issued)
    return {
        "claims": claims,
        "issued_at": iso_time(issued),
        "expires_at": iso_time(expires),
        "expires_in": int(lifetime) if lifetime is not None and lifetime > 0 and iso_time(expires) else None,
        "username": _text(account.get("username")) or _text(claims.get("username")),
        "scope": _text(claims.get("scope")),
        "source": _SOURCES.get(str(account.get("source")).partition("|")[0]),
    }


def access_token_id(token: str) -> str | None:
    """Return the id of the access token that a bearer token was made from; None if it was made from a password."""
    kind, _bar, made_from = str(_account(_claims(token)).get("source")).partition("|")
    return made_from if made_from and _SOURCES.get(kind) in ("pat", "oat") else None


def _claims(token: str) -> dict[str, t.Any]:
    jwt = require_library("PyJWT")
    try:
        claims: dict[str, t.Any] = jwt.decode(token, options={"verify_signature": False})
        # NaN and half a surrogate pair cannot be printed later.
        json.dumps(claims, allow_nan=False, ensure_ascii=False).encode()
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return {}
    return {} if _is_deeper(claims, _DEEPEST) else claims


def _account(claims: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the claim with which Docker Hub describes the account; an empty one if there is none."""
    account = claims.get("https://hub.docker.com")
    return account if isinstance(account, dict) else {}


def _is_deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inner)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value and value.isprintable() else None
