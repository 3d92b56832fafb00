# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hide arguments from whatever reads a finished task: callbacks, ``ansible_failed_task``, events of a job."""

from __future__ import annotations

import contextlib
import typing as t
import weakref

PLACEHOLDER = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_real_arguments: t.Any = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def hidden_arguments(task: t.Any, shown: t.Collection[str]) -> t.Iterator[None]:
    """Hide all arguments of a task except ``shown`` when the block ends; a shown one too if it contains a hidden value.

    The real ones are put back when ``until`` runs the task again, for which Ansible makes a new action.
    """
    task.args = _real_arguments.get(task, task.args)
    try:
        yield
    finally:
        _real_arguments[task] = task.args
        hidden = {str(value) for name, value in task.args.items() if name not in shown and value} | {"dckr_"}

        def is_shown(name: str, value: t.Any) -> bool:
            text = str(value)
            return name in shown and not ("://" in text and "@" in text) and not any(part in text for part in hidden)

        task.args = {name: value if is_shown(name, value) else PLACEHOLDER for name, value in task.args.items()}
