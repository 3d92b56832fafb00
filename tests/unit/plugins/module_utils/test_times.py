# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans and times in options."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import (
    parse_moment,
    parse_span,
    parse_time,
)

NOW = 1_800_000_000.0
DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0d", 0), ("30s", 30), ("5m", 300), ("12h", 43200), ("90d", 90 * DAY), ("2w", 14 * DAY), (" 7d ", 7 * DAY)],
)
def test_a_span_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert parse_span(text, "expires_in") == seconds


@pytest.mark.parametrize(
    "text",
    ["90", 90, "", "d", "-1d", "1.5h", "1d12h", "90 d", "90D", "9y", "\N{ARABIC-INDIC DIGIT ONE}d", "9" * 10 + "d"],
)
def test_anything_else_is_not_a_span(text: t.Any) -> None:
    with pytest.raises(InvalidOptions, match=r"expires_in is not a span.*as in 90d or 12h"):
        parse_span(text, "expires_in")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-15", 1_799_971_200),
        ("2027-01-15T08:00", 1_800_000_000),
        ("2027-01-15T08:00:00Z", 1_800_000_000),
        ("2027-01-15 08:00:00z", 1_800_000_000),
        ("2027-01-15T09:00:00+01:00", 1_800_000_000),
        ("2027-01-15T02:30:00-0530", 1_800_000_000),
        ("2027-01-15T08:00:00.25Z", 1_800_000_000.25),
        ("2027-01-15T08:00:00.123456Z", 1_800_000_000.123456),
        ("2027-01-15T08:00:00.123456789Z", 1_800_000_000.123456789),
        ("now", NOW),
    ],
)
def test_a_time_is_in_iso_8601(text: str, moment: float) -> None:
    assert parse_time(text, "since", NOW) == pytest.approx(moment, abs=1e-6)


@pytest.mark.parametrize(
    "text", ["", "90d", "1800000000", 1_800_000_000, "2027-13-01", "2027-02-30", "15.01.2027", "2027-01-15T25:00:00Z"]
)
def test_anything_else_is_not_a_time(text: t.Any) -> None:
    with pytest.raises(InvalidOptions, match=r"since is not a time.*ISO 8601"):
        parse_time(text, "since", NOW)


def test_a_moment_is_a_time_or_a_span_before_now() -> None:
    assert parse_moment("90d", "older_than", NOW) == NOW - 90 * DAY
    assert parse_moment("2027-01-15", "older_than", NOW) == 1_799_971_200


@pytest.mark.parametrize("text", ["90", 90, "", "soon", "-5d"])
def test_anything_else_is_not_a_moment(text: t.Any) -> None:
    with pytest.raises(InvalidOptions, match="older_than is neither a span nor a time"):
        parse_moment(text, "older_than", NOW)


def test_a_wrong_value_is_shown_in_one_short_line() -> None:
    with pytest.raises(InvalidOptions) as caught:
        parse_span("x\n" * 500, "overlap")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_span_is_at_most_a_hundred_years() -> None:
    with pytest.raises(InvalidOptions, match="expires_in is longer than 100 years"):
        parse_span("101000d", "expires_in")
