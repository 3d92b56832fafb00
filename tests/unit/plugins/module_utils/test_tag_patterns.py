# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns for the names of tags, and rules for immutable tags."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._tag_patterns import (
    immutability_of,
    matcher_of,
    patterns_of,
)

NAMES = ["latest", "v1.0", "v1.0-rc1", "dev-v1", "pr-1", "PR-1"]


def matched(*patterns: str) -> list[str]:
    matches = matcher_of(patterns, "match")
    return [name for name in NAMES if matches(name)]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["v*"], ["v1.0", "v1.0-rc1"]),
        (["v?.?"], ["v1.0"]),
        (["pr-[0-9]"], ["pr-1"]),
        (["v1"], []),
        (["latest", "pr-*"], ["latest", "pr-1"]),
        (["regex:v1"], ["v1.0", "v1.0-rc1", "dev-v1"]),
        (["regex: ^v1"], ["v1.0", "v1.0-rc1"]),
        ([r"regex:^v\d{1,2}\.\d$"], ["v1.0"]),
        (["regex:(?i)^pr"], ["pr-1", "PR-1"]),
        ([], []),
    ],
)
def test_a_pattern_matches_these_names(patterns: list[str], names: list[str]) -> None:
    assert matched(*patterns) == names


def test_a_text_is_one_pattern_even_with_commas() -> None:
    assert patterns_of("regex:^v[0-9]{1,3}$", "match") == ["regex:^v[0-9]{1,3}$"]
    assert patterns_of([" a ", "b"], "match") == ["a", "b"]
    assert patterns_of([], "protect") == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.10, "match contains 1.1, which is not a text; put each pattern in quotes"),
        (["a", 7], "match contains 7, which is not a text"),
        (["a", None], "match contains None"),
        ("", "match contains an empty pattern"),
        (["a", " "], "match contains an empty pattern"),
        ("regex:v(", r"invalid regular expression, 'v('"),
        ("regex:*", "invalid regular expression"),
    ],
)
def test_a_pattern_that_is_none_is_refused(value: t.Any, words: str) -> None:
    with pytest.raises(InvalidOptions) as caught:
        matcher_of(patterns_of(value, "match"), "match")
    assert words in str(caught.value)


def test_a_rule_for_immutable_tags_matches_a_part() -> None:
    is_immutable, unreadable = immutability_of([r"v\d+\.\d+", "^latest$"])
    assert unreadable == []
    assert [name for name in NAMES if is_immutable(name)] == ["latest", "v1.0", "v1.0-rc1"]


def test_no_rule_makes_no_tag_immutable() -> None:
    is_immutable, _unreadable = immutability_of([])
    assert not any(map(is_immutable, NAMES))


@pytest.mark.parametrize(
    "rule",
    [
        r"^\pL+$",
        "[[:digit:]]",
        "[a[:digit:]]",
        "(?U)a+",
        r"\Qv1.0\E",
        "[[a]",
        "a(?i)b",
        "(",
        "a{99999999999999999999}",
    ],
)
def test_a_rule_that_python_cannot_read_protects_all(rule: str) -> None:
    is_immutable, unreadable = immutability_of(["^pr-", rule])
    assert unreadable == [rule]
    assert all(map(is_immutable, NAMES))
