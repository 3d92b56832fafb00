# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out from the records of this run whether a login is necessary, and record its outcome.

A record per credential contains its tokens, its refusals, its last failure and a pending second factor. Lockouts have a
record per account, and used codes a record per code.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    ErrorRecord,
    HubError,
    LockedOut,
    ModuleFailed,
    OtpInvalid,
    OtpRequired,
    Refused,
    SsoRequired,
    from_dict,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    Options,
    TokenResult,
    has_second_factor,
    login_method,
    secret_kind,
)
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._cached_token import UNKNOWN_LIFE, live_token, now
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import RawOptions
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._records import locked_record, write_record
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._run_directory import Record, RunDirectory

_CODE_LOCK_TIMEOUT = 5.0
_ENDS_WITH = {"locked_out": "", "otp_invalid": ", or until the TOTP secret changes"}
"""What ends a refusal before its time, as a clause for the message, by error code. For other codes, a new secret does."""


class TargetUnreachable(ModuleFailed):
    """The host that should log in cannot be reached, which Ansible reports as unreachable instead of failed."""


class FailureRecord(t.TypedDict):
    """A login that failed."""

    stored_at: float  # by the clock of the records
    time: str  # by the clock of the controller, for the user
    variant: str
    auth_method: str
    origin: str
    error: ErrorRecord
    unreachable: bool


class ResultRecord(t.TypedDict):
    """The result of a login."""

    stored_at: float
    result: TokenResult | None  # None: the account requires a second factor, and the login ended there


class CredentialRecord(t.TypedDict, total=False):
    """The record of a credential."""

    tokens: dict[str, ResultRecord]  # by login method
    refusals: dict[str, FailureRecord]  # by login method or variant of the login
    last_failure: FailureRecord
    pending: ResultRecord


