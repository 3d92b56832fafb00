# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error family of this collection.

HubError                      every failure; each subclass is one ``error.code`` of a failed task
├── InvalidOptions            invalid_options           found before any request
├── MissingLibrary            missing_library
├── Refused                   Docker Hub refused this credential: recorded, and not sent again for a while
│   ├── BadCredentials        bad_credentials
│   ├── SsoRequired           sso_required
│   ├── LockedOut             locked_out
│   └── OtpInvalid            otp_invalid
├── OtpRequired               otp_required              the secret is right, a six-digit code is missing
├── Forbidden                 forbidden
│   ├── InsufficientScope     insufficient_scope        the token lacks a scope or level
│   ├── NeedsPasswordLogin    needs_password_login      an access token may not do this
│   ├── NeedsOrganizationToken  needs_organization_token
│   └── PlanRequired          plan_required             the subscription does not include this
├── NotFound                  not_found
├── Conflict                  conflict                  the object exists already
├── TokenExpired              token_expired             Docker Hub no longer accepts the bearer token
├── NoFreeSlot                no_free_slot              a list of limited length is full
├── Protected                 protected                 refused by this collection, to prevent damage
├── CannotChange              cannot_change             Docker Hub cannot change this afterwards
├── TooManyRemovals           too_many_removals         more would be removed than the task allows
├── UnexpectedStatus          unexpected_status         not among the statuses that the task expects
├── InvalidRequest            invalid_request
├── RateLimited               rate_limited
├── EdgeBlocked               edge_blocked              Cloudflare or a proxy answered instead of Docker Hub
├── ServerError               server_error
├── BadAnswer                 bad_answer
├── TlsFailed                 tls
├── ConnectionFailed          connection
├── TimedOut                  timeout
└── ModuleFailed              module_failed             the module did not run on its target
"""

from __future__ import annotations

import dataclasses
import typing as t


class ErrorRecord(t.TypedDict):
    """An error as data, for another process or another host."""

    code: str
    subject: str | None
    message: str
    remark: str | None
    hint: str | None
    http_status: int | None
    retry_at: str | None
    retry_in: float | None


@dataclasses.dataclass(eq=False, repr=False)
class HubError(Exception):
    """A failure, described without secrets.

    - ``subject``: the operation that failed, "Docker Hub login of mybot failed" for example.
    - ``message``: the reason. ``hint``: what the user can do.
    - ``remark``: how this process knows of the failure, if it was an earlier login of the run.
    - ``http_status``: the status of the answer.
    - ``retry_at``: the time (ISO 8601, UTC) before which another attempt is useless.
    - ``retry_in``: the seconds until another attempt makes sense; None if it never does without a change.
    - ``login_2fa_token``: the intermediate token of a login that requires a code.
    - ``sent``: whether the request may have reached the server.
    - ``result``: the changes that a task has made before it failed.
    """

    code: t.ClassVar[str]
    codes: t.ClassVar[dict[str, type[HubError]]] = {}

    message: str
    hint: str | None = None
    http_status: int | None = None
    retry_at: str | None = None
    retry_in: float | None = None
    login_2fa_token: str | None = None
    subject: str | None = None
    remark: str | None = None
    sent: bool = True
    result: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def __init_subclass__(cls, code: str = "") -> None:
        if code:
            cls.code = code
            cls.codes[code] = cls

    def __str__(self) -> str:
        subject = f"{self.subject}: " if self.subject else ""
        remark = f" ({self.remark})" if self.remark else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{subject}{self.message}{remark}{hint}"

    @property
    def lost_answer(self) -> bool:
        """Return whether the request may have had an effect that no answer reports: it was sent, and got no status below 500."""
        return self.sent and (self.http_status or 500) >= 500

    def public(self) -> dict[str, t.Any]:
        """Return the ``error`` of a failed task: code, http_status, hint, retry_at."""
        return {"code": self.code, "http_status": self.http_status, "hint": self.hint, "retry_at": self.retry_at}

    def to_dict(self) -> ErrorRecord:
        """Return the error as data; ``from_dict`` is the inverse."""
        return t.cast(ErrorRecord, {name: getattr(self, name) for name in ErrorRecord.__annotations__})


def from_dict(record: ErrorRecord) -> HubError:
    """Return the error that ``to_dict()`` described. An unknown code becomes ``ModuleFailed``."""
    fields: dict[str, t.Any] = {name: record.get(name) for name in ErrorRecord.__annotations__}
    return HubError.codes.get(fields.pop("code") or "", ModuleFailed)(fields.pop("message") or "", **fields)


class InvalidOptions(HubError, code="invalid_options"):
    """The options are wrong or do not fit together; nothing was sent."""


class MissingLibrary(HubError, code="missing_library"):
    """A Python library is missing or unusable where the login runs; nothing was sent."""


class Refused(HubError):
    """Docker Hub refused this credential, and would refuse it again."""


class BadCredentials(Refused, code="bad_credentials"):
    """Docker Hub does not accept this identifier with this secret."""


class SsoRequired(Refused, code="sso_required"):
    """The organization enforces single sign-on, so a password is not accepted."""


class LockedOut(Refused, code="locked_out"):
    """The account is locked after too many failed logins."""


class OtpInvalid(Refused, code="otp_invalid"):
    """The six-digit code was refused."""


class OtpRequired(HubError, code="otp_required"):
    """The account requires a six-digit code that was not given."""


class Forbidden(HubError, code="forbidden"):
    """Docker Hub accepted the credential and does not allow the operation."""


class InsufficientScope(Forbidden, code="insufficient_scope"):
    """The access token lacks the scope or level that the operation requires."""


class NeedsPasswordLogin(Forbidden, code="needs_password_login"):
    """The operation is not open to the kind of access token in use."""


class NeedsOrganizationToken(Forbidden, code="needs_organization_token"):
    """The operation requires an organization access token."""


class PlanRequired(Forbidden, code="plan_required"):
    """The subscription of the account does not include the operation."""


class NotFound(HubError, code="not_found"):
    """Something that the operation requires does not exist, or is hidden from this account."""


class Conflict(HubError, code="conflict"):
    """The object exists already, or was changed at the same time."""


class TokenExpired(HubError, code="token_expired"):
    """Docker Hub no longer accepts the bearer token."""


class NoFreeSlot(HubError, code="no_free_slot"):
    """A list of limited length is full."""


class Protected(HubError, code="protected"):
    """This collection refuses the change, because it could not be undone."""


class CannotChange(HubError, code="cannot_change"):
    """Docker Hub has no way to change this after its creation."""


class TooManyRemovals(HubError, code="too_many_removals"):
    """The task would remove more than its options allow."""


class UnexpectedStatus(HubError, code="unexpected_status"):
    """The status of the answer is not among those that the task expects."""


class InvalidRequest(HubError, code="invalid_request"):
    """Docker Hub did not accept the request as valid."""


class RateLimited(HubError, code="rate_limited"):
    """Too many requests."""


class EdgeBlocked(HubError, code="edge_blocked"):
    """Cloudflare or a proxy answered instead of Docker Hub."""


class ServerError(HubError, code="server_error"):
    """Docker Hub reports a problem of its own."""


class BadAnswer(HubError, code="bad_answer"):
    """The answer does not have the documented form."""


class TlsFailed(HubError, code="tls"):
    """A trusted encrypted connection was not possible."""


class ConnectionFailed(HubError, code="connection"):
    """A connection was not possible, or broke."""


class TimedOut(HubError, code="timeout"):
    """The answer was not complete in time."""


class ModuleFailed(HubError, code="module_failed"):
    """The module did not run, or did not answer, on its target."""
