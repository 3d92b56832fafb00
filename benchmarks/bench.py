# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: what logins cost, beside what a user would write instead.

Runs the plays of this folder against the emulator, in rounds, so that whatever else the machine does meets all of them
alike. A whole run writes docs/benchmarks.md and its plots; a part of it, for trying out, writes to .cache/bench.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import threading
import time
import typing as t
import urllib.request

import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / ".cache/bench"
EMULATOR = ROOT / "tests/integration/targets/setup_hub_emulator/files/hub_emulator.py"
BIN = pathlib.Path(sys.executable).parent  # of a virtual environment with ansible-core and requirements.txt

SECRET = "dckr_pat_fake-pat-of-mybot-000000000"  # as the emulator knows it
WRONG_SECRET = "dckr_pat_fake-pat-of-nobody-00000000"
LOGINS = ("/v2/auth/token", "/v2/users/login", "/v2/users/2fa-login")
LATENCY = 0.2
LIMIT = 900  # seconds after which a run is taken for hung

Command = list[t.Union[str, pathlib.Path]]


class Block(t.NamedTuple):
    """Plays that run one after the other in each round, and in how many rounds each of them takes part."""

    case: str
    hosts: int
    forks: int
    plays: dict[str, int]
    latency: float = 0.0


# Up to 10 hosts, 10 and 25 forks are the same run: Ansible starts no more processes than there are hosts. What goals
# compare takes part in 9 rounds; what takes minutes in one.
PLAN = [
    Block("task", 1, 10, {"token": 9, "uri": 9, "debug": 9, "two_debugs": 9, "set_fact": 9}),
    Block("task", 10, 10, {"token": 5, "uri": 5, "debug": 5, "two_debugs": 5}),
    Block("task", 40, 10, {"token": 3, "uri": 1, "debug": 3, "two_debugs": 3}),
    Block("task", 40, 25, {"token": 9, "uri": 9, "debug": 9, "two_debugs": 9}),
    Block("task", 200, 10, {"token": 3, "uri": 1, "debug": 3, "two_debugs": 3}),
    Block("task", 200, 25, {"token": 9, "uri": 1, "debug": 9, "two_debugs": 3}),
    Block("lookup", 1, 10, {"lookup": 5, "env": 5, "each_time": 3, "plain_login": 3}),
    Block("lookup", 10, 10, {"lookup": 3, "env": 3, "each_time": 2, "plain_login": 2}),
    Block("lookup", 40, 10, {"lookup": 2, "env": 2, "each_time": 1, "plain_login": 1}),
    Block("lookup", 40, 25, {"lookup": 9, "env": 9, "each_time": 1, "plain_login": 2}),
    Block("lookup", 200, 10, {"lookup": 1, "env": 1, "each_time": 1, "plain_login": 1}),
    Block("lookup", 200, 25, {"lookup": 9, "env": 9, "each_time": 1, "plain_login": 1}),
    Block("no_bytecode", 40, 25, {"lookup": 9, "env": 9}),
    Block("repositories", 1, 10, {"repositories": 5, "repositories_uri": 5, "repositories_list": 5}),
    Block("refused", 1, 10, {"token": 3, "set_fact": 3, "uri": 3}),
    Block("refused", 10, 10, {"token": 3, "set_fact": 3, "uri": 2}),
    Block("refused", 40, 10, {"token": 2, "set_fact": 2, "uri": 1}),
    Block("refused", 40, 25, {"token": 2, "set_fact": 2, "uri": 1}),
    Block("refused", 200, 10, {"token": 1, "set_fact": 1, "uri": 1}),
    Block("refused", 200, 25, {"token": 1, "set_fact": 1, "uri": 1}),
    Block("task", 1, 10, {"token": 3, "uri": 3, "set_fact": 3}, LATENCY),
    Block("task", 40, 25, {"token": 2, "uri": 2}, LATENCY),
    Block("lookup", 40, 25, {"lookup": 2, "plain_login": 1}, LATENCY),
]


