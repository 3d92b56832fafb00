# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run remembers of its logins, told by what Docker Hub is asked."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import random
import re
import shutil
import stat
import subprocess
import sys
import time
import typing as t

import hub_emulator
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _token_store
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hub_options import hub_options

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
WRONG = {"identifier": "mybot", "secret": "not-my-password"}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
SSOUSER = {"identifier": "ssouser", "secret": "sso-password-1"}
TOTP = {"totp_secret": hub_emulator.MFAUSER_TOTP_SECRET}
FAULTS = hub_emulator.FAULTS

Ask = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def hub() -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator() as running:
        # Far from the end of a half minute, where a login waits for the next one.
        running.clock_offset = 10 - running.now() % 30
        yield running


@pytest.fixture
def ask(hub: t.Any) -> Ask:
    """What a task with these options is told, ``error`` being the code of a failure; nothing waits or tries again."""

    def ask(**given: t.Any) -> dict[str, t.Any]:
        arguments = {"hub_url": hub.url, "retries": 0, "max_wait": 0, "timeout": 5, **given}
        options = hub_options(arguments, {}, lambda value: value, task=True)
        warned: list[str] = []
        try:
            answer = _token_store.shared_token(options, _token_store.log_in_here, warned.append, lambda said: None)
        except HubError as error:
            return {
                "error": error.code,
                "said": str(error),
                "hint": error.hint,
                "retry_at": error.retry_at,
                "warned": warned,
            }
        return {**answer, "error": None, "warned": warned}

    return ask


@pytest.fixture
def travel(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[float], None]:
    """Lets time go by for Docker Hub and the store."""
    real, gone = _token_store._now, 0.0

    def travel(seconds: float) -> None:
        nonlocal gone
        gone += seconds
        hub.clock_offset += seconds

    monkeypatch.setattr(_token_store, "_now", lambda: real() + gone)
    return travel


@pytest.fixture
def store(bare_environment: None) -> pathlib.Path:
    return pathlib.Path(os.environ["ANSIBLE_LOCAL_TEMP"]) / "dockerhub"


def files(store: pathlib.Path) -> list[pathlib.Path]:
    """Those of credentials, accounts and codes."""
    return sorted(path for path in store.iterdir() if path.name != "run" and path.suffix != ".lock")


# One login


def test_task_and_lookup_share_one_login(hub: t.Any, ask: Ask) -> None:
    variables = {"dockerhub_secret": MYBOT["secret"], "dockerhub_url": hub.url}
    loader = DataLoader()
    lookup = lookup_loader.get("hubops.dockerhub.dockerhub_token", loader=loader, templar=Templar(loader))
    token = lookup.run(["mybot"], variables)[0]
    answer = ask(**MYBOT)
    assert (answer["access_token"], answer["cached"]) == (token, True)
    assert ask(**MYBOT, auth_method="access_token")["access_token"] == token
    assert hub.logins() == 1


@pytest.mark.parametrize("other", ["hub_url", "identifier", "secret"])
def test_another_hub_identifier_or_secret_is_another_credential(hub: t.Any, ask: Ask, other: str) -> None:
    hub.pat_owner_only = False
    first = ask(**MYBOT)
    new = {"hub_url": hub.url.replace("127.0.0.1", "localhost"), "identifier": "you", "secret": "mybot-password-1"}
    second = ask(**{**MYBOT, other: new[other]})
    assert first["access_token"] != second["access_token"]
    assert hub.logins() == 2


def test_a_token_of_the_other_method_serves_only_where_the_method_is_left_open(hub: t.Any, ask: Ask) -> None:
    first = ask(**MYBOT, auth_method="login")
    assert ask(**MYBOT)["access_token"] == first["access_token"]
    assert ask(**MYBOT, auth_method="access_token")["access_token"] != first["access_token"]
    assert [request.path for request in hub.requests] == [LOGIN, TOKEN]


# Renewal


