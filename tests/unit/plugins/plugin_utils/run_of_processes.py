# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run without a play: a process with Ansible's temporary folder, and forks of it that get tokens at the same time.

As a program, it reads orders from its standard input, one JSON object per line. Each fork writes one line of JSON.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import multiprocessing
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[4]
DEADLINE = 60
PLUGINS = "ansible_collections.hubops.dockerhub.plugins"


class Run:
    """The interface for tests: ``ask()`` forks, and returns the result of each fork."""

    def __init__(self, *wrapper: str) -> None:
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.watch = threading.Timer(2 * DEADLINE, self.process.kill)
        self.watch.start()
        ready = self.line()
        self.pid: int = ready["pid"]
        self.directory = pathlib.Path(ready["tmp"]) / "dockerhub"
        self.fallback = pathlib.Path(ready["fallback"])

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.watch.cancel()
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate(timeout=DEADLINE)
        shutil.rmtree(self.fallback, ignore_errors=True)  # a killed run leaves it behind

    def line(self) -> dict[str, t.Any]:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline() or '{"error": "the run died"}')

    def start(self, count: int, **orders: t.Any) -> None:
        """Start so many forks at the same time."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"count": count, **orders}) + "\n")
        self.process.stdin.flush()

    def fork(self, **orders: t.Any) -> int:
        """Start one fork and return its process id."""
        self.start(1, **orders, announce=True)
        pid: int = self.line()["pid"]
        return pid

    def results(self, count: int) -> list[dict[str, t.Any]]:
        return [self.line() for _dummy in range(count)]

    def ask(self, count: int, **orders: t.Any) -> list[dict[str, t.Any]]:
        self.start(count, **orders)
        return self.results(count)


def main() -> None:
    from ansible import constants as C
    from ansible.plugins.loader import init_plugin_loader

    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, for example, starts the tests with it ignored
    init_plugin_loader([str(ROOT.parents[2])])
    # Imports come first, so that all forks start together, and none needs a file that another user may not read.
    for name in ("jwt", "pyotp", "requests", "encodings.ascii", "encodings.idna", "encodings.latin_1"):
        importlib.import_module(name)
    for name in ("module_utils._login", "plugin_utils._login_options", "plugin_utils._shared_token"):
        importlib.import_module(f"{PLUGINS}.{name}")
    creation = importlib.import_module(f"{PLUGINS}.plugin_utils._new_run_directory")
    fork = multiprocessing.get_context("fork")
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    os.chmod(folder, 0o1777)
    creation._fallback_folders = lambda: [folder]
    write(tmp=C.DEFAULT_LOCAL_TMP, fallback=folder)
    for line in sys.stdin:
        orders = json.loads(line)
        barrier = fork.Barrier(orders["count"])
        for _dummy in range(orders["count"]):
            fork.Process(target=work, args=(orders, barrier), daemon=True).start()
    shutil.rmtree(folder)


def write(**what: t.Any) -> None:
    os.write(1, (json.dumps({"pid": os.getpid(), **what}) + "\n").encode())  # short enough to be written at once


def work(orders: dict[str, t.Any], barrier: t.Any) -> None:
    """Follow the orders, in a fork."""
    warnings: list[str] = []
    os.umask(orders.get("umask", 0o022))
    for name in orders.get("trouble", ()):
        TROUBLES[name]()
    if "announce" in orders:
        write()
    barrier.wait()
    try:
        if "seconds" in orders:
            write(statuses=use(orders["arguments"], orders["seconds"]))
        else:
            write(**ask(orders["arguments"], warnings), warnings=warnings)
    except BaseException as error:
        write(error=type(error).__name__, message=str(error), warnings=warnings)


def ask(arguments: dict[str, t.Any], warnings: list[str]) -> dict[str, t.Any]:
    from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError

    try:
        result = get_token(arguments, warnings.append)
    except HubError as error:
        return {"error": error.code, "message": str(error)}
    token = result["access_token"]
    return {
        "token": token,
        "cached": result["cached"],
        "login_2fa_token": result.get("login_2fa_token"),
    }


def get_token(arguments: dict[str, t.Any], warn: t.Callable[[str], object]) -> dict[str, t.Any]:
    """Return the result of a task with these arguments; ``dead_token`` among them asks for a renewal."""
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import login_options
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import raw_options
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._shared_token import (
        log_in_here,
        renewed_token,
        shared_token,
    )

    arguments = dict(arguments)
    dead_token = arguments.pop("dead_token", "")
    raw = raw_options(arguments, {}, lambda value: value, task=True)
    options = login_options(raw, warn, ignore)
    if dead_token:
        return renewed_token(options, dead_token, warn, ignore)
    return shared_token(options, log_in_here, warn, ignore)


def ignore(_text: str) -> None:
    """Ignore a text for the user."""


def use(arguments: dict[str, t.Any], seconds: float) -> list[int]:
    """Read from the hub for so many seconds, with a token for each request; return the HTTP statuses."""
    import requests

    url = f"{arguments['hub_url']}/v2/namespaces/{arguments['identifier']}/repositories"
    statuses, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        token = get_token(arguments, print)["access_token"]
        statuses.append(requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code)
        time.sleep(0.05)
    return statuses


def die_while_writing() -> None:
    os.replace = lambda *_args: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]


def no_locks() -> None:
    import fcntl

    def flock(*_args: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    fcntl.flock = flock  # type: ignore[assignment]


def no_space() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def no_permission() -> None:
    from ansible import constants as C

    os.chmod(C.DEFAULT_LOCAL_TMP, 0o500)
    if os.geteuid() == 0:  # permissions do not apply to root
        os.setuid(65534)


def no_folder() -> None:
    creation = importlib.import_module(f"{PLUGINS}.plugin_utils._new_run_directory")
    creation._fallback_folders = list  # type: ignore[attr-defined]
    no_permission()


def jumping_clock() -> None:
    real = time.time
    time.time = lambda: real() + random.uniform(-1e5, 1e5)  # type: ignore[assignment]


TROUBLES = {
    function.__name__: function
    for function in (die_while_writing, no_locks, no_space, no_permission, no_folder, jumping_clock)
}

if __name__ == "__main__":
    main()
