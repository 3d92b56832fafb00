# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide lists what each operation requires, as the code has it."""

from __future__ import annotations

import pathlib
import re

from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import ENDPOINTS

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_the_guide_lists_every_requirement() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_permissions.rst").read_text()
    rows = re.findall(r"\* - ``([A-Z]+ /v2/\S+)``\n +- (\S+)\n +- (\S+)\n", guide)
    expected = [
        (f"{method} {endpoint.template}", *(f"``{kind}``" if kind else "no" for kind in need))
        for endpoint in ENDPOINTS.values()
        for method, need in endpoint.needs.items()
    ]
    assert rows == expected


def test_the_facts_page_has_the_evidence_for_every_path() -> None:
    headings = set(re.findall(r"^#+ (.+)$", (ROOT / "docs/docker_hub_api.md").read_text(), re.MULTILINE))
    assert {endpoint.evidence for endpoint in ENDPOINTS.values()} <= headings
