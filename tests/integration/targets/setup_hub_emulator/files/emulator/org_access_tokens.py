# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organization access tokens as a resource."""

from __future__ import annotations

import time
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
from emulator.organizations import Organization, require_organization
from emulator.paging import page
from emulator.scopes import ORGANIZATION_SCOPES, REPOSITORY_SCOPES, Resource
from emulator.wire import NOT_FOUND, Rejection, Reply, Request, Routes, iso_time

if t.TYPE_CHECKING:
    from emulator.hub import Hub

SCOPES = {
    "TYPE_REPO": {scope for row in REPOSITORY_SCOPES for scope in row},
    "TYPE_ORG": {scope for row in ORGANIZATION_SCOPES for scope in row},
}


def list_org_access_tokens(hub: Hub, request: Request, organization: str) -> Reply:
    """List the tokens, without description and resources."""
    tokens = _tokens_of(hub, _require_owner(hub, request, organization))
    return page(hub, request, tokens, lambda token: _row(hub, token), count_name="total")


def create_org_access_token(hub: Hub, request: Request, organization: str) -> Reply:
    """Create a token. The answer contains neither who created it nor when it was used."""
    owner, fields = _require_owner(hub, request, organization), request.fields()
    label, expires_at = require_label(fields, "label"), expiry_of(hub, fields)
    description, resources = _description(fields), _resources(owner, fields)
    require_free_slot(hub, _tokens_of(hub, owner), hub.oat_limit)
    maker = require_bearer(hub, request).account.name
    token = created_token(
        hub, owner.name, "oat", label, expires_at, maker, description=description, resources=resources
    )
    body = {**_whole(hub, token), "token": token.secret}
    return Reply(201, {name: value for name, value in body.items() if name not in ("created_by", "last_used_at")})


def get_org_access_token(hub: Hub, request: Request, organization: str, uuid: str) -> Reply:
    return Reply(200, _whole(hub, _find(hub, request, organization, uuid)))


def update_org_access_token(hub: Hub, request: Request, organization: str, uuid: str) -> Reply:
    """Replace what is given, and empty description and resources if they are not: nobody wrote down what happens then."""
    token, fields = _find(hub, request, organization, uuid), request.fields()
    token.label = require_label(fields, "label")
    token.description = _description(fields)
    token.resources = _resources(_require_owner(hub, request, organization), fields)
    token.is_active = bool(fields.get("is_active", token.is_active))
    return Reply(200, _whole(hub, token))


def delete_org_access_token(hub: Hub, request: Request, organization: str, uuid: str) -> Reply:
    hub.access_tokens.remove(_find(hub, request, organization, uuid))
    return Reply(204)


def _require_owner(hub: Hub, request: Request, organization: str) -> Organization:
    return require_organization(hub, request, organization, None, roles=("owner",))


def _tokens_of(hub: Hub, organization: Organization) -> list[AccessToken]:
    return [token for token in hub.access_tokens.of(organization.account) if token.kind == "oat"]


def _find(hub: Hub, request: Request, organization: str, uuid: str) -> AccessToken:
    for token in _tokens_of(hub, _require_owner(hub, request, organization)):
        if token.uuid == uuid:
            return token
    raise Rejection(404, NOT_FOUND)


def _description(fields: dict[str, t.Any]) -> str:
    description = fields.get("description", "")
    if not isinstance(description, str) or len(description) > 200:
        raise value_error("description", "must have at most 200 characters")
    return description


def _resources(organization: Organization, fields: dict[str, t.Any]) -> tuple[Resource, ...]:
    """Return the resources of a body; each needs type, path and scopes that fit together."""
    found = []
    for each in fields.get("resources") or []:
        kind, path, scopes = each.get("type"), str(each.get("path")), each.get("scopes")
        paths = (
            (path == organization.name) if kind == "TYPE_ORG" else path.startswith((f"{organization.name}/", "*/*/"))
        )
        if kind not in SCOPES or not paths or not scopes or not {*scopes} <= SCOPES[kind]:
            raise value_error("resources", "must have a type, a path and scopes that fit together")
        found.append(Resource(kind, path, tuple(scopes)))
    return tuple(found)


def _row(hub: Hub, token: AccessToken) -> dict[str, t.Any]:
    return {
        "id": token.uuid,
        "label": token.label,
        "created_by": token.created_by,
        "is_active": token.is_active,
        "created_at": iso_time(token.created_at),
        "last_used_at": None if token.last_used is None else iso_time(token.last_used),
        **expiry_body(hub, token, _whole_seconds),
    }


def _whole(hub: Hub, token: AccessToken) -> dict[str, t.Any]:
    resources = [{"type": each.type, "path": each.path, "scopes": list(each.scopes)} for each in token.resources]
    return {**_row(hub, token), "description": token.description, "resources": resources}


def _whole_seconds(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


ROUTES: Routes = [
    (
        r"/v2/orgs/(?P<organization>[^/]+)/access-tokens",
        {"GET": list_org_access_tokens, "POST": create_org_access_token},
    ),
    (
        r"/v2/orgs/(?P<organization>[^/]+)/access-tokens/(?P<uuid>[^/]+)",
        {"GET": get_org_access_token, "PATCH": update_org_access_token, "DELETE": delete_org_access_token},
    ),
]
