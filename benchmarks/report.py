# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns what was measured into a page and two plots."""

from __future__ import annotations

import pathlib
import statistics
import typing as t

import plot

Run = dict[str, t.Any]
Found = dict[str, t.Any]

HEADER = """\
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
"""

LABELS = {
    "token": "`dockerhub_token`, the task",
    "uri": "`uri`, the recipe",
    "debug": "one `debug` task",
    "two_debugs": "two `debug` tasks",
    "set_fact": "the lookup in `set_fact`",
    "lookup": "`dockerhub_token`, the lookup",
    "env": "`env`, the lookup",
    "each_time": "ours with `cache=false`",
    "plain_login": "a lookup of ten lines",
    "repositories": "`dockerhub_repository`, 100 times",
    "repositories_uri": "`uri`, 100 times",
    "repositories_list": "`dockerhub_repository_info`, 1,000 repositories",
}

# The names of our own plays in the heads of tables.
OURS = {"token": "task", "set_fact": "lookup", "lookup": "lookup", "repositories": "module"}

# By case: its title, what it is about, and the plays that the others are compared with.
CASES = {
    "task": (
        "One token task per host",
        "`uri` posts the credential to `/v2/auth/token` with `no_log` and `register`, as recipes have it. `debug` does"
        " nothing, and so shows what Ansible itself takes. One host is a cold start.",
        ("token", "set_fact"),
    ),
    "lookup": (
        "A variable of the play, used in five tasks",
        "The variable holds a lookup, which Ansible runs anew at each use. `env` is the floor: Ansible's own lookup, which"
        " reads an environment variable. Other collections' lookups log in each time, as here ours with `cache=false` (its"
        " logins with one credential queue up, so that a refused one is not repeated) and"
        " [one of ten lines](../benchmarks/plays/lookup_plugins/plain_login.py) (which do not).",
        ("lookup",),
    ),
    "no_bytecode": (
        "The same play without byte code",
        "Python may not write byte code beside the collection in most execution environments: each process that uses a"
        " plugin compiles it. Ansible's own files are compiled once, when they are installed.",
        ("lookup",),
    ),
    "repositories": (
        "Repositories in a loop",
        "`dockerhub_repository` reads each of 100 repositories, compares it, finds it as described and sends nothing else."
        " `uri` only reads each of them, with a bearer token that is there already. `dockerhub_repository_info` reads all"
        " pages of a list of 1,000.",
        ("repositories",),
    ),
    "refused": (
        "A wrong password on every host",
        "The emulator locks the account after ten refused logins, as Docker Hub does after some number of them.",
        ("token", "set_fact"),
    ),
}


class Pairs:
    """Two figures of each round, compared."""

    def __init__(self, ours: dict[int, float], theirs: dict[int, float]) -> None:
        self.ratios = [ours[number] / theirs[number] for number in sorted(ours.keys() & theirs.keys())]

    def __str__(self) -> str:
        if not self.ratios:
            return "-"
        low, middle, high = quartiles(self.ratios)
        spread = f" ({low:.2f} to {high:.2f})" if len(self.ratios) > 1 else ""
        return f"{middle:.2f}{spread}"


def quartiles(values: t.Sequence[float]) -> tuple[float, float, float]:
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def figure(values: t.Sequence[float], digits: int) -> str:
    """The median, and the middle half where there is one."""
    if not values:
        return "-"
    low, middle, high = quartiles(values)
    spread = f" ({low:.{digits}f} to {high:.{digits}f})" if len(values) > 1 else ""
    return f"{middle:.{digits}f}{spread}"


