# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second step of a login."""

from __future__ import annotations

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client, claims


def test_a_code_completes_the_login(client: Client) -> None:
    asked = client.login("mfauser", "mfa-password-1")
    assert asked.status == 401
    assert asked.json["detail"] == "Require secondary authentication on MFA enabled account"
    reply = client.second_factor(asked.json["login_2fa_token"], client.hub.totp("mfauser"))
    assert (reply.status, list(reply.json)) == (200, ["token"])
    assert client.hub.count(account="mfauser") == 2


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_a_code_is_valid_one_step_either_side(client: Client, steps: int, status: int) -> None:
    at = client.hub.now() // 30 * 30 + 15  # mid-step, so that the test does not cross one
    client.hub.now = lambda: at
    code = hub_emulator.totp(hub_emulator.MFAUSER_TOTP_SECRET, at + 30 * steps)
    assert client.second_factor(client.pending(), code).status == status


def test_a_code_is_valid_once(client: Client) -> None:
    code = client.hub.totp("mfauser")
    assert client.second_factor(client.pending(), code).status == 200
    reply = client.second_factor(client.pending(), code)
    assert (reply.status, list(reply.json)) == (401, ["detail"])


def test_a_pending_login_survives_a_wrong_code(client: Client) -> None:
    pending = client.pending()
    assert client.second_factor(pending, "12345").status == 401
    assert client.second_factor(pending, client.hub.totp("mfauser")).status == 200
    client.hub.clock_offset += 60
    assert client.second_factor(pending, client.hub.totp("mfauser")).status == 401
    pending = client.pending()
    client.hub.clock_offset += client.hub.pending_life + 60
    assert client.second_factor(pending, client.hub.totp("mfauser")).status == 401
    assert client.second_factor(pending, 123456).status == 400


def test_a_pat_needs_no_second_factor(client: Client) -> None:
    reply = client.login("mfauser", hub_emulator.MFAUSER_PAT)
    assert reply.status == 200
    assert claims(reply.json["token"])["https://hub.docker.com"]["source"].startswith("docker_pat|")


def test_the_token_path_can_ask_for_a_code(client: Client) -> None:
    client.hub.token_path_second_factor = "login_2fa_token"
    reply = client.token("mfauser", "mfa-password-1")
    assert (reply.status, reply.json["message"]) == (401, "unauthorized")
    assert client.second_factor(reply.json["login_2fa_token"], client.hub.totp("mfauser")).status == 200
