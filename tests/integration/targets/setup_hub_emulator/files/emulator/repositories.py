# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories: create, list, read, change, delete."""

from __future__ import annotations

import dataclasses
import itertools
import operator
import re
import typing as t

from emulator.bearers import Bearer, bearer_of, require_bearer
from emulator.paging import page
from emulator.repository_access import (
    DELETE,
    PRIVACY,
    READ,
    UPDATE,
    may_see,
    refuse_legacy_oat,
    require_repository,
    right_of,
    switchable,
)
from emulator.scopes import oat_includes, organization_scopes, pat_includes
from emulator.teams import team_ids
from emulator.wire import (
    BAD_REQUEST,
    INSUFFICIENT_SCOPE,
    NOT_FOUND,
    PERMISSION_DENIED,
    Rejection,
    Reply,
    Request,
    Routes,
    error_body,
    iso_time,
    validation_error,
)

if t.TYPE_CHECKING:
    from emulator.hub import Hub
    from emulator.tags import Tag

NAME = re.compile(r"(?=.{2,255}$)[a-z0-9]+([._-]+[a-z0-9]+)*")
NAME_SENTENCE = "repository name may only include alphanumeric characters, '.', or '-'"
SEEDED = {"description", "full_description", "is_private", "status", "pull_count", "immutable_tags", "immutable_rules"}
ORDERINGS = [f"{sign}{field}" for field in ("name", "last_updated", "pull_count") for sign in ("", "-")]


@dataclasses.dataclass
class RepositorySettings:
    """What is not known, or differs between captures, about repositories."""

    existing_repository_status: int = 400  # or 409, 403: creating one that exists
    create_pat_level: str = "repo:admin"  # or "repo:write": the level of a personal access token that may create
    repository_deleted_status: int = 202  # or 200, 204
    privacy_reply: str = "empty"  # or "repository": the body of the reply to a change of the privacy
    omit_empty_full_description: bool = True  # False: an empty one is contained, as in 2021
    private_limit: int | None = None  # private repositories in a namespace; None: no limit
    private_limit_status: int = 400  # or 402, 403: one private repository too many
    # Operations that only one kind of path has: "namespaced update" (or delete, delete_tag, groups, immutable_tags,
    # privacy) or "legacy update" (also groups and so on), each with its status, 404 or 405.
    missing_paths: dict[str, int] = dataclasses.field(default_factory=dict)
    private_status: int = 404  # or 403: reading a private repository without a right


@dataclasses.dataclass
class Repository:
    """One repository."""

    id: int
    namespace: str
    name: str
    registered: float
    updated: float
    description: str = ""
    full_description: str = ""
    is_private: bool = False
    status: int = 1  # 0: inactive
    pull_count: int = 0
    immutable_tags: bool = False
    immutable_rules: list[str] = dataclasses.field(default_factory=lambda: [".*"])
    permissions: dict[int, str] = dataclasses.field(default_factory=dict)  # by the id of a team
    tags: dict[str, Tag] = dataclasses.field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.name}"

    def storage_size(self) -> int:
        return sum(tag.size for tag in self.tags.values())


class Repositories:
    """All repositories, by namespace and name."""

    def __init__(self) -> None:
        self.namespaces: dict[str, dict[str, Repository]] = {}
        self.ids = itertools.count(1)  # of repositories and tags

    def of(self, namespace: str) -> t.Collection[Repository]:
        return self.namespaces.get(namespace, {}).values()

    def find(self, namespace: str, name: str) -> Repository | None:
        return self.namespaces.get(namespace, {}).get(name)

    def add(self, namespace: str, name: str, at: float, **fields: t.Any) -> Repository:
        """Make a repository without any check; `fields` are those of Repository."""
        repository = Repository(next(self.ids), namespace, name, at, at, **fields)
        self.namespaces.setdefault(namespace, {})[name] = repository
        return repository

    def remove(self, repository: Repository) -> None:
        del self.namespaces[repository.namespace][repository.name]


def list_repositories(hub: Hub, request: Request, namespace: str) -> Reply:
    """List what the bearer sees: without a right in the namespace, public repositories only."""
    ordering, search = request.query.get("ordering", "name"), request.query.get("name", "")
    if ordering not in ORDERINGS:
        sentence = f"Invalid ordering value. Must be one of: {', '.join(ORDERINGS)}"
        raise Rejection(400, {"fields": {"ordering": [sentence]}, "text": "Invalid ordering value"})
    bearer = bearer_of(hub, request)
    everything = _lists_private(bearer, namespace)
    found = [
        repository
        for repository in hub.repositories.of(namespace)
        if search in repository.name
        and (not repository.is_private or (everything and may_see(hub, bearer, repository)))
    ]
    field = ordering.lstrip("-").replace("last_", "")
    found.sort(key=operator.attrgetter(field), reverse=ordering.startswith("-"))
    return page(hub, request, found, _entry)


def list_repositories_legacy(hub: Hub, request: Request, namespace: str) -> Reply:
    refuse_legacy_oat(hub, request)
    return list_repositories(hub, request, namespace)