@pytest.mark.parametrize(
    ("life", "min_ttl", "reused_for"), [(600, 60, 540), (600, 100, 500), (600, 3600, 450), (100, 60, 75), (4, 60, 3)]
)
def test_a_token_is_renewed_when_too_little_of_its_life_is_left(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None], life: int, min_ttl: int, reused_for: int
) -> None:
    hub.token_life = life
    first = ask(**MYBOT, min_ttl=min_ttl)
    travel(reused_for - 0.7)
    again = ask(**MYBOT, min_ttl=min_ttl)
    assert (again["access_token"], again["cached"]) == (first["access_token"], True)
    assert again["expires_in"] == life - reused_for
    travel(1)
    assert ask(**MYBOT, min_ttl=min_ttl)["access_token"] != first["access_token"]
    assert ask(**MYBOT, min_ttl=min_ttl)["cached"]
    assert hub.logins() == 2


@pytest.mark.parametrize(("shape", "life"), [("jwt", None), ("opaque", None), ("opaque", 600)])
def test_a_token_of_unknown_life_is_shared_for_five_minutes(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None], shape: str, life: int | None
) -> None:
    hub.token_shape, hub.token_life = shape, life
    first = ask(**MYBOT)
    travel(298)
    again = ask(**MYBOT)
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], None)
    travel(3)
    assert ask(**MYBOT)["access_token"] != first["access_token"]


@pytest.mark.parametrize("wrong", [lambda: -50_000, lambda: 50_000, lambda: random.uniform(-1e6, 1e6)])
def test_the_clock_of_the_controller_does_not_matter(
    hub: t.Any,
    ask: Ask,
    travel: t.Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    wrong: t.Callable[[], float],
) -> None:
    real = time.time
    monkeypatch.setattr(hub, "now", lambda: real() + hub.clock_offset)
    monkeypatch.setattr(time, "time", lambda: real() + wrong())
    first = ask(**MYBOT)
    for _dummy in range(5):
        assert ask(**MYBOT)["access_token"] == first["access_token"]
    travel(550)
    assert ask(**MYBOT)["access_token"] != first["access_token"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, what: t.Callable[[], object]) -> list[float]:
    """Lets something happen, once, while the next caller waits for its turn; returns how long callers would wait."""
    lock, limits = _token_store.TokenStore._lock, []

    def wait(store: t.Any, name: str, limit: float) -> t.Any:
        limits.append(limit)
        monkeypatch.setattr(_token_store.TokenStore, "_lock", lock)
        what()
        return lock(store, name, limit)

    monkeypatch.setattr(_token_store.TokenStore, "_lock", wait)
    return limits


