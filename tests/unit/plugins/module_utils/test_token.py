# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a bearer token."""

from __future__ import annotations

import base64
import datetime
import json
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import TokenContent, iso_time, read_token
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z


def make(claims: t.Any, header: t.Any = None) -> str:
    """Return a token as Docker Hub makes them, with a random-looking signature."""
    parts = (json.dumps(part).encode() for part in (header or {"alg": "RS256", "typ": "JWT"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"noise" * 50))


def test_the_token_of_a_personal_access_token_is_read() -> None:
    claims = {
        "iss": "https://api.docker.com/",
        "aud": "https://hub.docker.com",
        "iat": NOW,
        "exp": NOW + 600,
        "jti": "1",
        "scope": "repo:public_read",
        "https://hub.docker.com": {"username": "mybot", "source": "docker_pat|1-2-3", "roles": []},
    }
    assert read_token(make(claims), NOW + 40) == {
        "claims": claims,
        "issued_at": "2026-09-21T14:13:20Z",
        "expires_at": "2026-09-21T14:23:20Z",
        "expires_in": 600,
        "username": "mybot",
        "scope": "repo:public_read",
        "source": "pat",
    }


def test_other_tokens_of_docker_are_read_too() -> None:
    header = {"x5c": ["a certificate"], "alg": "RS256", "typ": "JWT"}  # of the deprecated login
    content = read_token(make({"aud": ["a", "b"], "iat": NOW, "exp": NOW + 3600, "username": "me"}, header), NOW)
    assert (content["username"], content["expires_in"], content["scope"], content["source"]) == ("me", 3600, None, None)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("docker_pat|1", "pat"),
        ("docker_oat|1", "oat"),
        ("docker_pwd|1", "password"),
        ("docker_password", "password"),
        ("docker_other|1", None),
        (None, None),
        (["docker_pat"], None),
    ],
)
def test_the_source_is_one_of_three_or_none(source: t.Any, kind: str | None) -> None:
    assert read_token(make({"https://hub.docker.com": {"source": source}}), NOW)["source"] == kind


@pytest.mark.parametrize(
    ("times", "issued", "expires", "left"),
    [
        ({}, None, None, None),
        ({"iat": NOW}, "2026-09-21T14:13:20Z", None, None),
        ({"exp": NOW + 90}, None, "2026-09-21T14:14:50Z", 60),  # counted from its arrival
        ({"iat": NOW, "exp": NOW + 90.9}, "2026-09-21T14:13:20Z", "2026-09-21T14:14:50Z", 90),
        ({"iat": NOW, "exp": NOW}, "2026-09-21T14:13:20Z", "2026-09-21T14:13:20Z", None),
        ({"iat": NOW, "exp": NOW - 5}, "2026-09-21T14:13:20Z", "2026-09-21T14:13:15Z", None),
        ({"iat": NOW, "exp": 1e300}, "2026-09-21T14:13:20Z", None, None),
        ({"iat": "yesterday", "exp": True}, None, None, None),
        ({"iat": -(10**400), "exp": 10**400}, None, None, None),
    ],
)
def test_the_lifetime_comes_from_the_times_of_the_token(
    times: dict[str, t.Any], issued: str | None, expires: str | None, left: int | None
) -> None:
    content = read_token(make(times), NOW + 30)
    assert (content["issued_at"], content["expires_at"], content["expires_in"]) == (issued, expires, left)


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        make([]),
        make("text"),
        make({"weight": float("nan")}),
        make({"half": "\ud83d"}),
        "x" * 100_000,
        make(json.loads("[" * 500 + "]" * 500)),
    ],
)
def test_another_text_has_no_content(token: str) -> None:
    content = read_token(token, NOW)
    assert content == {**dict.fromkeys(content), "claims": {}}


@pytest.mark.parametrize("name", [5, "", "two\nlines", {"a": "b"}, None])
def test_a_name_must_be_printable_text(name: t.Any) -> None:
    content = read_token(make({"https://hub.docker.com": {"username": name}, "scope": name}), NOW)
    assert (content["username"], content["scope"]) == (None, None)


def test_a_name_is_found_in_both_places() -> None:
    assert read_token(make({"https://hub.docker.com": "mybot", "username": "me"}), NOW)["username"] == "me"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00Z"),
        (NOW + 0.9, "2026-09-21T14:13:20Z"),
        (-62_135_596_800, "0001-01-01T00:00:00Z"),
        (-30_610_224_001, "0999-12-31T23:59:59Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_300_800, None),
        (1e20, None),
        (-1e20, None),
    ],
)
def test_times_are_iso_8601_in_utc(seconds: float | None, text: str | None) -> None:
    assert iso_time(seconds) == text


# Any content


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


def check(content: TokenContent) -> None:
    json.dumps(content["claims"], allow_nan=False).encode()
    for time in (content["issued_at"], content["expires_at"]):
        assert time is None or datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ")
    lifetime = content["expires_in"]
    assert lifetime is None or (isinstance(lifetime, int) and lifetime >= 0 and content["expires_at"])
    for text in (content["username"], content["scope"]):
        assert text is None or (text and text.isprintable())
    assert content["source"] in (None, "password", "pat", "oat")


@given(st.text() | st.from_regex(r"[\w-]*(\.[\w-]*){2,4}", fullmatch=True))
def test_every_text_has_a_content(text: str) -> None:
    check(read_token(text, NOW))


@given(st.just({"alg": "RS256"}) | ANYTHING, CLAIMS | ANYTHING)
def test_every_jwt_has_a_content(header: t.Any, claims: t.Any) -> None:
    check(read_token(make(claims, header), NOW))


@given(st.integers(0, 2**35), st.integers(0, 2**20), st.floats(0, 2e9))
def test_the_lifetime_does_not_depend_on_the_clock(issued: int, lifetime: int, now: float) -> None:
    assert read_token(make({"iat": issued, "exp": issued + lifetime}), now)["expires_in"] == (lifetime or None)


@pytest.mark.parametrize("levels", [20, 200, 900, 100_000])
def test_claims_may_be_nested_deeply(levels: int) -> None:
    text = '{"exp": 1800000600, "deep": ' + "[" * levels + "]" * levels + "}"
    token = ".".join(base64.urlsafe_b64encode(part).decode() for part in (b'{"alg":"none"}', text.encode(), b""))
    content = read_token(token, 1_800_000_000)
    check(content)
    assert content["expires_in"] == (600 if levels == 20 else None)
