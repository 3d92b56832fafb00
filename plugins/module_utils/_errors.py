# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one family of errors that leaves this collection's core.

HubError                    whatever went wrong; each subclass is one ``error.code`` of a failed task
├── InvalidOptions          invalid_options   found before any request
├── MissingLibrary          missing_library
├── Refused                 Docker Hub said no to this credential: remembered, never tried again at once
│   ├── BadCredentials      bad_credentials
│   ├── SsoRequired         sso_required
│   ├── LockedOut           locked_out
│   └── OtpInvalid          otp_invalid
├── OtpRequired             otp_required      the secret was right, a six-digit code is missing
├── Forbidden               forbidden
├── InvalidRequest          invalid_request
├── RateLimited             rate_limited
├── EdgeBlocked             edge_blocked      something in front of Docker Hub answered
├── ServerError             server_error
├── BadAnswer               bad_answer
├── TlsFailed               tls
├── ConnectionFailed        connection
├── TimedOut                timeout
└── ModuleFailed            module_failed     the module did not run on its target
"""

from __future__ import annotations

import sys
import typing as t


class HubError(Exception):
    """A failed login, told in words that hold no secret.

    ``message`` says what happened, ``hint`` what to do. ``http_status`` is the status of the answer, if there was one,
    ``retry_at`` the time (ISO 8601, UTC) before which another try is useless, ``retry_in`` the seconds until another try
    makes sense (None: it makes none by itself), and ``login_2fa_token`` the intermediate token of a login that wants a
    code.
    """

    code: t.ClassVar[str]
    codes: t.ClassVar[dict[str, type[HubError]]] = {}

    def __init_subclass__(cls, code: str = "") -> None:
        if code:
            cls.code = code
            cls.codes[code] = cls

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        http_status: int | None = None,
        retry_at: str | None = None,
        retry_in: float | None = None,
        login_2fa_token: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.http_status = http_status
        self.retry_at = retry_at
        self.retry_in = retry_in
        self.login_2fa_token = login_2fa_token

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def as_dict(self) -> dict[str, t.Any]:
        """The ``error`` of a failed task: code, http_status, hint, retry_at."""
        return {"code": self.code, "http_status": self.http_status, "hint": self.hint, "retry_at": self.retry_at}


def restored(error: dict[str, t.Any], message: str) -> HubError:
    """The error that was told by ``as_dict()``, in another process or on another host."""
    fields = dict(error)
    return HubError.codes.get(fields.pop("code", ""), ModuleFailed)(message, **fields)


def missing_library(name: str) -> MissingLibrary:
    """The error for a library, by its name on PyPI, that is not installed where the login runs."""
    from ansible.module_utils.basic import missing_required_lib

    said = missing_required_lib(name, url=f"https://pypi.org/project/{name}")
    likely = "pyotp" if name == "pyotp" else "requests PyJWT"  # who lacks one lacks both
    return MissingLibrary(said, hint=f"install it: {sys.executable} -m pip install {likely}")


class InvalidOptions(HubError, code="invalid_options"):
    """The options are wrong or do not fit together; nothing was sent."""


class MissingLibrary(HubError, code="missing_library"):
    """A Python library is missing where the login runs."""


class Refused(HubError):
    """Docker Hub refused this credential, and would refuse it again."""


class BadCredentials(Refused, code="bad_credentials"):
    """Identifier and secret do not match."""


class SsoRequired(Refused, code="sso_required"):
    """The organization enforces single sign-on, which takes no password."""


class LockedOut(Refused, code="locked_out"):
    """The account is locked after too many failed logins."""


class OtpInvalid(Refused, code="otp_invalid"):
    """The six-digit code was refused."""


class OtpRequired(HubError, code="otp_required"):
    """The account wants a six-digit code that was not given."""


class Forbidden(HubError, code="forbidden"):
    """Docker Hub knows the credential and does not allow this."""


class InvalidRequest(HubError, code="invalid_request"):
    """Docker Hub did not understand the request."""


class RateLimited(HubError, code="rate_limited"):
    """Too many requests."""


class EdgeBlocked(HubError, code="edge_blocked"):
    """Something in front of Docker Hub answered in its place."""


class ServerError(HubError, code="server_error"):
    """Docker Hub has a problem of its own."""


class BadAnswer(HubError, code="bad_answer"):
    """The answer is not what the API promises."""


class TlsFailed(HubError, code="tls"):
    """No trusted encrypted connection."""


class ConnectionFailed(HubError, code="connection"):
    """No connection, or one that broke."""


class TimedOut(HubError, code="timeout"):
    """Too slow."""


class ModuleFailed(HubError, code="module_failed"):
    """The module could not run, or did not answer, on the host it was directed to."""
