# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays: however a run uses a credential, Docker Hub sees one login, and nothing is left when it ends."""

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
      become_user: somebody
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
      ignore_errors: true
      register: hub
    - assert:
        that: hub.error.code == 'module_failed'
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

NO_LOCKS = """
import errno
import fcntl

def flock(*_args):
    raise OSError(errno.ENOLCK, "No locks available")

fcntl.flock = flock
"""


@pytest.fixture
def play(hub: t.Any, run_playbook: Play, tmp_path: pathlib.Path) -> t.Callable[..., t.Any]:
    """Plays with these hosts, and mybot's credential in the environment; nothing is left when they are over."""

    def play(plays: str, hosts: str, *arguments: str, **env: str) -> t.Any:
        (tmp_path / "hosts").write_text(f"{hosts}\n[all:vars]\nansible_connection=local\n")
        credential = {"DOCKERHUB_USERNAME": "mybot", "DOCKERHUB_PASSWORD": hub_emulator.MYBOT_PAT}
        played = run_playbook(
            plays, "-i", str(tmp_path / "hosts"), *arguments, env={"DOCKERHUB_URL": hub.url, **credential, **env}
        )
        assert list((tmp_path / "local_tmp").iterdir()) == []
        assert list((tmp_path / "home").glob(".ansible/tmp/*")) == []
        return played

    return play


def test_two_hundred_hosts_are_one_login(hub: t.Any, play: Play) -> None:
    played = play(MANY_HOSTS, "host[001:200]", "--forks", "25")
    assert played.returncode == 0, played.output
    assert hub.logins() == 1


def test_every_way_to_use_it_shares_the_login(hub: t.Any, play: Play) -> None:
    played = play(EVERY_WAY, "host[1:4]", "--forks", "4")
    assert played.returncode == 0, played.output
    assert hub.logins("mybot") == 2  # one of them is refused


def test_login_from_the_target_uses_its_ways_and_is_shared(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    log = tmp_path / "log"
    for name, then in ("python", f'exec {sys.executable} "$@"'), ("sudo", 'for last; do :; done; exec sh -c "$last"'):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} $PLACE >> {log}\n{then}\n")
        (tmp_path / name).chmod(0o755)
    ways = f"ansible_python_interpreter={tmp_path}/python ansible_become_exe={tmp_path}/sudo ansible_pipelining=true"
    hub.fail(TOKEN, times=None, status=None, respond=lambda request: time.sleep(5 * (request.account == "plainuser")))
    played = play(TARGET, f"bastion {ways}\n[others]\nhost[1:5]", "--forks", "5")
    assert played.returncode == 0, played.output
    assert log.read_text().split("\n")[:2] == ["sudo", "python target"]
    assert hub.logins("mybot") == 2  # one of them is refused
    assert hub.logins("plainuser") == 1


def test_a_target_that_cannot_be_reached_is_waited_for_once(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    ssh, log = tmp_path / "ssh", tmp_path / "log"
    ssh.write_text(f'#!/bin/sh\ncase "$*" in *bastion*) echo >> {log}; sleep 3; exit 255; esac\n')
    ssh.chmod(0o755)
    played = play(UNREACHABLE, f"bastion ansible_connection=ssh ansible_ssh_executable={ssh}\n[others]\nhost[1:5]")
    assert played.returncode == 0, played.output
    assert log.read_text() == "\n"
    assert hub.logins() == 0


def test_a_lockout_told_by_a_target_ends_when_it_said(hub: t.Any, play: Play) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS["lockout_429"], headers={"Retry-After": "5000"})
    played = play(LOCKOUT, "host1")
    assert played.returncode == 0, played.output
    assert hub.logins() == 1


def test_without_the_guard_each_try_of_a_task_is_a_login(hub: t.Any, play: Play) -> None:
    played = play(RETRIES, "host1")
    assert played.returncode == 0, played.output
    assert hub.logins() == 4  # three tries, and the same three with the guard are one


def test_a_task_may_end_while_it_waits(hub: t.Any, play: Play) -> None:
    hub.fail(TOKEN, status=None, delay=DEADLINE)
    played = play(TIMEOUT, "host[1:3]")
    assert played.returncode == 0, played.output
    assert "ignored=1" in played.output  # of the one that logs in; another may do so in what is left of its own time
    assert hub.logins() == 2


def test_a_store_that_cannot_be_used_is_one_warning(hub: t.Any, play: Play, tmp_path: pathlib.Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_LOCKS)
    search = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    played = play(MANY_HOSTS, "host[1:4]", PYTHONPATH=search, DOCKERHUB_CACHE="false")
    assert hub.logins() == 8
    assert " ".join(played.output.split()).count("store of this run cannot be used (No locks available)") == 1


def test_one_ad_hoc_command_is_one_login(hub: t.Any, tmp_path: pathlib.Path, ansible_command: Command) -> None:
    started = begin(
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
    started = begin(hub, tmp_path, *ansible_command("playbook"), "playbook.yml", "-i", "host1,host2", "-c", "local")
    try:
        assert started.stdout
        assert any("[host" in line for line in started.stdout)  # one is done,
        while hub.logins() < 2:  # and one is in the middle of its login
            assert started.poll() is None
            time.sleep(0.05)
        # ansible-core waits for ever for the lock of a worker that is ended in the moment it hands over its result.
        time.sleep(1)
        assert list(tmp_path.glob("local_tmp/ansible-local-*/dockerhub/run"))
        os.killpg(started.pid, signal.SIGINT)
        started.communicate(timeout=DEADLINE / 2)
    finally:
        started.kill()
    assert list((tmp_path / "local_tmp").iterdir()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"dckr_pat_" in path.read_bytes()] == []
    assert list(tmp_path.glob("remote_tmp/*")) == []


# Whatever started the tests may ignore an interrupt, a shell's background for one.
HEEDING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"


def begin(hub: t.Any, tmp_path: pathlib.Path, *arguments: str) -> subprocess.Popen[str]:
    """One of Ansible's programs, begun as in a terminal."""
    credential = {"DOCKERHUB_USERNAME": "mybot", "DOCKERHUB_PASSWORD": hub_emulator.MYBOT_PAT}
    paths = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", HEEDING, *arguments],
        env={
            **os.environ,
            **credential,
            **paths,
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote_tmp"),
            "DOCKERHUB_URL": hub.url,
            "PYTHONUNBUFFERED": "1",  # what is printed is read at once
        },
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
