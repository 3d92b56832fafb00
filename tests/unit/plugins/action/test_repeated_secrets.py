# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays: a result or an argument that repeats a secret of the task is hidden, in any usual spelling."""

from __future__ import annotations

import base64
import html
import json
import pathlib
import re
import typing as t
from urllib.parse import quote, quote_plus

import hub_emulator
import pytest

API = "hubops.dockerhub.dockerhub_api"
TEAM = "hubops.dockerhub.dockerhub_team"
REPOSITORY = "hubops.dockerhub.dockerhub_repository"
SECRETS = {"password": 'it\'s <my> "pass"/wörd & 1', "number": "4711081547", "code": "918273"}
PASSWORD = SECRETS["password"]
JSON = json.dumps(PASSWORD)
REPEATED: dict[str, t.Any] = {
    "text": f"no {PASSWORD}!",
    "upper": PASSWORD.upper(),
    "key": {PASSWORD: 1},
    "number": [4711081547],
    "code": "918273",
    "code_as_number": 918273,
    "url": f"?p={quote(PASSWORD)}&",
    "form": f"p={quote_plus(PASSWORD).lower()}&",
    "html_of_python": html.escape(PASSWORD),
    "html_of_go": html.escape(PASSWORD).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    "json": f'{{"p": {JSON}}}',
    "json_of_go": JSON.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
    "json_in_utf8": json.dumps(PASSWORD, ensure_ascii=False),
    "base64": base64.b64encode(PASSWORD.encode()).decode(),
    "basic": f"Basic {base64.b64encode(f'me:{PASSWORD}'.encode()).decode()}",
}
HARMLESS = {"id": 9182731, "text": "918273 pulls", "918273s": True, "digest": "sha256:918273", "all": [None, 1.5]}
Run = t.Callable[..., str]


@pytest.fixture
def run(hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path, argument_reader: None) -> Run:
    """Run tasks as an account with this password, and return the output."""
    hub.accounts["writer"] = hub_emulator.Account("writer", password=PASSWORD)
    (tmp_path / "secrets.json").write_text(json.dumps(SECRETS))

    def run(tasks: list[dict[str, t.Any]]) -> str:
        login = {"dockerhub_url": hub.url, "dockerhub_identifier": "writer", "dockerhub_password": "{{ password }}"}
        play = {"hosts": "localhost", "gather_facts": False, "vars": login, "tasks": tasks}
        result = run_playbook([play], "-vvv", "--diff", "-e", "@secrets.json")
        assert result.returncode == 0, result.output
        return str(result.output)

    return run


def test_a_result_that_repeats_a_secret_is_hidden(hub: t.Any, run: Run) -> None:
    answers = {**REPEATED, "harmless": HARMLESS}

    def answer(request: t.Any) -> t.Any:
        name = request.path.rpartition("/")[2]
        return hub_emulator.Reply(200, {f"shown-{name}": answers[name]})

    hub.fail("/v2/answers/*", times=None, status=None, respond=answer)
    body = {"passwords": ["{{ password }}", "{{ number }}"], "otp": "{{ code }}"}
    output = run([{API: {"path": f"/v2/answers/{name}", "method": "POST", "body": body}} for name in answers])
    assert [name for name in answers if f"shown-{name}" in output] == ["harmless"]


def test_a_difference_that_repeats_a_secret_is_hidden(hub: t.Any, run: Run) -> None:
    output = run([{REPOSITORY: {"name": "app", "description": "x {{ password }}"}, "check_mode": True}])
    assert "changed=1" in output
    assert "<my>" not in output


def test_a_failure_whose_changes_repeat_a_secret_is_hidden(hub: t.Any, run: Run) -> None:
    hub.accounts["crew"] = hub_emulator.Account("crew", kind="organization", owners=("writer",))
    team = {"organization": "crew", "name": "dev", "members": ["nobody"]}
    output = run(
        [
            {TEAM: {**team, "description": "shown"}, "ignore_errors": True},
            {TEAM: {**team, "description": "x {{ password }}"}, "ignore_errors": True},
        ]
    )
    assert "not members of crew: nobody" in output
    assert '"description": "shown"' in output
    assert "<my>" not in output


@pytest.mark.parametrize("spelling", ["urlencode", "b64encode", "lower"])
def test_an_argument_or_item_that_repeats_a_secret_is_hidden(hub: t.Any, run: Run, spelling: str) -> None:
    hub.fail("/v2/answers", times=None, status=200, body={})
    repeated = f"{{{{ password | {spelling} }}}}"
    path = {"path": "/v2/answers"}
    output = run([{API: {**path, "query": {"a": repeated}}}, {API: path, "loop": [repeated]}])
    assert "'path': '/v2/answers', 'query': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'" in output
    assert len(re.findall(r"\(item=(?:None|\(censored due to no_log\))\)", output)) == 1
