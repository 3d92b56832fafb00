# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bearer token says of itself."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time, read_token

NOON = 1_790_000_000  # 2026-09-21T14:13:20Z


def make(claims: t.Any, header: t.Any = None) -> str:
    """A token as Docker Hub makes them; its signature is noise."""
    parts = (json.dumps(part).encode() for part in (header or {"alg": "RS256", "typ": "JWT"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"noise" * 50))


def test_the_token_of_a_personal_access_token_tells_all() -> None:
    claims = {  # W15
        "iss": "https://api.docker.com/",
        "aud": "https://hub.docker.com",
        "iat": NOON,
        "exp": NOON + 600,
        "jti": "1",
        "scope": "repo:public_read",
        "https://hub.docker.com": {"username": "mybot", "source": "docker_pat|1-2-3", "roles": []},
    }
    assert read_token(make(claims), NOON + 40) == {
        "claims": claims,
        "issued_at": "2026-09-21T14:13:20Z",
        "expires_at": "2026-09-21T14:23:20Z",
        "expires_in": 600,
        "username": "mybot",
        "scope": "repo:public_read",
        "source": "pat",
    }


def test_other_tokens_of_docker_are_read_as_well() -> None:
    header = {"x5c": ["a certificate"], "alg": "RS256", "typ": "JWT"}  # W17
    told = read_token(make({"aud": ["a", "b"], "iat": NOON, "exp": NOON + 3600, "username": "me"}, header), NOON)
    assert (told["username"], told["expires_in"], told["scope"], told["source"]) == ("me", 3600, None, None)


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
def test_the_source_is_one_of_three_or_unknown(source: t.Any, kind: str | None) -> None:
    assert read_token(make({"https://hub.docker.com": {"source": source}}), NOON)["source"] == kind


@pytest.mark.parametrize(
    ("times", "issued", "expires", "left"),
    [
        ({}, None, None, None),
        ({"iat": NOON}, "2026-09-21T14:13:20Z", None, None),
        ({"exp": NOON + 90}, None, "2026-09-21T14:14:50Z", 60),  # counted from its arrival, half a minute past
        ({"iat": NOON, "exp": NOON + 90.9}, "2026-09-21T14:13:20Z", "2026-09-21T14:14:50Z", 90),
        ({"iat": NOON, "exp": NOON}, "2026-09-21T14:13:20Z", "2026-09-21T14:13:20Z", None),
        ({"iat": NOON, "exp": NOON - 5}, "2026-09-21T14:13:20Z", "2026-09-21T14:13:15Z", None),
        ({"iat": NOON, "exp": 1e300}, "2026-09-21T14:13:20Z", None, None),
        ({"iat": "yesterday", "exp": True}, None, None, None),
        ({"iat": -(10**400), "exp": 10**400}, None, None, None),
    ],
)
def test_a_life_is_counted_by_the_tokens_own_times(
    times: dict[str, t.Any], issued: str | None, expires: str | None, left: int | None
) -> None:
    told = read_token(make(times), NOON + 30)
    assert (told["issued_at"], told["expires_at"], told["expires_in"]) == (issued, expires, left)


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
def test_what_is_no_token_of_this_kind_tells_nothing(token: str) -> None:
    told = read_token(token, NOON)
    assert told.pop("claims") == {}
    assert set(told.values()) == {None}


@pytest.mark.parametrize("name", [5, "", "two\nlines", {"a": "b"}, None])
def test_a_name_that_is_no_text_is_no_name(name: t.Any) -> None:
    told = read_token(make({"https://hub.docker.com": {"username": name}, "scope": name}), NOON)
    assert (told["username"], told["scope"]) == (None, None)


def test_a_name_stands_in_either_of_two_places() -> None:
    assert read_token(make({"https://hub.docker.com": "mybot", "username": "me"}), NOON)["username"] == "me"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, None), (0, "1970-01-01T00:00:00Z"), (NOON + 0.9, "2026-09-21T14:13:20Z"), (1e20, None), (-1e20, None)],
)
def test_times_are_written_in_utc(seconds: float | None, text: str | None) -> None:
    assert iso_time(seconds) == text
