# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module itself, run as Ansible runs it on a target: arguments in, JSON out."""

from __future__ import annotations

import contextlib
import json
import sys
import typing as t

import hub_emulator
import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import from_dict
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_token
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGINS,
    MFAUSER,
    MYBOT,
    PLAINUSER,
    REFUSALS,
    RESULT_FIELDS,
    SECOND_FACTOR,
    TOKEN,
    TOTP,
    account_of,
    early_in_a_half_minute,
    leaked,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD, BAD_IN_TASKS, BAD_VALUES

FIELDS = {*RESULT_FIELDS, "changed"}

Run = t.Callable[..., dict[str, t.Any]]


def patched_arguments(arguments: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> t.ContextManager[None]:
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # before ansible-core 2.17
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
        return contextlib.nullcontext()
    return patch_module_args(arguments)


@pytest.fixture
def run(hub: t.Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    early_in_a_half_minute(hub)

    if "ansible.module_utils._internal" in sys.modules:  # since ansible-core 2.19
        monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)

    def run(**given: t.Any) -> dict[str, t.Any]:
        monkeypatch.setattr(warnings, "_global_warnings", type(warnings._global_warnings)())  # those of earlier runs
        with patched_arguments({"hub_url": hub.url, **given}, monkeypatch), pytest.raises(SystemExit) as ended:
            dockerhub_token.main()
        # Names with an underscore are for ansible-core 2.22 itself, which masks secrets.
        result = {name: value for name, value in json.loads(capfd.readouterr().out).items() if name[0] != "_"}
        assert ended.value.code == (1 if result.get("failed") else 0)
        assert "deprecations" not in result
        assert leaked(given, json.dumps(result.pop("invocation", {}))) == []
        return result

    return run


@pytest.mark.parametrize("kind", LOGINS)
def test_every_kind_of_login_returns_its_token(run: Run, kind: str) -> None:
    given, source, path = LOGINS[kind]
    result = run(**given)
    assert set(result) - {"warnings"} == FIELDS
    assert result["access_token"].count(".") == 2
    assert (result["source"], result["endpoint"], result["changed"]) == (source, path, False)
    assert result["username"] == result["identifier"] == account_of(given)


def test_the_deprecated_operation_works_with_a_warning(run: Run) -> None:
    result = run(**PLAINUSER, auth_method="login")
    assert "deprecated by Docker" in str(result.pop("warnings"))
    assert set(result) == FIELDS


def test_a_login_in_two_steps(hub: t.Any, run: Run) -> None:
    first = run(**MFAUSER, on_otp_required="return")
    assert set(first) == {*FIELDS, "login_2fa_token"}
    assert (first["otp_required"], first["access_token"], first["changed"]) == (True, None, False)
    second = run(login_2fa_token=first["login_2fa_token"], code=hub.totp("mfauser"))
    assert set(second) == FIELDS
    assert (second["username"], second["endpoint"]) == ("mfauser", SECOND_FACTOR)


def test_check_mode_logs_in_as_well(hub: t.Any, run: Run) -> None:
    result = run(**MYBOT, _ansible_check_mode=True)
    assert (result["username"], result["changed"], hub.tokens_issued("mybot")) == ("mybot", False, 1)


def test_a_secret_that_is_part_of_the_result_by_chance_changes_nothing(hub: t.Any, run: Run) -> None:
    hub.accounts["mybot"] = hub_emulator.Account("mybot", password="Bearer")
    result = run(identifier="mybot", secret="Bearer", auth_method="login")
    assert (result["token_type"], result["username"]) == ("Bearer", "mybot")


def test_empty_options_count_as_not_given(run: Run) -> None:
    names = ("otp", "totp_secret", "login_2fa_token", "ca_path", "proxy", "user_agent")
    assert run(**MYBOT, **dict.fromkeys(names, ""))["endpoint"] == TOKEN
    # The real Docker Hub, through a proxy that leads nowhere.
    text = run(**MYBOT, hub_url="", proxy="http://127.0.0.1:1", retries=0)["msg"]
    assert "POST https://hub.docker.com/v2/auth/token did not get through the proxy" in text


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_a_failure_with_its_reason(run: Run, refusal: str) -> None:
    given, code, status = REFUSALS[refusal]
    result = run(**given)
    assert set(result) == {"failed", "msg", "error", "record"}
    assert result["error"] == {"code": code, "http_status": status, "hint": result["error"]["hint"], "retry_at": None}
    assert str(from_dict(result["record"])) == result["msg"]
    assert result["msg"].endswith(f"; {result['error']['hint']}")
    assert leaked(given, json.dumps(result)) == []


@pytest.mark.parametrize("case", [*BAD, *BAD_IN_TASKS])
def test_bad_combinations_send_nothing(hub: t.Any, run: Run, case: str) -> None:
    given, words = {**BAD, **BAD_IN_TASKS}[case]
    result = run(**given)
    assert result["error"]["code"] == "invalid_options"
    assert [word for word in words if word not in result["msg"]] == []
    assert leaked(given, result["msg"]) == []
    assert hub.count() == 0


@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values_send_nothing(hub: t.Any, run: Run, case: str) -> None:
    given, words = BAD_VALUES[case]
    result = run(**given)
    assert result["failed"]
    # The message is Ansible's own where only the module runs.
    assert words[0].split()[0] in result["msg"]
    assert leaked(given, result["msg"]) == []
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "identifier, login_2fa_token"),
        ({"identifier": "mybot"}, "secret, login_2fa_token"),
        ({"identifier": "mybot", "secret": ""}, "secret is missing"),
        ({**MYBOT, "sekret": "dckr_pat_mine"}, "sekret"),
    ],
)
def test_missing_and_misspelt_options_send_nothing(hub: t.Any, run: Run, given: dict[str, str], words: str) -> None:
    assert words in run(**given)["msg"]
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("library", "name", "given"),
    [("requests", "requests", MYBOT), ("jwt", "PyJWT", MYBOT), ("pyotp", "pyotp", {**MFAUSER, **TOTP})],
)
def test_a_missing_library_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, library: str, name: str, given: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    result = run(**given)
    assert result["error"]["code"] == "missing_library"
    assert f"required Python library ({name})" in result["msg"]


def test_pyotp_is_needed_only_to_generate_codes(hub: t.Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyotp", None)
    assert run(**MYBOT)["username"] == "mybot"
    assert run(**MFAUSER, otp=hub.totp("mfauser"), **TOTP)["username"] == "mfauser"


@pytest.mark.parametrize("library", ["requests", "jwt", "pyotp"])
def test_bad_options_need_no_library(run: Run, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert run(**MYBOT, totp_secret="123")["error"]["code"] == "invalid_options"
