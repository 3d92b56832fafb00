# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the people of the role ``organization`` into those of ``dockerhub_org_member``."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

_STATES = ("present", "absent")


def organization_people(people: t.Sequence[t.Mapping[str, t.Any]], state: str = "present") -> list[dict[str, t.Any]]:
    """Return the people in this state as entries of the option ``members``. Invitations are for the first team."""
    if state not in _STATES:
        raise AnsibleFilterError(f"organization_people: the state is one of {', '.join(_STATES)}, not {state}")
    return [_person(person) for person in people if (person.get("state") or "present") == state]


def _person(person: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    found = {name: person[name] for name in ("user", "email", "role") if person.get(name)}
    return {**found, "team": person["teams"][0]} if person.get("teams") else found


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"organization_people": organization_people}
