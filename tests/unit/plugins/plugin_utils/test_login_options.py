# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of options: their order, their conversion, and what is never combined."""

from __future__ import annotations

import datetime
import pathlib
import typing as t

import jinja2
import pytest
from ansible import constants as C
from ansible.errors import AnsibleError
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import TOKEN_SPEC
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_arguments import PLACEHOLDER
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import (
    TASK_ONLY,
    login_options,
    secret_values,
)
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import ALIASES, SOURCES, raw_options
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import leaked
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD_VALUES

SPEC = TOKEN_SPEC
MINE = {"identifier": "mybot", "secret": "my-secret-word"}

# By option: two values as text, and the option's value for the first of them.
SAMPLES: dict[str, tuple[str, str, t.Any]] = {
    "identifier": ("me", "you", "me"),
    "secret": ("first-secret", "other-secret", "first-secret"),
    "otp": ("012345", "543210", "012345"),
    "totp_secret": ("JBSWY3DPEHPK3PXPJBSWY3DP", "GEZDGNBVGY3TQOJQGEZDGNBV", "JBSWY3DPEHPK3PXPJBSWY3DP"),
    "docker_config": ("/first.json", "/other.json", "/first.json"),
    "auth_method": ("login", "access_token", "login"),
    "hub_url": ("https://first.example.com", "https://other.example.com", "https://first.example.com"),
    "validate_certs": ("no", "yes", False),
    "ca_path": ("/first.pem", "/other.pem", "/first.pem"),
    "proxy": ("http://first.example.com", "http://other.example.com", "http://first.example.com"),
    "user_agent": ("first/1.0 (50%)", "other/1.0", "first/1.0 (50%)"),
    "timeout": ("1.5", "2", 1.5),
    "retries": ("1", "2", 1),
    "max_wait": ("0", "2", 0),
    "cache": ("false", "true", False),
    "min_ttl": ("1", "2", 1),
    "refusal_ttl": ("0", "2", 0),
}


