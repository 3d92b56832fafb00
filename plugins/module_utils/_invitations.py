# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invite people to an organization."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import INVITATIONS_BULK
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import BadAnswer, HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._people import read_invitations

_MOST = 1000
"""The largest number of people in one request that Docker Hub's user interface allows."""


def invite(hub: HubClient, body: dict[str, t.Any], names: list[str]) -> dict[str, str]:
    """Invite people, or only validate the names with ``dry_run``; return Docker Hub's answer for each name.

    A name is accepted if its answer is ``invited`` or ``existing_org_member``.
    """
    answers: dict[str, str] = {}
    for start in range(0, len(names), _MOST):
        answers.update(_invite_some(hub, body, names[start : start + _MOST]))
    return answers


def _invite_some(hub: HubClient, body: dict[str, t.Any], names: list[str]) -> dict[str, str]:
    try:
        data = hub.post(INVITATIONS_BULK.at(), {**body, "invitees": names}).data
    except HubError as error:
        if body["dry_run"] or not _were_invited(hub, body["org"], names, error):
            raise
        return dict.fromkeys(names, "invited")
    rows = data.get("invitees") if isinstance(data, dict) else None
    if isinstance(rows, dict):  # the documented form has one level more than the answers of the service
        rows = rows.get("invitees")
    rows = rows if isinstance(rows, list) else []
    found = {str(row.get("invitee")).lower(): str(row.get("status")) for row in rows if isinstance(row, dict)}
    missing = [name for name in names if name.lower() not in found]
    if missing:
        raise BadAnswer(
            f"the answer to the invitations does not contain {', '.join(missing)}",
            hint="run the task again: it invites nobody twice",
        )
    return {name: found[name.lower()] for name in names}


def _were_invited(hub: HubClient, organization: str, names: list[str], error: HubError) -> bool:
    """Return whether all invitations exist although their answer was lost."""
    if not error.lost_answer:
        return False
    try:
        pending = read_invitations(hub, organization)
    except HubError:
        return False
    return all(pending.find(name) for name in names)
