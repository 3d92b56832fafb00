# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in from the target of a task, by running the module there."""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, ModuleFailed, from_dict
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, ReserveCode, TokenResult
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable, secrets_of
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_cache import TargetUnreachable
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import OWNED, SOURCES
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._shared_token import Login

_FIELDS = set(TokenResult.__annotations__) - {"warnings"}
_MESSAGE_LIMIT = 500
_SECRET_VARIABLES = {name for option in OWNED for name in SOURCES[option][1]}


def login_on_target(action: t.Any, variables: dict[str, t.Any], target: str) -> Login:
    """Return a function that logs in on ``target``, the host that the task of this action runs on."""

    def log_in(options: Options, reserve_code: ReserveCode) -> TokenResult:
        result = _run_module(action, options, variables, target)
        record = result.get("record")
        if options["otp"] and (record or "access_token" in result):  # the module has run and may have sent the code
            reserve_code(None)
        if result.get("failed") and record:
            raise _redacted(from_dict(record), options)
        if "access_token" not in result:
            raise _module_failed(_cause(result), options, target, action._connection.become)
        warnings = [_warning_text(warning) for warning in result.get("warnings", ())]
        fields = {name: value for name, value in result.items() if name in _FIELDS}
        return t.cast(TokenResult, {**fields, "warnings": warnings})

    return log_in


def _run_module(action: t.Any, options: Options, variables: dict[str, t.Any], target: str) -> dict[str, t.Any]:
    try:
        # Connect before no_log is set, with which ssh hides why a host is unreachable.
        action._low_level_execute_command("true", sudoable=False)
        with _private_settings(action, secrets_of(options)):
            result: dict[str, t.Any] = action._execute_module(
                module_name="hubops.dockerhub.dockerhub_token",
                module_args={name: value for name, value in options.items() if value is not None},
                task_vars=variables,
            )
    except AnsibleConnectionFailure as failure:
        raise TargetUnreachable(printable(str(failure), secrets_of(options), _MESSAGE_LIMIT)) from None
    except AnsibleError as failure:
        raise _module_failed(str(failure), options, target, action._connection.become) from None
    return result


@contextlib.contextmanager
def _private_settings(action: t.Any, secrets: list[str]) -> t.Iterator[None]:
    """Keep the arguments of the module off the logs and the disk of the target, as far as its connection allows.

    With ``no_log``, the target does not log them, and ssh does not print the answer at -vvv. With pipelining, there is no
    temporary file of the module, which an interrupt would leave behind. With ``become``, the setting stays as it is, because
    ``become`` may require a terminal, which pipelining does not provide. Connections print ``environment`` at -vvv as part of
    the command, so that the secrets in it are left out: the module gets them as arguments.
    """
    task, connection, play_context = action._task, action._connection, action._connection._play_context
    with contextlib.ExitStack() as restore:
        restore.callback(setattr, task, "no_log", task.no_log)
        restore.callback(setattr, task, "environment", task.environment)
        restore.callback(setattr, play_context, "no_log", play_context.no_log)
        task.no_log = play_context.no_log = True
        task.environment = [_without_secrets(values, secrets) for values in task.environment or []]
        with contextlib.suppress(KeyError):  # a connection without this option
            if not connection.become:
                restore.callback(connection.set_option, "pipelining", connection.get_option("pipelining"))
                connection.set_option("pipelining", True)
        yield


def _without_secrets(environment: t.Any, secrets: list[str]) -> t.Any:
    if not isinstance(environment, dict):
        return environment
    return {
        name: value
        for name, value in environment.items()
        if name not in _SECRET_VARIABLES and not any(secret in str(value) for secret in secrets)
    }


def _redacted(error: HubError, options: Options) -> HubError:
    """Return the error of a module, whose texts come from another host."""
    for field in ("subject", "message", "hint"):
        text = getattr(error, field)
        setattr(error, field, text and printable(str(text), secrets_of(options), _MESSAGE_LIMIT))
    return error


def _module_failed(reason: str, options: Options, target: str, become: t.Any) -> ModuleFailed:
    message = f"the module did not run on {target}: {printable(reason, secrets_of(options))}"
    return ModuleFailed(message, hint=_hint(reason, become))


def _hint(reason: str, become: t.Any) -> str:
    """Return what to check on the target: ``become``, if the reason names it or its program; the disk; or Python."""
    program = re.escape(str(become.name).rpartition(".")[2]) if become else ""
    if become and re.search(rf"(?i)\bbecom|privilege escalation|\b{program}(ers)?\b", reason):
        return "check become for this host: become_method, become_user, ansible_become_password"
    if re.search(r"(?i)\[Errno \d+\]|failed to transfer", reason):
        return "check its disk space, its temporary directory and remote_tmp"
    return "check its Python (3.9 or later), requests and PyJWT; -vvv shows which Python was used"


def _cause(result: dict[str, t.Any]) -> str:
    """Return why a module did not run; Ansible's own message only refers to its output."""
    lines = str(result.get("module_stderr") or result.get("msg") or "").strip().splitlines() or ["no answer"]
    exceptions = [line for line in lines if re.match(r"\w*(Error|Exception): ", line)]
    programs = [line for line in lines if re.match(r"(?!.*warning: )[a-z/][\w./-]*: ", line)]  # such as sudo and pyenv
    return exceptions[-1] if exceptions else (programs or lines[-1:])[0]


def _warning_text(warning: t.Any) -> str:
    """Return the text of a module's warning, which is an object since ansible-core 2.19."""
    return str(warning.event.msg if hasattr(warning, "event") else warning)
