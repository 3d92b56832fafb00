# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays with options that cannot be used: task and lookup name the cause, and show no secret."""

from __future__ import annotations

import json
import pathlib
import textwrap
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import MYBOT, PAT, PLAINUSER, TASK

# By name: the template of dockerhub_secret, and words of the message.
UNRENDERABLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "missing file": ("{{ lookup('file', '/nonexistent/pat.txt') }}", ("/nonexistent/pat.txt", "not found")),
    "locked password manager": (
        "{{ lookup('pipe', 'echo >&2 locked; exit 3') }}",
        ("lookup_plugin.pipe", "returned 3"),
    ),
    "missing collection": ("{{ lookup('no.such.lookup', 'pat') }}", ("no.such.lookup", "not found")),
    "own message": (
        "{{ nothing | mandatory('unlock the vault of team A first') }}",
        ("unlock the vault of team A first",),
    ),
    "undefined variable": ("{{ vault_pat }}", ("'vault_pat' is undefined",)),
    "missing key": ("{{ accounts.hub }}", ("has no attribute 'hub'",)),
    "recursion": ("{{ recursive }}", ("recursi",)),
    "missing filter": ("{{ 'a' | no_such_filter }}", ("no_such_filter",)),
    "division by zero": ("{{ 1 / 0 }}", ("division by zero",)),
    "password with braces": ("my{{#pass%word", ("syntax error", "!unsafe", "unsafe: true")),
    "password with a tag": ("my{%pass#word", ("syntax error", "!unsafe", "unsafe: true")),
    "password with braces in another variable": ("{{ braces }}", ("syntax error", "!unsafe")),
    "undefined variable with decrypt in its name": ("{{ decrypted_pat }}", ("'decrypted_pat' is undefined",)),
}
VARIABLES = {"accounts": {}, "recursive": "{{ recursive }}", "braces": "other{{#pass%word", "seed": "my-totp-secret"}


@pytest.mark.parametrize("verbosity", ["", "-vvv"])
def test_a_variable_that_cannot_be_rendered_names_the_cause(
    hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path, verbosity: str
) -> None:
    tasks: list[dict[str, t.Any]] = []
    for number, (template, _words) in enumerate(UNRENDERABLE.values()):
        variables = {"dockerhub_secret": template, "dockerhub_totp_secret": "{{ seed }}"}
        lookup = f"{{{{ lookup('{TASK}', 'mybot') }}}}"
        tasks += [
            {TASK: {"identifier": "mybot"}, "vars": variables, "register": f"task_{number}", "ignore_errors": True},
            {"debug": {"msg": lookup}, "vars": variables, "register": f"lookup_{number}", "ignore_errors": True},
        ]
    names = ", ".join(task["register"] for task in tasks)
    save = {"copy": {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(tmp_path / "results.json")}}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {**VARIABLES, "dockerhub_url": hub.url}}
    run = run_playbook([{**play, "tasks": [*tasks, save]}], *verbosity.split())
    assert run.returncode == 0, run.output
    results = json.loads((tmp_path / "results.json").read_text())
    for result, (name, (_template, words)) in zip(results[::2], UNRENDERABLE.items()):
        assert "the variable dockerhub_secret cannot be rendered: " in result["msg"], name
        assert [word for word in words if word not in result["msg"]] == [], (name, result["msg"])
        assert result["error"]["code"] == "invalid_options"
        assert result["msg"].isprintable()
        assert len(result["msg"]) < 800
    for result, (name, (_template, words)) in zip(results[1::2], UNRENDERABLE.items()):
        text = " ".join(result["msg"].split())
        assert "the variable dockerhub_secret cannot be rendered: " in text, name
        assert [word for word in words if word not in text] == [], (name, text)
    assert ("in _render" in run.output) == bool(verbosity)  # where the template failed
    secrets = ("my-totp-secret", "pass%word", "pass#word")
    assert [secret for secret in secrets if secret in json.dumps([result["msg"] for result in results])] == []
    assert hub.count() == 0


def test_the_secret_of_another_option_is_hidden_in_the_cause(hub: t.Any, run_playbook: t.Callable[..., t.Any]) -> None:
    variables = {
        "dockerhub_secret": "{{ nothing | mandatory('refused ' ~ seed) }}",
        "dockerhub_totp_secret": "{{ seed }}",
    }
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"seed": "my-totp-secret", **variables}}
    run = run_playbook([{**play, "tasks": [{TASK: {"identifier": "mybot", "totp_secret": "{{ seed }}"}}]}])
    assert "refused ********" in run.output
    assert "my-totp-secret" not in run.output


