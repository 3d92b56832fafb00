# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a login, and the rules between them.

Without regular expressions where options are good: each use of a lookup is a process of its own, and to compile one there
would take longer than all the rest of a reused token.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import html
import json
import re
import typing as t
from urllib.parse import parse_qs, quote, quote_plus, unquote, urlsplit

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions

Options = dict[str, t.Any]
Result = dict[str, t.Any]
Claim = t.Callable[[t.Optional[int]], bool]
"""Takes a code before it is sent, for Docker Hub takes none twice (W21): that of a 30 s step, by the step's number (False:
it is used up), or the typed one (None; raises ``OtpRequired`` if it is)."""

TOKEN_SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "identifier": {"type": "str", "aliases": ["username"]},
        "secret": {"type": "str", "no_log": True, "aliases": ["password"]},
        "otp": {"type": "str", "no_log": True, "aliases": ["code"]},
        "totp_secret": {"type": "str", "no_log": True},
        "login_2fa_token": {"type": "str", "no_log": True},
        "on_otp_required": {"type": "str", "choices": ["fail", "return"], "default": "fail"},
        "auth_method": {"type": "str", "choices": ["auto", "access_token", "login"], "default": "auto"},
        "login_from": {"type": "str", "choices": ["controller", "target"], "default": "controller"},
        "hub_url": {"type": "str", "default": "https://hub.docker.com"},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "proxy": {"type": "str"},
        "user_agent": {"type": "str"},
        "timeout": {"type": "float", "default": 30.0},
        "retries": {"type": "int", "default": 3},
        "max_wait": {"type": "int", "default": 60},
        "cache": {"type": "bool", "default": True},
        "min_ttl": {"type": "int", "default": 60},
        "refusal_ttl": {"type": "int", "default": 900},
    },
    "required_one_of": [["identifier", "login_2fa_token"], ["secret", "login_2fa_token"]],
}

_NO_LOG = [name for name, row in TOKEN_SPEC["argument_spec"].items() if row.get("no_log")]
# Colours, movements and titles of a terminal.
_ESCAPE = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
# Whoever it belongs to: an access token of Docker Hub, or a bearer token.
_TOKEN = r"dckr_[a-z]+_[\w-]+|eyJ[\w-]+(?:\.[\w-]+)+"
_MOST_SEARCHED = 4000  # characters: that search may take the square of it
_LIMITS = {"timeout": 0.001, "retries": 0, "max_wait": 0, "min_ttl": 0, "refusal_ttl": 0}
_MOST = 1_000_000  # eleven days; some more and the system's clocks overflow
LONGEST_PAUSE = 8.0
"""Seconds before a request is sent again, at most."""


def has_factor(options: Options) -> bool:
    """Whether these options hold what a second factor needs."""
    return bool(options["otp"] or options["totp_secret"] or options["login_2fa_token"])


def login_method(options: Options) -> str:
    """``access_token`` or ``login``: what ``auth_method`` comes to with these options."""
    if options["auth_method"] != "auto":
        return str(options["auth_method"])
    return "login" if has_factor(options) or options["on_otp_required"] == "return" else "access_token"


def secret_kind(secret: str | None) -> str:
    """``pat``, ``oat`` or ``password``, told by the prefix (W18)."""
    return {"dckr_pat_": "pat", "dckr_oat_": "oat"}.get((secret or "")[:9], "password")


def longest_login(options: Options) -> float:
    """Seconds that a login takes at the very most, name resolution and dripped headers apart.

    Each request may use ``timeout`` three times: to connect, for a silence, for the body. A second factor takes two
    requests, twice where a generated code is refused.
    """
    requests = 4 if login_method(options) == "login" or has_factor(options) else 1
    tries = requests + options["retries"]
    return float(tries * 3 * options["timeout"] + options["retries"] * LONGEST_PAUSE + options["max_wait"])


