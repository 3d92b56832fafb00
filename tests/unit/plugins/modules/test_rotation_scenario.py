# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator runs the same task every few days for a year: a token of 90 days, with 14 days' notice."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.token_tasks import DAY, Operator

ROTATING = {"rotate": "due", "expires_in": "90d", "rotate_before": "14d"}


class Year:
    """The playbook, its store, and a consumer that logs in with what is stored."""

    def __init__(self, hub: t.Any, kind: str) -> None:
        self.hub = hub
        self.operator = Operator(hub, kind, **ROTATING)
        self.stored = {"id": "", "token": ""}
        self.rotations = 0

    def play(self) -> dict[str, t.Any]:
        result = self.operator.run(held_id=self.stored["id"])
        if result["token"]:
            self.stored = {"id": result["id"], "token": result["token"]}
            self.operator.run(held_id=self.stored["id"], confirm=True)
            self.rotations += 1
        return result

    def pass_days(self, days: float) -> None:
        self.hub.clock_offset += days * DAY

    def consumer_logs_in(self) -> bool:
        return self.operator.logs_in(self.stored["token"])


@pytest.fixture(params=["pat", "oat"])
def year(hub: t.Any, request: pytest.FixtureRequest) -> Year:
    return Year(hub, request.param)


def test_the_consumer_can_log_in_all_year(year: Year) -> None:
    labels = set()
    for _week in range(40):
        year.play()
        assert year.consumer_logs_in()
        labels |= {tuple(year.operator.labels())}
        year.pass_days(7)
        assert year.consumer_logs_in()
    assert year.rotations == 1 + 3
    assert labels == {("ci",), ("ci", "ci"), ("-ci (retired)", "ci")}


def test_a_consumer_that_reads_late_has_the_overlap(year: Year) -> None:
    year.play()
    late = year.stored["token"]
    year.pass_days(77)
    year.play()
    year.pass_days(6.9)
    year.play()
    assert year.operator.logs_in(late)
    year.pass_days(0.2)
    year.play()
    assert not year.operator.logs_in(late)


def noticed(year: Year) -> str:
    """Return the warnings of a run in check mode."""
    year.operator.check(held_id=year.stored["id"])
    return " ".join(year.operator.warnings)


def test_runs_that_come_too_late_still_recover(year: Year) -> None:
    year.play()
    year.pass_days(200)
    assert not year.consumer_logs_in()
    assert "expired at" in noticed(year)
    assert year.play()["reason"] == "the token is expired"
    assert year.consumer_logs_in()


def test_a_token_deactivated_by_hand_stays_so_and_is_reported(year: Year) -> None:
    year.play()
    deactivated = year.operator.token(year.stored["id"])
    deactivated.is_active = False
    result = year.operator.run(held_id=year.stored["id"], rotate="never")
    assert (result["changed"], result["state"], result["id"]) == (False, "deactivated", deactivated.uuid)
    assert "was deactivated, and stays so" in year.operator.warnings[0]
    for _month in range(8):
        year.play()
        assert year.consumer_logs_in()
        year.pass_days(30)
    assert year.operator.token(deactivated.uuid) is deactivated
    assert deactivated.is_active is False
    assert deactivated.label == "ci"
