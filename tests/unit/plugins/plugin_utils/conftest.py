# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins without a play: options in, result or error out, with a clock that tests can advance."""

from __future__ import annotations

import os
import pathlib
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _cached_token, _login_cache, _shared_token
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import login_options
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import raw_options
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import early_in_a_half_minute

Ask = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def hub() -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator() as running:
        early_in_a_half_minute(running)
        yield running


@pytest.fixture
def options_for(hub: t.Any) -> t.Callable[..., t.Any]:
    """Return validated options; nothing waits or is sent again."""

    def options_for(**given: t.Any) -> t.Any:
        arguments = {"hub_url": hub.url, "retries": 0, "max_wait": 0, "timeout": 5, **given}
        return login_options(raw_options(arguments, {}, lambda value: value, task=True), print, print)

    return options_for


@pytest.fixture
def ask(options_for: t.Callable[..., t.Any]) -> Ask:
    """Return the result of a task with these options; after a failure, ``error`` is its code and ``text`` its text."""

    def ask(*, dead_token: str = "", origin: str = "", **given: t.Any) -> dict[str, t.Any]:
        options = options_for(**given)
        warnings: list[str] = []
        try:
            if dead_token:
                result = _shared_token.renewed_token(options, dead_token, warnings.append, print)
            else:
                login = _shared_token.log_in_here
                result = _shared_token.shared_token(options, login, warnings.append, print, origin)
        except HubError as error:
            failure = {"error": error.code, "text": str(error), "hint": error.hint, "retry_at": error.retry_at}
            return {**failure, "warnings": warnings}
        return {**result, "error": None, "warnings": warnings}

    return ask


@pytest.fixture
def advance_time(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[float], None]:
    """Advance the clock of Docker Hub and of the records by so many seconds."""
    real, advanced = _cached_token.now, 0.0

    def advance_time(seconds: float) -> None:
        nonlocal advanced
        advanced += seconds
        hub.clock_offset += seconds

    for module in (_cached_token, _login_cache, _shared_token):
        monkeypatch.setattr(module, "now", lambda: real() + advanced)
    return advance_time


@pytest.fixture
def directory(bare_environment: None) -> pathlib.Path:
    """Return the directory of the run."""
    return pathlib.Path(os.environ["ANSIBLE_LOCAL_TEMP"]) / "dockerhub"
