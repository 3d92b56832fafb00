# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides have one form, one order, and pictures that everybody can read."""

from __future__ import annotations

import html
import pathlib
import re

import pytest
import yaml

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
GUIDES = sorted((DOCS / "docsite/rst").glob("*.rst"))
PICTURE = re.compile(r"^\.\. picture (\w+): ((?:.+\n)+)\n\.\. raw:: html\n\n((?:    .*\n)+)", re.MULTILINE)


def test_the_site_lists_all_guides_in_the_order_of_a_reader() -> None:
    sections = yaml.safe_load((DOCS / "docsite/extra-docs.yml").read_text())["sections"]
    listed = [name for section in sections for name in section["toctree"]]
    assert sorted(listed) == [path.stem for path in GUIDES]
    assert (listed[0], listed[-2:]) == ("guide_start", ["guide_troubleshooting", "guide_migration"])


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_starts_with_what_the_reader_can_do(guide: pathlib.Path) -> None:
    text = guide.read_text()
    title, first = re.findall(r"^(.+)\n=+\n\n(.+)$", text, re.MULTILINE)[0]
    assert title
    assert first.startswith("After this page ")
    assert f".. _ansible_collections.hubops.dockerhub.docsite.{guide.stem}:\n" in text


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_refers_to_others_instead_of_repeating_them(guide: pathlib.Path) -> None:
    def paragraphs(path: pathlib.Path) -> set[str]:
        parts = path.read_text().split("\n\n")[1:]  # without the licence
        return {" ".join(part.split()) for part in parts if len(part) > 120 and re.match(r"\w|- |\* ", part)}

    others = set().union(*(paragraphs(path) for path in GUIDES if path != guide))
    assert paragraphs(guide) & others == set()


def test_each_picture_of_the_guides_has_a_source_and_a_description() -> None:
    found = [picture for guide in GUIDES for picture in PICTURE.findall(guide.read_text())]
    assert sorted(name for name, _description, _svg in found) == sorted(
        path.stem for path in (DOCS / "pictures").glob("*.dot")
    )
    for name, description, svg in found:
        assert f'role="img" aria-label="{" ".join(description.split())}"' in svg, name
        labels = re.findall(r'label="([^"]*)"', (DOCS / f"pictures/{name}.dot").read_text())
        drawn = [html.unescape(text).strip() for text in re.findall(r">([^<>]+)</text>", svg)]
        assert sorted(drawn) == sorted(line.strip() for label in labels for line in label.split("\\n")), "run draw.py"
        assert max(map(float, re.findall(r"max-width: (\d+)px", svg))) <= 520, "too wide for a phone"