class Sources:
    """All sources of options, empty at first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> None:
        self.arguments: dict[str, t.Any] = {}
        self.variables: dict[str, t.Any] = {}
        self.ini: list[str] = ["[dockerhub]"]
        self.render: t.Callable[[t.Any], t.Any] = lambda value: value
        self.warnings: list[str] = []
        self.monkeypatch = monkeypatch
        self.config = folder / "ansible.cfg"
        monkeypatch.setattr(C.config, "_config_file", str(self.config))

    def put(self, source: str, name: str, value: t.Any) -> None:
        """Put the value of an option into a source: argument, ini, a variable or an environment variable."""
        if source == "argument":
            self.arguments[name] = value
        elif source == "ini":
            self.ini.append(f"{name} = {value}")
        elif source in SOURCES[name][0]:
            self.variables[source] = value
        else:
            self.monkeypatch.setenv(source, value)

    def options(self, *, task: bool = True) -> t.Any:
        self.config.write_text("\n".join(self.ini))
        C.config._parsers.pop(str(self.config), None)
        raw = raw_options(self.arguments, self.variables, self.render, task=task)
        return login_options(raw, self.warnings.append, print)

    def refusal(self, *, task: bool = True) -> str:
        with pytest.raises(InvalidOptions) as caught:
            self.options(task=task)
        return str(caught.value)


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Sources:
    return Sources(monkeypatch, tmp_path)


def order(name: str) -> list[str]:
    """Return the sources of an option in order of precedence."""
    return ["argument", *SOURCES[name][0], *SOURCES[name][1], *([] if SPEC[name].get("no_log") else ["ini"])]


@pytest.mark.parametrize("before", ["nothing", "empty values"])
@pytest.mark.parametrize(("name", "source"), [(name, source) for name in SOURCES for source in order(name)])
def test_the_first_source_that_is_not_empty_counts(sources: Sources, name: str, source: str, before: str) -> None:
    sources.arguments.update({key: value for key, value in MINE.items() if key != name})
    first, other, expected = SAMPLES[name]
    at = order(name).index(source)
    if before == "empty values":
        for earlier in order(name)[:at]:
            sources.put(earlier, name, "")
    sources.put(source, name, first)
    for later in order(name)[at + 1 :]:
        sources.put(later, name, other)
    if name == "identifier":
        sources.arguments["secret"] = "my-secret-word"
    assert sources.options()[name] == expected


def test_every_option_except_the_task_only_ones_has_sources() -> None:
    assert sorted([*SOURCES, *TASK_ONLY]) == sorted(SPEC)
    assert sorted(SAMPLES) == sorted(SOURCES)


def test_without_any_source_the_defaults_count(sources: Sources) -> None:
    sources.arguments.update(MINE)
    assert sources.options() == {
        **{name: row.get("default") for name, row in SPEC.items()},
        "access_token": None,
        **MINE,
    }


def test_the_aliases_are_those_of_the_specification() -> None:
    assert {alias: name for name, row in SPEC.items() for alias in row.get("aliases", [])} == ALIASES


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_option_and_its_alias_must_not_differ(sources: Sources, alias: str, name: str) -> None:
    first, other, _value = SAMPLES[name]
    sources.arguments = {**MINE, name: first, alias: other}
    assert sources.refusal().startswith(f"{name} and its alias {alias} have different values; give one of the two")
    sources.arguments = {**MINE, name: first, alias: first}
    assert sources.options()[name] == first


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_counts_like_the_name(sources: Sources, alias: str, name: str) -> None:
    value = SAMPLES[name][0]
    sources.arguments = {**MINE, alias: value}
    sources.arguments.pop(name, None)
    assert sources.options()[name] == value
    sources.arguments[name] = ""
    assert sources.options()[name] == value
    sources.arguments = {**MINE, name: value, alias: ""}
    assert sources.options()[name] == value


def test_none_counts_as_empty(sources: Sources) -> None:
    sources.arguments = {**MINE, "identifier": None, "timeout": None}
    sources.variables = {"dockerhub_identifier": None, "dockerhub_username": "mybot"}
    assert (sources.options()["identifier"], sources.options()["timeout"]) == ("mybot", 30)


def test_false_and_zero_are_not_empty(sources: Sources) -> None:
    sources.arguments = {**MINE, "cache": False, "retries": 0}
    sources.variables = {"dockerhub_cache": True, "dockerhub_retries": 7}
    assert (sources.options()["cache"], sources.options()["retries"]) == (False, 0)


def test_only_variables_are_rendered(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    sources.arguments = {"identifier": "{{ argument }}"}  # the caller has rendered arguments already
    sources.variables = {"dockerhub_proxy": "{{ variable }}"}
    monkeypatch.setenv("DOCKERHUB_PASSWORD", "{{ environment }}")
    sources.ini.append("user_agent = {{ ini }}")
    sources.render = lambda value: "http://rendered.example.com"
    options = sources.options()
    assert {name: options[name] for name in ("identifier", "proxy", "secret", "user_agent")} == {
        "identifier": "{{ argument }}",
        "proxy": "http://rendered.example.com",
        "secret": "{{ environment }}",
        "user_agent": "{{ ini }}",
    }


def test_a_variable_that_renders_to_empty_text_counts_as_empty(sources: Sources) -> None:
    sources.variables = {
        "dockerhub_identifier": "{{ nothing }}",
        "dockerhub_username": "mybot",
        "dockerhub_secret": "8" * 9,
    }
    sources.render = lambda value: "" if "{{" in value else value
    assert sources.options()["identifier"] == "mybot"


def test_a_code_may_be_a_number(sources: Sources) -> None:
    sources.arguments = {**MINE, "otp": 123456}
    assert sources.options()["otp"] == "123456"


@pytest.mark.parametrize("name", ["ca_path", "proxy", "totp_secret", "user_agent"])
@pytest.mark.parametrize("value", [False, 1.10, datetime.date(2024, 1, 31)])
def test_a_text_option_that_yaml_has_altered_is_refused(sources: Sources, name: str, value: t.Any) -> None:
    sources.arguments = {**MINE, name: value}
    assert f"{name} must be text, but was read as a" in sources.refusal()
    assert ("leave it out" in sources.refusal()) == (value is False)


@pytest.mark.parametrize(
    "reason",
    [
        "'decrypted_pat' is undefined",
        "file secrets/decrypted/pat.txt not found",
        "gpg: decryption failed: No key",
        "Decryption failed",
    ],
)
def test_a_reason_that_mentions_decryption_is_shown(sources: Sources, reason: str) -> None:
    def render(value: t.Any) -> t.Any:
        raise AnsibleError(reason)

    sources.arguments, sources.variables, sources.render = {"identifier": "me"}, {"dockerhub_secret": "{{ x }}"}, render
    assert f"cannot be rendered: {reason}" in sources.refusal()


def test_an_error_that_is_among_its_own_causes_is_shown(sources: Sources) -> None:
    error, cause = AnsibleError("the vault of team A is closed"), ValueError("closed")
    error.__cause__, cause.__cause__ = cause, error

    def render(value: t.Any) -> t.Any:
        raise error

    sources.arguments, sources.variables, sources.render = {"identifier": "me"}, {"dockerhub_secret": "{{ x }}"}, render
    assert "cannot be rendered: the vault of team A is closed" in sources.refusal()


@pytest.mark.parametrize("name", ["identifier", "secret"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [(123456789, "a number"), (1e9, "a number"), (True, "a boolean"), (datetime.date(2024, 1, 31), "a date")],
)
def test_a_value_that_yaml_has_altered_is_refused(sources: Sources, name: str, value: t.Any, kind: str) -> None:
    sources.arguments = {**MINE, name: value}
    assert sources.refusal() == f"{name} must be text, but was read as {kind}; quote it"


@pytest.mark.parametrize("name", ["identifier", "secret", "proxy"])
def test_an_undefined_argument_is_named(sources: Sources, name: str) -> None:
    # Before ansible-core 2.19, a lookup receives such a value.
    sources.arguments = {**MINE, name: jinja2.StrictUndefined(name="vault_pat")}
    assert f"{name} cannot be rendered: 'vault_pat' is undefined" in sources.refusal()


def test_a_variable_that_was_altered_is_named(sources: Sources) -> None:
    sources.variables = {"dockerhub_identifier": "me", "dockerhub_secret": 123456789}
    assert sources.refusal() == (
        "the variable dockerhub_secret must be text, but was read as a number; quote it, in an INI inventory twice: \"'...'\""
    )


def test_blanks_around_the_identifier_are_removed(sources: Sources) -> None:
    sources.arguments = {"identifier": " mybot\n", "secret": " my secret word "}
    assert (sources.options()["identifier"], sources.options()["secret"]) == ("mybot", " my secret word ")


@pytest.mark.parametrize("value", [["first-secret"], {"first-secret": 1}, b"first-secret", ("first-secret",)])
def test_a_secret_that_is_not_text_is_refused_without_being_shown(sources: Sources, value: t.Any) -> None:
    sources.arguments = {**MINE, "secret": value}
    assert sources.refusal() == "secret must be text; give it as one string"


@pytest.mark.parametrize("case", BAD_VALUES)
def test_the_option_with_a_wrong_value_is_named(sources: Sources, case: str) -> None:
    sources.arguments, words = BAD_VALUES[case]
    text = sources.refusal()
    assert [word for word in words if word not in text] == []
    assert leaked(sources.arguments, text) == []


def test_a_secret_in_the_wrong_option_is_not_shown(sources: Sources) -> None:
    for name in ("auth_method", "retries", "timeout", "cache"):
        sources.arguments = {**MINE, name: "somebody's other word"}
        assert f"{name} must be" in sources.refusal()
        assert "other word" not in sources.refusal()


def test_ansible_cfg_may_contain_task_only_options(sources: Sources) -> None:
    sources.arguments = MINE
    sources.ini += ["login_from = target", "login_2fa_token = not-from-here"]
    assert sources.options()["login_from"] == "target"
    assert sources.options()["login_2fa_token"] is None
    assert sources.options(task=False)["login_from"] == "controller"


@pytest.mark.parametrize("name", ["retries", "timeout", "max_wait", "min_ttl", "refusal_ttl"])
@pytest.mark.parametrize("value", [10**400, "inf", float("nan"), -1])
def test_an_option_with_an_extreme_number_is_named(sources: Sources, name: str, value: t.Any) -> None:
    sources.arguments = {**MINE, name: value}
    assert sources.refusal().startswith(f"{name} must be")


def test_a_token_given_as_identifier_is_not_shown(sources: Sources) -> None:
    sources.arguments = {**MINE, "identifier": "dckr_pat_AbCdEf-0123456789_ghijklmno"}
    assert "identifier contains an access token" in sources.refusal()
    assert "AbCdEf" not in sources.refusal()


def test_a_variable_that_cannot_be_rendered_is_named_with_the_reason(sources: Sources) -> None:
    def fail(value: t.Any) -> t.Any:
        raise AnsibleError("vault/password.txt\n  was not found for my-other-secret")

    sources.render = fail
    sources.arguments = {"identifier": "me", "totp_secret": "my-other-secret"}
    sources.variables = {"dockerhub_secret": "{{ nosuch }}"}
    reason = "vault/password.txt was not found for ********"
    assert f"the variable dockerhub_secret cannot be rendered: {reason}; correct its template" in sources.refusal()
    assert "!unsafe (in vars_prompt, with unsafe: true)" in sources.refusal()


def test_a_value_that_a_filter_quotes_is_not_shown(sources: Sources) -> None:
    def fail(value: t.Any) -> t.Any:
        raise AnsibleError("items2dict requires keys, got [{'name': 'me', 'value': 'my-password'}] instead")

    sources.render = fail
    sources.variables = {"dockerhub_secret": "{{ nosuch }}"}
    assert "cannot be rendered: items2dict requires keys, got …; " in sources.refusal()


class Broken(Exception):
    """An exception whose text cannot be composed."""

    def __str__(self) -> str:
        raise ValueError("no text")


def test_an_exception_without_a_text_does_not_hide_the_variable(sources: Sources) -> None:
    def fail(value: t.Any) -> t.Any:
        raise Broken

    sources.render = fail
    sources.variables = {"dockerhub_secret": "{{ nosuch }}"}
    assert "the variable dockerhub_secret cannot be rendered: Broken; " in sources.refusal()


class AnsibleValueOmittedError(AnsibleError):
    """As ansible-core 2.19 and later name it."""


class _OmitType:
    """As ansible-core 2.19 and later name it."""


def test_an_omitted_option_is_taken_from_the_next_source(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(value: t.Any) -> t.Any:
        if value == "{{ omit }}":
            raise AnsibleValueOmittedError("omitted")
        return value

    monkeypatch.setenv("DOCKERHUB_PASSWORD", "secret-word")
    for omitted in ("__omit_place_holder__708f", _OmitType()):
        sources.arguments = {"identifier": "me", "secret": omitted, "user_agent": omitted, "timeout": omitted}
        assert (sources.options()["secret"], sources.options()["user_agent"]) == ("secret-word", None)
    sources.arguments = {"identifier": "me"}
    sources.variables = {"dockerhub_secret": "{{ omit }}"}
    sources.render = render
    assert sources.options()["secret"] == "secret-word"


def undefined(value: t.Any) -> t.Any:
    """Render a value, which is undefined if it is a template."""
    if value == "{{ nope }}":
        raise AnsibleError("'nope' is undefined")
    return value


class AnsibleVaultEncryptedUnicode:
    """As a vault's text is before ansible-core 2.19, where its password is missing."""

    def __str__(self) -> str:
        raise AnsibleError("Attempting to decrypt but no vault secrets found")


