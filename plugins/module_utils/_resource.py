# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of all resource modules: their task, compare and change, and the main function of a module."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    CONNECTION_SPEC,
    Options,
    TokenResult,
    normalize_options,
    secret_kind,
)

Result = dict[str, t.Any]
"""The result of a resource module: ``changed``, its own fields, and ``diff`` if it supports that."""
State = dict[str, t.Any]
"""The compared part of an object, in the terms of the module's options."""


class Task:
    """A task with the parameters of its module; an option that the user left out is None.

    ``login`` contains the options of the login. ``warn`` and ``inform`` show a sentence to the user. ``log_in`` logs in with
    other options; it sends a credential that Docker Hub refuses only once.
    """

    def __init__(
        self,
        params: dict[str, t.Any],
        login: Options,
        *,
        check_mode: bool = False,
        warn: t.Callable[[str], t.Any] = lambda text: None,
        inform: t.Callable[[str], t.Any] = lambda text: None,
        log_in: t.Callable[[Options], TokenResult] | None = None,
    ) -> None:
        self.params = params
        self.login = login
        self.check_mode = check_mode
        self.warn = warn
        self.inform = inform
        self.log_in = log_in or _log_in
        self.new_secrets: list[str] = []

    def given(self, *names: str) -> dict[str, t.Any]:
        """Return the options with these names that the user gave, including empty values."""
        return {name: self.params[name] for name in names if self.params[name] is not None}

    def account(self, option: str) -> str:
        """Return the namespace or organization in this option; the default is the identifier, if that can be one."""
        owner = self.login["identifier"]
        is_default = (
            owner and "@" not in owner and (option == "namespace" or secret_kind(self.login["secret"]) == "oat")
        )
        name = self.params[option] or (owner if is_default else None)
        if not name:
            raise InvalidOptions(f"{option} is missing", hint=f"give the {option} to work on")
        return str(name).strip().lower()

    def hide(self, secret: str) -> str:
        """Return a new secret, after noting it. Ansible then registers the result, but does not print it."""
        self.new_secrets.append(secret)
        return secret


class Change(t.NamedTuple):
    """What ``ensure`` did, or in check mode would do: whether anything, and the states before and after."""

    changed: bool
    before: State
    after: State

    def result(self, **values: t.Any) -> Result:
        """Return the result of a module, with the difference."""
        return {"changed": self.changed, "diff": difference(self.before, self.after), **values}


def ensure(
    task: Task,
    current: State | None,
    wanted: State | None,
    *,
    create: t.Callable[[], State] | None = None,
    update: t.Callable[[State], t.Any] | None = None,
    delete: t.Callable[[], t.Any] | None = None,
) -> Change:
    """Bring an object into the wanted state, unless in check mode.

    ``wanted`` contains only what the user gave; None means absent. ``current`` is None if the object does not exist.
    ``create`` returns the state of the new object. ``update`` receives the values that differ, also after a creation.
    """
    if wanted is None:
        if current is not None and delete and not task.check_mode:
            delete()
        return Change(current is not None, current or {}, {})
    if current is None:
        if create and not task.check_mode:
            _update(update, differences(create(), wanted))
        return Change(True, {}, wanted)
    changes = differences(current, wanted)
    if not task.check_mode:
        _update(update, changes)
    return Change(bool(changes), {name: current.get(name) for name in wanted}, wanted)


def difference(before: State, after: State) -> dict[str, str]:
    """Return a difference for ``--diff``, one line for each option and for each line of a long text."""
    return {"before": _as_text(before), "after": _as_text(after)}


def _as_text(state: State) -> str:
    lines = []
    for name, value in sorted(state.items()):
        if isinstance(value, str) and "\n" in value:
            lines += [f"{name}: |", *(f"  {line}" for line in value.split("\n"))]
        elif isinstance(value, list) and value:
            lines += [f"{name}:", *(f"  - {json.dumps(entry, ensure_ascii=False)}" for entry in value)]
        elif isinstance(value, dict) and value:
            lines += [
                f"{name}:",
                *(f"  {key}: {json.dumps(inner, ensure_ascii=False)}" for key, inner in value.items()),
            ]
        else:
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "".join(f"{line}\n" for line in lines)


def create_or_find(create: t.Callable[[], State], find: t.Callable[[], State | None]) -> State:
    """Create an object; if that fails but the object exists, return it.

    The answer may have been lost, or another run may have created the object. Docker Hub documents no status for that.
    """
    try:
        return create()
    except HubError as error:
        try:
            found = find()
        except HubError:
            found = None
        if found is None:
            raise error from None
        return found


def send_or_find(send: t.Callable[[], t.Any], is_done: t.Callable[[], bool]) -> None:
    """Send a request that is not sent twice; if its answer is lost, find out whether it had its effect."""
    try:
        send()
    except HubError as error:
        try:
            if error.lost_answer and is_done():
                return
        except HubError:
            pass  # the first error says more
        raise


def differences(current: State, wanted: State) -> State:
    """Return the wanted values that differ from the current ones."""
    return {name: value for name, value in wanted.items() if current.get(name) != value}


def _update(update: t.Callable[[State], t.Any] | None, changes: State) -> None:
    if update and changes:
        update(changes)


def _log_in(options: Options) -> TokenResult:
    from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token

    return fetch_token(options)


def run_module(function: t.Callable[[Task, HubClient], Result], spec: dict[str, t.Any]) -> None:
    """Run a resource module without its action, with its own login. Some tools call modules in this way."""
    arguments = {**CONNECTION_SPEC, **spec["argument_spec"]}
    module = AnsibleModule(**{**spec, "argument_spec": arguments}, supports_check_mode=True)
    # _redact masks secrets. AnsibleModule would also remove texts that equal a short secret by chance.
    module.no_log_values.clear()
    try:
        options = normalize_options({name: module.params[name] for name in CONNECTION_SPEC})
        params = {name: module.params[name] for name in spec["argument_spec"]}
        task = Task(params, options, check_mode=module.check_mode, warn=module.warn)
        bearer = options["access_token"] or _log_in(options)["access_token"]
        with HubClient(options, bearer) as hub:
            result = function(task, hub)
            result["rate_limit"] = hub.rate_limit
    except HubError as error:
        module.fail_json(**failure(error), invocation={})
    module.exit_json(**result, invocation={})


def failure(error: HubError) -> Result:
    """Return the result of a failed task, including the changes before the failure."""
    return {"changed": False, **error.result, "failed": True, "msg": str(error), "error": error.public()}
