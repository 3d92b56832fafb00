# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task, in plays as users write them."""

from __future__ import annotations

import json
import pathlib
import textwrap
import typing as t

import hub_emulator
import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    LOGINS,
    MFAUSER,
    MYBOT,
    MYORG,
    PAT,
    PLAINUSER,
    REFUSALS,
    RESULT_FIELDS,
    SECOND_FACTOR,
    SSOUSER,
    TASK,
    TOKEN,
    TOTP,
    account_of,
    early_in_a_half_minute,
    leaked,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD, BAD_IN_TASKS, BAD_VALUES

FAILURE_FIELDS = {"changed", "failed", "msg", "error"}
# Since ansible-core 2.19, it adds the warnings that were shown, and to a failure that there is no traceback.
ANSIBLES_FIELDS = {"warnings", "exception"}

Result = dict[str, t.Any]


class PlayRun(t.NamedTuple):
    """The results of the tasks, and everything that the run printed, in one line."""

    results: list[Result]
    output: str


Play = t.Callable[..., PlayRun]
Program = t.Callable[[str, str], str]


@pytest.fixture
def play(hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path) -> Play:
    """Run these tasks one after the other in one play; each is the options of dockerhub_token, or a whole task."""
    early_in_a_half_minute(hub)

    def play(
        *tasks: Result, variables: Result | None = None, env: dict[str, str] | None = None, v: str = ""
    ) -> PlayRun:
        output = tmp_path / "results.json"
        named = [
            {
                "name": f"Task {number}",
                "register": f"result_{number}",
                "ignore_errors": True,
                **(task if TASK in task else {TASK: task}),
            }
            for number, task in enumerate(tasks)
        ]
        results = ", ".join(task["register"] for task in named)
        save = {"copy": {"content": f"{{{{ [{results}] | to_json }}}}", "dest": str(output)}, "no_log": True}
        save["check_mode"] = False
        whole = {"hosts": "localhost", "gather_facts": False, "vars": {"dockerhub_url": hub.url, **(variables or {})}}
        run = run_playbook([{**whole, "tasks": [*named, save]}], *([v] if v else []), env=env)
        assert run.returncode == 0, run.output
        return PlayRun(json.loads(output.read_text()), " ".join(run.output.split()))

    return play


def codes(results: list[Result]) -> list[str]:
    return [result["error"]["code"] for result in results]


def test_every_kind_of_login_returns_its_token(hub: t.Any, play: Play) -> None:
    results, output = play(*({**given, "cache": False} for given, _source, _path in LOGINS.values()))
    for result, (given, source, path) in zip(results, LOGINS.values()):
        assert set(result) - ANSIBLES_FIELDS == {*RESULT_FIELDS, "changed", "failed"}
        assert (result["source"], result["endpoint"], result["cached"]) == (source, path, False)
        assert result["username"] == result["identifier"] == account_of(given)
        assert (result["changed"], result["failed"], result["otp_required"]) == (False, False, False)
        assert result["access_token"] not in output
        assert leaked(given, output) == []
    assert hub.tokens_issued() == len(LOGINS)


def test_a_second_factor_in_two_tasks(hub: t.Any, play: Play) -> None:
    pending = "{{ result_0.login_2fa_token }}"
    first, second = play(
        {**MFAUSER, "on_otp_required": "return"},
        {"login_2fa_token": pending, "code": hub.totp("mfauser")},
    ).results
    assert set(first) == {*RESULT_FIELDS, "changed", "failed", "login_2fa_token"}
    assert (first["otp_required"], first["access_token"], first["endpoint"]) == (True, None, LOGIN)
    assert set(second) == {*RESULT_FIELDS, "changed", "failed"}
    assert (second["username"], second["otp_required"], second["endpoint"]) == ("mfauser", False, SECOND_FACTOR)
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (1, 1)


def test_check_mode_logs_in_as_well_and_a_token_is_reused(hub: t.Any, play: Play) -> None:
    first, second = play({TASK: MYBOT, "check_mode": True}, MYBOT).results
    assert [first["changed"], second["changed"]] == [False, False]
    assert [first["cached"], second["cached"]] == [False, True]
    assert first["access_token"] == second["access_token"]
    assert hub.logins() == 1


