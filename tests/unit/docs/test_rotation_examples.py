# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rotate_access_token and its examples: one is executed, all have valid syntax."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import typing as t

import hub_emulator
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples/rotate"
DAY = 86400.0
STORES = ("awx", "file", "github", "kubernetes", "vault")


def test_every_store_has_a_playbook_and_two_task_files() -> None:
    found = sorted(str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*.yml"))
    assert found == sorted(
        name for store in STORES for name in (f"{store}.yml", f"{store}/read.yml", f"{store}/store.yml")
    )


def test_all_examples_have_valid_syntax(run_playbook: t.Any) -> None:
    plays: list[dict[str, t.Any]] = [
        {"ansible.builtin.import_playbook": str(EXAMPLES / f"{store}.yml")} for store in STORES
    ]
    files = [str(EXAMPLES / store / f"{name}.yml") for store in STORES for name in ("read", "store")]
    files += [str(path) for path in (ROOT / "roles/rotate_access_token/tasks").glob("*.yml")]
    plays.append({"hosts": "localhost", "tasks": [{"ansible.builtin.import_tasks": path} for path in files]})
    played = run_playbook(plays, "--syntax-check")
    assert played.returncode == 0, played.output


class FileStore:
    """The example that stores in a file, with its playbook in a folder of its own."""

    def __init__(self, hub: t.Any, run_playbook: t.Any, ansible_command: t.Any, folder: pathlib.Path) -> None:
        self.hub, self.run_playbook, self.ansible_command = hub, run_playbook, ansible_command
        self.environment = {
            "DOCKERHUB_URL": hub.url,
            "DOCKERHUB_USERNAME": "mybot",
            "DOCKERHUB_PASSWORD": "mybot-password-1",
        }
        shutil.copytree(EXAMPLES, folder)
        (self.play,) = yaml.safe_load((folder / "file.yml").read_text())
        text = json.dumps(self.play).replace("{{ playbook_dir }}", str(folder))
        self.play = json.loads(text)
        self.file = folder / "dockerhub.json"

    def run(self, *arguments: str, **variables: t.Any) -> str:
        """Run the playbook, and return its output, which contains no secret."""
        played = self.run_playbook(
            [self.play], "-vvv", "--diff", "-e", json.dumps(variables), *arguments, env=self.environment
        )
        assert played.returncode == 0, played.output
        assert "dckr_oat_" not in played.output
        assert "dckr_pat_" not in played.output
        return str(played.output)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the playbook, to be killed."""
        playbook = self.file.parent / "killed.yml"
        playbook.write_text(json.dumps([self.play]))
        return subprocess.Popen(
            [*self.ansible_command("playbook"), str(playbook)],
            env={**os.environ, **self.environment, "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def begin_due(self) -> dict[str, str]:
        """Let a token be in use that is due for rotation; return what the file then contains."""
        now = self.hub.now()
        times = {"created_at": now - 77 * DAY, "expires_at": now + 13 * DAY}
        token = hub_emulator.AccessToken("oat", "myorg", "dckr_oat_in-use", "id-in-use", "ci", **times)
        self.hub.access_tokens.add(token)
        self.file.write_text(json.dumps({"id": token.uuid, "token": token.secret}))
        return self.stored()

    def stored(self) -> dict[str, str]:
        return dict(json.loads(self.file.read_text()))

    def tokens(self) -> list[t.Any]:
        owner = self.hub.accounts["myorg"]
        return [token for token in self.hub.access_tokens.of(owner) if token.label != "emulated"]

    def consumer_logs_in(self) -> bool:
        with self.hub.lock:
            owner, secret = self.hub.accounts["myorg"], self.stored()["token"]
            return self.hub.access_tokens.find(owner, "oat", secret, self.hub.now()) is not None


@pytest.fixture
def store(hub: t.Any, run_playbook: t.Any, ansible_command: t.Any, tmp_path: pathlib.Path) -> FileStore:
    return FileStore(hub, run_playbook, ansible_command, tmp_path / "examples")


def test_the_role_rotates_a_token_that_a_file_stores(store: FileStore) -> None:
    assert "changed=3" in store.run()  # created, stored, confirmed
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    first = store.stored()
    assert store.consumer_logs_in()
    again = store.run()
    assert "changed=0" in again
    assert '"expires_at"' in again  # a result without a secret stays readable
    store.hub.clock_offset += 77 * DAY
    assert "changed=3" in store.run()
    assert store.stored()["id"] != first["id"]
    assert store.consumer_logs_in()
    assert [(token.label, token.is_active) for token in store.tokens()] == [("ci", True), ("ci", True)]


def test_check_mode_of_the_role_creates_and_stores_nothing(store: FileStore) -> None:
    assert "changed=1" in store.run("--check")
    assert not store.file.exists()
    assert store.tokens() == []


def test_a_store_that_fails_costs_nothing(store: FileStore, tmp_path: pathlib.Path) -> None:
    store.begin_due()
    broken = tmp_path / "examples/file/store.yml"
    working = broken.read_text()
    broken.write_text("- ansible.builtin.command:\n    argv: ['false', '{{ rotate_access_token_new.token }}']\n")
    with pytest.raises(AssertionError) as caught:
        store.run()
    assert "failed=1" in str(caught.value)
    assert "dckr_oat_" not in str(caught.value)
    assert [token.label for token in store.tokens()] == ["ci", "ci (pending)"]
    assert store.consumer_logs_in()
    broken.write_text(working)
    store.run()
    assert [token.label for token in store.tokens()] == ["ci", "ci"]
    assert store.consumer_logs_in()


def kill(process: int) -> None:
    """Kill a process and its children, the workers, which are in sessions of their own."""
    for child in children_of(process).read_text().split():
        kill(int(child))
    os.kill(process, signal.SIGKILL)


def children_of(process: int) -> pathlib.Path:
    return pathlib.Path(f"/proc/{process}/task/{process}/children")


@pytest.mark.skipif(not children_of(os.getpid()).exists(), reason="needs a list of the children of a process")
@pytest.mark.parametrize("deadly", ["creation", "file"])
def test_a_killed_play_is_finished_by_the_next(store: FileStore, deadly: str) -> None:
    before = store.begin_due()
    processes: list[subprocess.Popen[bytes]] = []

    def respond(request: t.Any) -> t.Any:
        reply = store.hub.reply_to(request)
        is_creation = request.method == "POST" and "access-tokens" in request.path
        was_stored = deadly == "file" and request.method == "GET" and store.stored() != before
        if was_stored or (deadly == "creation" and is_creation):
            kill(processes[0].pid)
        return reply

    store.hub.fail("*", None, status=None, respond=respond)
    processes.append(store.start())
    assert processes[0].wait(timeout=120) == -signal.SIGKILL
    assert store.consumer_logs_in()
    assert (store.stored() == before) is (deadly == "creation")
    store.hub.heal()
    store.run()
    assert store.consumer_logs_in()
    assert [(token.label, token.is_active) for token in store.tokens()] == [("ci", True), ("ci", True)]
    assert store.tokens()[-1].uuid == store.stored()["id"]


def test_the_role_requires_to_know_what_is_stored(store: FileStore) -> None:
    del store.play["tasks"][0]["vars"]["rotate_access_token_read_tasks"]
    with pytest.raises(AssertionError, match="Give rotate_access_token_held_id"):
        store.run()
    assert store.tokens() == []


def test_the_role_rotates_a_personal_token(store: FileStore) -> None:
    names = store.play["tasks"][0]["vars"]
    for name in ("organization", "description", "repositories"):
        del names[f"rotate_access_token_{name}"]
    names["rotate_access_token_scopes"] = ["repo:write"]
    assert "changed=3" in store.run()
    made = [token for token in store.hub.access_tokens.of(hub_emulator.ACCOUNTS["mybot"]) if token.label == "ci"]
    assert [token.uuid for token in made] == [store.stored()["id"]]
