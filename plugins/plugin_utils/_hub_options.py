# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the options of a login on the controller: arguments > variables > environment > ansible.cfg > default."""

from __future__ import annotations

import os
import re
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    TOKEN_SPEC,
    Options,
    checked,
    plain,
    secret_kind,
)

_SPEC: dict[str, dict[str, t.Any]] = TOKEN_SPEC["argument_spec"]
_ALIASES = {alias: name for name, row in _SPEC.items() for alias in row.get("aliases", ())}

_TYPES = {"int": "a whole number", "float": "a number", "bool": "true or false", "path": "a path"}

# What belongs to the account that is named beside it.
_OWNED = ("secret", "otp", "totp_secret")

TASK_ONLY = ("login_2fa_token", "on_otp_required", "login_from")

# By option: its variables, then its variables of the environment. The first that is not empty counts, whereas Ansible's
# own resolution takes the last that is defined, and takes an empty one; so this table stands in place of it.
SOURCES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "identifier": (("dockerhub_identifier", "dockerhub_username"), ("DOCKERHUB_USERNAME",)),
    "secret": (("dockerhub_secret", "dockerhub_password"), ("DOCKERHUB_PASSWORD", "DOCKERHUB_TOKEN")),
    "otp": (("dockerhub_otp",), ()),
    "totp_secret": (("dockerhub_totp_secret",), ("DOCKERHUB_TOTP_SECRET",)),
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


class _Found(t.NamedTuple):
    """A value, where it was found (empty: the arguments), and the identifier that the same kind of place names."""

    value: t.Any
    place: str = ""
    owner: t.Any = None


def hub_options(
    arguments: t.Mapping[str, t.Any],
    variables: t.Mapping[str, t.Any],
    render: t.Callable[[t.Any], t.Any],
    *,
    task: bool,
) -> Options:
    """The options of a login, checked and with their defaults.

    ``arguments`` are the user's, rendered; ``variables`` are not, and ``render`` does it (and leaves alone what is marked
    unsafe). ``task`` is whether the options of the task alone count. Raises ``InvalidOptions``; its message quotes no
    secret. Values of the environment and of ansible.cfg are never rendered.
    """
    options = {name: _Found(value) for name, value in _named(arguments, task).items()}
    section = _ini_section()
    for name in _SPEC:
        if name not in options and (task or name not in TASK_ONLY):
            found = _find(name, variables, render, section)
            if found:
                options[name] = found
    _as_text(options)
    _check_owner(options)
    return _typed({name: found.value for name, found in options.items()})


def _named(arguments: t.Mapping[str, t.Any], task: bool) -> dict[str, t.Any]:
    """The arguments under the names of their options, aliases resolved."""
    named: dict[str, t.Any] = {}
    for given, value in arguments.items():
        name = _ALIASES.get(given, given)
        if name not in _SPEC or (name in TASK_ONLY and not task):
            known = {*_SPEC} if task else {*_SPEC, "return_format"} - {*TASK_ONLY}
            where = "the task" if task else "the lookup; only the task has it" if name in _SPEC else "the lookup"
            raise InvalidOptions(
                f"{given} is not an option of {where}", hint=f"the options are {', '.join(sorted(known))}"
            )
        if not _is_empty(value) and (given == name or name not in named):
            named[name] = value
    return named


def _is_empty(value: t.Any) -> bool:
    """Whether a value counts as not given: also Ansible's ``omit``, which was text before ansible-core 2.19."""
    if isinstance(value, str):
        return not value or value.startswith("__omit_place_holder__")
    return value is None or type(value).__name__ == "_OmitType"


def _find(
    name: str, variables: t.Mapping[str, t.Any], render: t.Callable[[t.Any], t.Any], section: dict[str, str]
) -> _Found | None:
    names, environment = SOURCES.get(name, ((), ()))
    variable, value = _first(names, variables, render)
    if variable:
        owner = _first(SOURCES["identifier"][0], variables, render)[1] if name in _OWNED else None
        return _Found(value, f"the variable {variable}", owner)
    for variable in environment:
        if os.environ.get(variable):
            return _Found(os.environ[variable], variable, os.environ.get("DOCKERHUB_USERNAME"))
    if section.get(name) and not _SPEC[name].get("no_log"):
        return _Found(section[name], "ansible.cfg")
    return None


