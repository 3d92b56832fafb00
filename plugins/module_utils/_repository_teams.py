# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The teams that may use a repository."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import (
    REPOSITORY_TEAM,
    REPOSITORY_TEAMS,
    TEAM,
    Address,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import NotFound
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import send_or_find
from ansible_collections.hubops.dockerhub.plugins.module_utils._steps import Step


class RepositoryTeams:
    """The teams that may use one repository."""

    def __init__(self, hub: HubClient, names: dict[str, str], given: t.Iterable[str] = ()) -> None:
        self._hub = hub
        self._names = names
        self._spellings = {name.lower(): name for name in given}
        self._teams: dict[str, dict[str, t.Any]] = {}
        self._new_ids: dict[str, t.Any] = {}

    def permissions(self) -> dict[str, t.Any]:
        """Return the permission of each team, by the team's name in lower case."""
        rows = self._hub.pages(REPOSITORY_TEAMS.at(**self._names))
        self._teams = {str(row.get("group_name")).lower(): row for row in rows}
        return {name: row.get("permission") for name, row in self._teams.items()}

    def listed(self, permissions: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        """Return permissions as the option ``teams`` lists them, sorted by name."""
        return [{"name": self._spelt(name), "permission": permissions[name]} for name in sorted(permissions)]

    def look_up(self, wanted: t.Iterable[str]) -> None:
        """Read the ids of the teams that have no permission yet; raise ``NotFound`` if a team does not exist."""
        for name in wanted:
            if name not in self._teams:
                target = TEAM.at(organization=self._names["namespace"], team=self._spelt(name))
                try:
                    self._new_ids[name] = self._hub.object_of(self._hub.get(target), target).get("id")
                except NotFound as error:
                    hint = "create it with dockerhub_team; only organizations have teams"
                    raise NotFound(error.message, hint=hint, http_status=error.http_status) from None

    def steps(self, wanted: dict[str, t.Any]) -> t.Iterator[Step]:
        """Yield what gives each team its permission, and removes that of all others; ``look_up`` comes first."""
        for name, permission in wanted.items():
            team = self._teams.get(name)
            if team is None:
                yield Step(self._spelt(name), permission, partial(self._add, name, permission))
            elif team.get("permission") != permission:
                change = partial(self._hub.patch, self._address(team), {"permission": permission})
                yield Step(self._spelt(name), permission, change)
        for name in sorted(set(self._teams) - set(wanted)):
            yield Step(self._spelt(name), "remove", partial(self._hub.delete, self._address(self._teams[name])))

    def _add(self, name: str, permission: str) -> None:
        body = {"group_id": self._new_ids[name], "permission": permission}
        send_or_find(
            lambda: self._hub.post(REPOSITORY_TEAMS.at(**self._names), body),
            lambda: self.permissions().get(name) == permission,
        )

    def _spelt(self, name: str) -> str:
        team = self._teams.get(name)
        return str(team.get("group_name")) if team else self._spellings.get(name, name)

    def _address(self, row: dict[str, t.Any]) -> Address:
        return REPOSITORY_TEAM.at(**self._names, group_id=row.get("group_id"))
