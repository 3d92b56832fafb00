# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the picture of the README from a run of the demo: `.cache/nox/bin/nox -s picture`."""

from __future__ import annotations

import io
import os
import pathlib
import re
import subprocess
import sys

from rich.console import CONSOLE_SVG_FORMAT, Console
from rich.text import Text

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main() -> None:
    environment = {**os.environ, "ANSIBLE_FORCE_COLOR": "1", "ANSIBLE_NOCOLOR": "0"}
    demo = [sys.executable, ROOT / "examples/demo/run"]
    output = subprocess.run(demo, check=True, env=environment, capture_output=True, text=True).stdout
    output = re.sub(r" \*+$", "", output.partition("PLAY RECAP")[0], flags=re.MULTILINE)
    output = re.sub(r"(\x1b\[0m)?\n(\x1b\[[\d;]+m)? {8,}", " ", output)  # a sentence that YAML folded
    console = Console(record=True, width=90, file=io.StringIO())
    console.print("$ make demo", style="bold")
    for line in output.splitlines():
        if line.strip():
            console.print(Text.from_ansi(line), style="bold" if line.startswith(("PLAY", "TASK")) else None)
    svg = console.export_svg(
        title="make demo",
        unique_id="demo",  # otherwise each run changes every line of the file
        code_format=re.sub(
            r"@font-face {{.*?}}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL
        ),  # no fonts from elsewhere
    )
    (ROOT / "docs/demo.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
