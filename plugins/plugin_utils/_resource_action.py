# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of all resource tasks: log in through the shared token, then run the module's function in this process."""

from __future__ import annotations

import atexit
import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import CONNECTION_SPEC, Options
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, failure
from ansible_collections.hubops.dockerhub.plugins.module_utils._session import kept_session
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._cached_token import mask_secrets
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_arguments import SECRET_NAMES, hidden_arguments
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_failure import show_hidden_failure
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_items import (
    contains_secret,
    named_secrets,
    prints_secret_item,
    repeats_secret,
    texts,
)
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import login_options, secret_values
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._module_options import LOGIN_NAMES, module_params
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._new_run_directory import remove_fallback_directory
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import (
    ALIASES,
    RawOptions,
    is_empty,
    raw_options,
)
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._shared_token import (
    log_in_here,
    renewed_token,
    shared_token,
)

display = Display()
atexit.register(remove_fallback_directory)  # Ansible loads this file in the main process, too


class ResourceAction(ActionBase):  # type: ignore[misc]  # ansible-core is half typed
    """Run a resource module on the controller. ``resource`` is the SPEC of the module and its function."""

    resource: t.ClassVar[tuple[dict[str, t.Any], t.Callable[[Task, HubClient], Result]]]

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the result of the function. Ansible prints it, unless it contains a secret."""
        variables = task_vars or {}
        public = self._public_options()
        secrets: list[str] = []

        def is_shown(name: str, value: t.Any) -> bool:
            return name in public and _is_harmless(name, value) and not repeats_secret(value, secrets)

        with hidden_arguments(self._task, is_shown) as added:
            no_log = self._task.no_log
            # The keyword `timeout` may end the task before its item was searched.
            is_loop = self._task.loop is not None
            self._task.no_log = no_log or is_loop
            raw = raw_options(
                {name: value for name, value in self._task.args.items() if name in LOGIN_NAMES},
                variables,
                self._templar.template,
                task=True,
            )
            added.update({**raw["variables"], **raw["environment"]})
            secrets = self._secrets(raw, public)
            self._task.no_log = (
                no_log
                or bool(is_loop and raw["failures"])  # the item may contain the secret that was not found
                or prints_secret_item(self._task, variables, self._templar.template, secrets)
            )
            try:
                super().run(tmp, variables)
                result = self._run(raw, secrets)
            except HubError as error:
                result = failure(error)
                result["msg"] = printable(result["msg"], secrets, limit=2000)
                if result["error"].get("hint"):
                    result["error"]["hint"] = printable(result["error"]["hint"], secrets, limit=2000)
            if not self._task.diff:
                result.pop("diff", None)
            if repeats_secret(result, secrets):
                self._task.no_log = True
            if self._task.no_log:
                result["_ansible_no_log"] = True
                if result.get("failed") and not no_log:
                    show_hidden_failure(result["msg"])
            return result

    def _run(self, raw: RawOptions, secrets: list[str]) -> Result:
        spec, function = self.resource
        params = module_params(self._task.action, self._task.args, spec)
        options = login_options(raw, display.warning, display.vvv, CONNECTION_SPEC)
        task = Task(
            params,
            options,
            check_mode=bool(self._task.check_mode),
            warn=lambda text: display.warning(printable(text, secrets, limit=2000)),
            inform=display.display,
            log_in=lambda other: shared_token(other, log_in_here, display.warning, display.v),
        )
        with self._client(options, secrets) as hub:
            try:
                result = function(task, hub)
            finally:
                if task.new_secrets:  # ansible-core 2.22 masks them in other results too
                    self._task.no_log = True
                    mask_secrets(task.new_secrets)
            return {**result, "rate_limit": hub.rate_limit}

    def _client(self, options: Options, secrets: list[str]) -> HubClient:
        if options["access_token"]:
            return HubClient(options, options["access_token"], None, kept_session(options), secrets)

        def renew(dead_token: str) -> str:
            return renewed_token(options, dead_token, display.warning, display.v)["access_token"] or ""

        token = shared_token(options, log_in_here, display.warning, display.v)["access_token"]
        return HubClient(options, token, renew, kept_session(options), secrets)

    def _public_options(self) -> set[str]:
        """Return the names of all options that contain no secret, of the module and of the login."""
        own = {name for name, row in self.resource[0]["argument_spec"].items() if not row.get("no_log")}
        return own | {name for name in LOGIN_NAMES if not CONNECTION_SPEC[ALIASES.get(name, name)].get("no_log")}

    def _secrets(self, raw: RawOptions, public: set[str]) -> list[str]:
        """Return the secrets in arguments (misspelt ones included), variables and environment of this task."""
        arguments = self._task.args
        hidden = [value for name, value in arguments.items() if name not in public and not is_empty(value)]
        for environment in self._task.environment or []:
            if isinstance(environment, dict):
                hidden += [value for name, value in environment.items() if name in SECRET_NAMES]
        # Docker Hub may quote in its answer what it was sent.
        sent = named_secrets([*arguments.values()])
        found = (*map(str, hidden), *texts(hidden), *secret_values(raw), *sent)
        return [text for text in found if len(text) > 3]


def _is_harmless(name: str, value: t.Any) -> bool:
    """Return whether the value of a public option contains no secret.

    An option of the login is hidden if it is a dictionary or a list, which are mistakes. So is docker_config, because users
    give the content of the file instead of its path.
    """
    may_be_mistake = name in LOGIN_NAMES and (name == "docker_config" or isinstance(value, (dict, list)))
    return not may_be_mistake and not contains_secret(value, ())