def table(head: list[str], rows: t.Iterable[t.Sequence[t.Any]]) -> str:
    lines = [head, ["---" if number == 0 else "---:" for number in range(len(head))], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


class Results:
    """What was measured, to be asked for."""

    def __init__(self, found: Found) -> None:
        self.runs: list[Run] = found["runs"]

    def of(self, case: str, hosts: int, forks: int, play: str, latency: float = 0.0) -> list[Run]:
        wanted = {"case": case, "hosts": hosts, "forks": forks, "play": play, "latency": latency}
        return [run for run in self.runs if wanted.items() <= run.items()]

    def walls(self, *which: t.Any) -> dict[int, float]:
        """Wall seconds by round; the round before the first warms up and does not count."""
        return {run["round"]: run["wall"] for run in self.of(*which) if run["round"]}

    def places(self, case: str) -> list[tuple[int, int, float]]:
        """Hosts, forks and latency, in the order of a table."""
        found = {(run["hosts"], run["forks"], run["latency"]) for run in self.runs if run["case"] == case}
        return sorted(found, key=lambda place: (place[2], *place[:2]))

    def curve(self, case: str, play: str, key: str) -> list[tuple[float, float]]:
        """Medians over hosts, with 25 forks where those make a difference."""
        points = {}
        for hosts, forks, latency in self.places(case):
            values = [run[key] for run in self.of(case, hosts, forks, play) if run["round"]]
            if values and not latency:
                points[float(hosts)] = float(statistics.median(values))
        return sorted(points.items())


def case_table(results: Results, case: str) -> str:
    ours_of = CASES[case][2]
    rows = []
    for hosts, forks, latency in results.places(case):
        plays = [play for play in LABELS if results.of(case, hosts, forks, play, latency)]
        ours = [play for play in ours_of if play in plays]
        for play in plays:
            runs = results.of(case, hosts, forks, play, latency)
            counted = [run for run in runs if run["round"]]
            logins = "/".join(str(number) for number in sorted({run["logins"] for run in counted}))
            requests = "/".join(str(number) for number in sorted({run["requests"] for run in counted}))
            if case == "refused" and any(run["locked"] for run in counted):
                logins += ", account locked"
            walls = results.walls(case, hosts, forks, play, latency)
            ratios = [
                "" if play in ours else str(Pairs(results.walls(case, hosts, forks, own, latency), walls))
                for own in ours
            ]
            rows.append(
                [
                    LABELS[play],
                    f"{hosts}" + (f", +{latency:g} s" if latency else ""),
                    forks if hosts > forks or hosts > 10 else "any",
                    requests,
                    logins,
                    figure(list(walls.values()), 2),
                    figure([run["cpu"] for run in counted], 2),
                    figure([run["memory"] for run in runs if "memory" in run], 0),
                    len(counted),
                    *ratios,
                    *[""] * (len(ours_of) - len(ours)),
                ]
            )
    head = ["play", "hosts", "forks", "requests", "logins", "wall s", "CPU s", "MB", "runs"]
    return table(head + [f"{OURS[own]} / this" for own in ours_of], rows)


def goals(results: Results, inside: Found) -> str:
    def pairs(case: str, hosts: int, forks: int, ours: str, theirs: str) -> Pairs:
        return Pairs(results.walls(case, hosts, forks, ours), results.walls(case, hosts, forks, theirs))

    def growth(case: str, ours: str, floor: str) -> Pairs:
        def grown(play: str) -> dict[int, float]:
            few, many = results.walls(case, 40, 25, play), results.walls(case, 200, 25, play)
            return {number: many[number] / few[number] for number in few.keys() & many.keys()}

        return Pairs(grown(ours), grown(floor))

    rows = []
    for sentence, limit, found in (
        ("token task / `uri`, 40 hosts, 25 forks", 0.12, pairs("task", 40, 25, "token", "uri")),
        ("token task / one `debug` task, 40 hosts, 25 forks", 1.3, pairs("task", 40, 25, "token", "debug")),
        ("lookup / `env` lookup, 40 hosts, 25 forks", 1.12, pairs("lookup", 40, 25, "lookup", "env")),
        ("lookup / `env` lookup, the same without byte code", 1.2, pairs("no_bytecode", 40, 25, "lookup", "env")),
        ("token task / `uri`, one cold host", 0.6, pairs("task", 1, 10, "token", "uri")),
        ("lookup in `set_fact` / `uri`, one cold host", 0.6, pairs("task", 1, 10, "set_fact", "uri")),
        (
            "100 unchanged repositories / the same reads with `uri`",
            0.1,
            pairs("repositories", 1, 10, "repositories", "repositories_uri"),
        ),
        ("growth from 40 to 200 hosts, token task / `debug`", 1, growth("task", "token", "debug")),
        ("growth from 40 to 200 hosts, lookup / `env`", 1, growth("lookup", "lookup", "env")),
    ):
        if found.ratios:
            met = round(quartiles(found.ratios)[1], 2) <= limit
            rows.append([sentence, f"at most {limit:g}", found, len(found.ratios), "met" if met else "missed"])
    caching = [run["logins"] for run in results.runs if run["play"] in ("token", "set_fact", "lookup")]
    if caching:
        met = set(caching) == {1}
        seen = "1" if met else f"{min(caching)} to {max(caching)}"
        rows.insert(0, ["logins in each run of ours", 1, seen, len(caching), "met" if met else "missed"])
    for play, sentence, expected in (
        ("repositories", "requests for 100 unchanged repositories", 101),
        ("repositories_list", "requests for a list of 1,000 repositories, login included", 11),
    ):
        seen = sorted({run["requests"] for run in results.runs if run["play"] == play})
        if seen:
            verdict = "met" if seen == [expected] else "missed"
            runs = sum(run["play"] == play for run in results.runs)
            rows.append([sentence, expected, "/".join(map(str, seen)), runs, verdict])
    if inside:
        for name, key in (("first hit", "first"), ("next hits", "next")):
            uses = [use / 1000 for use in inside["uses"]["hit, options as arguments"][key]]
            verdict = "met" if statistics.median(uses) < 1 else "missed"
            rows.append([f"a worker's {name}, our own code", "under 1 ms", f"{figure(uses, 2)} ms", len(uses), verdict])
    return table(["goal", "limit", "measured", "pairs or runs", ""], rows)


def inside_tables(inside: Found) -> str:
    rows = [[name, figure(uses["first"], 0), figure(uses["next"], 0)] for name, uses in inside["uses"].items()]
    loads = [[f"`{name}`", figure([value / 1000 for value in values], 1)] for name, values in inside["load"].items()]
    return f"{table(['µs', 'first use of a worker', 'its next uses'], rows)}\n\n{table(['import in a worker', 'ms'], loads)}"


def page(found: Found, plots: t.Iterable[str]) -> str:
    about, inside, results = found["about"], found["inside"], Results(found)
    notes = pathlib.Path(__file__).with_name("notes.md").read_text().split("-->", 1)[1]
    parts = [
        f"<!--\n{HEADER}-->",
        "# What it saves",
        "`hubops.dockerhub` logs in once per run. These figures set it beside what one would write instead, and beside plays"
        " that do nothing, which show Ansible's own share. Repeat them with `make bench` on a machine that does nothing else"
        f" (here it took {about['minutes']:.0f} minutes); `make bench BENCH=quick` tries it out.",
        f"Measured on {about['date']} with ansible-core {about['core']} on Python {about['python']}, {about['system']},"
        f" {about['cores']} cores ({about['cpu']}), {about['ram']} GB, load {about['load']:.1f} at the start.",
        "## Goals",
        "Ratios of wall time, medians over pairs of runs of the same round, and the interval of their middle half.",
        goals(results, inside),
        *plots,
    ]
    for case, (title, text, _ours) in CASES.items():
        if results.places(case):
            parts += [f"## {title}", text, case_table(results, case)]
    if inside:
        parts += [
            "## Inside a worker",
            "Each use of a lookup for a host is a process of its own, forked from Ansible's, which imports the plugin and"
            " uses it. A hit reuses a token of the run. With its options as arguments it is our own code alone; otherwise"
            " Ansible renders the variables that contain them. Hits do not depend on how many tokens are cached.",
            inside_tables(inside),
        ]
    return "\n\n".join(parts) + "\n" + notes


def write(found: Found, folder: pathlib.Path) -> list[pathlib.Path]:
    """Writes page and plots; returns where they are."""
    results, plots, written = Results(found), [], []
    task, lookup = "task", "lookup"
    blue, orange, green, grey = "#0072b2", "#d55e00", "#009e73", "#666666"
    for name, title, key, lines in (
        (
            "benchmark-logins.svg",
            "Logins of a run, over hosts",
            "logins",
            [
                ("dockerhub_token, task and lookup", task, "token", "solid", "o", blue),
                ("uri in one task", task, "uri", "dashed", "o", orange),
                ("lookup that logs in, in five tasks", lookup, "plain_login", "dashed", "s", green),
            ],
        ),
        (
            "benchmark-wall.svg",
            "Wall time of a run in seconds, over hosts",
            "wall",
            [
                ("lookup that logs in, in five tasks", lookup, "plain_login", "dashed", "s", green),
                ("dockerhub_token lookup, in five tasks", lookup, "lookup", "solid", "s", blue),
                ("env lookup, in five tasks", lookup, "env", "dotted", "s", grey),
                ("uri in one task", task, "uri", "dashed", "o", orange),
                ("dockerhub_token in one task", task, "token", "solid", "o", blue),
                ("debug in one task", task, "debug", "dotted", "o", grey),
            ],
        ),
    ):
        drawn = [plot.Line(label, results.curve(case, play, key), *style) for label, case, play, *style in lines]
        drawn = [line for line in drawn if line.points]
        if drawn:
            plot.draw(folder / name, title, drawn)
            plots.append(f"![{title}]({name})")
            written.append(folder / name)
    path = folder / "benchmarks.md"
    path.write_text(page(found, plots), encoding="utf-8")
    return [path, *written]
