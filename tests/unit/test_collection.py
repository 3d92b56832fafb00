# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to agree across the files of the collection."""

from __future__ import annotations

import pathlib

import yaml
from ansible_collections.hubops.dockerhub.plugins.module_utils import _session

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_module_is_in_the_action_group() -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]
    assert sorted(groups["dockerhub"]) == sorted(path.stem for path in ROOT.glob("plugins/modules/[!_]*.py"))


def test_requests_contain_the_version_of_the_collection() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    assert version == _session.VERSION
