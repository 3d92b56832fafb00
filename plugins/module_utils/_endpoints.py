# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of Docker Hub's API: the paths of its resources, and what each operation requires.

The evidence for each row is in docs/docker_hub_api.md, under the heading that the row names.
"""

from __future__ import annotations

import re
import typing as t
from urllib.parse import quote, unquote

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions

PAT_LEVELS = {
    "repo:public_read": "Repo Public Read-only",
    "repo:read": "Repo Read-only",
    "repo:write": "Repo Read & Write",
    "repo:admin": "Repo Read, Write, Delete",
}
"""The levels of a personal access token, the lowest first: the scope in the API, and the name at Docker Hub."""


class Need(t.NamedTuple):
    """What an operation requires: the level of a personal access token and the scope of an organization access token.

    None: no token of that kind can do it. A login with a password can do all operations.
    """

    pat: str | None = None
    oat: str | None = None


class Endpoint(t.NamedTuple):
    """A path of the API.

    ``missing`` names what does not exist after a 404. ``evidence`` is the heading in docs/docker_hub_api.md, ``needs`` the
    requirements by method. ``legacy`` is an older path. It is tried only after 404 or 405, and only for ``legacy_methods``,
    which no document describes for ``template``.
    """

    template: str
    missing: str
    evidence: str
    needs: dict[str, Need]
    legacy: str | None = None
    legacy_methods: tuple[str, ...] = ()

    def at(self, **names: t.Any) -> Address:
        """Return the address of one resource; each name is URL-encoded. Raises ``InvalidOptions``."""
        shown = {name: str(value) for name, value in names.items()}
        encoded = {name: _encoded(name, value) for name, value in shown.items()}
        legacy = self.legacy.format(**encoded) if self.legacy else None
        missing = self.missing.format(**shown)
        path = self.template.format(**encoded)
        return Address(path, legacy, self.legacy_methods, missing, self.needs, self.template)


def _encoded(name: str, value: str) -> str:
    try:
        encoded = quote(value, safe="")
    except UnicodeEncodeError:
        encoded = ""
    if encoded in ("", ".", ".."):
        raise InvalidOptions(
            f"{name.replace('_', ' ')} is empty, '.', '..' or not valid UTF-8 text, so it cannot be part of a path",
            hint="give the name as Docker Hub shows it",
        )
    return encoded


class Address(t.NamedTuple):
    """The path of one resource, with the fields of its ``Endpoint``; names are filled in, except in ``template``."""

    path: str
    legacy: str | None = None
    legacy_methods: tuple[str, ...] = ()
    missing: str = ""
    needs: t.Mapping[str, Need] = {}
    template: str = ""


_NAMESPACE = "/v2/namespaces/{namespace}/repositories"
_LEGACY = "/v2/repositories/{namespace}/{repository}"
_ORG = "/v2/orgs/{organization}"
_PASSWORD_ONLY = {method: Need() for method in ("GET", "POST", "PATCH", "DELETE")}

REPOSITORIES = Endpoint(
    _NAMESPACE,
    "the namespace {namespace}",
    "Repositories",
    {"GET": Need("repo:read", "scope-repository-list"), "POST": Need("repo:admin", "scope-repository-create")},
)
REPOSITORY = Endpoint(
    _NAMESPACE + "/{repository}",
    "the repository {namespace}/{repository}",
    "Repositories",
    {
        "GET": Need("repo:read", "scope-repository-read"),
        "HEAD": Need("repo:read", "scope-repository-read"),
        "PATCH": Need("repo:admin", "scope-repository-edit"),
        "DELETE": Need("repo:admin", "scope-repository-admin"),
    },
    legacy=_LEGACY,
    legacy_methods=("PATCH", "DELETE"),
)
PRIVACY = Endpoint(
    _NAMESPACE + "/{repository}/privacy",
    "the repository {namespace}/{repository}",
    "Repositories",
    {"POST": Need("repo:admin", "scope-repository-edit")},
    legacy=_LEGACY + "/privacy",
    legacy_methods=("POST",),
)
IMMUTABLE_TAGS = Endpoint(
    _NAMESPACE + "/{repository}/immutabletags",
    "the repository {namespace}/{repository}",
    "Immutable tags",
    {"PATCH": Need("repo:admin", "scope-repository-settings-admin")},
)
IMMUTABLE_TAGS_PREVIEW = Endpoint(
    _NAMESPACE + "/{repository}/immutabletags/verify",
    "the repository {namespace}/{repository}",
    "Immutable tags",
    {"POST": Need("repo:admin", "scope-repository-settings-admin")},
)
TAGS = Endpoint(
    _NAMESPACE + "/{repository}/tags",
    "the repository {namespace}/{repository}",
    "Tags",
    {"GET": Need("repo:read", "scope-tag-read"), "HEAD": Need("repo:read", "scope-tag-read")},
)
TAG = Endpoint(
    _NAMESPACE + "/{repository}/tags/{tag}",
    "the tag {tag} of {namespace}/{repository}",
    "Tags",
    {
        "GET": Need("repo:read", "scope-tag-read"),
        "HEAD": Need("repo:read", "scope-tag-read"),
        "DELETE": Need("repo:admin", "scope-tag-admin"),
    },
    legacy=_LEGACY + "/tags/{tag}",
    legacy_methods=("DELETE",),
)
REPOSITORY_TEAMS = Endpoint(
    _NAMESPACE + "/{repository}/groups",
    "the repository {namespace}/{repository}",
    "Repository teams",
    {"GET": Need("repo:admin", "scope-repo-group-read"), "POST": Need("repo:admin", "scope-repo-group-edit")},
    legacy=_LEGACY + "/groups",
    legacy_methods=("GET", "POST"),
)
REPOSITORY_TEAM = Endpoint(
    _NAMESPACE + "/{repository}/groups/{group_id}",
    "the team {group_id} of {namespace}/{repository}",
    "Repository teams",
    {"PATCH": Need("repo:admin", "scope-repo-group-edit"), "DELETE": Need("repo:admin", "scope-repo-group-admin")},
    legacy=_LEGACY + "/groups/{group_id}",
    legacy_methods=("PATCH", "DELETE"),
)
ACCESS_TOKENS = Endpoint("/v2/access-tokens", "the list of access tokens", "Personal access tokens", _PASSWORD_ONLY)
ACCESS_TOKEN = Endpoint("/v2/access-tokens/{uuid}", "the access token {uuid}", "Personal access tokens", _PASSWORD_ONLY)
ORG_ACCESS_TOKENS = Endpoint(
    _ORG + "/access-tokens", "the organization {organization}", "Organization access tokens", _PASSWORD_ONLY
)
ORG_ACCESS_TOKEN = Endpoint(
    _ORG + "/access-tokens/{token_id}",
    "the access token {token_id} of {organization}",
    "Organization access tokens",
    _PASSWORD_ONLY,
)
MEMBERS = Endpoint(
    _ORG + "/members",
    "the organization {organization}",
    "Members and invitations",
    {"GET": Need(None, "scope-member-read")},
)
MEMBERS_EXPORT = Endpoint(
    _ORG + "/members/export",
    "the organization {organization}",
    "Members and invitations",
    {"GET": Need(None, "scope-member-read")},
)
MEMBER = Endpoint(
    _ORG + "/members/{username}",
    "the member {username} of {organization}",
    "Members and invitations",
    {"PUT": Need(None, "scope-member-edit"), "DELETE": Need(None, "scope-member-edit")},
)
INVITATIONS = Endpoint(
    _ORG + "/invites",
    "the organization {organization}",
    "Members and invitations",
    {"GET": Need(None, "scope-invite-read")},
)
INVITATIONS_BULK = Endpoint(
    "/v2/invites/bulk", "the organization", "Members and invitations", {"POST": Need(None, "scope-invite-edit")}
)
INVITATION = Endpoint(
    "/v2/invites/{invitation}",
    "the invitation {invitation}",
    "Members and invitations",
    {"DELETE": Need(None, "scope-invite-edit")},
)
INVITATION_RESEND = Endpoint(
    "/v2/invites/{invitation}/resend",
    "the invitation {invitation}",
    "Members and invitations",
    {"PATCH": Need(), "POST": Need()},
)
TEAMS = Endpoint(
    _ORG + "/groups",
    "the organization {organization}",
    "Teams",
    {"GET": Need(None, "scope-group-read"), "POST": Need(None, "scope-group-edit")},
)
TEAM = Endpoint(
    _ORG + "/groups/{team}",
    "the team {team} of {organization}",
    "Teams",
    {
        "GET": Need(None, "scope-group-read"),
        "PUT": Need(None, "scope-group-edit"),
        "PATCH": Need(None, "scope-group-edit"),
        "DELETE": Need(None, "scope-group-edit"),
    },
)
TEAM_MEMBERS = Endpoint(
    _ORG + "/groups/{team}/members",
    "the team {team} of {organization}",
    "Teams",
    {"GET": Need(None, "scope-group-read"), "POST": Need(None, "scope-group-edit")},
)
TEAM_MEMBER = Endpoint(
    _ORG + "/groups/{team}/members/{username}",
    "the member {username} of the team {team}",
    "Teams",
    {"DELETE": Need(None, "scope-group-edit")},
)
SETTINGS = Endpoint(
    _ORG + "/settings",
    "the organization {organization}",
    "Settings and audit log",
    {"GET": Need(), "PUT": Need()},
)
AUDIT_LOG = Endpoint(
    "/v2/auditlogs/{account}",
    "the account {account}",
    "Settings and audit log",
    {"GET": Need(None, "scope-activity-read")},
)
AUDIT_LOG_ACTIONS = Endpoint(
    "/v2/auditlogs/{account}/actions",
    "the account {account}",
    "Settings and audit log",
    {"GET": Need(None, "scope-activity-read")},
)

ENDPOINTS: dict[str, Endpoint] = {name: value for name, value in list(globals().items()) if isinstance(value, Endpoint)}


def address_of(path: str) -> Address:
    """Return the address of a path that a user wrote, with its requirements if the table contains the path.

    The first row that matches counts, so a fixed path must precede one with a placeholder in the same place.
    """
    for endpoint in ENDPOINTS.values():
        for template in filter(None, (endpoint.template, endpoint.legacy)):
            match = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)), path.rstrip("/"))
            if match:
                names = {name: unquote(value) for name, value in match.groupdict().items()}
                return Address(path, missing=endpoint.missing.format(**names), needs=endpoint.needs)
    return Address(path)
