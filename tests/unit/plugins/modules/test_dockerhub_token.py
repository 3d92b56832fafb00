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
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_token
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD, BAD_IN_TASKS, BAD_VALUES, leaks

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
SEED = hub_emulator.MFAUSER_TOTP_SECRET
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
MYORG = {"identifier": "myorg", "secret": hub_emulator.MYORG_OAT}
PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
SSOUSER = {"identifier": "ssouser", "secret": "sso-password-1"}
KEYS = {
    *("access_token", "token_type", "issued_at", "expires_at", "expires_in", "identifier", "username", "scope"),
    *("source", "endpoint", "claims", "cached", "otp_required", "rate_limit", "changed"),
}

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
    hub.clock_offset = 10 - hub.now() % 30  # far from the end of a half minute, where a login waits for the next one

    if "ansible.module_utils._internal" in sys.modules:  # from ansible-core 2.19 on
        monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)

    def run(**given: t.Any) -> dict[str, t.Any]:
        monkeypatch.setattr(warnings, "_global_warnings", type(warnings._global_warnings)())  # of earlier runs
        with patched_arguments({"hub_url": hub.url, **given}, monkeypatch), pytest.raises(SystemExit) as ended:
            dockerhub_token.main()
        # With an underscore: what ansible-core 2.22 tells itself of secrets, in order to mask them.
        result = {name: value for name, value in json.loads(capfd.readouterr().out).items() if name[0] != "_"}
        assert ended.value.code == (1 if result.get("failed") else 0)
        assert "deprecations" not in result
        assert leaks(given, json.dumps(result.pop("invocation", {}))) == []
        return result

    return run


@pytest.mark.parametrize(
    ("given", "source", "path"),
    [
        (PLAINUSER, "password", TOKEN),
        (MYBOT, "pat", TOKEN),
        (MYORG, "oat", TOKEN),
        ({**SSOUSER, "secret": hub_emulator.SSOUSER_PAT}, "pat", TOKEN),
        ({"username": "plainuser", "password": "plain-password-1"}, "password", TOKEN),
        ({**MFAUSER, "totp_secret": SEED}, "password", SECOND_FACTOR),
    ],
)
def test_every_account_gets_its_token(run: Run, given: dict[str, str], source: str, path: str) -> None:
    result = run(**given)
    assert set(result) == KEYS
    assert result["access_token"].count(".") == 2
    assert (result["source"], result["endpoint"], result["changed"]) == (source, path, False)
    assert result["username"] == result["identifier"] == given.get("identifier", "plainuser")


def test_the_older_login_works_with_a_warning(run: Run) -> None:
    result = run(**PLAINUSER, auth_method="login")
    assert "deprecated by Docker" in str(result.pop("warnings"))
    assert set(result) == KEYS


def test_a_login_in_two_steps(hub: t.Any, run: Run) -> None:
    first = run(**MFAUSER, on_otp_required="return")
    assert set(first) == {*KEYS, "login_2fa_token"}
    assert (first["otp_required"], first["access_token"], first["changed"]) == (True, None, False)
    second = run(login_2fa_token=first["login_2fa_token"], code=hub.totp("mfauser"))
    assert set(second) == KEYS
    assert (second["username"], second["endpoint"]) == ("mfauser", SECOND_FACTOR)


def test_check_mode_logs_in_as_well(hub: t.Any, run: Run) -> None:
    result = run(**MYBOT, _ansible_check_mode=True)
    assert (result["username"], result["changed"], hub.tokens_issued("mybot")) == ("mybot", False, 1)


def test_secrets_that_stand_in_the_result_by_chance_cut_nothing_out_of_it(hub: t.Any, run: Run) -> None:
    hub.accounts["mybot"] = hub_emulator.Account("mybot", password="Bearer")
    result = run(identifier="mybot", secret="Bearer", auth_method="login")
    assert (result["token_type"], result["username"]) == ("Bearer", "mybot")


def test_empty_options_count_as_not_given(run: Run) -> None:
    names = ("otp", "totp_secret", "login_2fa_token", "ca_path", "proxy", "user_agent")
    assert run(**MYBOT, **dict.fromkeys(names, ""))["endpoint"] == TOKEN
    # The real Docker Hub, through a proxy that leads nowhere.
    said = run(**MYBOT, hub_url="", proxy="http://127.0.0.1:1", retries=0)["msg"]
    assert "POST https://hub.docker.com/v2/auth/token did not get through the proxy" in said


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        ({**PLAINUSER, "secret": "wrong-password"}, "bad_credentials", 401),
        ({**MYBOT, "secret": "dckr_pat_wrong"}, "bad_credentials", 401),
        ({**MYORG, "secret": "dckr_oat_wrong"}, "bad_credentials", 401),
        (MFAUSER, "bad_credentials", 401),
        ({**MFAUSER, "auth_method": "login"}, "otp_required", 401),
        ({**MFAUSER, "otp": "000000"}, "otp_invalid", 401),
        (SSOUSER, "sso_required", 403),
    ],
)
def test_a_refusal_is_a_failure_with_its_reasons(run: Run, given: dict[str, str], code: str, status: int) -> None:
    result = run(**given)
    assert set(result) == {"failed", "msg", "error", "retry_in"}
    assert result["error"] == {"code": code, "http_status": status, "hint": result["error"]["hint"], "retry_at": None}
    assert result["msg"].endswith(f"; {result['error']['hint']}")
    assert leaks(given, result["msg"]) == []


@pytest.mark.parametrize("what", [*BAD, *BAD_IN_TASKS])
def test_bad_combinations_send_nothing(hub: t.Any, run: Run, what: str) -> None:
    given, words = {**BAD, **BAD_IN_TASKS}[what]
    result = run(**given)
    assert result["error"]["code"] == "invalid_options"
    assert [word for word in words if word not in result["msg"]] == []
    assert leaks(given, result["msg"]) == []
    assert hub.count() == 0


@pytest.mark.parametrize("what", BAD_VALUES)
def test_bad_values_send_nothing(hub: t.Any, run: Run, what: str) -> None:
    given, words = BAD_VALUES[what]
    result = run(**given)
    assert result["failed"]
    # The words are ansible-core's where the module runs alone.
    assert words[0].split()[0] in result["msg"]
    assert leaks(given, result["msg"]) == []
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
    [("requests", "requests", MYBOT), ("jwt", "PyJWT", MYBOT), ("pyotp", "pyotp", {**MFAUSER, "totp_secret": SEED})],
)
def test_a_missing_library_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, library: str, name: str, given: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    result = run(**given)
    assert result["error"]["code"] == "missing_library"
    assert f"required Python library ({name})" in result["msg"]


def test_pyotp_is_missed_only_where_codes_are_made(hub: t.Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyotp", None)
    assert run(**MYBOT)["username"] == "mybot"
    assert run(**MFAUSER, otp=hub.totp("mfauser"), totp_secret=SEED)["username"] == "mfauser"


@pytest.mark.parametrize("library", ["requests", "jwt", "pyotp"])
def test_bad_options_need_no_library(run: Run, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert run(**MYBOT, totp_secret="123")["error"]["code"] == "invalid_options"
