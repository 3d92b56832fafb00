# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn raw options into the options of a login: from all sources, in their types, validated."""

from __future__ import annotations

import contextlib
import datetime
import difflib
import traceback
import typing as t
from urllib.parse import unquote

from ansible import constants as C
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    TOKEN_SPEC,
    Options,
    normalize_options,
    secret_kind,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_arguments import PLACEHOLDER
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import (
    ALIASES,
    OWNED,
    SOURCES,
    RawOptions,
    is_empty,
)
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._template_errors import unusable

Spec = t.Mapping[str, t.Mapping[str, t.Any]]
Show = t.Callable[[str], None]

TASK_ONLY = ("login_2fa_token", "on_otp_required", "login_from")
_TYPES = {"int": "a whole number", "float": "a number", "bool": "true or false", "path": "a path"}
# A name for the definitions in Ansible's configuration manager that no plugin has.
_SECTION = "hubops.dockerhub [dockerhub]"


class _Value(t.NamedTuple):
    """The value of an option, its source (empty for an argument), and the identifier that the same source contains."""

    value: t.Any
    source: str = ""
    owner: t.Any = None


def login_options(raw: RawOptions, warn: Show, debug: Show, spec: Spec | None = None) -> Options:
    """Return the validated options; raise ``InvalidOptions``, whose text contains no secret.

    ``spec`` is by default that of ``dockerhub_token``. ``debug`` receives where a template failed. Values from the environment
    and from ansible.cfg are never rendered.
    """
    spec = spec or TOKEN_SPEC
    if not raw["task"]:
        spec = {name: row for name, row in spec.items() if name not in TASK_ONLY}
    arguments = _arguments(raw, spec)
    values = {
        **{name: _Value(value, "ansible.cfg") for name, value in _config_section(spec, warn).items()},
        **_sourced(1, raw["environment"]),
        **_sourced(0, {**raw["variables"], **raw["failures"]}, "the variable "),
        **{name: _Value(value) for name, value in arguments.items()},
    }
    values = _rendered(values, raw, debug)
    _make_text(values, spec, raw)
    require_real_values({name: found.value for name, found in values.items()})
    _use_docker_config(values, spec, warn)
    _check_owner(values)
    return _typed({name: found.value for name, found in values.items()}, spec)


def _arguments(raw: RawOptions, spec: Spec) -> dict[str, t.Any]:
    """Return the arguments that are not empty, under the names of their options."""
    values: dict[str, t.Any] = {}
    for given, value in raw["arguments"].items():
        name = ALIASES.get(given, given)
        if name not in spec:
            raise _unknown(given, raw, spec)
        if value is None:
            continue
        if name in values and values[name] != value:
            alias = next(alias for alias, option in ALIASES.items() if option == name)
            raise InvalidOptions(
                f"{name} and its alias {alias} have different values",
                hint="give one of the two; where module_defaults contains one, use the same name in the task",
            )
        values[name] = value
    return values


def _unknown(given: str, raw: RawOptions, spec: Spec) -> InvalidOptions:
    if raw["task"]:
        return unknown_option(given, "the task", spec)
    place = "the lookup; only the task has it" if given in TASK_ONLY else "the lookup"
    return unknown_option(given, place, (*spec, "return_format"))


def unknown_option(given: str, place: str, names: t.Iterable[str], login_names: t.Iterable[str] = ()) -> InvalidOptions:
    """Return the error for an option that does not exist, with the options that do."""
    hint = f"the options are {', '.join(sorted(names))}"
    if login_names:
        hint += f"; and for the login {', '.join(sorted(login_names))}"
    similar = difflib.get_close_matches(given, [*names, *login_names], 1)
    if similar:
        hint = f"did you mean {similar[0]}? {hint}"
    return InvalidOptions(f"{printable(given)} is not an option of {place}", hint=hint)


def _rendered(values: dict[str, _Value], raw: RawOptions, debug: Show) -> dict[str, _Value]:
    """Return the values without those that cannot be rendered; raise ``InvalidOptions`` if the login needs one of these."""
    unneeded = _unneeded(values) if raw["failures"] else set()
    needed = [part for name, found in values.items() if name not in unneeded for part in (found.value, found.owner)]
    for variable, failure in raw["failures"].items():
        if any(failure is part for part in needed):
            debug("".join(traceback.format_tb(failure.__traceback__)))
            raise unusable(f"the variable {variable}", failure, secret_values(raw))
    return {name: found for name, found in values.items() if not isinstance(found.value, Exception)}


