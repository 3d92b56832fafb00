# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the values of all options from their sources, without converting or validating them."""

from __future__ import annotations

import os
import typing as t

# By option: its variables, then its environment variables. The first value that is not empty counts. Ansible's own resolution
# takes the last variable that is defined, even an empty one, so this table replaces it.
SOURCES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "identifier": (("dockerhub_identifier", "dockerhub_username"), ("DOCKERHUB_USERNAME",)),
    "secret": (("dockerhub_secret", "dockerhub_password"), ("DOCKERHUB_PASSWORD", "DOCKERHUB_TOKEN")),
    "otp": (("dockerhub_otp",), ()),
    "totp_secret": (("dockerhub_totp_secret",), ("DOCKERHUB_TOTP_SECRET",)),
    "docker_config": (("dockerhub_docker_config",), ("DOCKERHUB_DOCKER_CONFIG",)),
    "auth_method": (("dockerhub_auth_method",), ("DOCKERHUB_AUTH_METHOD",)),
    "hub_url": (("dockerhub_url",), ("DOCKERHUB_URL",)),
    "validate_certs": (("dockerhub_validate_certs",), ("DOCKERHUB_VALIDATE_CERTS",)),
    "ca_path": (("dockerhub_ca_path",), ("DOCKERHUB_CA_PATH",)),
    "proxy": (("dockerhub_proxy",), ()),
    "user_agent": (("dockerhub_user_agent",), ()),
    "timeout": (("dockerhub_timeout",), ("DOCKERHUB_TIMEOUT",)),
    "retries": (("dockerhub_retries",), ()),
    "max_wait": (("dockerhub_max_wait",), ()),
    "cache": (("dockerhub_cache",), ("DOCKERHUB_CACHE",)),
    "min_ttl": (("dockerhub_min_ttl",), ()),
    "refusal_ttl": (("dockerhub_refusal_ttl",), ()),
}
ALIASES = {"username": "identifier", "password": "secret", "code": "otp"}
Render = t.Callable[[t.Any], t.Any]
# An identifier beside one of these options names the account that its value belongs to.
OWNED = ("secret", "otp", "totp_secret")


class RawOptions(t.TypedDict):
    """All values that a login depends on, except those of ansible.cfg, which does not change during a run."""

    task: bool  # False for the lookup, which lacks some options
    arguments: dict[str, t.Any]  # by option or alias; None if empty
    variables: dict[str, t.Any]  # rendered
    environment: dict[str, str]
    failures: dict[str, Exception]  # by variable, why it cannot be rendered


def raw_options(
    arguments: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any], render: Render, *, task: bool
) -> RawOptions:
    """Return the arguments (which the caller has rendered), the rendered variables and the environment."""
    given = {name: None if is_empty(value) else value for name, value in arguments.items()}
    environment = {name: os.environ[name] for _dummy, names in SOURCES.values() for name in names if name in os.environ}
    raw: RawOptions = {"task": task, "arguments": given, "variables": {}, "environment": environment, "failures": {}}
    for option, (names, _dummy) in SOURCES.items():
        if all(given[name] is None for name in given if ALIASES.get(name, name) == option):
            found = _render(names, variables, render, raw)
            if found and option in OWNED:
                _render(SOURCES["identifier"][0], variables, render, raw)
    return raw


def _render(names: tuple[str, ...], variables: t.Mapping[str, t.Any], render: Render, raw: RawOptions) -> bool:
    """Render these variables, and return whether one of them has a value."""
    for name in names:
        if name in variables and name not in raw["variables"] and name not in raw["failures"]:
            try:
                raw["variables"][name] = render(variables[name])
            except Exception as error:  # a template raises whatever its plugins raise
                # ansible-core 2.19 and later raise this for a variable that renders to `omit`.
                if type(error).__name__ != "AnsibleValueOmittedError":
                    raw["failures"][name] = error
    return any(not is_empty(raw["variables"].get(name)) for name in names)


def is_empty(value: t.Any) -> bool:
    """Return whether a value counts as not given: None, empty text or Ansible's ``omit``."""
    if isinstance(value, str):
        return not value or value.startswith("__omit_place_holder__")  # before ansible-core 2.19
    return value is None or type(value).__name__ == "_OmitType"
