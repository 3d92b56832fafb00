# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies between: certificates, proxies, redirects, and what the environment may and may not change."""

from __future__ import annotations

import base64
import contextlib
import datetime
import pathlib
import re
import socket
import socketserver
import threading
import time
import typing as t
from urllib.parse import urlsplit

import hub_emulator
import pytest
import trustme
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import longest_login, normalize_options

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
TOTP = {"identifier": "mfauser", "secret": "mfa-password-1", "totp_secret": hub_emulator.MFAUSER_TOTP_SECRET}
TIMEOUT = 0.5


def options(hub_url: str, **given: t.Any) -> dict[str, t.Any]:
    return normalize_options({"hub_url": hub_url, "timeout": 5.0, "retries": 0, **PLAINUSER, **given})


def log_in(hub_url: str, **given: t.Any) -> str:
    return str(fetch_token(options(hub_url, **given))["username"])


def refused(hub_url: str, **given: t.Any) -> HubError:
    with pytest.raises(HubError) as caught:
        fetch_token(options(hub_url, **given))
    said = str(caught.value)
    assert said.isprintable()
    assert caught.value.hint
    assert "my-proxy-word" not in said
    return caught.value


# Certificates


class Authority:
    """A CA that the system does not know, and its file."""

    def __init__(self, folder: pathlib.Path, name: str) -> None:
        self.ca = trustme.CA()
        self.path = str(folder / f"{name}.pem")
        self.ca.cert_pem.write_to_path(self.path)
        self.folder = folder

    def files(self, host: str = "127.0.0.1", **about: t.Any) -> tuple[str, str]:
        """The certificate and key of a server."""
        issued = self.ca.issue_cert(host, **about)
        number = len(list(self.folder.iterdir()))
        certificate, key = self.folder / f"{number}.crt", self.folder / f"{number}.key"
        for part in issued.cert_chain_pems:
            part.write_to_path(certificate, append=True)
        issued.private_key_pem.write_to_path(key)
        return str(certificate), str(key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "theirs")


@pytest.fixture
def tls_hub(authority: Authority) -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator(tls=authority.files()) as running:
        yield running


def test_an_unknown_authority_is_not_trusted(tls_hub: t.Any) -> None:
    error = refused(tls_hub.url, retries=3)
    assert error.code == "tls"
    assert "certificate" in str(error)
    assert "ca_path" in str(error)
    assert tls_hub.count() == 0


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"host": "hub.docker.com"}, "mismatch|doesn't match"),
        ({"not_after": datetime.datetime(2020, 1, 1)}, "certificate has expired"),
    ],
)
@pytest.mark.parametrize("known", ["ca_path", "SSL_CERT_FILE"])
def test_a_bad_certificate_is_named(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, about: dict[str, t.Any], why: str, known: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.path if known == "SSL_CERT_FILE" else "")
    with hub_emulator.HubEmulator(tls=authority.files(**about)) as running:
        error = refused(running.url, **({"ca_path": authority.path} if known == "ca_path" else {}))
        assert (error.code, running.count()) == ("tls", 0)
        assert re.search(why, str(error))


def test_plain_http_where_tls_is_expected(hub: t.Any) -> None:
    error = refused(hub.url.replace("http:", "https:"))
    assert (error.code, hub.logins()) == ("tls", 0)
    assert "does not speak TLS: check hub_url" in str(error)
    assert "wrong version number" in str(error)


def test_tls_where_plain_http_is_expected(tls_hub: t.Any) -> None:
    assert refused(tls_hub.url.replace("https:", "http:")).code in ("connection", "bad_answer", "invalid_request")
    assert tls_hub.count() == 0