def _unneeded(values: dict[str, _Value]) -> set[str]:
    """Return the options that a login with these values does not read."""
    if "access_token" in values:
        return {"secret", "otp", "totp_secret", "docker_config"}
    if "login_2fa_token" in values:
        return {"identifier", "secret", "docker_config"}
    secret = values["secret"].value if "secret" in values else None
    if not isinstance(secret, str):
        return set()
    return {"docker_config"} if secret_kind(secret) == "password" else {"docker_config", "otp", "totp_secret"}


def message_of(error: HubError, raw: RawOptions) -> str:
    """Return the text of an error without the secrets of these options, which may be part of other options too."""
    return printable(str(error), [text for text in secret_values(raw) if len(text) > 3], limit=2000)


def secret_values(raw: RawOptions) -> list[str]:
    """Return all values that may be secret, from arguments, variables and the environment; of a proxy, its password."""
    secret = (*OWNED, "login_2fa_token")
    found = [value for name, value in raw["arguments"].items() if ALIASES.get(name, name) in secret]
    for option in OWNED:
        found += [raw["variables"].get(variable) for variable in SOURCES[option][0]]
        found += [raw["environment"].get(variable) for variable in SOURCES[option][1]]
    proxies = [raw["arguments"].get("proxy"), *(raw["variables"].get(variable) for variable in SOURCES["proxy"][0])]
    passwords = [text.rpartition("@")[0].rpartition(":")[2] for text in _as_texts(proxies)]
    return [*_as_texts([*found, *passwords, *map(unquote, passwords)])]


def _as_texts(values: t.Iterable[t.Any]) -> t.Iterator[str]:
    """Yield the values as text, without those that are empty, undefined, or cannot be decrypted."""
    for value in values:
        with contextlib.suppress(Exception):
            if not is_empty(value):
                yield str(value)


def _sourced(position: int, given: t.Mapping[str, t.Any], prefix: str = "") -> dict[str, _Value]:
    """Return the first value of each option that is not empty, from the given variables; see ``SOURCES``."""
    filled = {
        option: [name for name in names[position] if not is_empty(given.get(name))] for option, names in SOURCES.items()
    }
    return {
        option: _Value(given[names[0]], prefix + names[0], _owner(names[0], filled["identifier"], given))
        for option, names in filled.items()
        if names
    }


def _owner(name: str, identifiers: list[str], given: t.Mapping[str, t.Any]) -> t.Any:
    """Return the identifier beside this variable: for dockerhub_password that in dockerhub_username, else the first one."""
    twin = dict(zip(SOURCES["secret"][0], SOURCES["identifier"][0])).get(name)
    names = [twin] if twin in identifiers else identifiers
    return given[names[0]] if names else None


def _config_section(spec: Spec, warn: Show) -> dict[str, str]:
    """Return the options in the section ``[dockerhub]`` of ansible.cfg; warn of keys that do not count there."""
    keys = {**{name: row["type"] for name, row in spec.items()}, **dict.fromkeys(ALIASES, "str")}
    definitions = {
        key: {"type": "path" if kind == "path" else "str", "ini": [{"section": "dockerhub", "key": key}]}
        for key, kind in keys.items()
    }
    C.config.initialize_plugin_configuration_definitions("lookup", _SECTION, definitions)
    section = {key: C.config.get_config_value(key, plugin_type="lookup", plugin_name=_SECTION) for key in keys}
    given = {key: value for key, value in section.items() if value}
    for key in given:
        if spec[ALIASES.get(key, key)].get("no_log"):
            warn(f"ansible.cfg: {key} in the section [dockerhub] is ignored, because a secret does not belong there.")
        elif key in ALIASES:
            warn(f"ansible.cfg: {key} in the section [dockerhub] is ignored. Use {ALIASES[key]} instead.")
    return {key: value for key, value in given.items() if key in spec and not spec[key].get("no_log")}


