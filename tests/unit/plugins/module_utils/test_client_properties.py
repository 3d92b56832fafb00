# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for every token, retry time, answer and TOTP secret, however odd."""

from __future__ import annotations

import base64
import datetime
import email.utils
import json
import math
import string
import typing as t

import hub_emulator
import pyotp
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _answers
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import EMPTY_RESULT, fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import read_token
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TOKEN = hub_emulator.TOKEN_PATH
NOW = 1_800_000_000

settings.register_profile(
    "bounded", deadline=None, max_examples=150, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("bounded")

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
TIMES = st.integers(NOW - 10_000, NOW + 10_000) | st.integers() | st.floats() | SCALARS
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "iat": TIMES,
        "exp": TIMES,
        "scope": ANYTHING,
        "username": ANYTHING,
        "aud": ANYTHING,
        "https://hub.docker.com": ANYTHING
        | st.fixed_dictionaries({}, optional={"username": ANYTHING, "source": ANYTHING}),
    },
)


def jwt_of(header: t.Any, claims: t.Any) -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"signature"))


def check_told(told: dict[str, t.Any]) -> None:
    json.dumps(told["claims"], allow_nan=False).encode()
    for name in ("issued_at", "expires_at"):
        assert told[name] is None or datetime.datetime.strptime(told[name], "%Y-%m-%dT%H:%M:%SZ")
    assert told["expires_in"] is None or (isinstance(told["expires_in"], int) and told["expires_in"] >= 0)
    assert told["expires_in"] is None or told["expires_at"]
    for name in ("username", "scope"):
        assert told[name] is None or (told[name] and told[name].isprintable())
    assert told["source"] in (None, "password", "pat", "oat")


@given(st.text() | st.from_regex(r"[\w-]*(\.[\w-]*){2,4}", fullmatch=True))
def test_every_text_is_a_token(text: str) -> None:
    check_told(read_token(text, NOW))


@given(st.just({"alg": "RS256"}) | ANYTHING, CLAIMS | ANYTHING)
def test_every_jwt_is_a_token(header: t.Any, claims: t.Any) -> None:
    check_told(read_token(jwt_of(header, claims), NOW))


@given(st.integers(0, 2**35), st.integers(0, 2**20), st.floats(0, 2e9))
def test_the_life_of_a_token_is_its_own_whatever_the_clock_says(issued: int, life: int, now: float) -> None:
    claims = {"iat": issued, "exp": issued + life}
    assert read_token(jwt_of({"alg": "RS256"}, claims), now)["expires_in"] == (life or None)


@pytest.mark.parametrize("levels", [20, 200, 900, 100_000])
def test_claims_may_be_nested_as_deep_as_they_like(levels: int) -> None:
    text = '{"exp": 1800000600, "deep": ' + "[" * levels + "]" * levels + "}"
    token = ".".join(base64.urlsafe_b64encode(part).decode() for part in (b'{"alg":"none"}', text.encode(), b""))
    told = read_token(token, NOW)
    check_told(told)
    assert told["expires_in"] == (600 if levels == 20 else None)


def check_error(error: HubError) -> None:
    assert str(error).isprintable()
    assert error.hint
    json.dumps(error.public()).encode()


# Retry times (W11)


@given(st.none() | st.text() | st.floats().map(str) | st.integers().map(str), st.floats(0, 4e9))
def test_every_header_names_a_time_to_come_or_none(value: str | None, now: float) -> None:
    seconds = _answers.seconds_until(value, now)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@given(st.integers(0, 10**8), st.integers(NOW, 4 * 10**9))
def test_all_three_ways_to_name_a_time_are_read(seconds: int, now: int) -> None:
    names = (str(seconds), str(now + seconds), email.utils.formatdate(now + seconds, usegmt=True))
    assert [_answers.seconds_until(name, now) for name in names] == [seconds] * 3


