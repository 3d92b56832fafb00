# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of a run: refused logins, lockouts, pending second factors and used codes."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    MFAUSER,
    MYBOT,
    SECOND_FACTOR,
    SSOUSER,
    TOKEN,
    TOTP,
    WRONG,
)

FAULTS = hub_emulator.FAULTS

Ask = t.Callable[..., dict[str, t.Any]]
AdvanceTime = t.Callable[[float], None]


# Refusals


def refused_options(hub: t.Any, code: str) -> dict[str, t.Any]:
    """Return options that Docker Hub refuses with this error code."""
    if code == "locked_out":
        hub.fail("*", **FAULTS["lockout_429"])
    return {
        "bad_credentials": WRONG,
        "sso_required": SSOUSER,
        "locked_out": MYBOT,
        "otp_invalid": {**MFAUSER, "totp_secret": "A" * 32},
    }[code]


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("bad_credentials", "not tried again for 899 s, or until the secret changes"),
        ("sso_required", "not tried again for 899 s, or until the secret changes"),
        ("locked_out", "not tried again for 899 s)"),
        ("otp_invalid", "not tried again for 899 s, or until the TOTP secret changes"),
    ],
)
@pytest.mark.parametrize("cache", [True, False])
def test_a_refusal_is_reported_again_and_not_tried_again(
    hub: t.Any, ask: Ask, advance_time: AdvanceTime, code: str, end: str, cache: bool
) -> None:
    given = refused_options(hub, code)
    first = ask(**given)
    asked = hub.logins()
    advance_time(1)
    second = ask(**given, cache=cache)
    assert first["error"] == second["error"] == code
    sentence = first["text"].partition(";")[0]
    tried_at = time.strftime("%Y-%m-%dT%H:", time.gmtime())
    assert second["text"].startswith(f"{sentence} (at {tried_at}")
    assert end in second["text"]
    assert second["text"].endswith(f"; {first['hint']}")
    assert hub.logins() == asked
    advance_time(900)
    ask(**given, cache=cache)
    assert hub.logins() > asked


def test_refusal_ttl_limits_how_long_a_refusal_counts(hub: t.Any, ask: Ask, advance_time: AdvanceTime) -> None:
    ask(**WRONG)
    advance_time(60)
    assert "for 40 s" in ask(**WRONG, refusal_ttl=100)["text"]
    assert hub.logins() == 1
    ask(**WRONG, refusal_ttl=50)
    assert hub.logins() == 2


def test_without_the_guard_each_call_logs_in(hub: t.Any, ask: Ask) -> None:
    for _dummy in range(3):
        assert ask(**WRONG, refusal_ttl=0)["error"] == "bad_credentials"
    assert hub.logins() == 3
    assert ask(**WRONG)["error"] == "bad_credentials"
    assert hub.logins() == 3


def test_a_corrected_secret_is_tried(hub: t.Any, ask: Ask) -> None:
    assert ask(**WRONG)["error"] == "bad_credentials"
    assert ask(**MYBOT)["error"] is None
    assert ask(**WRONG)["error"] == "bad_credentials"
    assert hub.logins() == 2


def test_a_lockout_counts_for_the_account_until_the_given_time(hub: t.Any, ask: Ask, advance_time: AdvanceTime) -> None:
    hub.fail(TOKEN, **FAULTS["lockout_429"], headers={"Retry-After": "1200"})
    first = ask(**WRONG)
    advance_time(1000)
    for given in (WRONG, MYBOT, {**MYBOT, "identifier": "MyBot"}):
        again = ask(**given)
        assert (again["error"], again["retry_at"]) == ("locked_out", first["retry_at"])
        assert "not tried again for 200 s)" in again["text"]
    assert ask(identifier="plainuser", secret="plain-password-1")["error"] is None
    assert hub.logins("mybot") == 1
    advance_time(201)
    assert ask(**MYBOT)["error"] is None


