# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes back, from whichever operation: one error, in time, with the fewest requests."""

from __future__ import annotations

import gc
import gzip
import time
import typing as t
import zlib

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options
from ansible_collections.hubops.dockerhub.tests.unit.plugins.faults import FAULTS, given_for

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}


@pytest.fixture(scope="module")
def running() -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator() as running:
        yield running


@pytest.fixture
def hub(running: t.Any) -> t.Any:
    """One for all tests of this file, which are many."""
    running.reset()
    return running


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a login would have slept."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def options(hub: t.Any, **given: t.Any) -> dict[str, t.Any]:
    return normalize_options({"hub_url": hub.url, "timeout": 10.0, "retries": 1, **given})


def failure(of: dict[str, t.Any]) -> HubError:
    with pytest.raises(HubError) as caught:
        fetch_token(of)
    return caught.value


@pytest.mark.parametrize("path", hub_emulator.AUTH_PATHS)
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_one_error_in_time_and_in_words(hub: t.Any, naps: list[float], name: str, path: str) -> None:
    fault = FAULTS[name]
    what, code, again = fault
    hub.fail(path, None, **what)
    given = options(hub, **given_for(path, hub), timeout=fault.timeout)
    start = time.monotonic()
    error = failure(given)
    assert time.monotonic() - start < fault.most(hub.count())

    if path == SECOND_FACTOR:
        code, again = {"bad_credentials": "otp_invalid"}.get(code, code), False  # a code is never sent twice
    assert error.code == code, error
    assert hub.count(path) == (2 if again else 1)
    assert len(naps) == (1 if again else 0)

    said = str(error)
    assert said.startswith(f"Docker Hub login of {given['identifier']} failed: POST {hub.url}{path} ")
    assert said.isprintable()
    assert len(said) < 600
    assert error.hint
    assert said.endswith(f"; {error.hint}")
    assert [name for name in ("secret", "otp") if given[name] and given[name] in said] == []
    if error.http_status or code not in ("connection", "timeout", "bad_answer"):
        assert error.http_status == what["status"]
        assert f" answered {what['status']}" in said


@pytest.mark.parametrize("path", hub_emulator.AUTH_PATHS)
@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.again])
def test_what_passes_by_is_survived(hub: t.Any, naps: list[float], name: str, path: str) -> None:
    hub.fail(path, 2, **FAULTS[name].what)
    given = options(hub, **given_for(path, hub), retries=3)
    if path == SECOND_FACTOR:
        assert failure(given).code == FAULTS[name].code
        return
    assert fetch_token(given)["username"] == "plainuser"
    assert hub.count(path) == 3
    assert len(naps) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=klingon"},
        {"Content-Type": "text/html"},
        {"Content-Type": None},
        {"Date": None},
        {"Date": "yesterday"},
        {"Date": "Thu, 01 Jan 1903 00:00:00 GMT"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"Set-Cookie": "a=b; expires=Thu, 01 Jan 99999 00:00:00 GMT; domain=.com"},
        {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "9" * 20},
    ],
    ids=str,
)
def test_odd_headers_spoil_no_good_answer(hub: t.Any, headers: dict[str, str | None]) -> None:
    hub.fail(LOGIN, status=None, headers=headers)  # the code is made by its Date
    hub.fail(SECOND_FACTOR, status=200, headers=headers, body={"token": "a.b.c"})
    result = fetch_token(options(hub, **MFAUSER, totp_secret=hub_emulator.MFAUSER_TOTP_SECRET))
    assert (result["access_token"], result["claims"], result["expires_in"]) == ("a.b.c", {}, None)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Transfer-Encoding": "chunked"}, b'11\r\n{"access_token": \r\n4\r\n"t"}\r\n0\r\n\r\n'),
        ({"Content-Encoding": "gzip"}, gzip.compress(b'{"access_token": "t"}', mtime=0)),
        ({"Content-Encoding": "Deflate"}, zlib.compress(b'{"access_token": "t"}')),
        ({"Content-Encoding": "identity"}, b'{"access_token": "t"}'),
        ({}, b'\xef\xbb\xbf{"access_token": "t"}'),
        ({}, '{"access_token": "t"}'.encode("utf-16")),
    ],
    ids=str,
)
def test_a_token_may_come_in_any_wrapping(hub: t.Any, headers: dict[str, str | None], body: bytes) -> None:
    hub.fail(TOKEN, status=200, headers=headers, body=body)
    assert fetch_token(options(hub, **PLAINUSER))["access_token"] == "t"


def test_a_body_may_end_with_its_connection(hub: t.Any) -> None:
    hub.fail(TOKEN, raw=True, body=b'HTTP/1.0 200 OK\r\n\r\n{"access_token": "t"}')
    assert fetch_token(options(hub, **PLAINUSER))["access_token"] == "t"


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # urllib3 forgets such a connection
def test_an_answer_of_two_lengths_is_no_answer(hub: t.Any) -> None:
    hub.fail(TOKEN, status=200, body={}, headers={"Content-Length": "2, 3"})
    assert failure(options(hub, **PLAINUSER)).code == "bad_answer"
    gc.collect()
