# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one use of the lookup costs inside a process: microseconds by phase, as JSON.

``inside.py URL SECRET TIMES STORED...``: each figure TIMES times, and hits with so many STORED credentials. Everything runs
in a process that is forked for it from one that knows Ansible, but not yet the plugin, as Ansible's own workers are.
"""

from __future__ import annotations

import collections
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
PLUGINS = "ansible_collections.hubops.dockerhub.plugins."
FORK = multiprocessing.get_context("fork")

LOOKUP, STORE = PLUGINS + "lookup.dockerhub_token", PLUGINS + "plugin_utils._token_store"

# By phase, the functions whose own time counts as it, without what they call of the others.
PHASES = {
    "render": [("ansible.template", "Templar.template")],  # Ansible's own
    "options": [(LOOKUP, "hub_options")],
    "key": [(STORE, "TokenStore.__init__"), (STORE, "TokenStore._name")],
    "lock": [(STORE, "TokenStore._lock")],
    "read": [(STORE, "_read_own")],
    "parse": [(STORE, "TokenStore._read")],
    "login": [(LOOKUP, "log_in_here")],
    "write": [(STORE, "TokenStore._write")],
}

Spent = dict[str, float]


class Clock:
    """Sorts the time of a call into phases."""

    def __init__(self) -> None:
        for phase, functions in PHASES.items():
            for module, name in functions:
                *path, last = name.split(".")
                owner: t.Any = sys.modules[module]
                for part in path:
                    owner = getattr(owner, part)
                setattr(owner, last, self._timed(phase, getattr(owner, last)))
        self._phase, self._since = "rest", 0.0
        self._spent: Spent = collections.defaultdict(float)

    def _timed(self, phase: str, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        def timed(*args: t.Any, **kwargs: t.Any) -> t.Any:
            outer = self._switch(phase)
            try:
                return function(*args, **kwargs)
            finally:
                self._switch(outer)

        return timed

    def _switch(self, phase: str) -> str:
        now = time.perf_counter()
        outer = self._phase
        self._spent[outer] += now - self._since
        self._phase, self._since = phase, now
        return outer

    def __call__(self, function: t.Callable[..., t.Any], *args: t.Any) -> Spent:
        """Microseconds by phase."""
        self._spent, self._since = collections.defaultdict(float), time.perf_counter()
        function(*args)
        self._switch("rest")
        return {phase: seconds * 1e6 for phase, seconds in self._spent.items()}


class Worker:
    """What one of Ansible's workers has at hand."""

    def __init__(self, url: str, secret: str) -> None:
        self.variables = {"dockerhub_url": url, "dockerhub_identifier": "mybot", "dockerhub_secret": secret}
        self.loader = DataLoader()
        self.templar = Templar(loader=self.loader, variables=self.variables)

    def get(self, name: str = NAME) -> t.Any:
        return lookup_loader.get(name, loader=self.loader, templar=self.templar)

    def load(self, name: str) -> float:
        """Microseconds to load a lookup."""
        start = time.perf_counter()
        self.get(name)
        return (time.perf_counter() - start) * 1e6

    def imports(self, module: str) -> float:
        """Microseconds to import a library."""
        start = time.perf_counter()
        __import__(module)
        return (time.perf_counter() - start) * 1e6

    def fill(self, count: int) -> None:
        """Stores a token of ours, and as many of others' as make ``count``."""
        lookup = self.get()
        (token,) = lookup.run([], self.variables, return_format="dict")
        sys.modules[LOOKUP].log_in_here = lambda options, claim: {**token, "warnings": []}  # type: ignore[attr-defined]
        for number in range(1, count):
            lookup.run([f"user{number}"], {}, secret="a secret of theirs", hub_url=self.variables["dockerhub_url"])

    def uses(self, count: int, **kwargs: t.Any) -> list[Spent]:
        """The first uses in this process."""
        lookup = self.get()
        clock = Clock()
        return [clock(lambda: lookup.run([], self.variables, **kwargs)) for _dummy in range(count)]

    def misses(self) -> list[Spent]:
        """Two logins: the first with an empty store, and with the libraries yet to be imported."""
        return self.uses(2, cache=False)


def forked(function: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
    """What a function returns in a process of its own."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=lambda: theirs.send(function(*args)))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join()


def main(url: str, secret: str, times: int, stored: list[int]) -> dict[str, t.Any]:
    init_plugin_loader()
    worker = Worker(url, secret)
    worker.get("ansible.builtin.vars")  # so that what all lookups share is there
    found: dict[str, t.Any] = {"load": {}, "first_hit": {}, "hit": {}}
    with tempfile.TemporaryDirectory(dir=C.DEFAULT_LOCAL_TMP) as folder:

        def new_store() -> None:
            C.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(dir=folder)

        forked(worker.load, NAME)  # leaves its byte code behind
        for name in ("requests", "jwt", NAME, "ansible.builtin.env"):
            load = worker.load if "." in name else worker.imports
            found["load"][name] = [forked(load, name) for _dummy in range(times)]
        misses = []
        for _dummy in range(times):
            new_store()
            misses.append(forked(worker.misses))
        found["first_miss"], found["miss"] = zip(*misses)
        for count in stored:
            new_store()
            forked(worker.fill, count)
            uses = [forked(worker.uses, 50) for _dummy in range(times)]
            found["first_hit"][count] = [first for first, *_dummy in uses]
            found["hit"][count] = [use for _dummy, *others in uses for use in others]
    return found


if __name__ == "__main__":
    url, secret, times, *stored = sys.argv[1:]
    json.dump(main(url, secret, int(times), [int(count) for count in stored]), sys.stdout)