def test_verbosity_1_shows_who_logged_in_where_and_for_how_long(hub: t.Any, play: Play) -> None:
    output = play(MYBOT, MYBOT, {**MFAUSER, "on_otp_required": "return"}, v="-v").output
    assert f"Docker Hub: new token of mybot from {hub.url}{TOKEN}, valid for 600 s" in output
    assert f"Docker Hub: reused token of mybot from {hub.url}{TOKEN}, valid for " in output
    assert f"Docker Hub: mfauser needs a second factor (response of {hub.url}{LOGIN})" in output


def test_every_refusal_is_a_readable_failure(play: Play) -> None:
    results, output = play(*(given for given, _code, _status in REFUSALS.values()))
    for result, (given, code, status) in zip(results, REFUSALS.values()):
        assert set(result) - ANSIBLES_FIELDS == FAILURE_FIELDS
        hint = result["error"]["hint"]
        assert result["error"] == {"code": code, "http_status": status, "hint": hint, "retry_at": None}
        assert result["msg"].startswith(f"Docker Hub login of {given['identifier']} failed: ")
        assert result["msg"].endswith(f"; {hint}")
        assert leaked(given, output, json.dumps(result)) == []
    assert "Traceback" not in output


def test_wrong_options_send_nothing(hub: t.Any, play: Play) -> None:
    mine = {"dockerhub_identifier": "mybot", "dockerhub_secret": "another-secret"}
    wanted: list[tuple[Result, tuple[str, ...]]] = [
        *BAD.values(),
        *BAD_IN_TASKS.values(),
        *BAD_VALUES.values(),
        ({}, ("identifier is missing", "variable dockerhub_identifier", "DOCKERHUB_USERNAME")),
        ({"identifier": "me"}, ("secret is missing", "variable dockerhub_secret", "DOCKERHUB_PASSWORD")),
        ({**PLAINUSER, "sekret": PAT}, ("sekret is not an option of the task", ", secret,")),
        ({TASK: {"identifier": "me"}, "vars": mine}, ("secret comes from the variable dockerhub_secret", "mybot")),
    ]
    results, output = play(*(given for given, _words in wanted))
    texts = [result.get("msg", "a token") for result in results]
    assert [text for text, (_given, words) in zip(texts, wanted) if any(word not in text for word in words)] == []
    assert set(codes(results)) == {"invalid_options"}
    assert [name for given, _words in wanted for name in leaked(given, output)] == []
    assert "another-secret" not in output
    assert hub.count() == 0


def test_variables_are_rendered_and_arguments_take_precedence(hub: t.Any, play: Play) -> None:
    names = [
        (i, s)
        for i in ("dockerhub_identifier", "dockerhub_username")
        for s in ("dockerhub_secret", "dockerhub_password")
    ]
    tasks = [{TASK: {}, "vars": {i: "{{ who }}", s: "{{ vault_pat | trim }}"}} for i, s in names]
    both = {
        "dockerhub_identifier": "plainuser",
        "dockerhub_secret": "plain-password-1",
        "dockerhub_auth_method": "login",
    }
    totp = {"dockerhub_secret": MFAUSER["secret"], "dockerhub_totp_secret": "{{ totp_secret }}"}
    results = play(
        *tasks,
        {TASK: {}, "vars": both},
        {TASK: {**MYBOT, "auth_method": "auto", "cache": False}, "vars": both},
        {TASK: {"identifier": "mfauser"}, "vars": totp},
        variables={"who": "{{ 'my' ~ 'bot' }}", "vault_pat": f" {PAT} ", **TOTP},
    ).results
    assert [result["identifier"] for result in results] == [*["mybot"] * 4, "plainuser", "mybot", "mfauser"]
    assert [result["endpoint"] for result in results] == [*[TOKEN] * 4, LOGIN, TOKEN, SECOND_FACTOR]
    assert hub.tokens_issued("mybot") == 2


def test_only_the_environment_of_the_controller_is_read(play: Play) -> None:
    env = {"DOCKERHUB_USERNAME": "mybot", "DOCKERHUB_PASSWORD": "", "DOCKERHUB_TOKEN": PAT, "DOCKERHUB_CACHE": "no"}
    targets = {"DOCKERHUB_USERNAME": "plainuser", "DOCKERHUB_PASSWORD": "plain-password-1"}
    empty = {"dockerhub_identifier": "", "dockerhub_secret": "{{ '' }}", "dockerhub_cache": ""}
    results = play(
        {"identifier": "", "secret": ""},
        {TASK: {}, "environment": targets},
        {TASK: {"login_from": "target"}, "environment": targets},
        {TASK: {}, "vars": empty},
        {TASK: {}, "vars": {"dockerhub_identifier": "plainuser", "dockerhub_secret": "plain-password-1"}},
        env=env,
    ).results
    assert [result["identifier"] for result in results] == [*["mybot"] * 4, "plainuser"]
    assert [result["cached"] for result in results] == [False] * 5