def test_a_value_that_cannot_be_decrypted_is_named(sources: Sources) -> None:
    def locked(value: t.Any) -> t.Any:
        raise AnsibleError("Attempt to use undecryptable variable: my other word")

    sources.arguments = {"identifier": "me"}
    sources.variables = {"dockerhub_secret": AnsibleVaultEncryptedUnicode()}
    wanted = "cannot be decrypted; give the password of its vault, with --ask-vault-pass or"
    assert f"the variable dockerhub_secret {wanted}" in sources.refusal()
    sources.render = locked
    assert f"the variable dockerhub_secret {wanted}" in sources.refusal()
    assert "other word" not in sources.refusal()
    sources.arguments = {"identifier": "me", "secret": AnsibleVaultEncryptedUnicode()}
    assert f"secret {wanted}" in sources.refusal()


def test_the_owner_of_a_secret_is_the_first_identifier_that_is_not_empty(sources: Sources) -> None:
    sources.arguments = {"identifier": "another"}
    sources.variables = {
        "dockerhub_identifier": "{{ '' }}",
        "dockerhub_username": "me",
        "dockerhub_secret": "my-secret-word",
    }
    sources.render = lambda value: "" if "{{" in str(value) else value
    assert "belongs to me," in sources.refusal()


def test_the_owner_of_a_password_is_the_user_name_beside_it(sources: Sources) -> None:
    sources.variables = {
        "dockerhub_identifier": "mybot",
        "dockerhub_username": "plainuser",
        "dockerhub_password": "plain-password-1",
    }
    assert "dockerhub_password, which belongs to plainuser, but this login is for mybot" in sources.refusal()
    sources.variables["dockerhub_secret"] = "my-secret-word"
    assert sources.options()["secret"] == "my-secret-word"


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ({**MINE, "secret": "dckr_pat_mine"}, ["dockerhub_totp_secret", "dockerhub_otp", "dockerhub_docker_config"]),
        ({"identifier": "me", "secret": "my-secret-word"}, ["dockerhub_docker_config"]),
        ({"login_2fa_token": "pending", "otp": "123456"}, ["dockerhub_secret", "dockerhub_identifier"]),
        ({}, ["dockerhub_password"]),
    ],
)
def test_a_variable_that_is_not_needed_may_be_broken(
    sources: Sources, arguments: dict[str, str], variables: list[str]
) -> None:
    sources.variables = dict.fromkeys(variables, "{{ nope }}")
    if not arguments:
        sources.variables |= {"dockerhub_identifier": "me", "dockerhub_secret": "my-secret-word"}
    sources.arguments, sources.render = arguments, undefined
    assert sources.options()


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [
        (MINE, "dockerhub_totp_secret"),
        ({"identifier": "me"}, "dockerhub_secret"),
        ({"identifier": "me"}, "dockerhub_docker_config"),
        ({"secret": "dckr_pat_mine"}, "dockerhub_identifier"),
        ({**MINE, "secret": "dckr_pat_mine"}, "dockerhub_url"),
        ({"login_2fa_token": "pending"}, "dockerhub_otp"),
    ],
)
def test_a_variable_that_is_needed_must_not_be_broken(
    sources: Sources, arguments: dict[str, str], variable: str
) -> None:
    sources.arguments, sources.variables, sources.render = arguments, {variable: "{{ nope }}"}, undefined
    assert sources.refusal().startswith(f"the variable {variable} cannot be rendered: 'nope' is undefined")


