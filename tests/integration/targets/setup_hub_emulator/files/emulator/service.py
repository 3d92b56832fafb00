# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator on a port: counts requests and has the faults it is told to have."""

from __future__ import annotations

import collections
import fnmatch
import threading
import typing as t

from emulator.accounts import Account
from emulator.authentication import AUTH_PATHS
from emulator.faults import Fault, Faults
from emulator.hub import Hub
from emulator.server import Server
from emulator.wire import Reply, Request


class HubEmulator(Hub):
    """Docker Hub on a port of the loopback interface."""

    def __init__(
        self,
        token_life: float | None = 600,
        lockout_after: int = 10,
        clock_offset: float = 0.0,
        tls: tuple[str, str] | None = None,
        accounts: t.Mapping[str, Account] | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(accounts)
        self.token_life, self.lockout_after, self.clock_offset = token_life, lockout_after, clock_offset
        self.requests: list[Request] = []
        self.faults = Faults()
        self.stopped = threading.Event()
        self.server = Server(port, self, tls)
        self.port: int = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), name="hub", daemon=True)

    def start(self) -> HubEmulator:
        self.thread.start()
        return self

    def stop(self) -> None:
        if not self.stopped.is_set():
            self.stopped.set()
            self.server.shutdown()
            self.server.server_close()

    __enter__ = start

    def __exit__(self, *_args: object) -> None:
        self.stop()

    # Counting

    def count(self, path: str | None = None, account: str | None = None) -> int:
        """Return the number of requests. The path may contain wildcards; its trailing slash does not matter."""
        pattern = "*" if path is None else path.rstrip("/")
        with self.lock:
            return sum(
                fnmatch.fnmatchcase(request.path, pattern) and account in (None, request.account)
                for request in self.requests
            )

    def logins(self, account: str | None = None) -> int:
        """Return the number of requests to one of AUTH_PATHS."""
        return sum(self.count(path, account) for path in AUTH_PATHS)

    def tokens_issued(self, account: str | None = None) -> int:
        """Return the number of bearers that were issued."""
        issued = self.authentication.issued
        with self.lock:
            return sum(issued.values()) if account is None else issued[account]

    def counts(self) -> dict[str, t.Any]:
        """Return all counts, by path and by account."""
        with self.lock:
            names = {request.account for request in self.requests if request.account is not None}
            paths = collections.Counter(request.path for request in self.requests)
            accounts = {
                name: collections.Counter(request.path for request in self.requests if request.account == name)
                for name in sorted(names)
            }
            totals = {"total": len(self.requests), "logins": self.logins(), "tokens_issued": self.tokens_issued()}
            return {**totals, "paths": paths, "accounts": accounts}

    # Faults

    def fail(self, path: str = "*", times: int | None = 1, **fields: t.Any) -> Fault:
        """Add a fault for a path; see Fault for its fields."""
        fault = Fault(path.rstrip("/") or "/", times, **fields)
        self.faults.add(fault)
        return fault

    def heal(self) -> None:
        """Remove all faults."""
        self.faults.clear()

    def reset(self) -> None:
        """Forget faults, requests and everything that forget() forgets."""
        with self.lock:
            self.heal()
            self.forget()
            self.requests.clear()

    def take(self, request: Request) -> tuple[Reply, Fault]:
        """Count a request, and return its reply and the way it is to be delivered."""
        with self.lock:
            request.account = self.account_of(request)
            self.requests.append(request)
            fault = self.faults.take(request.path)
        reply = fault.respond(request) if fault.respond else None
        if reply is None:
            usual = fault.status is None or fault.respond is not None
            reply = self.reply_to(request) if usual else Reply(fault.status or 0, fault.body)
            reply.headers.update(fault.headers)
        request.status = None if fault.reset else reply.status
        return reply, fault
