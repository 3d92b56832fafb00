# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens are listed, and those that somebody should look at."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.token_tasks import DAY, read_info, seeded


@pytest.fixture(params=["pat", "oat"])
def read(hub: t.Any, request: pytest.FixtureRequest) -> t.Callable[..., dict[str, list[str]]]:
    """``read(expires_within="30d")`` returns the labels in each list of the result."""
    now = hub.now()
    for label, age, left, used, active in (
        ("fresh", 1, 89, None, True),
        ("soon", 80, 10, 1, True),
        ("idle", 200, 100, 95, True),
        ("never used", 100, None, None, True),
        ("expired", 91, -1, 2, True),
        ("off", 200, 5, None, False),
        ("ci (pending)", 0, 90, None, True),
    ):
        hub.access_tokens.add(
            seeded(
                request.param,
                f"id of {label}",
                label=label,
                created_at=now - age * DAY,
                expires_at=None if left is None else now + left * DAY,
                last_used=None if used is None else now - used * DAY,
                is_active=active,
            )
        )

    def labels(**options: t.Any) -> dict[str, list[str]]:
        result = read_info(hub, **({"organization": "myorg"} if request.param == "oat" else {}), **options)
        assert result.pop("changed") is False
        assert "dckr_" not in str(result)
        states = {row["label"]: row["state"] for row in result["tokens"]}
        found = {name: [row["label"] for row in rows if row["label"] != "emulated"] for name, rows in result.items()}
        return {**found, "states": [states[label] for label in found["tokens"]]}

    return labels


def test_tokens_are_listed_with_their_states(read: t.Any) -> None:
    found = read()
    assert dict(zip(found["tokens"], found["states"])) == {
        "idle": "active",
        "off": "deactivated",
        "never used": "active",
        "expired": "expired",
        "soon": "active",
        "fresh": "active",
        "ci (pending)": "pending",
    }
    assert (found["expiring"], found["expired"]) == (["soon"], ["expired"])
    assert found["unused"] == ["idle", "never used"]


def test_spans_can_be_chosen(read: t.Any) -> None:
    assert read(expires_within="9d")["expiring"] == []
    assert read(expires_within="91d")["expiring"] == ["soon", "fresh", "ci (pending)"]
    assert read(unused_for="150d")["unused"] == []
    with pytest.raises(InvalidOptions, match="unused_for is not a span"):
        read(unused_for="90")


def test_all_pages_are_read(hub: t.Any) -> None:
    for number in range(250):
        hub.access_tokens.add(seeded("pat", str(number), label=f"token {number}"))
    assert len(read_info(hub)["tokens"]) == 251
