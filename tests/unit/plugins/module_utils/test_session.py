# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session: certificates, proxies, redirects, and the variables of the environment that count."""

from __future__ import annotations

import base64
import contextlib
import datetime
import importlib.util
import pathlib
import re
import socket
import socketserver
import threading
import time
import typing as t
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment

import hub_emulator
import pytest
import trustme
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import AUTH_TOKEN, HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._session import HubSession, kept_session
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import PLAINUSER, TOKEN, leaked

TIMEOUT = 0.5


def options_for(hub_url: str, **given: t.Any) -> Options:
    return normalize_options({"hub_url": hub_url, "timeout": 5.0, "retries": 0, **PLAINUSER, **given})


def log_in(hub_url: str, **given: t.Any) -> str:
    return str(fetch_token(options_for(hub_url, **given))["username"])


def refused(hub_url: str, **given: t.Any) -> HubError:
    with pytest.raises(HubError) as caught:
        fetch_token(options_for(hub_url, **given))
    assert str(caught.value).isprintable()
    assert caught.value.hint
    assert leaked({**PLAINUSER, **given}, str(caught.value)) == []
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
        """Return the files with the certificate and the key of a server."""
        issued = self.ca.issue_cert(host, **about)
        number = len(list(self.folder.iterdir()))
        certificate, key = self.folder / f"{number}.crt", self.folder / f"{number}.key"
        for part in issued.cert_chain_pems:
            part.write_to_path(certificate, append=True)
        issued.private_key_pem.write_to_path(key)
        return str(certificate), str(key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "own")


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other_authority"), "other")


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
        ({"host": "hub.docker.com"}, "(mismatch|doesn't match).*the certificate is for another name"),
        ({"not_after": datetime.datetime(2020, 1, 1)}, "certificate has expired.*check the clock of this machine; if"),
    ],
)
@pytest.mark.parametrize("given_by", ["ca_path", "SSL_CERT_FILE"])
def test_a_bad_certificate_is_named(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, about: dict[str, t.Any], why: str, given_by: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.path if given_by == "SSL_CERT_FILE" else "")
    with hub_emulator.HubEmulator(tls=authority.files(**about)) as running:
        error = refused(running.url, **({"ca_path": authority.path} if given_by == "ca_path" else {}))
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
        ({"SSL_CERT_FILE": "own"}, {}, True),  # ansible.builtin.uri trusts the system too
        ({"SSL_CERT_FILE": "other"}, {}, False),
        ({}, {"ca_path": "own"}, True),
        ({"SSL_CERT_FILE": "own"}, {"ca_path": "other"}, False),
        ({"REQUESTS_CA_BUNDLE": "own"}, {}, True),
        ({"REQUESTS_CA_BUNDLE": "other"}, {}, False),
        ({"REQUESTS_CA_BUNDLE": "other"}, {"ca_path": "own"}, True),
        ({"REQUESTS_CA_BUNDLE": "own"}, {"ca_path": "other"}, False),
        ({"REQUESTS_CA_BUNDLE": "nothing"}, {"ca_path": "own"}, True),
        ({"CURL_CA_BUNDLE": "own"}, {}, True),
        ({"CURL_CA_BUNDLE": "other"}, {}, False),
        ({"REQUESTS_CA_BUNDLE": "own", "CURL_CA_BUNDLE": "nothing"}, {}, True),
        ({"REQUESTS_CA_BUNDLE": "other", "CURL_CA_BUNDLE": "own"}, {}, False),
        ({"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "own"}, {}, True),
        ({"CURL_CA_BUNDLE": "other"}, {"ca_path": "own"}, True),
        ({"CURL_CA_BUNDLE": "nothing"}, {"validate_certs": False}, True),
        ({}, {"validate_certs": False}, True),
        ({"REQUESTS_CA_BUNDLE": "other"}, {"validate_certs": False}, True),
        ({"REQUESTS_CA_BUNDLE": "nothing"}, {"validate_certs": False, "ca_path": "nothing"}, True),
    ],
)
def test_the_trusted_certificates_follow_the_options(
    tls_hub: t.Any,
    authority: Authority,
    other_authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    given: dict[str, t.Any],
    trusted: bool,
) -> None:
    paths = {"own": authority.path, "other": other_authority.path, "nothing": "/nowhere/ca.pem", "": ""}
    for name, value in environment.items():
        monkeypatch.setenv(name, paths[value])
    given = {name: paths.get(value, value) for name, value in given.items()}
    if trusted:
        assert log_in(tls_hub.url, **given) == "plainuser"
    else:
        assert refused(tls_hub.url, **given).code == "tls"
        assert tls_hub.count() == 0