def test_ansible_cfg_is_read_last(play: Play, tmp_path: pathlib.Path) -> None:
    config = tmp_path / "my.cfg"
    config.write_text("[dockerhub]\nidentifier = mybot\nauth_method = login\nuser_agent = cfg/1.0\nsecret = not-read\n")
    env = {"ANSIBLE_CONFIG": str(config), "DOCKERHUB_AUTH_METHOD": "access_token", "DOCKERHUB_PASSWORD": PAT}
    (result,) = play({}, env=env).results
    assert (result["identifier"], result["endpoint"]) == ("mybot", TOKEN)


def test_encrypted_and_unsafe_values(hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path) -> None:
    password = "{{ 6 * 7 }} is my password"
    hub.accounts["me"] = hub_emulator.Account("me", password=password)
    vault = VaultLib([("default", VaultSecret(b"a vault password"))])
    encrypted = {name: vault.encrypt(text, VaultSecret(b"a vault password")).decode() for name, text in MYBOT.items()}
    blocks = {name: "!vault |\n" + textwrap.indent(text, " " * 10) for name, text in encrypted.items()}
    key = tmp_path / "vault_password"
    key.write_text("a vault password")
    plays = f"""
- hosts: localhost
  gather_facts: false
  vars:
    dockerhub_url: {hub.url}
    vault_identifier: {blocks["identifier"]}
    dockerhub_secret: {blocks["secret"]}
  tasks:
    - name: An encrypted variable
      {TASK}:
        identifier: mybot
    - name: Encrypted options, one of them through a variable
      {TASK}:
        identifier: "{{{{ vault_identifier }}}}"
        secret: {blocks["secret"]}
        cache: false
    - name: An encrypted variable and the lookup
      ansible.builtin.debug:
        msg: "{{{{ lookup('{TASK}', vault_identifier, return_format='dict').username }}}}"
    - name: An unsafe variable
      {TASK}:
        identifier: me
      vars:
        dockerhub_secret: !unsafe "{password}"
    - name: An unsafe option
      {TASK}:
        identifier: me
        secret: !unsafe "{password}"
        cache: false
"""
    run = run_playbook(plays, "--vault-password-file", str(key))
    assert run.returncode == 0, run.output
    assert [asked.body["secret"] for asked in hub.requests] == [PAT, PAT, password, password]
    assert PAT not in run.output


def without(tmp_path: pathlib.Path, library: str) -> dict[str, str]:
    """Return an environment in which this library cannot be imported."""
    folder = tmp_path / f"without_{library}"
    folder.mkdir()
    (folder / f"{library}.py").write_text(f"raise ImportError('No module named {library}')\n")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("library", ["requests", "pyotp"])
def test_a_missing_library_is_named(play: Play, tmp_path: pathlib.Path, library: str) -> None:
    given = {**MFAUSER, **TOTP} if library == "pyotp" else MYBOT
    missing = without(tmp_path, library)
    here, there, bad, other = play(
        given,
        {TASK: {**given, "login_from": "target"}, "environment": missing},
        {**given, "otp": "12345"},
        MYBOT,
        env=missing,
    ).results
    assert codes([here, there, bad]) == ["missing_library", "missing_library", "invalid_options"]
    assert f"required Python library ({library})" in here["msg"]
    assert f"required Python library ({library})" in there["msg"]
    assert other["failed"] == (library != "pyotp")


