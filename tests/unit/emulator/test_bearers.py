# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bearers expire."""

from __future__ import annotations

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import REPOSITORIES, TEAMS, Client, claims


@pytest.mark.parametrize(
    ("path", "bearer"),
    [
        *((REPOSITORIES, bearer) for bearer in ("not-a-token", hub_emulator.MYBOT_PAT)),
        *(("/v2/access-tokens", bearer) for bearer in (None, "not-a-token", hub_emulator.MYBOT_PAT)),
        *((TEAMS, bearer) for bearer in (None, "not-a-token", hub_emulator.MYBOT_PAT)),
    ],
)
def test_a_wrong_bearer_is_unauthorized(client: Client, path: str, bearer: str | None) -> None:
    reply = client("GET", path, bearer=bearer)
    assert (reply.status, reply.json) == (401, {"message": "unauthorized", "errinfo": {}})


@pytest.mark.parametrize("shape", ["jwt", "opaque"])
def test_a_bearer_expires(client: Client, shape: str) -> None:
    client.hub.token_life, client.hub.token_shape = 5.0, shape
    bearer = client.bearer()
    assert bearer.count(".") == (2 if shape == "jwt" else 0)
    assert client("GET", REPOSITORIES, bearer=bearer).status == 200
    client.hub.clock_offset += 5
    assert client("GET", REPOSITORIES, bearer=bearer).status == 401


def test_a_bearer_can_outlive_its_expiry(client: Client) -> None:
    client.hub.token_life, client.hub.token_grace = 5.0, 4.0
    bearer = client.bearer()
    assert claims(bearer)["exp"] - claims(bearer)["iat"] == 5
    client.hub.clock_offset += 8
    assert client("GET", REPOSITORIES, bearer=bearer).status == 200
    client.hub.clock_offset += 1
    assert client("GET", REPOSITORIES, bearer=bearer).status == 401


def test_the_life_of_a_bearer_can_be_set(client: Client) -> None:
    client.hub.token_life = 0.5
    found = claims(client.bearer())
    assert found["exp"] - found["iat"] == pytest.approx(0.5)
    client.hub.token_life = None
    bearer = client.bearer()
    assert "exp" not in claims(bearer)
    client.hub.clock_offset += 10**7
    assert client("GET", REPOSITORIES, bearer=bearer).status == 200