ALTERED = """
- hosts: localhost
  gather_facts: false
  vars:
    dockerhub_url: URL
  tasks:
    - TASK:
        identifier: mybot
        secret: 1234567890
      ignore_errors: true
    - TASK:
        identifier: mybot
        secret: yes
      ignore_errors: true
    - TASK:
        identifier: 2024-01-31
        secret: my-password
      ignore_errors: true
    - TASK:
        identifier: mybot
      vars:
        dockerhub_secret: 1234567890
      ignore_errors: true
    - debug:
        msg: "{{ lookup('TASK', 'mybot', secret=1234567890) }}"
      ignore_errors: true
"""


def test_numbers_booleans_and_dates_are_refused_with_quote_it(hub: t.Any, run_playbook: t.Callable[..., t.Any]) -> None:
    run = run_playbook(ALTERED.replace("URL", hub.url).replace("TASK", TASK))
    text = " ".join(run.output.split())
    assert hub.count() == 0
    assert text.count("ignored=5") == 1
    for kind in ("a number", "a boolean", "a date"):
        assert f"must be text, but was read as {kind}; quote it" in text
    # Since ansible-core 2.19, Ansible prints the lines of the playbook around a failed task.
    messages = [line for line in run.output.splitlines() if "FAILED!" in line or line.startswith("[ERROR]")]
    assert len(messages) >= 5
    assert not [line for line in messages if "1234567890" in line]


def test_an_option_and_its_alias_must_not_differ(
    hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path
) -> None:
    defaults = {"module_defaults": {"group/hubops.dockerhub.dockerhub": MYBOT}}
    alias = {"username": PLAINUSER["identifier"], "password": PLAINUSER["secret"]}
    tasks = [
        {TASK: alias, **defaults},
        {TASK: {**MYBOT, "password": "another-password"}},
        {TASK: {**MYBOT, "otp": "123456", "code": "654321"}},
        {TASK: {**MYBOT, "username": "mybot", "password": PAT}},
        {"debug": {"msg": f"{{{{ lookup('{TASK}', 'mybot', secret=pat, password='another-password') }}}}"}},
    ]
    named = [{**task, "register": f"result_{n}", "ignore_errors": True} for n, task in enumerate(tasks)]
    save = {"copy": {"content": "{{ [result_0, result_1, result_2, result_3, result_4] | to_json }}"}}
    save["copy"]["dest"] = str(tmp_path / "results.json")
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"dockerhub_url": hub.url, "pat": PAT}}
    run = run_playbook([{**play, "tasks": [*named, save]}])
    assert run.returncode == 0, run.output
    results = json.loads((tmp_path / "results.json").read_text())
    for result, names in zip(results[:3], (("identifier", "secret"), ("secret",), ("otp",))):
        assert result["error"]["code"] == "invalid_options"
        assert result["msg"].split()[0] in names
        assert "have different values; give one of the two; where module_defaults contains one" in result["msg"]
    assert results[3]["username"] == "mybot"
    assert "secret and its alias password have different values" in results[4]["msg"]
    assert "another-password" not in json.dumps(results)
    assert hub.count() == 1


def test_ansible_cfg_expands_home_and_warns_of_misplaced_keys(
    hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path
) -> None:
    config = """
    [dockerhub]
    username = another
    secret = my-secret-word
    identifier = mybot
    ca_path = $HOME/ca.pem
    """
    (tmp_path / "my.cfg").write_text(textwrap.dedent(config))
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{TASK: {}}, {TASK: {}}]}
    env = {"ANSIBLE_CONFIG": str(tmp_path / "my.cfg"), "DOCKERHUB_URL": "https://127.0.0.1:1", "DOCKERHUB_TOKEN": PAT}
    text = " ".join(run_playbook([play], env=env).output.split())
    assert text.count("secret in the section [dockerhub] is ignored, because a secret does not belong there") == 1
    assert text.count("username in the section [dockerhub] is ignored. Use identifier instead") == 1
    assert f"{tmp_path}/home/ca.pem" in text
    assert "my-secret-word" not in text


def test_without_the_cache_a_task_refreshes_the_token_of_later_lookups(
    hub: t.Any, run_playbook: t.Callable[..., t.Any]
) -> None:
    lookup = f"lookup('{TASK}', 'mybot', secret=pat)"
    tasks: list[dict[str, t.Any]] = [
        {"set_fact": {"first": f"{{{{ {lookup} }}}}"}},
        {TASK: {**MYBOT, "cache": False}, "register": "fresh"},
        {"assert": {"that": [f"{lookup} == fresh.access_token", "first != fresh.access_token", "not fresh.cached"]}},
    ]
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"dockerhub_url": hub.url, "pat": PAT}, "tasks": tasks}
    run = run_playbook([play])
    assert run.returncode == 0, run.output
    assert hub.logins() == 2
