# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in pages."""

from __future__ import annotations

import math
import typing as t
import urllib.parse

from emulator.wire import Rejection, Reply, Request, error_body

if t.TYPE_CHECKING:
    from emulator.hub import Hub


def page(hub: Hub, request: Request, items: t.Sequence[dict[str, t.Any]]) -> Reply:
    """Return the page of a list that a request asks for."""
    try:
        number, size = int(request.query.get("page", 1)), int(request.query.get("page_size", 10))
    except ValueError:
        number = size = 0
    if number < 1 or not 1 <= size <= 100:
        raise Rejection(400, error_body("page and page_size must be positive, page_size at most 100"))
    pages = max(1, math.ceil(len(items) / size))
    if number > pages:
        raise Rejection(404, error_body("no such page"))

    def link(to: int) -> str | None:
        query = urllib.parse.urlencode({**request.query, "page": to, "page_size": size})
        return f"{hub.url}{request.path}?{query}" if 1 <= to <= pages else None

    results = [dict(item) for item in items[(number - 1) * size : number * size]]
    around = {"next": link(number + 1), "previous": link(number - 1)}
    return Reply(200, {"count": len(items), **around, "results": results})
