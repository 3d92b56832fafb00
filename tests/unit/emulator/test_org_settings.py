# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of an organization in the emulator."""

from __future__ import annotations

from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client

SETTINGS = "/v2/orgs/myorg/settings"
ON = {"enabled": True, "allow_official_images": True, "allow_verified_publishers": False}


def test_settings_are_replaced_as_a_whole(client: Client) -> None:
    assert client("GET", SETTINGS, bearer=client.owner()).json["restricted_images"]["enabled"] is False
    assert client("PUT", SETTINGS, {"restricted_images": ON}, bearer=client.owner()).json == {"restricted_images": ON}
    assert client("GET", SETTINGS, bearer=client.owner()).json == {"restricted_images": ON}
    assert client("PUT", SETTINGS, {"restricted_images": {"enabled": True}}, bearer=client.owner()).status == 400


def test_only_an_owner_with_a_password_reads_settings(client: Client) -> None:
    member = client.bearer("orgmember", "orgmember-password-1")
    for bearer, status in ((client.oat(), 403), (client.bearer(), 403), (member, 403), (client.owner(), 200)):
        assert client("GET", SETTINGS, bearer=bearer).status == status
