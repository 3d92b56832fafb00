# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that cannot make a login, with words that the message of every entry point must contain."""

from __future__ import annotations

import typing as t

NAME = {"identifier": "mfauser"}
PASSWORD = {**NAME, "secret": "mfa-password-1"}
OAT = {"identifier": "myorg", "secret": "dckr_oat_fake-oat-of-myorg-00000000000000"}

BAD: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "short secret": ({**NAME, "secret": "8letters"}, ("secret", "shorter than the nine characters", "check where")),
    "secret with a line break": ({**NAME, "secret": "mfa-password-1\n"}, ("secret", "line break", "trim")),
    "PAT with a blank": (
        {**NAME, "secret": "dckr_pat_fake-pat-of-mfauser-0000000 "},
        ("secret contains an access token with other characters", "give the token alone"),
    ),
    "OAT in quotes": (
        {**OAT, "secret": f"'{OAT['secret']}'"},
        ("secret contains an access token with other characters",),
    ),
    "OAT with a code": ({**OAT, "otp": "123456"}, ("organization access token", "no second factor", "leave out otp")),
    "OAT with the old login": (
        {**OAT, "auth_method": "login"},
        ("organization access token", "login", "set auth_method to access_token"),
    ),
    "code of five digits": ({**PASSWORD, "otp": "98765"}, ("otp", "six digits", "has 5", "quote them")),
    "code that YAML read as a number": ({**PASSWORD, "otp": 5349}, ("otp", "six digits", "has 4", "quote them")),
    "code with a letter": (
        {**PASSWORD, "otp": "98765x"},
        ("otp must be six digits", "as the authenticator app shows it"),
    ),
    "code in other digits": (
        {**PASSWORD, "otp": "٩٨٧٦٥٤"},
        ("otp must be six digits", "as the authenticator app shows it"),
    ),
    "TOTP secret that is no base32": (
        {**PASSWORD, "totp_secret": "JBSWY3DPEHPK3PX1"},
        ("totp_secret", "not base32", "beside the QR code"),
    ),
    "TOTP secret that is a code": (
        {**PASSWORD, "totp_secret": "987654"},
        ("totp_secret", "not base32", "belongs in otp"),
    ),
    "otpauth URI of a counter": (
        {**PASSWORD, "totp_secret": "otpauth://hotp/Docker:me?secret=JBSWY3DPEHPK3PXP&counter=1"},
        ("totp_secret", "not for Docker Hub's codes", "QR code"),
    ),
    "otpauth URI of eight digits": (
        {**PASSWORD, "totp_secret": "otpauth://totp/Docker:me?secret=JBSWY3DPEHPK3PXP&digits=8"},
        ("totp_secret", "not for Docker Hub's codes", "QR code"),
    ),
    "otpauth URI without a secret": (
        {**PASSWORD, "totp_secret": "otpauth://totp/Docker:me"},
        ("totp_secret", "not for Docker Hub's codes", "QR code"),
    ),
    "plain http": (
        {**PASSWORD, "hub_url": "http://hub.docker.com"},
        ("hub_url", "would send the secret unencrypted", "use https://"),
    ),
    "http to a name that only looks local": (
        {**PASSWORD, "hub_url": "http://localhost.example.com"},
        ("hub_url", "would send the secret unencrypted", "use https://"),
    ),
    "no URL": ({**PASSWORD, "hub_url": "hub.docker.com"}, ("hub_url", "not a URL", "leave it out")),
    "URL with a query": ({**PASSWORD, "hub_url": "https://hub.docker.com/?a=b"}, ("hub_url", "not a URL")),
    "URL with a password": (
        {**PASSWORD, "hub_url": "https://me:my-proxy-word@hub.docker.com"},
        ("hub_url", "contains a user name or password", "identifier and secret"),
    ),
    "port that is none": ({**PASSWORD, "hub_url": "https://hub.docker.com:port"}, ("hub_url is not a URL", "https://")),
    "proxy whose port is none": ({**PASSWORD, "proxy": "http://proxy.example.com:port"}, ("proxy is not a URL",)),
    "header of two lines": ({**PASSWORD, "user_agent": "me\r\nX-Other: 1"}, ("user_agent", "HTTP header cannot")),
    "no time at all": ({**PASSWORD, "timeout": 0}, ("timeout", "at least 0.001")),
    "endless time": ({**PASSWORD, "timeout": "inf"}, ("timeout", "at least 0.001")),
    "fewer retries than none": ({**PASSWORD, "retries": -1}, ("retries", "at least 0 and")),
    "negative wait": ({**PASSWORD, "max_wait": -1}, ("max_wait", "at least 0 and")),
    "negative life": ({**PASSWORD, "min_ttl": -1}, ("min_ttl", "at least 0 and")),
    "negative guard": ({**PASSWORD, "refusal_ttl": -1}, ("refusal_ttl", "at least 0 and")),
}

# Options that only the task has.
BAD_IN_TASKS: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "second step without a code": (
        {"login_2fa_token": "pending-login-1"},
        ("login_2fa_token", "needs a code", "add otp (six digits) or totp_secret"),
    ),
    "OAT in two tasks": (
        {**OAT, "on_otp_required": "return"},
        ("no second factor", "leave out otp, totp_secret and on_"),
    ),
}

# Values of a wrong type or choice, which Ansible's own validation finds.
BAD_VALUES: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "time in words": ({**PASSWORD, "timeout": "soon"}, ("timeout must be a number",)),
    "half a retry": ({**PASSWORD, "retries": "one"}, ("retries must be a whole number",)),
    "perhaps": ({**PASSWORD, "validate_certs": "perhaps"}, ("validate_certs must be true or false",)),
    "unknown method": ({**PASSWORD, "auth_method": "basic"}, ("auth_method must be one of auto, access_token, login",)),
}


def leaks(given: dict[str, t.Any], said: str) -> list[str]:
    """The names of the secrets among these options that a text holds."""
    secrets = {**{name: given.get(name) for name in ("secret", "otp", "totp_secret", "login_2fa_token")}}
    return [name for name, value in secrets.items() if value and str(value).strip() in said] + (
        ["a password in a URL"] if "my-proxy-word" in said else []
    )