def test_who_waited_takes_a_token_that_was_made_meanwhile_however_short_it_lives(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def log_in_and_let_time_pass() -> None:
        ask(**MYBOT)
        travel(550)

    meanwhile(monkeypatch, log_in_and_let_time_pass)
    waited = ask(**MYBOT)
    assert (waited["cached"], waited["expires_in"], hub.logins()) == (True, 49, 1)
    assert not ask(**MYBOT)["cached"]


def test_who_waited_takes_the_failure_of_a_login_like_its_own_alone(
    hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fail(LOGIN, status=500)
    meanwhile(monkeypatch, lambda: ask(**MYBOT, auth_method="login"))
    assert ask(**MYBOT)["endpoint"] == TOKEN
    hub.fail(TOKEN, status=500)
    meanwhile(monkeypatch, lambda: ask(**MYBOT, cache=False))
    assert ask(**MYBOT, cache=False)["error"] == "server_error"
    assert hub.logins() == 3


def test_a_login_elsewhere_is_waited_for_longer_and_is_another(
    hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fail(TOKEN, status=500)
    limits = meanwhile(monkeypatch, lambda: ask(**MYBOT))
    options = hub_options({**MYBOT, "hub_url": hub.url}, {}, str, task=True)
    there = _token_store.shared_token(options, _token_store.log_in_here, print, lambda said: None, "bastion")
    assert there["access_token"]
    assert limits == [_token_store.longest_login(options) + _token_store._MODULE_TIME]
    assert hub.logins() == 2


# Refusals


def refusal(hub: t.Any, what: str) -> dict[str, t.Any]:
    """Options that Docker Hub refuses with this code."""
    if what == "locked_out":
        hub.fail("*", **FAULTS["lockout_429"])
    return {
        "bad_credentials": WRONG,
        "sso_required": SSOUSER,
        "locked_out": MYBOT,
        "otp_invalid": {**MFAUSER, "totp_secret": "A" * 32},
    }[what]


@pytest.mark.parametrize(
    ("what", "lifts"),
    [
        ("bad_credentials", "not tried again for 899 s, or until the secret changes"),
        ("sso_required", "not tried again for 899 s, or until the secret changes"),
        ("locked_out", "not tried again for 899 s)"),
        ("otp_invalid", "not tried again for 899 s, or until the TOTP secret changes"),
    ],
)
@pytest.mark.parametrize("cache", [True, False])
def test_a_refusal_is_told_again_and_not_tried_again(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None], what: str, lifts: str, cache: bool
) -> None:
    given = refusal(hub, what)
    first = ask(**given)
    asked = hub.logins()
    travel(1)
    second = ask(**given, cache=cache)
    assert first["error"] == second["error"] == what
    sentence = first["said"].partition(";")[0]
    tried_at = time.strftime("%Y-%m-%dT%H:", time.gmtime())
    assert second["said"].startswith(f"{sentence} (at {tried_at}")
    assert lifts in second["said"]
    assert second["said"].endswith(f"; {first['hint']}")
    assert hub.logins() == asked
    travel(900)
    ask(**given, cache=cache)
    assert hub.logins() > asked


def test_a_refusal_is_remembered_as_long_as_the_caller_wants(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None]
) -> None:
    ask(**WRONG)
    travel(60)
    assert "for 40 s" in ask(**WRONG, refusal_ttl=100)["said"]
    assert hub.logins() == 1
    ask(**WRONG, refusal_ttl=50)
    assert hub.logins() == 2


def test_without_the_guard_each_call_tries(hub: t.Any, ask: Ask) -> None:
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


def test_a_lockout_counts_for_the_account_until_the_time_that_is_named(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None]
) -> None:
    hub.fail(TOKEN, **FAULTS["lockout_429"], headers={"Retry-After": "1200"})
    first = ask(**WRONG)
    travel(1000)
    for given in (WRONG, MYBOT, {**MYBOT, "identifier": "MyBot"}):
        again = ask(**given)
        assert (again["error"], again["retry_at"]) == ("locked_out", first["retry_at"])
        assert "not tried again for 200 s)" in again["said"]
    assert ask(identifier="plainuser", secret="plain-password-1")["error"] is None
    assert hub.logins("mybot") == 1
    travel(201)
    assert ask(**MYBOT)["error"] is None


def test_a_lockout_stops_nobody_who_switched_the_guard_off(hub: t.Any, ask: Ask) -> None:
    hub.fail(TOKEN, **FAULTS["lockout_429"], headers={"Retry-After": "1200"})
    assert ask(**WRONG)["error"] == "locked_out"
    assert ask(**MYBOT, refusal_ttl=0)["error"] is None


def test_a_lockout_at_a_second_step_of_an_unknown_account_is_told(hub: t.Any, ask: Ask) -> None:
    hub.fail(SECOND_FACTOR, **FAULTS["lockout_429"])
    told = ask(login_2fa_token="of another run", otp="123456")
    assert (told["error"], told["warned"]) == ("locked_out", [])


def test_a_lockout_takes_no_token_away(hub: t.Any, ask: Ask) -> None:
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
def test_what_says_nothing_of_the_credential_is_not_remembered(
    hub: t.Any, ask: Ask, fault: dict[str, t.Any], code: str
) -> None:
    hub.fail(TOKEN, **fault)
    assert ask(**MYBOT, timeout=0.5)["error"] == code
    assert ask(**MYBOT)["error"] is None


def test_a_password_refused_without_a_second_factor_is_tried_with_one(hub: t.Any, ask: Ask) -> None:
    assert ask(**MFAUSER)["error"] == "bad_credentials"
    answer = ask(**MFAUSER, **TOTP)
    assert answer["endpoint"] == SECOND_FACTOR
    assert ask(**MFAUSER)["access_token"] == answer["access_token"]
    assert ask(**MFAUSER, auth_method="access_token")["error"] == "bad_credentials"
    assert [request.path for request in hub.requests] == [TOKEN, LOGIN, SECOND_FACTOR]


