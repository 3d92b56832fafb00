# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read one page of a list, in any of the forms in docs/docker_hub_api.md, "Paging"."""

from __future__ import annotations

import json
import typing as t

PAGE_SIZE = 100
"""The entries to request per page; Docker Hub refuses larger numbers."""


class Entries(t.NamedTuple):
    """The entries of a page with a key each, whether another page may follow, and the length of the whole list.

    ``is_array``: the answer was an array of entries alone. Only the next request shows whether such a list has pages.
    """

    rows: list[tuple[str, dict[str, t.Any]]]
    has_more: bool
    total: int | None
    is_array: bool = False


def entries_of(data: t.Any) -> Entries | None:
    """Return the entries of an answer; None if it is not a list in a known form."""
    if isinstance(data, list):
        return _plain_array(data)
    if not isinstance(data, dict):
        return None
    for name in ("results", "logs", "data"):
        if isinstance(data.get(name), list):
            rows = _keyed(data[name])
            count = next((data[key] for key in ("count", "total") if isinstance(data.get(key), int)), None)
            # Audit logs have no next: their list ends with an empty page. Invitations come in one piece.
            has_more = bool(data.get("next")) if name == "results" else name == "logs" and bool(data[name])
            return None if rows is None else Entries(rows, has_more, count if name == "results" else None)
    return None


def _plain_array(data: list[t.Any]) -> Entries | None:
    """Return the entries of an array of entries, or of an array of pages (the documented form of members)."""
    if data and all(isinstance(page, dict) and isinstance(page.get("results"), list) for page in data):
        pages = [entries_of(page) for page in data]
        rows = [row for page in pages if page for row in page.rows]
        last = pages[-1]
        return None if None in pages or last is None else Entries(rows, last.has_more, last.total)
    keyed = _keyed(data)
    # An array of another length than a page is the whole list.
    return None if keyed is None else Entries(keyed, len(data) == PAGE_SIZE, None, is_array=True)


def _keyed(values: list[t.Any]) -> list[tuple[str, dict[str, t.Any]]] | None:
    return [(_key(value), value) for value in values] if all(isinstance(value, dict) for value in values) else None


def _key(entry: dict[str, t.Any]) -> str:
    """Return the identity of an entry. An entry may move to the next page meanwhile, and must not be read twice."""
    for names in (("uuid",), ("id",), ("namespace", "name")):
        if all(entry.get(name) not in (None, "") for name in names):
            return json.dumps([entry[name] for name in names])
    return json.dumps(entry, sort_keys=True)
