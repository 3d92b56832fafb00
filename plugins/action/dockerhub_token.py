# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Return the Docker Hub token of this run to a task, and hide it."""

from __future__ import annotations

import atexit
import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._cached_token import cached_token
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_arguments import hidden_arguments
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import OWNED, SOURCES, raw_options

SHOWN = ({*SOURCES} - {*OWNED, "docker_config"}) | {"username", "login_from", "on_otp_required"}
display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core is half typed
    """The task ``hubops.dockerhub.dockerhub_token``."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the result of the login. Ansible registers it unchanged, but does not print it."""
        task, variables = self._task, task_vars or {}
        with hidden_arguments(task, lambda name, value: name in SHOWN and not isinstance(value, (dict, list))) as added:
            # Ansible prints the item of a loop with each result, and it may be the secret.
            task.no_log = task.no_log or task.loop is not None
            raw = raw_options(task.args, variables, self._templar.template, task=True)
            added.update({**raw["variables"], **raw["environment"]})
            is_plain = not (task.delegate_to or task.async_val)  # others may need a warning or a refusal
            result = cached_token(raw, display.v if display.verbosity else None) if is_plain else None
            if not result:
                from ansible_collections.hubops.dockerhub.plugins.plugin_utils._token_task import token_task

                if (result := token_task(self, raw, variables)).get("failed"):
                    return result
            # Before ansible-core 2.19, the result of a loop does not remember that its items are hidden, but the task does.
            task.no_log = True
            return {**result, "changed": False, "_ansible_no_log": True}


@atexit.register  # Ansible loads this file in the main process, too
def _remove_fallback_directory() -> None:
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._new_run_directory import remove_fallback_directory

    remove_fallback_directory()
