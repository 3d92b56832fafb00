# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws lines over hosts on two log scales, told apart by dashes and marks, as SVG."""

from __future__ import annotations

import html
import math
import typing as t

WIDTH, HEIGHT = 760, 380
LEFT, TOP, RIGHT, BOTTOM = 60, 40, 470, 330  # of the area with the lines; the legend is to its right
FONT = 'font-family="sans-serif" font-size="12"'
DASHES = {"solid": "", "dashed": ' stroke-dasharray="7 4"', "dotted": ' stroke-dasharray="1.5 3.5"'}
MARKS = {
    "disc": '<circle cx="{x}" cy="{y}" r="4"/>',
    "circle": '<circle cx="{x}" cy="{y}" r="4" fill="white"/>',
    "block": '<rect x="{left}" y="{top}" width="8" height="8"/>',
    "square": '<rect x="{left}" y="{top}" width="8" height="8" fill="white"/>',
}


class Line(t.NamedTuple):
    """Points (hosts, value), and how they are drawn."""

    label: str
    points: list[tuple[float, float]]
    dash: str
    mark: str


def svg(comment: str, title: str, lines: list[Line]) -> str:
    hosts = sorted({x for line in lines for x, _dummy in line.points})
    values = [y for line in lines for _dummy, y in line.points]
    low, high = _decade(min(values), math.floor), _decade(max(values), math.ceil)
    if low == high:
        high *= 10

    def x_of(count: float) -> float:
        return LEFT + 15 + _share(count, hosts[0], hosts[-1]) * (RIGHT - LEFT - 30)

    def y_of(value: float) -> float:
        return BOTTOM - _share(value, low, high) * (BOTTOM - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {FONT}>',
        f"<!--\n{comment}-->",
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 24, title, weight="bold"),
    ]
    for value in _ticks(low, high):
        y = y_of(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" stroke="#ccc"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:g}", anchor="end"))
    for count in hosts:
        parts.append(_text(x_of(count), BOTTOM + 18, f"{count:g}", anchor="middle"))
    parts.append(_text((LEFT + RIGHT) / 2, BOTTOM + 38, "hosts (25 forks)", anchor="middle"))
    parts.append(f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="black"/>')
    # The order of the legend is that of the lines at their right end.
    for number, line in enumerate(sorted(lines, key=lambda line: -line.points[-1][1])):
        parts += _drawn([(x_of(x), y_of(y)) for x, y in line.points], line)
        y = TOP + 14 + number * 26
        parts += _drawn([(RIGHT + 20, y), (RIGHT + 60, y)], line)
        parts.append(_text(RIGHT + 70, y + 4, line.label))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _share(value: float, low: float, high: float) -> float:
    """How far along a log scale a value is, from 0 to 1."""
    return math.log(value / low) / math.log(high / low) if high > low else 0.5


def _decade(value: float, rounded: t.Callable[[float], int]) -> float:
    return float(10.0 ** rounded(math.log10(value)))


def _ticks(low: float, high: float) -> list[float]:
    """Each power of ten from low to high."""
    return [low * 10**power for power in range(round(math.log10(high / low)) + 1)]


def _drawn(points: list[tuple[float, float]], line: Line) -> list[str]:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    marks = [
        MARKS[line.mark].format(x=f"{x:.1f}", y=f"{y:.1f}", left=f"{x - 4:.1f}", top=f"{y - 4:.1f}") for x, y in points
    ]
    return [
        f'<path d="{path}" fill="none" stroke="black" stroke-width="1.5"{DASHES[line.dash]}/>',
        f'<g stroke="black" stroke-width="1.5">{"".join(marks)}</g>',
    ]


def _text(x: float, y: float, text: str, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{html.escape(text)}</text>'
