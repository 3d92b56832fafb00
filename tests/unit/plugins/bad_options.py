# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that cannot make a login, and words of the error: which option, what is wrong, what to do."""

from __future__ import annotations

import typing as t

NAME = {"identifier": "mfauser"}
PASSWORD = {**NAME, "secret": "mfa-password-1"}
PAT = "dckr_pat_fake-pat-of-mfauser-0000000"
OAT = {"identifier": "myorg", "secret": "dckr_oat_fake-oat-of-myorg-00000000000000"}

# Copies of an access token that are not exactly the token.
ALTERED_TOKENS = {
    "PAT with a blank": f"{PAT} ",
    "PAT with a blank inside": PAT.replace("-of-", " -of-"),
    "PAT with a no-break space": f"\u00a0{PAT}",
    "PAT in quotes": f"'{PAT}'",
    "PAT in typographic quotes": f"\u201c{PAT}\u201d",
    "PAT with a byte order mark": f"\ufeff{PAT}",
    "PAT with a zero-width space": PAT.replace("_fake", "_\u200bfake"),
    "PAT with a zero-width space in its prefix": PAT.replace("dckr_", "dckr\u200b_"),
    "PAT with an invisible filler in its prefix": PAT.replace("dckr_", "dckr\u034f_"),
    "PAT with a typographic dash": PAT.replace("-pat-", "\u2013pat\u2013"),
    "PAT in full-width letters": PAT.replace("dckr", "\uff44\uff43\uff4b\uff52"),
    "PAT in capital letters": PAT.upper(),
    "PAT copied from Markdown": PAT.replace("_", "\\_"),
    "PAT after a dollar sign": f"${PAT}",
    "PAT as a header": f"Bearer {PAT}",
    "PAT as an assignment": f"DOCKERHUB_TOKEN={PAT}",
    "PAT twice": f"{PAT} {PAT}",
    "PAT pasted twice": PAT + PAT,
}