def _in_one_line(text: str) -> str:
    return "".join(char for char in " ".join(re.sub(_ESCAPE, "", text).split()) if char.isprintable())


def plain(text: str, options: Options, limit: int = 200) -> str:
    """Foreign text made fit to print: one line, no control characters, no secret of these options, not too long."""
    given = {str(options[name]) for name in _NO_LOG if options.get(name)}
    with contextlib.suppress(ValueError):
        given.add(unquote(urlsplit(options.get("proxy") or "").password or ""))
    given |= {_in_one_line(secret) for secret in given}
    secrets = given - {""}
    for one in given:
        secrets |= {
            json.dumps(one)[1:-1],
            repr(one)[1:-1],
            html.escape(one),
            html.escape(one).replace("&quot;", "&#34;"),
        }
        secrets |= {change(one, safe=safe, errors="replace") for change in (quote, quote_plus) for safe in ("", "/")}
    secrets.discard("")
    text = _in_one_line(text)
    words = "|".join(map(re.escape, sorted(secrets, key=len, reverse=True)))
    text = re.sub(words, "********", text, flags=re.IGNORECASE) if words else text
    text = re.sub(_TOKEN, "********", text[:_MOST_SEARCHED], flags=re.IGNORECASE)
    return text if len(text) <= limit else text[:limit].rstrip() + "…"


def totp_seed(text: str) -> str:
    """The base32 seed in a TOTP secret: spaces, hyphens and case do not matter, an ``otpauth://`` URI is taken apart."""
    if text.lower().startswith("otpauth:"):
        try:
            uri = urlsplit(text)
        except ValueError:
            uri = urlsplit("")
        settings = {name: values[0] for name, values in parse_qs(uri.query).items()}
        fixed = {"digits": "6", "period": "30", "algorithm": "SHA1"}
        odd = [name for name, value in fixed.items() if settings.get(name, value).upper() != value]
        if uri.netloc.lower() != "totp" or odd or "secret" not in settings:
            raise InvalidOptions(
                "totp_secret is an otpauth:// URI, but not for Docker Hub's codes (TOTP, SHA1, 6 digits, 30 s)",
                hint="give the URI of the QR code that Docker Hub showed, or the base32 text beside it",
            )
        text = settings["secret"]
    seed = re.sub(r"[\s=-]", "", text).upper()
    try:
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except (binascii.Error, ValueError):
        raw = b""
    if not raw:
        raise InvalidOptions(
            "totp_secret is not base32 (letters A to Z and digits 2 to 7)",
            hint="give the text that Docker Hub shows beside the QR code, not a six-digit code: that one is otp",
        )
    # pyotp refuses keys under 112 bits, which exist; zeros at the end of a key change nothing in HMAC.
    return base64.b32encode(raw.ljust(15, b"\0")).decode().rstrip("=")


def _require_login(options: Options) -> None:
    """Raises ``InvalidOptions`` where there is nothing to log in with."""
    if options.get("login_2fa_token"):
        return
    for name, variables, environment in (
        ("identifier", "dockerhub_identifier", "DOCKERHUB_USERNAME"),
        ("secret", "dockerhub_secret", "DOCKERHUB_PASSWORD"),
    ):
        if not options.get(name):
            raise InvalidOptions(
                f"{name} is missing",
                hint=f"give it as an option, as the variable {variables} or in the environment as {environment}",
            )
    if secret_kind(options["identifier"]) != "password":
        raise InvalidOptions(
            "identifier holds an access token, not a name",
            hint="give the token as secret, and whose it is as identifier",
        )


def checked(options: Options) -> Options:
    """These options, tidied up, defaults in place of empty ones; raises ``InvalidOptions`` where they make no login."""
    given = {name: value for name, value in options.items() if value is not None and value != ""}
    options = {name: given.get(name, row.get("default")) for name, row in TOKEN_SPEC["argument_spec"].items()}
    options["identifier"] = (options["identifier"] or "").strip() or None
    _require_login(options)
    _check_numbers(options)
    _check_urls(options)
    options["hub_url"] = _one_spelling(options["hub_url"])
    _check_factor(options)
    _check_secret(options)
    return options


