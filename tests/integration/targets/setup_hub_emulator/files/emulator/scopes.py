# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The levels of personal access tokens and the scopes of organization access tokens."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

PAT_LEVELS = ("repo:public_read", "repo:read", "repo:write", "repo:admin")

# In each row a scope includes those before it.
REPOSITORY_SCOPES = (
    ("scope-image-pull", "scope-image-push", "scope-image-delete"),
    ("scope-repository-read", "scope-repository-edit", "scope-repository-admin"),
    ("scope-tag-read", "scope-tag-admin"),
    ("scope-webhook-read", "scope-webhook-edit", "scope-webhook-admin"),
    ("scope-repo-group-read", "scope-repo-group-edit", "scope-repo-group-admin"),
    ("scope-repository-settings-admin",),
)
ORGANIZATION_SCOPES = (
    ("scope-member-read", "scope-member-edit"),
    ("scope-invite-read", "scope-invite-edit"),
    ("scope-group-read", "scope-group-edit"),
    ("scope-activity-read",),
    ("scope-ram-read", "scope-ram-write"),
    ("scope-report-read",),
    ("scope-repository-create",),
    ("scope-repository-list",),
    ("scope-registry-usage-read",),
    ("scope-siem_credentials-read",),
)


@dataclasses.dataclass(frozen=True)
class Resource:
    """What some scopes of an organization access token apply to."""

    type: str  # "TYPE_REPO" or "TYPE_ORG"
    path: str  # "org/repo", "org/*" or "*/*/public"; the organization's name for TYPE_ORG
    scopes: tuple[str, ...]


def all_resources(organization: str) -> tuple[Resource, ...]:
    """Return the resources of a token that may do everything in an organization."""
    return (
        Resource("TYPE_REPO", f"{organization}/*", tuple(row[-1] for row in REPOSITORY_SCOPES)),
        Resource("TYPE_ORG", organization, tuple(row[-1] for row in ORGANIZATION_SCOPES)),
    )


def pat_level(scopes: t.Iterable[str]) -> str:
    """Return the highest level among the scopes of a personal access token."""
    return max(scopes, key=PAT_LEVELS.index, default=PAT_LEVELS[0])


def pat_includes(scopes: t.Iterable[str], required: str) -> bool:
    """Return whether a personal access token has a level or a higher one."""
    return PAT_LEVELS.index(pat_level(scopes)) >= PAT_LEVELS.index(required)


def repository_scopes(resources: t.Iterable[Resource], repository: str, private: bool) -> set[str]:
    """Return the scopes that an organization access token has for `org/repo`, without those that they include."""
    return {
        scope
        for resource in resources
        if resource.type == "TYPE_REPO"
        and (fnmatch.fnmatchcase(repository, resource.path) or (resource.path == "*/*/public" and not private))
        for scope in resource.scopes
    }


def organization_scopes(resources: t.Iterable[Resource]) -> set[str]:
    """Return the scopes that an organization access token has for its organization, without those that they include."""
    return {scope for resource in resources if resource.type == "TYPE_ORG" for scope in resource.scopes}


def oat_includes(scopes: t.Container[str], required: str) -> bool:
    """Return whether some scopes contain the required one or one that includes it."""
    row = next(row for row in (*REPOSITORY_SCOPES, *ORGANIZATION_SCOPES) if required in row)
    return any(scope in scopes for scope in row[row.index(required) :])
