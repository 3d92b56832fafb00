# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: what each may do, and personal access tokens as a resource."""

from __future__ import annotations

import dataclasses
import typing as t

from emulator.bearers import require_bearer
from emulator.paging import page
from emulator.scopes import Resource
from emulator.wire import Rejection, Reply, Request, Routes, error_body

if t.TYPE_CHECKING:
    from emulator.accounts import Account
    from emulator.hub import Hub


@dataclasses.dataclass
class AccessToken:
    """A personal or organization access token."""

    kind: str  # "pat" or "oat"
    owner: str  # the name of its account
    secret: str
    uuid: str
    label: str
    scopes: tuple[str, ...] = ()  # of a personal access token
    resources: tuple[Resource, ...] = ()  # of an organization access token
    is_active: bool = True
    expires_at: float | None = None


class AccessTokens:
    """All access tokens: those that accounts have from the beginning, and those that were created."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], AccessToken] = {}  # by owner and secret
        self.deleted: set[tuple[str, str]] = set()

    def of(self, account: Account) -> list[AccessToken]:
        """Return the tokens of an account, the oldest first."""
        for token in _first_tokens(account):
            key = (token.owner, token.secret)
            if key not in self.deleted:
                self.known.setdefault(key, token)
        return [token for token in self.known.values() if token.owner == account.name]

    def add(self, token: AccessToken) -> None:
        self.known[token.owner, token.secret] = token

    def remove(self, token: AccessToken) -> None:
        del self.known[token.owner, token.secret]
        self.deleted.add((token.owner, token.secret))

    def find(self, account: Account, kind: str, secret: str, now: float) -> AccessToken | None:
        """Return the token of this account and kind with this secret, if it can be used to log in."""
        for token in self.of(account):
            if token.kind == kind and token.secret == secret and token.is_active:
                return token if token.expires_at is None or now < token.expires_at else None
        return None


def _first_tokens(account: Account) -> t.Iterator[AccessToken]:
    if account.pat:
        yield AccessToken(
            "pat", account.name, account.pat, account.uuid("pat"), label="emulated", scopes=account.pat_scopes
        )
    if account.oat:
        yield AccessToken(
            "oat", account.name, account.oat, account.uuid("oat"), label="emulated", resources=account.resources
        )


def list_access_tokens(hub: Hub, request: Request) -> Reply:
    """List the account's tokens. Only a bearer made from a password may do that."""
    bearer = require_bearer(hub, request)
    if bearer.kind != "password":
        raise Rejection(403, error_body("token issued from personal access token"))
    return page(hub, request, hub.access_tokens.of(bearer.account), _body)


def _body(token: AccessToken) -> dict[str, t.Any]:
    return {"uuid": token.uuid, "is_active": token.is_active, "token": "", "token_label": token.label}


ROUTES: Routes = [
    (r"/v2/access-tokens", {"GET": list_access_tokens}),
]
