# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read spans (``90d``) and times (ISO 8601)."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
"""Seconds in each unit of a span."""

LONGEST = 100 * 365 * 86400
"""Seconds of the longest span, so that a computed time is within the calendar of Python."""

_SPAN = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,]([0-9]{1,9}))?\s*([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)
_SPAN_HINT = "write a whole number with a unit: s, m, h, d or w, as in 90d or 12h"
_TIME_HINT = "write ISO 8601, as in 2027-01-31 or 2027-01-31T12:00:00Z; without an offset, the time is in UTC"


def parse_span(text: t.Any, option: str) -> float:
    """Return the seconds of a span, ``90d`` for example; raise ``InvalidOptions`` for anything else."""
    match = _SPAN.fullmatch(str(text).strip())
    if not match:
        raise InvalidOptions(f"{option} is not a span: '{_shown(text)}'", hint=_SPAN_HINT)
    seconds = int(match[1]) * UNITS[match[2]]
    if seconds > LONGEST:
        raise InvalidOptions(f"{option} is longer than 100 years: '{_shown(text)}'", hint="write a shorter span")
    return float(seconds)


def parse_time(text: t.Any, option: str, now: float) -> float:
    """Return the unix time of an ISO 8601 time; ``now`` (any case) is the present. Raises ``InvalidOptions`` otherwise."""
    if str(text).strip().lower() == "now":
        return now
    moment = unix_time_of(text)
    if moment is None:
        raise InvalidOptions(f"{option} is not a time: '{_shown(text)}'", hint=_TIME_HINT)
    return moment


def parse_moment(text: t.Any, option: str, now: float) -> float:
    """Return the unix time of an ISO 8601 time, or of a span before ``now``; raise ``InvalidOptions`` for anything else."""
    if _SPAN.fullmatch(str(text).strip()):
        return now - parse_span(text, option)
    try:
        return parse_time(text, option, now)
    except InvalidOptions:
        raise InvalidOptions(
            f"{option} is neither a span nor a time: '{_shown(text)}'", hint=f"{_SPAN_HINT}; or {_TIME_HINT}"
        ) from None


def unix_time_of(text: t.Any) -> float | None:
    """Return the unix time of an ISO 8601 time, as Docker Hub or a user writes it; None for anything else.

    A date alone is its beginning. Without an offset, the time is in UTC.
    """
    match = _TIME.fullmatch(str(text).strip())
    if not match:
        return None
    date, minutes, seconds, fraction, offset = match.groups()
    # Python 3.9 reads neither Z nor other fractions than of three or six digits.
    offset = "+00:00" if offset in (None, "Z", "z") else f"{offset[:3]}:{offset[-2:]}"
    try:
        moment = datetime.fromisoformat(f"{date}T{minutes or '00:00'}{seconds or ':00'}{offset}")
        return moment.timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
    except (ValueError, OverflowError):
        return None


def _shown(text: t.Any) -> str:
    return printable(str(text), limit=60)