def test_a_lockout_does_not_count_without_the_guard(hub: t.Any, ask: Ask) -> None:
    hub.fail(TOKEN, **FAULTS["lockout_429"], headers={"Retry-After": "1200"})
    assert ask(**WRONG)["error"] == "locked_out"
    assert ask(**MYBOT, refusal_ttl=0)["error"] is None


def test_a_lockout_in_a_second_step_without_a_first_is_reported(hub: t.Any, ask: Ask) -> None:
    hub.fail(SECOND_FACTOR, **FAULTS["lockout_429"])
    result = ask(login_2fa_token="of another run", otp="123456")
    assert (result["error"], result["warnings"]) == ("locked_out", [])


def test_a_lockout_leaves_a_cached_token_usable(hub: t.Any, ask: Ask) -> None:
    token = ask(**MYBOT)["access_token"]
    hub.fail(TOKEN, **FAULTS["lockout_429"])
    assert ask(**WRONG)["error"] == "locked_out"
    assert ask(**MYBOT)["access_token"] == token


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FAULTS["cloudflare_1010"], "edge_blocked"),
        (FAULTS["cloudflare_challenge_200"], "edge_blocked"),
        (FAULTS["hap429"], "rate_limited"),
        ({"status": 429, "body": {"detail": "Rate limit exceeded"}, "headers": {"Retry-After": "9"}}, "rate_limited"),
        (FAULTS["html_502"], "server_error"),
        ({"status": 500}, "server_error"),
        (FAULTS["empty_200"], "bad_answer"),
        (FAULTS["redirect"], "bad_answer"),
        ({"status": 403, "body": {"detail": "no"}}, "forbidden"),
        ({"status": 400, "body": {"detail": "no"}}, "invalid_request"),
        ({"status": None, "reset": True}, "connection"),
        ({"status": None, "delay": 3}, "timeout"),
    ],
)
def test_a_failure_unrelated_to_the_credential_is_not_recorded(
    hub: t.Any, ask: Ask, fault: dict[str, t.Any], code: str
) -> None:
    hub.fail(TOKEN, **fault)
    assert ask(**MYBOT, timeout=0.5)["error"] == code
    assert ask(**MYBOT)["error"] is None


def test_a_refused_password_is_tried_with_a_second_factor(hub: t.Any, ask: Ask) -> None:
    assert ask(**MFAUSER)["error"] == "bad_credentials"
    answer = ask(**MFAUSER, **TOTP)
    assert answer["endpoint"] == SECOND_FACTOR
    assert ask(**MFAUSER)["access_token"] == answer["access_token"]
    assert ask(**MFAUSER, auth_method="access_token")["error"] == "bad_credentials"
    assert [request.path for request in hub.requests] == [TOKEN, LOGIN, SECOND_FACTOR]


@pytest.mark.parametrize("secret", ["mfa-password-0", "dckr_pat_not-mine"])
def test_a_refusal_by_the_deprecated_operation_counts_for_both(hub: t.Any, ask: Ask, secret: str) -> None:
    assert ask(**{**MFAUSER, "secret": secret}, **TOTP)["error"] == "bad_credentials"
    for more in ({}, {"otp": "123456"}, {"on_otp_required": "return"}):
        assert ask(**{**MFAUSER, "secret": secret}, **more)["error"] == "bad_credentials"
    assert hub.logins() == 1


def test_a_successful_login_removes_the_refusal(hub: t.Any, ask: Ask, advance_time: AdvanceTime) -> None:
    assert ask(**WRONG)["error"] == "bad_credentials"
    hub.accounts["mybot"] = dataclasses.replace(hub.accounts["mybot"], password=WRONG["secret"])
    assert ask(**WRONG, refusal_ttl=0)["error"] is None
    advance_time(600)
    assert ask(**WRONG)["error"] is None


# Second factor


