# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange: any answer, and any failure on the way, becomes one error in time."""

from __future__ import annotations

import gc
import gzip
import http.client
import socket
import ssl
import threading
import time
import typing as t
import zlib

import hub_emulator
import pytest
import requests
import urllib3
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._http import exchange
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import longest_login
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    MFAUSER,
    PLAINUSER,
    SECOND_FACTOR,
    TOKEN,
    TOTP,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.faults import FAULTS, given_for

TIMEOUT = 0.5

LogIn = t.Callable[..., dict[str, t.Any]]
Refused = t.Callable[..., errors.HubError]


@pytest.fixture(scope="module")
def running() -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator() as running:
        yield running


@pytest.fixture
def hub(running: t.Any) -> t.Any:
    """Return one emulator for all tests of this file, which are many."""
    running.reset()
    return running


# Answers


@pytest.mark.parametrize("path", hub_emulator.AUTH_PATHS)
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_one_error_in_time(
    hub: t.Any, slept: list[float], refused: Refused, name: str, path: str
) -> None:
    fault = FAULTS[name]
    what, code, again = fault
    hub.fail(path, None, **what)
    given = given_for(path, hub)
    start = time.monotonic()
    error = refused(**given, timeout=fault.timeout(path), retries=1)
    assert time.monotonic() - start < fault.most(path, hub.count())

    if path == SECOND_FACTOR:
        code, again = {"bad_credentials": "otp_invalid"}.get(code, code), False  # a code is never sent twice
    assert error.code == code, error
    assert hub.count(path) == (2 if again else 1)
    assert len(slept) == (1 if again else 0)

    text = str(error)
    assert text.startswith(f"Docker Hub login of {given['identifier']} failed: POST {hub.url}{path} ")
    assert len(text) < 600
    assert text.endswith(f"; {error.hint}")
    assert [name for name in ("secret", "otp") if given.get(name, " ") in text.split()] == []
    if error.http_status or code not in ("connection", "timeout", "bad_answer"):
        assert error.http_status == what["status"]
        assert f" answered {what['status']}" in text


@pytest.mark.parametrize("path", hub_emulator.AUTH_PATHS)
@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.again])
def test_a_login_survives_a_passing_fault(
    hub: t.Any, slept: list[float], log_in: LogIn, refused: Refused, name: str, path: str
) -> None:
    hub.fail(path, 2, **FAULTS[name].what)
    given = {**given_for(path, hub), "retries": 3}
    if path == SECOND_FACTOR:
        assert refused(**given).code == FAULTS[name].code
        return
    assert log_in(**given)["username"] == "plainuser"
    assert hub.count(path) == 3
    assert len(slept) == 2


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
def test_odd_headers_do_not_spoil_an_answer(hub: t.Any, log_in: LogIn, headers: dict[str, str | None]) -> None:
    hub.fail(LOGIN, status=None, headers=headers)  # its Date decides the code
    hub.fail(SECOND_FACTOR, status=200, headers=headers, body={"token": "a.b.c"})
    result = log_in(**MFAUSER, **TOTP)
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
def test_a_token_is_read_from_every_encoding(
    hub: t.Any, log_in: LogIn, headers: dict[str, str | None], body: bytes
) -> None:
    hub.fail(TOKEN, status=200, headers=headers, body=body)
    assert log_in(**PLAINUSER)["access_token"] == "t"


def test_a_body_may_end_with_its_connection(hub: t.Any, log_in: LogIn) -> None:
    hub.fail(TOKEN, raw=True, body=b'HTTP/1.0 200 OK\r\n\r\n{"access_token": "t"}')
    assert log_in(**PLAINUSER)["access_token"] == "t"


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # urllib3 forgets such a connection
def test_an_answer_of_two_lengths_is_refused(hub: t.Any, refused: Refused) -> None:
    hub.fail(TOKEN, status=200, body={}, headers={"Content-Length": "2, 3"})
    assert refused(**PLAINUSER).code == "bad_answer"
    gc.collect()


# Time


