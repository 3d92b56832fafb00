# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dockerhub_org_settings."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_org_settings
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.organization_tasks import MEMBER, OAT, PAT, Tasks


@pytest.fixture
def settings(hub: t.Any) -> Tasks:
    return Tasks(hub, dockerhub_org_settings, dockerhub_org_settings.org_settings)


def test_given_settings_are_merged_into_the_others(settings: Tasks) -> None:
    settings.organization.restricted_images["allow_official_images"] = True
    merged = {"enabled": True, "allow_official_images": True, "allow_verified_publishers": False}
    planned = settings(restricted_images={"enabled": True}, check_mode=True)
    assert (planned["changed"], settings.writes) == (True, [])
    result = settings(restricted_images={"enabled": True})
    assert result == planned
    assert result["settings"] == {"restricted_images": merged}
    assert settings.organization.restricted_images == merged
    assert "  enabled: false" in result["diff"]["before"]
    again = settings(restricted_images={"enabled": True})
    assert (again["changed"], settings.writes) == (False, [])


@pytest.mark.parametrize("images", [None, "all", {"enabled": True}, {"enabled": True, "allow_official_images": None}])
def test_settings_that_are_not_known_must_be_given(settings: Tasks, images: t.Any) -> None:
    settings.hub.fail("/v2/orgs/myorg/settings", status=200, body={"restricted_images": images})
    with pytest.raises(errors.BadAnswer, match=r"do not contain .*allow_official_images"):
        settings(restricted_images={"enabled": True})
    assert settings.writes == []
    every = dict.fromkeys(("enabled", "allow_official_images", "allow_verified_publishers"), True)
    settings.hub.fail("/v2/orgs/myorg/settings", status=200, body={"restricted_images": images})
    assert settings(restricted_images=every)["settings"] == {"restricted_images": every}


@pytest.mark.parametrize(
    ("login", "error"),
    [(OAT, errors.NeedsPasswordLogin), (PAT, errors.NeedsPasswordLogin), (MEMBER, errors.Forbidden)],
)
def test_settings_need_the_password_of_an_owner(settings: Tasks, login: t.Any, error: t.Any) -> None:
    settings.login = login
    with pytest.raises(error, match="password"):
        settings(restricted_images={"enabled": True})