@pytest.mark.parametrize(
    ("environment", "given", "trusted"),
    [
        ({"SSL_CERT_FILE": "ours"}, {}, True),  # what the system trusts, ansible.builtin.uri trusts as well
        ({"SSL_CERT_FILE": "theirs"}, {}, False),
        ({}, {"ca_path": "ours"}, True),
        ({"SSL_CERT_FILE": "ours"}, {"ca_path": "theirs"}, False),
        ({"REQUESTS_CA_BUNDLE": "ours"}, {}, True),
        ({"REQUESTS_CA_BUNDLE": "theirs"}, {}, False),
        ({"REQUESTS_CA_BUNDLE": "theirs"}, {"ca_path": "ours"}, True),
        ({"REQUESTS_CA_BUNDLE": "ours"}, {"ca_path": "theirs"}, False),
        ({"REQUESTS_CA_BUNDLE": "nothing"}, {"ca_path": "ours"}, True),
        ({"CURL_CA_BUNDLE": "ours"}, {}, False),
        ({}, {"validate_certs": False}, True),
        ({"REQUESTS_CA_BUNDLE": "theirs"}, {"validate_certs": False}, True),
        ({"REQUESTS_CA_BUNDLE": "nothing"}, {"validate_certs": False, "ca_path": "nothing"}, True),
    ],
)
def test_who_is_trusted(
    tls_hub: t.Any,
    authority: Authority,
    stranger: Authority,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    given: dict[str, t.Any],
    trusted: bool,
) -> None:
    paths = {"ours": authority.path, "theirs": stranger.path, "nothing": "/nowhere/ca.pem"}
    for name, value in environment.items():
        monkeypatch.setenv(name, paths[value])
    given = {name: paths.get(value, value) for name, value in given.items()}
    if trusted:
        assert log_in(tls_hub.url, **given) == "plainuser"
    else:
        assert refused(tls_hub.url, **given).code == "tls"
        assert tls_hub.count() == 0


def test_a_ca_file_that_is_none_sends_nothing(tls_hub: t.Any, tmp_path: pathlib.Path) -> None:
    error = refused(tls_hub.url, ca_path="/nowhere/ca.pem")
    assert (error.code, "/nowhere/ca.pem does not exist" in str(error)) == ("invalid_options", True)
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    assert refused(tls_hub.url, ca_path=str(empty)).code == "tls"
    assert tls_hub.count() == 0


# Time


