# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: what each may do, and how long."""

from __future__ import annotations

import dataclasses
import datetime
import secrets
import typing as t
import uuid

from emulator.scopes import Resource
from emulator.wire import Rejection

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
    created_at: float = 1_600_000_000.123456
    last_used: float | None = None
    generated_by: str = "manual"  # or "auto-generated": one of Docker Desktop's
    description: str = ""  # of an organization access token
    created_by: str = ""


@dataclasses.dataclass
class AccessTokenSettings:
    """What is not known of access tokens, or depends on the subscription."""

    pat_limit: int | None = None
    oat_limit: int | None = 10  # 100 with Docker Business
    token_limit_status: int = 400  # or 403, 409, 422
    token_limit_text: str = "bad request"
    no_expiry: str = "absent"  # or "null", "empty": expires_at in an answer about a token that never expires
    pat_delete_status: int = 202  # or 204, as documented
    tokens_manage_tokens: bool = (
        False  # True: a bearer made from a personal access token may use the operations on them
    )


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
        return sorted(
            (token for token in self.known.values() if token.owner == account.name), key=lambda token: token.created_at
        )

    def add(self, token: AccessToken) -> None:
        self.known[token.owner, token.secret] = token

    def remove(self, token: AccessToken) -> None:
        del self.known[token.owner, token.secret]
        self.deleted.add((token.owner, token.secret))

    def find(self, account: Account, kind: str, secret: str, now: float) -> AccessToken | None:
        """Use the token of this account and kind with this secret to log in; return None if that is not possible."""
        for token in self.of(account):
            if token.kind == kind and token.secret == secret and token.is_active:
                if token.expires_at is not None and now >= token.expires_at:
                    return None
                token.last_used = now
                return token
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


def created_token(
    hub: Hub, owner: str, kind: str, label: str, expires_at: float | None, maker: str, **more: t.Any
) -> AccessToken:
    """Make a token with a new secret, and keep it."""
    length = {"pat": 27, "oat": 32}[kind]
    token = AccessToken(
        kind,
        owner,
        f"dckr_{kind}_{secrets.token_urlsafe(40)[:length]}",
        str(uuid.uuid4()),
        label,
        expires_at=expires_at,
        created_at=hub.now(),
        created_by=maker,
        **more,
    )
    hub.access_tokens.add(token)
    return token


def require_free_slot(hub: Hub, tokens: t.Sequence[AccessToken], limit: int | None) -> None:
    """Refuse a creation beyond the limit. Expired and deactivated tokens count."""
    if limit is not None and len(tokens) >= limit:
        raise Rejection(hub.token_limit_status, {"message": hub.token_limit_text, "errinfo": {}})


def expiry_of(hub: Hub, fields: dict[str, t.Any]) -> float | None:
    """Return the expiry that a creation asks for; refuse one that is no time, or has passed."""
    text = fields.get("expires_at")
    if text is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise value_error("expires_at", "must be a date and time") from None
    if moment.tzinfo is None or moment.timestamp() <= hub.now():
        raise value_error("expires_at", "must be in the future")
    return moment.timestamp()


def expiry_body(hub: Hub, token: AccessToken, written: t.Callable[[float], str]) -> dict[str, t.Any]:
    """Return the field expires_at. How an answer shows that a token never expires is not known."""
    if token.expires_at is not None:
        return {"expires_at": written(token.expires_at)}
    never: dict[str, dict[str, t.Any]] = {"absent": {}, "null": {"expires_at": None}, "empty": {"expires_at": ""}}
    return never[hub.no_expiry]


def value_error(field: str, sentence: str) -> Rejection:
    """Return the rejection of a wrong value, in the form of the operations on tokens."""
    return Rejection(400, {"fields": {field: [sentence]}, "text": "validation failed"})


def require_label(fields: dict[str, t.Any], name: str) -> str:
    label = fields.get(name)
    if not isinstance(label, str) or not 1 <= len(label) <= 100:
        raise value_error(name, "must have 1 to 100 characters")
    return label


def add_access_tokens(hub: Hub, fields: dict[str, t.Any], _rest: str) -> list[dict[str, t.Any]]:
    """Add tokens: `access_tokens`, a list of the fields of AccessToken. Returns all, with their secrets."""
    for given in fields.get("access_tokens", []):
        resources = [Resource(each["type"], each["path"], tuple(each["scopes"])) for each in given.get("resources", [])]
        token = AccessToken(**{**given, "scopes": tuple(given.get("scopes", ())), "resources": tuple(resources)})
        hub.access_tokens.add(token)
    return [dataclasses.asdict(token) for account in hub.accounts.values() for token in hub.access_tokens.of(account)]


CONTROL = {("POST", "access-tokens"): add_access_tokens}
