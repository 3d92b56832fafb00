# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand."""

from __future__ import annotations

import http.client
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import REPOSITORIES, TOKEN, Client


def test_a_fault_happens_as_often_as_set(client: Client) -> None:
    client.hub.fail(TOKEN, times=2, status=503, headers={"Retry-After": "1"}, body=b"busy")
    replies = [client.token("mybot", hub_emulator.MYBOT_PAT) for _dummy in range(3)]
    assert [reply.status for reply in replies] == [503, 503, 200]
    assert (replies[0].raw, replies[0].headers["Retry-After"]) == (b"busy", "1")
    assert client.hub.count(TOKEN, account="mybot") == 3
    assert client.hub.tokens_issued() == 1


def test_a_fault_can_last_until_it_is_healed(client: Client) -> None:
    client.hub.fail("*", times=None, status=500)
    assert {client("GET", path).status for path in (REPOSITORIES, TOKEN, "/v2/elsewhere")} == {500}
    client.hub.heal()
    assert client.token("mybot", hub_emulator.MYBOT_PAT).status == 200


@pytest.mark.parametrize("name", sorted(hub_emulator.FAULTS))
def test_a_fault_can_have_a_name(client: Client, name: str) -> None:
    client.hub.fail(TOKEN, **hub_emulator.FAULTS[name])
    reply = client.token("mybot", hub_emulator.MYBOT_PAT)
    assert reply.status == hub_emulator.FAULTS[name]["status"]
    assert ("CF-RAY" in reply.headers) == (reply.headers["Server"] == "cloudflare") == ("cloudflare" in name)


def test_a_fault_can_delay(client: Client) -> None:
    client.hub.fail(TOKEN, status=None, delay=0.2)
    started = time.monotonic()
    assert client.token("mybot", hub_emulator.MYBOT_PAT).status == 200
    assert time.monotonic() - started >= 0.2


def test_a_fault_can_reset_the_connection(client: Client) -> None:
    for status, issued in ((503, 0), (None, 1)):
        client.hub.fail(TOKEN, status=status, reset=True)
        with pytest.raises(ConnectionResetError) as caught:
            client.token("mybot", hub_emulator.MYBOT_PAT)
        assert caught.type is ConnectionResetError  # not http.client's subclass for a plain goodbye
        assert client.hub.tokens_issued() == issued
    assert [request.status for request in client.hub.requests] == [None, None]


def test_a_fault_can_truncate_the_body(client: Client) -> None:
    client.hub.fail(TOKEN, status=None, truncate=True)
    with pytest.raises(http.client.IncompleteRead):
        client.token("mybot", hub_emulator.MYBOT_PAT)


def test_a_fault_can_send_slowly(client: Client) -> None:
    client.hub.fail(TOKEN, status=200, body=b"12345", drip=0.05)
    started = time.monotonic()
    assert client.token("mybot", hub_emulator.MYBOT_PAT).raw == b"12345"
    assert time.monotonic() - started >= 0.2


def test_a_fault_can_send_a_huge_body(client: Client) -> None:
    client.hub.fail(TOKEN, status=200, body=b"x" * 65536, repeat=1600)
    connection = http.client.HTTPConnection("127.0.0.1", client.hub.port, timeout=5)
    connection.request("POST", TOKEN, b"{}")
    response = connection.getresponse()
    size = 0
    while piece := response.read(1 << 20):
        size += len(piece)
    connection.close()
    assert size == int(response.headers["Content-Length"]) == 100 * 1024 * 1024


def test_a_fault_can_send_raw_bytes(client: Client) -> None:
    client.hub.fail(TOKEN, raw=True, body=b"SSH-2.0-OpenSSH_9.6\r\n")
    with pytest.raises(http.client.BadStatusLine):
        client.token("mybot", hub_emulator.MYBOT_PAT)


def test_a_fault_can_be_a_function(client: Client) -> None:
    def odd(request: t.Any) -> t.Any:
        return (
            hub_emulator.Reply(200, {"access_token": request.body["identifier"]}) if client.hub.count() == 2 else None
        )

    client.hub.fail(TOKEN, times=None, respond=odd)
    replies = [client.token("mybot", hub_emulator.MYBOT_PAT) for _dummy in range(3)]
    assert [reply.json["access_token"] == "mybot" for reply in replies] == [False, True, False]


def test_a_fault_can_change_headers(client: Client) -> None:
    client.hub.fail(TOKEN, status=None, headers={"Date": None, "X-RateLimit-Reset": "soon"})
    reply = client.token("mybot", hub_emulator.MYBOT_PAT)
    assert (reply.status, reply.headers["Date"], reply.headers["X-RateLimit-Reset"]) == (200, None, "soon")
