# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tags the rules select, for all tags and rules."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import BadAnswer
from ansible_collections.hubops.dockerhub.plugins.module_utils._retention import (
    RetentionRules,
    Tag,
    has_changed,
    reason_to_delete,
    select,
    tag_of,
    untagged_bytes,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._tag_patterns import match_all, match_none
from ansible_collections.hubops.dockerhub.plugins.module_utils._tags import tag_facts
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import unix_time_of
from hypothesis import given, settings
from hypothesis import strategies as st

always = settings(deadline=None, database=None, derandomize=True, max_examples=100)

NOW = 1_800_000_000
TIMES = st.none() | st.integers(NOW - 20, NOW).map(float)
LETTERS = "abcdef"  # of names; each matcher is a set of first letters


def tag(name: str, pushed: float | None = NOW, used: float | None = None, **more: t.Any) -> Tag:
    facts = {"digest": None, "size": 1, "last_pushed": None, "last_pulled": None, **more}
    return Tag(name=name, pushed=pushed, used=pushed if used is None else used, **facts)


TAGS = st.lists(
    st.builds(
        lambda letter, pushed, pulled: tag(letter, pushed)._replace(
            used=None if pushed is None or pulled is None else max(pushed, pulled)
        ),
        letter=st.sampled_from(LETTERS),
        pushed=TIMES,
        pulled=TIMES,
    ),
    max_size=8,
).map(lambda tags: [each._replace(name=f"{each.name}{number}") for number, each in enumerate(tags)])


def letters_matcher(letters: set[str]) -> t.Callable[[str], bool]:
    return lambda name: name[0] in letters


RULES = st.builds(
    RetentionRules,
    matches=st.sets(st.sampled_from(LETTERS), min_size=3).map(letters_matcher),
    is_protected=st.sets(st.sampled_from(LETTERS), max_size=2).map(letters_matcher),
    is_immutable=st.sets(st.sampled_from(LETTERS), max_size=1).map(letters_matcher),
    keep_last=st.none() | st.integers(1, 2),
    pushed_before=TIMES,
    used_before=TIMES,
)


def newer(of: Tag, tags: list[Tag], rules: RetentionRules) -> int:
    """Return how many tags that match were pushed after a tag."""
    return sum(
        each.pushed is not None and of.pushed is not None and each.pushed > of.pushed
        for each in tags
        if rules.matches(each.name)
    )


def at_least_as_new(of: Tag, tags: list[Tag], rules: RetentionRules) -> int:
    return sum(
        each.pushed is not None and of.pushed is not None and each.pushed >= of.pushed
        for each in tags
        if rules.matches(each.name) and each is not of
    )


def is_old(of: Tag, rules: RetentionRules) -> bool:
    """Return whether both times of a tag are known and before those of the rules."""
    return (
        of.pushed is not None
        and (rules.pushed_before is None or of.pushed < rules.pushed_before)
        and (rules.used_before is None or (of.used is not None and of.used < rules.used_before))
    )


@given(tags=TAGS, rules=RULES)
@always
def test_protected_tags_are_always_kept(tags: list[Tag], rules: RetentionRules) -> None:
    assert not any(rules.is_protected(each.name) for each in select(tags, rules).candidates)


@given(tags=TAGS, rules=RULES)
@always
def test_immutable_tags_are_always_kept(tags: list[Tag], rules: RetentionRules) -> None:
    assert not any(rules.is_immutable(each.name) for each in select(tags, rules).candidates)


@given(tags=TAGS, rules=RULES)
@always
def test_the_newest_tags_are_always_kept(tags: list[Tag], rules: RetentionRules) -> None:
    for each in select(tags, rules).candidates:
        assert at_least_as_new(each, tags, rules) >= (rules.keep_last or 0)


@given(tags=TAGS, rules=RULES)
@always
def test_an_unknown_time_never_counts_as_old(tags: list[Tag], rules: RetentionRules) -> None:
    for each in select(tags, rules).candidates:
        assert each.pushed is not None
        assert rules.used_before is None or each.used is not None


@given(tags=TAGS, rules=RULES)
@always
def test_all_rules_apply_to_each_candidate(tags: list[Tag], rules: RetentionRules) -> None:
    assert all(rules.matches(each.name) and is_old(each, rules) for each in select(tags, rules).candidates)


@given(tags=TAGS, rules=RULES)
@always
def test_a_tag_that_all_rules_give_up_is_a_candidate(tags: list[Tag], rules: RetentionRules) -> None:
    candidates = select(tags, rules).candidates
    for each in tags:
        is_free = rules.matches(each.name) and not rules.is_protected(each.name) and not rules.is_immutable(each.name)
        if is_free and is_old(each, rules) and newer(each, tags, rules) >= (rules.keep_last or 0):
            assert each in candidates or at_least_as_new(each, tags, rules) > newer(each, tags, rules)


@given(tags=TAGS, rules=RULES)
@always
def test_each_tag_is_either_a_candidate_or_kept(tags: list[Tag], rules: RetentionRules) -> None:
    selection = select(tags, rules)
    names = [each.name for each in selection.candidates]
    assert sorted([*names, *selection.kept]) == sorted(each.name for each in tags)
    assert all(selection.kept.values())


@given(tags=TAGS, rules=RULES, done=st.integers(0, 8))
@always
def test_a_run_that_stopped_is_continued_by_the_next(tags: list[Tag], rules: RetentionRules, done: int) -> None:
    candidates = select(tags, rules).candidates
    rest = [each for each in tags if each not in candidates[:done]]
    assert select(rest, rules).candidates == candidates[done:]


@given(tags=TAGS, rules=RULES, data=st.data())
@always
def test_the_order_of_the_list_does_not_matter(tags: list[Tag], rules: RetentionRules, data: t.Any) -> None:
    assert select(data.draw(st.permutations(tags)), rules).candidates == select(tags, rules).candidates


def names_of(tags: list[Tag]) -> list[str]:
    return [each.name for each in tags]


def test_the_oldest_candidate_comes_first() -> None:
    tags = [tag("b", NOW - 1), tag("c", NOW - 3), tag("a", NOW - 2), tag("new")]
    selection = select(tags, RetentionRules(match_all, match_none, match_none, keep_last=1))
    assert names_of(selection.candidates) == ["c", "a", "b"]
    assert selection.kept == {"new": "among the newest 1"}


def test_the_newest_are_those_of_the_tags_that_match() -> None:
    tags = [tag("b1", NOW - 9), tag("b2", NOW - 8), tag("a1"), tag("a2")]
    selection = select(tags, RetentionRules(letters_matcher({"b"}), match_none, match_none, keep_last=1))
    assert names_of(selection.candidates) == ["b1"]
    assert selection.kept["a1"] == "not matched"


def test_protected_tags_count_among_the_newest() -> None:
    tags = [tag("a"), tag("b", NOW - 1), tag("c", NOW - 2)]
    rules = RetentionRules(match_all, letters_matcher({"a"}), match_none, keep_last=1)
    assert names_of(select(tags, rules).candidates) == ["c", "b"]


def test_a_tag_of_unknown_age_takes_no_place_among_the_newest() -> None:
    tags = [tag("a", None), tag("b", NOW - 1), tag("c", NOW - 2)]
    rules = RetentionRules(match_all, match_none, match_none, keep_last=1)
    assert names_of(select(tags, rules).candidates) == ["c"]
    assert select(tags, rules).kept == {"a": "time of the push unknown", "b": "among the newest 1"}


def test_the_reason_contains_each_rule() -> None:
    rules = RetentionRules(match_all, match_none, match_none, keep_last=3, pushed_before=NOW, used_before=NOW + 60)
    assert reason_to_delete(rules) == (
        "not among the newest 3, pushed before 2027-01-15T08:00:00Z, neither pulled nor pushed since 2027-01-15T08:01:00Z"
    )


# Tags of the API

PUSHED, PULLED = "2026-01-02T00:00:00.123456Z", "2026-01-03T00:00:00.123456Z"


def row(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "name": "app",
        "full_size": 5,
        "digest": "sha256:1",
        "tag_last_pushed": PUSHED,
        "tag_last_pulled": None,
    } | fields


def test_a_tag_that_was_never_pulled_counts_from_its_push() -> None:
    for never in (None, "", "0001-01-01T00:00:00Z"):
        found = tag_of(row(tag_last_pulled=never))
        assert found.used == found.pushed == unix_time_of(PUSHED)
        assert found.last_pulled is None


def test_a_placeholder_is_not_a_time() -> None:
    placeholder = "0001-01-01T00:00:00Z"
    images = [{"last_pulled": placeholder, "last_pushed": PUSHED}]
    facts = tag_facts(row(tag_last_pulled=placeholder, tag_last_pushed=placeholder, images=images))
    assert (facts["last_pushed"], facts["last_pulled"]) == (None, None)
    assert (facts["images"][0]["last_pushed"], facts["images"][0]["last_pulled"]) == (PUSHED, None)


def test_a_tag_that_was_pulled_counts_from_the_later_time() -> None:
    assert tag_of(row(tag_last_pulled=PULLED)).used == unix_time_of(PULLED)
    assert tag_of(row(tag_last_pulled="2020-01-01T00:00:00Z")).used == unix_time_of(PUSHED)


def test_an_unknown_pull_makes_the_use_unknown() -> None:
    assert tag_of(row(tag_last_pulled="recently")).used is None
    assert tag_of(row(tag_last_pushed="0001-01-01T00:00:00Z", tag_last_pulled=PULLED)).used is None


@given(text=st.none() | st.text() | st.integers() | st.sampled_from(["0001-01-01T00:00:00Z", "1970-01-01", PUSHED]))
@always
def test_a_push_is_unknown_or_of_our_time(text: t.Any) -> None:
    pushed = tag_of(row(tag_last_pushed=text)).pushed
    assert pushed is None or pushed >= NOW - 20 * 365 * 86400


@pytest.mark.parametrize("name", [None, "", 7])
def test_a_tag_without_a_name_is_no_tag(name: t.Any) -> None:
    with pytest.raises(BadAnswer):
        tag_of(row(name=name))


@pytest.mark.parametrize("size", [None, -1, "5"])
def test_a_size_that_is_no_number_counts_as_zero(size: t.Any) -> None:
    assert tag_of(row(full_size=size)).size == 0


@pytest.mark.parametrize(
    ("changes", "used_before", "expected"),
    [
        ({}, NOW, False),
        ({"tag_last_pushed": PULLED}, None, True),
        ({"digest": "sha256:2"}, None, True),
        ({"digest": None}, None, False),  # an answer without a digest proves nothing
        ({"tag_last_pushed": None, "last_updated": None}, None, True),
        ({"tag_last_pulled": PULLED}, None, False),
        ({"tag_last_pulled": PULLED}, NOW, True),
    ],
)
def test_a_tag_has_changed(changes: dict[str, t.Any], used_before: float | None, expected: bool) -> None:
    rules = RetentionRules(match_all, match_none, match_none, keep_last=1, used_before=used_before)
    assert has_changed(tag_of(row()), tag_of(row(**changes)), rules) is expected


def test_an_image_counts_once_and_only_without_other_tags() -> None:
    deleted = [
        tag("a", digest="sha256:1", size=10),
        tag("b", digest="sha256:1", size=10),
        tag("c", digest="sha256:2", size=100),
        tag("d", size=1000),
        tag("e", size=1000),
    ]
    assert untagged_bytes(deleted, []) == 2110
    assert untagged_bytes(deleted, [tag("latest", digest="sha256:2", size=100), tag("x")]) == 2010
