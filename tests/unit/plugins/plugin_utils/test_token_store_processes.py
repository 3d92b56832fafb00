# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of a run share, and what becomes of the others when one of them, or the disk, is in trouble."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.plugins.plugin_utils.run_of_processes import DEADLINE, Run

ROUNDS = 5
TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
QUICK = {"timeout": 0.5, "retries": 0, "max_wait": 0}


def wait_for(what: t.Callable[[], t.Any]) -> None:
    until = time.monotonic() + DEADLINE
    while not what():
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
    hub.clock_offset = 10 - hub.now() % 30  # far from the end of a half minute, where a login waits for the next one
    return {"hub_url": hub.url, "identifier": "mfauser", "secret": "mfa-password-1"}


def test_fifty_processes_at_once_are_one_login(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    for number in range(1, ROUNDS + 1):
        told = run.ask(50, arguments=mybot)
        assert {answer["token"] for answer in told} == {told[0]["token"]}
        assert sorted(answer["cached"] for answer in told) == [False] + [True] * 49
        assert hub.logins() == number
        shutil.rmtree(run.store)


def test_two_credentials_at_once_are_two_logins(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.pat_owner_only = False
    run.begin(1, arguments={**mybot, "identifier": "other"})
    told = run.ask(49, arguments=mybot)
    assert len({answer["token"] for answer in told}) == hub.logins() == 2


def test_no_dead_token_is_sent_and_logins_are_as_few_as_lives(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.token_life = 4
    plainuser = {"hub_url": hub.url, "identifier": "plainuser", "secret": "plain-password-1"}
    run.begin(3, arguments={**mybot, "min_ttl": 3600}, seconds=8)
    run.begin(3, arguments=plainuser, seconds=8, trouble=["jumping_clock"])
    statuses = [status for answer in run.answers(6) for status in answer["statuses"]]
    assert set(statuses) == {200}
    assert len(statuses) > 60
    assert 2 <= hub.logins("mybot") <= 3
    assert 2 <= hub.logins("plainuser") <= 3


def test_forty_refusals_are_one_refused_login_also_without_the_cache(
    hub: t.Any, run: Run, mybot: dict[str, t.Any]
) -> None:
    told = run.ask(40, arguments={**mybot, "secret": "not-my-password", "cache": False})
    assert {answer["error"] for answer in told} == {"bad_credentials"}
    assert hub.logins() == 1


def test_forty_first_steps_and_forty_second_steps_are_one_request_each(
    hub: t.Any, run: Run, mfauser: dict[str, t.Any]
) -> None:
    first = run.ask(40, arguments={**mfauser, "on_otp_required": "return"})
    pending = {answer["login_2fa_token"] for answer in first}
    assert len(pending) == hub.logins() == 1
    code = {"login_2fa_token": pending.pop(), "otp": hub.totp("mfauser"), "hub_url": hub.url}
    second = run.ask(40, arguments=code)
    third = run.ask(40, arguments=mfauser)
    assert len({answer["token"] for answer in [*second, *third]}) == 1
    assert hub.count(SECOND_FACTOR) == 1
    assert hub.logins() == 2


def test_forty_with_one_typed_code_send_it_once(hub: t.Any, run: Run, mfauser: dict[str, t.Any]) -> None:
    told = run.ask(40, arguments={**mfauser, "otp": "000000"})
    assert {answer["error"] for answer in told} == {"otp_invalid"}
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_those_who_come_while_a_code_is_under_way_wait_for_its_token(
    hub: t.Any, run: Run, mfauser: dict[str, t.Any]
) -> None:
    hub.fail(SECOND_FACTOR, status=None, delay=1)
    given = {**mfauser, "otp": hub.totp("mfauser")}
    run.begin(1, arguments=given)
    wait_for(lambda: hub.count(SECOND_FACTOR))
    run.begin(5, arguments=given)
    assert len({answer["token"] for answer in run.answers(6)}) == 1
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_two_runs_do_not_see_each_other(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    with Run() as other:
        assert run.ask(1, arguments=mybot)[0]["token"] != other.ask(1, arguments=mybot)[0]["token"]
        assert run.store != other.store
    assert not other.store.exists()
    assert run.ask(1, arguments=mybot)[0]["cached"]
    assert hub.logins() == 2


def test_a_killed_holder_costs_the_others_one_more_login(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    hub.fail(TOKEN, status=None, delay=DEADLINE)
    holder = run.fork(arguments=mybot)
    wait_for(hub.logins)
    run.begin(10, arguments=mybot)
    os.kill(holder, signal.SIGKILL)
    assert len({answer["token"] for answer in run.answers(10)}) == 1
    assert hub.logins() == 2


def test_one_killed_while_it_writes_costs_one_more_login(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    run.fork(arguments=mybot, trouble=["dies_writing"])
    wait_for(hub.tokens_issued)
    assert len({answer["token"] for answer in run.ask(10, arguments=mybot)}) == 1
    assert hub.logins() == 2


def test_a_stopped_holder_does_not_hang_the_others(hub: t.Any, run: Run, mybot: dict[str, t.Any]) -> None:
    run.ask(1, arguments={**mybot, "secret": "not-my-password"})
    hub.fail(TOKEN, status=None, delay=2)
    holder = run.fork(arguments={**mybot, **QUICK, "timeout": DEADLINE})
    wait_for(lambda: hub.logins() == 2)
    os.kill(holder, signal.SIGSTOP)
    told = run.ask(1, arguments={**mybot, **QUICK})
    assert told[0]["token"]
    assert "does not answer" in told[0]["warnings"][0]
    assert run.ask(1, arguments=mybot)[0]["cached"]
    os.kill(holder, signal.SIGCONT)
    assert run.answers(1)[0]["token"]


def test_a_queue_of_logins_is_not_taken_for_one_that_does_not_answer(
    hub: t.Any, run: Run, mybot: dict[str, t.Any]
) -> None:
    hub.fail(TOKEN, times=None, status=None, delay=0.6)
    told = run.ask(5, arguments={**mybot, **QUICK, "timeout": 0.8, "cache": False})
    assert [answer["warnings"] for answer in told] == [[]] * 5
    assert hub.tokens_issued("mybot") == 5


def test_a_hub_that_hangs_costs_those_who_wait_together_one_time_out(
    hub: t.Any, run: Run, mybot: dict[str, t.Any]
) -> None:
    hub.fail(TOKEN, times=None, status=None, delay=DEADLINE)
    told = run.ask(20, arguments={**mybot, **QUICK, "timeout": 2})
    assert {answer["error"] for answer in told} == {"timeout"}
    assert hub.logins() == 1
    hub.heal()
    assert run.ask(1, arguments=mybot)[0]["token"]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [("no_locks", "No locks available"), ("no_space", "File too large"), ("no_permission", "Permission denied")],
)
@pytest.mark.parametrize("begun", [False, True])
def test_a_store_that_cannot_be_used_is_one_warning_and_plain_logins(
    hub: t.Any, run: Run, mybot: dict[str, t.Any], trouble: str, words: str, begun: bool
) -> None:
    if begun:
        run.ask(1, arguments={"hub_url": hub.url, "identifier": "plainuser", "secret": "plain-password-1"})
    told = run.ask(2, arguments={**mybot, "cache": False}, trouble=[trouble])
    # Said word for word the same by all, which Ansible shows once.
    assert len({warning for answer in told for warning in answer["warnings"]}) == 1
    assert f"cannot be used ({words})" in told[0]["warnings"][0]
    assert hub.tokens_issued("mybot") == 2


@pytest.mark.parametrize("umask", [0, 0o777])
def test_nobody_else_can_read_the_store_whatever_the_umask(run: Run, mybot: dict[str, t.Any], umask: int) -> None:
    assert run.ask(1, arguments=mybot, umask=umask)[0]["warnings"] == []
    assert run.store.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in run.store.iterdir()} == {0o600}
    assert run.ask(1, arguments=mybot, umask=umask)[0]["cached"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_next_run_removes_what_a_killed_one_left(run: Run, mybot: dict[str, t.Any], number: signal.Signals) -> None:
    with Run() as killed:
        killed.ask(1, arguments=mybot)
        os.kill(killed.pid, number)
        killed.process.wait(DEADLINE)
    with Run() as alive:
        alive.ask(1, arguments=mybot)
        assert not killed.store.exists()
        run.ask(1, arguments=mybot)
        assert alive.store.exists()
        assert alive.ask(1, arguments=mybot)[0]["cached"]


def test_a_run_leaves_that_of_another_container_alone(run: Run, mybot: dict[str, t.Any]) -> None:
    wrapper = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*wrapper, "true"], check=False).returncode:
        pytest.skip("no process namespace can be made here; the records of one are tested beside the store")
    for more in [], ["--mount-proc"]:
        with Run(*wrapper, *more) as contained:
            contained.ask(1, arguments=mybot)
            run.ask(1, arguments=mybot)
            assert contained.store.exists()
            shutil.rmtree(run.store)
