# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write an organization as the variable file of the role ``organization``."""

from __future__ import annotations

import json
import re
import typing as t

import yaml
from ansible.errors import AnsibleFilterError

_TEMPLATE = re.compile(r"\{[{%#]")
_OWNERS = "owners"
_ROLES = ("owner", "editor", "member")
_HEADER = """\
# The organization {name} at Docker Hub, as it was on the day of the export.
# See what would change, then change it:
#   ansible-playbook hubops.dockerhub.organization -e @{name}.yml --check --diff
#   ansible-playbook hubops.dockerhub.organization -e @{name}.yml
---
"""
_EXCLUSIVE = """\
# With true, people who are not listed are removed: from the organization, its teams and its repositories.
# With false, a person is removed by adding "state: absent" to the entry in organization_members.
"""
_NO_SETTINGS = """\
# The settings are missing: Docker Hub shows them to owners who log in with their password only.
"""


class _Template(str):
    """A text that Ansible would read as a template."""


class _Dumper(yaml.SafeDumper):
    """Write long texts as blocks, lists with an indent, and ``!unsafe`` before texts that only look like templates."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: t.Any) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _write_template(dumper: yaml.SafeDumper, text: _Template) -> yaml.ScalarNode:
    return dumper.represent_scalar("!unsafe", str(text), style="|" if "\n" in text else '"')


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(_Template, _write_template)


def organization_file(
    organization: t.Mapping[str, t.Any],
    name: str,
    repositories: t.Sequence[t.Mapping[str, t.Any]],
    settings: t.Mapping[str, t.Any] | None = None,
) -> str:
    """Return the text of the variable file. Without settings, a comment gives the reason."""
    try:
        # Copies, without the tags that ansible-core attaches to values.
        organization, name, repositories, settings = json.loads(
            json.dumps([organization, name, repositories, settings])
        )
        parts = [
            _section("organization_name", name),
            _EXCLUSIVE + _section("organization_exclusive", False) + _section("organization_max_removals", 5),
            _section("organization_settings", settings) if settings else _NO_SETTINGS,
            _section("organization_teams", _teams(organization)),
            _section("organization_members", _members(organization)),
            _section("organization_repositories", [_repository(row) for row in repositories]),
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(
            f"organization_file requires the results of dockerhub_org_info and dockerhub_repository_info: {error!r}"
        ) from None
    return _HEADER.format(name=name) + "\n".join(parts)


def _section(name: str, value: t.Any) -> str:
    text: str = yaml.dump(
        {name: _marked(value)},
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=4096,
        default_flow_style=False,
    )
    return text


def _marked(value: t.Any) -> t.Any:
    """Return a copy in which texts that look like templates are marked."""
    if isinstance(value, dict):
        return {name: _marked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner) for inner in value]
    return _Template(value) if isinstance(value, str) and _TEMPLATE.search(value) else value


def _teams(organization: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    return [
        {"name": team["name"], "description": team["description"]}
        for team in organization["teams"]
        if team["name"].lower() != _OWNERS
    ]


def _members(organization: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return members and people with a pending invitation. The role ``owner`` stands for the team of owners."""
    teams: dict[str, list[str]] = {}
    for team in organization["teams"]:
        for user in team["members"] if team["name"].lower() != _OWNERS else []:
            teams.setdefault(user, []).append(team["name"])
    members = [
        _person({"user": member["user"]}, member["role"], teams.get(member["user"], []))
        for member in organization["members"]
    ]
    invited = [
        _person(
            {"email" if "@" in invitation["invitee"] else "user": invitation["invitee"]},
            invitation["role"],
            [invitation["team"]] if invitation["team"] else [],
        )
        for invitation in organization["invites"]
    ]
    return members + invited


def _person(name: dict[str, str], role: str | None, teams: list[str]) -> dict[str, t.Any]:
    """Return the entry of a person. A custom role is left out, and so left alone."""
    return {**name, **({"role": role} if role in _ROLES else {}), **({"teams": teams} if teams else {})}


def _repository(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    names = ("name", "description", "full_description", "private", "immutable_tags", "teams")
    return {name: row[name] for name in names}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"organization_file": organization_file}