def test_the_owner_of_a_secret_must_not_be_broken(sources: Sources) -> None:
    sources.variables = {"dockerhub_identifier": "{{ nope }}", "dockerhub_secret": "my-secret-word"}
    sources.arguments, sources.render = {"identifier": "me"}, undefined
    assert sources.refusal().startswith("the variable dockerhub_identifier cannot be rendered: 'nope' is undefined")


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("my{{other}}word: 'other' is undefined", "'other' is undefined"),
        ("Unexpected type error occurred on ({{ 'my other' + 5 }}): no number: 5", "no number: 5"),
        ("my{% word %}: 'other' is undefined", "'other' is undefined"),
        ("my{{ word }}: write {{ word | quote }}", "write {{ word | quote }}"),
    ],
)
def test_the_template_before_the_cause_is_not_shown(sources: Sources, reason: str, shown: str) -> None:
    def render(value: t.Any) -> t.Any:
        raise AnsibleError(reason)

    sources.arguments, sources.variables, sources.render = {"identifier": "me"}, {"dockerhub_secret": "{{ x }}"}, render
    assert sources.refusal().startswith(f"the variable dockerhub_secret cannot be rendered: {shown}; ")


def test_a_misspelt_option_is_named_with_the_right_ones(sources: Sources) -> None:
    sources.arguments = {**MINE, "sekret": "my-other-word"}
    text = sources.refusal()
    assert text.startswith("sekret is not an option of the task; did you mean secret? the options are auth_method, ")
    assert " secret, " in text
    assert "my-other-word" not in text


