# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Immutable tags: rules, and which tags they match."""

from __future__ import annotations

import re
import typing as t

from emulator.bearers import bearer_of
from emulator.repositories import NAMESPACED, Repository, repository_body
from emulator.repository_access import IMMUTABLE_TAGS, require_repository
from emulator.wire import BAD_REQUEST, Rejection, Reply, Request, Routes, validation_error

if t.TYPE_CHECKING:
    from emulator.hub import Hub


def is_immutable(repository: Repository, tag: str) -> bool:
    """Return whether a tag can be neither overwritten nor deleted."""
    return repository.immutable_tags and any(re.fullmatch(rule, tag) for rule in repository.immutable_rules)


def update_immutable_tags(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """Set both fields, which have other names in the reply."""
    repository = require_repository(hub, request, namespace, name, IMMUTABLE_TAGS)
    enabled, rules = request.fields().get("immutable_tags"), request.fields().get("immutable_tags_rules")
    if not isinstance(enabled, bool) or not isinstance(rules, list):
        raise Rejection(400, BAD_REQUEST)
    for rule in rules:
        _compile(rule, "immutable_tags_rules")
    repository.immutable_tags, repository.immutable_rules = enabled, list(rules)
    return Reply(200, repository_body(hub, bearer_of(hub, request), repository))


def verify_immutable_tags(hub: Hub, request: Request, namespace: str, name: str) -> Reply:
    """List the tags that a rule would make immutable."""
    repository = require_repository(hub, request, namespace, name, IMMUTABLE_TAGS)
    rule = _compile(request.fields().get("regex"), "regex")
    return Reply(200, {"tags": [tag for tag in repository.tags if rule.fullmatch(tag)]})


def _compile(rule: t.Any, field: str) -> re.Pattern[str]:
    if not isinstance(rule, str) or not rule:
        raise Rejection(400, BAD_REQUEST)
    try:
        return re.compile(rule)
    except re.error:
        raise validation_error(**{field: "invalid regular expression"}) from None


ROUTES: Routes = [
    (NAMESPACED + r"/immutabletags", {"PATCH": update_immutable_tags}),
    (NAMESPACED + r"/immutabletags/verify", {"POST": verify_immutable_tags}),
]
