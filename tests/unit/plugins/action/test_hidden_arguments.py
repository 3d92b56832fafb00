# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays: the arguments of a finished task contain no secret, whatever its outcome and whoever reads them."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_arguments import PLACEHOLDER
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    MFAUSER,
    MYBOT,
    PAT,
    PLAINUSER,
    TASK,
    TOKEN,
    TOTP,
    WRONG,
)

REPOSITORY = "hubops.dockerhub.dockerhub_repository"
# Writes all attributes of a finished task, as a callback can read them.
CALLBACK = """
import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "reader"

    def _read(self, result, *args, **kwargs):
        task = getattr(result, "task", None) or getattr(result, "_task", None)
        if task.action == "hubops.dockerhub.dockerhub_token":
            fields = getattr(result, "_task_fields", None) or {}
            record = {"name": task.get_name(), "args": dict(task.args), "text": f"{task.dump_attrs()} {fields}"}
            with open(os.environ["READER_FILE"], "a") as file:
                file.write(json.dumps(record, default=str) + "\\n")

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_skipped = v2_runner_on_unreachable = v2_runner_retry = _read
    v2_runner_item_on_ok = v2_runner_item_on_failed = v2_runner_item_on_skipped = _read
"""
SECRETS = {
    "pat": MYBOT["secret"],
    "wrong": WRONG["secret"],
    "password": MFAUSER["secret"],
    "seed": TOTP["totp_secret"],
    "code": "918273",
    "pending": "pending-login-of-another-run",
    "misplaced": "secret-in-a-wrong-option",
    "content": 'auths = {"docker.io": {"auth": "bXlib3Q6bXktcGFzc3dvcmQ="}}',
}


def task(name: str, options: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, TASK: options, "ignore_errors": True, **more}


def tasks() -> list[dict[str, t.Any]]:
    """Return a task for each outcome. No secret stands in the play itself."""
    wrong, right = {"identifier": "mybot", "secret": "{{ wrong }}"}, {"identifier": "mybot", "secret": "{{ pat }}"}
    mfauser = {"identifier": "mfauser", "secret": "{{ password }}"}
    return [
        task("success", right),
        task("aliases", {"username": "mybot", "password": "{{ pat }}"}),
        task("failure", wrong),
        task("a right password without its second factor", {**mfauser, "auth_method": "login"}),
        task("code", {**mfauser, "otp": "{{ code }}"}),
        task("code by its alias", {**mfauser, "code": "{{ code }}", "cache": False}),
        task("TOTP secret", {**mfauser, "totp_secret": "{{ seed }}"}),
        task("second step", {"login_2fa_token": "{{ pending }}", "otp": "{{ code }}"}),
        task("unknown option", {**right, "sekret": "{{ misplaced }}"}),
        task("secret in a wrong option", {**wrong, "auth_method": "{{ wrong }}"}),
        task("token as identifier", {"identifier": "{{ pat }}", "secret": "{{ wrong }}"}),
        task("password of a proxy", {**right, "proxy": "http://me:{{ misplaced }}@127.0.0.1:1", "cache": False}),
        task("secret inside another option", {**wrong, "hub_url": "http://127.0.0.1:1/{{ wrong }}", "retries": 0}),
        task(
            "secret of a variable under another name",
            {},
            vars={"dockerhub_identifier": "mybot", "dockerhub_secret": "{{ wrong }}"},
            environment={"MINE": "{{ wrong }}"},
        ),
        task("proxy without scheme", {**right, "proxy": "me:{{ misplaced }}@127.0.0.1:1", "cache": False}),
        task("async", right, **{"async": 10, "poll": 0}),
        task("retry", {**wrong, "refusal_ttl": 0}, until="false", retries=1, delay=0),
        task("loop", {"identifier": "mybot", "secret": "{{ item.secret }}"}, loop="{{ [{'secret': wrong}] }}"),
        task("skipped item", wrong, loop=["one", "two"], when="item == 'one'"),
        task("skipped task", wrong, when=False),
        task("defaults", {}, module_defaults={TASK: wrong}),
        task("defaults that the task overrides", right, module_defaults={TASK: wrong}),
        task("content of a Docker configuration", {**wrong, "docker_config": "{{ content }}"}),
        task("dictionary as identifier", {"identifier": {"name": "mybot", "pat": "{{ misplaced }}"}}),
        task("defaults of the group", {}, module_defaults={"group/hubops.dockerhub.dockerhub": wrong}),
        task("environment", wrong, environment={"DOCKERHUB_PASSWORD": "{{ wrong }}"}),
        task(
            "environment of a target",
            {**right, "login_from": "target", "cache": False},
            environment={
                "DOCKERHUB_PASSWORD": "{{ wrong }}",
                "DOCKERHUB_TOTP_SECRET": "{{ seed }}",
                "MINE": "{{ pat }}",
            },
        ),
        task(
            "unreachable",
            {**right, "login_from": "target", "cache": False},
            delegate_to="nowhere",
            ignore_unreachable=True,
        ),
        task("broken module", {**mfauser, "login_from": "target"}, vars={"ansible_python_interpreter": "/no/python"}),
        task("timeout", {**wrong, "hub_url": "{{ dockerhub_url }}/slow"}, timeout=1),
    ]


