# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a bearer token: whose it is and how long it lives."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import missing_library

# W15: the claim in which Docker Hub tells about the account.
_HUB_CLAIM = "https://hub.docker.com"
_SOURCES = {"docker_pat": "pat", "docker_oat": "oat", "docker_pwd": "password", "docker_password": "password"}


def iso_time(seconds: float | None) -> str | None:
    """Unix time in seconds as ISO 8601 in UTC; None if there is none or no calendar holds it."""
    if seconds is None:
        return None
    try:
        moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def read_token(token: str, now: float) -> dict[str, t.Any]:
    """What a token says of itself.

    ``now`` is the server's unix time when the token came. The answer holds ``claims`` (empty for a token that is no JWT),
    ``issued_at``, ``expires_at`` (ISO 8601), ``expires_in`` (whole seconds), ``username``, ``scope`` and ``source``: each None
    where the token does not say. The signature is not checked: that is up to whoever accepts the token.
    """
    claims = _claims(token)
    hub = claims.get(_HUB_CLAIM)
    hub = hub if isinstance(hub, dict) else {}
    issued, expires = _number(claims.get("iat")), _number(claims.get("exp"))
    life = None if expires is None else expires - (now if issued is None else issued)
    return {
        "claims": claims,
        "issued_at": iso_time(issued),
        "expires_at": iso_time(expires),
        "expires_in": int(life) if life is not None and life > 0 and iso_time(expires) else None,
        "username": _text(hub.get("username")) or _text(claims.get("username")),
        "scope": _text(claims.get("scope")),
        "source": _SOURCES.get(str(hub.get("source")).partition("|")[0]),
    }


def _claims(token: str) -> dict[str, t.Any]:
    try:
        import jwt
    except ImportError as error:
        raise missing_library("PyJWT") from error
    try:
        claims: dict[str, t.Any] = jwt.decode(token, options={"verify_signature": False})
        # What cannot be written down again (NaN, half a character) would trouble whoever prints it later.
        json.dumps(claims, allow_nan=False, ensure_ascii=False).encode()
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return {}
    return {} if _is_deep(claims, 50) else claims


def _is_deep(value: object, levels: int) -> bool:
    """Whether lists and dictionaries stand in each other in more levels; some hundred are more than Ansible can print."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deep(one, levels - 1) for one in inner)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value and value.isprintable() else None
