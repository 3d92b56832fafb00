# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations in real processes that are killed after every request, and again in the next run.

``KILLED_ROTATIONS=all pytest ...`` tries each kind of token with each overlap, for the first rotation and for a later one.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.token_tasks import DAY, Operator, seeded

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes")

ROOT = pathlib.Path(__file__).resolve().parents[4]
PROGRAM = pathlib.Path(__file__).with_name("rotation_process.py")
ROTATING = {"rotate": "due", "expires_in": "90d", "rotate_before": "14d"}


class Rotations:
    """Runs rotations, kills them, and lets a consumer try the stored secret after every request."""

    def __init__(self, hub: t.Any, kind: str, overlap: str, folder: pathlib.Path) -> None:
        self.hub = hub
        self.operator = Operator(hub, kind, overlap=overlap, **ROTATING)
        self.store = folder / "store.json"
        self.killed = self.outages = 0
        self.paths: list[str] = []  # of the requests of the latest run
        self.deadly: tuple[int, str] = (0, "")
        self.program = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self.answer() == "ready"

    def answer(self) -> str:
        assert self.program.stdout
        return self.program.stdout.readline().strip()

    def begin(self, old: bool) -> None:
        """Start again: with nothing, or with a token that is due, and the one before it."""
        self.hub.reset()
        self.hub.fail("*", None, status=None, respond=self.respond)
        self.hub.clock_offset = 0.0
        self.store.unlink(missing_ok=True)
        if old:
            now = self.hub.now()
            for name, age in (("first", 153), ("second", 77)):
                times = {"created_at": now - age * DAY, "expires_at": now + (90 - age) * DAY + 70 * DAY * (age > 90)}
                token = seeded(self.operator.kind, name, **times)
                self.hub.access_tokens.add(token)
            self.store.write_text(json.dumps({"id": token.uuid, "token": token.secret}))

    def respond(self, request: t.Any) -> t.Any:
        """Answer a request, and kill its process before or after its effect."""
        self.paths.append(request.path)
        number, moment = self.deadly
        is_deadly = len(self.paths) == number
        process = int(request.headers["User-Agent"].rpartition("/")[2])
        if is_deadly and moment == "before":
            os.kill(process, signal.SIGKILL)
            return hub_emulator.Reply(500)
        reply = self.hub.reply_to(request)
        self.outages += not self.is_stored_secret_good()
        if is_deadly:
            os.kill(process, signal.SIGKILL)
        return reply

    def is_stored_secret_good(self) -> bool:
        return not self.store.exists() or self.operator.logs_in(json.loads(self.store.read_text())["token"])

    def run(self, number: int = 0, moment: str = "after") -> bool:
        """Run a rotation that is killed at this request; return whether it was."""
        self.paths, self.deadly = [], (number, moment)
        line = {
            "kind": self.operator.kind,
            "url": self.hub.url,
            "store": str(self.store),
            "options": self.operator.options,
        }
        assert self.program.stdin
        print(json.dumps(line), file=self.program.stdin, flush=True)
        status = int(self.answer())
        assert status in (0, -signal.SIGKILL)
        self.killed += status != 0
        self.outages += not self.is_stored_secret_good()
        return status != 0

    def finish(self) -> tuple[bool, int]:
        """Return, after runs that are left alone, whether the secret was lost and how many tokens nobody holds."""
        for days in (0, 8, 8) if self.operator.options["overlap"] == "7d" else (0,):
            self.hub.clock_offset += days * DAY
            self.run()
        held = json.loads(self.store.read_text())
        mine = self.operator.token(held["id"])
        is_lost = mine is None or mine.label != "ci" or not self.operator.logs_in(held["token"])
        return is_lost, len([token for token in self.operator.tokens() if token is not mine])


@pytest.fixture
def rotations(hub: t.Any, tmp_path: pathlib.Path) -> t.Iterator[t.Callable[..., Rotations]]:
    started: list[Rotations] = []

    def start(kind: str, overlap: str) -> Rotations:
        started.append(Rotations(hub, kind, overlap, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.program.kill()
        each.program.communicate()


def points(runs: Rotations) -> list[tuple[int, str]]:
    """Return the points at which the next run can be killed: after each request, and before each login but the first.

    Before a login, something was done outside of Docker Hub. Before any other request, nothing was done since the last one.
    """
    runs.run()
    logins = [number for number, path in enumerate(runs.paths, 1) if path == hub_emulator.TOKEN_PATH]
    return [
        *((number, "after") for number in range(1, len(runs.paths) + 1)),
        *((number, "before") for number in logins[1:]),
    ]


CASES = [(kind, overlap, old) for kind in ("pat", "oat") for overlap in ("0d", "7d") for old in (False, True)]
if os.environ.get("KILLED_ROTATIONS") != "all":
    CASES = [("pat", "0d", False), ("pat", "7d", True), ("oat", "0d", True)]


@pytest.mark.parametrize(("kind", "overlap", "old"), CASES)
def test_a_rotation_survives_kills_in_two_runs(
    rotations: t.Any, kind: str, overlap: str, old: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = rotations(kind, overlap)
    pairs = lost = orphans = 0
    runs.begin(old)
    for first in points(runs):
        runs.begin(old)
        assert runs.run(*first)
        for second in points(runs):
            runs.begin(old)
            assert runs.run(*first)
            assert runs.run(*second)
            pairs += 1
            is_lost, left = runs.finish()
            lost += is_lost
            orphans += left
    with capsys.disabled():
        print(
            f"\n{kind}, overlap {overlap}, {'later' if old else 'first'} rotation: {pairs} pairs of killed runs,"
            f" {runs.outages} outages, {lost} lost secrets, {orphans} orphans"
        )
    assert pairs > 30
    assert (runs.outages, lost, orphans) == (0, 0, 0)
