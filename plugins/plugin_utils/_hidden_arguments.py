# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hide arguments from everything that reads a finished task: callbacks, ``ansible_failed_task``, events of a job."""

from __future__ import annotations

import contextlib
import typing as t
import weakref

from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import OWNED, SOURCES

PLACEHOLDER = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_FIELDS = ("args", "environment", "module_defaults", "vars")
SECRET_NAMES = {name for option in OWNED for names in (*SOURCES[option], [option]) for name in names}
SECRET_NAMES |= {"password", "code", "access_token", "login_2fa_token", "held_secret"}
_real_values: t.Any = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def hidden_arguments(task: t.Any, is_shown: t.Callable[[str, t.Any], bool]) -> t.Iterator[dict[str, t.Any]]:
    """When the block ends, hide each argument without ``is_shown(name, value)``, and the values that the block has added."""
    added: dict[str, t.Any] = {}  # by the name of a variable or environment variable
    # Where `until` runs the task again, the new action needs the real values.
    for field, value in _real_values.get(task, {}).items():
        setattr(task, field, value)
    try:
        yield added
    finally:
        real = _real_values[task] = {field: getattr(task, field) for field in _FIELDS}
        secret = {name: value for name, value in real["args"].items() if not is_shown(name, value)}
        hidden = {"dckr_", "{{", *map(_text, (*secret.values(), *map(added.get, SECRET_NAMES)))} - {""}
        for field, value in real.items():
            setattr(task, field, _hide(value, hidden))
        task.args = {**task.args, **dict.fromkeys(secret, PLACEHOLDER)}


def _hide(value: t.Any, hidden: set[str]) -> t.Any:
    """Return a copy in which secrets, hidden values, templates and texts such as ``user:password@host`` are replaced."""
    if isinstance(value, dict):
        return {name: PLACEHOLDER if name in SECRET_NAMES else _hide(one, hidden) for name, one in value.items()}
    if isinstance(value, list):
        return [_hide(one, hidden) for one in value]
    text = _text(value)
    is_secret = any(one in text or (len(text) > 8 and text in one) for one in hidden)
    return PLACEHOLDER if is_secret or ":" in text.rpartition("@")[0] else value


def _text(value: t.Any) -> str:
    with contextlib.suppress(Exception):  # perhaps it is encrypted with another password
        return str(value or "")
    return ""