@given(st.text() | st.datetimes().map(str) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ ?[-+A-Z0-9]*"))
def test_every_date_is_one_or_none(value: str) -> None:
    stamp = _answers.unix_time(value)
    assert stamp is None or math.isfinite(stamp)


# Answers


@pytest.fixture(scope="module")
def hub() -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator() as running:
        yield running


NAMES = (
    *("Date", "Retry-After", "X-Retry-After", "X-RateLimit-Limit", "X-RateLimit-Reset", "CF-RAY", "Server", "Location"),
    *("Content-Type", "Content-Encoding", "Set-Cookie"),
)
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255))
HEADERS = st.dictionaries(st.sampled_from(NAMES), LATIN | st.sampled_from(["0", "gzip", "text/html", "cloudflare"]))
BODIES = (
    st.binary()
    | ANYTHING.map(lambda data: json.dumps(data).encode())
    | st.dictionaries(
        st.sampled_from(["access_token", "login_2fa_token", "detail", "message", "errinfo"]), ANYTHING
    ).map(lambda data: json.dumps(data).encode())
)


@given(st.integers(200, 999), HEADERS, BODIES)
def test_every_answer_is_a_token_or_an_error(hub: t.Any, status: int, headers: dict[str, str], body: bytes) -> None:
    hub.reset()
    hub.fail(TOKEN, status=status, headers=headers, body=body)
    mine = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT, "hub_url": hub.url, "retries": 0, "timeout": 2.0}
    try:
        result = fetch_token(normalize_options(mine))
    except HubError as error:
        check_error(error)
    else:
        assert set(result) == set(EMPTY_RESULT)
        assert result["access_token"].isascii()
        assert result["access_token"].isprintable()
        check_told(result)


@given(st.text())
def test_foreign_text_becomes_one_line_of_a_bounded_length(text: str) -> None:
    secret = "abc  def+1"
    said = plain(text + secret, {"secret": secret})
    assert said.isprintable()
    assert len(said) <= 201
    assert "abc def+1" not in said
    assert "abc  def+1" not in said


# TOTP secrets


@given(st.text())
def test_every_text_is_a_seed_that_makes_codes_or_is_refused(text: str) -> None:
    try:
        seed = totp_seed(text)
    except InvalidOptions as error:
        check_error(error)
    else:
        assert len(pyotp.TOTP(seed).generate_otp(1)) == 6


@given(
    st.binary(min_size=1, max_size=64),
    st.lists(st.sampled_from([" ", "-", "\n", "\t", "="]), max_size=10),
    st.booleans(),
    st.integers(0, 2**40),
)
def test_a_seed_survives_however_it_is_written(raw: bytes, between: list[str], lower: bool, step: int) -> None:
    seed = base64.b32encode(raw).decode().rstrip("=")
    written = "".join(char + (between[number % len(between)] if between else "") for number, char in enumerate(seed))
    code = pyotp.TOTP(totp_seed(written.lower() if lower else written)).generate_otp(step)
    assert code == hub_emulator.totp(base64.b32encode(raw).decode(), step * 30)


LABELS = st.text(string.ascii_letters + string.digits + ":@%._-", max_size=20)


@given(st.binary(min_size=15, max_size=40), LABELS, st.sampled_from(["", "&issuer=Docker", "&digits=6", "&period=30"]))
def test_a_uri_holds_its_seed(raw: bytes, label: str, more: str) -> None:
    seed = base64.b32encode(raw).decode()
    assert totp_seed(f"otpauth://totp/{label}?secret={seed}{more}") == seed.rstrip("=")


@given(st.text(), st.sampled_from(["otpauth:", "OTPAUTH://totp/", "otpauth://totp/me?", "otpauth://totp/me?secret="]))
def test_every_uri_is_a_seed_or_is_refused(text: str, start: str) -> None:
    try:
        assert totp_seed(start + text)
    except InvalidOptions as error:
        check_error(error)