@pytest.mark.parametrize("name", TASK_ONLY)
def test_the_lookup_refuses_the_task_only_options(sources: Sources, name: str) -> None:
    sources.arguments = {**MINE, name: "return"}
    text = sources.refusal(task=False)
    assert text.startswith(f"{name} is not an option of the lookup; only the task has it; the options are ")
    assert name not in text.partition("the options are")[2]


@pytest.mark.parametrize("missing", ["identifier", "secret"])
def test_a_missing_option_is_named_with_its_sources(sources: Sources, missing: str) -> None:
    sources.arguments = {name: value for name, value in MINE.items() if name != missing}
    text = sources.refusal()
    assert text.startswith(f"{missing} is missing; give it as an option, as the variable dockerhub_{missing} or")
    assert SOURCES[missing][1][0] in text


@pytest.mark.parametrize(
    ("name", "variables", "environment"),
    [
        ("secret", {"dockerhub_secret": "yours-yours", "dockerhub_identifier": "you"}, {}),
        ("secret", {"dockerhub_password": "yours-yours", "dockerhub_username": "you"}, {}),
        ("secret", {}, {"DOCKERHUB_PASSWORD": "yours-yours", "DOCKERHUB_USERNAME": "you"}),
        ("secret", {}, {"DOCKERHUB_TOKEN": "yours-yours", "DOCKERHUB_USERNAME": "you"}),
        ("secret", {"dockerhub_secret": "yours-yours", "dockerhub_otp": "123456", "dockerhub_identifier": "you"}, {}),
    ],
)
def test_a_secret_beside_another_identifier_is_refused(
    sources: Sources,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variables: dict[str, str],
    environment: dict[str, str],
) -> None:
    sources.arguments = {key: value for key, value in MINE.items() if key != name}
    sources.variables = variables
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    text = sources.refusal()
    place = next(key for key, value in {**variables, **environment}.items() if value != "you")
    assert f"{name} comes from " in text
    assert f"{place}, which belongs to you, but this login is for mybot" in text
    assert f"give {name} as an option, or take both from the same source" in text
    assert [value for value in (*variables.values(), *environment.values()) if value != "you" and value in text] == []


