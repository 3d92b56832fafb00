# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where options are found, in which order, and what never goes to whom."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import TOKEN_SPEC
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hub_options import SOURCES, TASK_ONLY, hub_options
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD_VALUES, leaks

SPEC = TOKEN_SPEC["argument_spec"]
MINE = {"identifier": "mybot", "secret": "my-secret-word"}

# By option: two values as text, and what the first of them comes to.
SAMPLES: dict[str, tuple[str, str, t.Any]] = {
    "identifier": ("me", "you", "me"),
    "secret": ("first-secret", "other-secret", "first-secret"),
    "otp": ("012345", "543210", "012345"),
    "totp_secret": ("JBSWY3DPEHPK3PXPJBSWY3DP", "GEZDGNBVGY3TQOJQGEZDGNBV", "JBSWY3DPEHPK3PXPJBSWY3DP"),
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


class Places:
    """The places where options are found, to be filled one by one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> None:
        self.arguments: dict[str, t.Any] = {}
        self.variables: dict[str, t.Any] = {}
        self.ini: list[str] = ["[dockerhub]"]
        self.render: t.Callable[[t.Any], t.Any] = lambda value: value
        self.monkeypatch = monkeypatch
        self.config = folder / "ansible.cfg"
        monkeypatch.setattr("ansible.constants.CONFIG_FILE", str(self.config))

    def put(self, place: str, name: str, value: t.Any) -> None:
        if place == "argument":
            self.arguments[name] = value
        elif place == "ini":
            self.ini.append(f"{name} = {value}")
        elif place in SOURCES[name][0]:
            self.variables[place] = value
        else:
            self.monkeypatch.setenv(place, value)

    def options(self, *, task: bool = True, render: t.Callable[[t.Any], t.Any] | None = None) -> dict[str, t.Any]:
        self.config.write_text("\n".join(self.ini))
        return hub_options(self.arguments, self.variables, render or self.render, task=task)

    def refused(self, *, task: bool = True) -> str:
        with pytest.raises(InvalidOptions) as caught:
            self.options(task=task)
        return str(caught.value)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Places:
    return Places(monkeypatch, tmp_path)


def order(name: str) -> list[str]:
    """The places of an option, the first that counts at the front."""
    return ["argument", *SOURCES[name][0], *SOURCES[name][1], *([] if SPEC[name].get("no_log") else ["ini"])]


@pytest.mark.parametrize("before", ["nothing", "empty values"])
@pytest.mark.parametrize(("name", "place"), [(name, place) for name in SOURCES for place in order(name)])
def test_the_first_place_that_is_not_empty_counts(places: Places, name: str, place: str, before: str) -> None:
    places.arguments.update({key: value for key, value in MINE.items() if key != name})
    first, other, expected = SAMPLES[name]
    at = order(name).index(place)
    if before == "empty values":
        for earlier in order(name)[:at]:
            places.put(earlier, name, "")
    places.put(place, name, first)
    for later in order(name)[at + 1 :]:
        places.put(later, name, other)
    if name == "identifier":
        places.arguments["secret"] = "my-secret-word"
    assert places.options()[name] == expected


def test_the_sources_are_all_options_but_those_of_the_task_alone() -> None:
    assert sorted([*SOURCES, *TASK_ONLY]) == sorted(SPEC)
    assert sorted(SAMPLES) == sorted(SOURCES)


def test_without_any_place_the_defaults_count(places: Places) -> None:
    places.arguments.update(MINE)
    assert places.options() == {**{name: row.get("default") for name, row in SPEC.items()}, **MINE}


@pytest.mark.parametrize(("alias", "name"), [("username", "identifier"), ("password", "secret"), ("code", "otp")])
def test_an_alias_is_as_good_as_the_name(places: Places, alias: str, name: str) -> None:
    value = SAMPLES[name][0]
    places.arguments = {**MINE, alias: value}
    places.arguments.pop(name, None)
    assert places.options()[name] == value
    places.arguments[name] = ""
    assert places.options()[name] == value
    places.arguments = {**MINE, name: value, alias: ""}
    assert places.options()[name] == value


def test_none_is_empty_as_well(places: Places) -> None:
    places.arguments = {**MINE, "identifier": None, "timeout": None}
    places.variables = {"dockerhub_identifier": None, "dockerhub_username": "mybot"}
    assert (places.options()["identifier"], places.options()["timeout"]) == ("mybot", 30)


def test_false_and_nought_are_not_empty(places: Places) -> None:
    places.arguments = {**MINE, "cache": False, "retries": 0}
    places.variables = {"dockerhub_cache": True, "dockerhub_retries": 7}
    assert (places.options()["cache"], places.options()["retries"]) == (False, 0)


def test_only_variables_are_rendered(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places.arguments = {"identifier": "{{ argument }}"}  # the caller has rendered arguments already
    places.variables = {"dockerhub_proxy": "{{ variable }}"}
    monkeypatch.setenv("DOCKERHUB_PASSWORD", "{{ environment }}")
    places.ini.append("user_agent = {{ ini }}")
    options = places.options(render=lambda value: "http://rendered.example.com")
    assert {name: options[name] for name in ("identifier", "proxy", "secret", "user_agent")} == {
        "identifier": "{{ argument }}",
        "proxy": "http://rendered.example.com",
        "secret": "{{ environment }}",
        "user_agent": "{{ ini }}",
    }


def test_a_variable_that_renders_to_nothing_is_empty(places: Places) -> None:
    places.variables = {
        "dockerhub_identifier": "{{ nothing }}",
        "dockerhub_username": "mybot",
        "dockerhub_secret": "8" * 9,
    }
    rendered = places.options(render=lambda value: "" if "{{" in value else value)
    assert rendered["identifier"] == "mybot"


def test_text_is_text_whatever_it_came_as(places: Places) -> None:
    places.arguments = {"identifier": 4711, "secret": 123456789, "otp": 123456}
    options = places.options()
    assert (options["identifier"], options["secret"], options["otp"]) == ("4711", "123456789", "123456")


def test_the_identifier_loses_its_blanks_and_the_secret_does_not(places: Places) -> None:
    places.arguments = {"identifier": " mybot\n", "secret": " my secret word "}
    assert (places.options()["identifier"], places.options()["secret"]) == ("mybot", " my secret word ")


@pytest.mark.parametrize("value", [["first-secret"], {"first-secret": 1}, b"first-secret", ("first-secret",)])
def test_what_is_no_text_is_refused_without_being_shown(places: Places, value: t.Any) -> None:
    places.arguments = {**MINE, "secret": value}
    assert places.refused() == "secret must be text; give it as one string"


@pytest.mark.parametrize("what", BAD_VALUES)
def test_bad_values_are_named(places: Places, what: str) -> None:
    places.arguments, words = BAD_VALUES[what]
    said = places.refused()
    assert [word for word in words if word not in said] == []
    assert leaks(places.arguments, said) == []


def test_a_secret_in_the_wrong_option_is_not_shown(places: Places) -> None:
    for name in ("auth_method", "retries", "timeout", "cache"):
        places.arguments = {**MINE, name: "somebody's other word"}
        assert f"{name} must be" in places.refused()
        assert "other word" not in places.refused()


def test_ansible_cfg_holds_options_of_the_task_as_well(places: Places) -> None:
    places.arguments = MINE
    places.ini += ["login_from = target", "login_2fa_token = not-from-here"]
    assert places.options()["login_from"] == "target"
    assert places.options()["login_2fa_token"] is None
    assert places.options(task=False)["login_from"] == "controller"


@pytest.mark.parametrize("name", ["retries", "timeout", "max_wait", "min_ttl", "refusal_ttl"])
@pytest.mark.parametrize("value", [10**400, "inf", float("nan"), -1])
def test_a_number_beyond_all_sense_is_named(places: Places, name: str, value: t.Any) -> None:
    places.arguments = {**MINE, name: value}
    assert places.refused().startswith(f"{name} must be")


def test_a_token_in_place_of_the_name_is_not_shown(places: Places) -> None:
    places.arguments = {**MINE, "identifier": "dckr_pat_AbCdEf-0123456789_ghijklmno"}
    assert "identifier holds an access token" in places.refused()
    assert "AbCdEf" not in places.refused()


def test_a_variable_that_cannot_be_rendered_is_named_without_its_words(places: Places) -> None:
    def broken(value: t.Any) -> t.Any:
        raise AnsibleError("'dict object' has no attribute 'my other word'. 'nosuch' is undefined")

    places.render = broken
    places.arguments = {"identifier": "me"}
    places.variables = {"dockerhub_secret": "{{ nosuch }}"}
    assert "the variable dockerhub_secret cannot be rendered ('nosuch' is undefined)" in places.refused()
    assert "other word" not in places.refused()


class AnsibleValueOmittedError(AnsibleError):
    """As ansible-core 2.19 and later name it."""


class _OmitType:
    """As ansible-core 2.19 and later name it."""


def test_what_is_omitted_is_looked_for_elsewhere(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(value: t.Any) -> t.Any:
        if value == "{{ omit }}":
            raise AnsibleValueOmittedError("omitted")
        return value

    monkeypatch.setenv("DOCKERHUB_PASSWORD", "secret-word")
    for omitted in ("__omit_place_holder__708f", _OmitType()):
        places.arguments = {"identifier": "me", "secret": omitted, "user_agent": omitted, "timeout": omitted}
        assert (places.options()["secret"], places.options()["user_agent"]) == ("secret-word", None)
    places.arguments = {"identifier": "me"}
    places.variables = {"dockerhub_secret": "{{ omit }}"}
    assert places.options(render=render)["secret"] == "secret-word"


class Encrypted:
    """As a vault's text is before ansible-core 2.19, where its password is missing."""

    def __str__(self) -> str:
        raise AnsibleError("Attempting to decrypt but no vault secrets found")


def test_a_value_that_cannot_be_decrypted_is_named_and_what_it_needs(places: Places) -> None:
    def locked(value: t.Any) -> t.Any:
        raise AnsibleError("Attempt to use undecryptable variable: my other word")

    places.arguments = {"identifier": "me"}
    places.variables = {"dockerhub_secret": Encrypted()}
    wanted = "cannot be decrypted; give the password of its vault, with --ask-vault-pass or"
    assert f"the variable dockerhub_secret {wanted}" in places.refused()
    places.render = locked
    assert f"the variable dockerhub_secret {wanted}" in places.refused()
    assert "other word" not in places.refused()
    places.arguments = {"identifier": "me", "secret": Encrypted()}
    assert f"secret {wanted}" in places.refused()


def test_a_secret_goes_with_the_first_name_beside_it_that_is_not_empty(places: Places) -> None:
    places.arguments = {"identifier": "another"}
    places.variables = {
        "dockerhub_identifier": "{{ '' }}",
        "dockerhub_username": "me",
        "dockerhub_secret": "my-secret-word",
    }
    places.render = lambda value: "" if "{{" in str(value) else value
    assert "belongs to me," in places.refused()


def test_a_misspelt_option_is_named_beside_the_right_ones(places: Places) -> None:
    places.arguments = {**MINE, "sekret": "my-other-word"}
    said = places.refused()
    assert said.startswith("sekret is not an option of the task; the options are auth_method, ")
    assert " secret, " in said
    assert "my-other-word" not in said


@pytest.mark.parametrize("name", TASK_ONLY)
def test_the_lookup_has_not_the_options_of_the_task(places: Places, name: str) -> None:
    places.arguments = {**MINE, name: "return"}
    said = places.refused(task=False)
    assert said.startswith(f"{name} is not an option of the lookup; only the task has it; the options are ")
    assert name not in said.partition("the options are")[2]


@pytest.mark.parametrize("missing", ["identifier", "secret"])
def test_what_is_missing_is_named_with_its_places(places: Places, missing: str) -> None:
    places.arguments = {name: value for name, value in MINE.items() if name != missing}
    said = places.refused()
    assert said.startswith(f"{missing} is missing; give it as an option, as the variable dockerhub_{missing} or")
    assert SOURCES[missing][1][0] in said


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
def test_a_secret_beside_another_name_stays_where_it_is(
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variables: dict[str, str],
    environment: dict[str, str],
) -> None:
    places.arguments = {key: value for key, value in MINE.items() if key != name}
    places.variables = variables
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    said = places.refused()
    place = next(key for key, value in {**variables, **environment}.items() if value != "you")
    assert f"{name} comes from " in said
    assert f"{place}, which belongs to you, but this login is for mybot" in said
    assert f"give {name} as an option, or take both from the same place" in said
    assert [value for value in (*variables.values(), *environment.values()) if value != "you" and value in said] == []


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
def test_a_second_factor_that_is_found_serves_its_own_account(
    places: Places, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, str], used: tuple[str | None, str | None]
) -> None:
    for variable, value in YOURS.items():
        monkeypatch.setenv(variable, value)
    places.arguments = arguments
    places.variables = {"dockerhub_otp": "123456", "dockerhub_username": "you"}
    assert (places.options()["otp"], places.options()["totp_secret"]) == used