class Hub:
    """The emulator, in a process of its own."""

    def __init__(self) -> None:
        url_file = WORK / "url"
        self.process = subprocess.Popen(
            [sys.executable, EMULATOR, "--url-file", url_file], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while not url_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("The emulator does not start.")
            time.sleep(0.05)
        self.url = url_file.read_text().strip()

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.process.terminate()
        self.process.wait()

    def ask(self, verb: str, fields: dict[str, t.Any] | None = None) -> t.Any:
        """One of the emulator's own verbs; a POST where there are fields."""
        data = None if fields is None else json.dumps(fields).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/_emulator/{verb}", data, headers), timeout=30
        ) as answer:
            return json.load(answer)

    def counts(self) -> dict[str, int]:
        """Return the requests, the logins among them, and how many logins were refused or met a locked account."""
        requests = self.ask("requests")
        statuses = [request["status"] for request in requests if request["path"] in LOGINS]
        counts = {"logins": len(statuses), "refused": statuses.count(401), "locked": statuses.count(429)}
        return {"requests": len(requests), **counts}

    def bearer(self) -> str:
        """Return a bearer token, as a play with uri has it from an earlier task."""
        data = json.dumps({"identifier": "mybot", "secret": SECRET}).encode()
        request = urllib.request.Request(self.url + LOGINS[0], data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.load(answer)["access_token"])


def prepare() -> dict[str, str]:
    """A fresh folder with an installed copy of the collection; returns the environment that everything runs in.

    The environment is made from nothing, because a developer's shell may hold variables that users do not have. The
    collection is installed twice: in the second folder Python never leaves byte code (see the case no_bytecode).
    """
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "home").mkdir(parents=True)
    (WORK / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {WORK}/collections\n")
    environment = {
        "HOME": str(WORK / "home"),
        "PATH": os.pathsep.join([str(BIN), os.defpath]),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(WORK / "ansible.cfg"),
    }
    galaxy: Command = [BIN / "ansible-galaxy", "collection"]
    quietly: dict[str, t.Any] = {"env": environment, "cwd": WORK, "stdout": subprocess.DEVNULL}
    subprocess.run([*galaxy, "build", ROOT, "--output-path", WORK], check=True, **quietly)
    archive = next(WORK.glob("*.tar.gz"))
    for folder in ("collections", "uncompiled"):
        quietly["env"] = {**environment, "ANSIBLE_COLLECTIONS_PATH": str(WORK / folder)}
        subprocess.run([*galaxy, "install", archive, "-p", WORK / folder, "--offline"], check=True, **quietly)
    return environment


def inventory(hub: Hub, block: Block, bearer: str) -> pathlib.Path:
    path = WORK / "inventory"
    path.write_text(
        f"host[001:{block.hosts:03}]\n"
        "[all:vars]\n"
        "ansible_connection=local\n"
        'ansible_python_interpreter="{{ ansible_playbook_python }}"\n'
        f"dockerhub_url={hub.url}\n"
        "dockerhub_identifier=mybot\n"
        f"dockerhub_secret={WRONG_SECRET if block.case == 'refused' else SECRET}\n"
        f"bearer={bearer}\n"
    )
    return path


def run(hub: Hub, block: Block, play: str, environment: dict[str, str], *, memory: bool) -> dict[str, t.Any]:
    """One play in its own process: what it took, and what the emulator saw of it."""
    bearer = ""
    hub.ask("reset", {})
    if block.case == "repositories":
        hub.ask("repositories", {"namespace": "mybot", "count": 1000, "prefix": "app-"})
        bearer = hub.bearer()
    already = hub.counts()
    hub.ask("settings", {"latency": block.latency})
    command: Command = [BIN / "ansible-playbook", "-i", inventory(hub, block, bearer), "-f", str(block.forks)]
    if block.case == "no_bytecode":
        path = str(WORK / "uncompiled")
        environment = {**environment, "ANSIBLE_COLLECTIONS_PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    log = WORK / "log"
    with log.open("w") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [*command, HERE / f"plays/{play}.yml"],
            cwd=WORK,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        with watched(process, memory) as peak:
            _dummy, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
    counts = {name: count - already[name] for name, count in hub.counts().items()}
    expected = 2 if block.case == "refused" else 0
    if process.returncode != expected:
        sys.exit(f"{log.read_text()[-3000:]}\n{play} on {block.hosts} hosts: exit code {process.returncode}")
    figures = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, **counts}
    return {**figures, "memory": max(peak)} if memory else figures


@contextlib.contextmanager
def watched(process: subprocess.Popen[bytes], memory: bool) -> t.Iterator[list[float]]:
    """Ends a process that hangs; and, if asked, looks every tenth of a second at what it and its children hold in MB."""
    timer = threading.Timer(LIMIT, process.kill)
    over = threading.Event()
    seen = [0.0]

    def look() -> None:
        while not over.wait(0.1):
            seen.append(sum(map(proportional, family(process.pid))))

    looker = threading.Thread(target=look)
    timer.start()
    if memory:
        looker.start()
    try:
        yield seen
    finally:
        timer.cancel()
        over.set()
        if memory:
            looker.join()


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in family(int(child)))]


