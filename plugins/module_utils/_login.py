# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in: choose the operation of the API, and complete a second factor."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import (
    AUTH_TOKEN,
    TWO_FACTOR_LOGIN,
    USERS_LOGIN,
    Grant,
    HubClient,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, OtpInvalid, OtpRequired
from ansible_collections.hubops.dockerhub.plugins.module_utils._hints import login_hint
from ansible_collections.hubops.dockerhub.plugins.module_utils._libraries import require_library
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    Options,
    ReserveCode,
    TokenResult,
    login_method,
    secret_kind,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable, secrets_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import read_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._totp import MARGIN, STEP, seconds_to_next_code


def fetch_token(options: Options, reserve_code: ReserveCode = lambda step: True) -> TokenResult:
    """Log in and return the result of the task, ``warnings`` included.

    ``options`` come from ``normalize_options``. If a code is required and ``on_otp_required`` is ``return``,
    ``access_token`` is None and ``login_2fa_token`` is set. Raises ``HubError`` with a hint.
    """
    try:
        with HubClient(options) as client:
            return _Login(client, options, reserve_code).run()
    except HubError as error:
        account = printable(options["identifier"] or "this account", secrets_of(options))
        error.subject = f"Docker Hub login of {account} failed"
        error.hint = error.hint or login_hint(error, options)
        raise


class _Login:
    """One login: its client, its options, its codes."""

    def __init__(self, client: HubClient, options: Options, reserve_code: ReserveCode) -> None:
        self._client = client
        self._options = options
        self._reserve_code = reserve_code
        is_generated = options["totp_secret"] and not options["otp"]
        self._totp: t.Any = require_library("pyotp").TOTP(options["totp_secret"]) if is_generated else None
        self._code_was_generated = False

    def run(self) -> TokenResult:
        """Return the result of the login; repeat it once if a generated code is refused, or if its answer is lost."""
        try:
            return self._attempt()
        except HubError as error:
            if not (self._code_was_generated and self._wait_for_next_code(error)):
                raise
        return self._attempt()

    def _attempt(self) -> TokenResult:
        options = self._options
        pending = options["login_2fa_token"]
        if not pending:
            operation = AUTH_TOKEN if login_method(options) == "access_token" else USERS_LOGIN
            try:
                grant = self._client.log_in(operation, options["identifier"] or "", options["secret"] or "")
                return self._token_result(grant)
            except OtpRequired as error:
                pending = error.login_2fa_token
                has_code = bool(options["otp"] or self._totp)
                if pending and options["on_otp_required"] == "return" and not has_code:
                    # A later task completes this login with a code.
                    return {**self._empty_result(operation.path), "otp_required": True, "login_2fa_token": pending}
                if not pending or not has_code:
                    raise
        return self._token_result(self._client.log_in(TWO_FACTOR_LOGIN, pending, self._code()))

    def _wait_for_next_code(self, error: HubError) -> bool:
        """Wait for the next generated code and return True; return False if the login cannot succeed with it.

        A code may be refused because another run has used it.
        """
        if not (isinstance(error, OtpInvalid) or self._client.take_retry(error)):
            return False
        return self._client.wait(max(seconds_to_next_code(self._client.server_time()), error.retry_in or 0))

    def _code(self) -> str:
        """Reserve the code to send now, and return it."""
        if self._totp is None:
            self._reserve_code(None)
            return self._options["otp"] or ""
        while True:
            left = seconds_to_next_code(self._client.server_time())
            if left < MARGIN and self._client.wait(left):
                continue
            step = int(self._client.server_time() // STEP)
            if self._reserve_code(step):
                self._code_was_generated = True
                return str(self._totp.generate_otp(step))
            if not self._client.wait(left):
                raise OtpRequired(
                    "the code of this half minute was already used in this run",
                    hint=f"raise max_wait above {STEP} s, so that the login can wait for the next one",
                )

    def _token_result(self, grant: Grant) -> TokenResult:
        options = self._options
        content = read_token(grant.token, self._client.server_time())
        username = content["username"]
        if username and username != printable(username, secrets_of(options)):
            content["username"] = username = None  # it contains a secret
        kind = secret_kind(options["secret"])
        content["source"] = content["source"] or (kind if kind != "password" else None)
        return {
            **self._empty_result(grant.endpoint),
            **content,
            "access_token": grant.token,
            "rate_limit": grant.rate_limit,
            "warnings": [*_foreign_owner(options, username), *_needless_login(options, grant)],
        }

    def _empty_result(self, endpoint: str) -> TokenResult:
        """Return the result of a login that has no token yet, with the default of each field."""
        return {
            **t.cast(TokenResult, read_token("", 0.0)),
            "access_token": None,
            "token_type": "Bearer",
            "identifier": self._options["identifier"],
            "endpoint": endpoint,
            "cached": False,
            "otp_required": False,
            "rate_limit": None,
            "warnings": [],
        }


def _foreign_owner(options: Options, username: str | None) -> list[str]:
    """Return a warning if the token is of another user: with a PAT, Docker Hub does not compare the name strictly."""
    identifier = options["identifier"]
    if not identifier or not username or "@" in identifier or secret_kind(options["secret"]) == "oat":
        return []
    if identifier.lower() == username.lower():
        return []
    return [f"The token that Docker Hub returned for {identifier} belongs to {username}."]


def _needless_login(options: Options, grant: Grant) -> list[str]:
    """Return a warning if the deprecated operation was used although no second factor was required."""
    causes = [name for name in ("otp", "totp_secret") if options[name]]
    causes += ["auth_method"] if options["auth_method"] == "login" else []
    if not causes or grant.endpoint != USERS_LOGIN.path:
        return []
    return [
        f"{grant.endpoint} is deprecated by Docker and was not needed, because the account requires no second factor."
        f" Leave out {' and '.join(causes)}."
    ]
