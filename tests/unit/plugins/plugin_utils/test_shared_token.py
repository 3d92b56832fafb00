# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One login per credential: what is shared, for how long, and when another login is made."""

from __future__ import annotations

import pathlib
import random
import time
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import longest_login
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _login_cache, _shared_token
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import LOGIN, MYBOT, TASK, TOKEN, WRONG

Ask = t.Callable[..., dict[str, t.Any]]
AdvanceTime = t.Callable[[float], None]


def test_task_and_lookup_share_one_login(hub: t.Any, ask: Ask) -> None:
    variables = {"dockerhub_secret": MYBOT["secret"], "dockerhub_url": hub.url}
    loader = DataLoader()
    lookup = lookup_loader.get(TASK, loader=loader, templar=Templar(loader))
    token = lookup.run(["mybot"], variables)[0]
    result = ask(**MYBOT)
    assert (result["access_token"], result["cached"]) == (token, True)
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


def test_auto_accepts_a_token_of_either_login_method(hub: t.Any, ask: Ask) -> None:
    first = ask(**MYBOT, auth_method="login")
    assert ask(**MYBOT)["access_token"] == first["access_token"]
    assert ask(**MYBOT, auth_method="access_token")["access_token"] != first["access_token"]
    assert [request.path for request in hub.requests] == [LOGIN, TOKEN]


@pytest.mark.parametrize(
    ("life", "min_ttl", "reused_for"), [(600, 60, 540), (600, 100, 500), (600, 3600, 450), (100, 60, 75), (4, 60, 3)]
)
def test_a_token_near_its_end_is_replaced(
    hub: t.Any, ask: Ask, advance_time: AdvanceTime, life: int, min_ttl: int, reused_for: int
) -> None:
    hub.token_life = life
    first = ask(**MYBOT, min_ttl=min_ttl)
    advance_time(reused_for - 0.7)
    again = ask(**MYBOT, min_ttl=min_ttl)
    assert (again["access_token"], again["cached"]) == (first["access_token"], True)
    assert again["expires_in"] == life - reused_for
    advance_time(1)
    assert ask(**MYBOT, min_ttl=min_ttl)["access_token"] != first["access_token"]
    assert ask(**MYBOT, min_ttl=min_ttl)["cached"]
    assert hub.logins() == 2


@pytest.mark.parametrize(("shape", "life"), [("jwt", None), ("opaque", None), ("opaque", 600)])
def test_a_token_of_unknown_life_is_shared_for_five_minutes(
    hub: t.Any, ask: Ask, advance_time: AdvanceTime, shape: str, life: int | None
) -> None:
    hub.token_shape, hub.token_life = shape, life
    first = ask(**MYBOT)
    advance_time(298)
    again = ask(**MYBOT)
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], None)
    advance_time(3)
    assert ask(**MYBOT)["access_token"] != first["access_token"]


@pytest.mark.parametrize("error", [lambda: -50_000, lambda: 50_000, lambda: random.uniform(-1e6, 1e6)])
def test_a_wrong_clock_of_the_controller_does_not_matter(
    hub: t.Any, ask: Ask, advance_time: AdvanceTime, monkeypatch: pytest.MonkeyPatch, error: t.Callable[[], float]
) -> None:
    real = time.time
    monkeypatch.setattr(hub, "now", lambda: real() + hub.clock_offset)
    monkeypatch.setattr(time, "time", lambda: real() + error())
    first = ask(**MYBOT)
    for _dummy in range(5):
        assert ask(**MYBOT)["access_token"] == first["access_token"]
    advance_time(550)
    assert ask(**MYBOT)["access_token"] != first["access_token"]


def test_a_clock_that_the_system_refuses_is_replaced(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_clock: int) -> float:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(time, "clock_gettime", refuse)
    assert ask(**MYBOT)["warnings"] == []
    assert ask(**MYBOT)["cached"]


def while_waiting(monkeypatch: pytest.MonkeyPatch, action: t.Callable[[], object]) -> list[float]:
    """Call ``action`` once while the next caller waits for the lock; return the timeouts of the lock."""
    lock, timeouts = _login_cache.LoginCache.lock, []

    def wait(cache: t.Any, timeout: float) -> t.Any:
        timeouts.append(timeout)
        monkeypatch.setattr(_login_cache.LoginCache, "lock", lock)
        action()
        return lock(cache, timeout)

    monkeypatch.setattr(_login_cache.LoginCache, "lock", wait)
    return timeouts


