# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays with resource tasks: one login, check mode, differences, renewal, and nothing secret on any output."""

from __future__ import annotations

import base64
import json
import pathlib
import re
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import PLAINUSER

Play = t.Callable[..., t.Any]
TOKEN = hub_emulator.TOKEN_PATH
REPOSITORY = "/v2/namespaces/mybot/repositories/app"
BESIDE = {"extended": True, "extended_allitems": False}
EXPLICIT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJleHBsaWNpdCJ9.c2lnbmF0dXJl"


@pytest.fixture
def play(hub: t.Any, run_playbook: Play, tmp_path: pathlib.Path) -> Play:
    """``play(tasks, "host[1:5]", "-v")`` runs tasks as mybot, whose credential is in the environment."""

    def run(tasks: list[dict[str, t.Any]], hosts: str, *arguments: str, **keywords: t.Any) -> t.Any:
        (tmp_path / "hosts").write_text(f"{hosts}\n[all:vars]\nansible_connection=local\n")
        environment = {
            "DOCKERHUB_URL": hub.url,
            "DOCKERHUB_USERNAME": "mybot",
            "DOCKERHUB_PASSWORD": hub_emulator.MYBOT_PAT,
        }
        plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks, **keywords}]
        return run_playbook(plays, "-i", str(tmp_path / "hosts"), *arguments, env=environment)

    return run


def repository(**options: t.Any) -> dict[str, t.Any]:
    return {"hubops.dockerhub.dockerhub_repository": {"name": "app", **options}}


def info(**options: t.Any) -> dict[str, t.Any]:
    return {"hubops.dockerhub.dockerhub_repository_info": options}


def api(path: str, **options: t.Any) -> dict[str, t.Any]:
    return {"hubops.dockerhub.dockerhub_api": {"path": path, **options}}


def require(*conditions: str) -> dict[str, t.Any]:
    return {"ansible.builtin.assert": {"that": list(conditions), "quiet": True}}


def test_all_hosts_and_tasks_share_one_login(hub: t.Any, play: Play) -> None:
    tasks = [repository(name="app-{{ inventory_hostname }}"), info(), {"hubops.dockerhub.dockerhub_token": {}}]
    result = play(tasks, "host[01:20]", "--forks", "10")
    assert result.returncode == 0, result.output
    assert hub.logins() == 1
    assert sum(request.status == 201 for request in hub.requests) == 20


def test_check_mode_shows_differences_and_sends_nothing(hub: t.Any, play: Play) -> None:
    result = play([repository(description="One", full_description="# App\n\nOld.")], "host1")
    assert "changed=1" in result.output
    before = hub.count()
    tasks = [repository(description="Two", full_description="# App\n\nNew."), repository(name="new")]
    result = play(tasks, "host1", "--check", "--diff")
    assert "changed=2" in result.output
    for line in ('-description: "One"', '+description: "Two"', "-  Old.", "+  New."):
        assert line in result.output
    assert {request.method for request in hub.requests[before:] if request.path != TOKEN} == {"GET"}


def test_a_second_run_changes_nothing(hub: t.Any, play: Play) -> None:
    tasks = [repository(description="One", private=True, immutable_tags={"enabled": True, "rules": ["v2", "v1"]})]
    assert "changed=1" in play(tasks, "host1").output
    before = hub.count()
    assert "changed=0" in play(tasks, "host1").output
    assert [request.method for request in hub.requests[before:]] == ["POST", "GET"]


def test_a_dead_token_is_renewed_by_one_login_for_all(hub: t.Any, play: Play) -> None:
    first: list[str] = []

    def refuse_first_token(request: t.Any) -> t.Any:
        bearer = request.headers["Authorization"]
        first.extend([] if first else [bearer])
        return hub_emulator.Reply(401, {"message": "unauthorized", "errinfo": None}) if bearer in first else None

    hub.fail("/v2/namespaces/*", times=None, status=None, respond=refuse_first_token)
    result = play([info(), info()], "host[1:8]", "--forks", "8")
    assert result.returncode == 0, result.output
    assert hub.logins() == 2