def _lists_private(bearer: Bearer | None, namespace: str) -> bool:
    """Return whether a list contains private repositories: an organization access token requires a scope for that."""
    if bearer is None or bearer.kind != "oat":
        return bearer is not None
    scopes = organization_scopes(bearer.resources)
    return bearer.account.name == namespace and oat_includes(scopes, "scope-repository-list")


def create_repository(hub: Hub, request: Request, namespace: str) -> Reply:
    _require_creator(hub, request, namespace)
    fields = {"description": "", "full_description": "", "is_private": False, **request.fields()}
    if not isinstance(fields.get("name"), str):
        raise validation_error(name="name is required")
    if not NAME.fullmatch(fields["name"]):
        raise validation_error(name=NAME_SENTENCE)
    _validate(fields)
    if hub.repositories.find(namespace, fields["name"]):
        raise _exists(hub.existing_repository_status)
    if fields["is_private"]:
        _require_private_slot(hub, namespace)
    wanted = {field: fields[field] for field in ("description", "full_description", "is_private")}
    repository = hub.repositories.add(namespace, fields["name"], hub.now(), **wanted)
    return Reply(201, _body(hub, request, repository))


def create_repository_legacy(hub: Hub, request: Request) -> Reply:
    """Create a repository in the namespace that the body names."""
    return create_repository(hub, request, str(request.fields().get("namespace")))


def _require_creator(hub: Hub, request: Request, namespace: str) -> None:
    bearer = require_bearer(hub, request)
    if namespace not in hub.accounts:
        raise Rejection(404, NOT_FOUND)
    if bearer.kind == "oat":
        if bearer.account.name != namespace:
            raise Rejection(403, PERMISSION_DENIED)
        if not oat_includes(organization_scopes(bearer.resources), "scope-repository-create"):
            raise Rejection(403, INSUFFICIENT_SCOPE)
        return
    organization = hub.organizations.find(hub, namespace)
    role = organization.roles.get(bearer.account.name) if organization else None
    if bearer.account.name != namespace and role not in ("owner", "editor"):
        raise Rejection(403, PERMISSION_DENIED)
    if bearer.kind == "pat" and not pat_includes(bearer.scopes, hub.create_pat_level):
        raise Rejection(403, INSUFFICIENT_SCOPE)


def _exists(status: int) -> Rejection:
    """Return the reply to the creation of a repository that exists: the captured body is from the legacy path."""
    if status == 400:
        return Rejection(400, {"__all__": ["Repository with this Name and Namespace already exists."]})
    return Rejection(status, PERMISSION_DENIED if status == 403 else error_body("repository already exists"))


def _require_private_slot(hub: Hub, namespace: str) -> None:
    used = sum(repository.is_private for repository in hub.repositories.of(namespace))
    if hub.private_limit is not None and used >= hub.private_limit:
        raise Rejection(hub.private_limit_status, error_body("No more private repositories available"))


