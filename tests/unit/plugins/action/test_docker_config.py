# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays that log in with what ``docker login`` has stored."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import typing as t

import hub_emulator
import pytest

SERVER = "https://index.docker.io/v1/"
TASKS = [
    {"hubops.dockerhub.dockerhub_token": {}, "register": "hub"},
    {"hubops.dockerhub.dockerhub_repository": {"name": "app-{{ inventory_hostname }}"}},
    {
        "ansible.builtin.assert": {
            "that": [
                "lookup('hubops.dockerhub.dockerhub_token') == hub.access_token",
                "hub.identifier == 'mybot'",
            ],
            "quiet": True,
        }
    },
]


@pytest.fixture
def played(hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path) -> t.Callable[..., t.Any]:
    """Return a function that runs all entry points on five hosts, with this configuration of Docker."""

    def play(config: dict[str, t.Any], *arguments: str, hosts: str = "host1,host2,host3,host4,host5,") -> t.Any:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config))
        file.chmod(0o600)
        environment = {
            "DOCKERHUB_URL": hub.url,
            "DOCKERHUB_DOCKER_CONFIG": str(tmp_path),
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
        }
        plays = [{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": TASKS}]
        return run_playbook(plays, "-i", hosts, *arguments, env=environment)

    return play


def test_task_resource_task_and_lookup_use_the_file(hub: t.Any, played: t.Callable[..., t.Any]) -> None:
    stored = base64.b64encode(f"mybot:{hub_emulator.MYBOT_PAT}".encode()).decode()
    result = played({"auths": {SERVER: {"auth": stored}}}, "-vvvv", hosts="host1,")
    assert result.returncode == 0, result.output
    assert hub.logins() == 1
    assert not any(secret in result.output for secret in (hub_emulator.MYBOT_PAT, stored, *hub.bearers))


def test_a_helper_runs_once_for_all_hosts(hub: t.Any, played: t.Callable[..., t.Any], tmp_path: pathlib.Path) -> None:
    helper = tmp_path / "docker-credential-test"
    answer = json.dumps({"Username": "mybot", "Secret": hub_emulator.MYBOT_PAT})
    helper.write_text(f"#!/bin/sh\necho ran >> '{tmp_path}/log'\necho '{answer}'\n")
    helper.chmod(0o755)
    result = played({"credsStore": "test"})
    assert result.returncode == 0, result.output
    assert (tmp_path / "log").read_text() == "ran\n"
    assert hub.logins() == 1
    assert len(hub.repositories.of("mybot")) == 5


def test_a_file_without_an_entry_fails_in_a_sentence(hub: t.Any, played: t.Callable[..., t.Any]) -> None:
    result = played({"auths": {}}, hosts="host1,")
    assert result.returncode == 2
    assert "config.json contains no entry for Docker Hub; run docker login" in result.output
    assert hub.requests == []