def test_a_second_401_is_forbidden(hub: t.Any, play: Play) -> None:
    hub.fail("/v2/namespaces/*", times=None, status=401, body={"message": "unauthorized"})
    tasks = [{**info(), "register": "hub", "ignore_errors": True}, require("hub.error.code == 'forbidden'")]
    result = play(tasks, "host[1:3]")
    assert result.returncode == 0, result.output
    assert hub.logins() <= 4  # the first, and one more for each host whose new token is refused too


def test_an_explicit_token_is_used_and_never_renewed(hub: t.Any, play: Play) -> None:
    tasks = [
        {"hubops.dockerhub.dockerhub_token": {}, "register": "login"},
        info(access_token="{{ login.access_token }}"),
        {**info(access_token=EXPLICIT), "register": "dead", "ignore_errors": True},
        require("dead.error.code == 'token_expired'"),
    ]
    result = play(tasks, "host1", "-vvvv")
    assert result.returncode == 0, result.output
    assert hub.logins() == 1
    assert "eyJ" not in result.output


def test_hints_and_warnings_that_repeat_a_secret_hide_it(play: Play, tmp_path: pathlib.Path) -> None:
    (tmp_path / "vars.json").write_text(json.dumps({"password": PLAINUSER["secret"]}))
    token = {"name": "{{ password }}", "held_id": "none", "scopes": ["repo:read"], "expires_in": "30d"}
    login = {"identifier": "plainuser", "secret": "{{ password }}"}
    tasks = [
        {**api("access-tokens/{{ password }}", **login), "ignore_errors": True},
        {"hubops.dockerhub.dockerhub_access_token": {**token, **login}, "ignore_errors": True},
    ]
    result = play(tasks, "host1", "-vvv", "-e", f"@{tmp_path}/vars.json")
    assert '"hint": "did you mean /v2/access-tokens/***' in result.output
    assert "No token named ***" in result.output
    assert PLAINUSER["secret"] not in result.output


FORCE_MODES = """
import os

from ansible.plugins.callback import CallbackBase

real = os.lstat


def lstat(path, **kwargs):
    status = real(path, **kwargs)
    if not os.fspath(path).startswith(os.environ["ANSIBLE_LOCAL_TEMP"]):
        return status
    return os.stat_result((status.st_mode | 0o77, *status[1:]))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "force_modes"


os.lstat = lstat
"""


