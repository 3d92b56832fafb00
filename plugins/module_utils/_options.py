# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a login: their specification, their normal form, the rules between them."""

from __future__ import annotations

import re
import typing as t
import unicodedata
from urllib.parse import urlsplit

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import TokenContent
from ansible_collections.hubops.dockerhub.plugins.module_utils._totp import totp_seed

_SHARED: dict[str, t.Any] = {
    "identifier": {"type": "str", "aliases": ["username"]},
    "secret": {"type": "str", "no_log": True, "aliases": ["password"]},
    "otp": {"type": "str", "no_log": True, "aliases": ["code"]},
    "totp_secret": {"type": "str", "no_log": True},
    "docker_config": {"type": "path"},
    "auth_method": {"type": "str", "choices": ["auto", "access_token", "login"], "default": "auto"},
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
}

TOKEN_SPEC: dict[str, t.Any] = {
    **_SHARED,
    "login_2fa_token": {"type": "str", "no_log": True},
    "on_otp_required": {"type": "str", "choices": ["fail", "return"], "default": "fail"},
    "login_from": {"type": "str", "choices": ["controller", "target"], "default": "controller"},
}
"""The options of the task ``dockerhub_token``."""

CONNECTION_SPEC: dict[str, t.Any] = {**_SHARED, "access_token": {"type": "str", "no_log": True}}
"""The options that each resource task takes to reach Docker Hub."""

_ALL = {**CONNECTION_SPEC, **TOKEN_SPEC}
_DEFAULTS = {name: row.get("default") for name, row in _ALL.items()}
_TEXTS = [name for name, row in _ALL.items() if row["type"] in ("str", "path")]
_AT_LEAST = {"timeout": 0.001, "retries": 0, "max_wait": 0, "min_ttl": 0, "refusal_ttl": 0}
_AT_MOST = 1_000_000  # seconds, which are eleven days; much larger numbers overflow the clocks of the system
LONGEST_PAUSE = 8.0
"""The longest pause before a request is sent again, in seconds."""


class Options(t.TypedDict):
    """The options of a login in their normal form."""

    identifier: str | None
    secret: str | None
    otp: str | None
    totp_secret: str | None
    docker_config: str | None
    access_token: str | None
    login_2fa_token: str | None
    on_otp_required: str
    auth_method: str
    login_from: str
    hub_url: str
    validate_certs: bool
    ca_path: str | None
    proxy: str | None
    user_agent: str | None
    timeout: float
    retries: int
    max_wait: int
    cache: bool
    min_ttl: int
    refusal_ttl: int


class TokenResult(TokenContent, total=False):
    """The result of a login. ``warnings`` are texts for the user; the task's RETURN describes the other fields."""

    access_token: str | None
    token_type: str
    identifier: str | None
    endpoint: str | None
    cached: bool
    otp_required: bool
    login_2fa_token: str
    rate_limit: t.Mapping[str, t.Any] | None
    warnings: list[str]


ReserveCode = t.Callable[[t.Optional[int]], bool]
"""Reserve a code before it is sent, because Docker Hub may accept each code only once.

The argument is the number of the 30 s step of a generated code (returns False if that code is used up), or None for a typed
code (raises ``OtpRequired`` if it was sent before).
"""


def has_second_factor(options: Options) -> bool:
    """Return whether these options contain a code, a TOTP secret, or the token of a login that waits for a code."""
    return bool(options["otp"] or options["totp_secret"] or options["login_2fa_token"])


def login_method(options: Options) -> str:
    """Return the login method, ``access_token`` or ``login``; ``auto`` is resolved by the other options."""
    if options["auth_method"] != "auto":
        return options["auth_method"]
    return "login" if has_second_factor(options) or options["on_otp_required"] == "return" else "access_token"


def secret_kind(secret: str | None) -> str:
    """Return ``pat``, ``oat`` or ``password``, by the prefix of the secret."""
    return {"dckr_pat_": "pat", "dckr_oat_": "oat"}.get((secret or "")[:9], "password")


def longest_login(options: Options) -> float:
    """Return the longest time of a login in seconds, without name resolution and slow headers.

    Each request may use ``timeout`` three times (to connect, for a silence, for the body), and once more for each address
    that does not answer, of which three are assumed. A login with a code takes two requests, or four if a generated code is
    refused.
    """
    requests = 4 if login_method(options) == "login" or has_second_factor(options) else 1
    tries = requests + options["retries"]
    return tries * 6 * options["timeout"] + options["retries"] * LONGEST_PAUSE + options["max_wait"]


