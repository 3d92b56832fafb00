# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign text: one line, a bounded length, no secret in any spelling."""

from __future__ import annotations

import html
import json
import time
import typing as t
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable, secrets_of
from hypothesis import given
from hypothesis import strategies as st

MASK = "********"


def html_of_go(text: str) -> str:
    return html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def json_of_go(text: str) -> str:
    return json_in_utf8(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def json_in_utf8(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  spread\r\nover \t lines ", "spread over lines"),
        ("a\x1b[31;1mred\x1b[0m\x1b]0;title\x07\x1b[2J\x9b5mb\x08\x00\x7f", "aredb"),
        ("right\u202eto left, \u200bhidden, \ud800half", "rightto left, hidden, half"),
        ("{{ lookup('pipe', 'id') }}", "{{ lookup('pipe', 'id') }}"),
        ("failed at http://me:my-word@proxy:3128/x", "failed at http://********@proxy:3128/x"),
        ("at http://127.0.0.1:80/a and me@b", "at http://127.0.0.1:80/a and me@b"),
        ("x" * 5000, "x" * 200 + "…"),
        ("x" * 199 + " y", "x" * 199 + "…"),
        ("\x1b\x00", ""),
    ],
    ids=range(9),
)
def test_foreign_text_becomes_one_line(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_the_limit_counts_characters() -> None:
    assert printable("12345", limit=5) == "12345"
    assert printable("123456", limit=5) == "12345…"


@pytest.mark.parametrize(
    "write",
    [str, json.dumps, json_in_utf8, json_of_go, repr, html.escape, html_of_go, quote, quote_plus, str.upper],
    ids=lambda write: write.__name__,
)
def test_each_usual_spelling_of_a_secret_is_masked(write: t.Callable[..., str]) -> None:
    secret = "pass\\word & \"more\" <'of'> it/é"
    assert printable(f"not {write(secret).strip(chr(34) + chr(39))}!", [secret]) == f"not {MASK}!"


@pytest.mark.parametrize("invisible", ["\u200b", "\u00ad", "\ue000", "\u200d", "\n"])
def test_a_secret_with_invisible_characters_is_masked(invisible: str) -> None:
    secret = f"pass{invisible}word-1"
    assert printable(f"no: {secret}", [secret]) == f"no: {MASK}"


@pytest.mark.parametrize(
    "token",
    [
        "dckr_pat_of-somebody_else",
        "DCKR_PAT_OF-SOMEBODY_ELSE",
        "dckr_oat_of-somebody_else",
        "dckr_new_of-somebody_else",
        "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln",
        "eyJhbGciOiJub25lIn0.eyJhIjoxfQ",
    ],
)
def test_tokens_of_other_accounts_are_masked(token: str) -> None:
    assert printable(f"Bearer {token}, refused") == f"Bearer {MASK}, refused"


def test_a_secret_inside_a_longer_one_leaves_nothing() -> None:
    assert printable("word password", ["word", "password"]) == f"{MASK} {MASK}"


def test_a_long_text_is_searched_quickly() -> None:
    start = time.monotonic()
    printable("eyJ" * 300_000)
    assert time.monotonic() - start < 10


def test_the_secrets_of_options_include_the_proxy_password() -> None:
    options = {
        "identifier": "me",
        "secret": "s1",
        "otp": 123456,
        "totp_secret": None,
        "login_2fa_token": "s2",
        "access_token": "s3",
        "proxy": "http://me:my%20proxy%2Bword@proxy:3128",
    }
    assert sorted(secrets_of(options)) == ["123456", "my proxy+word", "s1", "s2", "s3"]


@pytest.mark.parametrize("proxy", [None, "", "http://[bad", "proxy:3128", "http://proxy:3128"])
def test_options_without_secrets_have_none(proxy: str | None) -> None:
    assert secrets_of({"proxy": proxy}) == []


@given(st.text(), st.lists(st.text(min_size=4)), st.integers(1, 300))
def test_every_text_becomes_printable_and_bounded(text: str, secrets: list[str], limit: int) -> None:
    shown = printable(text + "".join(secrets), secrets, limit)
    assert shown.isprintable()
    assert len(shown) <= limit + 1


@given(st.text(), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=9), st.text())
def test_no_text_around_a_secret_reveals_it(before: str, secret: str, after: str) -> None:
    others = "".join(before.split() + after.split())
    shown = printable(f"{before} {secret} {after}", [secret], limit=10_000)
    assert secret in others or secret in MASK or secret not in shown