def proportional(pid: int) -> float:
    """A process's memory in MB, where pages that processes share are divided among them."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def about() -> dict[str, t.Any]:
    """The machine and what runs on it."""
    from ansible.release import __version__ as core

    cpuinfo = pathlib.Path("/proc/cpuinfo")
    models = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    return {
        "date": datetime.date.today().isoformat(),
        "core": core,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "ram": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "load": os.getloadavg()[0],
    }


def measure(plan: list[Block], inside: list[str], save: t.Callable[[dict[str, t.Any]], None]) -> None:
    start = time.monotonic()
    environment = prepare()
    found: dict[str, t.Any] = {"about": about(), "runs": [], "inside": {}}
    with Hub() as hub:
        if inside:
            print("inside the process ...", flush=True)
            hub.ask("settings", {"pat_owner_only": False})  # the secret is accepted for any identifier
            command: Command = [sys.executable, HERE / "inside.py", hub.url, SECRET, *inside]
            result = subprocess.run(command, env=environment, cwd=WORK, capture_output=True, text=True, check=False)
            if result.returncode:
                sys.exit(result.stderr[-3000:])
            found["inside"] = json.loads(result.stdout)
            hub.ask("settings", {"pat_owner_only": True})
        rounds = max((count for block in plan for count in block.plays.values()), default=0)
        # The round before the first warms up, and is the one in which memory is looked at: that takes time.
        for number in range(rounds + 1):
            for block in plan:
                plays = [play for play, count in block.plays.items() if count >= (number or 2)]
                # Each in turn is the first.
                turn = number % len(plays) if plays else 0
                for play in plays[turn:] + plays[:turn]:
                    figures = run(hub, block, play, environment, memory=number == 0)
                    key = {**block._asdict(), "plays": None, "play": play, "round": number}
                    found["runs"].append({**key, **figures})
                    print(
                        f"[{time.monotonic() - start:5.0f} s] round {number} of {rounds}: {block.case}, {block.hosts} hosts,"
                        f" {block.forks} forks{f', latency {block.latency} s' if block.latency else ''}: {play}"
                        f" {figures['wall']:.2f} s, {figures['logins']} logins",
                        flush=True,
                    )
            found["about"]["minutes"] = (time.monotonic() - start) / 60
            save(found)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures what logins cost; without arguments, all of it.")
    cases = ["task", "lookup", "no_bytecode", "repositories", "refused", "inside"]
    parser.add_argument(
        "part",
        nargs="*",
        help=f"quick (two rounds, up to 10 hosts), one of {', '.join(cases)}, or report (measure nothing)",
    )
    parts = set(parser.parse_args().part)
    if parts - {"quick", "report", *cases}:
        parser.error(f"no such part: {' '.join(parts - {'quick', 'report', *cases})}")
    whole = not parts - {"report"}
    folder, results = (ROOT / "docs" if whole else WORK), ROOT / f".cache/bench-{'whole' if whole else 'part'}.json"

    def save(found: dict[str, t.Any]) -> None:
        results.write_text(json.dumps(found, indent=1))

    if "report" not in parts:
        wanted = parts & set(cases) or set(cases)
        plan = [block for block in PLAN if block.case in wanted]
        inside = ["15", "1", "10", "100", "1000"]
        if "quick" in parts:
            plan = [
                block._replace(plays={play: min(count, 2) for play, count in block.plays.items()})
                for block in plan
                if block.hosts <= 10
            ]
            inside = ["3", "1", "10"]
        measure(plan, inside if "inside" in wanted else [], save)
    for path in report.write(json.loads(results.read_text()), folder):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
