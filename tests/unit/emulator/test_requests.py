# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests are routed, counted and remembered."""

from __future__ import annotations

import email.utils
import http.client
import json
import pathlib
import socket
import ssl
import threading
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import REPOSITORIES, TOKEN, Client, ask, claims


def test_paths_may_end_with_a_slash(client: Client) -> None:
    assert client("POST", f"{TOKEN}/", {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}).status == 200
    assert client.hub.count(TOKEN) == client.hub.count(f"{TOKEN}/") == 1
    refused = client("GET", TOKEN)
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert client("DELETE", REPOSITORIES).status == 405
    assert client("GET", "/v2/elsewhere").status == 404


def test_the_date_header_uses_the_emulators_clock(client: Client) -> None:
    client.hub.clock_offset = -600.0
    reply = client.token("mybot", hub_emulator.MYBOT_PAT)
    answered = email.utils.parsedate_to_datetime(reply.headers["Date"]).timestamp()
    assert answered == pytest.approx(time.time() - 600, abs=3)
    assert claims(reply.json["access_token"])["iat"] == pytest.approx(time.time() - 600, abs=3)
    assert client.hub.now() == pytest.approx(time.time() - 600, abs=3)


def test_connections_are_kept_and_requests_counted(hub: t.Any) -> None:
    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=5)
        for _dummy in range(25):
            connection.request("POST", TOKEN, json.dumps({"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}))
            connection.getresponse().read()
            assert connection.sock is not None
        connection.close()

    threads = [threading.Thread(target=work) for _dummy in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hub.count() == hub.logins() == hub.tokens_issued() == hub.count(TOKEN, account="mybot") == 100


def test_requests_are_remembered(client: Client) -> None:
    bearer = client.bearer()
    client("GET", REPOSITORIES, bearer=bearer)
    first, second = client.hub.requests
    assert (first.method, first.path, first.account, first.status) == ("POST", TOKEN, "mybot", 200)
    assert first.body == {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
    assert (second.account, second.body, second.headers["Authorization"]) == ("mybot", None, f"Bearer {bearer}")
    assert second.at >= first.at


def test_a_reset_keeps_only_the_bearers(client: Client) -> None:
    bearer = client.bearer()
    client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer)
    client.hub.fail()
    client.hub.reset()
    assert client.hub.count() == client.hub.tokens_issued() == 0
    assert client("GET", REPOSITORIES, bearer=bearer).json["count"] == 0


def test_tls_survives_plain_http(tmp_path: pathlib.Path) -> None:
    trustme = pytest.importorskip("trustme")

    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(cert))
    issued.private_key_pem.write_to_path(str(key))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with hub_emulator.HubEmulator(tls=(str(cert), str(key))) as hub:
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(hub.url, "GET", "/v2/plain")
        connection = http.client.HTTPSConnection("127.0.0.1", hub.port, timeout=5, context=context)
        connection.request("POST", TOKEN, json.dumps({"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}))
        assert connection.getresponse().status == 200
        connection.close()
        assert hub.url.startswith("https://")
        assert hub.count() == 1


def test_a_client_that_leaves_is_no_error(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    client.hub.fail(TOKEN, times=None, status=200, body=b"x" * 65536, repeat=100, delay=0.1)
    for _dummy in range(3):
        with pytest.raises(OSError, match="timed out"):
            ask(client.hub.url, "POST", TOKEN, {}, timeout=0.05)
    time.sleep(0.3)
    client.hub.heal()
    with socket.create_connection(("127.0.0.1", client.hub.port), timeout=5) as babbling:
        babbling.sendall(b"\x16\x03\x01 no http\r\n\r\n")
        assert babbling.recv(1)
    assert client.token("mybot", hub_emulator.MYBOT_PAT).status == 200
    assert capfd.readouterr().err == ""


def test_stopping_closes_all_connections() -> None:
    with hub_emulator.HubEmulator() as hub:
        kept = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=5)
        kept.request("GET", "/v2/elsewhere")
        kept.getresponse().read()
        hub.fail("*", delay=60)
        slow = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=5)
        slow.request("GET", "/v2/elsewhere")
        while hub.count() < 2:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    for connection in (kept, slow):
        assert connection.sock.recv(1) == b""
        connection.close()


def test_an_encoded_slash_is_part_of_a_name(client: Client) -> None:
    path = "/v2/repositories/myorg/app%2Ftags"
    reply = client("GET", f"{path}/", bearer=client.owner())
    assert reply.json == {"message": "object not found", "errinfo": {}}
    assert (client.hub.requests[-1].path, client.hub.requests[-1].raw_path) == ("/v2/repositories/myorg/app/tags", path)
    client.seed("repositories", namespace="myorg", repositories=[{"name": "app/tags"}])
    assert client("GET", path, bearer=client.owner()).json["name"] == "app/tags"