def _first(
    names: tuple[str, ...], variables: t.Mapping[str, t.Any], render: t.Callable[[t.Any], t.Any]
) -> tuple[str, t.Any]:
    """The first of these variables that is not empty, and its value; two empty ones where there is none."""
    for name in names:
        value = _made(f"the variable {name}", render, variables[name]) if name in variables else None
        if not _is_empty(value):
            return name, value
    return "", None


def _made(what: str, make: t.Callable[[t.Any], t.Any], value: t.Any) -> t.Any:
    """What ``make`` makes of a value; raises ``InvalidOptions`` in words that do not quote what it is made from."""
    try:
        return make(value)
    except AnsibleError as error:
        if type(error).__name__ == "AnsibleValueOmittedError":
            return None
        if "decrypt" in str(error).lower():  # in each version's words
            raise InvalidOptions(
                f"{what} cannot be decrypted",
                hint="give the password of its vault, with --ask-vault-pass or --vault-password-file",
            ) from None
        missing = re.search(r"'\w+' is undefined", str(error))
        raise InvalidOptions(
            f"{what} cannot be rendered" + (f" ({missing[0]})" if missing else ""),
            hint="correct its template, or what the template uses",
        ) from None


def _ini_section() -> dict[str, str]:
    """The section ``[dockerhub]`` of ansible.cfg."""
    path: str | None = C.CONFIG_FILE
    try:
        with open(path or os.devnull, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return {}
    if "[dockerhub]" not in text:
        return {}
    import configparser

    parser = configparser.ConfigParser(inline_comment_prefixes=(";",), interpolation=None)
    parser.read_string(text)
    section = dict(parser["dockerhub"]) if parser.has_section("dockerhub") else {}
    if section.get("ca_path"):
        # As in all of ansible.cfg, a relative path starts from its folder.
        section["ca_path"] = os.path.join(os.path.dirname(path or ""), os.path.expanduser(section["ca_path"]))
    return section


def _as_text(options: dict[str, _Found]) -> None:
    """Makes text of what must be text: also of numbers, and of what a vault of ansible-core before 2.19 holds."""
    for name, found in options.items():
        if _SPEC[name]["type"] == "str":
            if isinstance(found.value, (list, dict, tuple, set, bytes)):
                raise InvalidOptions(f"{name} must be text", hint="give it as one string")
            options[name] = found._replace(value=_made(found.place or name, str, found.value))


def _check_owner(options: dict[str, _Found]) -> None:
    """A password never goes to an account that the place it was found in does not name; a second factor is left there.

    One that was found is left as well where the secret is an access token, which needs none.
    """
    if "login_2fa_token" in options:
        return
    identifier, secret = options.get("identifier"), options.get("secret")

    def is_foreign(found: _Found) -> bool:
        names = {str(name or "").strip().lower() for name in (found.owner, identifier and identifier.value)}
        return len(names - {""}) == 2

    is_token = secret and secret_kind(secret.value) != "password"
    for name in ("otp", "totp_secret"):
        if name in options and options[name].place and (is_token or is_foreign(options[name])):
            del options[name]
    if secret and identifier and is_foreign(secret):
        raise InvalidOptions(
            f"secret comes from {secret.place}, which belongs to {plain(str(secret.owner), {})}, but this login is for"
            f" {plain(identifier.value, {})}",
            hint="give secret as an option, or take both from the same place",
        )


def _typed(options: Options) -> Options:
    """These options in their types and with defaults, checked."""
    # From ansible-core 2.22 on the validator registers each no_log value for masking; six digits would be masked
    # wherever they stand, in sizes and dates as well. The code's own check is in checked().
    otp = options.pop("otp", None)
    found = _validated(options)
    if found is None:
        # ansible-core's words quote the value, which may be a secret in the wrong place.
        name = next(name for name in options if _validated({name: options[name]}) is None)
        wanted = (
            f"one of {', '.join(_SPEC[name]['choices'])}" if "choices" in _SPEC[name] else _TYPES[_SPEC[name]["type"]]
        )
        raise InvalidOptions(f"{name} must be {wanted}", hint="correct it, or leave it out for the default")
    return checked({**found, "otp": otp})


def _validated(options: Options) -> Options | None:
    """The options in their types; None where one does not fit."""
    try:
        result = ArgumentSpecValidator({name: _SPEC[name] for name in options}).validate(options)
    except OverflowError:
        return None
    return None if result.error_messages else dict(result.validated_parameters)