@pytest.mark.parametrize("secret", ["mfa-password-0", "dckr_pat_not-mine"])
def test_what_the_older_login_refuses_the_present_one_is_not_asked(hub: t.Any, ask: Ask, secret: str) -> None:
    assert ask(**{**MFAUSER, "secret": secret}, **TOTP)["error"] == "bad_credentials"
    for more in ({}, {"otp": "123456"}, {"on_otp_required": "return"}):
        assert ask(**{**MFAUSER, "secret": secret}, **more)["error"] == "bad_credentials"
    assert hub.logins() == 1


def test_a_login_that_passes_takes_back_what_was_refused(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None]
) -> None:
    assert ask(**WRONG)["error"] == "bad_credentials"
    hub.accounts["mybot"] = dataclasses.replace(hub.accounts["mybot"], password=WRONG["secret"])
    assert ask(**WRONG, refusal_ttl=0)["error"] is None
    travel(600)
    assert ask(**WRONG)["error"] is None


# Second factor


def test_one_first_step_and_one_code_serve_everybody(hub: t.Any, ask: Ask) -> None:
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


def test_a_first_step_at_create_access_token_is_served_by_its_second(hub: t.Any, ask: Ask) -> None:
    hub.token_path_second_factor = "login_2fa_token"
    given = {**MFAUSER, "auth_method": "access_token"}
    first = ask(**given, on_otp_required="return")
    code = {"login_2fa_token": first["login_2fa_token"], "otp": hub.totp("mfauser"), "auth_method": "access_token"}
    token = ask(**code)["access_token"]
    assert token == ask(**code)["access_token"] == ask(**given)["access_token"]
    assert [request.path for request in hub.requests] == [TOKEN, SECOND_FACTOR]


def test_a_pending_second_factor_is_not_offered_for_ever(
    hub: t.Any, ask: Ask, travel: t.Callable[[float], None]
) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    travel(301)
    second = ask(**MFAUSER, on_otp_required="return")
    assert second["login_2fa_token"] != first["login_2fa_token"]
    travel(301)
    for _dummy in range(3):
        assert ask(**MFAUSER, auth_method="login")["error"] == "otp_required"
    assert hub.logins() == 3


def test_failing_after_returning_asks_nobody(hub: t.Any, ask: Ask) -> None:
    ask(**MFAUSER, on_otp_required="return")
    for method in ("auto", "login"):
        told = ask(**MFAUSER, auth_method=method)
        assert told["error"] == "otp_required"
        assert "give totp_secret" in told["hint"]
    assert hub.logins() == 1


def test_returning_after_failing_begins_a_login(hub: t.Any, ask: Ask) -> None:
    for _dummy in range(2):
        assert ask(**MFAUSER, auth_method="login")["error"] == "otp_required"
    assert hub.logins() == 1
    assert ask(**MFAUSER, on_otp_required="return")["login_2fa_token"]
    assert ask(**MFAUSER, **TOTP)["error"] is None
    assert [request.path for request in hub.requests] == [LOGIN, LOGIN, LOGIN, SECOND_FACTOR]


def test_a_refused_code_is_not_sent_again(hub: t.Any, ask: Ask, travel: t.Callable[[float], None]) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    for given in ({"login_2fa_token": first["login_2fa_token"]}, MFAUSER, {**MFAUSER, "refusal_ttl": 0}):
        told = ask(**given, otp="000000")
        assert told["error"] == "otp_invalid"
        assert told["warned"] == []
    assert "; a code is sent once)" in told["said"]
    travel(1000)
    assert ask(**MFAUSER, otp="000000")["error"] == "otp_invalid"
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_a_code_that_is_used_up_is_not_sent_again(hub: t.Any, ask: Ask, travel: t.Callable[[float], None]) -> None:
    code = hub.totp("mfauser")
    assert ask(**MFAUSER, otp=code)["error"] is None
    for _dummy in range(3):  # whoever is told holds no lock any more, or the next would wait for it
        told = ask(**MFAUSER, otp=code, cache=False, timeout=0.1)
        assert told["error"] == "otp_required"
        assert "was already sent in this run" in told["said"]
        assert told["warned"] == []
    travel(600)
    assert ask(**MFAUSER, otp=code)["error"] == "otp_required"
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]
    assert ask(**MFAUSER, otp=hub.totp("mfauser"))["error"] is None


