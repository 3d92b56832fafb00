# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read an answer: JSON, the words of a refusal, the rate limit, the times in its headers."""

from __future__ import annotations

import json
import math
import re
import typing as t
from datetime import timezone
from email.utils import parsedate_to_datetime

from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time

_FIRST_UNIX_TIME = 1e9
"""A larger number in ``Retry-After`` is a unix time, a smaller one a number of seconds. Both have been seen."""


class RateLimit(t.TypedDict):
    """Requests allowed in a period, requests left in it, the start of the next one (ISO 8601, UTC)."""

    limit: int | None
    remaining: int | None
    reset: str | None


def parse_json(body: bytes) -> t.Any:
    """Return the JSON value of a body; None for anything that is not JSON.

    Half a surrogate pair, which could not be printed, becomes U+FFFD.
    """
    try:
        data = json.loads(body, parse_constant=_refuse_constant)
        if b"\\ud" in body.lower():  # perhaps half a surrogate pair
            text = json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")
            data = json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def words_of(data: t.Any) -> str:
    """Return the words of a refusal, from any of the forms in docs/docker_hub_api.md, "Error bodies"."""
    if not isinstance(data, dict):
        return ""
    texts = [data[name] for name in ("message", "detail", "text") if isinstance(data.get(name), str) and data[name]][:1]
    errinfo = data.get("errinfo")
    fields: t.Any = errinfo if isinstance(errinfo, dict) else data.get("fields")
    if isinstance(fields, dict) and isinstance(fields.get("fielderrors"), dict):
        fields = fields["fielderrors"]
    if not texts and fields is None:
        fields = data  # the oldest form: names of fields alone
    if isinstance(fields, dict):
        texts += [f"{name} {' '.join(texts_of(value))}" for name, value in fields.items() if texts_of(value)]
    return ": ".join(texts)


def texts_of(value: t.Any) -> list[str]:
    """Return the texts in a text or in a list of texts; none for anything else."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]


def rate_limit_of(headers: t.Mapping[str, str]) -> RateLimit | None:
    """Return the rate limit that the headers report; None if they report none."""
    limit, remaining, reset = (_count(headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
    if limit is None and remaining is None and reset is None:
        return None
    return {"limit": limit, "remaining": remaining, "reset": iso_time(reset)}


def reset_time(headers: t.Mapping[str, str]) -> float | None:
    """Return the unix time at which the next period of the rate limit starts; None if it is not reported."""
    return _count(headers.get("X-RateLimit-Reset"))


def retry_after(headers: t.Mapping[str, str], now: float) -> float | None:
    """Return the seconds to wait after a 429, the longest that the headers name; None if they name none."""
    named = [seconds_until(headers.get(name), now) for name in ("X-Retry-After", "Retry-After")]
    return max((seconds for seconds in named if seconds is not None), default=None)


def seconds_until(value: str | None, now: float) -> float | None:
    """Return the seconds until the time in a header: a unix time, seconds or a date. None for anything else."""
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = unix_time(value) or math.nan
    if not math.isfinite(number):
        return None
    return max(0.0, number - now if number > _FIRST_UNIX_TIME else number)


def unix_time(date: str | None) -> float | None:
    """Return the unix time of an HTTP date; None for anything else."""
    try:
        moment = parsedate_to_datetime(date or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _count(value: str | None) -> int | None:
    return int(value) if value and re.fullmatch(r"[0-9]{1,15}", value) else None