class LoginCache:
    """The records about one login; ``origin`` is the host that logs in, empty for the controller."""

    def __init__(self, directory: RunDirectory, options: Options, origin: str = "", dead_token: str = "") -> None:
        self._directory = directory
        self.origin = origin
        self._dead_token = dead_token
        self._credential, self.options = self._resolve_second_step(options)
        self._method = login_method(self.options)
        # A refused code or TOTP secret does not make the credential wrong, so refusals are recorded per second factor.
        factor = self.options["otp"] or self.options["totp_secret"]
        parts = ("second factor", factor, self.options["login_2fa_token"])
        self._variant = f"{self._method}:{directory.record_key(*parts)}" if factor else self._method

    def lock(self, timeout: float) -> t.ContextManager[None]:
        """Return the lock of the credential; one process logs in while the others wait for its result."""
        return locked_record(self._directory, self._credential, timeout)

    def find(self, since: float | None = None) -> TokenResult | None:
        """Return a result that makes a login unnecessary, raise the error that a login would end with, or return None.

        A caller that holds the lock passes the time when it began to wait as ``since``. Without it, records that a login in
        progress may change are not used.
        """
        record = self._read_credential()
        if self.options["cache"]:
            result = live_token(t.cast(Record, record), self.options["auth_method"], self.options["min_ttl"], since)
            if result:
                return t.cast(TokenResult, result)
        self._raise_refused_code()
        self._raise_refusal(record)
        if since is None:
            return None
        self._raise_failure_since(record, since)
        return self._pending_second_factor(record)

    def _raise_refused_code(self) -> None:
        refusal = self._directory.read(self._code_key()).get("refusal") if self.options["otp"] else None
        if refusal:
            raise _repeated(refusal, "each code is sent once")

    def _raise_refusal(self, record: CredentialRecord) -> None:
        if not self.options["refusal_ttl"]:
            return
        refusals = record.get("refusals", {})
        lockout = self._directory.read(self._account_key()).get("lockout")
        for refusal in (lockout, refusals.get(self._method), refusals.get(self._variant)):
            if refusal:
                left = refusal["stored_at"] + (refusal["error"]["retry_in"] or self.options["refusal_ttl"]) - now()
                if left > 0:
                    change = _ENDS_WITH.get(refusal["error"]["code"], ", or until the secret changes")
                    raise _repeated(refusal, f"not tried again for {left:.0f} s{change}")

    def _raise_failure_since(self, record: CredentialRecord, since: float) -> None:
        failure = record.get("last_failure")
        if not failure or failure["stored_at"] < since:
            return
        if (failure["variant"], failure["origin"]) == (self._variant, self.origin):
            raise _error(failure)

    def _pending_second_factor(self, record: CredentialRecord) -> TokenResult | None:
        if self.options["otp"] and self._directory.read(self._code_key()):
            raise _sent_code()
        pending = record.get("pending")
        if not pending or now() - pending["stored_at"] >= UNKNOWN_LIFE or has_second_factor(self.options):
            return None
        if self.options["on_otp_required"] != "return":
            raise OtpRequired(
                "an earlier login of this run found that the account requires a second factor",
                hint="give totp_secret, or otp with a current code",
            )
        return {**pending["result"], "cached": True} if pending["result"] and self.options["cache"] else None

    def drop_dead_token(self) -> None:
        """Remove the token that Docker Hub no longer accepts from the cache."""
        if self._dead_token:
            self._write(self._credential, self._read_credential())

    def store_result(self, result: TokenResult) -> None:
        """Record a token or a pending second factor; raise ``OSError`` if that is impossible."""
        record = self._read_credential()
        stored: ResultRecord = {"stored_at": now(), "result": result}
        if result["otp_required"]:
            record["pending"] = stored
            key = self._directory.record_key("first step", self.options["hub_url"], result["login_2fa_token"])
            options = {"identifier": self.options["identifier"], "auth_method": self._method}
            self._write(key, {"credential": self._credential, "options": options})
        else:
            refusals = record.get("refusals", {})
            record = {
                "tokens": {**record.get("tokens", {}), self._method: stored},
                # Refusals recorded for the other login method still apply.
                "refusals": {name: old for name, old in refusals.items() if old["auth_method"] != self._method},
            }
        self._write(self._credential, record)

    def store_failure(self, error: HubError) -> None:
        """Record a failure; raise ``OSError`` if that is impossible."""
        record = self._read_credential()
        failure: FailureRecord = {
            "stored_at": now(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "variant": self._variant,
            "auth_method": self._method,
            "origin": self.origin,
            "error": error.to_dict(),
            "unreachable": isinstance(error, TargetUnreachable),
        }
        record["last_failure"] = failure
        if isinstance(error, LockedOut) and self.options["identifier"]:
            self._write(self._account_key(), {"lockout": failure})
        elif isinstance(error, OtpInvalid):
            record.pop("pending", None)  # an intermediate token that is too old is refused in the same way
            if self.options["otp"]:
                self._write(self._code_key(), {"refusal": failure})
            else:
                record.setdefault("refusals", {})[self._variant] = failure
        elif isinstance(error, Refused):
            record.setdefault("refusals", {}).update(dict.fromkeys(self._refused_methods(error), failure))
        elif isinstance(error, OtpRequired):
            record["pending"] = {"stored_at": failure["stored_at"], "result": None}
        self._write(self._credential, record)

    def _refused_methods(self, error: HubError) -> list[str]:
        """Return the login methods that the refusal counts for.

        Where an account requires a second factor, /v2/auth/token refuses even the right password.
        """
        is_password = secret_kind(self.options["secret"]) == "password"
        if self._method == "access_token" and is_password and not isinstance(error, SsoRequired):
            return [self._method]
        return ["access_token", "login"]

    def store_link(self, raw: RawOptions) -> None:
        """Let ``cached_token`` find the token of this login by its raw options."""
        options = self.options
        link = {
            "credential": self._credential,
            "auth_method": options["auth_method"],
            "min_ttl": options["min_ttl"],
            "hub_url": options["hub_url"],
        }
        key = self._directory.record_key("link", raw)
        if options["cache"] and self._directory.read(key) != link:
            self._write(key, link)

    def reserve_code(self, step: int | None) -> bool:
        """Reserve a code before it is sent; see ``ReserveCode``."""
        totp = ("TOTP secret", self.options["hub_url"], self.options["totp_secret"])
        key = self._code_key() if step is None else self._directory.record_key(*totp)
        with contextlib.suppress(OSError), locked_record(self._directory, key, _CODE_LOCK_TIMEOUT):
            used = self._directory.read(key)
            if used and step is None:
                raise _sent_code()
            # A step that is far ahead comes from a wrong clock.
            if used and step is not None and 0 <= used["step"] - step <= 2:
                return False
            self._write(key, {"step": step})
        return True

    def _resolve_second_step(self, options: Options) -> tuple[str, Options]:
        """Return the key of the credential, and the options to log in with.

        A second step belongs to the credential of its first step, whatever else the variables and the environment contain.
        """
        key, login_2fa_token = self._directory.record_key, options["login_2fa_token"]
        if not login_2fa_token:
            identifier = (options["identifier"] or "").lower()
            return key("credential", options["hub_url"], identifier, options["secret"]), options
        first = self._directory.read(key("first step", options["hub_url"], login_2fa_token))
        resolved = {**options, "auth_method": "login", "secret": None, **first.get("options", {})}
        credential = first.get("credential") or key("credential", options["hub_url"], login_2fa_token)
        return credential, t.cast(Options, resolved)

    def _account_key(self) -> str:
        return self._directory.record_key(
            "account", self.options["hub_url"], (self.options["identifier"] or "").lower()
        )

    def _code_key(self) -> str:
        return self._directory.record_key("code", self._credential, self.options["otp"])

    def _read_credential(self) -> CredentialRecord:
        record = t.cast(CredentialRecord, self._directory.read(self._credential))
        tokens = record.get("tokens", {})
        for method, stored in list(tokens.items()):
            if self._dead_token and stored["result"] and stored["result"]["access_token"] == self._dead_token:
                del tokens[method]
        return record

    def _write(self, key: str, record: t.Mapping[str, t.Any]) -> None:
        write_record(self._directory, key, record)


def _error(failure: FailureRecord) -> HubError:
    if failure["unreachable"]:
        return TargetUnreachable(failure["error"]["message"])
    return from_dict(failure["error"])


def _repeated(failure: FailureRecord, reason: str) -> HubError:
    error = _error(failure)
    error.remark = f"at {failure['time']}; {reason}"
    return error


def _sent_code() -> OtpRequired:
    return OtpRequired("the code given as otp was already sent in this run", hint="give the next code")
