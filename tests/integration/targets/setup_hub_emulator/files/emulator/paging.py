# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in pages."""

from __future__ import annotations

import dataclasses
import math
import typing as t
import urllib.parse

from emulator.wire import OBJECT_NOT_FOUND, Rejection, Reply, Request, error_body

if t.TYPE_CHECKING:
    from emulator.hub import Hub

Item = t.TypeVar("Item")


@dataclasses.dataclass
class PagingSettings:
    """What is not known, or differs between captures, about lists."""

    next_base: str | None = None  # scheme and host of `next` and `previous`; None: those of the emulator
    large_page: str = "refuse"  # or "clamp", "honour": what a page_size above 100 does
    count_is_zero: bool = False  # True: `count` is 0 although there are results


def page(
    hub: Hub,
    request: Request,
    items: t.Sequence[Item],
    body_of: t.Callable[[Item], dict[str, t.Any]],
    *,
    default_size: int = 10,
    count_name: str = "count",
    more: dict[str, t.Any] | None = None,
) -> Reply:
    """Return the page that a request asks for; `more` are further fields of the envelope.

    Page 1 always exists. A page beyond the last is 404.
    """
    number, size = _number(request, "page", 1), _number(request, "page_size", default_size)
    if size > 100 and hub.large_page == "refuse":
        raise Rejection(400, error_body("page_size must be at most 100"))
    if hub.large_page == "clamp":
        size = min(size, 100)
    pages = max(1, math.ceil(len(items) / size))
    if number > pages:
        raise Rejection(404, {**OBJECT_NOT_FOUND, "message": "httperror 404: object not found"})

    def link(to: int) -> str | None:
        query = urllib.parse.urlencode({**request.query, "page": to, "page_size": size})
        return f"{hub.next_base or hub.url}{request.raw_path}?{query}" if 1 <= to <= pages else None

    envelope = {
        count_name: 0 if hub.count_is_zero else len(items),
        "next": link(number + 1),
        "previous": link(number - 1),
        **(more or {}),
    }
    return Reply(200, {**envelope, "results": [body_of(item) for item in items[(number - 1) * size : number * size]]})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise Rejection(400, error_body(f"{name} must be a positive number"))
    return int(text)
