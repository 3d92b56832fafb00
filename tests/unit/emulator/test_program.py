# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a program."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import TOKEN, Client, ask, claims

EMULATOR = pathlib.Path(hub_emulator.__file__)


@pytest.fixture
def program(tmp_path: pathlib.Path) -> t.Iterator[t.Callable[..., tuple[str, subprocess.Popen[str]]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> tuple[str, subprocess.Popen[str]]:
        command = [sys.executable, str(EMULATOR), "--url-file", str(tmp_path / "url"), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        url = process.stdout.readline().strip()
        assert (tmp_path / "url").read_text() == f"{url}\n"
        return url, process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_program_is_steered_over_http(program: t.Any) -> None:
    url, process = program("--token-life", "5", "--lockout-after", "3", "--clock-offset", "600", "--latency", "0.1")

    def control(method: str, verb: str, body: t.Any = None) -> t.Any:
        reply = ask(url, method, f"/_emulator/{verb}", body)
        assert reply.status == 200, reply.raw
        return reply.json

    started = time.monotonic()
    token = ask(url, "POST", TOKEN, {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}).json["access_token"]
    assert time.monotonic() - started >= 0.1
    assert claims(token)["exp"] == pytest.approx(time.time() + 605, abs=3)
    assert control("GET", "counts") == {
        "total": 1,
        "logins": 1,
        "tokens_issued": 1,
        "paths": {TOKEN: 1},
        "accounts": {"mybot": {TOKEN: 1}},
    }
    assert control("GET", "requests")[0]["path"] == TOKEN
    code = control("GET", "totp/mfauser")["code"]
    assert code in [hub_emulator.totp(hub_emulator.MFAUSER_TOTP_SECRET, time.time() + 600 + late) for late in (0, -2)]
    settings = control("POST", "settings", {"lockout_after": 7, "token_life": None})
    assert (settings["lockout_after"], settings["token_life"], settings["clock_offset"]) == (7, None, 600)
    control("POST", "fail", {"path": TOKEN, "name": "hap429", "times": 2})
    control("POST", "fail", {"path": TOKEN, "status": 418, "body_base64": "/w=="})
    replies = [ask(url, "POST", TOKEN, {}) for _dummy in range(3)]
    assert [reply.status for reply in replies] == [429, 429, 418]
    assert (b"HAP429" in replies[0].raw, replies[2].raw) == (True, b"\xff")
    control("POST", "fail", {})
    control("POST", "heal")
    assert ask(url, "POST", TOKEN, {}).status == 400
    control("POST", "reset")
    assert control("GET", "counts")["total"] == 0
    control("POST", "stop")
    assert process.wait(timeout=5) == 0
    assert (process.stdout.read(), process.stderr.read()) == ("", "")


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("fail", {"name": "unheard-of"}),
        ("fail", {"sttaus": 1}),
        ("settings", {"token_live": 1}),
        ("nothing", {}),
        ("repositories", {"namespace": "myorg", "repositories": [{"name": "app", "descripton": ""}]}),
        ("tags", {"namespace": "myorg", "repository": "nothing", "tags": ["v1"]}),
        ("teams", {"organization": "mybot", "teams": []}),
        ("members", {"organization": "mybot", "members": []}),
        ("members", {"organization": "myorg", "members": [{"name": "mybot", "role": "king"}]}),
        ("accounts", {"accounts": [{"nome": "mybot"}]}),
    ],
)
def test_a_wrong_control_request_is_refused(client: Client, verb: str, body: t.Any) -> None:
    reply = client("POST", f"/_emulator/{verb}", body)
    assert reply.status in (400, 404)
    assert reply.json["error"]
    assert client.hub.count() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_program(program: t.Any, number: int) -> None:
    _url, process = program()
    process.send_signal(number)
    assert process.wait(timeout=5) == 0
    assert process.stderr.read() == ""


def test_a_port_in_use_is_reported(hub: t.Any) -> None:
    command = [sys.executable, str(EMULATOR), "--port", str(hub.port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert ended.returncode == 2
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr
