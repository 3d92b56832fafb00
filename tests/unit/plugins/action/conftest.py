# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plays find beside the playbook: programs in place of ssh and sudo, and a callback."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

READER = """
from ansible.plugins.callback import CallbackBase
class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "notification", "reader"
    def _read(self, result, **_more):
        task = getattr(result, "task", None) or result._task
        self._display.display(f"ARGS {task.args}")
    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_skipped = v2_runner_retry = _read
    v2_runner_item_on_ok = v2_runner_item_on_failed = _read
"""


@pytest.fixture
def argument_reader(tmp_path: pathlib.Path) -> None:
    """Let plays print the arguments of each finished task, as a callback can read them."""
    (tmp_path / "callback_plugins").mkdir()
    (tmp_path / "callback_plugins/reader.py").write_text(READER)


@pytest.fixture
def program(tmp_path: pathlib.Path) -> t.Callable[[str, str], str]:
    """Return a function that writes a shell script with this name and text, and returns its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return write
