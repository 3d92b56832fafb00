# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of the emulator, with the logins and refusals that every entry point must handle."""

from __future__ import annotations

import typing as t

import hub_emulator

Options = dict[str, t.Any]

TASK = "hubops.dockerhub.dockerhub_token"
TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS

PAT = hub_emulator.MYBOT_PAT
MYBOT = {"identifier": "mybot", "secret": PAT}
MYORG = {"identifier": "myorg", "secret": hub_emulator.MYORG_OAT}
PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
SSOUSER = {"identifier": "ssouser", "secret": "sso-password-1"}
TOTP = {"totp_secret": hub_emulator.MFAUSER_TOTP_SECRET}
WRONG = {"identifier": "mybot", "secret": "not-my-password"}

# Options, the source of the token, and the operation that returns it.
LOGINS: dict[str, tuple[Options, str, str]] = {
    "password": (PLAINUSER, "password", TOKEN),
    "PAT": (MYBOT, "pat", TOKEN),
    "OAT": (MYORG, "oat", TOKEN),
    "PAT with enforced single sign-on": ({**SSOUSER, "secret": hub_emulator.SSOUSER_PAT}, "pat", TOKEN),
    "aliases": ({"username": "plainuser", "password": "plain-password-1"}, "password", TOKEN),
    "deprecated operation": ({**PLAINUSER, "auth_method": "login"}, "password", LOGIN),
    "TOTP secret": ({**MFAUSER, **TOTP}, "password", SECOND_FACTOR),
}

# Options, the code of the error, and the HTTP status.
REFUSALS: dict[str, tuple[Options, str, int]] = {
    "wrong password": ({**PLAINUSER, "secret": "wrong-password"}, "bad_credentials", 401),
    "wrong PAT": ({**MYBOT, "secret": "dckr_pat_wrong"}, "bad_credentials", 401),
    "wrong OAT": ({**MYORG, "secret": "dckr_oat_wrong"}, "bad_credentials", 401),
    "second factor that is hidden": (MFAUSER, "bad_credentials", 401),
    "second factor": ({**MFAUSER, "auth_method": "login"}, "otp_required", 401),
    "wrong code": ({**MFAUSER, "otp": "000000"}, "otp_invalid", 401),
    "enforced single sign-on": (SSOUSER, "sso_required", 403),
}

RESULT_FIELDS = {
    *("access_token", "token_type", "issued_at", "expires_at", "expires_in", "identifier", "username", "scope"),
    *("source", "endpoint", "claims", "cached", "otp_required", "rate_limit"),
}


def account_of(given: Options) -> str:
    """Return the account that these options name."""
    return str(given.get("identifier") or given.get("username"))


def leaked(given: Options, *texts: str) -> list[str]:
    """Return the names of the secret options whose values these texts contain."""
    names = ("secret", "password", "otp", "code", "totp_secret", "login_2fa_token")
    secrets = {name: str(given[name]).strip() for name in names if given.get(name)}
    secrets |= {"a password in a URL": "my-proxy-word", "a token": hub_emulator.MFAUSER_PAT}
    return [name for name, secret in secrets.items() if any(secret in text for text in texts)]


def early_in_a_half_minute(hub: t.Any) -> None:
    """Set the hub's clock far from the end of a half minute, where a login waits for the next code."""
    hub.clock_offset = 10 - hub.now() % 30
