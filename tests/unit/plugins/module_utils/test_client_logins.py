# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins of the client: retries, rate limits, clocks that differ, and waiting within ``max_wait``."""

from __future__ import annotations

import calendar
import email.utils
import socket
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import AUTH_TOKEN, HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    MFAUSER,
    PLAINUSER,
    SECOND_FACTOR,
    TOKEN,
    TOTP,
)

MFAUSER_TOTP = {**MFAUSER, **TOTP}
REFUSED_CODE = {"status": 401, "body": {"detail": "Incorrect authentication credentials"}}
LIMITED = {"status": 429, "body": {"detail": "Rate limit exceeded"}}


class Clock:
    """The clock of this process, emulator included; sleeping takes no time and advances it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slept: list[float] = []
        for name in ("time", "monotonic"):
            real = getattr(time, name)
            monkeypatch.setattr(time, name, lambda real=real: real() + sum(self.slept))
        monkeypatch.setattr(time, "sleep", self.slept.append)


@pytest.fixture(autouse=True)
def zone() -> t.Iterator[None]:
    """Use a time zone far from UTC, with summer time."""
    with pytest.MonkeyPatch.context() as there:
        there.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def clock(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    set_clock(hub, 1_800_000_010)
    return Clock(monkeypatch)


def set_clock(hub: t.Any, now: float) -> None:
    hub.clock_offset = now - time.time()


def options(hub: t.Any, **given: t.Any) -> Options:
    return normalize_options({"hub_url": hub.url, "timeout": 5.0, **given})


def log_in(hub: t.Any, **given: t.Any) -> dict[str, t.Any]:
    return fetch_token(options(hub, **given))


def refused(hub: t.Any, **given: t.Any) -> HubError:
    with pytest.raises(HubError) as caught:
        log_in(hub, **given)
    return caught.value


def codes(hub: t.Any) -> list[str]:
    return [request.body["code"] for request in hub.requests if request.path == SECOND_FACTOR]


# Retries


def test_pauses_double_and_differ_between_clients(hub: t.Any, clock: Clock) -> None:
    hub.fail(TOKEN, None, status=503)
    assert refused(hub, **PLAINUSER, retries=7).code == "server_error"
    assert hub.count() == 8
    most = [0.5, 1, 2, 4, 8, 8, 8]
    assert [most / 2 <= pause <= most for pause, most in zip(clock.slept, most)] == [True] * 7
    assert refused(hub, **PLAINUSER, retries=7).code == "server_error"
    assert clock.slept[:7] != clock.slept[7:]


def test_retries_count_for_the_whole_login(hub: t.Any) -> None:
    hub.fail(LOGIN, 1, status=502)
    hub.fail(LOGIN, 1, status=None)
    hub.fail(SECOND_FACTOR, 1, status=502)
    hub.fail(LOGIN, 2, status=504)
    assert refused(hub, **MFAUSER_TOTP, retries=2).http_status == 504
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (3, 1)


def test_a_second_factor_without_retries_is_not_repeated(hub: t.Any) -> None:
    hub.fail(SECOND_FACTOR, status=502)
    assert refused(hub, **MFAUSER_TOTP, retries=0).http_status == 502
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (1, 1)


def test_a_rate_limit_at_the_second_factor_is_awaited(hub: t.Any, clock: Clock) -> None:
    hub.fail(SECOND_FACTOR, **LIMITED, headers={"Retry-After": "50"})
    assert log_in(hub, **MFAUSER_TOTP)["username"] == "mfauser"
    assert len(set(codes(hub))) == 2
    assert 50 <= sum(clock.slept) <= 60


def test_a_lockout_at_the_second_factor_ends_the_login(hub: t.Any) -> None:
    hub.fail(SECOND_FACTOR, status=429, headers={"Retry-After": "1"}, body={"detail": "Too many login attempts."})
    assert refused(hub, **MFAUSER_TOTP).code == "locked_out"
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (1, 1)


def test_without_retries_nothing_is_repeated(hub: t.Any, clock: Clock) -> None:
    hub.fail(TOKEN, status=503)
    assert refused(hub, **PLAINUSER, retries=0).code == "server_error"
    hub.fail(TOKEN, **LIMITED, headers={"Retry-After": "1"})
    assert refused(hub, **PLAINUSER, retries=0).code == "rate_limited"
    assert (hub.count(), clock.slept) == (2, [])


@pytest.mark.parametrize("fault", [{"reset": True}, {"status": 503}], ids=str)
def test_a_lost_code_is_followed_by_the_next_one(hub: t.Any, clock: Clock, fault: dict[str, t.Any]) -> None:
    hub.fail(SECOND_FACTOR, **fault)
    assert log_in(hub, **MFAUSER_TOTP)["username"] == "mfauser"
    assert hub.count(LOGIN) == len(codes(hub)) == len(set(codes(hub))) == 2
    assert len(clock.slept) == 1


def test_an_unsent_code_is_sent_again(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there, yet
        port = taken.getsockname()[1]
        late: list[t.Any] = []

        def sleep(_seconds: float) -> None:
            taken.close()
            late.append(hub_emulator.HubEmulator(port=port).start())

        monkeypatch.setattr(time, "sleep", sleep)
        given = {"login_2fa_token": "unknown", "otp": "123456", "hub_url": f"http://127.0.0.1:{port}"}
        try:
            assert refused(hub, **given).code == "otp_invalid"
            assert codes(late[0]) == ["123456"]
        finally:
            for started in late:
                started.stop()


# Limits


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (lambda now: {"X-Retry-After": f"{now + 20:.0f}"}, 20),
        (lambda now: {"Retry-After": "20"}, 20),
        (lambda now: {"Retry-After": "1.5"}, 1.5),
        (lambda now: {"Retry-After": email.utils.formatdate(now + 20, usegmt=True)}, 20),
        (lambda now: {"Retry-After": time.asctime(time.gmtime(now + 20))}, 20),
        (lambda now: {"Retry-After": f"{now + 20:.0f}"}, 20),
        (lambda now: {"X-Retry-After": "20"}, 20),
        (lambda now: {"X-Retry-After": f"{now + 20:.0f}", "Retry-After": "10"}, 20),
        (lambda now: {"X-Retry-After": f"{now + 10:.0f}", "Retry-After": "20"}, 20),
        (lambda now: {"X-Retry-After": "soon", "Retry-After": "20"}, 20),
        (lambda now: {"X-Retry-After": f"{now + 20:.0f}", "Retry-After": ""}, 20),
        (lambda now: {"X-Retry-After": f"{now - 100:.0f}"}, 0),
        (lambda now: {"Retry-After": email.utils.formatdate(now - 100, usegmt=True)}, 0),
        (lambda now: {"Retry-After": "0"}, 0),
    ],
)
@pytest.mark.parametrize("offset", [-600, 0, 600])
def test_a_limit_that_ends_soon_is_awaited(
    hub: t.Any, clock: Clock, headers: t.Callable[[float], dict[str, str]], seconds: float, offset: int
) -> None:
    hub.clock_offset += offset
    hub.fail(TOKEN, **LIMITED, headers=headers(hub.now()))
    assert log_in(hub, **PLAINUSER)["username"] == "plainuser"
    assert hub.count() == 2
    (slept,) = clock.slept
    # Both the time in the header and the Date are whole seconds.
    assert seconds - 0.5 <= slept <= seconds + 1.5


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        (lambda now: {"X-Retry-After": f"{now + 86_400:.0f}"}, 86_400),
        (lambda now: {"Retry-After": "61"}, 61),
        (lambda now: {"Retry-After": "20", "X-Retry-After": f"{now + 7200:.0f}"}, 7200),
        (lambda now: {"Retry-After": email.utils.formatdate(now + 7200, usegmt=True)}, 7200),
        (lambda now: {}, None),
        (lambda now: {"Retry-After": "soon"}, None),
        (lambda now: {"Retry-After": ""}, None),
        (lambda now: {"Retry-After": "nan", "X-Retry-After": "inf"}, None),
        (lambda now: {"Retry-After": "9" * 400}, None),
        (lambda now: {"Retry-After": "Fri, 99 Foo 2026 99:99:99 GMT"}, None),
        (lambda now: {"X-Retry-After": f"{now * 1000:.0f}"}, None),  # a year that no calendar contains
        (lambda now: {"Retry-After": "5, 10"}, None),
    ],
)
def test_a_long_limit_fails_at_once_with_its_end(
    hub: t.Any, clock: Clock, headers: t.Callable[[float], dict[str, str]], named: int | None
) -> None:
    now = hub.now()
    hub.fail(TOKEN, None, **LIMITED, headers=headers(now))
    error = refused(hub, **PLAINUSER)
    assert (error.code, error.http_status) == ("rate_limited", 429)
    assert (hub.count(), clock.slept) == (1, [])
    if named is None:
        assert error.retry_at is None
    else:
        assert error.retry_at in [iso_time(now + named + late) for late in (-1, 0, 1)]
        assert f"asks to wait until {error.retry_at}; " in str(error)


def test_all_limits_together_wait_within_max_wait(hub: t.Any, clock: Clock) -> None:
    hub.fail(TOKEN, None, **LIMITED, headers={"Retry-After": "25"})
    assert refused(hub, **PLAINUSER, retries=9, max_wait=60).code == "rate_limited"
    assert (hub.count(), sum(clock.slept)) == (3, 50)


def test_waiting_for_a_limit_takes_a_retry(hub: t.Any) -> None:
    hub.fail(TOKEN, None, **LIMITED, headers={"Retry-After": "1"})
    assert refused(hub, **PLAINUSER, retries=2).code == "rate_limited"
    assert hub.count() == 3


def test_after_a_limit_requests_are_accepted(hub: t.Any) -> None:
    hub.rate_limit, hub.rate_window = 1, 20
    for _dummy in range(4):
        assert log_in(hub, **PLAINUSER)["username"] == "plainuser"
    assert hub.count() == 7  # each login but the first was limited once


def test_a_lockout_fails_at_once_with_its_end(hub: t.Any, clock: Clock) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS["lockout_429"], headers={"X-Retry-After": "1800000040"})
    error = refused(hub, **PLAINUSER)
    assert (error.code, error.retry_at) == ("locked_out", "2027-01-15T08:00:40Z")
    assert "asks to wait until 2027-01-15T08:00:40Z" in str(error)
    assert (hub.count(), clock.slept) == (1, [])


# Clocks and codes


@pytest.mark.parametrize("offset", [-600, 600])
def test_a_wrong_clock_wastes_no_code(hub: t.Any, clock: Clock, offset: int) -> None:
    set_clock(hub, time.time() - time.time() % 30 + 10 + offset)
    assert log_in(hub, **MFAUSER_TOTP)["username"] == "mfauser"
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR), clock.slept) == (1, 1, [])


def test_a_second_step_reads_the_time_from_its_refusal(hub: t.Any) -> None:
    pending = log_in(hub, **MFAUSER, on_otp_required="return")["login_2fa_token"]
    hub.authentication.pending[pending] = hub_emulator.PendingLogin(hub.accounts["mfauser"], hub.now() + 300)
    assert log_in(hub, login_2fa_token=pending, totp_secret=MFAUSER_TOTP["totp_secret"])["username"] == "mfauser"
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (1, 2)


@pytest.mark.parametrize("hour", [5, 6])
def test_codes_ignore_summer_time(hub: t.Any, hour: int) -> None:
    set_clock(hub, calendar.timegm((2026, 11, 1, hour, 30, 10)))  # half past one, twice
    assert log_in(hub, **MFAUSER_TOTP)["username"] == "mfauser"
    assert hub.count(SECOND_FACTOR) == 1


def test_a_code_about_to_expire_is_not_sent(hub: t.Any, clock: Clock) -> None:
    set_clock(hub, 1_800_000_028.2)
    expiring = hub.totp("mfauser")
    assert log_in(hub, **MFAUSER_TOTP)["username"] == "mfauser"
    assert codes(hub) == [hub.totp("mfauser")] != [expiring]
    (slept,) = clock.slept
    assert 0 < slept < 3


def test_without_max_wait_the_expiring_code_is_sent(hub: t.Any, clock: Clock) -> None:
    set_clock(hub, 1_800_000_028.2)
    expiring = hub.totp("mfauser")
    assert log_in(hub, **MFAUSER_TOTP, max_wait=0)["username"] == "mfauser"
    assert (codes(hub), clock.slept) == ([expiring], [])


def test_a_used_code_is_followed_by_the_next_one(hub: t.Any, clock: Clock) -> None:
    hub.authentication.used_codes.add(("mfauser", int(hub.now() // 30)))
    assert log_in(hub, **MFAUSER_TOTP)["username"] == "mfauser"
    assert hub.count(LOGIN) == len(codes(hub)) == len(set(codes(hub))) == 2
    (slept,) = clock.slept
    assert 15 < slept < 25


def test_two_refused_codes_are_enough(hub: t.Any) -> None:
    hub.fail(SECOND_FACTOR, None, **REFUSED_CODE)
    assert refused(hub, **MFAUSER_TOTP, max_wait=600).code == "otp_invalid"
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (2, 2)


def test_a_reserved_code_is_not_sent_again(hub: t.Any, clock: Clock) -> None:
    used = {int(hub.now() // 30)}
    given = options(hub, **MFAUSER_TOTP)
    assert fetch_token(given, lambda step: step not in used)["username"] == "mfauser"
    assert (hub.count(SECOND_FACTOR), len(clock.slept)) == (1, 1)

    with pytest.raises(HubError, match=r"already used in this run; raise max_wait above 30 s") as caught:
        fetch_token(options(hub, **MFAUSER_TOTP, max_wait=0), lambda _step: False)
    assert caught.value.code == "otp_required"
    assert hub.count(SECOND_FACTOR) == 1


@pytest.mark.parametrize("max_wait", [0, 10, 45, 100])
def test_max_wait_limits_all_waiting(hub: t.Any, clock: Clock, max_wait: int) -> None:
    hub.fail(LOGIN, 1, **LIMITED, headers={"Retry-After": "8"})
    hub.fail(LOGIN, 1, status=None)
    hub.fail(LOGIN, 1, **LIMITED, headers={"Retry-After": "40"})
    hub.fail(SECOND_FACTOR, None, **REFUSED_CODE)
    assert refused(hub, **MFAUSER_TOTP, max_wait=max_wait).code in ("rate_limited", "otp_invalid")
    assert sum(clock.slept) <= max_wait
    assert hub.count() == {0: 1, 10: 3, 45: 4, 100: 6}[max_wait]


def test_the_server_clock_is_exact_to_half_a_second(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "now", lambda: 1_800_000_000)
    with HubClient(options(hub, **PLAINUSER)) as client:
        client.log_in(AUTH_TOKEN, *PLAINUSER.values())
        assert 0.5 <= client.server_time() - 1_800_000_000 < 1.5
