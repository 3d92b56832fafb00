# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that a login on a target changes and puts back, and the hints to its failures."""

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


@pytest.mark.parametrize(
    ("method", "reason", "is_become"),
    [
        ("sudo", "Failed to set permissions on the temporary files when becoming an unprivileged user", True),
        ("sudo", "Timeout (12s) waiting for privilege escalation prompt: ", True),
        ("su", "su: Authentication failure", True),
        ("su", "/bin/sh: no such file as python3", False),
        ("community.general.doas", "doas: Operation not permitted", True),
        (None, "no such file as python3", False),
    ],
)
def test_a_failure_of_become_has_its_own_hint(method: str | None, reason: str, is_become: bool) -> None:
    hint = _login_on_target._hint(reason, types.SimpleNamespace(name=method))
    assert hint.startswith("check become for this host") == is_become