def test_one_first_step_and_one_code_serve_all_callers(hub: t.Any, ask: Ask) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    again = ask(**MFAUSER, on_otp_required="return")
    assert (first["otp_required"], first["access_token"], first["cached"]) == (True, None, False)
    assert (again["login_2fa_token"], again["cached"]) == (first["login_2fa_token"], True)
    code = {"login_2fa_token": first["login_2fa_token"], "otp": hub.totp("mfauser")}
    token = ask(**code)
    assert token["identifier"] == token["username"] == "mfauser"
    for given in (code, MFAUSER, {**MFAUSER, "auth_method": "login"}, {**MFAUSER, "on_otp_required": "return"}):
        assert ask(**given)["access_token"] == token["access_token"]
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_a_first_step_of_either_operation_can_be_completed(hub: t.Any, ask: Ask) -> None:
    hub.token_path_second_factor = "login_2fa_token"
    given = {**MFAUSER, "auth_method": "access_token"}
    first = ask(**given, on_otp_required="return")
    code = {"login_2fa_token": first["login_2fa_token"], "otp": hub.totp("mfauser"), "auth_method": "access_token"}
    token = ask(**code)["access_token"]
    assert token == ask(**code)["access_token"] == ask(**given)["access_token"]
    assert [request.path for request in hub.requests] == [TOKEN, SECOND_FACTOR]


def test_a_pending_second_factor_expires(hub: t.Any, ask: Ask, advance_time: AdvanceTime) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    advance_time(301)
    second = ask(**MFAUSER, on_otp_required="return")
    assert second["login_2fa_token"] != first["login_2fa_token"]
    advance_time(301)
    for _dummy in range(3):
        assert ask(**MFAUSER, auth_method="login")["error"] == "otp_required"
    assert hub.logins() == 3


def test_failing_after_returning_sends_nothing(hub: t.Any, ask: Ask) -> None:
    ask(**MFAUSER, on_otp_required="return")
    for method in ("auto", "login"):
        result = ask(**MFAUSER, auth_method=method)
        assert result["error"] == "otp_required"
        assert "give totp_secret" in result["hint"]
    assert hub.logins() == 1


def test_returning_after_failing_starts_a_login(hub: t.Any, ask: Ask) -> None:
    for _dummy in range(2):
        assert ask(**MFAUSER, auth_method="login")["error"] == "otp_required"
    assert hub.logins() == 1
    assert ask(**MFAUSER, on_otp_required="return")["login_2fa_token"]
    assert ask(**MFAUSER, **TOTP)["error"] is None
    assert [request.path for request in hub.requests] == [LOGIN, LOGIN, LOGIN, SECOND_FACTOR]


def test_a_refused_code_is_not_sent_again(hub: t.Any, ask: Ask, advance_time: AdvanceTime) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    for given in ({"login_2fa_token": first["login_2fa_token"]}, MFAUSER, {**MFAUSER, "refusal_ttl": 0}):
        result = ask(**given, otp="000000")
        assert result["error"] == "otp_invalid"
        assert result["warnings"] == []
    assert "; each code is sent once)" in result["text"]
    advance_time(1000)
    assert ask(**MFAUSER, otp="000000")["error"] == "otp_invalid"
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_a_used_code_is_not_sent_again(hub: t.Any, ask: Ask, advance_time: AdvanceTime) -> None:
    code = hub.totp("mfauser")
    assert ask(**MFAUSER, otp=code)["error"] is None
    for _dummy in range(3):  # a refused caller holds no lock, or the next one would wait for it
        result = ask(**MFAUSER, otp=code, cache=False, timeout=0.1)
        assert result["error"] == "otp_required"
        assert "was already sent in this run" in result["text"]
        assert result["warnings"] == []
    advance_time(600)
    assert ask(**MFAUSER, otp=code)["error"] == "otp_required"
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]
    assert ask(**MFAUSER, otp=hub.totp("mfauser"))["error"] is None