def _check_numbers(options: Options) -> None:
    for name, least in _LIMITS.items():
        if not least <= options[name] <= _MOST:
            raise InvalidOptions(
                f"{name} must be at least {least} and at most {_MOST}",
                hint="correct it, or leave it out for the default",
            )


def _check_urls(options: Options) -> None:
    for name in ("hub_url", "proxy"):
        try:
            _port = urlsplit(options[name] or "").port
        except ValueError:
            raise InvalidOptions(f"{name} is not a URL", hint="write it as https://host:port") from None
    agent = options["user_agent"] or ""
    if not (agent.isascii() and agent.isprintable()):
        raise InvalidOptions("user_agent has characters that an HTTP header cannot hold", hint="use plain ASCII text")


def _is_loopback(host: str) -> bool:
    parts = host.split(".")
    return host in ("localhost", "::1") or (parts[0] == "127" and len(parts) == 4 and all(map(str.isdigit, parts)))


def _one_spelling(hub_url: str) -> str:
    """The same URL for the same hub, since it is part of what a credential is known by."""
    hub_url = hub_url.strip().rstrip("/")
    url = urlsplit(hub_url)
    host = url.hostname or ""
    clean = hub_url.isascii() and hub_url.isprintable() and " " not in hub_url
    if url.scheme not in ("http", "https") or not host or url.query or url.fragment or not clean:
        raise InvalidOptions("hub_url is not a URL of the form https://host", hint="leave it out for Docker Hub")
    if "@" in url.netloc:
        raise InvalidOptions("hub_url holds a user name or password", hint="give them as identifier and secret")
    if url.scheme == "http" and not _is_loopback(host):
        raise InvalidOptions(
            "hub_url starts with http://, which would send the secret unencrypted", hint="use https:// instead"
        )
    port = "" if url.port in (None, {"http": 80, "https": 443}[url.scheme]) else f":{url.port}"
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}{url.path}"


def _check_factor(options: Options) -> None:
    otp = options["otp"]
    if otp and not re.fullmatch(r"[0-9]+", otp):
        raise InvalidOptions("otp must be six digits and nothing else", hint="give the code as the app shows it")
    if otp and len(otp) != 6:
        raise InvalidOptions(
            f"otp must be six digits, but has {len(otp)} characters",
            hint="give all six, and in a file quote it: YAML reads a bare number with a leading 0 as another number",
        )
    if options["totp_secret"]:
        options["totp_secret"] = totp_seed(options["totp_secret"])
    if options["login_2fa_token"] and not (otp or options["totp_secret"]):
        raise InvalidOptions(
            "login_2fa_token finishes a login and needs a code", hint="add otp (six digits) or totp_secret"
        )


def _check_secret(options: Options) -> None:
    if options["login_2fa_token"]:
        return
    secret, method = options["secret"], login_method(options)
    if any(char < " " or "\x7f" <= char < "\xa0" or char in "\u2028\u2029" for char in secret):
        raise InvalidOptions(
            "secret holds a line break or another control character", hint="strip it, with the trim filter for example"
        )
    bare = secret.strip(" '\"")
    if bare != secret and secret_kind(bare) != "password":
        raise InvalidOptions("secret is an access token with blanks or quotes around it", hint="remove them")
    if secret_kind(secret) == "oat" and method == "login":
        raise InvalidOptions(
            "an organization access token has no second factor and cannot be used with the login method",
            hint="leave out otp, totp_secret and on_otp_required, and set auth_method to access_token",
        )
    if method == "access_token" and len(secret) < 9:
        # W8: the API says the same of such a secret.
        raise InvalidOptions(
            "secret is shorter than the nine characters that Docker Hub asks for", hint="check where it comes from"
        )
