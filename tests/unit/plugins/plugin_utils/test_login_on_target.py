# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that a login on a target changes, and puts back."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _login_on_target


def settings(action: t.Any) -> tuple[t.Any, ...]:
    connection = action._connection
    return action._task.no_log, connection._play_context.no_log, connection.get_option("pipelining")


@pytest.mark.parametrize(("become", "pipelining"), [(None, True), ("sudo", False)])
def test_the_settings_are_private_during_the_login_only(become: str | None, pipelining: bool) -> None:
    connection = connection_loader.get("ansible.builtin.local", PlayContext())
    connection.set_options({})
    connection.become = become
    action = types.SimpleNamespace(_task=Task(), _connection=connection)
    before = settings(action)

    def fail() -> None:
        with _login_on_target._private_settings(action, []):
            assert settings(action) == (True, True, pipelining)
            raise KeyError("the module")

    with pytest.raises(KeyError, match="the module"):
        fail()
    assert settings(action) == before
    assert before[2] is False