def test_after_a_refused_code_a_login_in_two_steps_starts_over(hub: t.Any, ask: Ask) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    hub.authentication.pending.clear()  # too old: refused like a wrong code
    assert ask(login_2fa_token=first["login_2fa_token"], otp=hub.totp("mfauser"))["error"] == "otp_invalid"
    second = ask(**MFAUSER, on_otp_required="return")
    assert second["login_2fa_token"] != first["login_2fa_token"]


def test_a_totp_secret_refused_in_a_second_step_may_pass_later(hub: t.Any, ask: Ask) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    hub.authentication.pending.clear()
    for _dummy in range(2):
        assert ask(login_2fa_token=first["login_2fa_token"], **TOTP)["error"] == "otp_invalid"
    assert hub.count(SECOND_FACTOR) == 1
    hub.clock_offset += (
        60  # the codes of this half minute and, by the clock of this machine, of the next may be used up
    )
    assert ask(**MFAUSER, **TOTP)["error"] is None


@pytest.mark.parametrize("other", [{"cache": False}, {"identifier": "twin"}])
def test_two_logins_within_one_step_both_pass(hub: t.Any, ask: Ask, other: dict[str, t.Any]) -> None:
    hub.accounts["twin"] = dataclasses.replace(hub.accounts["mfauser"], name="twin")
    hub.clock_offset = 26 - time.time() % 30
    for given in (MFAUSER, {**MFAUSER, **other}):
        assert ask(**given, **TOTP, max_wait=10)["error"] is None
    codes = [request.fields()["code"] for request in hub.requests if request.path == SECOND_FACTOR]
    assert len(set(codes)) == len(codes) == 2


def test_a_login_that_may_not_wait_for_the_next_code_fails(hub: t.Any, ask: Ask) -> None:
    ask(**MFAUSER, **TOTP)
    result = ask(**MFAUSER, **TOTP, cache=False)
    assert (result["error"], hub.count(SECOND_FACTOR)) == ("otp_required", 1)
    assert "raise max_wait" in result["hint"]


def test_a_code_reserved_by_a_wrong_clock_does_not_block_later_ones(
    hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    hub.fail(LOGIN, status=None, headers={"Date": None})
    with monkeypatch.context() as patch:
        patch.setattr(hub, "now", lambda: real() + hub.clock_offset)
        patch.setattr(time, "time", lambda: real() + 7200)
        assert ask(**MFAUSER, **TOTP)["error"] == "otp_invalid"
    assert ask(**MFAUSER, **TOTP, refusal_ttl=0)["error"] is None


def test_a_second_step_belongs_to_the_account_of_its_first(hub: t.Any, ask: Ask) -> None:
    hub.fail(TOKEN, **FAULTS["lockout_429"])
    assert ask(**WRONG)["error"] == "locked_out"
    first = ask(**MFAUSER, on_otp_required="return")
    token = ask(**MYBOT, login_2fa_token=first["login_2fa_token"], otp=hub.totp("mfauser"))
    assert (token["identifier"], token["username"], token["source"]) == ("mfauser", "mfauser", "password")
    assert token["warnings"] == []
    assert ask(**MFAUSER)["access_token"] == token["access_token"]
    assert ask(**MYBOT)["error"] == "locked_out"


def test_a_second_step_at_another_hub_is_another_login(hub: t.Any, ask: Ask) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    code = {"login_2fa_token": first["login_2fa_token"], "otp": hub.totp("mfauser")}
    assert ask(**code)["error"] is None
    assert ask(**code, hub_url=hub.url.replace("127.0.0.1", "localhost"))["error"] == "otp_invalid"


def test_a_first_step_of_another_run_can_be_finished(hub: t.Any, ask: Ask, directory: pathlib.Path) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    shutil.rmtree(directory)
    code = {"login_2fa_token": first["login_2fa_token"], "otp": hub.totp("mfauser")}
    assert ask(**code)["access_token"] == ask(**code)["access_token"]
    assert hub.count(SECOND_FACTOR) == 1
