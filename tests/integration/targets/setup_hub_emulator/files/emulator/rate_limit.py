# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limit: a number of requests in a window of time."""

from __future__ import annotations

import dataclasses
import math
import typing as t

if t.TYPE_CHECKING:
    from emulator.hub import Hub


@dataclasses.dataclass
class RateLimitSettings:
    """How many requests are accepted in how many seconds."""

    rate_limit: int = 100_000
    rate_window: float = 60
    # How a reply 429 announces the end of the window: "x-retry-after" with a unix time; or "retry-after", with the
    # captured unix time or the documented seconds.
    retry_after: str = "x-retry-after time"  # or "retry-after time", "retry-after seconds"


class RateLimit:
    """The window that is open."""

    def __init__(self) -> None:
        self.end = 0.0
        self.requests = 0


def count_request(hub: Hub) -> tuple[dict[str, str | None], bool]:
    """Return the headers that describe the limit, and whether this request exceeds it."""
    window = hub.rate
    if not hub.now() < window.end <= hub.now() + hub.rate_window:
        window.end, window.requests = hub.now() + hub.rate_window, 0
    window.requests += 1
    left = hub.rate_limit - window.requests
    reset = str(math.ceil(window.end))
    headers: dict[str, str | None] = {
        "X-RateLimit-Limit": str(hub.rate_limit),
        "X-RateLimit-Remaining": str(max(left, 0)),
        "X-RateLimit-Reset": reset,
    }
    if left >= 0:
        return headers, False
    name, _space, kind = hub.retry_after.partition(" ")
    headers[name.title()] = reset if kind == "time" else str(math.ceil(window.end - hub.now()))
    return headers, True