YOURS = {"DOCKERHUB_USERNAME": "you", "DOCKERHUB_PASSWORD": "yours-yours", "DOCKERHUB_TOTP_SECRET": "A" * 24}


@pytest.mark.parametrize(
    ("arguments", "used"),
    [
        (MINE, (None, None)),
        ({**MINE, "secret": "dckr_pat_mine"}, (None, None)),
        ({**MINE, "secret": "dckr_oat_mine", "auth_method": "access_token"}, (None, None)),
        ({"secret": "dckr_pat_yours"}, (None, None)),  # an access token needs no code
        ({}, ("123456", "A" * 24)),
        ({**MINE, "totp_secret": "B" * 24}, (None, "B" * 24)),
        ({**MINE, "secret": "dckr_pat_mine", "otp": "654321"}, ("654321", None)),
        ({"login_2fa_token": "pending"}, ("123456", "A" * 24)),
        ({**MINE, "login_2fa_token": "pending", "secret": "dckr_pat_mine"}, ("123456", "A" * 24)),
    ],
)
def test_a_found_second_factor_counts_for_its_own_account_only(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, str], used: tuple[str | None, str | None]
) -> None:
    for variable, value in YOURS.items():
        monkeypatch.setenv(variable, value)
    sources.arguments = arguments
    sources.variables = {"dockerhub_otp": "123456", "dockerhub_username": "you"}
    assert (sources.options()["otp"], sources.options()["totp_secret"]) == used


