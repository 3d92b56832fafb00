# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the tags to delete by retention rules."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import BadAnswer
from ansible_collections.hubops.dockerhub.plugins.module_utils._tag_patterns import Matcher
from ansible_collections.hubops.dockerhub.plugins.module_utils._tags import tag_facts
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import unix_time_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time

_FIRST_PUSH = 1_356_998_400
"""The beginning of 2013, before Docker Hub existed. An earlier time is a placeholder such as ``0001-01-01T00:00:00Z``."""


class Tag(t.NamedTuple):
    """The properties of a tag that retention depends on. Times are unix times; None is unknown.

    ``used`` is the time of the last push or pull, whichever is later.
    """

    name: str
    digest: str | None
    size: int
    pushed: float | None
    used: float | None
    last_pushed: str | None
    last_pulled: str | None


class RetentionRules(t.NamedTuple):
    """The rules that all must apply to a tag to delete; ``is_protected`` and ``is_immutable`` tags are kept anyway."""

    matches: Matcher
    is_protected: Matcher
    is_immutable: Matcher
    keep_last: int | None = None
    pushed_before: float | None = None
    used_before: float | None = None


class Selection(t.NamedTuple):
    """The tags to delete, the oldest first, and the reason for each tag that is kept, by its name."""

    candidates: list[Tag]
    kept: dict[str, str]


def tag_of(row: t.Mapping[str, t.Any]) -> Tag:
    """Return a tag of the API; raise ``BadAnswer`` if it has no name."""
    facts = tag_facts(row)
    if not isinstance(row.get("name"), str) or not row["name"]:
        raise BadAnswer("Docker Hub returned a tag without a name")
    pushed = _moment(facts["last_pushed"])
    pulled = pushed if facts["last_pulled"] is None else _moment(facts["last_pulled"])
    size = facts["size"]
    return Tag(
        name=facts["name"],
        digest=facts["digest"] or None,
        size=size if isinstance(size, int) and size > 0 else 0,
        pushed=pushed,
        used=None if pushed is None or pulled is None else max(pushed, pulled),
        last_pushed=facts["last_pushed"],
        last_pulled=facts["last_pulled"],
    )


def _moment(text: t.Any) -> float | None:
    moment = unix_time_of(text)
    return None if moment is None or moment < _FIRST_PUSH else moment


def select(tags: t.Sequence[Tag], rules: RetentionRules) -> Selection:
    """Divide tags into those to delete and those to keep."""
    dated = [tag for tag in tags if tag.pushed is not None and rules.matches(tag.name)]
    dated.sort(key=_age_order, reverse=True)
    newest = {tag.name for tag in dated[: rules.keep_last or 0]}
    kept, candidates = {}, []
    for tag in tags:
        reason = _reason_to_keep(tag, rules, newest)
        if reason is None:
            candidates.append(tag)
        else:
            kept[tag.name] = reason
    return Selection(sorted(candidates, key=_age_order), kept)


def _age_order(tag: Tag) -> tuple[float, str]:
    return (tag.pushed or 0.0, tag.name)


def _reason_to_keep(tag: Tag, rules: RetentionRules, newest: t.Container[str]) -> str | None:
    """Return why a tag is kept; None if the rules select it for deletion. An unknown time never counts as old."""
    if rules.is_immutable(tag.name):
        return "immutable"
    if rules.is_protected(tag.name):
        return "protected"
    if not rules.matches(tag.name):
        return "not matched"
    if tag.name in newest:
        return f"among the newest {rules.keep_last}"
    if tag.pushed is None:
        return "time of the push unknown"
    if rules.pushed_before is not None and tag.pushed >= rules.pushed_before:
        return f"not pushed before {iso_time(rules.pushed_before)}"
    if rules.used_before is not None:
        if tag.used is None:
            return "time of the last pull unknown"
        if tag.used >= rules.used_before:
            return f"pulled or pushed since {iso_time(rules.used_before)}"
    return None


def reason_to_delete(rules: RetentionRules) -> str:
    """Return the rules that apply to each candidate, in words."""
    reasons = []
    if rules.keep_last is not None:
        reasons.append(f"not among the newest {rules.keep_last}")
    if rules.pushed_before is not None:
        reasons.append(f"pushed before {iso_time(rules.pushed_before)}")
    if rules.used_before is not None:
        reasons.append(f"neither pulled nor pushed since {iso_time(rules.used_before)}")
    return ", ".join(reasons)


def has_changed(listed: Tag, current: Tag, rules: RetentionRules) -> bool:
    """Return whether a tag was pushed, or pulled if a rule depends on pulls, since it was listed."""
    if listed.pushed != current.pushed or (listed.digest and current.digest and listed.digest != current.digest):
        return True
    return rules.used_before is not None and listed.used != current.used


def untagged_bytes(deleted: t.Sequence[Tag], others: t.Iterable[Tag]) -> int:
    """Return the size of the images that are left without a tag. Each digest counts once."""
    sizes = {tag.digest or tag.name: tag.size for tag in deleted}
    for tag in others:
        sizes.pop(tag.digest or "", None)
    return sum(sizes.values())