def test_the_target_can_log_in(hub: t.Any, play: Play) -> None:
    there = {"login_from": "target"}
    # A code from the start of the play may have expired before its last task.
    code = f"{{{{ (lookup('ansible.builtin.url', '{hub.url}/_emulator/totp/mfauser') | from_json).code }}}}"
    results, output = play(
        {**MYBOT, **there},
        {**MFAUSER, **there, "secret": hub_emulator.MFAUSER_PAT, **TOTP},
        {TASK: {**MYORG, **there}, "check_mode": True},
        MYBOT,
        {**PLAINUSER, **there, "auth_method": "login"},
        {**SSOUSER, **there},
        {**MYBOT, **there, "secret": "dckr_pat_wrong"},
        {**MFAUSER, **there, "on_otp_required": "return"},
        {**there, "login_2fa_token": "{{ result_7.login_2fa_token }}", "otp": code},
    )
    fields = {*RESULT_FIELDS, "changed", "failed"}
    assert [set(result) - ANSIBLES_FIELDS for result in results[:4]] == [fields] * 4
    assert [result["username"] for result in results[:4]] == ["mybot", "mfauser", "myorg", "mybot"]
    assert [result["cached"] for result in results[:4]] == [False, False, False, True]
    assert "/v2/users/login is deprecated by Docker" in output
    assert codes(results[5:7]) == ["sso_required", "bad_credentials"]
    assert results[6]["msg"].count(results[6]["error"]["hint"]) == 1
    assert (set(results[7]), results[8]["endpoint"]) == ({*fields, "login_2fa_token"}, SECOND_FACTOR)
    assert [result["access_token"] for result in (*results[:5], results[8]) if result["access_token"] in output] == []
    assert "dckr_pat_" not in output
    assert hub.tokens_issued("mybot") == 1


def test_a_module_that_does_not_run_fails_with_the_reason(play: Play) -> None:
    python = {"ansible_python_interpreter": "/nonexistent/python3"}
    (result,), output = play({TASK: {**MYBOT, "login_from": "target"}, "vars": python})
    assert result["error"]["code"] == "module_failed"
    assert "the module did not run on localhost: " in result["msg"]
    assert "/nonexistent/python3" in result["msg"]
    assert "check its Python (3.9 or later), requests and PyJWT" in result["msg"]
    assert PAT not in output


BECOME_HINT = "check become for this host: become_method, become_user, ansible_become_password"
DISK_HINT = "check its disk space, its temporary directory and remote_tmp"
PYTHON_HINT = "check its Python (3.9 or later), requests and PyJWT; -vvv shows which Python was used"
RUN = 'for last; do :; done; exec sh -c "$last"'
BECOME, PYTHON, SSH = "ansible_become_exe", "ansible_python_interpreter", "ansible_ssh_executable"
NO_MODULE = [  # the setting of a program on the way to the module, what it does, and reason and hint in the message
    (BECOME, "exec >&2; echo sudo: a password is required", "Missing sudo password", BECOME_HINT),
    (BECOME, "exec >&2; echo sudo: unknown user joe; echo sudo: no plugin", "sudo: unknown user joe", BECOME_HINT),
    (BECOME, "exec >&2; echo We trust you.; echo joe is not in the sudoers file.", "joe is not in the", BECOME_HINT),
    (
        PYTHON,
        "exec >&2; echo x: warning: x; echo pyenv: no version 3; echo See pyenv.",
        "pyenv: no version 3",
        PYTHON_HINT,
    ),
    (
        PYTHON,
        "exec >&2; echo such: is sudo; echo OSError: [Errno 28] full; echo end",
        "OSError: [Errno 28] full",
        DISK_HINT,
    ),
    (PYTHON, "exec >&2; echo sudo: a password is required", "sudo: a password is required", PYTHON_HINT),
    (SSH, f'case "$*" in *"dd of="*) ;; *) {RUN};; esac', "failed to transfer file to ", DISK_HINT),
]


def test_the_hint_fits_what_failed_on_the_target(play: Play, program: Program, tmp_path: pathlib.Path) -> None:
    target = {"ansible_connection": "ssh", "ansible_ssh_transfer_method": "piped", "ansible_user": "joe"}
    tasks = []
    for number, (setting, text, _reason, _hint) in enumerate(NO_MODULE):
        failing = {setting: program(f"fail_{number}", text + "; exit 1")}
        options = {**MYBOT, "login_from": "target", "cache": False}
        variables = {**target, SSH: program("ssh", RUN), **failing}
        tasks.append({TASK: options, "delegate_to": "bastion", "become": setting != PYTHON, "vars": variables})
    results = play(*tasks, env={"ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote_tmp")}).results
    for (_setting, _text, reason, hint), result in zip(NO_MODULE, results):
        assert result["msg"].startswith(f"the module did not run on bastion: {reason}")
        assert result["error"]["hint"] == hint


