# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays: one login per credential however a run uses it, and nothing left on the disk when it ends."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

import hub_emulator
import pytest

TOKEN = hub_emulator.TOKEN_PATH
NAME = "hubops.dockerhub.dockerhub_token"
ROOT = pathlib.Path(__file__).resolve().parents[4]
DEADLINE = 60
Play = t.Callable[..., t.Any]
Program = t.Callable[[str, str], str]
Command = t.Callable[[str], list[str]]

MANY_HOSTS = """
- hosts: all
  gather_facts: false
  vars:
    header: "Bearer {{ lookup('hubops.dockerhub.dockerhub_token') }}"
  tasks:
    - hubops.dockerhub.dockerhub_token:
      register: hub
    - assert:
        that: header == 'Bearer ' ~ hub.access_token
        quiet: true
"""

EVERY_WAY = """
- hosts: all
  gather_facts: false
  strategy: free
  tasks:
    - hubops.dockerhub.dockerhub_token:
      loop: [1, 2]
      register: looped
    - assert: {that: looped.results | map(attribute='access_token') | unique | length == 1}

- hosts: all
  gather_facts: false
  module_defaults:
    group/hubops.dockerhub.dockerhub:
      timeout: 7
  tasks:
    - hubops.dockerhub.dockerhub_token:
      run_once: true
      register: once
    - hubops.dockerhub.dockerhub_token:
      delegate_to: "{{ item }}"
      loop: "{{ groups.all[:2] }}"
      register: delegated
    - block:
        - hubops.dockerhub.dockerhub_token:
            secret: not-my-password
      rescue:
        - hubops.dockerhub.dockerhub_token:
          register: rescued
          changed_when: true
          notify: Again
    - assert:
        that:
          - ansible_failed_result.error.code == 'bad_credentials'
          - once.access_token == rescued.access_token == delegated.results[1].access_token
          - lookup('hubops.dockerhub.dockerhub_token', 'mybot') == once.access_token
          - query('hubops.dockerhub.dockerhub_token', return_format='dict')[0].cached
  handlers:
    - name: Again
      hubops.dockerhub.dockerhub_token:
      register: handled
      failed_when: not handled.cached
"""

TARGET = """
- hosts: bastion
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        login_from: target
      environment: {PLACE: target}
      become: true
      register: hub
    - assert:
        that: lookup('hubops.dockerhub.dockerhub_token') == hub.access_token

- hosts: others
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        login_from: target
        secret: not-my-password
      delegate_to: bastion
      ignore_errors: true
      register: refused
    - hubops.dockerhub.dockerhub_token:
        login_from: target
      delegate_to: bastion
      register: hub
    - hubops.dockerhub.dockerhub_token:
        login_from: target
        identifier: plainuser
        secret: plain-password-1
        timeout: 2
        retries: 0
      delegate_to: bastion
      ignore_errors: true
      register: slow
    - assert:
        that:
          - hub.cached
          - refused.error.code == 'bad_credentials'
          - slow.error.code == 'timeout'
"""

UNREACHABLE = """
- hosts: others
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        login_from: target
      delegate_to: bastion
      ignore_unreachable: true
      register: hub
    - assert:
        that:
          - hub is unreachable
          - hub.error is undefined
"""

PROMPT = """
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - hubops.dockerhub.dockerhub_token:
        login_from: target
      register: hub
    - assert:
        that: hub.access_token is string
"""

NO_BECOME = """
- hosts: all
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        login_from: target
"""

REFUSED = """
- hosts: all
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        secret: not-my-password
      ignore_errors: true
      register: hub
    - assert:
        that: hub.error.code == 'bad_credentials'
"""

LOCKOUT = """
- hosts: all
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        login_from: target
      ignore_errors: true
      register: first
    - hubops.dockerhub.dockerhub_token:
        secret: another-secret
      ignore_errors: true
      register: second
    - assert:
        that:
          - second.error.code == 'locked_out'
          - second.error.retry_at == first.error.retry_at
          - second.msg is search('not tried again for [45][0-9]{3} s')
"""

RETRIES = """
- hosts: all
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        identifier: "{{ item }}"
        secret: not-my-password
        refusal_ttl: "{{ 0 if item == 'mybot' else 900 }}"
      loop: [mybot, plainuser]
      register: hub
      until: hub is success
      retries: 2
      delay: 0
      ignore_errors: true
"""

TIMEOUT = """
- hosts: all
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
      timeout: 3
      ignore_errors: true
    - hubops.dockerhub.dockerhub_token:
      register: hub
    - assert:
        that: hub.access_token is string
"""

INTERRUPTED = """
- hosts: all
  gather_facts: false
  tasks:
    - hubops.dockerhub.dockerhub_token:
        login_from: WHERE
        secret: "{{ lookup('env', 'DOCKERHUB_PASSWORD') if inventory_hostname == 'host1' else 'not-my-password' }}"
    - ansible.builtin.wait_for:
        timeout: 60
"""

