# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays: no outcome of a login shows a token, a secret or a code, on the screen, in a log or in an event."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import hub_emulator
import pytest
from ansible.release import __version__

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
ROOT = pathlib.Path(__file__).resolve().parents[4]
NAME = "hubops.dockerhub.dockerhub_token"
NOW = 1_800_000_010  # for the hub: early in a half minute, so that no login waits for the next code
# Ansible's names for tasks and events, which may contain the digits of a code by chance.
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
WHO = [f"{host}{number}" for host in ("here", "there") for number in (1, 2)]

SECRETS: dict[str, t.Any] = {
    "pat": hub_emulator.MYBOT_PAT,
    "wrong": "secret-that-is-refused",
    "echoed": "secret-that-is-echoed",
    "password": "password-of-all-who-type",
    "wrong_code": "918273",
    # base32 of so many letters needs no padding
    "seeds": {who: base64.b32encode(f"the seed of {who:>8}".encode()).decode() for who in WHO},
    "typed_seeds": {who: base64.b32encode(f"typed seed of {who:>6}".encode()).decode() for who in WHO},
    "wrong_seeds": {who: base64.b32encode(f"wrong seed of {who:>6}".encode()).decode() for who in WHO},
}
SECRETS["codes"] = {who: hub_emulator.totp(seed, NOW) for who, seed in SECRETS["typed_seeds"].items()}
WRONG_CODES = {SECRETS["wrong_code"], *(hub_emulator.totp(seed, NOW) for seed in SECRETS["wrong_seeds"].values())}

GENERATES = {"identifier": "generates-{{ who }}", "secret": "{{ password }}"}
TYPES = {"identifier": "types-{{ who }}", "secret": "{{ password }}"}
WRONG = {"identifier": "mybot", "secret": "{{ wrong }}"}

# By the name of the registered result: its error code, and the options of the task.
OUTCOMES: dict[str, tuple[str, dict[str, t.Any]]] = {
    "passed": ("", {"identifier": "mybot", "secret": "{{ pat }}"}),
    "generated": ("", {**GENERATES, "totp_secret": "{{ seeds[who] }}"}),
    "first": ("", {**TYPES, "on_otp_required": "return"}),
    "second": ("", {"login_2fa_token": "{{ pending }}", "otp": "{{ codes[who] }}"}),
    "wrong_code_refused": ("otp_invalid", {**TYPES, "otp": "{{ wrong_code }}"}),
    "wrong_seed_refused": (
        "otp_invalid",
        {**GENERATES, "totp_secret": "{{ wrong_seeds[who] }}", "auth_method": "login"},
    ),
    "refused": ("bad_credentials", WRONG),
    "echoed_refused": ("bad_credentials", {"identifier": "echo", "secret": "{{ echoed }}"}),
    "bad_number": ("invalid_options", {**WRONG, "timeout": "{{ wrong }}"}),
    "bad_choice": ("invalid_options", {**WRONG, "auth_method": "{{ wrong }}"}),
    "bad_code": ("invalid_options", {**WRONG, "otp": "{{ wrong }}"}),
    "bad_name": ("invalid_options", {**WRONG, "sekret": "{{ wrong }}"}),
    "failed": ("module_failed", {"identifier": "nobody", "secret": "{{ password }}", "login_from": "target"}),
}
LOOKED_UP = (
    "passed",
    "refused",
    "echoed_refused",
    "wrong_code_refused",
    "wrong_seed_refused",
    "bad_number",
    "bad_name",
)


