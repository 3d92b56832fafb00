# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens as a resource."""

from __future__ import annotations

import hub_emulator
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client


def test_only_a_password_lists_access_tokens(client: Client) -> None:
    reply = client("GET", "/v2/access-tokens", bearer=client.bearer())
    assert (reply.status, reply.json) == (403, {"message": "token issued from personal access token", "errinfo": {}})
    reply = client("GET", "/v2/access-tokens", bearer=client.bearer("mybot", "mybot-password-1"))
    assert (reply.status, reply.json["count"]) == (200, 1)


def test_a_token_that_cannot_be_used_does_not_log_in(client: Client) -> None:
    (token,) = client.hub.access_tokens.of(client.hub.accounts["mybot"])
    secret = hub_emulator.MYBOT_PAT
    assert client.token("mybot", secret).status == 200
    token.is_active = False
    assert client.token("mybot", secret).status == client.login("mybot", secret).status == 401
    token.is_active, token.expires_at = True, client.hub.now() + 60
    assert client.token("mybot", secret).status == 200
    client.hub.clock_offset += 60
    assert client.token("mybot", secret).status == 401
    token.expires_at = None
    client.hub.access_tokens.remove(token)
    assert client.token("mybot", secret).status == 401
    assert client("GET", "/v2/access-tokens", bearer=client.owner()).json["results"] == []
