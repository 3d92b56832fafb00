# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that the emulator can be told to have, and those that have a name."""

from __future__ import annotations

import dataclasses
import fnmatch
import threading
import typing as t

from emulator.wire import Reply, Request


@dataclasses.dataclass
class Fault:
    """How a request is mishandled.

    With a status the request has no effect and gets that status. With status None it takes effect and gets its usual
    reply (other headers may be added), but late, slowly, cut short, or not at all.
    """

    path: str = "*"  # may contain wildcards
    times: int | None = 1  # None: without end
    status: int | None = 503
    headers: dict[str, str | None] = dataclasses.field(default_factory=dict)
    body: t.Any = b""
    repeat: int = 1  # sends the body that often without building it: b"x" * 65536 and 1600 are 100 MiB
    raw: bool = False  # only the body is sent: no status line, no headers
    delay: float = 0.0  # seconds before the first byte
    drip: float | None = None  # seconds between two bytes of the body
    truncate: bool = False  # announces more bytes than it sends
    reset: bool = False  # resets the connection instead of replying
    respond: t.Callable[[Request], Reply | None] | None = None  # makes the reply; None means the usual one


CLOUDFLARE: dict[str, str | None] = {"Server": "cloudflare", "CF-RAY": "8f0000000000beef-FRA"}
CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>"
)
HTML: dict[str, str | None] = {"Content-Type": "text/html; charset=UTF-8"}
TEXT: dict[str, str | None] = {"Content-Type": "text/plain; charset=UTF-8"}

# Faults with a name: hub.fail(path, **FAULTS["hap429"]).
FAULTS: dict[str, dict[str, t.Any]] = {
    # Cloudflare blocks or challenges a client, whatever its credentials.
    "cloudflare_1010": {"status": 403, "headers": {**CLOUDFLARE, **TEXT}, "body": "error code: 1010"},
    "cloudflare_challenge_200": {"status": 200, "headers": {**CLOUDFLARE, **HTML}, "body": CHALLENGE},
    "cloudflare_challenge_403": {"status": 403, "headers": {**CLOUDFLARE, **HTML}, "body": CHALLENGE},
    # A proxy before Docker Hub limits the rate, without JSON.
    "hap429": {"status": 429, "headers": TEXT, "body": "Too Many Requests (HAP429).\n"},
    "html_502": {"status": 502, "headers": HTML, "body": "<html><body><h1>502 Bad Gateway</h1></body></html>"},
    "empty_200": {"status": 200},
    "lockout_429": {"status": 429, "body": {"detail": "Too many login attempts."}},
    # A 403 was reported with single sign-on; its text is not known.
    "sso_403": {"status": 403, "body": {"detail": "SSO is enforced: use a personal access token"}},
    # Docker Hub does not redirect, so a client that follows is wrong.
    "redirect": {"status": 307, "headers": {"Location": "/v2/redirected"}},
}


class Faults:
    """The faults that are still to happen. Faults for the same path are used up one after the other."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self.lock:
            self.waiting.append(fault)

    def clear(self) -> None:
        with self.lock:
            self.waiting.clear()

    def take(self, path: str) -> Fault:
        """Return the next fault for a path, or one that changes nothing."""
        with self.lock:
            matching = (f for f in self.waiting if f.times != 0 and fnmatch.fnmatchcase(path, f.path))
            fault = next(matching, Fault(status=None))
            if fault.times is not None:
                fault.times -= 1
            return fault