def _make_text(values: dict[str, _Value], spec: Spec, raw: RawOptions) -> None:
    """Convert the values of text options to text; raise ``InvalidOptions`` where YAML has read something else."""
    for name, found in values.items():
        value = found.value
        if spec[name]["type"] not in ("str", "path") or isinstance(value, str):
            continue
        if isinstance(value, (list, dict, tuple, set, bytes)):
            raise InvalidOptions(f"{name} must be text", hint="give it as one string")
        try:
            values[name] = found._replace(value=str(value))
        except Exception as error:  # undefined, or encrypted with another password
            raise unusable(found.source or name, error, secret_values(raw)) from None
        is_vault = type(value).__name__ == "AnsibleVaultEncryptedUnicode"
        is_altered = isinstance(value, (bool, float, datetime.date))  # 1.10 is read as 1.1
        is_credential = name in ("identifier", "secret")
        if is_altered or (is_credential and not is_vault):
            hint = "quote it" + (", in an INI inventory twice: \"'...'\"" if found.source else "")
            if isinstance(value, bool) and not is_credential:
                hint = "leave it out, or give a text"
            raise InvalidOptions(f"{found.source or name} must be text, but was read as {_kind(value)}", hint=hint)


def _kind(value: t.Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    return "a date" if isinstance(value, datetime.date) else "another type"


def require_real_values(values: t.Mapping[str, t.Any]) -> None:
    """Raise ``InvalidOptions`` for a value that contains the placeholder of hidden arguments in finished tasks."""
    for name, value in values.items():
        if PLACEHOLDER in str(value):
            raise InvalidOptions(
                f"{name} is no longer known, because it is hidden in finished tasks",
                hint="in the debugger, enter update_task before redo",
            )


def _use_docker_config(values: dict[str, _Value], spec: Spec, warn: Show) -> None:
    """Take identifier and secret from docker_config if no other source contains a credential."""
    if "docker_config" not in values or {"secret", "access_token", "login_2fa_token"} & {*values}:
        return
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._docker_config import docker_login

    typed = _validated({"docker_config": values["docker_config"].value}, spec) or {}
    identifier = values["identifier"].value if "identifier" in values else None
    username, secret = docker_login(typed["docker_config"], identifier, warn)
    values["identifier"], values["secret"] = _Value(username), _Value(secret, "docker_config", username)


def _check_owner(values: dict[str, _Value]) -> None:
    """Refuse a secret whose source names another account.

    A second factor from such a source is dropped. So is every second factor that is not an argument, if the secret is an
    access token, because a login with one requires no code.
    """
    if "login_2fa_token" in values:
        return
    identifier, secret = values.get("identifier"), values.get("secret")

    def is_foreign(found: _Value) -> bool:
        names = {str(name or "").strip().lower() for name in (found.owner, identifier and identifier.value)}
        return len(names - {""}) == 2

    is_token = secret and secret_kind(secret.value) != "password"
    for name in ("otp", "totp_secret"):
        if name in values and values[name].source and (is_token or is_foreign(values[name])):
            del values[name]
    if secret and identifier and is_foreign(secret):
        raise InvalidOptions(
            f"secret comes from {secret.source}, which belongs to {printable(str(secret.owner))}, but this login is for"
            f" {printable(identifier.value)}",
            hint="give secret as an option, or take both from the same source",
        )


def _typed(values: dict[str, t.Any], spec: Spec) -> Options:
    """Return these options in their types, validated and with defaults."""
    # Since ansible-core 2.22 the validator registers each no_log value for masking; the six digits of a code would then be
    # masked wherever they occur, in sizes and dates as well. normalize_options() validates the code.
    otp = values.pop("otp", None)
    typed = _validated(values, spec)
    if typed is None:
        # Ansible's message quotes the value, which may be a secret in the wrong place.
        name = next(name for name in values if _validated({name: values[name]}, spec) is None)
        row = spec[name]
        wanted = f"one of {', '.join(row['choices'])}" if "choices" in row else _TYPES[row["type"]]
        raise InvalidOptions(f"{name} must be {wanted}", hint="correct it, or leave it out for the default")
    return normalize_options({**typed, "otp": otp})


def _validated(values: dict[str, t.Any], spec: Spec) -> dict[str, t.Any] | None:
    """Return the values in their types; None if one does not fit."""
    try:
        result = ArgumentSpecValidator({name: spec[name] for name in values}).validate(values)
    except OverflowError:
        return None
    return None if result.error_messages else dict(result.validated_parameters)