def test_nothing_is_left_where_modes_are_forced(
    play: Play, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins, runtime = tmp_path / "callbacks", tmp_path / "runtime"
    plugins.mkdir()
    runtime.mkdir(0o700)
    (plugins / "force_modes.py").write_text(FORCE_MODES)
    monkeypatch.setenv("ANSIBLE_CALLBACK_PLUGINS", str(plugins))
    monkeypatch.setenv("ANSIBLE_CALLBACKS_ENABLED", "force_modes")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    result = play([repository(), require(f"lookup('pipe', 'ls {runtime}') is match('ansible-dockerhub-')")], "host1")
    assert result.returncode == 0, result.output
    assert list(runtime.iterdir()) == []


def test_a_misspelt_option_fails_before_any_request(hub: t.Any, play: Play) -> None:
    result = play([repository(descripton="x")], "host1")
    assert (
        "descripton is not an option of hubops.dockerhub.dockerhub_repository; did you mean description?"
        in result.output
    )
    assert "full_description" in result.output
    inner = play([repository(teams=[{"name": "dev", "permision": "read"}])], "host1")
    assert "there is no option teams.permision. Supported parameters include: name, permission;" in inner.output
    assert hub.count() == 0


@pytest.mark.parametrize("group", ["hubops.dockerhub.dockerhub", "hubops.dockerhub.all"])
def test_action_groups_set_options_of_all_tasks(hub: t.Any, play: Play, group: str) -> None:
    defaults = {f"group/{group}": {"identifier": "mybot", "secret": "not-the-secret", "cache": True}}
    tasks = [
        {**task, "ignore_errors": True} for task in (repository(), info(), api("/v2/namespaces/mybot/repositories"))
    ]
    result = play(tasks, "host1", module_defaults=defaults)
    assert "ignored=3" in result.output
    assert hub.logins() == 1  # a refused login is not repeated
    assert hub.count() == 1


def test_a_refused_login_is_sent_once_for_all_tasks(hub: t.Any, play: Play) -> None:
    tasks = [{**repository(secret="not-my-secret", name=f"app{number}"), "ignore_errors": True} for number in range(3)]
    result = play(tasks, "host[1:6]", "--forks", "6")
    assert result.output.count("bad_credentials") >= 18
    assert hub.count() == 1


def test_until_repeats_with_the_real_secret(hub: t.Any, play: Play) -> None:
    hub.fail("/v2/namespaces/*", times=2, status=500, body={"message": "no"})
    task = {**info(secret=hub_emulator.MYBOT_PAT, retries=0), "register": "hub", "until": "hub is success"}
    result = play([{**task, "retries": 3, "delay": 0}], "host1", "-vvvv")
    assert result.returncode == 0, result.output
    assert hub_emulator.MYBOT_PAT not in result.output


def test_items_of_loops_and_sources_of_secrets_are_hidden(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    password = hub_emulator.ACCOUNTS["mybot"].password
    (tmp_path / "secrets.json").write_text(json.dumps({"pw": password, "accounts": [{"user": "mybot", "s": password}]}))
    login = {"dockerhub_username": "{{ item.user }}", "dockerhub_password": "{{ item.s }}"}
    create = {"name": "{{ item }}", "scopes": ["repo:read"], "rotate": "due", "expires_in": "90d", "secret": "{{ pw }}"}
    confirm = {**create, "name": "{{ item.item }}", "confirm": True, "held_id": "{{ item.id }}"}
    token = "hubops.dockerhub.dockerhub_access_token"
    named = repository(name="{{ item.name }}", secret="{{ item.s | default(omit) }}")
    environment = {"DOCKERHUB_PASSWORD": "{{ pw }}", "DOCKERHUB_TOTP_SECRET": "{{ pw }}"}
    tasks = [
        {token: create, "loop": ["aa", "bb"], "register": "made"},
        {token: confirm, "loop": "{{ made.results }}"},
        {**repository(), "vars": login, "loop": "{{ accounts }}"},
        {**repository(pasword="{{ item.s }}"), "loop": "{{ accounts }}", "ignore_errors": True},
        {**named, "loop": [{"name": "m1", "s": "{{ pw }}"}, {"name": "m2"}], "loop_control": {"extended": True}},
        {**named, "loop": [{"name": "m3"}, {"name": "m4", "s": "{{ pw }}"}], "loop_control": BESIDE},
        {**info(), "loop": ["one", "two dckr_pat_{{ pw }}"], "loop_control": {"extended": True}},
        {**info(secret="{{ pw }}"), "loop": ["one"], "loop_control": {"label": "{{ pw }}"}},
        {**repository(name="{{ item.name }}"), "loop": [{"name": "visible-1"}]},
        {**repository(private="{{ pw }}", secret="{{ pw }}"), "ignore_errors": True},
        {
            "block": [
                {**repository(name="Bad"), "vars": {"dockerhub_password": "{{ pw }}"}, "environment": environment}
            ],
            "rescue": [{"ansible.builtin.debug": {"msg": "{{ ansible_failed_task }}"}}],
        },
    ]
    result = play(tasks, "host1", "-v", "-e", "@secrets.json")
    assert result.returncode == 0, result.output
    assert "visible-1" in result.output
    assert password not in result.output
    assert "dckr_pat_" not in result.output


@pytest.mark.usefixtures("argument_reader")
def test_an_item_with_a_secret_is_hidden(play: Play, tmp_path: pathlib.Path) -> None:
    totp = {"identifier": "mfauser", "secret": "{{ mfa_password }}", "cache": False}
    slow = {"dockerhub_password": "{{ lookup('ansible.builtin.pipe', 'sleep 9') }}"}
    found: list[tuple[dict[str, t.Any], t.Any]] = [
        (repository(proxy="me:{{ item | urlencode }}@127.0.0.1:1", cache=False), "{{ hidden }} <"),
        (repository(proxy="{{ item }}", cache=False), "me:{{ hidden }}@127.0.0.1:1"),
        ({**repository(cache=False), "vars": {"dockerhub_proxy": "me:{{ item }}@127.0.0.1:1"}}, "{{ hidden }}"),
        (api("/v2/none", body="{{ item.body }}", method="POST"), {"body": "{'password': '{{ hidden }}',}"}),
        (repository(secret="'{{ item.x }}' "), {"x": "{{ hidden }}"}),
        (repository(secret="{{ item }}"), {"x": "{{ hidden }}"}),
        (repository(secret="{{ item.x | b64decode }}"), {"x": "{{ hidden | b64encode }}"}),
        (info(**totp, totp_secret="otpauth://totp/x?secret={{ item.x }}"), {"x": "{{ totp_secret }}"}),
        ({**repository(name="A"), "environment": {"DOCKERHUB_PASSWORD": "{{ item.x }}"}}, {"x": "{{ hidden }}"}),
        ({**repository(), "vars": slow, "timeout": 1}, {"x": "{{ hidden }}"}),
        (
            {**info(), "vars": {"dockerhub_username": "{{ item.nme }}", "dockerhub_password": "{{ item.x }}"}},
            {"x": "{{ hidden }}"},
        ),
    ]
    (tmp_path / "secrets.json").write_text(json.dumps({"hidden": "secret-of-the-item", **SECRETS}))
    tasks = [{**task, "loop": [item], "ignore_errors": True} for task, item in found]
    output = play(tasks, "host1", "-v", "-e", "@secrets.json").output
    assert len(re.findall(r"\(item=(?:None|\(censored due to no_log\))\)", output)) == len(tasks), output
    shown = ("secret-of-the-item", base64.b64encode(b"secret-of-the-item").decode(), SECRETS["totp_secret"])
    assert [text for text in shown if text in output] == []
    assert "the variable dockerhub_username cannot be rendered" in " ".join(output.split())


# Everything that a resource task can end with, in every way that Ansible shows it.
OUTCOMES: dict[str, dict[str, t.Any]] = {
    "created": repository(secret="{{ pat }}", description="One"),
    "unchanged": repository(secret="{{ pat }}", description="One"),
    "checked": {**repository(secret="{{ pat }}", description="Two"), "check_mode": True},
    "changed": repository(secret="{{ pat }}", description="Three"),
    "forbidden": repository(secret="{{ pat }}", namespace="plainuser"),
    "missing": api("/v2/namespaces/mybot/repositories/none", secret="{{ pat }}"),
    "echoed": api("/v2/namespaces/mybot/repositories/echo", secret="{{ pat }}"),
    "body": api("/v2/none", method="POST", secret="{{ pat }}", body={"account": {"password": "{{ body_password }}"}}),
    "text_body": api("/v2/none", method="POST", secret="{{ pat }}", body='[{"totp_secret": "{{ body_password }}"}]'),
    "list_body": api("/v2/none", method="POST", secret="{{ pat }}", body={"passwords": ["{{ body_password }}"]}),
    "dict_body": api("/v2/none", method="POST", secret="{{ pat }}", body={"passwords": {"db": "{{ body_password }}"}}),
    "broken_body": api("/v2/none", method="POST", secret="{{ pat }}", body='{"password": "{{ body_password }}",}'),
    "quoted": api("/v2/quote", method="POST", secret="{{ pat }}", body={"password": "{{ body_password }}"}),
    "quoted_query": api("/v2/quote", secret="{{ pat }}", query={"token": "{{ body_password }}"}),
    "returned": api(
        "/v2/quote",
        method="PUT",
        secret="{{ pat }}",
        body='{"db_password": "{{ body_password }}"}',
        status_code=[400],
    ),
    "published": repository(
        identifier="mfauser",
        secret="{{ mfa_password }}",
        description="x {{ mfa_password }}",
        totp_secret="{{ totp_secret }}",
    ),
    "described": {
        **repository(description="{{ wrong }}"),
        "vars": {"dockerhub_secret": "{{ wrong }}", "dockerhub_identifier": "mybot"},
    },
    "refused": repository(secret="{{ wrong }}"),
    "invalid": repository(secret="{{ pat }}", name="Not A Name"),
    "account": repository(identifier={"name": "mybot", "pat": "{{ body_password }}"}),
    "docker_config": repository(docker_config="{{ ('mybot:' ~ body_password) | b64encode }}"),
    "misspelt": repository(secret="{{ pat }}", sekret="{{ wrong }}"),
    "second_factor": info(identifier="mfauser", secret="{{ mfa_password }}", totp_secret="{{ totp_secret }}"),
    "explicit": info(access_token="{{ explicit }}"),
    "looped": {
        **repository(secret="{{ item.secret }}", identifier="{{ item.name }}"),
        "loop": [{"name": "mybot", "secret": "{{ pat }}"}],
    },
}
SECRETS = {
    "pat": hub_emulator.MYBOT_PAT,
    "wrong": "secret-that-is-refused",
    "body_password": "secret-in-a-body",
    "mfa_password": hub_emulator.ACCOUNTS["mfauser"].password,
    "totp_secret": hub_emulator.MFAUSER_TOTP_SECRET,
    "explicit": EXPLICIT,
}


@pytest.mark.usefixtures("argument_reader")
@pytest.mark.parametrize("verbosity", ["", "-vvvv"])
def test_no_output_shows_a_secret(hub: t.Any, play: Play, tmp_path: pathlib.Path, verbosity: str) -> None:
    def echo(request: t.Any) -> t.Any:
        if request.path == "/v2/quote":
            beyond_the_limit = "no " * 62  # characters, so that the message is cut inside the secret
            return hub_emulator.Reply(400, {"message": f"{beyond_the_limit}{SECRETS['body_password']}"})
        is_echo = request.path.endswith("/echo")
        return hub_emulator.Reply(400, {"message": request.headers["Authorization"]}) if is_echo else None

    hub.fail("/v2/*", times=None, status=None, respond=echo)
    (tmp_path / "secrets.json").write_text(json.dumps(SECRETS))
    show = {"ansible.builtin.debug": {"msg": "{{ ansible_failed_task.args }} {{ ansible_failed_result }}"}}
    tasks = [{"block": [{**task, "register": name}], "rescue": [show]} for name, task in OUTCOMES.items()]
    arguments = [*verbosity.split(), "--diff", "-e", "@secrets.json"]
    result = play(tasks, "host1", *arguments, environment={"ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1"})
    assert result.returncode == 0, result.output
    assert result.output.count("ARGS {") >= len(OUTCOMES)
    for code in ("not_found", "bad_credentials", "invalid_options", "token_expired"):
        assert code in result.output
    encoded = base64.b64encode(f"mybot:{SECRETS['body_password']}".encode()).decode()
    for secret in (*SECRETS.values(), *hub.bearers, SECRETS["body_password"][:12], encoded):
        assert secret not in result.output


def test_each_try_of_until_sends_the_whole_body(hub: t.Any, play: Play) -> None:
    body = {"username": "plainuser", "password": "wrong-password"}
    task = api("/v2/none", method="POST", body=body, status_code=[404])
    result = play([{**task, "register": "answer", "until": "answer.status == 200", "retries": 2, "delay": 0}], "host1")
    sent = [request.body for request in hub.requests if request.path == "/v2/none"]
    assert sent == [body] * 3, result.output


def test_empty_options_count_as_left_out_or_clear(hub: t.Any, play: Play) -> None:
    defaults = dict.fromkeys(("namespace", "state", "private", "immutable_tags", "force", "teams_exclusive"), "")
    inner: dict[str, t.Any] = {"teams": "", "immutable_tags": {"enabled": "", "rules": None}}
    tasks = [
        repository(description="One", private=True),
        repository(**defaults),
        {**repository(**inner), "register": "same"},
        require("same is not changed", "same.repository.private", "same.repository.description == 'One'"),
        {**repository(description=""), "register": "cleared"},
        require("cleared.repository.description == ''"),
        {**repository(teams=[{"name": None}]), "register": "nameless", "ignore_errors": True},
        require("nameless.error.code == 'invalid_options'"),
    ]
    result = play(tasks, "host1")
    assert "changed=2" in result.output, result.output
    assert result.returncode == 0, result.output
