# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hide arguments from whatever reads a finished task: callbacks, ``ansible_failed_task``, events of a job."""

from __future__ import annotations

import contextlib
import typing as t
import weakref

from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import OWNED, SOURCES

PLACEHOLDER = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_FIELDS = ("args", "environment", "module_defaults", "vars")
_SECRET_SOURCES = {name for option in OWNED for names in SOURCES[option] for name in names}
_real_values: t.Any = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def hidden_arguments(task: t.Any, shown: t.Collection[str]) -> t.Iterator[None]:
    """Hide all arguments of a task except ``shown`` when the block ends, and their values wherever else the task has them.

    The real values are put back when ``until`` runs the task again, for which Ansible makes a new action.
    """
    for field, value in _real_values.get(task, {}).items():
        setattr(task, field, value)
    try:
        yield
    finally:
        real = _real_values[task] = {field: getattr(task, field) for field in _FIELDS}
        hidden = {str(value) for name, value in real["args"].items() if name not in shown and value} | {"dckr_"}
        for field, value in real.items():
            setattr(task, field, _hide(value, hidden))
        task.args = {name: value if name in shown else PLACEHOLDER for name, value in task.args.items()}


def _hide(value: t.Any, hidden: set[str]) -> t.Any:
    """Return a copy without secrets, hidden values and whatever may be a URL with a password, which needs no scheme."""
    if isinstance(value, dict):
        return {name: PLACEHOLDER if name in _SECRET_SOURCES else _hide(one, hidden) for name, one in value.items()}
    if isinstance(value, list):
        return [_hide(one, hidden) for one in value]
    text = str(value)
    return PLACEHOLDER if (":" in text and "@" in text) or any(part in text for part in hidden) else value