@pytest.fixture
def read(hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path) -> t.Callable[..., t.Any]:
    """Run these tasks; return the output, and what a callback reads of them."""
    (tmp_path / "callbacks").mkdir()
    (tmp_path / "callbacks/reader.py").write_text(CALLBACK)
    hub.fail("/slow/*", times=None, status=None, delay=5)

    def read(some: list[dict[str, t.Any]], *arguments: str, strategy: str = "linear") -> tuple[str, list[t.Any]]:
        nowhere = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
        inventory = {"all": {"hosts": {"here": {"ansible_connection": "local"}, "nowhere": nowhere}}}
        (tmp_path / "hosts.json").write_text(json.dumps(inventory))
        (tmp_path / "secrets.json").write_text(json.dumps(SECRETS))
        play = {
            "hosts": "here",
            "gather_facts": False,
            "strategy": strategy,
            "vars": {"dockerhub_url": hub.url},
            "vars_files": ["secrets.json"],
            "tasks": some,
        }
        env = {
            "ANSIBLE_CALLBACK_PLUGINS": str(tmp_path / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "reader",
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
            "READER_FILE": str(tmp_path / "read"),
        }
        run = run_playbook([play], "-i", str(tmp_path / "hosts.json"), *arguments, env=env)
        assert run.returncode == 0, run.output
        lines = (tmp_path / "read").read_text().splitlines()
        return run.output, [json.loads(line) for line in lines]

    return read


def found(text: str) -> list[str]:
    """Return the names of the secrets that a text contains."""
    return [name for name, secret in SECRETS.items() if secret in text]


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_no_outcome_leaves_a_secret_in_the_arguments(read: t.Callable[..., t.Any], strategy: str) -> None:
    output, records = read(tasks(), "-vvv", strategy=strategy)
    assert found(output) == []
    assert [(record["name"], found(record["text"])) for record in records if found(record["text"])] == []
    assert {record["name"] for record in records} == {one["name"] for one in tasks()}
    shown = {record["name"]: record["args"] for record in records}  # the last one of each task
    assert shown["failure"] == {"identifier": "mybot", "secret": PLACEHOLDER}
    assert shown["code"] == {"identifier": "mfauser", "secret": PLACEHOLDER, "otp": PLACEHOLDER}
    assert shown["token as identifier"]["identifier"] == PLACEHOLDER
    assert shown["password of a proxy"]["proxy"] == PLACEHOLDER
    assert shown["proxy without scheme"]["proxy"] == PLACEHOLDER


def test_a_rescue_block_cannot_read_the_secret(
    hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path
) -> None:
    rescue = {"copy": {"content": "{{ ansible_failed_task | to_json }}", "dest": str(tmp_path / "failed")}}
    failing = {TASK: {"identifier": "mfauser", "secret": "{{ password }}", "auth_method": "login"}}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"dockerhub_url": hub.url, **SECRETS}}
    run = run_playbook([{**play, "tasks": [{"block": [failing], "rescue": [rescue]}]}])
    assert run.returncode == 0, run.output
    failed = json.loads((tmp_path / "failed").read_text())
    assert failed["args"] == {"identifier": "mfauser", "secret": PLACEHOLDER, "auth_method": "login"}
    assert MFAUSER["secret"] not in str(failed["args"])