def plays() -> list[dict[str, t.Any]]:
    """Return a play with each outcome as a task and as a loop, some also as a lookup, and with uses of the results."""
    tasks: list[dict[str, t.Any]] = []
    ends: list[str] = []
    for name, (code, options) in OUTCOMES.items():
        broken = {"ansible_python_interpreter": "/no/python"} if name == "failed" else {}
        more: dict[str, t.Any] = {"ignore_errors": bool(code)}
        plain = {"who": "{{ inventory_hostname }}1", "pending": "{{ first.login_2fa_token }}", **broken}
        loop = {"who": "{{ inventory_hostname }}2", "pending": "{{ first_loop.results[0].login_2fa_token }}", **broken}
        items = {option: f"{{{{ item.{option} }}}}" for option in options}
        tasks += [
            {NAME: options, "register": name, "vars": plain, **more},
            {NAME: items, "register": f"{name}_loop", "vars": loop, "loop": [options], **more},
        ]
        for result in (name, f"{name}_loop.results[0]"):
            ends.append(f"{result}.error.code == '{code}'" if code else f"{result}.token_type == 'Bearer'")
        if name in LOOKED_UP:
            asked = {"that": [f"lookup('{NAME}', **asked) is string"], "quiet": True}
            tasks.append({"ansible.builtin.assert": asked, "vars": {**plain, "asked": options}, **more})
    header = {"Authorization": "Bearer {{ item }}"}
    used = {"url": "{{ dockerhub_url }}/v2/namespaces/mybot/repositories", "headers": header}
    tokens = "{{ [passed.access_token, passed_loop.results[0].access_token] }}"
    tasks += [
        {"ansible.builtin.uri": used, "loop": tokens, "no_log": True},
        {"ansible.builtin.assert": {"that": ends}},
    ]
    defaults = {"login_from": "{{ login_from }}", "cache": False, "retries": 0, "max_wait": 0}
    return [
        {
            "hosts": "all",
            "gather_facts": False,
            "vars_files": ["secrets.json"],
            "module_defaults": {"group/hubops.dockerhub.dockerhub": defaults},
            "tasks": tasks,
        }
    ]


@pytest.fixture
def hub() -> t.Iterator[t.Any]:
    """Return a hub that repeats what it was sent when it refuses it."""
    typists = {
        f"{what}-{who}": hub_emulator.Account(f"{what}-{who}", password=SECRETS["password"], totp_secret=seed)
        for what, seeds in (("generates", "seeds"), ("types", "typed_seeds"))
        for who, seed in SECRETS[seeds].items()
    }

    def echo(request: t.Any) -> t.Any:
        wrong = request.path == SECOND_FACTOR and request.body["code"] in WRONG_CODES
        if not wrong and request.account != "echo":
            return None
        return hub_emulator.Reply(401, {"detail": " ".join(request.body.values())})

    with hub_emulator.HubEmulator(accounts={**hub_emulator.ACCOUNTS, **typists}) as running:
        running.now = lambda: NOW
        running.fail("/v2/*", times=None, status=None, respond=echo)
        yield running


