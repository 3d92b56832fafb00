# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets the run's Docker Hub token on the controller, or by the module, and hides the result."""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    HubError,
    InvalidOptions,
    MissingLibrary,
    ModuleFailed,
    restored,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Claim, Options, Result, plain
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hub_options import hub_options
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._token_store import (
    Login,
    log_in_here,
    shared_token,
)

display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core is half typed
    """The task ``hubops.dockerhub.dockerhub_token``."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The result of the task; a success is censored by ansible-core, and registered whole."""
        self._variables = task_vars or {}
        # Ansible prints the item of a loop beside each result, and it may hold the secret.
        in_loop = self._task.loop is not None
        self._task.no_log = self._task.no_log or in_loop
        try:
            if self._task.async_val:
                raise InvalidOptions("this task cannot run async", hint="remove async: one login serves all hosts")
            super().run(tmp, task_vars)
            _require_hidden_results()
            options = hub_options(self._task.args, self._variables, self._templar.template, task=True)
            login, where = self._login(options)
            answer = shared_token(options, login, display.warning, display.v, where)
        except HubError as error:
            if in_loop and _version() < (2, 19):  # later ones say it by themselves
                display.error(str(error))
            failure = {"failed": True, "changed": False, "msg": str(error), "error": error.as_dict()}
            return {**failure, "_ansible_no_log": True} if in_loop else failure
        # Before ansible-core 2.19 the result of a loop forgets that its items were hidden, but not what its task says.
        self._task.no_log = True
        return {**answer, "changed": False, "_ansible_no_log": True}

    def _login(self, options: Options) -> tuple[Login, str]:
        """What logs in, and the host that it does so on (empty: the controller)."""
        if options["login_from"] == "target":
            return self._log_in_there, self._target()
        if self._task.delegate_to and self._connection.transport != "local":
            display.warning(
                f"The login to Docker Hub runs on the controller, not on {self._task.delegate_to}, to which this"
                " task is delegated. To log in from there, set login_from: target."
            )
        return log_in_here, ""

    def _module_failed(self, why: str, options: Options) -> ModuleFailed:
        return ModuleFailed(
            f"the module did not run on {self._target()}: {plain(why, options)}",
            hint="check its Python (3.9 or later), requests and PyJWT: -vvv shows which Python was used",
        )

    def _target(self) -> str:
        return str(self._task.delegate_to or self._variables.get("inventory_hostname"))

    def _log_in_there(self, options: Options, claim: Claim) -> Result:
        """A login by the module, on the host that the task is directed to."""
        context, quiet = self._connection._play_context, self._task.no_log
        # Keeps the module's arguments out of the target's log, and its answer out of what ssh shows at -vvv.
        self._task.no_log = context.no_log = True
        # Keeps them off the target's disk, where Ctrl-C would leave them: the module goes through the pipe.
        piped, self._connection.always_pipeline_modules = self._connection.always_pipeline_modules, True
        try:
            result = self._execute_module(
                module_name="hubops.dockerhub.dockerhub_token",
                module_args={name: value for name, value in options.items() if value is not None},
                task_vars=self._variables,
            )
        except AnsibleError as failure:
            raise self._module_failed(str(failure), options) from None
        finally:
            self._task.no_log = context.no_log = quiet
            self._connection.always_pipeline_modules = piped
        message, error = str(result.get("msg", "")), result.get("error")
        if options["otp"] and (error or "access_token" in result):  # the module ran, and sent it
            claim(None)
        if result.get("failed") and isinstance(error, dict):
            message = message.removesuffix(f"; {error.get('hint')}")
            raise restored({**error, "retry_in": result.get("retry_in")}, plain(message, options, 500))
        if "access_token" not in result:
            # ansible-core's own message is a stock phrase where the interpreter or the module said why.
            said = str(result.get("module_stderr") or message).strip().splitlines() or ["no answer"]
            named = [line for line in said if re.match(r"\w*(Error|Exception): ", line)]
            raise self._module_failed((named or said)[-1], options)
        from ansible_collections.hubops.dockerhub.plugins.module_utils._login import RESULT

        return {name: result[name] for name in (*RESULT, "login_2fa_token") if name in result} | {
            "warnings": [_text(warning) for warning in result.get("warnings", ())]
        }


def _text(warning: t.Any) -> str:
    """A module's warning, which from ansible-core 2.19 on is an object."""
    return str(warning.event.msg if hasattr(warning, "event") else warning)


def _version() -> tuple[int, ...]:
    """Of ansible-core, three numbers."""
    return tuple(map(int, re.findall(r"\d+", __version__)[:3]))


def _require_hidden_results() -> None:
    if _version() < (2, 16, 13) or (2, 17) <= _version() < (2, 17, 6):
        raise MissingLibrary(
            f"ansible-core {__version__} prints what this task returns, the token included",
            hint="install ansible-core 2.16.13, 2.17.6, or 2.18 and later; or use the lookup of the same name",
        )
