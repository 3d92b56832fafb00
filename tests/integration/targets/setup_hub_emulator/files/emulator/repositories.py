# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories and their tags."""

from __future__ import annotations

import re
import typing as t

from emulator.bearers import bearer_of, require_bearer
from emulator.paging import page
from emulator.wire import Rejection, Reply, Request, Routes, error_body, iso_time

if t.TYPE_CHECKING:
    from emulator.hub import Hub

FIELDS: dict[str, t.Any] = {"description": "", "full_description": "", "is_private": False}
NAME = re.compile(r"(?=.{2,255}$)[a-z0-9]+([._-]+[a-z0-9]+)*")


def list_repositories(hub: Hub, request: Request, namespace: str) -> Reply:
    _require_member(hub, request, namespace)
    return page(hub, request, [found for key, found in sorted(hub.repositories.items()) if key[0] == namespace])


def create_repository(hub: Hub, request: Request, namespace: str) -> Reply:
    _require_member(hub, request, namespace)
    wanted = {"name": None, **request.fields()}
    _validate(wanted)
    if (namespace, wanted["name"]) in hub.repositories:
        raise Rejection(409, error_body("repository already exists"))
    now = iso_time(hub.now())
    repository = {
        "namespace": namespace,
        "name": wanted["name"],
        "repository_type": "image",
        "status": 1,
        **{field: wanted.get(field, default) for field, default in FIELDS.items()},
        "date_registered": now,
        "last_updated": now,
    }
    hub.repositories[namespace, wanted["name"]] = repository
    return Reply(201, dict(repository))


def read_repository(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    _require_member(hub, request, namespace)
    return Reply(200, dict(_find(hub, namespace, name)))


def update_repository(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """Change texts. Public clients send this undocumented request; it does not change the privacy."""
    fields = {field: value for field, value in request.fields().items() if field != "is_private"}
    return _change(hub, request, namespace, name, fields)


def set_privacy(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """Change the privacy. Public clients send this undocumented request; the body of its reply is not known."""
    _change(hub, request, namespace, name, {"is_private": request.fields().get("is_private")})
    return Reply(200, {})


def list_tags(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """List tags. A public repository needs no bearer."""
    bearer = bearer_of(hub, request)
    if _find(hub, namespace, name)["is_private"]:
        if bearer is None:
            raise Rejection(404, error_body("repository not found"))
        _require_member(hub, request, namespace)
    return page(hub, request, [])


def _require_member(hub: Hub, request: Request, namespace: str) -> None:
    """Accept the owner of a namespace and the members of an organization only."""
    name = require_bearer(hub, request).account.name
    account = hub.accounts.get(namespace)
    if name != namespace and (account is None or name not in account.members):
        raise Rejection(403, error_body("access to the resource is forbidden"))


def _find(hub: Hub, namespace: str, name: str) -> dict[str, t.Any]:
    if (namespace, name) not in hub.repositories:
        raise Rejection(404, error_body("repository not found"))
    return hub.repositories[namespace, name]


def _change(hub: Hub, request: Request, namespace: str, name: str, fields: dict[str, t.Any]) -> Reply:
    _require_member(hub, request, namespace)
    repository = _find(hub, namespace, name)
    changes = {field: value for field, value in fields.items() if field in FIELDS}
    _validate(changes)
    repository.update(changes, last_updated=iso_time(hub.now()))
    return Reply(200, dict(repository))


def _validate(wanted: dict[str, t.Any]) -> None:
    errinfo = {
        field: f"must be a {type(default).__name__}"
        for field, default in FIELDS.items()
        if not isinstance(wanted.get(field, default), type(default))
    }
    if "name" in wanted and not NAME.fullmatch(str(wanted["name"])):
        errinfo["name"] = "must be 2 to 255 of a-z, 0-9, dot, dash and underscore"
    if "description" not in errinfo and len(wanted.get("description", "")) > 100:
        errinfo["description"] = "must be at most 100 characters"
    if errinfo:
        raise Rejection(400, error_body("body is invalid", **errinfo))


REPOSITORIES = r"/v2/namespaces/(?P<namespace>[^/]+)/repositories"
REPOSITORY = r"/v2/repositories/(?P<namespace>[^/]+)/(?P<name>[^/]+)"
ROUTES: Routes = [
    (REPOSITORIES, {"GET": list_repositories, "POST": create_repository}),
    (REPOSITORIES + r"/(?P<name>[^/]+)", {"GET": read_repository}),
    (REPOSITORIES + r"/(?P<name>[^/]+)/tags", {"GET": list_tags}),
    (REPOSITORY, {"PATCH": update_repository}),
    (REPOSITORY + r"/privacy", {"POST": set_privacy}),
]
