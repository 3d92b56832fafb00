# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in for the task dockerhub_token, on the controller or on its target."""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.release import __version__
from ansible.utils.display import Display
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, InvalidOptions, MissingLibrary
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_failure import show_hidden_failure
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_cache import TargetUnreachable
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_on_target import login_on_target
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import login_options, message_of
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import RawOptions
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._shared_token import Login, log_in_here, shared_token

display = Display()


def token_task(action: t.Any, raw: RawOptions, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the result of the task, which is a failure with ``msg`` and ``error`` if the login fails."""
    task = action._task
    try:
        if task.async_val:
            raise InvalidOptions("this task cannot run async", hint="remove async: one login serves all hosts")
        require_hidden_results(__version__)
        options = login_options(raw, display.warning, display.vvv)
        login, origin = _login_function(action, options, variables)
        return dict(shared_token(options, login, display.warning, display.v, origin, raw))
    except TargetUnreachable as error:
        raise AnsibleConnectionFailure(str(error)) from None
    except HubError as error:
        message = message_of(error, raw)
        failure = {"failed": True, "changed": False, "msg": message, "error": error.public()}
        if task.loop is None:
            return failure
        show_hidden_failure(message)
        return {**failure, "_ansible_no_log": True}


def _login_function(action: t.Any, options: Options, variables: dict[str, t.Any]) -> tuple[Login, str]:
    """Return the function that logs in, and the host on which it does so (empty for the controller)."""
    target = str(action._task.delegate_to or variables.get("inventory_hostname"))
    if options["login_from"] == "target":
        return login_on_target(action, variables, target), target
    if action._task.delegate_to and action._connection.transport != "local":
        display.warning(
            f"The login to Docker Hub runs on the controller, not on {target}, to which this task is delegated."
            " To log in from there, set login_from: target."
        )
    return log_in_here, ""


def require_hidden_results(version: str) -> None:
    """Raise ``MissingLibrary`` for a version of ansible-core that prints the result of an action."""
    if _numbers(version) < (2, 16, 13) or (2, 17) <= _numbers(version) < (2, 17, 6):
        raise MissingLibrary(
            f"ansible-core {version} prints what this task returns, the token included",
            hint="install ansible-core 2.16.13, 2.17.6, or 2.18 and later; or use the lookup of the same name",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))