def test_after_a_refused_code_a_login_in_two_steps_begins_anew(hub: t.Any, ask: Ask) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    hub.authentication.pending.clear()  # too old: refused like a wrong code
    assert ask(login_2fa_token=first["login_2fa_token"], otp=hub.totp("mfauser"))["error"] == "otp_invalid"
    second = ask(**MFAUSER, on_otp_required="return")
    assert second["login_2fa_token"] != first["login_2fa_token"]


def test_a_totp_secret_refused_in_a_second_step_may_pass_in_a_whole_login(hub: t.Any, ask: Ask) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    hub.authentication.pending.clear()
    for _dummy in range(2):
        assert ask(login_2fa_token=first["login_2fa_token"], **TOTP)["error"] == "otp_invalid"
    assert hub.count(SECOND_FACTOR) == 1
    hub.clock_offset += 30  # the code of this half minute is used up
    assert ask(**MFAUSER, **TOTP)["error"] is None


@pytest.mark.parametrize("other", [{"cache": False}, {"identifier": "twin"}])
def test_two_logins_within_one_step_both_pass(hub: t.Any, ask: Ask, other: dict[str, t.Any]) -> None:
    hub.accounts["twin"] = dataclasses.replace(hub.accounts["mfauser"], name="twin")
    hub.clock_offset = 26 - time.time() % 30
    for given in (MFAUSER, {**MFAUSER, **other}):
        assert ask(**given, **TOTP, max_wait=10)["error"] is None
    codes = [request.fields()["code"] for request in hub.requests if request.path == SECOND_FACTOR]
    assert len(set(codes)) == len(codes) == 2


def test_a_second_login_that_may_not_wait_for_its_step_says_so(hub: t.Any, ask: Ask) -> None:
    ask(**MFAUSER, **TOTP)
    told = ask(**MFAUSER, **TOTP, cache=False)
    assert (told["error"], hub.count(SECOND_FACTOR)) == ("otp_required", 1)
    assert "raise max_wait" in told["hint"]


