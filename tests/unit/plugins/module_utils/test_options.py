# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a login before anything is sent."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    CONNECTION_SPEC,
    TOKEN_SPEC,
    Options,
    login_method,
    longest_login,
    normalize_options,
    secret_kind,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import MYBOT, MYORG, PAT, leaked
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import ALTERED_TOKENS, BAD, BAD_IN_TASKS

SPEC: dict[str, t.Any] = {**CONNECTION_SPEC, **TOKEN_SPEC}
TEXTS = sorted(name for name, row in SPEC.items() if row["type"] in ("str", "path"))


def raw(**given: t.Any) -> dict[str, t.Any]:
    """Return options as an entry point gives them: typed, with defaults."""
    typed = {name: {"otp": str, "timeout": float}.get(name, lambda same: same)(value) for name, value in given.items()}
    return {**{name: row.get("default") for name, row in SPEC.items()}, **typed}


def options(**given: t.Any) -> Options:
    return normalize_options(raw(**given))


def refused(**given: t.Any) -> str:
    with pytest.raises(InvalidOptions) as caught:
        normalize_options(raw(**given))
    assert caught.value.hint
    assert leaked(given, str(caught.value)) == []
    return str(caught.value)


@pytest.mark.parametrize("name", [*BAD, *BAD_IN_TASKS])
def test_each_bad_combination_is_described(name: str) -> None:
    given, words = {**BAD, **BAD_IN_TASKS}[name]
    text = refused(**given)
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("missing", ["identifier", "secret"])
def test_a_login_requires_identifier_and_secret(missing: str) -> None:
    text = refused(**{name: value for name, value in MYBOT.items() if name != missing})
    assert text.startswith(f"{missing} is missing; ")
    assert f"the variable dockerhub_{missing}" in text
    assert "(the keyword 'environment' does not reach it)" in text


@pytest.mark.parametrize(
    "given",
    [
        MYBOT,
        MYORG,
        {"identifier": "me", "secret": "short", "auth_method": "login"},  # the deprecated login accepts it
        {"identifier": "me", "secret": "short", "otp": "012345"},
        {"identifier": "me", "secret": "dckr_password-of-mine"},
        {"identifier": "me", "secret": "pässwörd with blanks"},
        {"login_2fa_token": "pending", "otp": "012345"},
        {"login_2fa_token": "pending", "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DP"},
        {"access_token": "eyJhbGciOiJub25lIn0.e30.c2ln"},
        {**MYBOT, "hub_url": "http://127.0.0.1:8080"},
        {**MYBOT, "hub_url": "http://localhost"},
        {**MYBOT, "hub_url": "http://[::1]:8080"},
        {**MYBOT, "retries": 0, "max_wait": 0, "min_ttl": 0, "refusal_ttl": 0},
        {**MYBOT, "proxy": "http://me:p%23%2F%3F%40@proxy.example.com:3128"},
        {**MYBOT, "proxy": "socks5h://proxy.example.com:3128"},
    ],
    ids=range(15),
)
def test_each_good_combination_is_accepted(given: dict[str, t.Any]) -> None:
    assert {name: value for name, value in options(**given).items() if name in given} == given


@pytest.mark.parametrize("given", ["me:word@proxy.example.com:3128", " http://me:word@proxy.example.com:3128\n"])
def test_a_proxy_gets_its_usual_form(given: str) -> None:
    assert options(**MYBOT, proxy=given)["proxy"] == "http://me:word@proxy.example.com:3128"


def test_empty_values_get_their_defaults() -> None:
    empty = dict.fromkeys((name for name, row in SPEC.items() if row["type"] in ("str", "path")), "")
    assert options(**{**empty, **MYBOT}) == options(**MYBOT)
    assert options(**MYBOT)["hub_url"] == "https://hub.docker.com"


@pytest.mark.parametrize(
    "url",
    [
        " https://hub.docker.com/ ",
        "HTTPS://hub.docker.com",
        "https://HUB.docker.com",
        "https://hub.docker.com:443",
    ],
)
def test_each_spelling_of_the_url_is_one(url: str) -> None:
    assert options(**MYBOT, hub_url=url)["hub_url"] == "https://hub.docker.com"


@pytest.mark.parametrize("identifier", [" mybot", "mybot\n"])
def test_blanks_around_the_identifier_are_removed(identifier: str) -> None:
    assert options(identifier=identifier, secret=PAT)["identifier"] == "mybot"


@pytest.mark.parametrize("otp", ["123 456", "123-456", " 123456\n", "1 2 3 4 5 6", "123\u00a0456"])
def test_blanks_and_hyphens_in_a_code_are_removed(otp: str) -> None:
    assert options(identifier="me", secret="mfa-password-1", otp=otp)["otp"] == "123456"


@pytest.mark.parametrize("name", TEXTS)
def test_bytes_that_are_not_text_are_refused(name: str) -> None:
    # Ansible decodes bytes that are not UTF-8 in this way.
    text = refused(**{**MYBOT, name: b"mine \xff".decode("utf-8", "surrogateescape")})
    assert text.startswith(f"{name} contains bytes that are not valid UTF-8 text; ")
    assert text.isprintable()


@pytest.mark.parametrize("name", [*ALTERED_TOKENS, "PAT"])
def test_an_access_token_is_not_a_bearer_token(name: str) -> None:
    token = {**ALTERED_TOKENS, "PAT": PAT}[name]
    text = refused(access_token=token)
    assert "which is not accepted as a bearer token" in text
    assert "give it as secret" in text


@pytest.mark.parametrize("token", ["Bearer eyJh.e30.c2ln", "eyJh.e30.c2ln\n", "eyJh.e30\u200b.c2ln", "töken"])
def test_a_bearer_token_has_no_blanks(token: str) -> None:
    text = refused(access_token=token)
    assert "access_token contains blanks or other characters" in text
    assert token.strip() not in text


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ({}, "access_token"),
        ({"on_otp_required": "fail"}, "access_token"),
        ({"otp": "123456"}, "login"),
        ({"totp_secret": "JBSWY3DPEHPK3PXP"}, "login"),
        ({"login_2fa_token": "pending"}, "login"),
        ({"on_otp_required": "return"}, "login"),
        ({"auth_method": "login"}, "login"),
        ({"auth_method": "access_token", "totp_secret": "JBSWY3DPEHPK3PXP"}, "access_token"),
    ],
)
def test_a_second_factor_requires_the_deprecated_login(given: dict[str, t.Any], method: str) -> None:
    assert login_method(t.cast(Options, raw(**MYBOT, **given))) == method


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        (PAT, "pat"),
        (MYORG["secret"], "oat"),
        ("dckr-pat-1", "password"),
        ("my dckr_pat_", "password"),
        (None, "password"),
    ],
)
def test_the_prefix_of_a_secret_is_its_kind(secret: str | None, kind: str) -> None:
    assert secret_kind(secret) == kind


def test_the_longest_login_is_as_documented() -> None:
    # (requests + retries) x 6 x timeout + 8 s x retries + max_wait
    slow = {**MYBOT, "timeout": 10, "retries": 2, "max_wait": 7}
    assert longest_login(options(**slow)) == (1 + 2) * 60 + 16 + 7
    assert longest_login(options(**slow, otp="123456")) == (4 + 2) * 60 + 16 + 7
