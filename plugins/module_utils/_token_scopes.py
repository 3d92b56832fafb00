# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scopes of access tokens: which includes which, and the resources that they apply to."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._answers import texts_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import PAT_LEVELS
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions

_ORGANIZATION = (
    ("image-pull", "image-push", "image-delete"),
    ("repository-read", "repository-edit", "repository-admin"),
    ("tag-read", "tag-admin"),
    ("webhook-read", "webhook-edit", "webhook-admin"),
    ("repo-group-read", "repo-group-edit", "repo-group-admin"),
    ("member-read", "member-edit"),
    ("invite-read", "invite-edit"),
    ("group-read", "group-edit"),
)
# In each row, a scope includes those before it. A scope that is in no row includes nothing.
_ROWS = (tuple(PAT_LEVELS), *(tuple(f"scope-{name}" for name in row) for row in _ORGANIZATION))

PUBLIC = "*/*/public"
"""The path that stands for all public repositories at Docker Hub."""
MOST_REPOSITORIES = 50

Resources = dict[tuple[str, str], frozenset[str]]
"""Scopes by type and path of a resource."""


def without_included(scopes: t.Iterable[str]) -> frozenset[str]:
    """Return the scopes that no other one includes: Docker Hub may or may not list the included ones."""
    given = frozenset(scopes)
    included = {lower for row in _ROWS for top in given & {*row} for lower in row[: row.index(top)]}
    return given - included


def full_scope(name: str) -> str:
    """Return a scope of an organization access token as the API spells it; ``scope-`` may be left out."""
    name = name.strip().lower()
    return name if name.startswith("scope-") else f"scope-{name}"


def read_resources(rows: t.Any) -> Resources:
    """Return the resources of an answer."""
    found: Resources = {}
    for row in rows if isinstance(rows, list) else []:
        key = (str(row.get("type")), str(row.get("path")))
        found[key] = found.get(key, frozenset()) | {*texts_of(row.get("scopes"))}
    return found


def resource_rows(resources: Resources) -> list[dict[str, t.Any]]:
    """Return resources as the API takes them."""
    return [
        {"type": kind, "path": path, "scopes": sorted(scopes)} for (kind, path), scopes in sorted(resources.items())
    ]


def same_resources(one: Resources, other: Resources) -> bool:
    """Return whether two tokens may do the same."""
    return {key: without_included(scopes) for key, scopes in one.items()} == {
        key: without_included(scopes) for key, scopes in other.items()
    }


def wanted_resources(
    organization: str,
    current: Resources,
    repositories: list[dict[str, t.Any]] | None,
    public_repositories: bool | None,
    organization_scopes: list[str] | None,
) -> Resources:
    """Return the resources that the options describe; those left out stay as they are."""
    wanted = {key: scopes for key, scopes in current.items() if key[1] == PUBLIC or key[0] == "TYPE_ORG"}
    if repositories is None:
        wanted = dict(current)
    for row in repositories or []:
        _refuse_empty_scope(row["scopes"], "repositories")
        if not row["scopes"]:
            raise InvalidOptions(f"scopes of {row['name']} is empty", hint="give a scope, or leave the repository out")
        key = ("TYPE_REPO", _repository_path(organization, row["name"]))
        wanted[key] = wanted.get(key, frozenset()) | {full_scope(scope) for scope in row["scopes"]}
    if len([path for kind, path in wanted if kind == "TYPE_REPO" and path != PUBLIC]) > MOST_REPOSITORIES:
        raise InvalidOptions(
            f"repositories has more than {MOST_REPOSITORIES} entries, which Docker Hub does not accept",
            hint="use name: '*' for all repositories of the organization, or several tokens",
        )
    if public_repositories is not None:
        public = wanted.pop(("TYPE_REPO", PUBLIC), frozenset({"scope-image-pull"}))
        if public_repositories:
            wanted["TYPE_REPO", PUBLIC] = public
    if organization_scopes is not None:
        _refuse_empty_scope(organization_scopes, "organization_scopes")
        wanted = {key: scopes for key, scopes in wanted.items() if key[0] != "TYPE_ORG"}
        if organization_scopes:
            wanted["TYPE_ORG", organization] = frozenset(full_scope(scope) for scope in organization_scopes)
    return wanted


def described_resources(organization: str, resources: Resources) -> dict[str, t.Any]:
    """Return resources in the terms of the module's options."""
    repositories = [
        {"name": path, "scopes": sorted(scopes)}
        for (kind, path), scopes in sorted(resources.items())
        if kind == "TYPE_REPO" and path != PUBLIC
    ]
    return {
        "repositories": repositories,
        "public_repositories": ("TYPE_REPO", PUBLIC) in resources,
        "organization_scopes": sorted(resources.get(("TYPE_ORG", organization), ())),
    }


def _refuse_empty_scope(scopes: list[str], option: str) -> None:
    if not all(scope.strip() for scope in scopes):
        raise InvalidOptions(f"{option} contains an empty scope", hint="correct it; an empty list has no entries")


def _repository_path(organization: str, name: str) -> str:
    name = name.strip().lower()
    if not all(name.split("/")) or name.count("/") > 1:
        raise InvalidOptions("a name in repositories is neither repo nor organization/repo", hint="correct it")
    return name if "/" in name else f"{organization}/{name}"
