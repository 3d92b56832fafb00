# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redact foreign text before it is printed."""

from __future__ import annotations

import html
import json
import re
import typing as t
from urllib.parse import quote, quote_plus, unquote, urlsplit

# Colours, cursor movements and titles of a terminal.
_ESCAPE_SEQUENCE = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
# Any access token of Docker Hub, any bearer token, and user name and password in a URL, also of other accounts.
_ANY_SECRET = r"dckr_[a-z]+_[\w-]+|eyJ[\w-]+(?:\.[\w-]+)+|(?<=://)[^\s/:@]*:[^\s/@]*(?=@)"
_SEARCH_LIMIT = 4000  # characters, because the search for tokens may take quadratic time
_MASK = "********"


def printable(text: str, secrets: t.Iterable[str] = (), limit: int = 200) -> str:
    """Return ``text`` in one line, without control characters and secrets, cut to ``limit`` characters.

    Each secret is masked in its usual spellings as well: URL-encoded, as JSON, as HTML, as a Python literal. Access tokens,
    bearer tokens and passwords in URLs are masked even if they are not listed.
    """
    text = _in_one_line(text)
    longest_first = sorted(spellings(secrets), key=len, reverse=True)
    if longest_first:
        text = re.sub("|".join(map(re.escape, longest_first)), _MASK, text, flags=re.IGNORECASE)
    text = re.sub(_ANY_SECRET, _MASK, text[:_SEARCH_LIMIT], flags=re.IGNORECASE)
    return text if len(text) <= limit else text[:limit].rstrip() + "…"


def secrets_of(options: t.Mapping[str, t.Any]) -> list[str]:
    """Return the secrets among these options, the password of the proxy included."""
    names = ("secret", "otp", "totp_secret", "login_2fa_token", "access_token")
    found = [str(options[name]) for name in names if options.get(name)]
    try:
        password = urlsplit(options.get("proxy") or "").password
    except ValueError:
        password = None
    return [*found, unquote(password)] if password else found


def spellings(secrets: t.Iterable[str]) -> set[str]:
    """Return these secrets as URLs, JSON, HTML and Python contain them."""
    given = {*secrets}
    given |= {_in_one_line(secret) for secret in given}
    found = set(given)
    for secret in given:
        as_json = {json.dumps(secret, ensure_ascii=only_ascii)[1:-1] for only_ascii in (True, False)}
        as_html = {html.escape(secret), html.escape(secret).replace("&#x27;", "&#39;")}
        found |= as_json | {re.sub("[<>&]", lambda char: f"\\u{ord(char[0]):04x}", text) for text in as_json}  # Go
        found |= as_html | {text.replace("&quot;", "&#34;") for text in as_html} | {repr(secret)[1:-1]}
        found |= {encode(secret, safe=safe, errors="replace") for encode in (quote, quote_plus) for safe in ("", "/")}
    return found - {""}


def _in_one_line(text: str) -> str:
    return "".join(char for char in " ".join(re.sub(_ESCAPE_SEQUENCE, "", text).split()) if char.isprintable())
