# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of a repository."""

from __future__ import annotations

import dataclasses
import hashlib
import operator
import typing as t

from emulator.immutable_tags import is_immutable
from emulator.paging import page
from emulator.repositories import LEGACY, NAMESPACED, Repository
from emulator.repository_access import DELETE_TAG, READ_TAGS, require_repository, switchable
from emulator.wire import Rejection, Reply, Request, Routes, error_body, iso_time

if t.TYPE_CHECKING:
    from emulator.hub import Hub

ORDERINGS = [f"{sign}{field}" for field in ("name", "last_updated") for sign in ("", "-")]


@dataclasses.dataclass
class TagSettings:
    """What is not known of the replies about tags."""

    tag_deleted_status: int = 204  # or 200, 202
    immutable_tag_status: int = 403  # or 400, 409: deleting an immutable tag
    no_tags_status: int = 404  # or 200: HEAD of the tags of a repository without any


@dataclasses.dataclass
class Tag:
    """One tag."""

    id: int
    name: str
    size: int
    pushed: float
    pulled: float | None  # None: never
    updater: str
    platforms: tuple[str, ...] = ("linux/amd64",)


def list_tags(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """List tags, the newest first unless another order is asked for."""
    repository = require_repository(hub, request, namespace, name, READ_TAGS)
    if request.method == "HEAD":
        return Reply(200 if repository.tags else hub.no_tags_status)
    ordering, search = request.query.get("ordering", "-last_updated"), request.query.get("name", "")
    if ordering not in ORDERINGS:
        raise Rejection(400, {"fields": {"ordering": ["Invalid ordering value."]}, "text": "Invalid ordering value"})
    found = list(repository.tags.values())
    if search:
        found = [tag for tag in found if search in tag.name]
    key = operator.attrgetter("name" if ordering.lstrip("-") == "name" else "pushed")
    found.sort(key=key, reverse=ordering.startswith("-"))
    return page(hub, request, found, lambda tag: _body(repository, tag))


def read_tag(hub: Hub, request: Request, namespace: str, name: str, tag: str) -> Reply:
    repository = require_repository(hub, request, namespace, name, READ_TAGS)
    return Reply(200, _body(repository, _find(repository, tag)))


def delete_tag(hub: Hub, request: Request, namespace: str, name: str, tag: str) -> Reply:
    """Delete a tag. One that a rule makes immutable is refused; the real reply is not known."""
    repository = require_repository(hub, request, namespace, name, DELETE_TAG)
    found = _find(repository, tag)
    if is_immutable(repository, found.name):
        message = f"httperror {hub.immutable_tag_status}: tag '{tag}' is immutable"
        raise Rejection(hub.immutable_tag_status, error_body(message, namespace=namespace, repository=name, tag=tag))
    del repository.tags[tag]
    return Reply(hub.tag_deleted_status)


def _find(repository: Repository, name: str) -> Tag:
    if name not in repository.tags:
        message = f"httperror 404: tag '{name}' not found"
        about = {"namespace": repository.namespace, "repository": repository.name, "tag": name}
        raise Rejection(404, error_body(message, **about))
    return repository.tags[name]


def _digest(*parts: str) -> str:
    return f"sha256:{hashlib.sha256('/'.join(parts).encode()).hexdigest()}"


def _body(repository: Repository, tag: Tag) -> dict[str, t.Any]:
    pushed = iso_time(tag.pushed)
    pulled = None if tag.pulled is None else iso_time(tag.pulled)
    images = []
    for platform in tag.platforms:
        system, architecture, *variant = platform.split("/")
        images.append(
            {
                "architecture": architecture,
                "features": "",
                "variant": variant[0] if variant else None,
                "digest": _digest(repository.path, tag.name, platform),
                "os": system,
                "os_features": "",
                "os_version": None,
                "size": tag.size // len(tag.platforms),
                "status": "active",
                "last_pulled": pulled,
                "last_pushed": pushed,
            }
        )
    return {
        "creator": 1,
        "id": tag.id,
        "images": images,
        "last_updated": pushed,
        "last_updater": 1,
        "last_updater_username": tag.updater,
        "name": tag.name,
        "repository": repository.id,
        "full_size": tag.size,
        "v2": True,
        "tag_status": "active",
        "tag_last_pulled": pulled,
        "tag_last_pushed": pushed,
        "media_type": "application/vnd.oci.image.index.v1+json",
        "content_type": "image",
        "digest": _digest(repository.path, tag.name),
    }


def add_tags(hub: Hub, fields: dict[str, t.Any], _rest: str) -> dict[str, int]:
    """Add or replace tags.

    `namespace`, `repository`; `tags`, a list of names or of {name, size, platforms, pushed_ago, pulled_ago, updater};
    or `count` tags called `prefix` and a number, each pushed `step` seconds before the one with the number before it.
    `pushed_ago` and `pulled_ago` are seconds before the emulator's time; a tag was never pulled unless it has the latter.
    """
    repository = hub.repositories.find(fields["namespace"], fields["repository"])
    if repository is None:
        raise ValueError("no such repository")
    defaults = {name: fields[name] for name in ("size", "platforms", "pushed_ago", "pulled_ago") if name in fields}
    prefix, step = fields.get("prefix", "tag"), fields.get("step", 0)
    first = defaults.get("pushed_ago", 0)
    made: list[t.Any] = [
        {"name": f"{prefix}{number:05}", "pushed_ago": first + number * step}
        for number in range(fields.get("count", 0))
    ]
    for each in [*fields.get("tags", []), *made]:
        _add(hub, repository, **{**defaults, **({"name": each} if isinstance(each, str) else each)})
    return {"tags": len(repository.tags)}


def _add(
    hub: Hub,
    repository: Repository,
    name: str,
    *,
    size: int = 1000,
    platforms: t.Sequence[str] = ("linux/amd64",),
    pushed_ago: float = 0,
    pulled_ago: float | None = None,
    updater: str = "mybot",
) -> None:
    repository.tags[name] = Tag(
        id=next(hub.repositories.ids),
        name=name,
        size=size,
        pushed=hub.now() - pushed_ago,
        pulled=None if pulled_ago is None else hub.now() - pulled_ago,
        updater=updater,
        platforms=tuple(platforms),
    )


ROUTES: Routes = [
    (NAMESPACED + r"/tags", {"GET": list_tags}),
    (LEGACY + r"/tags", {"GET": list_tags}),
    (
        NAMESPACED + r"/tags/(?P<tag>[^/]+)",
        {"GET": read_tag, "DELETE": switchable("namespaced delete_tag", delete_tag)},
    ),
    (LEGACY + r"/tags/(?P<tag>[^/]+)", {"GET": read_tag, "DELETE": switchable("legacy delete_tag", delete_tag)}),
]
CONTROL = {("POST", "tags"): add_tags}
