# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes of a run at the same time: what they share, also when a process or the disk fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import early_in_a_half_minute
from ansible_collections.hubops.dockerhub.tests.unit.plugins.plugin_utils.run_of_processes import DEADLINE, Run

ROUNDS = 5
TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
QUICK = {"timeout": 0.5, "retries": 0, "max_wait": 0}


def wait_until(condition: t.Callable[[], t.Any]) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def run() -> t.Iterator[Run]:
    with Run() as running:
        yield running


@pytest.fixture
def mybot(hub: t.Any) -> dict[str, t.Any]:
    return {"hub_url": hub.url, "identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}


@pytest.fixture
def mfauser(hub: t.Any) -> dict[str, t.Any]:
    early_in_a_half_minute(hub)
    return {"hub_url": hub.url, "identifier": "mfauser", "secret": "mfa-password-1"}


def test_fifty_processes_at_once_share_one_login(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    for number in range(1, ROUNDS + 1):
        results = run.ask(50, arguments=mybot)
        assert {result["token"] for result in results} == {results[0]["token"]}
        assert sorted(result["cached"] for result in results) == [False] + [True] * 49
        assert hub.logins() == number
        shutil.rmtree(run.directory)


def test_two_credentials_at_once_need_two_logins(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.pat_owner_only = False
    run.start(1, arguments={**mybot, "identifier": "other"})
    results = run.ask(49, arguments=mybot)
    assert len({result["token"] for result in results}) == hub.logins() == 2


def test_tokens_are_replaced_in_time_and_not_more_often(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.token_life = 4
    plainuser = {"hub_url": hub.url, "identifier": "plainuser", "secret": "plain-password-1"}
    run.start(3, arguments={**mybot, "min_ttl": 3600}, seconds=8)
    run.start(3, arguments=plainuser, seconds=8, trouble=["jumping_clock"])
    statuses = [status for result in run.results(6) for status in result["statuses"]]
    assert set(statuses) == {200}
    assert len(statuses) > 60
    assert 2 <= hub.logins("mybot") <= 3
    assert 2 <= hub.logins("plainuser") <= 3


def test_forty_refusals_are_one_login_even_without_the_cache(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    results = run.ask(40, arguments={**mybot, "secret": "not-my-password", "cache": False})
    assert {result["error"] for result in results} == {"bad_credentials"}
    assert hub.logins() == 1


def test_forty_first_and_second_steps_are_one_request_each(hub: t.Any, run: Run, mfauser: dict[str, t.Any]) -> None:
    first = run.ask(40, arguments={**mfauser, "on_otp_required": "return"})
    pending = {result["login_2fa_token"] for result in first}
    assert len(pending) == hub.logins() == 1
    code = {"login_2fa_token": pending.pop(), "otp": hub.totp("mfauser"), "hub_url": hub.url}
    second = run.ask(40, arguments=code)
    third = run.ask(40, arguments=mfauser)
    assert len({result["token"] for result in [*second, *third]}) == 1
    assert hub.count(SECOND_FACTOR) == 1
    assert hub.logins() == 2


def test_forty_processes_send_a_typed_code_once(hub: t.Any, run: Run, mfauser: dict[str, t.Any]) -> None:
    results = run.ask(40, arguments={**mfauser, "otp": "000000"})
    assert {result["error"] for result in results} == {"otp_invalid"}
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_callers_wait_for_the_token_while_a_code_is_checked(hub: t.Any, run: Run, mfauser: dict[str, t.Any]) -> None:
    hub.fail(SECOND_FACTOR, status=None, delay=1)
    given = {**mfauser, "otp": hub.totp("mfauser")}
    run.start(1, arguments=given)
    wait_until(lambda: hub.count(SECOND_FACTOR))
    run.start(5, arguments=given)
    assert len({result["token"] for result in run.results(6)}) == 1
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_two_runs_share_nothing(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    with Run() as other:
        assert run.ask(1, arguments=mybot)[0]["token"] != other.ask(1, arguments=mybot)[0]["token"]
        assert run.directory != other.directory
    assert not other.directory.exists()
    assert run.ask(1, arguments=mybot)[0]["cached"]
    assert hub.logins() == 2


def test_a_killed_login_costs_one_more_login(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.fail(TOKEN, status=None, delay=DEADLINE)
    holder = run.fork(arguments=mybot)
    wait_until(hub.logins)
    run.start(10, arguments=mybot)
    os.kill(holder, signal.SIGKILL)
    assert len({result["token"] for result in run.results(10)}) == 1
    assert hub.logins() == 2


def test_a_process_killed_while_writing_costs_one_more_login(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    run.fork(arguments=mybot, trouble=["die_while_writing"])
    wait_until(hub.tokens_issued)
    assert len({result["token"] for result in run.ask(10, arguments=mybot)}) == 1
    assert hub.logins() == 2


def test_a_stopped_login_does_not_block_the_others_for_ever(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    run.ask(1, arguments={**mybot, "secret": "not-my-password"})
    hub.fail(TOKEN, status=None, delay=2)
    holder = run.fork(arguments={**mybot, **QUICK, "timeout": DEADLINE})
    wait_until(lambda: hub.logins() == 2)
    os.kill(holder, signal.SIGSTOP)
    results = run.ask(1, arguments={**mybot, **QUICK})
    assert results[0]["token"]
    assert "does not respond" in results[0]["warnings"][0]
    assert run.ask(1, arguments=mybot)[0]["cached"]
    os.kill(holder, signal.SIGCONT)
    assert run.results(1)[0]["token"]


def test_a_queue_of_logins_does_not_count_as_a_hanging_one(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.fail(TOKEN, times=None, status=None, delay=0.6)
    results = run.ask(5, arguments={**mybot, **QUICK, "timeout": 0.8, "cache": False})
    assert [result["warnings"] for result in results] == [[]] * 5
    assert hub.tokens_issued("mybot") == 5


def test_a_hanging_hub_costs_waiting_callers_one_timeout(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.fail(TOKEN, times=None, status=None, delay=DEADLINE)
    results = run.ask(20, arguments={**mybot, **QUICK, "timeout": 2})
    assert {result["error"] for result in results} == {"timeout"}
    assert hub.logins() == 1
    hub.heal()
    assert run.ask(1, arguments=mybot)[0]["token"]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("no_locks", "cannot be locked (No locks available)"),
        ("no_space", "cannot be used (File too large)"),
        ("no_folder", "cannot be used (Permission denied)"),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_problems_with_the_cache_are_one_warning_and_separate_logins(
    hub: t.Any, run: Run, mybot: dict[str, t.Any], trouble: str, words: str, begun: bool
) -> None:
    if begun:
        run.ask(1, arguments={"hub_url": hub.url, "identifier": "plainuser", "secret": "plain-password-1"})
    results = run.ask(2, arguments={**mybot, "cache": False}, trouble=[trouble])
    # All processes have the same text, which Ansible shows once.
    assert len({warning for result in results for warning in result["warnings"]}) == 1
    assert words in results[0]["warnings"][0]
    assert hub.tokens_issued("mybot") == 2


def test_without_permission_the_processes_share_a_fallback(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    results = run.ask(12, arguments={**mybot, "secret": "not-my-password"}, trouble=["no_permission"])
    assert [(result["error"], result["warnings"]) for result in results] == [("bad_credentials", [])] * 12
    assert hub.logins() == 1
    (used,) = run.fallback.iterdir()
    assert used.stat().st_mode & 0o777 == 0o700


def test_forty_renewals_of_a_dead_token_are_one_login(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    dead = run.ask(1, arguments=mybot)[0]["token"]
    results = run.ask(40, arguments={**mybot, "dead_token": dead})
    assert len({result["token"] for result in results}) == 1
    assert results[0]["token"] != dead
    assert hub.logins() == 2


@pytest.mark.parametrize("umask", [0, 0o777])
def test_the_directory_is_private_whatever_the_umask(run: Run, mybot: dict[str, t.Any], umask: int) -> None:
    assert run.ask(1, arguments=mybot, umask=umask)[0]["warnings"] == []
    assert run.directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in run.directory.iterdir()} == {0o600}
    assert run.ask(1, arguments=mybot, umask=umask)[0]["cached"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_next_run_removes_the_directory_of_a_killed_one(
    run: Run, mybot: dict[str, t.Any], number: signal.Signals
) -> None:
    with Run() as killed:
        killed.ask(1, arguments=mybot)
        os.kill(killed.pid, number)
        killed.process.wait(DEADLINE)
    with Run() as alive:
        alive.ask(1, arguments=mybot)
        assert not killed.directory.exists()
        run.ask(1, arguments=mybot)
        assert alive.directory.exists()
        assert alive.ask(1, arguments=mybot)[0]["cached"]


def test_a_run_leaves_the_directory_of_another_container_alone(run: Run, mybot: dict[str, t.Any]) -> None:
    wrapper = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*wrapper, "true"], check=False).returncode:
        pytest.skip("no process namespace can be made here; test_run_directory covers the records of one")
    for more in [], ["--mount-proc"]:
        with Run(*wrapper, *more) as contained:
            contained.ask(1, arguments=mybot)
            run.ask(1, arguments=mybot)
            assert contained.directory.exists()
            shutil.rmtree(run.directory)
