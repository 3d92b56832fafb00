# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run without its plays: a process with Ansible's temporary directory, and forks of it that ask for tokens at once.

As a program it reads orders from its input, one JSON object a line, and each of its forks writes one line of answer.
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
import signal
import subprocess
import sys
import threading
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[4]
DEADLINE = 60


class Run:
    """The test's end of it: ``ask()`` forks, and waits for what each fork was told."""

    def __init__(self, *wrapper: str) -> None:
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.watch = threading.Timer(2 * DEADLINE, self.process.kill)
        self.watch.start()
        ready = self.line()
        self.pid: int = ready["pid"]
        self.store = pathlib.Path(ready["tmp"]) / "dockerhub"

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.watch.cancel()
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate(timeout=DEADLINE)

    def line(self) -> dict[str, t.Any]:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline() or '{"error": "the run died"}')

    def begin(self, count: int, **orders: t.Any) -> None:
        """Lets so many forks begin together."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"count": count, **orders}) + "\n")
        self.process.stdin.flush()

    def fork(self, **orders: t.Any) -> int:
        """One fork that has begun; its process id."""
        self.begin(1, **orders, announce=True)
        pid: int = self.line()["pid"]
        return pid

    def answers(self, count: int) -> list[dict[str, t.Any]]:
        return [self.line() for _dummy in range(count)]

    def ask(self, count: int, **orders: t.Any) -> list[dict[str, t.Any]]:
        self.begin(count, **orders)
        return self.answers(count)


def main() -> None:
    from ansible import constants as C
    from ansible.plugins.loader import init_plugin_loader

    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever started the tests may ignore it, nohup for one
    init_plugin_loader([str(ROOT.parents[2])])
    # Before forking, so that all start together, and without a look at files that others may not read.
    for name in ("jwt", "pyotp", "requests", "encodings.ascii", "encodings.idna", "encodings.latin_1"):
        importlib.import_module(name)
    for name in ("module_utils._login", "plugin_utils._hub_options", "plugin_utils._token_store"):
        importlib.import_module(f"ansible_collections.hubops.dockerhub.plugins.{name}")
    fork = multiprocessing.get_context("fork")
    tell(tmp=C.DEFAULT_LOCAL_TMP)
    for line in sys.stdin:
        orders = json.loads(line)
        barrier = fork.Barrier(orders["count"])
        for _dummy in range(orders["count"]):
            fork.Process(target=work, args=(orders, barrier), daemon=True).start()


def tell(**what: t.Any) -> None:
    os.write(1, (json.dumps({"pid": os.getpid(), **what}) + "\n").encode())  # short enough to arrive as a whole


def work(orders: dict[str, t.Any], barrier: t.Any) -> None:
    """What a fork does."""
    warnings: list[str] = []
    os.umask(orders.get("umask", 0o022))
    for name in orders.get("trouble", ()):
        TROUBLES[name]()
    if "announce" in orders:
        tell()
    barrier.wait()
    try:
        if "seconds" in orders:
            tell(statuses=use(orders["arguments"], orders["seconds"]))
        else:
            tell(**ask(orders["arguments"], warnings), warnings=warnings)
    except BaseException as error:
        tell(error=type(error).__name__, message=str(error), warnings=warnings)


def ask(arguments: dict[str, t.Any], warnings: list[str]) -> dict[str, t.Any]:
    from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hub_options import hub_options
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._token_store import log_in_here, shared_token

    options = hub_options(arguments, {}, lambda value: value, task=True)
    try:
        answer = shared_token(options, log_in_here, warnings.append, lambda said: None)
    except HubError as error:
        return {"error": error.code, "message": str(error)}
    token = answer["access_token"]
    return {
        "token": token and token[-40:],
        "cached": answer["cached"],
        "login_2fa_token": answer.get("login_2fa_token"),
    }


def use(arguments: dict[str, t.Any], seconds: float) -> list[int]:
    """The statuses of reads with a token asked for each time, over so many seconds."""
    import requests
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hub_options import hub_options
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._token_store import log_in_here, shared_token

    url = f"{arguments['hub_url']}/v2/namespaces/{arguments['identifier']}/repositories"
    statuses, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        options = hub_options(arguments, {}, lambda value: value, task=True)
        token = shared_token(options, log_in_here, print, lambda said: None)["access_token"]
        statuses.append(requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code)
        time.sleep(0.05)
    return statuses


def dies_writing() -> None:
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
    if os.geteuid() == 0:  # whom permissions do not stop
        os.setuid(65534)


def jumping_clock() -> None:
    real = time.time
    time.time = lambda: real() + random.uniform(-1e5, 1e5)  # type: ignore[assignment]


TROUBLES = {
    function.__name__: function for function in (dies_writing, no_locks, no_space, no_permission, jumping_clock)
}

if __name__ == "__main__":
    main()
