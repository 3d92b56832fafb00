# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a login, before anybody sends anything."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    TOKEN_SPEC,
    checked,
    login_method,
    longest_login,
    plain,
    secret_kind,
    totp_seed,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD, BAD_IN_TASKS, leaks

PAT = "dckr_pat_fake-pat-of-mybot-000000000"
OAT = "dckr_oat_fake-oat-of-myorg-00000000000000"
MINE: dict[str, t.Any] = {"identifier": "mybot", "secret": PAT}


def options(**given: t.Any) -> dict[str, t.Any]:
    """As a front door hands them over: typed, with defaults."""
    typed = {name: {"otp": str, "timeout": float}.get(name, lambda same: same)(value) for name, value in given.items()}
    return {**{name: row.get("default") for name, row in TOKEN_SPEC["argument_spec"].items()}, **typed}


@pytest.mark.parametrize("what", [*BAD, *BAD_IN_TASKS])
def test_bad_combinations_are_named(what: str) -> None:
    given, words = {**BAD, **BAD_IN_TASKS}[what]
    with pytest.raises(InvalidOptions) as caught:
        normalize_options(options(**given))
    said = str(caught.value)
    assert [word for word in words if word not in said] == []
    assert leaks(given, said) == []


@pytest.mark.parametrize("missing", ["identifier", "secret"])
def test_a_login_needs_both_halves(missing: str) -> None:
    given = {name: value for name, value in MINE.items() if name != missing}
    with pytest.raises(InvalidOptions, match=rf"^{missing} is missing; .*dockerhub_{missing}.*DOCKERHUB_"):
        normalize_options(options(**given))


@pytest.mark.parametrize(
    "given",
    [
        MINE,
        {"identifier": "myorg", "secret": OAT},
        {"identifier": "me", "secret": "short", "auth_method": "login"},  # the older login has no rule for its length
        {"identifier": "me", "secret": "short", "otp": "012345"},
        {"login_2fa_token": "pending", "otp": "012345"},
        {"login_2fa_token": "pending", "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DP"},
        {**MINE, "hub_url": "http://127.0.0.1:8080"},
        {**MINE, "hub_url": "http://localhost"},
        {**MINE, "hub_url": "http://[::1]:8080"},
        {**MINE, "retries": 0, "max_wait": 0, "min_ttl": 0, "refusal_ttl": 0},
    ],
)
def test_good_combinations_pass(given: dict[str, t.Any]) -> None:
    assert {name: normalize_options(options(**given))[name] for name in given} == given


def test_the_url_needs_no_care_with_its_end() -> None:
    assert (
        normalize_options(options(**MINE, hub_url=" https://hub.docker.com/ "))["hub_url"] == "https://hub.docker.com"
    )


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
def test_a_second_factor_takes_the_older_login(given: dict[str, t.Any], method: str) -> None:
    assert login_method(options(**MINE, **given)) == method


@pytest.mark.parametrize(
    ("secret", "kind"),
    [(PAT, "pat"), (OAT, "oat"), ("dckr-pat-1", "password"), ("my dckr_pat_", "password"), (None, "password")],
)
def test_a_secret_shows_its_kind_by_its_prefix(secret: str | None, kind: str) -> None:
    assert secret_kind(secret) == kind


@pytest.mark.parametrize(
    "text",
    [
        "JBSWY3DPEHPK3PXPJBSWY3DPEE",
        "jbsw y3dp ehpk 3pxp jbsw y3dp ee",
        "JBSW-Y3DP-EHPK-3PXP-JBSW-Y3DP-EE",
        "JBSWY3DPEHPK3PXPJBSWY3DPEE======",
        " JBSWY3DPEHPK3PXPJBSWY3DPEE\n",
        "otpauth://totp/Docker:me?secret=jbswy3dpehpk3pxpjbswy3dpee&issuer=Docker",
        "OTPAUTH://TOTP/me?secret=JBSWY3DPEHPK3PXPJBSWY3DPEE&algorithm=sha1&digits=6&period=30",
    ],
)
def test_a_totp_secret_may_be_written_in_many_ways(text: str) -> None:
    assert totp_seed(text) == "JBSWY3DPEHPK3PXPJBSWY3DPEE"


def test_foreign_text_is_made_fit_to_print() -> None:
    mine = options(identifier="me", secret="my secret+1", otp="123456", totp_secret="JBSWY3DPEHPK3PXP")
    said = plain("a\tb\n\x1b[31mred my secret+1, my%20secret%2B1, 123456; JBSWY3DPEHPK3PXP " + "x" * 300, mine)
    assert said.startswith("a b red ********, ********, ********; ******** xxx")
    assert len(said) == 201
    assert said.endswith("…")


def test_the_longest_login_is_what_the_documentation_says() -> None:
    # (requests + retries) x 3 x timeout + 8 s x retries + max_wait
    assert longest_login(options(**MINE, timeout=10, retries=2, max_wait=7)) == (1 + 2) * 30 + 16 + 7
    assert longest_login(options(**MINE, timeout=10, retries=2, max_wait=7, otp="123456")) == (4 + 2) * 30 + 16 + 7
