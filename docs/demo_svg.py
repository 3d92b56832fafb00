# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the README's picture from what a demo prints: ``make demo | python docs/demo_svg.py > docs/demo.svg``."""

from __future__ import annotations

import html
import re
import sys
import textwrap

COLUMNS, LINE, CHARACTER, MARGIN = 76, 18, 7.83, 14
COLOURS = {"TASK": "#79c0ff", "PLAY": "#d2a8ff", "ok:": "#7ee787", "$ ": "#ffffff"}
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt) -->
<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>What make demo prints</title>
<rect width="{width}" height="{height}" rx="8" fill="#161b22" stroke="#6e7681"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">"""


def lines_of(output: str) -> list[str]:
    """The demo's lines, without empty ones, rows of asterisks and the recap; a sentence that YAML folded is one line."""
    text = re.sub(r" \*+$", "", output.partition("PLAY RECAP")[0], flags=re.MULTILINE)
    text = re.sub(r"\n {8,}", " ", text)
    return ["$ make demo", *(line for line in text.splitlines() if line.strip())]


def main() -> None:
    rows = []
    for line in lines_of(sys.stdin.read()):
        colour = next((colour for start, colour in COLOURS.items() if line.startswith(start)), "#c9d1d9")
        deeper = " " * (len(line) - len(line.lstrip()) + 4)
        folded = textwrap.wrap(line, COLUMNS, subsequent_indent=deeper, break_on_hyphens=False)
        rows += [(colour, row) for row in folded]
    width, height = round(COLUMNS * CHARACTER + 2 * MARGIN), len(rows) * LINE + 2 * MARGIN
    print(HEAD.format(width=width, height=height))
    for number, (colour, row) in enumerate(rows, 1):
        text = row.lstrip()
        x, y = MARGIN + (len(row) - len(text)) * CHARACTER, MARGIN + number * LINE - 5
        print(f'<text x="{x:.0f}" y="{y}" fill="{colour}">{html.escape(text, quote=False)}</text>')
    print("</g>\n</svg>")


if __name__ == "__main__":
    main()