def read_repository(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    return Reply(200, _body(hub, request, require_repository(hub, request, namespace, name, READ)))


def read_repository_legacy(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    refuse_legacy_oat(hub, request)
    return read_repository(hub, request, namespace, name)


def update_repository(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """Change texts and status. Docker does not document this request; public clients send it."""
    return _update(hub, request, namespace, name, {})


def update_repository_legacy(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """Change texts and status, and also immutable tags, with their rules joined by commas."""
    fields, changes = request.fields(), {}
    if isinstance(fields.get("immutable_tags"), bool):
        changes["immutable_tags"] = fields["immutable_tags"]
    if isinstance(fields.get("immutable_tags_rules"), str):
        changes["immutable_rules"] = [rule for rule in fields["immutable_tags_rules"].split(",") if rule]
    return _update(hub, request, namespace, name, changes)


def _update(hub: Hub, request: Request, namespace: str, name: str, changes: dict[str, t.Any]) -> Reply:
    repository = require_repository(hub, request, namespace, name, UPDATE)
    fields = request.fields()
    _validate({field: fields[field] for field in ("description", "full_description", "status") if field in fields})
    if fields.get("status") == 1 and repository.status == 0 and not repository.tags:
        raise validation_error(status="a repository without images cannot become active")
    for field in ("description", "full_description", "status"):
        setattr(repository, field, fields.get(field, getattr(repository, field)))
    for field, value in changes.items():
        setattr(repository, field, value)
    repository.updated = hub.now()
    return Reply(200, _body(hub, request, repository))


def set_privacy(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """Change the privacy. Docker does not document this request; public clients send it."""
    repository = require_repository(hub, request, namespace, name, PRIVACY)
    wanted = request.fields().get("is_private")
    if not isinstance(wanted, bool):
        raise Rejection(400, BAD_REQUEST)
    if wanted and not repository.is_private:
        _require_private_slot(hub, namespace)
    repository.is_private, repository.updated = wanted, hub.now()
    return Reply(200, {} if hub.privacy_reply == "empty" else _body(hub, request, repository))


def delete_repository(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    hub.repositories.remove(require_repository(hub, request, namespace, name, DELETE))
    return Reply(hub.repository_deleted_status)


def _validate(fields: dict[str, t.Any]) -> None:
    """Refuse wrong types, and texts over their limits, which count bytes."""
    kinds = {"description": str, "full_description": str, "is_private": bool, "status": int}
    if any(field in fields and not isinstance(fields[field], kind) for field, kind in kinds.items()):
        raise Rejection(400, BAD_REQUEST)
    if fields.get("status", 1) not in (0, 1):
        raise Rejection(400, BAD_REQUEST)
    length = len(fields.get("description", "").encode())
    if length > 100:
        raise validation_error(description=f"Exceeded max number of bytes 100 - actual {length}")
    if len(fields.get("full_description", "").encode()) > 25_000:
        raise validation_error(full_description="Exceeded max number of characters")


def _entry(repository: Repository) -> dict[str, t.Any]:
    """Return a repository as lists contain it: without full description, permissions and immutable tags."""
    kinds = ["image"] if repository.tags else []
    return {
        "name": repository.name,
        "namespace": repository.namespace,
        "repository_type": "image",
        "status": repository.status,
        "status_description": "active" if repository.status else "inactive",
        "description": repository.description,
        "is_private": repository.is_private,
        "star_count": 0,
        "pull_count": repository.pull_count,
        "last_updated": iso_time(repository.updated),
        "last_modified": iso_time(repository.updated),
        "date_registered": iso_time(repository.registered),
        "affiliation": "",
        "media_types": ["application/vnd.oci.image.index.v1+json"] if kinds else [],
        "content_types": kinds,
        "categories": [],
        "storage_size": repository.storage_size(),
    }


def repository_body(hub: Hub, bearer: Bearer | None, repository: Repository) -> dict[str, t.Any]:
    """Return a repository as reading it does."""
    right = right_of(hub, bearer, repository)
    body = {
        "user": repository.namespace,
        **_entry(repository),
        "affiliation": None,
        "is_automated": False,
        "collaborator_count": 0,
        "hub_user": repository.namespace,
        "has_starred": False,
        "full_description": repository.full_description,
        "permissions": {"read": right >= 1, "write": right >= 2, "admin": right >= 3},
        "immutable_tags_settings": {"enabled": repository.immutable_tags, "rules": list(repository.immutable_rules)},
        "source": None,
    }
    if hub.omit_empty_full_description and not repository.full_description:
        del body["full_description"]
    return body


def _body(hub: Hub, request: Request, repository: Repository) -> dict[str, t.Any]:
    return repository_body(hub, bearer_of(hub, request), repository)


def add_repositories(hub: Hub, fields: dict[str, t.Any], _rest: str) -> dict[str, int]:
    """Add or replace repositories without any check.

    `namespace`; `repositories`, a list of names or of {name, description, ...}, with SEEDED fields of Repository and
    `permissions` by the name of a team; or `count` repositories called `prefix` and a number.
    """
    prefix = fields.get("prefix", "repository")
    names = [f"{prefix}{number:05}" for number in range(fields.get("count", 0))]
    for each in [*fields.get("repositories", []), *names]:
        given: dict[str, t.Any] = {"name": each} if isinstance(each, str) else dict(each)
        name, permissions = given.pop("name"), given.pop("permissions", {})
        if not given.keys() <= SEEDED:
            raise ValueError(f"no such field: {', '.join(sorted(given.keys() - SEEDED))}")
        ids = team_ids(hub, fields["namespace"])
        given["permissions"] = {ids[team]: permission for team, permission in permissions.items()}
        hub.repositories.add(fields["namespace"], name, hub.now(), **given)
    return {"repositories": len(hub.repositories.of(fields["namespace"]))}


NAMESPACED_LIST = r"/v2/namespaces/(?P<namespace>[^/]+)/repositories"
LEGACY_LIST = r"/v2/repositories/(?P<namespace>[^/]+)"
NAMESPACED = NAMESPACED_LIST + r"/(?P<name>[^/]+)"
LEGACY = LEGACY_LIST + r"/(?P<name>[^/]+)"
ROUTES: Routes = [
    (NAMESPACED_LIST, {"GET": list_repositories, "POST": create_repository}),
    (r"/v2/repositories", {"POST": create_repository_legacy}),
    (LEGACY_LIST, {"GET": list_repositories_legacy}),
    (r"/v2/users/(?P<namespace>[^/]+)/repositories", {"GET": list_repositories_legacy}),
    (
        NAMESPACED,
        {
            "GET": read_repository,
            "PATCH": switchable("namespaced update", update_repository),
            "DELETE": switchable("namespaced delete", delete_repository),
        },
    ),
    (
        LEGACY,
        {
            "GET": read_repository_legacy,
            "PATCH": switchable("legacy update", update_repository_legacy),
            "DELETE": switchable("legacy delete", delete_repository),
        },
    ),
    (NAMESPACED + r"/privacy", {"POST": switchable("namespaced privacy", set_privacy)}),
    (LEGACY + r"/privacy", {"POST": switchable("legacy privacy", set_privacy)}),
]
CONTROL = {("POST", "repositories"): add_repositories}
