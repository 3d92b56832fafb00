# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays with the tasks for organizations."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from emulator.hub import CONTROL

SECRETS = ("mybot-password-1", hub_emulator.MYBOT_PAT)


@pytest.fixture
def play(hub: t.Any, run_playbook: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """``play(tasks, "--check", secret=...)`` runs tasks as mybot, an owner of myorg; all tasks have the same organization."""

    def run(tasks: list[dict[str, t.Any]], *arguments: str, secret: str = SECRETS[0]) -> t.Any:
        plays = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
        login = {"DOCKERHUB_USERNAME": "mybot", "DOCKERHUB_PASSWORD": secret, "DOCKERHUB_URL": hub.url}
        return run_playbook(plays, *arguments, env=login)

    return run


TASKS = [
    {
        "hubops.dockerhub.dockerhub_org_settings": {
            "organization": "myorg",
            "restricted_images": {"enabled": True},
        }
    },
    {
        "hubops.dockerhub.dockerhub_org_member": {
            "organization": "myorg",
            "members": [{"user": "orgmember", "role": "Editor"}, {"email": "new@example.com"}],
        }
    },
    {
        "hubops.dockerhub.dockerhub_team": {
            "organization": "myorg",
            "name": "dev",
            "description": "Developers",
            "members": ["orgmember"],
        }
    },
    {"hubops.dockerhub.dockerhub_org_info": {"organization": "myorg"}, "register": "info"},
    {"hubops.dockerhub.dockerhub_audit_log_info": {"account": "myorg", "since": "7d"}, "register": "log"},
    {
        "ansible.builtin.assert": {
            "that": ["info.members | length == 2", "log.events | length == 1", "info.rate_limit is defined"],
        }
    },
]


def test_plays_show_differences_and_no_secret(hub: t.Any, play: t.Callable[..., t.Any]) -> None:
    CONTROL["POST", "events"](hub, {"account": "myorg", "events": [{"action": "team.create"}]}, "")
    planned = play(TASKS, "--check", "--diff")
    assert "changed=3 " in planned.output, planned.output
    for line in ("+  enabled: true", '+  role: "editor"', '+description: "Developers"'):
        assert line in planned.output
    organization = hub.organizations.known["myorg"]
    assert (organization.roles["orgmember"], organization.invitations, list(organization.teams)) == (
        "member",
        {},
        ["owners"],
    )
    done = play(TASKS, "-vvvv")
    assert "changed=3 " in done.output, done.output
    assert [secret for secret in [*SECRETS, *hub.bearers] if secret in done.output] == []
    again = play(TASKS)
    assert "changed=0 " in again.output, again.output


def test_a_refused_task_names_the_way_out(hub: t.Any, play: t.Callable[..., t.Any]) -> None:
    tasks = [
        {**task, "register": "result", "ignore_errors": True, "loop": [1], "loop_control": {"label": "one"}}
        for task in TASKS[:4]
    ]
    for number in (1, 3, 5, 7):
        that = "result.results[0].error.code == 'needs_password_login'"
        tasks.insert(number, {"ansible.builtin.assert": {"that": that, "quiet": True}})
    refused = play(tasks, "-vvvv", secret=SECRETS[1])
    assert refused.returncode == 0, refused.output
    assert [secret for secret in [*SECRETS, *hub.bearers] if secret in refused.output] == []