def normalize_options(raw: t.Mapping[str, t.Any]) -> Options:
    """Return the options in their normal form, with defaults in place of empty values.

    Raises ``InvalidOptions`` if no login is possible with them.
    """
    values = {name: default if raw.get(name) in (None, "") else raw[name] for name, default in _DEFAULTS.items()}
    values["identifier"] = (values["identifier"] or "").strip() or None
    options = t.cast(Options, values)
    _check_texts(values)
    _require_credential(options)
    _check_numbers(values)
    options["proxy"] = proxy_url(options["proxy"]) if options["proxy"] else None
    _check_user_agent(options["user_agent"] or "")
    options["hub_url"] = _normal_url(options["hub_url"])
    _check_second_factor(options)
    _check_access_token(options["access_token"] or "")
    _check_secret(options)
    return options


def _check_texts(values: t.Mapping[str, t.Any]) -> None:
    for name in _TEXTS:
        try:
            str(values[name] or "").encode()
        except UnicodeEncodeError:
            raise InvalidOptions(
                f"{name} contains bytes that are not valid UTF-8 text", hint="check where the value comes from"
            ) from None


def _require_credential(options: Options) -> None:
    if options["login_2fa_token"] or options["access_token"]:
        return
    for name, value, variable, environment in (
        ("identifier", options["identifier"], "dockerhub_identifier", "DOCKERHUB_USERNAME"),
        ("secret", options["secret"], "dockerhub_secret", "DOCKERHUB_PASSWORD"),
    ):
        if not value:
            raise InvalidOptions(
                f"{name} is missing",
                hint=f"give it as an option, as the variable {variable} or as {environment} in the environment of the"
                " controller (the keyword 'environment' does not reach it)",
            )
    if _contains_token(options["identifier"] or ""):
        raise InvalidOptions(
            "identifier contains an access token instead of a name",
            hint="give the token as secret, and the name of its owner as identifier",
        )
    if not (options["identifier"] or "").isprintable():
        raise InvalidOptions(
            "identifier contains an invisible character, such as a line end, a tab or a byte order mark",
            hint="type the name instead of pasting it, or check the file that it comes from",
        )
    if ":" in (options["identifier"] or ""):
        raise InvalidOptions(
            "identifier contains a colon",
            hint="give the name alone as identifier, and what follows the colon as secret",
        )


def _check_numbers(values: t.Mapping[str, t.Any]) -> None:
    for name, least in _AT_LEAST.items():
        if not least <= values[name] <= _AT_MOST:
            raise InvalidOptions(
                f"{name} must be at least {least} and at most {_AT_MOST}",
                hint="correct it, or leave it out for the default",
            )


def proxy_url(proxy: str) -> str:
    """Return the URL of a proxy, with a scheme; raise ``InvalidOptions`` if no request can use it."""
    proxy = proxy.strip()
    url = proxy if re.match(r"\w+://|https?:/", proxy, re.IGNORECASE) else f"http://{proxy}"
    login = url.partition("://")[2].rpartition("@")[0]
    if any(char in r"#/?@\[] " for char in login):  # the host name would begin or end there
        raise InvalidOptions(
            r"the proxy contains a user name or password with an unescaped #, /, ?, @, \, [, ] or blank",
            hint="percent-encode it in proxy or HTTPS_PROXY: # is %23, / is %2F, ? is %3F, @ is %40, \\ is %5C, [ is %5B,"
            " ] is %5D, a blank is %20",
        )
    try:
        has_host = re.fullmatch(r"[\w.:%-]+", urlsplit(url).hostname or "")
        is_usable = has_host and urlsplit(url).port != 0 and url.isprintable()
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidOptions(
            "the proxy is not a URL with a host", hint="write proxy or HTTPS_PROXY as http://proxy.example.com:3128"
        )
    return url


def _check_user_agent(user_agent: str) -> None:
    if not (user_agent.isascii() and user_agent.isprintable()):
        raise InvalidOptions(
            "user_agent contains characters that an HTTP header cannot contain", hint="use plain ASCII text"
        )