@contextlib.contextmanager
def server(handle: t.Callable[[socket.socket], None]) -> t.Iterator[int]:
    """Something on a port of the loopback interface that handles each connection in a thread of its own."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                handle(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()


def pump(client: socket.socket, hub: socket.socket) -> None:
    """Carries bytes both ways, until both have ended."""
    back = threading.Thread(target=carry, args=(hub, client))
    back.start()
    carry(client, hub)
    back.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_says_nothing_does_not_hold_a_login(scheme: str) -> None:
    start = time.monotonic()
    with server(lambda connection: time.sleep(30 * TIMEOUT)) as port:
        assert refused(f"{scheme}://127.0.0.1:{port}", timeout=TIMEOUT).code == "timeout"
    assert time.monotonic() - start < 3 * TIMEOUT + 2


def test_slow_steps_add_up(tls_hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    timeout = 2.5  # what is left of it after two slow steps must do for a busy machine
    connect, late = socket.socket.connect, 0.8 * timeout

    def connect_late(self: socket.socket, address: t.Any) -> None:
        time.sleep(late)
        connect(self, address)

    def shake_hands_late(connection: socket.socket) -> None:
        time.sleep(late)
        with socket.socket() as hub:
            connect(hub, ("127.0.0.1", tls_hub.port))
            pump(connection, hub)

    with server(shake_hands_late) as port:
        given: dict[str, t.Any] = {"validate_certs": False, "timeout": timeout}
        monkeypatch.setattr(socket.socket, "connect", connect_late)
        assert log_in(f"https://127.0.0.1:{port}", **given) == "plainuser"
        tls_hub.fail(TOKEN, status=None, delay=late)
        assert refused(f"https://127.0.0.1:{port}", **given).code == "timeout"


def test_a_body_that_drips_does_not_hold_a_login_over_tls_either(tls_hub: t.Any, authority: Authority) -> None:
    tls_hub.fail(TOKEN, status=200, body={"access_token": "t" * 900}, drip=0.05)
    start = time.monotonic()
    assert refused(tls_hub.url, timeout=TIMEOUT, ca_path=authority.path).code == "timeout"
    assert time.monotonic() - start < 3 * TIMEOUT + 2


@pytest.mark.parametrize("given", [PLAINUSER, TOTP], ids=["access token", "second factor"])
def test_the_longest_login_bounds_a_server_that_is_as_slow_as_it_may_be(hub: t.Any, given: dict[str, str]) -> None:
    late = {"delay": 0.8 * TIMEOUT}
    hub.fail(LOGIN, None, status=None, **late)
    hub.fail(SECOND_FACTOR, 1, status=401, body={"detail": "no"}, **late)
    hub.fail("*", 1, status=503, body=b"x" * 20, drip=0.03, **late)
    hub.fail("*", None, status=200, body=b"x" * 900, drip=0.03, **late)
    hub.clock_offset = 28 - hub.now() % 30
    slow = options(hub.url, **given, timeout=TIMEOUT, retries=1, max_wait=3)
    start = time.monotonic()
    with pytest.raises(HubError):
        fetch_token(slow)
    # Without the longest pauses, of which one retry takes the shortest.
    assert time.monotonic() - start < longest_login(slow) - 7


def test_a_connection_that_ends_in_its_handshake_is_tried_again() -> None:
    seen: list[socket.socket] = []

    def hang_up(connection: socket.socket) -> None:
        connection.recv(4096)
        seen.append(connection)

    with server(hang_up) as port:
        assert refused(f"https://127.0.0.1:{port}", retries=1).code == "connection"
    assert len(seen) == 2


def test_nobody_there_is_named_as_such() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        error = refused(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert error.code == "connection"
    assert "(Connection refused)" in str(error)


# What the environment may and may not change


@pytest.mark.parametrize("where", ["HOME", "NETRC"])
def test_netrc_is_not_used(hub: t.Any, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, where: str) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password my-proxy-word\n")
    netrc.chmod(0o600)
    monkeypatch.setenv(where, str(netrc if where == "NETRC" else tmp_path))
    assert log_in(hub.url) == "plainuser"
    assert "Authorization" not in hub.requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(hub: t.Any, status: int) -> None:
    with hub_emulator.HubEmulator() as elsewhere:
        hub.fail(TOKEN, None, status=status, headers={"Location": elsewhere.url + TOKEN})
        error = refused(hub.url, retries=3)
        assert (error.code, error.http_status) == ("bad_answer", status)
        assert "a redirect, which is not followed" in str(error)
        assert (hub.count(), elsewhere.count()) == (1, 0)


def test_what_is_sent(hub: t.Any) -> None:
    log_in(hub.url)
    log_in(hub.url, user_agent="me/1")
    first, second = hub.requests
    assert first.headers["User-Agent"].startswith("hubops.dockerhub/1")
    assert second.headers["User-Agent"] == "me/1"
    assert (first.headers["Accept"], first.headers["Accept-Encoding"]) == ("application/json", "identity")
    assert first.body == PLAINUSER
    assert {"Authorization", "Cookie", "Proxy-Authorization"} & set(first.headers) == set()


def test_a_header_that_cannot_be_sent_is_an_option_that_cannot_be_used(hub: t.Any) -> None:
    assert refused(hub.url, user_agent=" me", retries=3).code == "invalid_options"
    assert hub.count() == 0


# Proxies


class Proxy:
    """A proxy that wants a password, or not, and remembers what it was asked."""

    def __init__(self, password: str = "") -> None:
        self.wanted = "Basic " + base64.b64encode(f"me:{password}".encode()).decode() if password else ""
        self.asked: list[str] = []
        self.silent = False

    def __enter__(self) -> Proxy:
        self._server = server(self.handle)
        self.port = self._server.__enter__()
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *about: t.Any) -> None:
        self._server.__exit__(*about)

    def handle(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        line, *headers = head.decode("latin-1").split("\r\n")
        method, target, _version = line.split()
        self.asked.append(f"{method} {target}")
        if self.silent:
            time.sleep(30 * TIMEOUT)
        elif self.wanted and f"Proxy-Authorization: {self.wanted}" not in headers:
            page = b"<html>Who is me:my-proxy-word?</html>"
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 37\r\n\r\n" + page)
        elif method == "CONNECT":
            host, port = target.split(":")
            with socket.create_connection((host, int(port)), 5) as hub:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                pump(connection, hub)
        else:
            url = urlsplit(target)
            with socket.create_connection((url.hostname, url.port), 5) as hub:
                kept = [header for header in headers if not header.startswith("Proxy-")]
                hub.sendall("\r\n".join([f"{method} {url.path} HTTP/1.1", *kept]).encode())
                pump(connection, hub)


@pytest.fixture
def proxy() -> t.Iterator[Proxy]:
    with Proxy() as running:
        yield running


def with_password(url: str, password: str = "my-proxy-word") -> str:
    return url.replace("://", f"://me:{password}@")


@pytest.mark.parametrize("known", ["ca_path", "SSL_CERT_FILE", "validate_certs"])
@pytest.mark.parametrize("how", ["proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "without scheme"])
def test_a_proxy_carries_what_it_cannot_read(
    tls_hub: t.Any, proxy: Proxy, authority: Authority, monkeypatch: pytest.MonkeyPatch, how: str, known: str
) -> None:
    given: dict[str, t.Any] = {"ca_path": {"ca_path": authority.path}, "validate_certs": {"validate_certs": False}}.get(
        known, {}
    )
    if known == "SSL_CERT_FILE":
        monkeypatch.setenv(known, authority.path)
    if how == "proxy":
        given["proxy"] = proxy.url
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # concerns what the environment names
    elif how == "without scheme":
        given["proxy"] = f"127.0.0.1:{proxy.port}"
    else:
        monkeypatch.setenv(how, proxy.url)
    assert log_in(tls_hub.url, **given) == "plainuser"
    assert proxy.asked == [f"CONNECT 127.0.0.1:{tls_hub.port}"]


def test_a_proxy_hides_no_bad_certificate(tls_hub: t.Any, proxy: Proxy) -> None:
    assert refused(tls_hub.url, proxy=proxy.url).code == "tls"
    assert (len(proxy.asked), tls_hub.count()) == (1, 0)


def test_plain_http_goes_through_a_proxy_as_well(hub: t.Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert log_in(hub.url) == "plainuser"
    assert proxy.asked == [f"POST {hub.url}{TOKEN}"]


@pytest.mark.parametrize("where", ["127.0.0.1", "*", "example.com, 127.0.0.0/8"])
def test_no_proxy_means_none(hub: t.Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", where)
    assert log_in(hub.url) == "plainuser"
    assert proxy.asked == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("how", ["proxy", "environment"])
def test_a_proxy_may_want_a_password(
    hub: t.Any, tls_hub: t.Any, monkeypatch: pytest.MonkeyPatch, scheme: str, how: str
) -> None:
    with Proxy(password="p@ss my-proxy-word") as proxy:

        def use(url: str) -> dict[str, t.Any]:
            monkeypatch.setenv(f"{scheme}_proxy".upper(), url if how == "environment" else "")
            return {"validate_certs": False, "retries": 3, **({"proxy": url} if how == "proxy" else {})}

        target = {"http": hub, "https": tls_hub}[scheme]
        error = refused(target.url, **use(with_password(proxy.url)))
        assert error.code == "connection"
        assert "407" in str(error)
        assert "give the proxy its user name and password" in str(error)
        assert (len(proxy.asked), target.count()) == (1, 0)

        assert log_in(target.url, **use(with_password(proxy.url, "p%40ss%20my-proxy-word"))) == "plainuser"
        assert "Proxy-Authorization" not in target.requests[0].headers


def test_a_proxy_that_is_not_there_is_named(tls_hub: t.Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        error = refused(tls_hub.url, proxy=with_password(f"http://127.0.0.1:{taken.getsockname()[1]}"), retries=1)
    assert error.code == "connection"
    assert "did not get through the proxy (Connection refused)" in str(error)


def test_a_proxy_that_says_nothing_does_not_hold_a_login(tls_hub: t.Any, proxy: Proxy) -> None:
    proxy.silent = True
    start = time.monotonic()
    assert refused(tls_hub.url, proxy=with_password(proxy.url), timeout=TIMEOUT, retries=3).code == "timeout"
    assert time.monotonic() - start < 3 * TIMEOUT + 2
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("how", ["proxy", "HTTPS_PROXY", "HTTP_PROXY"])
@pytest.mark.parametrize(
    "url",
    [
        "http://me:my-proxy-word@[bad",
        "http://me:my-proxy-word@proxy:port",
        "http://me:my-proxy-word@",
        "http://me:my-proxy-word@pro xy:3128",
        "gopher://me:my-proxy-word@127.0.0.1:70",
        "socks5h://me:my-proxy-word@127.0.0.1:9",  # without PySocks
    ],
)
def test_a_proxy_that_is_no_url_sends_nothing(
    hub: t.Any, tls_hub: t.Any, monkeypatch: pytest.MonkeyPatch, how: str, url: str
) -> None:
    target = hub if how == "HTTP_PROXY" else tls_hub
    if how != "proxy":
        monkeypatch.setenv(how, url)
    error = refused(target.url, **({"proxy": url} if how == "proxy" else {}))
    assert error.code in ("invalid_options", "connection")
    assert "proxy" in str(error)
    assert target.count() == 0
