# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a token: which operation of the API, the second factor, and what to do when it fails."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import (
    ACCESS_TOKEN,
    AUTHENTICATION_TOKEN,
    SECOND_FACTOR,
    Answer,
    HubClient,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    HubError,
    OtpInvalid,
    OtpRequired,
    missing_library,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    Claim,
    Options,
    Result,
    login_method,
    plain,
    secret_kind,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import read_token

if t.TYPE_CHECKING:
    import pyotp

# What to do, by ``error.code`` and, where that makes a difference, by what was used.
HINTS = {
    "bad_credentials:password": "check identifier and secret; with a second factor give totp_secret or a personal access"
    " token, with enforced single sign-on a personal access token",
    "bad_credentials:pat": "check that this personal access token exists, is active and has not expired, and that"
    " identifier is the user name it belongs to",
    "bad_credentials:oat": "with an organization access token, identifier must be the organization's name; check also"
    " that the token is active and has not expired",
    "otp_required": "give totp_secret, or otp with a current code; or on_otp_required: return, to finish in a later task",
    "otp_invalid": "give a current code: each is good once and for 30 s; a login_2fa_token that is too old is refused"
    " in the same way",
    "otp_invalid:totp": "check that totp_secret belongs to this account and was not replaced by a newer enrollment",
    "locked_out": "wait, without any further login (an hour, if nothing else is said), stop whatever logs in with an"
    " old secret, or reset the password at Docker Hub",
    "rate_limited": "wait, log in less often, or raise max_wait",
    "sso_required": "the organization enforces single sign-on: use a personal access token as secret",
    "forbidden": "check what this account and token are allowed to do; with enforced single sign-on use a personal"
    " access token",
    "invalid_request": "check identifier, secret and hub_url",
    "edge_blocked": "the credential was not checked: set user_agent, or use another outgoing address or proxy",
    "tls": "give the CA that signed the certificate as ca_path, and check hub_url and the clock of this machine",
    "connection": "check network, proxy and hub_url",
    "timeout": "check network and proxy, or raise timeout",
    "server_error": "try again later; known incidents: https://www.dockerstatus.com",
    "bad_answer": "check hub_url and whether a proxy answers in Docker Hub's place",
}

# A result before anything is known; while a second factor is pending there is a login_2fa_token as well.
RESULT: Result = {
    "access_token": None,
    "token_type": "Bearer",
    "issued_at": None,
    "expires_at": None,
    "expires_in": None,
    "identifier": None,
    "username": None,
    "scope": None,
    "source": None,
    "endpoint": None,
    "claims": {},
    "cached": False,
    "otp_required": False,
    "rate_limit": None,
    "warnings": [],
}

_STEP = 30
"""Seconds for which a code is current."""
_MARGIN = 3.0
"""Seconds before the end of a step in which its code is not sent any more: it may die on the way."""


def fetch_token(options: Options, claim: Claim = lambda step: True) -> Result:
    """Logs in and returns the result of the task, ``warnings`` (list of str) included.

    ``options`` come from ``_options.checked``. With ``on_otp_required: return`` and a code wanted, ``access_token`` is
    None and ``login_2fa_token`` is set. Raises ``HubError``, with a hint.
    """
    try:
        with HubClient(options) as client:
            return _log_in(client, options, claim)
    except HubError as error:
        who = plain(options["identifier"] or "this account", options)
        error.message = f"Docker Hub login of {who} failed: {error.message}"
        error.hint = error.hint or _hint(error.code, options)
        raise


def _hint(code: str, options: Options) -> str | None:
    used = "totp" if code == "otp_invalid" and not options["otp"] else secret_kind(options["secret"])
    return HINTS.get(f"{code}:{used}", HINTS.get(code))


def _log_in(client: HubClient, options: Options, claim: Claim) -> Result:
    totp = _totp(options)
    operation = ACCESS_TOKEN if login_method(options) == "access_token" else AUTHENTICATION_TOKEN
    tried = False
    while True:
        pending = options["login_2fa_token"]
        try:
            if not pending:
                return _granted(client, options, client.token(operation, options["identifier"], options["secret"]))
        except OtpRequired as error:
            pending = error.login_2fa_token
            if pending and options["on_otp_required"] == "return" and not (options["otp"] or totp):
                return _pending(options, operation.path, pending)
            if not pending or not (options["otp"] or totp):
                raise
        code, step = _code(client, options, claim, totp)
        try:
            return _granted(client, options, client.token(SECOND_FACTOR, pending, code))
        except HubError as error:
            # A generated code may have been used up by another run, or lost on the way: one more, in the next step.
            again = step is not None and not tried and (isinstance(error, OtpInvalid) or client.retry(error))
            if not again or not client.wait(max(_until_next_step(client), error.retry_in or 0)):
                raise
            tried = True


def _totp(options: Options) -> pyotp.TOTP | None:
    if options["otp"] or not options["totp_secret"]:
        return None
    try:
        import pyotp
    except ImportError as error:
        raise missing_library("pyotp") from error
    return pyotp.TOTP(options["totp_secret"])


def _code(client: HubClient, options: Options, claim: Claim, totp: pyotp.TOTP | None) -> tuple[str, int | None]:
    """The code to send now, and the number of its step (None: it was typed)."""
    if totp is None:
        claim(None)
        return options["otp"], None
    while True:
        left = _until_next_step(client)
        if left < _MARGIN and client.wait(left):
            continue
        step = int(client.server_time() // _STEP)
        if claim(step):
            return totp.generate_otp(step), step
        if not client.wait(left):
            raise OtpRequired(
                "the code of this half minute was already used in this run",
                hint=f"raise max_wait above {_STEP} s, so that the login can wait for the next one",
            )


def _until_next_step(client: HubClient) -> float:
    """Seconds until the next code is surely good, by Docker Hub's clock, which is known to half a second."""
    return _STEP - client.server_time() % _STEP + 0.6


def _granted(client: HubClient, options: Options, answer: Answer) -> Result:
    """The result of a login that gave a token."""
    told = read_token(answer.token, client.server_time())
    if told["username"] and told["username"] != plain(told["username"], options):
        told["username"] = None  # no name that can be shown
    kind = secret_kind(options["secret"])
    told["source"] = told["source"] or (kind if kind != "password" else None)
    warnings = []
    identifier, username = options["identifier"], told["username"]
    if identifier and username and kind != "oat" and "@" not in identifier and identifier.lower() != username.lower():
        # W18: with a personal access token, Docker Hub does not compare the user name strictly.
        warnings.append(f"the token that Docker Hub gave for {identifier} belongs to {username}")
    causes = [name for name in ("otp", "totp_secret") if options[name]]
    causes += ["auth_method"] if options["auth_method"] == "login" else []
    if causes and answer.endpoint == AUTHENTICATION_TOKEN.path:
        warnings.append(
            f"{answer.endpoint} is deprecated by Docker and was not needed, since no second factor was asked for;"
            f" leave out {' and '.join(causes)}"
        )
    return {
        **RESULT,
        **told,
        "access_token": answer.token,
        "identifier": identifier,
        "endpoint": answer.endpoint,
        "rate_limit": answer.rate_limit,
        "warnings": warnings,
    }


def _pending(options: Options, endpoint: str, login_2fa_token: str) -> Result:
    """The result of a login that a later task finishes with a code."""
    known = {"identifier": options["identifier"], "endpoint": endpoint, "login_2fa_token": login_2fa_token}
    return {**RESULT, **known, "otp_required": True, "warnings": []}