class DeadAddress:
    """An address that never answers, as behind a broken route: a listener whose queue is full."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._clients: list[socket.socket] = []

    def __enter__(self) -> tuple[str, int]:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        address: tuple[str, int] = self._listener.getsockname()
        for _dummy in range(8):
            client = socket.socket()
            self._clients.append(client)
            client.settimeout(0.05)
            try:
                client.connect(address)
            except OSError:
                return address
        raise AssertionError("the queue of the listener never fills")

    def __exit__(self, *_exc: object) -> None:
        for opened in (*self._clients, self._listener):
            opened.close()


@pytest.mark.parametrize("dead", [1, 2, 3])
def test_each_dead_address_costs_one_timeout(
    hub: t.Any, log_in: LogIn, monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    connected: list[tuple[str, int]] = []
    connect = socket.socket.connect

    def record(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address)
        connect(self, address)

    with DeadAddress() as address:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in [address] * dead + [("127.0.0.1", hub.port)]
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
        monkeypatch.setattr(socket.socket, "connect", record)
        start = time.monotonic()
        assert log_in(**PLAINUSER, timeout=TIMEOUT)["username"] == "plainuser"
    assert connected == [address] * dead + [("127.0.0.1", hub.port)]
    assert dead * TIMEOUT <= time.monotonic() - start < dead * TIMEOUT + 3


def test_dead_addresses_alone_are_a_timeout_before_sending(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    with DeadAddress() as address:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)] * 2
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
        error = refused(**PLAINUSER, timeout=TIMEOUT)
    assert (error.code, error.sent) == ("timeout", False)


@pytest.mark.parametrize("given", [PLAINUSER, {**MFAUSER, **TOTP}], ids=["access token", "second factor"])
def test_a_slow_server_is_bounded_by_longest_login(
    hub: t.Any, options: t.Callable[..., t.Any], given: dict[str, str]
) -> None:
    late = {"delay": 0.8 * TIMEOUT}
    hub.fail(LOGIN, None, status=None, **late)
    hub.fail(SECOND_FACTOR, 1, status=401, body={"detail": "no"}, **late)
    hub.fail("*", 1, status=503, body=b"x" * 20, drip=0.03, **late)
    hub.fail("*", None, status=200, body=b"x" * 900, drip=0.03, **late)
    hub.clock_offset = 28 - hub.now() % 30
    slow = options(**given, timeout=TIMEOUT, retries=1, max_wait=3)
    start = time.monotonic()
    with pytest.raises(errors.HubError):
        fetch_token(slow)
    # One retry takes the shortest pause, not the longest one.
    assert time.monotonic() - start < longest_login(slow) - 7


def test_a_refused_connection_is_reported(refused: Refused) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there
        error = refused(**PLAINUSER, hub_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (error.code, error.sent) == ("connection", False)
    assert "(Connection refused)" in str(error)


# Exceptions of the libraries, some of which no test server can cause


class Failing:
    """A session whose request raises an exception."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def request(self, **_request: t.Any) -> t.NoReturn:
        raise self._error


def translated(error: Exception) -> errors.HubError:
    with pytest.raises(errors.HubError) as caught:
        exchange(t.cast(t.Any, Failing(error)), "GET https://hub", timeout=1.5, largest=9, method="GET")
    return caught.value


def certificate_error(message: str) -> requests.exceptions.SSLError:
    reason = ssl.SSLCertVerificationError(1, "certificate verify failed")
    reason.verify_message = message
    return requests.exceptions.SSLError(reason)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("Missing Authority Key Identifier", "Python 3.13 and later require such fields"),
        ("Missing Subject Key Identifier", "Python 3.13 and later require such fields"),
        ("Basic Constraints of CA cert not marked critical", "Python 3.13 and later require such fields"),
        ("CA cert does not include key usage extension", "Python 3.13 and later require such fields"),
        ("unable to get local issuer certificate", None),
        ("certificate has expired", "check the clock of this machine; if it is right"),
        ("certificate is not yet valid", "check the clock of this machine; if it is right"),
        ("Hostname mismatch, certificate is not valid for 'hub.docker.com'.", "the certificate is for another name"),
        ("IP address mismatch, certificate is not valid for '127.0.0.1'.", "the certificate is for another name"),
        ("no appropriate subjectAltName fields were found", "the certificate is for another name"),
        ("EE certificate key too weak", "refuses old encryption and short keys"),
        ("CA md too weak", "refuses old encryption and short keys"),
    ],
)
def test_the_tls_hint_follows_the_reason(message: str, hint: str | None) -> None:
    error = translated(certificate_error(message))
    assert str(error).startswith(f"GET https://hub could not make a trusted TLS connection ({message})")
    assert (error.code, hint in (error.hint or "") if hint else error.hint) == ("tls", True if hint else None)


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("WRONG_VERSION_NUMBER", "the server does not speak TLS"),
        ("UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "refuses old encryption and short keys"),
        ("UNSUPPORTED_PROTOCOL", "refuses old encryption and short keys"),
        ("DH_KEY_TOO_SMALL", "refuses old encryption and short keys"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "a client certificate, which is not supported"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "a client certificate, which is not supported"),
    ],
)
def test_the_tls_hint_follows_the_reason_of_a_handshake(reason: str, hint: str) -> None:
    error = ssl.SSLError(1, "failed")
    error.reason = reason
    assert hint in str(translated(requests.exceptions.SSLError(error)).hint)


