# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what one use of the lookup costs inside a process, in microseconds, as JSON.

``inside.py URL SECRET TIMES CACHED...``: each figure TIMES times, and hits beside so many CACHED tokens. Each measurement
runs in a process that is forked from one that has loaded Ansible but not the plugin, as Ansible's own workers are. The
server must accept SECRET for every identifier.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import time
import typing as t

from ansible import constants as C
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, lookup_loader
from ansible.template import Templar

NAME = "hubops.dockerhub.dockerhub_token"
FORK = multiprocessing.get_context("fork")
USES = 50  # of one process: the first, and those that follow


def microseconds(function: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> float:
    start = time.perf_counter()
    function(*args, **kwargs)
    return (time.perf_counter() - start) * 1e6


class Worker:
    """The same objects as in one of Ansible's workers."""

    def __init__(self, url: str, secret: str) -> None:
        self.arguments = {"hub_url": url, "identifier": "mybot", "secret": secret}
        self.variables = {"dockerhub_url": url, "dockerhub_identifier": "mybot", "dockerhub_secret": secret}
        self.loader = DataLoader()
        self.templar = Templar(loader=self.loader, variables=self.variables)

    def get(self, name: str = NAME) -> t.Any:
        return lookup_loader.get(name, loader=self.loader, templar=self.templar)

    def load(self, name: str) -> float:
        """Measure the import of a lookup, or of a library."""
        return microseconds(self.get if "." in name else __import__, name)

    def fill(self, count: int) -> None:
        """Log in with so many credentials, of which the first is the one that is measured."""
        lookup = self.get()
        lookup.run([], self.variables)
        for number in range(1, count):
            lookup.run([], {}, **{**self.arguments, "identifier": f"user{number}"})

    def logins(self) -> list[float]:
        """Measure two logins, of which the first imports the libraries."""
        lookup = self.get()
        return [microseconds(lookup.run, [], self.variables, cache=False) for _dummy in range(2)]

    def hits_with_variables(self) -> list[float]:
        lookup = self.get()
        return [microseconds(lookup.run, [], self.variables) for _dummy in range(USES)]

    def hits_with_arguments(self) -> list[float]:
        """Measure hits without the time that Ansible takes to render variables."""
        lookup = self.get()
        return [microseconds(lookup.run, [], {}, **self.arguments) for _dummy in range(USES)]


def forked(function: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
    """Return the result of a function that runs in a process of its own."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=lambda: theirs.send(function(*args)))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join()


def main(url: str, secret: str, times: int, cached: list[int]) -> dict[str, t.Any]:
    init_plugin_loader()
    worker = Worker(url, secret)
    worker.get("ansible.builtin.vars")  # loads what all lookups share
    found: dict[str, t.Any] = {"load": {}, "uses": {}}
    with tempfile.TemporaryDirectory(dir=C.DEFAULT_LOCAL_TMP) as folder:

        def start_run() -> None:
            C.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(dir=folder)

        def measure(
            name: str, function: t.Callable[[], list[float]], before: t.Callable[[], None] | None = None
        ) -> None:
            uses = []
            for _dummy in range(times):
                if before:
                    before()
                uses.append(forked(function))
            found["uses"][name] = {
                "first": [first for first, *_others in uses],
                "next": [use for _first, *others in uses for use in others],
            }

        forked(worker.load, NAME)  # leaves byte code behind
        for name in ("requests", "jwt", NAME, "ansible.builtin.env"):
            found["load"][name] = [forked(worker.load, name) for _dummy in range(times)]
        measure("login", worker.logins, start_run)
        for count in cached:
            start_run()
            forked(worker.fill, count)
            measure(f"hit, {count} cached", worker.hits_with_variables)
            if count == cached[0]:
                forked(worker.hits_with_arguments)  # the first of them may be no hit
                measure("hit, options as arguments", worker.hits_with_arguments)
    return found


if __name__ == "__main__":
    url, secret, times, *cached = sys.argv[1:]
    json.dump(main(url, secret, int(times), [int(count) for count in cached]), sys.stdout)
