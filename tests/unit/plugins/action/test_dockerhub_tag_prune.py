# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays that clean tags up: what they show, and what is left when one is killed."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import typing as t

import hub_emulator
import pytest
from emulator.tags import add_tags  # type: ignore[import-not-found]  # conftest.py makes it importable

DAY = 86400
COUNT = 40
TAGS = "/v2/namespaces/mybot/repositories/app/tags"
TASK = {"hubops.dockerhub.dockerhub_tag_prune": {"name": "app", "protect": "latest", "older_than": "30d"}}


@pytest.fixture
def repository(hub: t.Any) -> t.Any:
    """Return a repository with tags that are old, the newest of them protected."""
    repository = hub.repositories.add("mybot", "app", hub.now())
    fields = {"count": COUNT, "prefix": "old", "pushed_ago": 40 * DAY, "step": 60, "tags": ["latest"]}
    add_tags(hub, {"namespace": "mybot", "repository": "app", **fields}, "")
    return repository


@pytest.fixture
def environment(hub: t.Any) -> dict[str, str]:
    return {
        "DOCKERHUB_URL": hub.url,
        "DOCKERHUB_USERNAME": "mybot",
        "DOCKERHUB_PASSWORD": hub_emulator.MYBOT_PAT,
    }


def play(*tasks: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]


def test_check_mode_shows_the_tags_that_would_go(
    hub: t.Any, repository: t.Any, environment: dict[str, str], run_playbook: t.Callable[..., t.Any]
) -> None:
    played = run_playbook(play(TASK), "--check", "--diff", "-vvvv", env=environment)
    assert "changed=1" in played.output
    assert '-  - "old00000"' in played.output
    assert '   - "latest"' in played.output
    assert '"reason": "pushed before 20' in played.output
    assert hub_emulator.MYBOT_PAT not in played.output
    assert not any(bearer in played.output for bearer in hub.bearers)
    assert len(repository.tags) == COUNT + 1


def test_a_failure_shows_what_was_done(
    hub: t.Any, repository: t.Any, environment: dict[str, str], run_playbook: t.Callable[..., t.Any]
) -> None:
    hub.fail(f"{TAGS}/old00037", status=403, body={"message": "insufficient scope", "errinfo": {}})
    check = {
        "ansible.builtin.assert": {
            "that": [
                "prune is failed and prune is changed",
                "prune.error.code == 'insufficient_scope'",
                "prune.deleted == ['old00039', 'old00038']",
                f"prune.left | length == {COUNT - 2}",
                "prune.bytes == 2000",
            ]
        }
    }
    played = run_playbook(play({**TASK, "register": "prune", "ignore_errors": True}, check), env=environment)
    assert played.returncode == 0, played.output


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and theirs."""
    try:
        children = [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(process for child in children for process in descendants(child))]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_second_run_continues_one_that_was_killed(
    hub: t.Any,
    repository: t.Any,
    environment: dict[str, str],
    run_playbook: t.Callable[..., t.Any],
    ansible_command: t.Callable[[str], list[str]],
    tmp_path: pathlib.Path,
    number: signal.Signals,
) -> None:
    def deletions() -> int:
        return sum(request.method == "DELETE" for request in hub.requests)

    is_dead = threading.Event()

    def hold(_request: t.Any) -> None:
        """Let nothing through after the fifth deletion, until the run is dead."""
        if deletions() > 5:
            is_dead.wait(60)

    hub.fail(f"{TAGS}/*", times=None, status=None, respond=hold)
    playbook = tmp_path / "killed.yml"
    playbook.write_text(json.dumps(play(TASK)))
    paths = {"ANSIBLE_COLLECTIONS_PATH": str(pathlib.Path(__file__).resolve().parents[7])}
    killed = subprocess.Popen(
        [*ansible_command("playbook"), str(playbook)],
        env={**os.environ, **environment, **paths},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 60
        while deletions() < 6 and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        workers = descendants(killed.pid)  # since ansible-core 2.19, they are in sessions of their own
        os.killpg(killed.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            killed.wait(10)
        killed.kill()  # Ansible may wait for a worker, which waits for its answer
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        killed.wait(30)
        is_dead.set()
    hub.heal()
    assert 1 < len(repository.tags) < COUNT
    played = run_playbook(play(TASK), env=environment)
    assert played.returncode == 0, played.output
    assert list(repository.tags) == ["latest"]
    assert COUNT <= deletions() <= COUNT + 1  # the sixth may be sent again