@pytest.fixture
def project(hub: t.Any, program: t.Callable[[str, str], str], tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a folder for ansible-runner, with a local host and one that is reached with ssh."""
    ssh = program("ssh", 'for last; do :; done\nexec sh -c "$last"')
    python = f"ansible_python_interpreter={sys.executable}"
    files = {
        "inventory/hosts": f"here ansible_connection=local login_from=controller {python}\n"
        f"there ansible_connection=ssh login_from=target {python} ansible_ssh_executable={ssh}"
        " ansible_ssh_transfer_method=piped\n"
        f"[all:vars]\ndockerhub_url={hub.url}\n",
        "project/secrets.json": json.dumps(SECRETS),
        "project/playbook.yml": json.dumps(plays()),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def shown(hub: t.Any, *texts: str) -> list[str]:
    """Return the places where these texts contain a secret, a token or a code of this hub."""
    codes = {request.body["code"] for request in hub.requests if request.path == SECOND_FACTOR}
    codes.add(SECRETS["wrong_code"])
    secrets = {*hub.bearers, *hub.authentication.intermediate_tokens}
    secrets |= {value for value in SECRETS.values() if isinstance(value, str) and not value.isdigit()}
    secrets |= {seed for name in ("seeds", "typed_seeds", "wrong_seeds") for seed in SECRETS[name].values()}
    # Six digits may be part of a longer word by chance, such as an address or a random name.
    patterns = [re.escape(secret) for secret in secrets] + [rf"(?<![\w.]){code}(?!\w)" for code in codes]
    assert len(patterns) > 15
    whole = "\0".join(re.sub(r"\\[nrt]", " ", UUID.sub("", text)) for text in texts)
    return [whole[max(0, found.start() - 80) : found.end() + 40] for found in re.finditer("|".join(patterns), whole)]


@pytest.mark.parametrize("verbosity", ["", "-v", "-vvvv"])
def test_no_outcome_shows_a_secret(hub: t.Any, project: pathlib.Path, verbosity: str) -> None:
    outputs = {
        "ANSIBLE_LOG_PATH": str(project / "log"),
        "ANSIBLE_CALLBACKS_ENABLED": "junit",
        "JUNIT_OUTPUT_DIR": str(project / "junit"),
        "ANSIBLE_REMOTE_TEMP": str(project / "remote_tmp"),
    }
    code, texts = run_by_runner(project, verbosity, outputs)
    texts += [path.read_text() for path in (project / "log", *(project / "junit").iterdir())]
    assert code == 0, texts[0]
    assert hub.tokens_issued("mybot") == 4
    assert len(hub.authentication.intermediate_tokens) > 8
    assert shown(hub, *texts) == []
    for text in (
        "[bad_credentials]",
        "answered 401",
        "is not an option of the task",
        "the module did not run on there",
    ):
        assert text in texts[0]
    assert list((project / "local_tmp").iterdir()) == list((project / "remote_tmp").iterdir()) == []


def run_by_runner(project: pathlib.Path, verbosity: str, outputs: dict[str, str]) -> tuple[int, list[str]]:
    """Return the exit code of ansible-runner, the output of its ansible-playbook, and the events of the job."""
    result = subprocess.run(
        [sys.executable, "-m", "ansible_runner", "run", str(project), "-p", "playbook.yml", *verbosity.split()],
        env={
            **os.environ,
            **outputs,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_NOCOLOR": "true",
            "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    events = [path.read_text() for path in project.glob("artifacts/*/job_events/*.json")]
    assert len(events) > 2 * len(OUTCOMES), result.stdout + result.stderr
    return result.returncode, [result.stdout + result.stderr, *events]


def test_a_token_printed_by_another_task_is_masked_where_ansible_can(
    hub: t.Any, project: pathlib.Path, run_playbook: t.Any
) -> None:
    tasks: list[dict[str, t.Any]] = [
        {NAME: {"identifier": "mybot", "secret": "{{ pat }}"}, "register": "hub"},
        {"ansible.builtin.debug": {"var": "hub"}},
        {"ansible.builtin.debug": {"msg": f"{{{{ lookup('{NAME}', 'mybot', secret=pat) }}}}"}},
    ]
    play = {"hosts": "all", "gather_facts": False, "vars_files": ["project/secrets.json"], "tasks": tasks}
    run = run_playbook([play], "-i", str(project / "inventory/hosts"))
    assert run.returncode == 0, run.output
    masked = tuple(map(int, __version__.split(".")[:2])) >= (2, 22)
    assert bool(shown(hub, run.output)) != masked
    assert run.output.count("$REDACTED$") >= (4 if masked else 0)


def test_a_warning_of_the_module_is_shown_once(hub: t.Any, project: pathlib.Path, run_playbook: t.Any) -> None:
    login = {"identifier": "mybot", "secret": "{{ pat }}", "auth_method": "login", "login_from": "target"}
    play = {"hosts": "all", "gather_facts": False, "vars_files": ["project/secrets.json"], "tasks": [{NAME: login}]}
    output = run_playbook([play], "-i", str(project / "inventory/hosts")).output
    assert " ".join(output.split()).count("is deprecated by Docker") == 1
    assert "WarningSummary" not in output
