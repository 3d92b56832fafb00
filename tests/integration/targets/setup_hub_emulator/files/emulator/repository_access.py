# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bearer may do what with a repository."""

from __future__ import annotations

import typing as t

from emulator.bearers import Bearer, bearer_of
from emulator.scopes import oat_includes, pat_includes, repository_scopes
from emulator.wire import (
    INSUFFICIENT_SCOPE,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    OAT_NOT_ALLOWED,
    OBJECT_NOT_FOUND,
    PERMISSION_DENIED,
    Rejection,
    Reply,
    Request,
    error_body,
)

if t.TYPE_CHECKING:
    from emulator.hub import Hub
    from emulator.repositories import Repository

RIGHTS = {"read": 1, "write": 2, "admin": 3}


class Operation(t.NamedTuple):
    """What an operation requires of a user, a personal access token and an organization access token."""

    right: str
    pat_level: str
    oat_scope: str


READ = Operation("read", "repo:read", "scope-repository-read")
UPDATE = Operation("admin", "repo:admin", "scope-repository-edit")
PRIVACY = Operation("admin", "repo:admin", "scope-repository-edit")
DELETE = Operation("admin", "repo:admin", "scope-repository-admin")
READ_TAGS = Operation("read", "repo:read", "scope-tag-read")
DELETE_TAG = Operation("admin", "repo:admin", "scope-tag-admin")
IMMUTABLE_TAGS = Operation("admin", "repo:admin", "scope-repository-settings-admin")
READ_GROUPS = Operation("admin", "repo:admin", "scope-repo-group-read")
EDIT_GROUPS = Operation("admin", "repo:admin", "scope-repo-group-edit")
DELETE_GROUP = Operation("admin", "repo:admin", "scope-repo-group-admin")


def require_repository(hub: Hub, request: Request, namespace: str, name: str, operation: Operation) -> Repository:
    """Return a repository if the bearer may do an operation with it. Reading a public one requires no bearer."""
    bearer = bearer_of(hub, request)
    if bearer is None and operation.right != "read":
        raise Rejection(401, error_body("unauthorized"))
    repository = hub.repositories.find(namespace, name)
    if repository is None:
        raise Rejection(404, OBJECT_NOT_FOUND)
    if repository.is_private and not may_see(hub, bearer, repository):
        denied = hub.private_status == 403 and bearer is not None
        raise Rejection(403, PERMISSION_DENIED) if denied else Rejection(404, OBJECT_NOT_FOUND)
    if operation.right == "read" and not repository.is_private:
        return repository
    if bearer is None or _account_right(hub, bearer, repository) < RIGHTS[operation.right]:
        raise Rejection(403, PERMISSION_DENIED)
    if bearer.kind == "pat" and not pat_includes(bearer.scopes, operation.pat_level):
        raise Rejection(403, INSUFFICIENT_SCOPE)
    if bearer.kind == "oat" and not oat_includes(_oat_scopes(bearer, repository), operation.oat_scope):
        raise Rejection(403, INSUFFICIENT_SCOPE)
    return repository


def may_see(hub: Hub, bearer: Bearer | None, repository: Repository) -> bool:
    """Return whether a bearer may know that a private repository exists."""
    if bearer is None or not _account_right(hub, bearer, repository):
        return False
    if bearer.kind == "pat":
        return pat_includes(bearer.scopes, READ.pat_level)
    return bearer.kind == "password" or bool(_oat_scopes(bearer, repository))


def right_of(hub: Hub, bearer: Bearer | None, repository: Repository) -> int:
    """Return the right of a bearer as a number: 0 none, 1 read, 2 write, 3 admin."""
    public = 0 if repository.is_private else 1
    right = _account_right(hub, bearer, repository) if bearer else 0
    if bearer and bearer.kind == "pat":
        levels = {"repo:public_read": public, "repo:read": 1, "repo:write": 2, "repo:admin": 3}
        right = min(right, max((levels[scope] for scope in bearer.scopes), default=public))
    elif bearer and bearer.kind == "oat":
        scopes = _oat_scopes(bearer, repository)
        held = [
            level
            for scope, level in (
                ("scope-repository-read", 1),
                ("scope-image-push", 2),
                ("scope-repository-edit", 3),
            )
            if oat_includes(scopes, scope)
        ]
        right = min(right, max(held, default=0))
    return max(right, public)


def _account_right(hub: Hub, bearer: Bearer, repository: Repository) -> int:
    """Return the right of the bearer's account, whatever the bearer was made from."""
    account = bearer.account.name
    if account == repository.namespace:
        return RIGHTS["admin"]
    organization = hub.organizations.find(hub, repository.namespace)
    if organization is None or account not in organization.roles:
        return 0
    if organization.roles[account] in ("owner", "editor"):
        return RIGHTS["admin"]
    permissions = [
        RIGHTS[repository.permissions[team.id]]
        for team in organization.teams.values()
        if team.id in repository.permissions and account in team.members
    ]
    return max(permissions, default=0)


def _oat_scopes(bearer: Bearer, repository: Repository) -> set[str]:
    return repository_scopes(bearer.resources, repository.path, repository.is_private)


def refuse_legacy_oat(hub: Hub, request: Request) -> None:
    """Refuse a bearer made from an organization access token, as legacy paths do for reading repositories."""
    bearer = bearer_of(hub, request)
    if bearer is not None and bearer.kind == "oat":
        raise Rejection(403, OAT_NOT_ALLOWED)


def switchable(what: str, handler: t.Callable[..., Reply]) -> t.Callable[..., Reply]:
    """Return a handler for a path that the setting `missing_paths` can remove."""

    def handle(hub: Hub, request: Request, **names: str) -> Reply:
        status = hub.missing_paths.get(what)
        if status is not None:
            raise Rejection(status, METHOD_NOT_ALLOWED if status == 405 else NOT_FOUND)
        return handler(hub, request, **names)

    return handle
