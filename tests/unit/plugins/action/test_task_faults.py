# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays against faulty answers: readable failures, text that is never rendered, a note of few requests left."""

from __future__ import annotations

import json
import pathlib
import typing as t

import hub_emulator
from ansible_collections.hubops.dockerhub.tests.unit.plugins.faults import FAULTS, SOME, given_for

TASK = "hubops.dockerhub.dockerhub_token"
TOKEN = hub_emulator.TOKEN_PATH
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}

Run = t.Callable[..., t.Any]


def play(hub: t.Any, *tasks: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    variables = {"dockerhub_url": hub.url, "pat": MYBOT["secret"]}
    return [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": list(tasks)}]


def lookup(**options: str) -> str:
    more = "".join(f", {name}='{value}'" for name, value in options.items())
    return f"lookup('{TASK}', 'mybot', secret=pat{more})"


def test_every_error_code_is_a_readable_failure(hub: t.Any, run_playbook: Run, tmp_path: pathlib.Path) -> None:
    tasks, results = [], tmp_path / "results.json"
    faults = list({FAULTS[name].code: FAULTS[name] for name in SOME}.values())
    for number, fault in enumerate(faults):
        hub.fail(f"/{number}/*", None, **fault.what)  # each task has its own hub below the same address
        given = {
            **given_for(TOKEN, hub),
            "hub_url": f"{hub.url}/{number}",
            "timeout": fault.timeout(TOKEN),
            "retries": 0,
        }
        tasks.append({TASK: given, "register": f"result_{number}", "ignore_errors": True})
    names = ", ".join(task["register"] for task in tasks)
    save = {"copy": {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(results)}}
    run = run_playbook(play(hub, *tasks, save), "-vvv")
    assert run.returncode == 0, run.output
    assert "plain-password-1" not in run.output
    assert "Traceback" not in run.output

    for number, (fault, result) in enumerate(zip(faults, json.loads(results.read_text()))):
        assert (result["failed"], result["changed"]) == (True, False)
        assert result["error"]["code"] == fault.code
        assert result["msg"].startswith(f"Docker Hub login of plainuser failed: POST {hub.url}/{number}{TOKEN} ")
        assert result["msg"].endswith(f"; {result['error']['hint']}")
        assert hub.count(f"/{number}/*") == 1


def test_text_of_an_answer_is_never_rendered(hub: t.Any, run_playbook: Run, tmp_path: pathlib.Path) -> None:
    proof = tmp_path / "proof"
    trap = f"{{{{ lookup('pipe', 'touch {proof}') }}}}{{{{ 7 * 191 }}}}"
    claims = {"exp": 4_000_000_000, "username": trap, "scope": trap, "note": trap}
    hub.fail("/refuses/*", None, status=400, body={"detail": f"{trap}\x1b[2J"})
    hub.fail("/grants/*", None, status=200, body={"access_token": hub_emulator.jwt({"alg": "none"}, claims)})
    refuses, grants = f"{hub.url}/refuses", f"{hub.url}/grants"
    words = ["task.msg", "granted.username", "granted.scope", "granted.claims.note"]
    words += [f"{lookup(hub_url=grants, return_format='dict')}.claims.note"]
    shown = [f"{{{{ {word} }}}}" for word in words]
    run = run_playbook(
        play(
            hub,
            {TASK: {**MYBOT, "hub_url": refuses}, "register": "task", "ignore_errors": True},
            {TASK: {**MYBOT, "hub_url": grants}, "register": "granted"},
            {"debug": {"msg": f"{{{{ {lookup(hub_url=refuses)} }}}}"}, "ignore_errors": True},
            {"debug": {"msg": shown}},
            {"copy": {"content": "\n".join(shown), "dest": str(tmp_path / "words")}},
        ),
        "-v",
    )
    assert run.returncode == 0, run.output
    assert (hub.count("/refuses/*"), hub.count("/grants/*")) == (2, 1)
    assert (tmp_path / "words").read_text().count(trap) == len(words)
    assert "1337" not in run.output
    assert "\x1b" not in run.output
    assert not proof.exists()


def test_verbosity_1_shows_that_few_requests_are_left(hub: t.Any, run_playbook: Run) -> None:
    def limit(path: str, limit: str, remaining: str, **reset: str) -> None:
        headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": None, **reset}
        body = {"access_token": "a.b.c"}
        hub.fail(f"/{path}/*", None, status=200, body=body, headers=headers)

    limit("few", "180", "8", **{"X-RateLimit-Reset": "1800000000"})
    limit("endless", "180", "7")
    limit("enough", "180", "9")
    limit("nothing", "0", "0")
    urls = [f"{hub.url}/{path}" for path in ("few", "endless", "enough", "nothing")]
    tasks = [{TASK: {**MYBOT, "hub_url": url}} for url in urls]
    tasks += [{"debug": {"msg": f"{{{{ {lookup(hub_url=url, cache='false')} | length }}}}"}} for url in urls]
    loud, quiet = run_playbook(play(hub, *tasks), "-v"), run_playbook(play(hub, tasks[0]))
    assert (loud.returncode, quiet.returncode) == (0, 0), loud.output
    text = " ".join(loud.output.split())
    assert text.count("only 8 of 180 requests left until 2027-01-15T08:00:00Z") == 2
    assert text.count("only 7 of 180 requests left") == 2
    assert text.count("requests left") == 4
    assert "until None" not in text
    assert "requests left" not in quiet.output