@pytest.mark.parametrize("become", [False, True])
def test_an_unreachable_target_is_reported_with_the_reason(play: Play, program: Program, become: bool) -> None:
    ssh = program("ssh", f"echo 'no route; {PAT}' >&2\nexit 255")
    target = {"ansible_connection": "ssh", SSH: ssh, PYTHON: "auto"}
    task = {"delegate_to": "bastion", "become": become, "ignore_unreachable": True, "vars": target}
    (result,), output = play({TASK: {**MYBOT, "login_from": "target"}, **task})
    assert result["unreachable"]
    assert "Failed to connect to the host via ssh: no route; ********" in result["msg"]
    assert PAT not in output


def test_a_target_sends_a_code_once_and_loses_none(hub: t.Any, play: Play) -> None:
    python = {"ansible_python_interpreter": "/nonexistent/python3"}
    given = {**MFAUSER, "login_from": "target", "otp": hub.totp("mfauser"), "cache": False}
    results = play({TASK: given, "vars": python}, given, given).results
    assert codes([results[0], results[2]]) == ["module_failed", "otp_required"]
    assert results[1]["username"] == "mfauser"
    assert "was already sent in this run" in results[2]["msg"]
    assert [request.path for request in hub.requests] == [LOGIN, SECOND_FACTOR]


def test_async_is_refused_without_showing_the_item(play: Play) -> None:
    (result,), output = play({TASK: {**MYBOT, "secret": "{{ item }}"}, "loop": [PAT], "async": 10, "poll": 0})
    assert result["results"][0]["error"]["code"] == "invalid_options"
    assert "remove async" in result["results"][0]["msg"]
    assert PAT not in output


def test_an_omitted_option_is_taken_from_the_next_source(hub: t.Any, play: Play) -> None:
    omitted = "{{ nothing | default(omit) }}"
    look = f"{{{{ lookup('{TASK}', 'mybot', secret=nothing | default(omit), return_format='dict').cached }}}}"
    results = play(
        {TASK: {"identifier": "mybot", "secret": omitted}},
        {TASK: {"identifier": "mybot", "cache": False}, "vars": {"dockerhub_secret": omitted}},
        {TASK: {"identifier": "{{ 'mybot' if look else 'nobody' }}"}, "vars": {"look": look}},
        env={"DOCKERHUB_PASSWORD": PAT},
    ).results
    assert [result["username"] for result in results] == ["mybot"] * 3
    assert [request.body["secret"] for request in hub.requests] == [PAT, PAT]


def test_a_failure_in_a_loop_is_hidden_and_its_message_shown(play: Play) -> None:
    wrong = {**MYBOT, "secret": "dckr_pat_{{ item }}"}
    (result,), output = play({TASK: wrong, "loop": ["wrong"]})
    assert result["results"][0]["error"]["code"] == "bad_credentials"
    assert output.count("answered 401") == 1
    assert "censored" in output
    assert "dckr_pat_wrong" not in output


def test_a_failure_in_a_looped_include_is_readable(
    hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path
) -> None:
    (tmp_path / "included.yml").write_text(json.dumps([{TASK: {**MYBOT, "secret": "dckr_pat_wrong"}}]))
    include = {"include_tasks": "included.yml", "loop": [1]}
    whole = {"hosts": "localhost", "gather_facts": False, "vars": {"dockerhub_url": hub.url}, "tasks": [include]}
    output = run_playbook([whole]).output
    assert '"code": "bad_credentials"' in output
    assert "censored" not in output


def test_a_delegated_task_warns_that_the_controller_logs_in(play: Play) -> None:
    bastion = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    results, output = play(
        {TASK: MYBOT, "delegate_to": "bastion", "vars": bastion}, {TASK: MYORG, "delegate_to": "localhost"}
    )
    assert [result["username"] for result in results] == ["mybot", "myorg"]
    assert output.count("The login to Docker Hub runs on the controller, not on bastion") == 1
    assert "not on localhost" not in output
    assert "set login_from: target" in output


@pytest.mark.parametrize("name", [TASK, "hubops.dockerhub.dockerhub_repository_info"])
def test_an_unused_variable_need_not_be_decrypted(run_playbook: t.Callable[..., t.Any], hub: t.Any, name: str) -> None:
    vault = VaultLib([("default", VaultSecret(b"a vault password"))])
    encrypted = vault.encrypt("other", VaultSecret(b"a vault password")).decode()
    play = f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Log in
      {name}:
        identifier: mybot
        secret: {PAT}
        hub_url: {hub.url}
      vars:
        other: !vault |
{textwrap.indent(encrypted, " " * 10)}
"""
    run = run_playbook(play)
    assert run.returncode == 0, run.output
    assert hub.logins() == 1