FORCED_MODES = """
import functools
import os

mkdir = os.mkdir

def forced(path, *args, **kwargs):
    mkdir(path, *args, **kwargs)
    if "local_tmp" in str(path):
        chmod(path, 0o777)

chmod = os.chmod
def kept(path, *args, **kwargs):
    if "dockerhub" not in str(path):
        chmod(path, *args, **kwargs)

os.mkdir = functools.partial(forced)  # pathlib of Python 3.10 would make a method of a function
os.chmod = functools.partial(kept)
"""

NO_LOCKS = """
import errno
import fcntl

def flock(*_args):
    raise OSError(errno.ENOLCK, "No locks available")

fcntl.flock = flock
"""


# Where root runs the tests, become has nothing to do otherwise.
SAME_USER = {"ANSIBLE_BECOME_ALLOW_SAME_USER": "true"}


@pytest.fixture
def play(hub: t.Any, run_playbook: Play, tmp_path: pathlib.Path) -> t.Callable[..., t.Any]:
    """Run plays with these hosts and with the credential of mybot; check that nothing is left."""

    def play(plays: str, hosts: str, *arguments: str, **env: str) -> t.Any:
        (tmp_path / "hosts").write_text(f"{hosts}\n[all:vars]\nansible_connection=local\n")
        credential = {"DOCKERHUB_USERNAME": "mybot", "DOCKERHUB_PASSWORD": hub_emulator.MYBOT_PAT}
        inventory = ("-i", str(tmp_path / "hosts"))
        # With coverage and beside other tests, 200 hosts took more than two minutes.
        run = run_playbook(
            plays, *inventory, *arguments, env={"DOCKERHUB_URL": hub.url, **credential, **env}, timeout=10 * DEADLINE
        )
        assert list((tmp_path / "local_tmp").iterdir()) == []
        assert list((tmp_path / "home").glob(".ansible/tmp/*")) == []
        return run

    return play


def test_two_hundred_hosts_share_one_login(hub: t.Any, play: Play) -> None:
    run = play(MANY_HOSTS, "host[001:200]", "--forks", "25")
    assert run.returncode == 0, run.output
    assert hub.logins() == 1


def test_every_kind_of_use_shares_the_login(hub: t.Any, play: Play) -> None:
    run = play(EVERY_WAY, "host[1:4]", "--forks", "4")
    assert run.returncode == 0, run.output
    assert hub.logins("mybot") == 2  # one of them is refused


def test_a_login_on_a_target_uses_its_settings_and_is_shared(
    hub: t.Any, play: Play, program: Program, tmp_path: pathlib.Path
) -> None:
    log = tmp_path / "log"
    program("python", f'echo python $PLACE >> {log}\nexec {sys.executable} "$@"')
    program("sudo", f'echo sudo >> {log}\nfor last; do :; done; exec sh -c "$last"')
    settings = f"ansible_python_interpreter={tmp_path}/python ansible_become_exe={tmp_path}/sudo"
    hub.fail(TOKEN, times=None, status=None, respond=lambda request: time.sleep(5 * (request.account == "plainuser")))
    run = play(TARGET, f"bastion {settings}\n[others]\nhost[1:5]", "--forks", "5", **SAME_USER)
    assert run.returncode == 0, run.output
    assert {"sudo", "python target"} <= {*log.read_text().split("\n")}
    assert hub.logins("mybot") == 2  # one of them is refused
    assert hub.logins("plainuser") == 1


# Asks for a password like sudo -S: a prompt on the standard error, the password from the standard input.
SUDO = """
import os, subprocess, sys
arguments = sys.argv[1:]
os.write(2, arguments[arguments.index("-p") + 1].encode())
password = b""
while not password.endswith(b"\\n"):
    password += os.read(0, 1)
if password != b"become-word\\n":
    sys.exit("wrong password")
sys.exit(subprocess.call(["sh", "-c", arguments[-1]]))
"""


@pytest.mark.parametrize("setting", ["", "ansible_pipelining=true"])
def test_become_with_a_password_prompt_does_not_hang(
    hub: t.Any, play: Play, program: Program, tmp_path: pathlib.Path, setting: str
) -> None:
    program("sudo", f'echo >> {tmp_path}/log\nexec {sys.executable} {tmp_path}/sudo.py "$@"')
    (tmp_path / "sudo.py").write_text(SUDO)
    settings = f"ansible_become_exe={tmp_path}/sudo ansible_become_password=become-word {setting}"
    run = play(PROMPT, f"host1 {settings}", ANSIBLE_TIMEOUT="20", **SAME_USER)
    assert run.returncode == 0, run.output
    assert (tmp_path / "log").read_text()
    assert hub.logins() == 1


