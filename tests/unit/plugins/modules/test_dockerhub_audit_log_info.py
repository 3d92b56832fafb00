# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dockerhub_audit_log_info."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_audit_log_info
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.organization_tasks import OAT, PAT, Tasks

DAY = 86400


@pytest.fixture
def log(hub: t.Any) -> Tasks:
    from emulator.audit_log import add_events

    tasks = Tasks(hub, dockerhub_audit_log_info, dockerhub_audit_log_info.audit_log_info)
    hub.clock_offset = -300 * DAY  # the clock of this machine is far ahead
    events = [
        {"action": "repo.tag.push", "name": "myorg/app", "age": 10 * DAY},
        {"action": "team.create", "actor": "alice", "age": 5 * DAY},
        {"action": "repo.tag.push", "name": "myorg/web", "age": DAY},
    ]
    add_events(hub, {"account": "myorg", "events": events}, "")
    return tasks


def names(found: dict[str, t.Any]) -> list[str]:
    return [event["name"] for event in found["events"]]


def read(log: Tasks, **options: t.Any) -> t.Any:
    return log(organization=None, **{"account": "myorg", **options})


def test_all_events_are_returned_newest_first(log: Tasks) -> None:
    log.login = OAT
    found = read(log, account=None)
    assert names(found) == ["myorg/web", "myorg", "myorg/app"]
    assert (found["changed"], found["truncated"]) == (False, False)
    assert set(found["events"][0]) == {
        *("timestamp", "action", "action_description", "actor", "name", "account", "data"),
    }
    assert found["events"][0]["timestamp"].endswith("Z")


def test_events_are_filtered(log: Tasks) -> None:
    for options, found in (
        ({"action": "repo.tag.push"}, ["myorg/web", "myorg/app"]),
        ({"actor": "alice"}, ["myorg"]),
        ({"name": "myorg/app"}, ["myorg/app"]),
        ({"action": "repo.tag.push", "actor": "alice"}, []),
    ):
        assert names(read(log, **options)) == found


def test_periods_are_spans_of_docker_hubs_clock_or_times(log: Tasks) -> None:
    five_and_a_half = iso_time(log.hub.now() - 5.5 * DAY)
    for options, found in (
        ({"since": "7d"}, ["myorg/web", "myorg"]),
        ({"since": "7d", "until": "48h"}, ["myorg"]),
        ({"until": "1w"}, ["myorg/app"]),
        ({"since": five_and_a_half}, ["myorg/web", "myorg"]),
        ({"until": five_and_a_half}, ["myorg/app"]),
    ):
        assert names(read(log, **options)) == found
    assert next(request.query for request in log.sent if request.method == "GET")["to"].endswith("Z")


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(("limit", "expected", "truncated"), [(0, 353, False), (353, 353, False), (250, 250, True)])
def test_all_pages_are_read_up_to_the_limit(
    log: Tasks, status: int, limit: int, expected: int, *, truncated: bool
) -> None:
    from emulator.audit_log import add_events

    log.hub.audit_end_status = status
    events = [{"action": "repo.create", "name": f"myorg/app{number}", "age": number} for number in range(350)]
    add_events(log.hub, {"account": "myorg", "events": events}, "")
    found = read(log, limit=limit)
    assert (len(found["events"]), found["truncated"], bool(log.warnings)) == (expected, truncated, truncated)


def test_a_filter_that_is_empty_is_not_sent(log: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[t.Any] = []
    monkeypatch.setattr(HubClient, "pages", lambda _self, _target, query: iter(queries.append(query) or ()))
    read(log, action="", actor="", name="")
    assert queries == [{}]


@pytest.mark.parametrize("limit", [10**18, 10**30])
def test_any_limit_is_possible(log: Tasks, limit: int) -> None:
    assert len(read(log, limit=limit)["events"]) == 3


@pytest.mark.parametrize("since", ["36500d", "0001-01-01", "0d"])
def test_any_period_is_possible(log: Tasks, since: str) -> None:
    assert len(read(log, since=since)["events"]) == (0 if since == "0d" else 3)


@pytest.mark.parametrize("options", [{"since": "7"}, {"until": "soon"}, {"limit": -1}])
def test_wrong_options_are_refused_before_any_request(log: Tasks, options: dict[str, t.Any]) -> None:
    with pytest.raises(errors.InvalidOptions):
        read(log, **options)
    assert log.sent == []


def test_a_period_that_ends_before_it_begins_is_refused(log: Tasks) -> None:
    with pytest.raises(errors.InvalidOptions, match="since is after until"):
        read(log, since="1d", until="2d")


def test_times_with_an_offset_become_utc(log: Tasks) -> None:
    event = {"timestamp": "2027-01-31T13:00:00+01:00", "action": "team.create"}
    log.hub.fail("/v2/auditlogs/myorg", status=200, body={"logs": [event]})
    assert read(log, limit=1)["events"][0]["timestamp"] == "2027-01-31T12:00:00Z"


def test_a_personal_access_token_cannot_read_the_log(log: Tasks) -> None:
    log.login = PAT
    with pytest.raises(errors.NeedsPasswordLogin, match="scope-activity-read"):
        read(log)
