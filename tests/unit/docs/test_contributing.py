# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONTRIBUTING.md describes the code as it is. The session newcomer of noxfile.py runs its commands."""

from __future__ import annotations

import ast
import pathlib
import re

PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "plugins"
MAP = re.findall(r"^\| (`\w+/.*?) \|", (PLUGINS.parent / "CONTRIBUTING.md").read_text(), re.MULTILINE)


def rows_of_files() -> dict[str, int]:
    """Return the row of the map that names each file."""
    rows: dict[str, int] = {}
    for number, cell in enumerate(MAP):
        folder = ""
        for name in re.findall(r"`([\w/*]+\.py)`", cell):
            folder = name.partition("/")[0] if "/" in name else folder
            found = list(PLUGINS.glob(f"{folder}/{name.rpartition('/')[2]}"))
            assert found, f"the map names {name}, which does not exist"
            rows.update({f"{folder}.{path.stem}": number for path in found})
    return rows


def imports(path: pathlib.Path) -> set[str]:
    """Return the files of the collection that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and ".dockerhub.plugins." in f"{node.module}.":
            folder, _dot, name = str(node.module).partition(".dockerhub.plugins.")[2].partition(".")
            found |= {f"{folder}.{name}"} if name else {f"{folder}.{alias.name}" for alias in node.names}
    return found


def test_the_map_names_every_file() -> None:
    assert set(rows_of_files()) == {f"{path.parent.name}.{path.stem}" for path in PLUGINS.glob("*/*.py")}


def test_calls_go_down_the_map() -> None:
    rows = rows_of_files()
    calls = {
        (name, called) for name in rows for called in imports(PLUGINS / f"{name.replace('.', '/')}.py") & set(rows)
    }
    assert len(calls) > len(rows)
    assert [call for call in sorted(calls) if rows[call[0]] > rows[call[1]]] == []
