# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dockerhub_token by itself."""

from __future__ import annotations

import json
import sys
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import from_dict
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
    leaked,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD, BAD_IN_TASKS, BAD_VALUES
from ansible_collections.hubops.dockerhub.tests.unit.plugins.faults import FAULTS, SOME, given_for

FIELDS = {*RESULT_FIELDS, "changed"}

Run = t.Callable[..., dict[str, t.Any]]


@pytest.mark.parametrize("name", LOGINS)
def test_every_account_gets_its_token(run: Run, name: str) -> None:
    given, source, endpoint = LOGINS[name]
    result = run(**given)
    warnings = str(result.pop("warnings", ""))
    assert ("deprecated by Docker" in warnings) == ("auth_method" in given)
    assert set(result) == FIELDS
    assert result["access_token"].count(".") == 2
    assert (result["source"], result["endpoint"], result["changed"]) == (source, endpoint, False)
    assert result["username"] == result["identifier"] == account_of(given)


def test_a_login_in_two_steps(hub: t.Any, run: Run) -> None:
    first = run(**MFAUSER, on_otp_required="return")
    assert set(first) == {*FIELDS, "login_2fa_token"}
    assert (first["otp_required"], first["access_token"], first["changed"]) == (True, None, False)
    second = run(login_2fa_token=first["login_2fa_token"], code=hub.totp("mfauser"))
    assert set(second) == FIELDS
    assert (second["username"], second["endpoint"]) == ("mfauser", SECOND_FACTOR)


def test_check_mode_logs_in_too(hub: t.Any, run: Run) -> None:
    result = run(**MYBOT, _ansible_check_mode=True)
    assert (result["username"], result["changed"], hub.tokens_issued("mybot")) == ("mybot", False, 1)


def test_a_secret_is_not_cut_out_of_the_result(hub: t.Any, run: Run) -> None:
    hub.accounts["mybot"] = hub_emulator.Account("mybot", password="Bearer")
    result = run(identifier="mybot", secret="Bearer", auth_method="login")
    assert (result["token_type"], result["username"]) == ("Bearer", "mybot")


def test_empty_options_get_their_defaults(run: Run) -> None:
    names = ("otp", "totp_secret", "login_2fa_token", "ca_path", "proxy", "user_agent")
    assert run(**MYBOT, **dict.fromkeys(names, ""))["endpoint"] == TOKEN
    # The default of hub_url, through a proxy that does not exist.
    text = run(**MYBOT, hub_url="", proxy="http://127.0.0.1:1", retries=0)["msg"]
    assert "POST https://hub.docker.com/v2/auth/token did not get through the proxy" in text


# Failures


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_a_failure_with_a_record(run: Run, name: str) -> None:
    given, code, status = REFUSALS[name]
    result = run(**given)
    assert set(result) == {"failed", "msg", "error", "record"}
    assert result["error"] == {"code": code, "http_status": status, "hint": result["error"]["hint"], "retry_at": None}
    assert result["msg"].endswith(f"; {result['error']['hint']}")
    error = from_dict(result["record"])
    assert (str(error), error.public()) == (result["msg"], result["error"])
    assert leaked(given, *result["msg"].split()) == []


@pytest.mark.parametrize("name", [*BAD, *BAD_IN_TASKS])
def test_a_bad_combination_sends_nothing(hub: t.Any, run: Run, name: str) -> None:
    given, words = {**BAD, **BAD_IN_TASKS}[name]
    result = run(**given)
    assert result["error"]["code"] == "invalid_options"
    assert [word for word in words if word not in result["msg"]] == []
    assert leaked(given, result["msg"]) == []
    assert hub.count() == 0


@pytest.mark.parametrize("name", BAD_VALUES)
def test_a_bad_value_sends_nothing(hub: t.Any, run: Run, name: str) -> None:
    given, words = BAD_VALUES[name]
    result = run(**given)
    assert result["failed"]
    # The text is that of ansible-core where the module runs alone.
    assert words[0].split()[0] in result["msg"]
    assert leaked(given, result["msg"]) == []
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "identifier is missing"),
        ({"identifier": "mybot"}, "secret is missing"),
        ({"identifier": "mybot", "secret": ""}, "secret is missing"),
        ({**MYBOT, "sekret": "dckr_pat_mine"}, "sekret"),
    ],
    ids=["nothing", "no secret", "empty secret", "misspelt"],
)
def test_a_missing_or_misspelt_option_sends_nothing(hub: t.Any, run: Run, given: dict[str, str], words: str) -> None:
    assert words in run(**given)["msg"]
    assert hub.count() == 0


@pytest.mark.parametrize(("library", "name"), [("requests", "requests"), ("jwt", "PyJWT"), ("pyotp", "pyotp")])
def test_a_missing_library_sends_nothing(
    hub: t.Any, run: Run, monkeypatch: pytest.MonkeyPatch, library: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    result = run(**MFAUSER, **TOTP)
    assert result["error"]["code"] == "missing_library"
    assert f"required Python library ({name})" in result["msg"]
    assert hub.count() == 0


@pytest.mark.parametrize("library", ["requests", "jwt", "pyotp"])
def test_bad_options_are_found_without_libraries(run: Run, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert run(**MYBOT, totp_secret="123")["error"]["code"] == "invalid_options"


@pytest.mark.parametrize("path", hub_emulator.AUTH_PATHS)
@pytest.mark.parametrize("name", SOME)
def test_every_fault_is_a_failure_with_a_code(
    hub: t.Any, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    fault = FAULTS[name]
    what, code, again = fault
    hub.fail(path, None, **what)
    given = given_for(path, hub)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    start = time.monotonic()
    result = run(**given, timeout=fault.timeout(path), retries=1)
    assert time.monotonic() - start < fault.most(path, hub.count())

    if path == SECOND_FACTOR:
        code, again = {"bad_credentials": "otp_invalid"}.get(code, code), False
    assert (result["failed"], result["error"]["code"]) == (True, code)
    assert result["msg"].endswith(f"; {result['error']['hint']}")
    assert "exception" not in result
    assert leaked(given, json.dumps(result)) == []
    assert hub.count(path) == (2 if again else 1)


def test_a_long_limit_is_reported_with_its_end(hub: t.Any, run: Run) -> None:
    hub.fail(TOKEN, status=429, body={"detail": "Rate limit exceeded"}, headers={"Retry-After": "7200"})
    result = run(**PLAINUSER)
    assert result["error"]["code"] == "rate_limited"
    assert result["error"]["retry_at"] in result["msg"]
    assert result["record"]["retry_in"] == 7200