def test_without_become_the_module_is_no_file_on_the_target(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    copies = []

    def look(request: t.Any) -> None:
        copies.extend(path for path in (tmp_path / "remote_tmp").rglob("*") if path.is_file())

    hub.fail(TOKEN, status=None, respond=look)
    run = play(NO_BECOME, "host1", ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote_tmp"))
    assert run.returncode == 0, run.output
    assert hub.logins() == 1
    assert copies == []


def test_an_unreachable_target_is_unreachable_and_tried_once(
    hub: t.Any, play: Play, program: Program, tmp_path: pathlib.Path
) -> None:
    log = tmp_path / "log"
    program("ssh", f'case "$*" in *bastion*) echo >> {log}; sleep 3; exit 255; esac')
    inventory = f"bastion ansible_connection=ssh ansible_ssh_executable={tmp_path}/ssh\n[others]\nhost[1:5]"
    run = play(UNREACHABLE, inventory)
    assert run.returncode == 0, run.output
    assert log.read_text() == "\n"
    assert hub.logins() == 0


def test_a_lockout_on_a_target_lasts_until_the_given_time(hub: t.Any, play: Play) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS["lockout_429"], headers={"Retry-After": "5000"})
    run = play(LOCKOUT, "host1")
    assert run.returncode == 0, run.output
    assert hub.logins() == 1


def test_without_the_guard_each_retry_is_a_login(hub: t.Any, play: Play) -> None:
    run = play(RETRIES, "host1")
    assert run.returncode == 0, run.output
    assert hub.logins() == 4  # three tries, and the same three with the guard are one


def test_a_task_may_time_out_while_it_waits(hub: t.Any, play: Play) -> None:
    hub.fail(TOKEN, status=None, delay=DEADLINE)
    run = play(TIMEOUT, "host[1:3]")
    assert run.returncode == 0, run.output
    assert "ignored=1" in run.output  # the host that logs in; another one may log in during the rest of its own time
    assert hub.logins() == 2


def customized(tmp_path: pathlib.Path, code: str) -> dict[str, str]:
    """Return an environment in which each Python process starts with this code."""
    (tmp_path / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])}


def test_a_file_system_without_locks_is_one_warning(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    run = play(MANY_HOSTS, "host[1:4]", **customized(tmp_path, NO_LOCKS), DOCKERHUB_CACHE="false")
    assert hub.logins() == 8
    assert " ".join(run.output.split()).count("cache of this run cannot be locked (No locks available)") == 1


def test_where_modes_are_forced_a_wrong_secret_is_sent_once(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(0o700)
    run = play(REFUSED, "host[1:12]", **customized(tmp_path, FORCED_MODES), XDG_RUNTIME_DIR=str(runtime))
    assert run.returncode == 0, run.output
    assert hub.logins() == 1
    assert "WARNING" not in run.output
    assert list(runtime.iterdir()) == []


def test_without_a_private_folder_the_warning_names_the_mode(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    everywhere = FORCED_MODES.replace('if "local_tmp" in str(path)', 'if "dockerhub" in str(path)')
    run = play(REFUSED, "host1", **customized(tmp_path, everywhere))
    assert "cannot be used (other users have access to it, with mode 0777)" in " ".join(run.output.split())


def test_an_ad_hoc_command_is_one_login(hub: t.Any, tmp_path: pathlib.Path, ansible_command: Command) -> None:
    started = start(
        hub,
        tmp_path,
        *ansible_command("adhoc"),
        "host1,host2,host3",
        "-i",
        "host1,host2,host3",
        "-c",
        "local",
        "-m",
        NAME,
    )
    output, _dummy = started.communicate(timeout=DEADLINE)
    assert started.returncode == 0, output
    assert output.count("SUCCESS") == 3
    assert hub.logins() == 1


@pytest.mark.parametrize("where", ["controller", "target"])
def test_nothing_is_left_after_an_interrupt(
    hub: t.Any, tmp_path: pathlib.Path, ansible_command: Command, where: str
) -> None:
    (tmp_path / "playbook.yml").write_text(INTERRUPTED.replace("WHERE", where))
    hub.fail(TOKEN, status=None, delay=DEADLINE)
    started = start(hub, tmp_path, *ansible_command("playbook"), "playbook.yml", "-i", "host1,host2", "-c", "local")
    try:
        assert started.stdout
        assert any("[host" in line for line in started.stdout)  # one is done,
        while hub.logins() < 2:  # and one is in the middle of its login
            assert started.poll() is None
            time.sleep(0.05)
        # ansible-core hangs if a worker is interrupted while it returns its result.
        time.sleep(1)
        assert list(tmp_path.glob("local_tmp/ansible-local-*/dockerhub/run"))
        os.killpg(started.pid, signal.SIGINT)
        started.communicate(timeout=DEADLINE / 2)
    finally:
        started.kill()
    assert list((tmp_path / "local_tmp").iterdir()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"dckr_pat_" in path.read_bytes()] == []
    assert list(tmp_path.glob("remote_tmp/*")) == []


# The tests may have been started with interrupts ignored, as in the background of a shell.
INTERRUPTIBLE = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
)


def start(hub: t.Any, tmp_path: pathlib.Path, *arguments: str) -> subprocess.Popen[str]:
    """Start one of Ansible's programs as in a terminal."""
    credential = {"DOCKERHUB_USERNAME": "mybot", "DOCKERHUB_PASSWORD": hub_emulator.MYBOT_PAT}
    paths = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *arguments],
        env={
            **os.environ,
            **credential,
            **paths,
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote_tmp"),
            "DOCKERHUB_URL": hub.url,
            "PYTHONUNBUFFERED": "1",  # the output is read while the play runs
        },
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
