# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of the emulator as options of a login, and the logins that hold for every entry point."""

from __future__ import annotations

import typing as t

import hub_emulator

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
SEED = hub_emulator.MFAUSER_TOTP_SECRET

PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
MYBOT_PASSWORD = {"identifier": "mybot", "secret": "mybot-password-1"}
MYORG = {"identifier": "myorg", "secret": hub_emulator.MYORG_OAT}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
MFAUSER_PAT = {"identifier": "mfauser", "secret": hub_emulator.MFAUSER_PAT}
MFAUSER_TOTP = {**MFAUSER, "totp_secret": SEED}
SSOUSER = {"identifier": "ssouser", "secret": "sso-password-1"}
SSOUSER_PAT = {"identifier": "ssouser", "secret": hub_emulator.SSOUSER_PAT}


class Success(t.NamedTuple):
    """A login that works: its options, and the source and the endpoint in the result."""

    options: dict[str, t.Any]
    source: str
    endpoint: str


LOGINS = {
    "password": Success(PLAINUSER, "password", TOKEN),
    "personal access token": Success(MYBOT, "pat", TOKEN),
    "organization access token": Success(MYORG, "oat", TOKEN),
    "personal access token with single sign-on": Success(SSOUSER_PAT, "pat", TOKEN),
    "password with a TOTP secret": Success(MFAUSER_TOTP, "password", SECOND_FACTOR),
}


class Refusal(t.NamedTuple):
    """A login that Docker Hub refuses: its options, the ``error`` of the result, and words of its hint."""

    options: dict[str, t.Any]
    code: str
    status: int
    hint: str


REFUSALS = {
    "wrong password": Refusal(
        {**PLAINUSER, "secret": "wrong-password"},
        "bad_credentials",
        401,
        "with a second factor give totp_secret or use a personal access token",
    ),
    "wrong personal access token": Refusal(
        {**MYBOT, "secret": "dckr_pat_wrong"}, "bad_credentials", 401, "exists, is active and has not expired"
    ),
    "organization access token of another name": Refusal(
        {**MYORG, "identifier": "mybot"}, "bad_credentials", 401, "identifier must be the name of the organization"
    ),
    "wrong password at the deprecated login": Refusal(
        {**PLAINUSER, "secret": "wrong", "auth_method": "login"}, "bad_credentials", 401, "check identifier and secret"
    ),
    "password without the second factor": Refusal(
        MFAUSER, "bad_credentials", 401, "with a second factor give totp_secret"
    ),
    "deprecated login without a code": Refusal(
        {**MFAUSER, "auth_method": "login"}, "otp_required", 401, "give totp_secret, or otp with a current code"
    ),
    "wrong code": Refusal({**MFAUSER, "otp": "000000"}, "otp_invalid", 401, "each is valid once and for 30 s"),
    "TOTP secret of another account": Refusal(
        {**MFAUSER, "totp_secret": "GEZDGNBVGY3TQOJQ", "max_wait": 0},
        "otp_invalid",
        401,
        "check that totp_secret belongs to this account",
    ),
    "password with single sign-on": Refusal(SSOUSER, "sso_required", 403, "use a personal access token as secret"),
    "deprecated login with single sign-on": Refusal(
        {**SSOUSER, "auth_method": "login"}, "sso_required", 403, "use a personal access token as secret"
    ),
}

# Only the task can complete a login of an earlier task.
REFUSALS_IN_TASKS = {
    "unknown intermediate token": Refusal(
        {"login_2fa_token": "unknown", "otp": "123456"}, "otp_invalid", 401, "a login_2fa_token that is too old"
    ),
}
