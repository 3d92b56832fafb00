# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Personal access tokens as a resource."""

from __future__ import annotations

import typing as t

from emulator.access_tokens import (
    AccessToken,
    created_token,
    expiry_body,
    expiry_of,
    require_free_slot,
    require_label,
    value_error,
)
from emulator.bearers import require_bearer
from emulator.paging import page
from emulator.scopes import PAT_LEVELS, pat_level
from emulator.wire import NOT_FOUND, OAT_NOT_ALLOWED, PAT_NOT_ALLOWED, Rejection, Reply, Request, Routes, iso_time

if t.TYPE_CHECKING:
    from emulator.accounts import Account
    from emulator.hub import Hub


def list_access_tokens(hub: Hub, request: Request) -> Reply:
    tokens = _tokens_of(hub, _require_owner(hub, request))
    active = sum(token.is_active for token in tokens)
    return page(hub, request, tokens, lambda token: _body(hub, token), more={"active_count": active})


def create_access_token(hub: Hub, request: Request) -> Reply:
    account, fields = _require_owner(hub, request), request.fields()
    label = require_label(fields, "token_label")
    scopes = fields.get("scopes")
    if not isinstance(scopes, list) or not scopes or not {*scopes} <= {*PAT_LEVELS}:
        raise value_error("scopes", f"must be of {', '.join(PAT_LEVELS)}")
    expires_at = expiry_of(hub, fields)
    require_free_slot(hub, _tokens_of(hub, account), hub.pat_limit)
    token = created_token(hub, account.name, "pat", label, expires_at, account.name, scopes=(pat_level(scopes),))
    return Reply(201, {**_body(hub, token), "token": token.secret})


def get_access_token(hub: Hub, request: Request, uuid: str) -> Reply:
    return Reply(200, _body(hub, _find(hub, request, uuid)))


def update_access_token(hub: Hub, request: Request, uuid: str) -> Reply:
    """Change label and activity; other fields are ignored."""
    token, fields = _find(hub, request, uuid), request.fields()
    if "token_label" in fields:
        token.label = require_label(fields, "token_label")
    token.is_active = bool(fields.get("is_active", token.is_active))
    return Reply(200, _body(hub, token))


def delete_access_token(hub: Hub, request: Request, uuid: str) -> Reply:
    hub.access_tokens.remove(_find(hub, request, uuid))
    return Reply(hub.pat_delete_status)


def _require_owner(hub: Hub, request: Request) -> Account:
    """Return the account of the bearer. Only one made from a password may manage tokens, whether they exist or not."""
    bearer = require_bearer(hub, request)
    if bearer.kind == "oat":
        raise Rejection(403, OAT_NOT_ALLOWED)
    if bearer.kind == "pat" and not hub.tokens_manage_tokens:
        raise Rejection(403, PAT_NOT_ALLOWED)
    return bearer.account


def _tokens_of(hub: Hub, account: Account) -> list[AccessToken]:
    return [token for token in hub.access_tokens.of(account) if token.kind == "pat"]


def _find(hub: Hub, request: Request, uuid: str) -> AccessToken:
    for token in _tokens_of(hub, _require_owner(hub, request)):
        if token.uuid == uuid:
            return token
    raise Rejection(404, NOT_FOUND)


def _body(hub: Hub, token: AccessToken) -> dict[str, t.Any]:
    return {
        "uuid": token.uuid,
        "client_id": "HUB",
        "creator_ip": "127.0.0.1",
        "creator_ua": "some user agent",
        "created_at": iso_time(token.created_at),
        "last_used": None if token.last_used is None else iso_time(token.last_used),
        "generated_by": token.generated_by,
        "is_active": token.is_active,
        "token": "",
        "token_label": token.label,
        **({"scopes": list(token.scopes)} if token.scopes else {}),
        **expiry_body(hub, token, iso_time),
    }


ROUTES: Routes = [
    (r"/v2/access-tokens", {"GET": list_access_tokens, "POST": create_access_token}),
    (
        r"/v2/access-tokens/(?P<uuid>[^/]+)",
        {"GET": get_access_token, "PATCH": update_access_token, "DELETE": delete_access_token},
    ),
]