def test_a_rescue_block_cannot_render_the_secret_anew(hub: t.Any, run_playbook: t.Callable[..., t.Any]) -> None:
    failing = {TASK: {"auth_method": "login"}, "vars": {"mine": "{{ password }}"}}
    failing["module_defaults"] = {TASK: {"identifier": "mfauser", "secret": "{{ mine }}"}}
    rescue = {"ansible.builtin.debug": {"var": "ansible_failed_task"}}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"dockerhub_url": hub.url, **SECRETS}}
    run = run_playbook([{**play, "tasks": [{"block": [failing], "rescue": [rescue]}]}])
    assert run.returncode == 0, run.output
    assert MFAUSER["secret"] not in run.output


def test_each_try_of_until_uses_the_real_values(hub: t.Any, read: t.Callable[..., t.Any]) -> None:
    hub.fail(TOKEN, times=2, status=500)
    options = {**PLAINUSER, "retries": 0, "secret": "{{ 'plain-password' ~ '-1' }}"}
    _output, records = read([{TASK: options, "register": "hub", "until": "hub is success", "retries": 3, "delay": 0}])
    assert [request.body["secret"] for request in hub.requests] == [PLAINUSER["secret"]] * 3
    assert len(records) > 2
    assert PLAINUSER["secret"] not in json.dumps(records)


def test_redo_in_the_debugger_sends_no_placeholder(hub: t.Any, run_playbook: t.Callable[..., t.Any]) -> None:
    options = {"identifier": "mfauser", "secret": "{{ password }}", "auth_method": "login"}
    failing = {"name": "Fail", TASK: options, "debugger": "on_failed"}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"dockerhub_url": hub.url, **SECRETS},
        "tasks": [failing],
    }
    output = run_playbook([play], stdin="p task.args\nredo\nupdate_task\nredo\nquit\n").output
    assert PLACEHOLDER in output
    assert MFAUSER["secret"] not in output
    assert "in the debugger, enter update_task before redo" in " ".join(output.split())
    assert [request.path for request in hub.requests] == [LOGIN]
    assert {request.body["password"] for request in hub.requests} == {MFAUSER["secret"]}


def test_redo_in_the_debugger_writes_no_placeholder_to_docker_hub(
    hub: t.Any, run_playbook: t.Callable[..., t.Any]
) -> None:
    hub.repositories.add("mybot", "app", hub.now())
    hub.fail("/v2/namespaces/mybot/repositories/app", status=403, body={"message": "no"})
    text = "see https://example.com/@mybot"
    failing = {REPOSITORY: {"name": "app", "description": text}, "debugger": "on_failed"}
    login = {"dockerhub_url": hub.url, "dockerhub_identifier": "mybot", "dockerhub_secret": PAT}
    play = {"hosts": "localhost", "gather_facts": False, "vars": login, "tasks": [failing]}
    output = run_playbook([play], stdin="redo\nupdate_task\nredo\nquit\n").output
    assert "description is no longer known" in " ".join(output.split())
    assert hub.repositories.find("mybot", "app").description == text


def test_a_rescue_block_cannot_read_a_proxy_password(
    hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path
) -> None:
    rescue = {"copy": {"content": "{{ ansible_failed_task | to_json }}", "dest": str(tmp_path / "failed")}}
    failing = {TASK: {**PLAINUSER, "hub_url": hub.url, "proxy": "me:my-proxy-word@127.0.0.1:9", "retries": 0}}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"block": [failing], "rescue": [rescue]}]}
    run = run_playbook([play])
    assert run.returncode == 0, run.output
    assert "my-proxy-word" not in (tmp_path / "failed").read_text()
