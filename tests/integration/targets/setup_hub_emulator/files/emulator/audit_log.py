# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log of an account."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from emulator.bearers import require_bearer
from emulator.organizations import require_organization
from emulator.wire import (
    BAD_REQUEST,
    NOT_FOUND,
    PAT_NOT_ALLOWED,
    PERMISSION_DENIED,
    Rejection,
    Reply,
    Request,
    Routes,
    iso_time,
)

if t.TYPE_CHECKING:
    from emulator.hub import Hub

READ = "scope-activity-read"
# Some of them; the service has eighty.
ACTIONS = {
    "org": ("member.invite.send", "team.create", "team.update", "team.delete", "team.member.add", "team.member.remove"),
    "repo": (
        *("create", "update", "delete", "change_privacy", "category.updated"),
        *("immutable.tags.updated", "tag.push", "tag.delete"),
    ),
}


@dataclasses.dataclass
class AuditSettings:
    """What is not known of the replies about the audit log."""

    audit_end_status: int = 200  # or 404: a page after the last one


@dataclasses.dataclass(frozen=True)
class Event:
    """One event."""

    action: str
    name: str
    actor: str
    at: float

    def body(self, account: str) -> dict[str, t.Any]:
        return {
            "account": account,
            "action": self.action,
            "name": self.name,
            "actor": self.actor,
            "data": {"digest": "", "tag": ""},
            "timestamp": iso_time(self.at),
            "action_description": f"{self.actor} did {self.action} with {self.name}",
        }


def list_actions(hub: Hub, request: Request, account: str) -> Reply:
    _require_reader(hub, request, account)
    groups = {
        group: {
            "actions": [{"name": name, "description": f"{group} {name}", "label": name} for name in names],
            "label": group.capitalize(),
        }
        for group, names in ACTIONS.items()
    }
    return Reply(200, {"actions": groups})


def list_events(hub: Hub, request: Request, account: str) -> Reply:
    """List events, the newest first, without their count."""
    _require_reader(hub, request, account)
    query = request.query
    try:
        number, size = int(query.get("page", 1)), int(query.get("page_size", 25))
        earliest, latest = (_time(query.get(name)) for name in ("from", "to"))
    except ValueError:
        raise Rejection(400, BAD_REQUEST) from None
    if number < 1 or size < 1:
        raise Rejection(400, BAD_REQUEST)
    found = [
        event
        for event in sorted(hub.audit_events.get(account, []), key=lambda event: -event.at)
        if all(query.get(name) in (None, getattr(event, name)) for name in ("action", "name", "actor"))
        and (earliest is None or event.at >= earliest)
        and (latest is None or event.at <= latest)
    ]
    rows = found[(number - 1) * size : number * size]
    if not rows and number > 1 and hub.audit_end_status != 200:
        raise Rejection(hub.audit_end_status, NOT_FOUND)
    return Reply(200, {"logs": [event.body(account) for event in rows]})


def _require_reader(hub: Hub, request: Request, account: str) -> None:
    """Refuse a bearer that may not read the audit log of this account."""
    bearer = require_bearer(hub, request)
    if bearer.kind == "pat":
        raise Rejection(403, PAT_NOT_ALLOWED)
    if bearer.account.name == account and bearer.kind == "password":
        return
    if hub.organizations.find(hub, account) is None:
        raise Rejection(403, PERMISSION_DENIED)
    require_organization(hub, request, account, READ, ["owner"])


def _time(text: str | None) -> float | None:
    return None if text is None else datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def add_events(hub: Hub, fields: dict[str, t.Any], _rest: str) -> dict[str, int]:
    """Add events: `account`; `events`, a list of {action, name, actor, age}, whose age is in seconds before now."""
    events = hub.audit_events.setdefault(fields["account"], [])
    for each in fields["events"]:
        action, name, actor = each["action"], each.get("name", fields["account"]), each.get("actor", "mybot")
        events.append(Event(action, name, actor, hub.now() - each.get("age", 0)))
    return {"events": len(events)}


ROUTES: Routes = [
    (r"/v2/auditlogs/(?P<account>[^/]+)/actions", {"GET": list_actions}),
    (r"/v2/auditlogs/(?P<account>[^/]+)", {"GET": list_events}),
]
CONTROL = {("POST", "events"): add_events}