def test_a_step_claimed_by_a_wrong_clock_stops_nobody(hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    hub.fail(LOGIN, status=None, headers={"Date": None})
    with monkeypatch.context() as patch:
        patch.setattr(hub, "now", lambda: real() + hub.clock_offset)
        patch.setattr(time, "time", lambda: real() + 7200)
        assert ask(**MFAUSER, **TOTP)["error"] == "otp_invalid"
    assert ask(**MFAUSER, **TOTP, refusal_ttl=0)["error"] is None


def test_a_second_step_belongs_to_its_first_whatever_else_is_set(hub: t.Any, ask: Ask) -> None:
    hub.fail(TOKEN, **FAULTS["lockout_429"])
    assert ask(**WRONG)["error"] == "locked_out"
    first = ask(**MFAUSER, on_otp_required="return")
    token = ask(**MYBOT, login_2fa_token=first["login_2fa_token"], otp=hub.totp("mfauser"))
    assert (token["identifier"], token["username"], token["source"]) == ("mfauser", "mfauser", "password")
    assert token["warned"] == []
    assert ask(**MFAUSER)["access_token"] == token["access_token"]
    assert ask(**MYBOT)["error"] == "locked_out"


def test_a_second_step_at_another_hub_is_another_login(hub: t.Any, ask: Ask) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    code = {"login_2fa_token": first["login_2fa_token"], "otp": hub.totp("mfauser")}
    assert ask(**code)["error"] is None
    assert ask(**code, hub_url=hub.url.replace("127.0.0.1", "localhost"))["error"] == "otp_invalid"


def test_a_first_step_of_another_run_can_be_finished(hub: t.Any, ask: Ask, store: pathlib.Path) -> None:
    first = ask(**MFAUSER, on_otp_required="return")
    shutil.rmtree(store)
    code = {"login_2fa_token": first["login_2fa_token"], "otp": hub.totp("mfauser")}
    assert ask(**code)["access_token"] == ask(**code)["access_token"]
    assert hub.count(SECOND_FACTOR) == 1


# Files


def test_the_store_is_ours_alone_and_its_names_tell_nothing(ask: Ask, store: pathlib.Path) -> None:
    def names() -> set[str]:
        ask(**MYBOT)
        ask(**WRONG)
        ask(**MFAUSER, on_otp_required="return")
        return {path.name for path in store.iterdir()}

    first = names()
    assert [name for name in first if not re.fullmatch(r"run|[0-9a-f]{64}(\.lock)?", name)] == []
    assert list(store.parent.iterdir()) == [store]
    shutil.rmtree(store)
    assert first & names() == {"run"}


def foreign(path: pathlib.Path, store: pathlib.Path) -> dict[str, t.Callable[[], object]]:
    """What may stand in the place of a file."""
    elsewhere = store.parent / "elsewhere"
    return {
        "nothing": path.unlink,
        "an empty file": lambda: path.write_bytes(b""),
        "a truncated file": lambda: path.write_bytes(path.read_bytes()[:-9]),
        "a changed file": lambda: path.write_bytes(path.read_bytes()[:-9] + b"x" * 9),
        "noise": lambda: path.write_bytes(b"\xff\n" * 99),
        "a readable file": lambda: path.chmod(0o644),
        "a symlink": lambda: path.rename(elsewhere) and path.symlink_to(elsewhere),
        "a directory": lambda: (path.unlink(), path.mkdir(), (path / "x").touch()),
        "a FIFO": lambda: (path.unlink(), os.mkfifo(path, 0o600)),
    }


FOREIGN = list(foreign(pathlib.Path(), pathlib.Path()))


@pytest.mark.parametrize("what", FOREIGN)
def test_a_foreign_file_is_not_trusted_and_is_replaced(hub: t.Any, ask: Ask, store: pathlib.Path, what: str) -> None:
    ask(**MYBOT)
    (path,) = files(store)
    foreign(path, store)[what]()
    assert ask(**MYBOT)["warned"] == []
    assert hub.logins() == 2
    assert ask(**MYBOT)["cached"]
    assert files(store) == [path]
    assert stat.S_ISREG(path.lstat().st_mode)


def test_a_file_that_a_symlink_names_is_not_written(ask: Ask, store: pathlib.Path) -> None:
    ask(**MYBOT)
    (path,) = files(store)
    for victim, link in (("one", path), ("two", path.with_name(f"{path.name}.lock"))):
        link.unlink()
        (store.parent / victim).write_text("precious")
        link.symlink_to(store.parent / victim)
    assert ask(**MYBOT)["warned"] == []
    assert [(store.parent / victim).read_text() for victim in ("one", "two")] == ["precious", "precious"]
    assert ask(**MYBOT)["cached"]


def test_the_file_of_another_credential_is_not_trusted(hub: t.Any, ask: Ask, store: pathlib.Path) -> None:
    ask(**MYBOT)
    (mine,) = files(store)
    ask(identifier="plainuser", secret="plain-password-1")
    (other,) = set(files(store)) - {mine}
    shutil.copy2(other, mine)
    assert ask(**MYBOT)["username"] == "mybot"
    assert hub.logins() == 3


@pytest.mark.parametrize("what", FOREIGN)
def test_what_stands_in_the_place_of_a_lock_is_no_trouble(hub: t.Any, ask: Ask, store: pathlib.Path, what: str) -> None:
    ask(**MYBOT)
    (path,) = files(store)
    foreign(path.with_name(f"{path.name}.lock"), store)[what]()
    assert ask(**MYBOT, cache=False)["warned"] == []
    assert ask(**MYBOT)["cached"]


@pytest.mark.parametrize("what", FOREIGN)
def test_a_store_whose_key_is_damaged_is_replaced(hub: t.Any, ask: Ask, store: pathlib.Path, what: str) -> None:
    ask(**MYBOT)
    foreign(store / "run", store)[what]()
    assert ask(**MYBOT)["warned"] == []
    assert hub.logins() == 2
    assert ask(**MYBOT)["cached"]
    assert [path.name for path in store.parent.iterdir() if path.name.startswith("dockerhub")] == ["dockerhub"]


@pytest.mark.parametrize("what", ["a symlink", "a file", "a readable directory", "an empty directory"])
def test_a_foreign_thing_in_the_place_of_the_store_is_replaced(
    hub: t.Any, ask: Ask, store: pathlib.Path, what: str
) -> None:
    ask(**MYBOT)
    elsewhere = store.parent / "elsewhere"
    {
        "a symlink": lambda: store.rename(elsewhere) and store.symlink_to(elsewhere),
        "a file": lambda: (shutil.rmtree(store), store.touch()),
        "a readable directory": lambda: store.chmod(0o755),
        "an empty directory": lambda: (shutil.rmtree(store), store.mkdir(0o700)),
    }[what]()
    before = sorted(elsewhere.iterdir()) if elsewhere.exists() else []
    assert ask(**MYBOT)["warned"] == []
    assert hub.logins() == 2
    assert ask(**MYBOT)["cached"]
    assert store.lstat().st_mode == stat.S_IFDIR | 0o700
    assert before == (sorted(elsewhere.iterdir()) if elsewhere.exists() else [])


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({}, True),
        ({"start": "1"}, False),
        ({"pid": "4194305", "start": "1"}, False),
        ({"start": "1", "host": "another"}, True),
        ({"start": "1", "boot": "another"}, True),
        ({"start": "1", "namespace": "pid:[1]"}, True),
        ({"start": ""}, True),
        ({"start": "1", "pid": None}, True),
        ({"start": "1", "key": "no key"}, True),
        ({"start": "1", "mode": 0o755}, True),
        ({"start": "1", "parent": 0o755}, True),
        (None, True),
    ],
)
def test_only_what_surely_belongs_to_a_dead_run_is_removed(
    ask: Ask, store: pathlib.Path, changes: dict[str, t.Any] | None, stays: bool
) -> None:
    ask(**MYBOT)
    other = store.parent.parent / "ansible-local-1x" / "dockerhub"
    shutil.copytree(store, other)
    if changes is None:
        (other / "run").write_text("{")
    else:
        about = {**json.loads((store / "run").read_text()), **changes}
        other.chmod(about.pop("mode", 0o700))
        other.parent.chmod(about.pop("parent", 0o700))
        (other / "run").write_text(json.dumps({name: value for name, value in about.items() if value is not None}))
    shutil.rmtree(store)
    assert ask(**MYBOT)["warned"] == []
    assert other.exists() == stays


