# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs below /_emulator/ that steer the emulator from outside."""

from __future__ import annotations

import base64
import dataclasses
import typing as t

from emulator.faults import FAULTS
from emulator.hub import CONTROL as SUBJECTS
from emulator.hub import Settings
from emulator.wire import Reply, Request

if t.TYPE_CHECKING:
    from emulator.service import HubEmulator

CONTROL_PREFIX = "/_emulator/"
SETTINGS = [field.name for field in dataclasses.fields(Settings)]

# Called with the hub, the fields of the body and the rest of the path.
Verb = t.Callable[["HubEmulator", dict[str, t.Any], str], t.Any]


def control(hub: HubEmulator, request: Request) -> Reply:
    """Do what a verb means. Its result is the body of the reply."""
    name, _slash, rest = request.path[len(CONTROL_PREFIX) :].partition("/")
    verb = CONTROL.get((request.method, name))
    if verb is None:
        return Reply(404, {"error": f"known are {sorted(' '.join(key) for key in CONTROL)}"})
    try:
        with hub.lock:
            return Reply(200, verb(hub, request.fields(), rest))
    except (KeyError, TypeError, ValueError) as err:
        return Reply(400, {"error": f"{type(err).__name__}: {err}"})


def _requests(hub: HubEmulator, _fields: dict[str, t.Any], _rest: str) -> list[dict[str, t.Any]]:
    return [dataclasses.asdict(request) for request in hub.requests]


def _totp(hub: HubEmulator, _fields: dict[str, t.Any], rest: str) -> dict[str, str]:
    return {"code": hub.totp(rest)}


def _settings(hub: HubEmulator, fields: dict[str, t.Any], _rest: str) -> dict[str, t.Any]:
    """Change the settings that are given, and return all."""
    unknown = sorted(set(fields) - set(SETTINGS))
    if unknown:
        raise ValueError(f"no such setting: {', '.join(unknown)}")
    for name, value in fields.items():
        setattr(hub, name, value)
    return {name: getattr(hub, name) for name in SETTINGS}


def _fail(hub: HubEmulator, fields: dict[str, t.Any], _rest: str) -> dict[str, t.Any]:
    """Take the arguments of fail() as JSON; also `name`, one of FAULTS, and `body_base64`."""
    given = dict(fields)
    encoded = given.pop("body_base64", None)
    if encoded is not None:
        given["body"] = base64.b64decode(encoded)
    named = FAULTS[given.pop("name")] if "name" in given else {}
    hub.fail(**{**named, **given})
    return {"faults": len(hub.faults.waiting)}


CONTROL: dict[tuple[str, str], Verb] = {
    **SUBJECTS,
    ("GET", "counts"): lambda hub, _fields, _rest: hub.counts(),
    ("GET", "requests"): _requests,
    ("GET", "totp"): _totp,
    ("GET", "settings"): lambda hub, _fields, rest: _settings(hub, {}, rest),
    ("POST", "settings"): _settings,
    ("POST", "fail"): _fail,
    ("POST", "heal"): lambda hub, _fields, _rest: hub.heal(),
    ("POST", "reset"): lambda hub, _fields, _rest: hub.reset(),
    ("POST", "stop"): lambda _hub, _fields, _rest: None,  # the server stops the hub once the reply is sent
}
