# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dockerhub_org_info."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_org_info
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.organization_tasks import MEMBER, OAT, Tasks


@pytest.fixture
def info(hub: t.Any) -> Tasks:
    tasks = Tasks(hub, dockerhub_org_info, dockerhub_org_info.org_info)
    tasks.seed(
        members=["alice"],
        teams=[{"name": "dev", "description": "Developers", "members": ["orgmember", "alice"]}],
        invitations=[{"invitee": "new@example.com", "team": "dev"}],
    )
    return tasks


def test_everything_but_settings_is_gathered(info: Tasks) -> None:
    info.login = OAT
    found = info(organization=None)
    assert set(found) == {"changed", "members", "invites", "teams"}
    assert found["members"][2] == {
        "user": "alice",
        "email": "alice@example.com",
        "full_name": "",
        "role": "member",
        "teams": ["dev"],
        "guest": False,
    }
    (invitation,) = found["invites"]
    assert {name: invitation[name] for name in ("invitee", "role", "team", "inviter")} == {
        "invitee": "new@example.com",
        "role": "member",
        "team": "dev",
        "inviter": "mybot",
    }
    assert [(team["name"], team["member_count"]) for team in found["teams"]] == [("dev", 2), ("owners", 1)]
    assert len(info.sent) == 3


def test_members_of_teams_and_settings_are_gathered_on_request(info: Tasks) -> None:
    found = info(gather=["team_members", "settings"])
    assert {team["name"]: team["members"] for team in found["teams"]} == {
        "dev": ["alice", "orgmember"],
        "owners": ["mybot"],
    }
    assert found["settings"]["restricted_images"]["enabled"] is False
    assert "members" not in found


def test_a_member_sees_no_addresses(info: Tasks) -> None:
    info.login = MEMBER
    assert {member["email"] for member in info(gather=["members"])["members"]} == {None}


@pytest.mark.parametrize("as_array", [False, True])
def test_long_lists_are_read_to_the_end(info: Tasks, *, as_array: bool) -> None:
    info.hub.members_as_pages = info.hub.team_members_as_array = as_array
    names = [f"user{number:03}" for number in range(250)]
    info.seed(members=names, teams=[{"name": f"team{number:03}", "members": names[:150]} for number in range(120)][:1])
    found = info(gather=["members", "team_members"])
    assert len(found["members"]) == 253
    assert [len(team["members"]) for team in found["teams"]] == [2, 1, 150]


def test_an_unknown_organization_is_not_found(info: Tasks) -> None:
    with pytest.raises(errors.NotFound, match="the organization nowhere"):
        info(organization="nowhere")


def test_without_an_organization_a_user_is_asked_for_it(info: Tasks) -> None:
    with pytest.raises(errors.InvalidOptions, match="organization is missing"):
        info(organization=None)
    assert info.sent == []
