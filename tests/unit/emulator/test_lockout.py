# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refused logins lock an account."""

from __future__ import annotations

import hub_emulator
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client


def test_refused_logins_lock_the_account(client: Client) -> None:
    client.hub.lockout_after = 3
    assert [client.login("plainuser", "wrong-password").status for _dummy in range(4)] == [401, 401, 401, 429]
    right = client.login("plainuser", "plain-password-1")
    assert (right.status, right.json) == (429, {"detail": "Too many login attempts."})
    assert "locked out" in client.token("plainuser", "plain-password-1").json["message"]
    assert client.token("mybot", hub_emulator.MYBOT_PAT).status == 200


def test_each_attempt_prolongs_the_lockout(client: Client) -> None:
    client.hub.lockout_after, client.hub.lockout_seconds = 1, 100
    client.token("plainuser", "wrong-password")
    for _dummy in range(2):
        client.hub.clock_offset += 60
        assert client.token("plainuser", "plain-password-1").status == 429
    client.hub.clock_offset += 101
    assert client.token("plainuser", "plain-password-1").status == 200


def test_wrong_codes_lock_and_a_success_unlocks(client: Client) -> None:
    client.hub.lockout_after = 2
    for _dummy in range(2):
        assert client.login("plainuser", "wrong-password").status == 401
        assert client.login("plainuser", "plain-password-1").status == 200
    pending = client.pending()
    codes = ("one", "two", client.hub.totp("mfauser"))
    assert [client.second_factor(pending, code).status for code in codes] == [401, 401, 429]
