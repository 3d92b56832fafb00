# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Hub without its wire: the subjects, their settings and their state.

A subject is a file with the functions that handle its requests and a list of ROUTES. It may also have

- a class of settings, which becomes a base of Settings,
- a class of state, which becomes an attribute that forget() makes,
- CONTROL, verbs below /_emulator/ that prepare its state.
"""

from __future__ import annotations

import dataclasses
import re
import threading
import time
import typing as t
import urllib.parse

from emulator import (
    access_tokens,
    accounts,
    audit_log,
    authentication,
    immutable_tags,
    invitations,
    members,
    org_access_tokens,
    org_settings,
    organizations,
    personal_access_tokens,
    repositories,
    repository_groups,
    tags,
    teams,
)
from emulator.access_tokens import AccessTokens, AccessTokenSettings
from emulator.accounts import ACCOUNTS, Account
from emulator.audit_log import AuditSettings, Event
from emulator.authentication import AUTH_PATHS, Authentication, AuthenticationSettings, account_that_logs_in
from emulator.bearers import Bearer, BearerSettings
from emulator.invitations import InvitationSettings
from emulator.members import MemberSettings
from emulator.organizations import Organizations
from emulator.paging import PagingSettings
from emulator.rate_limit import RateLimit, RateLimitSettings, count_request
from emulator.repositories import Repositories, RepositorySettings
from emulator.repository_groups import RepositoryGroupSettings
from emulator.tags import TagSettings
from emulator.teams import TeamSettings
from emulator.totp import totp
from emulator.wire import METHOD_NOT_ALLOWED, NOT_FOUND, Rejection, Reply, Request, Routes

ROUTES: Routes = [
    *authentication.ROUTES,
    *personal_access_tokens.ROUTES,
    *org_access_tokens.ROUTES,
    *repositories.ROUTES,
    *tags.ROUTES,
    *immutable_tags.ROUTES,
    *repository_groups.ROUTES,
    *teams.ROUTES,
    *members.ROUTES,
    *invitations.ROUTES,
    *org_settings.ROUTES,
    *audit_log.ROUTES,
]
PATTERNS = [(re.compile(pattern), methods) for pattern, methods in ROUTES]
CONTROL = {
    **accounts.CONTROL,
    **access_tokens.CONTROL,
    **organizations.CONTROL,
    **repositories.CONTROL,
    **tags.CONTROL,
    **teams.CONTROL,
    **invitations.CONTROL,
    **audit_log.CONTROL,
}


@dataclasses.dataclass
class Settings(
    AccessTokenSettings,
    AuditSettings,
    InvitationSettings,
    MemberSettings,
    TeamSettings,
    RepositoryGroupSettings,
    TagSettings,
    RepositorySettings,
    PagingSettings,
    RateLimitSettings,
    AuthenticationSettings,
    BearerSettings,
):
    """Everything that can be switched, as an attribute of the hub and over /_emulator/settings."""

    clock_offset: float = 0.0  # seconds that the emulator's clock is ahead of the real one


class Hub(Settings):
    """Accounts, bearers, settings and the state of every subject."""

    def __init__(self, accounts: t.Mapping[str, Account] | None = None) -> None:
        super().__init__()
        self.accounts = dict(ACCOUNTS if accounts is None else accounts)
        self.bearers: dict[str, Bearer] = {}
        self.url = ""
        self.lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """Return to the first state, except for accounts, settings and the bearers that were issued."""
        self.authentication = Authentication()
        self.rate = RateLimit()
        self.access_tokens = AccessTokens()
        self.organizations = Organizations()
        self.repositories = Repositories()
        self.audit_events: dict[str, list[Event]] = {}  # by account

    def now(self) -> float:
        """Return the time of the emulator's clock."""
        return time.time() + self.clock_offset

    def totp(self, name: str) -> str:
        """Return the current code of an account."""
        return totp(self.accounts[name].totp_secret or "", self.now())

    def reply_to(self, request: Request) -> Reply:
        """Handle a request that no fault keeps from its handler."""
        with self.lock:
            limits, exceeded = count_request(self)
            try:
                if exceeded:
                    raise Rejection(429, {"detail": "Rate limit exceeded", "error": False})
                reply = self._route(request)
            except Rejection as rejection:
                reply = rejection.reply
        reply.headers.update(limits)
        return reply

    def _route(self, request: Request) -> Reply:
        """Find the handler by the path as it was sent, so that a name may contain an encoded slash."""
        for pattern, methods in PATTERNS:
            match = pattern.fullmatch(request.raw_path)
            if match:
                handler = methods.get("GET" if request.method == "HEAD" else request.method)
                if handler is None:
                    raise Rejection(405, METHOD_NOT_ALLOWED, Allow=", ".join(methods))
                names = {name: urllib.parse.unquote(value) for name, value in match.groupdict().items()}
                return handler(self, request, **names)
        raise Rejection(404, NOT_FOUND)

    def account_of(self, request: Request) -> str | None:
        """Return the name of the account that logs in or that the bearer belongs to."""
        if request.path in AUTH_PATHS:
            return account_that_logs_in(self, request)
        bearer = self.bearers.get(request.headers.get("Authorization", "").partition(" ")[2])
        return bearer.account.name if bearer else None