@pytest.mark.parametrize("source", ["ca_path", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "does not exist where the login runs"),
        ("", "contains no certificate in PEM form"),
        ("no certificate", "contains no certificate in PEM form"),
        ({}, "contains no hashed names"),
        ({"ca.pem": "own"}, "contains no hashed names"),
    ],
    ids=["missing file", "empty file", "text", "empty folder", "folder without hashes"],
)
def test_useless_certificates_are_refused_before_sending(
    tls_hub: t.Any,
    authority: Authority,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    content: t.Any,
    words: str,
    source: str,
) -> None:
    path = tmp_path / "own" / "ca"
    path.parent.mkdir()
    if isinstance(content, dict):
        path.mkdir()
        for name in content:
            (path / name).write_bytes(pathlib.Path(authority.path).read_bytes())
    elif content is not None:
        path.write_text(content)
    if source != "ca_path":
        monkeypatch.setenv(source, str(path))
    error = refused(tls_hub.url, **({"ca_path": str(path)} if source == "ca_path" else {}))
    assert error.code == "invalid_options"
    assert f"{path} " in str(error)
    assert words in str(error)
    assert source in str(error.hint)
    assert tls_hub.count() == 0


@pytest.mark.parametrize("bundle", [None, "ca_path"])
def test_a_key_log_that_cannot_be_written_is_reported(
    tls_hub: t.Any, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, bundle: str | None
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no/such/folder/keys"))
    error = refused(tls_hub.url, **({bundle: authority.path} if bundle else {}))
    assert "SSLKEYLOGFILE" in str(error.hint)
    assert tls_hub.count() == 0


@pytest.mark.parametrize("content", ["-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n", "{own}{cut}"])
def test_a_damaged_certificate_is_named(
    tls_hub: t.Any, authority: Authority, tmp_path: pathlib.Path, content: str
) -> None:
    own = pathlib.Path(authority.path).read_text()
    (tmp_path / "ca.pem").write_text(content.format(own=own, cut=own[:200]))
    error = refused(tls_hub.url, ca_path=str(tmp_path / "ca.pem"))
    assert (error.code, tls_hub.count()) == ("tls", 0)
    assert "([x509] pem lib); the CA file contains a damaged certificate: correct ca_path" in str(error)


def test_a_file_that_cannot_be_read_is_refused(
    tls_hub: t.Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_args: t.Any, **_options: t.Any) -> t.NoReturn:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", deny)
        with pytest.raises(HubError, match=r"cannot be read \(Permission denied\); correct ca_path") as caught:
            HubSession(options_for(tls_hub.url, ca_path=authority.path))
    assert caught.value.code == "invalid_options"


def test_a_folder_with_hashed_names_is_used(tls_hub: t.Any, authority: Authority, tmp_path: pathlib.Path) -> None:
    (tmp_path / "0123abcd.0").write_bytes(pathlib.Path(authority.path).read_bytes())
    error = refused(tls_hub.url, ca_path=str(tmp_path))  # a wrong hash, so OpenSSL finds nothing
    assert (error.code, "unable to get local issuer" in str(error)) == ("tls", True)


def test_a_folder_of_broken_links_is_refused(tls_hub: t.Any, tmp_path: pathlib.Path) -> None:
    (tmp_path / "0123abcd.0").symlink_to("/nowhere/ca.pem")
    assert "contains no hashed names that can be read" in str(refused(tls_hub.url, ca_path=str(tmp_path)))


def test_a_folder_that_cannot_be_read_is_refused(
    tls_hub: t.Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(_path: str) -> t.NoReturn:
        raise PermissionError

    monkeypatch.setattr("os.listdir", deny)
    assert "contains no hashed names that can be read" in str(refused(tls_hub.url, ca_path=str(tmp_path)))


# Time


@contextlib.contextmanager
def server(handle: t.Callable[[socket.socket], None]) -> t.Iterator[int]:
    """Run a server on the loopback interface that handles each connection in a thread; return its port."""

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
    """Carry bytes both ways until both have ended."""
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
def test_a_silent_server_does_not_hang_a_login(scheme: str) -> None:
    start = time.monotonic()
    with server(lambda connection: time.sleep(30 * TIMEOUT)) as port:
        assert refused(f"{scheme}://127.0.0.1:{port}", timeout=TIMEOUT).code == "timeout"
    assert time.monotonic() - start < 3 * TIMEOUT + 2


def test_each_slow_step_has_its_own_timeout(tls_hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    timeout = 8.0  # half of it must be enough for a busy machine; the three steps together exceed it
    connect, late = socket.socket.connect, 0.5 * timeout

    def connect_late(self: socket.socket, address: t.Any) -> None:
        time.sleep(late)
        connect(self, address)

    def shake_hands_late(connection: socket.socket) -> None:
        time.sleep(late)
        with socket.socket() as hub:
            connect(hub, ("127.0.0.1", tls_hub.port))
            pump(connection, hub)

    with server(shake_hands_late) as port:
        monkeypatch.setattr(socket.socket, "connect", connect_late)
        tls_hub.fail(TOKEN, status=None, delay=late)
        given: dict[str, t.Any] = {"validate_certs": False, "timeout": timeout}
        assert log_in(f"https://127.0.0.1:{port}", **given) == "plainuser"


def test_a_slow_body_over_tls_does_not_hang_a_login(tls_hub: t.Any, authority: Authority) -> None:
    tls_hub.fail(TOKEN, status=200, body={"access_token": "t" * 900}, drip=0.05)
    start = time.monotonic()
    assert refused(tls_hub.url, timeout=TIMEOUT, ca_path=authority.path).code == "timeout"
    assert time.monotonic() - start < 3 * TIMEOUT + 2


def test_a_connection_lost_in_its_handshake_is_tried_again() -> None:
    seen: list[socket.socket] = []

    def hang_up(connection: socket.socket) -> None:
        connection.recv(4096)
        seen.append(connection)

    with server(hang_up) as port:
        assert refused(f"https://127.0.0.1:{port}", retries=1).code == "connection"
    assert len(seen) == 2


# Variables of the environment and headers


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


def test_the_headers_of_a_login(hub: t.Any) -> None:
    log_in(hub.url)
    log_in(hub.url, user_agent="me/1")
    first, second = hub.requests
    assert first.headers["User-Agent"].startswith("hubops.dockerhub/1")
    assert second.headers["User-Agent"] == "me/1"
    assert (first.headers["Accept"], first.headers["Accept-Encoding"]) == ("application/json", "identity")
    assert first.body == PLAINUSER
    assert {"Authorization", "Cookie", "Proxy-Authorization"} & set(first.headers) == set()


def test_a_header_that_cannot_be_sent_is_refused(hub: t.Any) -> None:
    assert refused(hub.url, user_agent=" me", retries=3).code == "invalid_options"
    assert hub.count() == 0


@pytest.mark.parametrize("domain", ["", "; Domain=127.0.0.1", "; Path=/; Max-Age=3600"])
def test_a_cookie_is_never_sent_back(hub: t.Any, domain: str) -> None:
    options = options_for(hub.url)
    hub.fail("*", None, status=None, headers={"Set-Cookie": f"token=of-plainuser{domain}"})
    with HubSession(options) as session:
        for _dummy in range(2):
            HubClient(options, session=session).log_in(AUTH_TOKEN, *PLAINUSER.values())
        assert list(session.cookies) == []
    assert [request.headers.get("Cookie") for request in hub.requests] == [None, None]


# Sessions that are kept


def test_a_session_is_kept_for_the_same_options(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    options = options_for(hub.url)
    session = kept_session(options)
    assert kept_session(options_for(hub.url, identifier="mybot", timeout=9)) is session
    for name, value in (
        ("REQUESTS_CA_BUNDLE", "/ca.pem"),
        ("CURL_CA_BUNDLE", "/ca.pem"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("NO_PROXY", "*"),
    ):
        monkeypatch.setenv(name, value)
        assert kept_session(options) is not session
        session = kept_session(options)


@pytest.mark.parametrize("name", ["user_agent", "proxy", "validate_certs", "hub_url"])
def test_another_option_makes_another_session(hub: t.Any, name: str) -> None:
    other = {"user_agent": "me/1", "proxy": "http://127.0.0.1:9", "validate_certs": False, "hub_url": "https://[::1]"}
    session = kept_session(options_for(hub.url))
    assert kept_session(normalize_options({**options_for(hub.url), name: other[name]})) is not session


def test_a_forked_process_has_its_own_session(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = kept_session(options_for(hub.url))
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert kept_session(options_for(hub.url)) is not session


def test_a_kept_session_shares_its_connection(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[t.Any] = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda *args: (connected.append(args[1]), connect(*args))[1])
    options = options_for(hub.url)
    for _dummy in range(3):
        with HubClient(options, session=kept_session(options)) as client:
            client.log_in(AUTH_TOKEN, *PLAINUSER.values())
    assert connected == [("127.0.0.1", hub.port)]
    kept_session(options).close()


# Proxies


class Proxy:
    """A proxy that records its requests, and requires a password if one is given."""

    def __init__(self, password: str = "") -> None:
        self.credential = "Basic " + base64.b64encode(f"me:{password}".encode()).decode() if password else ""
        self.requests: list[str] = []
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
        self.requests.append(f"{method} {target}")
        if self.silent:
            time.sleep(30 * TIMEOUT)
        elif self.credential and f"Proxy-Authorization: {self.credential}" not in headers:
            page = b"<html>Password of me:my-proxy-word?</html>"
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 42\r\n\r\n" + page)
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


@pytest.mark.parametrize("given_by", ["ca_path", "SSL_CERT_FILE", "validate_certs"])
@pytest.mark.parametrize("source", ["proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "without scheme"])
def test_a_proxy_tunnels_an_encrypted_login(
    tls_hub: t.Any, proxy: Proxy, authority: Authority, monkeypatch: pytest.MonkeyPatch, source: str, given_by: str
) -> None:
    given: dict[str, t.Any] = {"ca_path": {"ca_path": authority.path}, "validate_certs": {"validate_certs": False}}.get(
        given_by, {}
    )
    if given_by == "SSL_CERT_FILE":
        monkeypatch.setenv(given_by, authority.path)
    if source == "proxy":
        given["proxy"] = proxy.url
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # has no effect on the option
    elif source == "without scheme":
        given["proxy"] = f"127.0.0.1:{proxy.port}"
    else:
        monkeypatch.setenv(source, proxy.url)
    assert log_in(tls_hub.url, **given) == "plainuser"
    assert proxy.requests == [f"CONNECT 127.0.0.1:{tls_hub.port}"]


def test_a_bad_certificate_is_refused_through_a_proxy(tls_hub: t.Any, proxy: Proxy) -> None:
    assert refused(tls_hub.url, proxy=proxy.url).code == "tls"
    assert (len(proxy.requests), tls_hub.count()) == (1, 0)


def test_a_proxy_forwards_an_unencrypted_login(hub: t.Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert log_in(hub.url) == "plainuser"
    assert proxy.requests == [f"POST {hub.url}{TOKEN}"]


@pytest.mark.parametrize("where", ["127.0.0.1", "*", "example.com, 127.0.0.0/8"])
def test_no_proxy_avoids_the_proxy(hub: t.Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", where)
    assert log_in(hub.url) == "plainuser"
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("host", "no_proxy", "avoided"),
    [
        ("hub.example.com", "", False),
        ("hub.example.com", "*", True),
        ("hub.example.com", "hub.example.com", True),
        ("hub.example.com", "HUB.example.com", True),
        ("hub.example.com", "example.com", True),
        ("hub.example.com", ".example.com", True),
        ("hub.example.com", "other.com, example.com", True),
        ("hub.example.com", "hub.example.com.other.com", False),
        ("hub.example.com:8443", "hub.example.com:8443", True),
        ("hub.example.com:8443", "hub.example.com:9443", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "192.168.0.0/16", False),
        ("10.1.2.3", "10.0.0.0/99", False),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_each_rule_of_no_proxy_counts(
    monkeypatch: pytest.MonkeyPatch, name: str, host: str, no_proxy: str, avoided: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv(name, no_proxy)
    proxies = HubSession(options_for(f"https://{host}")).proxies
    assert proxies == ({} if avoided else {"https": "http://proxy.example.com:3128"})


@pytest.mark.parametrize(
    "environment", [{}, {"NO_PROXY": "example.com"}, {"HTTP_PROXY": "http://127.0.0.1:9"}], ids=str
)
def test_the_operating_system_is_never_asked_for_proxies(
    hub: t.Any, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    def kill_worker(*_args: t.Any) -> t.NoReturn:
        raise AssertionError("asked the operating system, which kills a forked process on macOS")

    def bypass_as_on_macos(host: str) -> bool:
        return bool(proxy_bypass_environment(host)) if getproxies_environment() else kill_worker()

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for module in ("urllib.request", "requests.utils"):
        monkeypatch.setattr(f"{module}.getproxies", kill_worker)
        monkeypatch.setattr(f"{module}.proxy_bypass", bypass_as_on_macos)
    if "HTTP_PROXY" in environment:
        assert refused(hub.url).code == "connection"
    else:
        assert log_in(hub.url) == "plainuser"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy"])
@pytest.mark.parametrize("char", ["#", "/", "?", "@"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_an_unescaped_proxy_password_is_refused_before_resolving(
    hub: t.Any, tls_hub: t.Any, monkeypatch: pytest.MonkeyPatch, name: str, char: str, scheme: str
) -> None:
    def resolve(*_args: t.Any, **_options: t.Any) -> t.NoReturn:
        raise AssertionError("a name was resolved")

    target = hub if name == "HTTP_PROXY" else tls_hub
    monkeypatch.setenv(name, f"{scheme}me:my-proxy-word{char}1@proxy.example.com:3128")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = refused(target.url)
    assert error.code == "invalid_options"
    assert "percent-encode it in proxy or HTTPS_PROXY" in str(error.hint)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY"])
def test_a_variable_for_other_proxies_is_not_read(
    hub: t.Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://me:my-proxy-word#1@proxy.example.com:3128")
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert log_in(hub.url) == "plainuser"
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("source", ["proxy", "environment"])
def test_a_proxy_may_require_a_password(
    hub: t.Any, tls_hub: t.Any, monkeypatch: pytest.MonkeyPatch, scheme: str, source: str
) -> None:
    with Proxy(password="p@ss my-proxy-word") as proxy:

        def use(url: str) -> dict[str, t.Any]:
            monkeypatch.setenv(f"{scheme}_proxy".upper(), url if source == "environment" else "")
            return {"validate_certs": False, "retries": 3, **({"proxy": url} if source == "proxy" else {})}

        target = {"http": hub, "https": tls_hub}[scheme]
        error = refused(target.url, **use(with_password(proxy.url)))
        assert error.code == "connection"
        assert "407" in str(error)
        assert "give the user name and password of the proxy" in str(error)
        assert (len(proxy.requests), target.count()) == (1, 0)

        assert log_in(target.url, **use(with_password(proxy.url, "p%40ss%20my-proxy-word"))) == "plainuser"
        assert "Proxy-Authorization" not in target.requests[0].headers


def test_a_missing_proxy_is_named(tls_hub: t.Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there
        error = refused(tls_hub.url, proxy=with_password(f"http://127.0.0.1:{taken.getsockname()[1]}"), retries=1)
    assert error.code == "connection"
    assert "did not get through the proxy (Connection refused)" in str(error)


def test_a_silent_proxy_does_not_hang_a_login(tls_hub: t.Any, proxy: Proxy) -> None:
    proxy.silent = True
    start = time.monotonic()
    assert refused(tls_hub.url, proxy=with_password(proxy.url), timeout=TIMEOUT, retries=3).code == "timeout"
    assert time.monotonic() - start < 3 * TIMEOUT + 2
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("source", ["proxy", "HTTPS_PROXY", "HTTP_PROXY"])
@pytest.mark.parametrize(
    "url",
    [
        "http://me:my-proxy-word@[bad",
        "http://me:my-proxy-word@proxy:port",
        "http://me:my-proxy-word@",
        "http://me:my-proxy-word@pro xy:3128",
        "gopher://me:my-proxy-word@127.0.0.1:70",
        "socks5h://me:my-proxy-word@127.0.0.1:9",
    ],
)
def test_a_proxy_that_cannot_be_used_sends_nothing(
    hub: t.Any, tls_hub: t.Any, monkeypatch: pytest.MonkeyPatch, source: str, url: str
) -> None:
    target = hub if source == "HTTP_PROXY" else tls_hub
    if source != "proxy":
        monkeypatch.setenv(source, url)
    error = refused(target.url, **({"proxy": url} if source == "proxy" else {}))
    with_pysocks = url.startswith("socks") and importlib.util.find_spec("socks")
    assert error.code == ("connection" if with_pysocks else "invalid_options")
    assert "proxy" in str(error)
    assert target.count() == 0
