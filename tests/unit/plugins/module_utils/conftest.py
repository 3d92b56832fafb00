# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins against the emulator, without an entry point around them."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, TokenResult, normalize_options
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import early_in_a_half_minute


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace sleeping; return the list of the seconds that the client would have slept."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def options(hub: t.Any) -> t.Callable[..., Options]:
    """Return a function that makes the options of a login at the emulator."""
    return lambda **given: normalize_options({"hub_url": hub.url, "timeout": 5.0, "retries": 0, **given})


@pytest.fixture
def log_in(hub: t.Any, options: t.Callable[..., Options]) -> t.Callable[..., TokenResult]:
    """Return a function that logs in and returns the result."""
    early_in_a_half_minute(hub)
    return lambda **given: fetch_token(options(**given))


@pytest.fixture
def refused(log_in: t.Callable[..., TokenResult]) -> t.Callable[..., HubError]:
    """Return a function that logs in and returns the error; its text is one line, and it has a hint."""

    def refused(**given: t.Any) -> HubError:
        with pytest.raises(HubError) as caught:
            log_in(**given)
        assert str(caught.value).isprintable()
        assert caught.value.hint
        return caught.value

    return refused
