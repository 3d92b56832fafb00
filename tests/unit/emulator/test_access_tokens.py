# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens as a resource."""

from __future__ import annotations

from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client


def test_only_a_password_lists_access_tokens(client: Client) -> None:
    reply = client("GET", "/v2/access-tokens", bearer=client.bearer())
    assert (reply.status, reply.json) == (403, {"message": "token issued from personal access token", "errinfo": {}})
    reply = client("GET", "/v2/access-tokens", bearer=client.bearer("mybot", "mybot-password-1"))
    assert (reply.status, reply.json["count"]) == (200, 1)