def test_a_name_matters_only_to_what_belongs_to_it(places: Places) -> None:
    rendered: list[str] = []

    def render(value: str) -> str:
        rendered.append(value)
        if value == "{{ nosuch }}":
            raise AnsibleError("'nosuch' is undefined")
        return value

    places.arguments = MINE
    places.variables = {"dockerhub_identifier": "{{ nosuch }}", "dockerhub_url": "https://hub.example.com"}
    assert places.options(render=render)["hub_url"] == "https://hub.example.com"
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
def test_a_secret_beside_no_other_name_is_used(
    places: Places, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], environment: dict[str, str]
) -> None:
    places.arguments = {"identifier": "mybot"}
    places.variables = variables
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert (places.options()["identifier"], places.options()["secret"]) == ("mybot", "secret-word")


@pytest.mark.parametrize("variable", ["DOCKER_USERNAME", "DOCKER_PASSWORD"])
def test_the_variables_of_private_registries_are_not_read(
    places: Places, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    missing = "identifier" if variable == "DOCKER_USERNAME" else "secret"
    places.arguments = {name: value for name, value in MINE.items() if name != missing}
    monkeypatch.setenv(variable, "a-private-registry")
    assert places.refused().startswith(f"{missing} is missing")


def test_ansible_cfg_holds_no_secrets(places: Places) -> None:
    places.arguments = {"identifier": "mybot"}
    places.ini.append("secret = secret-word")
    assert places.refused().startswith("secret is missing")


def test_a_path_in_ansible_cfg_starts_from_its_folder(places: Places, tmp_path: pathlib.Path) -> None:
    places.arguments = MINE
    places.ini.append("ca_path = ca/mine.pem")
    assert places.options()["ca_path"] == str(tmp_path / "ca/mine.pem")


def test_a_path_in_ansible_cfg_may_start_at_home(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    places.arguments = MINE
    places.ini.append("ca_path = ~/mine.pem")
    assert places.options()["ca_path"] == "/home/me/mine.pem"


def test_the_rest_of_ansible_cfg_does_not_matter(places: Places) -> None:
    places.arguments = MINE
    places.ini = ["[defaults]", "retries = 9", "log_path = 100%", "[dockerhub]", "retries = 2 ; a comment", "other = 1"]
    assert places.options()["retries"] == 2


@pytest.mark.parametrize("config", [None, "/nonexistent/ansible.cfg"])
def test_ansible_cfg_need_not_be_there(places: Places, monkeypatch: pytest.MonkeyPatch, config: str | None) -> None:
    monkeypatch.setattr("ansible.constants.CONFIG_FILE", config)
    assert hub_options(MINE, {}, str, task=True)["retries"] == 3
