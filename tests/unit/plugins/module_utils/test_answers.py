# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words, times and limits in an answer."""

from __future__ import annotations

import email.utils
import math
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _answers as answers
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        # The forms in docs/docker_hub_api.md, "Error bodies".
        ({"message": "object not found", "errinfo": {}}, "object not found"),
        ({"errinfo": None, "message": "permission denied"}, "permission denied"),
        ({"detail": "Rate limit exceeded", "error": False}, "Rate limit exceeded"),
        ({"detail": "second", "message": "first"}, "first"),
        (
            {
                "message": "httperror 400: request had 1 validation error",
                "errinfo": {"fielderrors": {"full_description": "Exceeded max number of characters"}},
            },
            "httperror 400: request had 1 validation error: full_description Exceeded max number of characters",
        ),
        (
            {"fields": {"ordering": ["Must be name", "or -name"]}, "text": "Invalid ordering value"},
            "Invalid ordering value: ordering Must be name or -name",
        ),
        ({"code": 5, "message": "no logs", "details": [{"type_url": "x", "value": "eA=="}]}, "no logs"),
        (
            {"__all__": ["Repository with this Name already exists."]},
            "__all__ Repository with this Name already exists.",
        ),
        ({"name": ["is required"], "namespace": ["is required"]}, "name is required: namespace is required"),
        (
            {"message": "httperror 404: tag 'x' not found", "errinfo": {"namespace": "a", "tag": "x"}},
            "httperror 404: tag 'x' not found: namespace a: tag x",
        ),
        ({"errinfo": {"detail": "upstream", "http_status": 403, "method": "GET"}}, "detail upstream: method GET"),
        # Odd forms.
        ({"message": "two", "errinfo": {"a": "is b", "c": ["d", 5, ""], "e": 6, "f": {}}}, "two: a is b: c d"),
        ({"message": "", "detail": "later"}, "later"),
        ({"message": ["a"], "detail": {"b": 1}, "text": 5}, "message a"),
        ({"message": "alone", "fields": "text"}, "alone"),
        ({}, ""),
        ([], ""),
        (["text"], ""),
        ("text", ""),
        (None, ""),
    ],
    ids=range(20),
)
def test_the_words_of_every_form_are_found(data: t.Any, words: str) -> None:
    assert answers.words_of(data) == words


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b"\xef\xbb\xbf[]", []),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"a\\ud800b"', "a\ufffd\ufffd\ufffdb"),
        (b'{"\\udfff": 1}', {"\ufffd\ufffd\ufffd": 1}),
        (b"NaN", None),
        (b"[Infinity]", None),
        (b"[" * 2**19, None),
        (b"", None),
        (b"<html>", None),
        (b'"\xff"', None),
    ],
    ids=range(12),
)
def test_a_body_is_json_that_can_be_printed_or_none(body: bytes, data: t.Any) -> None:
    assert answers.parse_json(body) == data


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        (
            {"X-RateLimit-Limit": "180", "X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "1800000000"},
            {"limit": 180, "remaining": 9, "reset": "2027-01-15T08:00:00Z"},
        ),
        ({"x-ratelimit-remaining": "0"}, {"limit": None, "remaining": 0, "reset": None}),
        ({"X-RateLimit-Limit": "-1", "X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Limit": "1e3", "X-RateLimit-Remaining": "9" * 5000, "X-RateLimit-Reset": "٣"}, None),
        ({}, None),
    ],
    ids=range(5),
)
def test_the_rate_limit_is_read_from_headers(headers: dict[str, str], limit: t.Any) -> None:
    assert answers.rate_limit_of(CaseInsensitiveDict(headers)) == limit


def test_the_reset_time_is_a_unix_time_or_none() -> None:
    assert answers.reset_time({"X-RateLimit-Reset": "1800000000"}) == NOW
    assert answers.reset_time({"X-RateLimit-Reset": "soon"}) is None
    assert answers.reset_time({}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "20"}, 20),
        ({"Retry-After": f"{NOW + 20}"}, 20),  # seen in 2025
        ({"X-Retry-After": f"{NOW + 20}", "Retry-After": "10"}, 20),
        ({"X-Retry-After": f"{NOW + 10}", "Retry-After": "20"}, 20),
        ({"X-Retry-After": "soon", "Retry-After": "20"}, 20),
        ({"X-Retry-After": f"{NOW - 100}"}, 0),
        ({"Retry-After": email.utils.formatdate(NOW + 20, usegmt=True)}, 20),
        ({"Retry-After": "nan", "X-Retry-After": "inf"}, None),
        ({"Retry-After": "5, 10"}, None),
        ({}, None),
    ],
    ids=range(10),
)
def test_the_longest_retry_time_counts(headers: dict[str, str], seconds: float | None) -> None:
    assert answers.retry_after(headers, NOW) == seconds


@given(st.none() | st.text() | st.floats().map(str) | st.integers().map(str), st.floats(0, 4e9))
def test_every_header_is_a_time_to_come_or_none(value: str | None, now: float) -> None:
    seconds = answers.seconds_until(value, now)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@given(st.integers(0, 10**8), st.integers(NOW, 4 * 10**9))
def test_seconds_times_and_dates_are_read(seconds: int, now: int) -> None:
    values = (str(seconds), str(now + seconds), email.utils.formatdate(now + seconds, usegmt=True))
    assert [answers.seconds_until(value, now) for value in values] == [seconds] * 3


@given(st.text() | st.datetimes().map(str) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ ?[-+A-Z0-9]*"))
def test_every_date_is_a_time_or_none(value: str) -> None:
    time = answers.unix_time(value)
    assert time is None or math.isfinite(time)
