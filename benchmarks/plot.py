# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw lines over hosts on two logarithmic axes, as SVG that is readable on a light and on a dark page."""

from __future__ import annotations

import pathlib
import typing as t

import matplotlib
from matplotlib.figure import Figure

matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
matplotlib.rcParams["svg.hashsalt"] = "benchmark"  # the same figures make the same file


class Line(t.NamedTuple):
    """Points (hosts, value), and how they are drawn."""

    label: str
    points: list[tuple[float, float]]
    style: str  # "solid", "dashed" or "dotted"
    marker: str  # "o" or "s"
    colour: str


def draw(path: pathlib.Path, title: str, lines: list[Line]) -> None:
    figure = Figure(figsize=(8, 4), layout="constrained")  # its white ground is the card on a dark page
    axes = figure.add_subplot(title=title, xlabel="hosts (25 forks)", xscale="log", yscale="log")
    for line in sorted(lines, key=lambda line: -line.points[-1][1]):  # the legend's order is that of the right ends
        axes.plot(*zip(*line.points), label=line.label, linestyle=line.style, marker=line.marker, color=line.colour)
    hosts = sorted({x for line in lines for x, _dummy in line.points})
    axes.set_xticks(hosts, [f"{count:g}" for count in hosts], minor=False)
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y", color="#cccccc")
    figure.legend(loc="outside right center", frameon=False)
    figure.savefig(path, metadata={"Date": None})
