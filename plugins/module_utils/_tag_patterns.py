# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Match the names of tags with shell patterns, regular expressions, and the rules for immutable tags."""

from __future__ import annotations

import fnmatch
import re
import typing as t
import warnings

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable

Matcher = t.Callable[[str], bool]
"""Return whether something applies to the tag with this name."""

_REGEX = "regex:"


def match_all(_name: str) -> bool:
    """Apply to every tag."""
    return True


def match_none(_name: str) -> bool:
    """Apply to no tag."""
    return False


def patterns_of(value: t.Any, option: str) -> list[str]:
    """Return the patterns of an option, which is a text or a list; raise ``InvalidOptions`` for anything else in it."""
    patterns = value if isinstance(value, (list, tuple)) else [value]
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise InvalidOptions(
                f"{option} contains {printable(str(pattern), limit=40)}, which is not a text",
                hint="put each pattern in quotes: YAML reads 1.10 as the number 1.1",
            )
        if not pattern.strip():
            raise InvalidOptions(f"{option} contains an empty pattern", hint=f"correct it, or leave out {option}")
    return [pattern.strip() for pattern in patterns]


def matcher_of(patterns: t.Sequence[str], option: str) -> Matcher:
    """Return a matcher for shell patterns, and for regular expressions that start with ``regex:``.

    A shell pattern describes the whole name, a regular expression a part of it.
    """
    tests = [
        _compile(pattern[len(_REGEX) :].strip(), option).search
        if pattern.startswith(_REGEX)
        else re.compile(fnmatch.translate(pattern)).fullmatch
        for pattern in patterns
    ]
    return lambda name: any(test(name) for test in tests)


def _compile(expression: str, option: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidOptions(
            f"{option} contains an invalid regular expression, '{printable(expression, limit=60)}':"
            f" {printable(str(error))}",
            hint="correct it; a pattern without regex: is a shell pattern",
        ) from None


def immutability_of(rules: t.Iterable[str]) -> tuple[Matcher, list[str]]:
    """Return a matcher for the immutable tags of a repository, and the rules that Python cannot read.

    Docker Hub's rules are of the syntax RE2. If Python cannot read one of them, every tag counts as immutable.
    """
    expressions, unreadable = [], []
    for rule in rules:
        try:
            # Python reads [[:alpha:]] as something else, and only warns where the set begins with it.
            if "[:" in rule:
                raise re.error("a class of characters in the syntax of POSIX")
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                expressions.append(re.compile(rule, re.ASCII))
        except (re.error, Warning, OverflowError, RecursionError):
            unreadable.append(rule)
    if unreadable:
        return match_all, unreadable
    return (lambda name: any(expression.search(name) for expression in expressions)), []