def test_only_variables_that_are_needed_are_rendered(sources: Sources) -> None:
    rendered: list[str] = []

    def render(value: str) -> str:
        rendered.append(value)
        if value == "{{ nosuch }}":
            raise AnsibleError("'nosuch' is undefined")
        return value

    sources.arguments = MINE
    sources.variables = {"dockerhub_identifier": "{{ nosuch }}", "dockerhub_url": "https://hub.example.com"}
    sources.render = render
    assert sources.options()["hub_url"] == "https://hub.example.com"
    assert rendered == ["https://hub.example.com"]


@pytest.mark.parametrize(
    ("variables", "environment"),
    [
        ({"dockerhub_secret": "secret-word"}, {}),  # beside no name at all
        ({"dockerhub_secret": "secret-word", "dockerhub_identifier": " MyBot "}, {}),  # the same name
        ({"dockerhub_secret": "secret-word"}, {"DOCKERHUB_USERNAME": "you"}),  # beside another secret's name
        ({"dockerhub_username": "you"}, {"DOCKERHUB_TOKEN": "secret-word"}),
    ],
)
def test_a_secret_beside_no_other_identifier_is_used(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], environment: dict[str, str]
) -> None:
    sources.arguments = {"identifier": "mybot"}
    sources.variables = variables
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert (sources.options()["identifier"], sources.options()["secret"]) == ("mybot", "secret-word")


@pytest.mark.parametrize("variable", ["DOCKER_USERNAME", "DOCKER_PASSWORD"])
def test_the_variables_of_private_registries_are_not_read(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    missing = "identifier" if variable == "DOCKER_USERNAME" else "secret"
    sources.arguments = {name: value for name, value in MINE.items() if name != missing}
    monkeypatch.setenv(variable, "a-private-registry")
    assert sources.refusal().startswith(f"{missing} is missing")


def test_a_secret_in_ansible_cfg_is_ignored_with_a_warning(sources: Sources) -> None:
    sources.arguments = {"identifier": "mybot"}
    sources.ini += ["password = secret-word", "username = me"]
    assert sources.refusal().startswith("secret is missing")
    assert [warning.split(" in the ")[0] for warning in sources.warnings] == [
        "ansible.cfg: username",
        "ansible.cfg: password",
    ]
    assert "secret-word" not in "".join(sources.warnings)


def test_a_relative_path_in_ansible_cfg_starts_at_its_folder(sources: Sources, tmp_path: pathlib.Path) -> None:
    sources.arguments = MINE
    sources.ini.append("ca_path = ca/mine.pem")
    assert sources.options()["ca_path"] == str(tmp_path / "ca/mine.pem")


def test_home_in_a_path_of_ansible_cfg_is_expanded(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    sources.arguments = MINE
    for path in ("~/mine.pem", "$HOME/mine.pem"):
        sources.ini = ["[dockerhub]", f"ca_path = {path}"]
        assert sources.options()["ca_path"] == "/home/me/mine.pem"


def test_other_sections_of_ansible_cfg_are_not_read(sources: Sources) -> None:
    sources.arguments = MINE
    sources.ini = [
        "[defaults]",
        "retries = 9",
        "log_path = 100%",
        "[dockerhub]",
        "retries = 2 ; a comment",
        "other = 1",
    ]
    assert sources.options()["retries"] == 2


def test_without_ansible_cfg_the_defaults_count(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(C.config, "_config_file", None)
    sources.arguments = MINE
    assert sources.options()["retries"] == 3


def test_a_hidden_argument_of_a_finished_task_is_not_sent(sources: Sources) -> None:
    sources.arguments = {**MINE, "secret": PLACEHOLDER}
    assert sources.refusal().startswith("secret is no longer known")


def test_a_secret_that_cannot_be_decrypted_does_not_end_the_search_for_others() -> None:
    class Locked:
        def __str__(self) -> str:
            raise AnsibleError("no vault secrets found")

    raw = raw_options({"secret": Locked(), "otp": 123456}, {}, str, task=True)
    assert secret_values(raw) == ["123456"]
