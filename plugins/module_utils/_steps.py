# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make several changes one after the other, and report the progress if one fails."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError


class Step(t.NamedTuple):
    """One change: the name of the object, the kind of change, and the function that makes it."""

    name: str
    change: str
    run: t.Callable[[], t.Any]


def take_steps(steps: t.Iterable[Step], *, created: str | None = None) -> None:
    """Make all changes. If one fails, add to the error's result which changes were made and which are left.

    ``created`` is the name of the object that the task has just created, if it has.
    """
    done = [] if created is None else [{"name": created, "change": "create"}]
    steps = list(steps)
    left = [{"name": step.name, "change": step.change} for step in steps]
    for step in steps:
        try:
            step.run()
        except HubError as error:
            error.result = {"changed": bool(done), "done": done, "left": left}
            raise
        done.append(left.pop(0))


@contextlib.contextmanager
def after_a_change() -> t.Iterator[None]:
    """Let an error of what follows a change report that the task has changed something."""
    try:
        yield
    except HubError as error:
        error.result = {"changed": True, **error.result}
        raise
