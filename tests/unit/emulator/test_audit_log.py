# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log in the emulator."""

from __future__ import annotations

import time
import typing as t
import urllib.parse

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client

LOG = "/v2/auditlogs/myorg"
EVENTS = [
    {"action": "repo.tag.push", "name": "myorg/app", "age": 7200},
    {"action": "repo.tag.push", "name": "myorg/web", "actor": "orgmember", "age": 60},
    {"action": "team.create", "age": 3600},
]


def names(client: Client, **query: t.Any) -> list[str]:
    reply = client("GET", f"{LOG}?{urllib.parse.urlencode(query)}", bearer=client.oat())
    return [event["name"] for event in reply.json["logs"]]


def stamp(age: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))


def test_events_are_filtered_and_newest_first(client: Client) -> None:
    client.seed("events", account="myorg", events=EVENTS)
    assert names(client) == ["myorg/web", "myorg", "myorg/app"]
    assert names(client, action="repo.tag.push", actor="mybot") == ["myorg/app"]
    assert names(client, name="myorg/web") == ["myorg/web"]
    assert names(client, **{"from": stamp(4000)}) == ["myorg/web", "myorg"]
    assert names(client, to=stamp(4000)) == ["myorg/app"]
    assert names(client, page=2, page_size=2) == ["myorg/app"]


@pytest.mark.parametrize("status", [200, 404])
def test_the_page_after_the_last_one(client: Client, status: int) -> None:
    client.hub.audit_end_status = status
    client.seed("events", account="myorg", events=EVENTS)
    reply = client("GET", f"{LOG}?page=2", bearer=client.owner())
    assert reply.status == status
    assert reply.json.get("logs", []) == []


def test_actions_are_listed_in_groups(client: Client) -> None:
    groups = client("GET", f"{LOG}/actions", bearer=client.oat()).json["actions"]
    assert "tag.push" in [action["name"] for action in groups["repo"]["actions"]]


def test_who_may_read_the_audit_log(client: Client) -> None:
    member = client.bearer("orgmember", "orgmember-password-1")
    for path, bearer, status in (
        (LOG, client.bearer(), 403),
        (LOG, member, 403),
        (LOG, client.owner(), 200),
        ("/v2/auditlogs/mybot", client.owner(), 200),
        ("/v2/auditlogs/plainuser", client.owner(), 403),
    ):
        assert client("GET", path, bearer=bearer).status == status


def test_a_wrong_query_is_refused(client: Client) -> None:
    for query in ("?page=0", "?page=x", "?from=yesterday"):
        assert client("GET", f"{LOG}{query}", bearer=client.oat()).status == 400