BAD: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "identifier with a password": (
        {"identifier": "mfauser:mfa-password-1", "secret": "mfa-password-1"},
        ("identifier contains a colon", "give the name alone"),
    ),
    **{
        f"identifier with {name}": (
            {"identifier": f"mfa{char}user", "secret": "mfa-password-1"},
            ("identifier contains an invisible character", "type the name"),
        )
        for name, char in {
            "a tab": "\t",
            "a line end": "\n",
            "an escape character": "\x1b",
            "a byte order mark": "\ufeff",
            "a zero-width space": "\u200b",
            "a no-break space": "\u00a0",
        }.items()
    },
    "short secret": ({**NAME, "secret": "8letters"}, ("secret", "shorter than the nine characters", "check where")),
    "secret with a line break": ({**NAME, "secret": "mfa-password-1\n"}, ("secret", "line break", "trim")),
    **{
        name: (
            {**NAME, "secret": secret},
            ("secret contains an access token with other characters", "give the token alone"),
        )
        for name, secret in ALTERED_TOKENS.items()
    },
    "bearer token as the secret": (
        {**NAME, "secret": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2ln"},
        ("secret is a bearer token, which cannot log in", "give the password or access token"),
    ),
    "OAT in quotes": (
        {**OAT, "secret": f"'{OAT['secret']}'"},
        ("secret contains an access token with other characters", "give the token alone"),
    ),
    "token as the name": (
        {"identifier": PAT, "secret": "mfauser-1"},
        ("identifier contains an access token", "give the token as secret"),
    ),
    "token in quotes as the name": (
        {"identifier": f'"{PAT}"', "secret": "mfauser-1"},
        ("identifier contains an access token", "give the token as secret"),
    ),
    "OAT with a code": ({**OAT, "otp": "123456"}, ("organization access token", "no second factor", "leave out otp")),
    "OAT with the deprecated login": (
        {**OAT, "auth_method": "login"},
        ("organization access token", "login", "set auth_method to access_token"),
    ),
    "code of five digits": ({**PASSWORD, "otp": "98765"}, ("otp must be six digits, but has 5", "quote them")),
    "code that YAML read as a number": ({**PASSWORD, "otp": 5349}, ("otp must be six digits, but has 4", "quote them")),
    "code with a letter": ({**PASSWORD, "otp": "98765x"}, ("otp must be six digits", "as the authenticator app shows")),
    "code in other digits": (
        {**PASSWORD, "otp": "٩٨٧٦٥٤"},
        ("otp must be six digits", "as the authenticator app shows"),
    ),
    "code of hyphens": ({**PASSWORD, "otp": "---"}, ("otp must be six digits", "as the authenticator app shows")),
    "TOTP secret that is not base32": (
        {**PASSWORD, "totp_secret": "JBSWY3DPEHPK3PX1"},
        ("totp_secret", "not base32", "beside the QR code"),
    ),
    "TOTP secret that is a code": (
        {**PASSWORD, "totp_secret": "987654"},
        ("totp_secret", "not base32", "a six-digit code belongs in otp"),
    ),
    "export of an authenticator app": (
        {**PASSWORD, "totp_secret": "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGERvY2tlcg%3D%3D"},
        ("otpauth-migration:// URI", "export of several accounts", "enroll it again"),
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
    "http to Docker Hub": (
        {**PASSWORD, "hub_url": "http://hub.docker.com"},
        ("hub_url", "would send the secret unencrypted", "use https://"),
    ),
    "http to a name that looks local": (
        {**PASSWORD, "hub_url": "http://localhost.example.com"},
        ("hub_url", "would send the secret unencrypted", "use https://"),
    ),
    "host in place of a URL": ({**PASSWORD, "hub_url": "hub.docker.com"}, ("hub_url", "not a URL", "leave it out")),
    "URL with a query": ({**PASSWORD, "hub_url": "https://hub.docker.com/?a=b"}, ("hub_url", "not a URL")),
    "URL with a password": (
        {**PASSWORD, "hub_url": "https://me:my-proxy-word@hub.docker.com"},
        ("hub_url", "contains a user name or password", "identifier and secret"),
    ),
    "port that is not a number": (
        {**PASSWORD, "hub_url": "https://hub.docker.com:port"},
        ("hub_url is not a URL", "https://"),
    ),
    "proxy whose port is not a number": (
        {**PASSWORD, "proxy": "http://proxy.example.com:port"},
        ("proxy is not a URL",),
    ),
    **{
        f"proxy password with an unescaped {char}": (
            {**PASSWORD, "proxy": f"http://me:my-proxy-word{char}1@proxy.example.com:3128"},
            ("proxy contains a user name or password with an unescaped", "# is %23, / is %2F"),
        )
        for char in "#/?@\\[] "
    },
    "proxy user of a Windows domain": (
        {**PASSWORD, "proxy": "http://CORP\\me:my-proxy-word@proxy.example.com:3128"},
        ("proxy contains a user name or password with an unescaped", "\\ is %5C"),
    ),
    "proxy with one slash": ({**PASSWORD, "proxy": "http:/proxy.example.com:3128"}, ("proxy is not a URL",)),
    "proxy in quotes": ({**PASSWORD, "proxy": '"http://proxy.example.com:3128"'}, ("proxy is not a URL",)),
    "proxy of a configuration file": ({**PASSWORD, "proxy": "pac+http://example.com/proxy"}, ("proxy is not a URL",)),
    "proxy with a blank": ({**PASSWORD, "proxy": "http://pro xy.example.com:3128"}, ("proxy is not a URL",)),
    "proxy with a tab": ({**PASSWORD, "proxy": "http://proxy.example.com\t:3128"}, ("proxy is not a URL",)),
    "header of two lines": ({**PASSWORD, "user_agent": "me\r\nX-Other: 1"}, ("user_agent", "HTTP header cannot")),
    "timeout of zero": ({**PASSWORD, "timeout": 0}, ("timeout", "at least 0.001")),
    "timeout without end": ({**PASSWORD, "timeout": "inf"}, ("timeout", "at least 0.001")),
    "negative retries": ({**PASSWORD, "retries": -1}, ("retries", "at least 0 and")),
    "negative max_wait": ({**PASSWORD, "max_wait": -1}, ("max_wait", "at least 0 and")),
    "negative min_ttl": ({**PASSWORD, "min_ttl": -1}, ("min_ttl", "at least 0 and")),
    "negative refusal_ttl": ({**PASSWORD, "refusal_ttl": -1}, ("refusal_ttl", "at least 0 and")),
}

# Only the task has these options.
BAD_IN_TASKS: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "second step without a code": (
        {"login_2fa_token": "pending-login-1"},
        ("login_2fa_token", "requires a code", "add otp (six digits) or totp_secret"),
    ),
    "OAT in two tasks": (
        {**OAT, "on_otp_required": "return"},
        ("no second factor", "leave out otp, totp_secret and on_"),
    ),
}

# Values of a wrong type or choice, which Ansible's own validation finds.
BAD_VALUES: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "timeout in words": ({**PASSWORD, "timeout": "soon"}, ("timeout must be a number",)),
    "retries in words": ({**PASSWORD, "retries": "one"}, ("retries must be a whole number",)),
    "boolean in words": ({**PASSWORD, "validate_certs": "perhaps"}, ("validate_certs must be true or false",)),
    "unknown method": ({**PASSWORD, "auth_method": "basic"}, ("auth_method must be one of auto, access_token, login",)),
}