def _is_loopback(host: str) -> bool:
    parts = host.split(".")
    return host in ("localhost", "::1") or (parts[0] == "127" and len(parts) == 4 and all(map(str.isdigit, parts)))


def _normal_url(hub_url: str) -> str:
    """Return the URL in a single spelling, because the key of a credential contains it."""
    hub_url = hub_url.strip().rstrip("/")
    try:
        url = urlsplit(hub_url)
        host, port_number = url.hostname or "", url.port
    except ValueError:
        raise InvalidOptions("hub_url is not a URL", hint="write it as https://host:port") from None
    clean = hub_url.isascii() and hub_url.isprintable() and " " not in hub_url
    if url.scheme not in ("http", "https") or not host or url.query or url.fragment or not clean:
        raise InvalidOptions("hub_url is not a URL of the form https://host", hint="leave it out for Docker Hub")
    if "@" in url.netloc:
        raise InvalidOptions("hub_url contains a user name or password", hint="give them as identifier and secret")
    if url.scheme == "http" and not _is_loopback(host):
        raise InvalidOptions(
            "hub_url starts with http://, which would send the secret unencrypted", hint="use https:// instead"
        )
    port = "" if port_number in (None, {"http": 80, "https": 443}[url.scheme]) else f":{port_number}"
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}{url.path}"


def _check_second_factor(options: Options) -> None:
    otp = re.sub(r"[\s-]", "", options["otp"] or "") or options["otp"]
    if otp and not re.fullmatch(r"[0-9]+", otp):
        raise InvalidOptions("otp must be six digits", hint="give the code as the authenticator app shows it")
    if otp and len(otp) != 6:
        raise InvalidOptions(
            f"otp must be six digits, but has {len(otp)}",
            hint="give all six, and quote them in a file: YAML reads a number with a leading 0 as another number",
        )
    options["otp"] = otp
    if options["totp_secret"]:
        options["totp_secret"] = totp_seed(options["totp_secret"])
    if options["login_2fa_token"] and not (otp or options["totp_secret"]):
        raise InvalidOptions(
            "login_2fa_token completes a login and requires a code", hint="add otp (six digits) or totp_secret"
        )


def _check_access_token(token: str) -> None:
    if _contains_token(token):
        raise InvalidOptions(
            "access_token is a personal or organization access token, which is not accepted as a bearer token",
            hint="give it as secret, together with identifier, so that the task logs in with it",
        )
    if token and not re.fullmatch(r"[!-~]+", token):
        raise InvalidOptions(
            "access_token contains blanks or other characters that no bearer token contains",
            hint="give the access_token of a login, without 'Bearer' and quotes",
        )


def _check_secret(options: Options) -> None:
    if options["login_2fa_token"] or options["access_token"]:
        return
    secret, method = options["secret"] or "", login_method(options)
    if any(char < " " or "\x7f" <= char < "\xa0" or char in "\u2028\u2029" for char in secret):
        raise InvalidOptions(
            "secret contains a line break or another control character",
            hint="remove it, for example with the trim filter",
        )
    if _contains_token(secret) and not re.fullmatch(r"dckr_(pat|oat)_(?!.*dckr_)[A-Za-z0-9_-]+", secret):
        raise InvalidOptions(
            "secret contains an access token with other characters around or inside it",
            hint="give the token alone: dckr_pat_ or dckr_oat_ and what follows, without blanks, quotes or a prefix",
        )
    if re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", secret):
        raise InvalidOptions(
            "secret is a bearer token, which cannot log in",
            hint="give the password or access token that the bearer token was made with",
        )
    if secret_kind(secret) == "oat" and method == "login":
        raise InvalidOptions(
            "an organization access token has no second factor and cannot be used with the login method",
            hint="leave out otp, totp_secret and on_otp_required, and set auth_method to access_token",
        )
    if method == "access_token" and len(secret) < 9:  # Docker Hub refuses it for the same reason
        raise InvalidOptions(
            "secret is shorter than the nine characters that Docker Hub requires", hint="check where it comes from"
        )


def _contains_token(text: str) -> bool:
    """Return whether a text contains an access token, even with other characters around or inside it."""
    letters = re.sub(r"[^A-Za-z0-9_-]", "", unicodedata.normalize("NFKC", text))
    return re.search(r"dckr_(pat|oat)_", letters, re.IGNORECASE) is not None