def test_a_waiting_caller_takes_the_new_token_however_short_its_life(
    hub: t.Any, ask: Ask, advance_time: AdvanceTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def log_in_slowly() -> None:
        ask(**MYBOT)
        advance_time(550)

    while_waiting(monkeypatch, log_in_slowly)
    waited = ask(**MYBOT)
    assert (waited["cached"], waited["expires_in"], hub.logins()) == (True, 49, 1)
    assert not ask(**MYBOT)["cached"]


def test_a_waiting_caller_shares_the_failure_of_the_same_login_only(
    hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fail(LOGIN, status=500)
    while_waiting(monkeypatch, lambda: ask(**MYBOT, auth_method="login"))
    assert ask(**MYBOT)["endpoint"] == TOKEN
    hub.fail(TOKEN, status=500)
    while_waiting(monkeypatch, lambda: ask(**MYBOT, cache=False))
    assert ask(**MYBOT, cache=False)["error"] == "server_error"
    assert hub.logins() == 3


def test_a_login_on_a_target_has_more_time_and_is_another_login(
    hub: t.Any, ask: Ask, options_for: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fail(TOKEN, status=500)
    timeouts = while_waiting(monkeypatch, lambda: ask(**MYBOT))
    assert ask(**MYBOT, origin="bastion")["access_token"]
    assert timeouts == [longest_login(options_for(**MYBOT)) + _shared_token._MODULE_START]
    assert hub.logins() == 2


def test_without_the_cache_a_login_refreshes_the_token_for_later_callers(hub: t.Any, ask: Ask) -> None:
    first = ask(**MYBOT)
    fresh = ask(**MYBOT, cache=False)
    assert (fresh["cached"], fresh["access_token"] == first["access_token"]) == (False, False)
    assert ask(**MYBOT)["access_token"] == fresh["access_token"]
    assert hub.logins() == 2


# Renewal of a token that Docker Hub no longer accepts


def test_a_dead_token_is_replaced_by_one_login(hub: t.Any, ask: Ask) -> None:
    dead = ask(**MYBOT)["access_token"]
    new = ask(**MYBOT, dead_token=dead)["access_token"]
    assert new != dead
    for given in ({"dead_token": dead}, {}):
        result = ask(**MYBOT, **given)
        assert (result["access_token"], result["cached"]) == (new, True)
    assert hub.logins() == 2


def test_without_the_cache_a_dead_token_is_replaced_by_one_login_too(hub: t.Any, ask: Ask) -> None:
    dead = ask(**MYBOT, cache=False)["access_token"]
    assert len({ask(**MYBOT, cache=False, dead_token=dead)["access_token"] for _dummy in range(3)}) == 1
    assert hub.logins() == 2


def test_a_newer_token_survives_the_renewal_of_an_older_one(hub: t.Any, ask: Ask) -> None:
    newer = ask(**MYBOT)["access_token"]
    assert ask(**MYBOT, dead_token="an-older-token")["access_token"] == newer
    assert hub.logins() == 1


def test_nobody_receives_a_dead_token_during_its_renewal(hub: t.Any, ask: Ask, directory: pathlib.Path) -> None:
    dead, cached = ask(**MYBOT)["access_token"], []

    def respond(_request: t.Any) -> None:
        cached.append([path.name for path in directory.iterdir() if dead in path.read_text()])

    hub.fail(TOKEN, status=None, respond=respond)
    assert ask(**MYBOT, dead_token=dead)["access_token"] != dead
    assert cached == [[]]


def test_nobody_receives_a_dead_token_after_a_failed_renewal(hub: t.Any, ask: Ask) -> None:
    dead = ask(**MYBOT)["access_token"]
    hub.fail(TOKEN, status=500)
    assert ask(**MYBOT, dead_token=dead)["error"] == "server_error"
    assert ask(**MYBOT)["access_token"] != dead


def test_a_refused_renewal_is_not_repeated(hub: t.Any, ask: Ask) -> None:
    dead = ask(**MYBOT)["access_token"]
    hub.fail(TOKEN, status=401)
    for _dummy in range(3):
        assert ask(**MYBOT, dead_token=dead)["error"] == "bad_credentials"
    assert hub.logins() == 2


def test_a_refused_secret_does_not_touch_the_token_of_another(hub: t.Any, ask: Ask) -> None:
    token = ask(**MYBOT)["access_token"]
    assert ask(**WRONG)["error"] == "bad_credentials"
    assert ask(**MYBOT)["access_token"] == token
