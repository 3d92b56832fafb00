# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the pictures of the guides with Graphviz, and write them into the guides.

antsibull-docs takes nothing but .rst files to a site, so a picture is SVG inside of the page. Text and lines beside the
boxes have the colour of the page's text, so that a page may be white or dark.
"""

from __future__ import annotations

import html
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
GUIDES = HERE.parent / "docsite/rst"
GREY = "#808080"  # the lines in the .dot files
TEXT = (' text-anchor="middle"', ' font-family="Helvetica,Arial,sans-serif"')


def drawn(source: pathlib.Path, description: str) -> str:
    """Return a picture as SVG in one line for each shape."""
    svg = subprocess.run(["dot", "-Tsvg", str(source)], check=True, capture_output=True, text=True).stdout
    left, top, width, height = map(float, re.findall(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', svg)[0])
    right, down = map(float, re.findall(r"translate\((\S+) (\S+)\)", svg)[0])
    body = svg[svg.index(">", svg.index("<svg")) + 1 :].replace(GREY, "currentColor")
    body = re.sub("|".join(TEXT), "", body)  # once at the top is enough
    shapes = re.findall(r"<(?:path|polygon)[^>]*/>|<text.*?</text>", body)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left - right:g} {top - down:g} {width:g} {height:g}"{"".join(TEXT)}'
        f' role="img" aria-label="{html.escape(description)}" style="width: 100%; max-width: {width * 4 / 3:.0f}px">'
    )
    return "\n".join([head, *(shape for shape in shapes if 'stroke="transparent"' not in shape), "</svg>"])


def main() -> None:
    """Replace each picture in a guide: a comment ``picture NAME: description``, and the ``raw`` directive after it."""
    for guide in sorted(GUIDES.glob("*.rst")):
        text = guide.read_text()
        for name, description in re.findall(r"^\.\. picture (\w+): ((?:.+\n)+)", text, re.MULTILINE):
            comment = f".. picture {name}: {description}"
            svg = drawn(HERE / f"{name}.dot", " ".join(description.split()))
            block = f"{comment}\n.. raw:: html\n\n{re.sub('^', '    ', svg, flags=re.MULTILINE)}\n"
            pattern = re.escape(comment) + r"(?:\n\.\. raw:: html\n\n(?:    .*\n)+)?"
            text = re.sub(pattern, lambda _found, block=block: block, text)  # type: ignore[misc]
        guide.write_text(text)


if __name__ == "__main__":
    main()