class CertificateError(ValueError):
    """The error of urllib3 1 for a certificate of another host."""


def test_a_wrong_host_name_is_named_with_urllib3_1() -> None:
    error = translated(requests.exceptions.SSLError(CertificateError("hostname 'a' doesn't match 'b'")))
    assert "could not make a trusted TLS connection (hostname mismatch); the certificate is for another name" in str(
        error
    )


def proxy_error(reason: Exception) -> requests.exceptions.ProxyError:
    return requests.exceptions.ProxyError(urllib3.exceptions.ProxyError("Cannot connect to proxy.", reason))


UNSENT = urllib3.exceptions.NewConnectionError(t.cast(t.Any, None), "no route")
BROKEN = ConnectionResetError(104, "Connection reset by peer")


@pytest.mark.parametrize(
    ("raised", "code", "sent", "retry_in"),
    [
        (requests.ConnectionError(UNSENT), "connection", False, 0.0),
        (requests.ConnectionError(BROKEN), "connection", True, 0.0),
        (requests.ConnectTimeout(urllib3.exceptions.ConnectTimeoutError()), "timeout", False, None),
        (requests.ReadTimeout(), "timeout", True, None),
        (requests.ConnectionError("Read timed out."), "timeout", True, None),
        (proxy_error(UNSENT), "connection", False, 0.0),
        (proxy_error(BROKEN), "connection", True, 0.0),  # of urllib3 1, also after the request was sent
        (proxy_error(OSError("Tunnel connection failed: 503 Unavailable")), "connection", False, 0.0),
        (proxy_error(OSError("Tunnel connection failed: 407 Password")), "connection", False, None),
        (requests.exceptions.SSLError(ssl.SSLEOFError(8, "EOF")), "connection", True, 0.0),
        (urllib3.exceptions.ProtocolError(http.client.BadStatusLine("x")), "bad_answer", True, None),
        (urllib3.exceptions.InvalidHeader("two lengths"), "bad_answer", True, None),
        (requests.exceptions.InvalidURL("me:my-proxy-word@"), "invalid_options", True, None),
        (ValueError("my-proxy-word"), "invalid_options", True, None),
        (OSError(5, "Input/output error"), "connection", True, 0.0),
    ],
    ids=repr,
)
def test_every_exception_becomes_one_error(raised: Exception, code: str, sent: bool, retry_in: float | None) -> None:
    error = translated(raised)
    assert (error.code, error.sent, error.retry_in) == (code, sent, retry_in)
    assert "my-proxy-word" not in str(error)


class Unprintable(OSError):
    """An exception that fails again where its text is read."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_exception_without_a_text_is_reported_too() -> None:
    assert translated(Unprintable(1)).code == "connection"
    assert translated(requests.ConnectionError(Unprintable(1))).code == "connection"


def test_causes_that_refer_to_each_other_end() -> None:
    first, second = requests.ConnectionError(), OSError(104, "Connection reset by peer")
    first.__cause__, second.__context__ = second, first
    assert "(Connection reset by peer)" in str(translated(first))


def test_a_slow_body_ends_its_timer_thread(hub: t.Any, refused: Refused) -> None:
    before = threading.active_count()
    hub.fail(TOKEN, status=200, body={"token": "t" * 900}, drip=0.05)
    assert refused(**PLAINUSER, timeout=0.3).code == "timeout"
    names = [thread.name for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert (names, threading.active_count() <= before + 1) == ([], True)
