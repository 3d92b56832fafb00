# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report the progress of a long task."""

from __future__ import annotations

import time
import typing as t

INTERVAL = 10.0
"""Seconds from one line to the next."""


class Progress:
    """Show at most one line every ten seconds, the first after ten seconds. Without ``inform``, show nothing."""

    def __init__(self, inform: t.Callable[[str], t.Any] | None) -> None:
        self._inform = inform
        self._next = time.monotonic() + INTERVAL

    def report(self, text: str) -> None:
        """Show a line if it is time for one."""
        now = time.monotonic()
        if self._inform and now >= self._next:
            self._next = now + INTERVAL
            self._inform(text)
