# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limit and its headers."""

from __future__ import annotations

import time

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client


def test_a_request_beyond_the_limit_is_refused(client: Client) -> None:
    client.hub.rate_limit = 2
    replies = [client.token("mybot", hub_emulator.MYBOT_PAT) for _dummy in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["1", "0", "0"]
    assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"2"}
    again = int(replies[2].headers["X-Retry-After"])
    assert replies[2].headers["X-RateLimit-Reset"] == str(again)
    assert 55 < again - time.time() <= 61
    for seconds in (61, -86400):
        client.hub.clock_offset += seconds
        assert [client.token("mybot", hub_emulator.MYBOT_PAT).status for _dummy in range(2)] == [200, 200]


@pytest.mark.parametrize(("kind", "expected"), [("retry-after time", 1_800_000_060), ("retry-after seconds", 60)])
def test_retry_after_can_be_a_time_or_seconds(client: Client, kind: str, expected: int) -> None:
    client.hub.now = lambda: 1_800_000_000.0
    client.hub.rate_limit, client.hub.retry_after = 0, kind
    reply = client("GET", "/v2/access-tokens")
    assert (reply.status, reply.json) == (429, {"detail": "Rate limit exceeded", "error": False})
    assert (reply.headers["Retry-After"], reply.headers["X-Retry-After"]) == (str(expected), None)
