# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that are made one after the other, with a record of how far they got."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError


class Step(t.NamedTuple):
    """One change: who or what it concerns, what it does, the function that makes it."""

    name: str
    change: str
    run: t.Callable[[], t.Any]


def take_steps(steps: t.Iterable[Step], *, changed: bool = False) -> None:
    """Make all changes. An error contains what was done before it, and what is left.

    ``changed`` is whether the task had changed something already.
    """
    steps = list(steps)
    for number, step in enumerate(steps):
        try:
            step.run()
        except HubError as error:
            error.result = {
                "changed": changed or number > 0,
                "done": [_shown(one) for one in steps[:number]],
                "left": [_shown(one) for one in steps[number:]],
            }
            raise


@contextlib.contextmanager
def after_a_change() -> t.Iterator[None]:
    """Let an error of what follows a change report that the task has changed something."""
    try:
        yield
    except HubError as error:
        error.result = {"changed": True, **error.result}
        raise


def _shown(step: Step) -> dict[str, str]:
    return {"name": step.name, "change": step.change}
