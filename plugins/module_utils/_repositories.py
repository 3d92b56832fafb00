# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories as the modules return them."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions

NAME = r"[a-z0-9._-]{2,255}"
"""The pattern of names; Docker Hub's own rule is slightly stricter."""
_UNCHANGED = ("namespace", "name", "pull_count", "star_count", "storage_size", "last_updated", "date_registered")


def repository_facts(repository: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a repository of the API in the terms of the modules' options.

    Lists of repositories contain neither the full description nor the rules for immutable tags; these keys are missing then.
    """
    facts = {name: repository.get(name) for name in _UNCHANGED}
    facts["description"] = repository.get("description") or ""
    facts["private"] = bool(repository.get("is_private"))
    settings = repository.get("immutable_tags_settings")
    # An answer about one repository contains these settings. A missing full description is an empty one there.
    if isinstance(settings, dict) or "full_description" in repository:
        facts["full_description"] = repository.get("full_description") or ""
    if isinstance(settings, dict):
        rules = settings.get("rules")
        facts["immutable_tags"] = {
            "enabled": bool(settings.get("enabled")),
            "rules": sorted(map(str, rules)) if isinstance(rules, list) else [],
        }
    return facts


def require_name(name: str) -> str:
    """Return the name of a repository; raise ``InvalidOptions`` if Docker Hub could not accept it."""
    if not re.fullmatch(NAME, name):
        raise InvalidOptions(
            "name is not the name of a repository",
            hint="use 2 to 255 lowercase letters, digits, dots, hyphens and underscores, without the namespace",
        )
    return name