def test_a_store_made_where_processes_have_other_numbers_is_left_to_ansible(
    ask: Ask, store: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a new process namespace under the old /proc, where a number means somebody else."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    ask(**MYBOT)
    assert set(json.loads((store / "run").read_text())) == {"key"}


def test_no_store_at_all_is_a_warning_and_a_plain_login(hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", "/nowhere")
    for number in (1, 2):
        (warning,) = ask(**MYBOT)["warned"]
        assert "every task and lookup logs in on its own" in warning
        assert hub.logins() == number
    assert ask(**WRONG)["error"] == "bad_credentials"


# Hits

HIT = """
import sys

import ansible.constants
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import action_loader, init_plugin_loader, lookup_loader
from ansible.template import Templar

root, ansible.constants.DEFAULT_LOCAL_TMP, url, secret = sys.argv[1:]
init_plugin_loader([root])
before, started = set(sys.modules), []
sys.addaudithook(lambda event, _: event in ("os.fork", "os.posix_spawn", "subprocess.Popen") and started.append(event))
loader = DataLoader()
lookup = lookup_loader.get("hubops.dockerhub.dockerhub_token", loader=loader, templar=Templar(loader))
lookup.run(["mybot"], {"dockerhub_secret": secret, "dockerhub_url": url})
action_loader.get("hubops.dockerhub.dockerhub_token", class_only=True)
print(*(name for name in set(sys.modules) - before if "hubops" in name or "." not in name), *started)
"""


def test_a_hit_is_cheap(hub: t.Any, ask: Ask, store: pathlib.Path) -> None:
    ask(**MYBOT)
    root = pathlib.Path(__file__).resolve().parents[7]
    command = [sys.executable, "-c", HIT, str(root), str(store.parent), hub.url, MYBOT["secret"]]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert hub.logins() == 1
    prefix = "ansible_collections.hubops.dockerhub.plugins."
    plugins = {name[len(prefix) :] for name in said if name.startswith(prefix)}
    assert {name for name in plugins if "." in name} == {
        *("module_utils._errors", "module_utils._options", "plugin_utils._hub_options", "plugin_utils._token_store"),
        *("lookup.dockerhub_token", "action.dockerhub_token"),
    }
    assert {"requests", "jwt", "pyotp", "os.fork", "os.posix_spawn", "subprocess.Popen"} & set(said) == set()
