# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the options of a resource module, which the action does in place of the module."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import CONNECTION_SPEC
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import require_real_values, unknown_option
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import ALIASES, is_empty

LOGIN_NAMES = {*CONNECTION_SPEC, *ALIASES}
"""The names of the options that every resource module has for its login, aliases included."""


def module_params(task: str, arguments: dict[str, t.Any], spec: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the module's own options in their types and with defaults; raise ``InvalidOptions`` for those that do not fit."""
    own = spec["argument_spec"]
    for name in arguments:
        if name not in own and name not in LOGIN_NAMES:
            raise unknown_option(str(name), task, own, CONNECTION_SPEC)
    given = _given({name: value for name, value in arguments.items() if name in own}, own)
    require_real_values(given)
    result = ArgumentSpecValidator(**spec).validate(given)
    if result.error_messages:
        # Ansible's message about an unknown option of an option contains no verb.
        errors = [
            f"there is no option {error}" if isinstance(error, UnsupportedError) else str(error)
            for error in result.errors
        ]
        raise InvalidOptions(
            printable("; ".join(errors), limit=500).rstrip("."), hint="ansible-doc describes the options"
        )
    return dict(result.validated_parameters)


def _given(arguments: dict[str, t.Any], spec: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the arguments that do not count as left out, in options inside of options too."""
    return {
        name: _given_inside(value, spec.get(name, {}))
        for name, value in arguments.items()
        if not is_empty(value) or (value == "" and _is_cleared_by_empty_text(spec.get(name, {})))
    }


def _given_inside(value: t.Any, row: dict[str, t.Any]) -> t.Any:
    if "options" not in row:
        return value
    if isinstance(value, list):
        return [_given_inside(entry, row) for entry in value]
    return _given(value, row["options"]) if isinstance(value, dict) else value


def _is_cleared_by_empty_text(row: dict[str, t.Any]) -> bool:
    """Return whether an option is a text that can be empty. A list is cleared by ``[]`` only."""
    return row.get("type", "str") in ("str", "raw") and "default" not in row and "choices" not in row
