# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says and what the code does are the same."""

from __future__ import annotations

import pathlib
import re
import typing as t

import packaging.specifiers
import pytest
import yaml
from ansible.plugins.loader import fragment_loader, lookup_loader, module_loader
from ansible.utils.plugin_docs import get_plugin_docs
from ansible_collections.hubops.dockerhub.plugins.action import dockerhub_token as action
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, MissingLibrary, ModuleFailed
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import HINTS, RESULT
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import TOKEN_SPEC
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hub_options import SOURCES, TASK_ONLY

SPEC: dict[str, dict[str, t.Any]] = TOKEN_SPEC["argument_spec"]
ROOT = pathlib.Path(__file__).resolve().parents[3]


def documented(kind: str, loader: t.Any) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The DOCUMENTATION, with its fragments, and the RETURN of a plugin, as ansible-doc reads them."""
    doc, _examples, returned, _metadata = get_plugin_docs(
        "hubops.dockerhub.dockerhub_token", kind, loader, fragment_loader, False
    )
    return doc, returned


MODULE, RETURNED = documented("module", module_loader)
LOOKUP, _RETURNED = documented("lookup", lookup_loader)


def described(rows: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    """By option what a user needs to know of it."""
    return {
        name: (row["type"], row.get("choices"), row.get("default"), row.get("aliases", []))
        for name, row in rows.items()
    }


def test_the_task_has_the_options_that_are_documented() -> None:
    assert described(MODULE["options"]) == described(SPEC)


def test_the_lookup_has_the_same_but_those_of_the_task_alone() -> None:
    options = {**LOOKUP["options"]}
    assert (options.pop("_terms")["type"], options.pop("return_format")["choices"]) == ("list", ["token", "dict"])
    assert described(options) == described({name: row for name, row in SPEC.items() if name not in TASK_ONLY})


@pytest.mark.parametrize("name", SOURCES)
def test_options_are_looked_for_where_the_lookup_says(name: str) -> None:
    option = LOOKUP["options"][name]
    found = [tuple(entry["name"] for entry in option.get(kind, [])) for kind in ("vars", "env")]
    assert tuple(found) == SOURCES[name]
    ini = [] if SPEC[name].get("no_log") else [("dockerhub", name)]
    assert [(entry["section"], entry["key"]) for entry in option.get("ini", [])] == ini


def test_what_a_task_returns_is_documented() -> None:
    assert set(RETURNED) == {*RESULT, "login_2fa_token", "error"} - {"warnings"}
    assert {name for name, row in RETURNED.items() if row["returned"] == "success"} == {*RESULT} - {"warnings"}
    assert set(RETURNED["rate_limit"]["contains"]) == {"limit", "remaining", "reset"}
    assert set(RETURNED["error"]["contains"]) == set(ModuleFailed("").as_dict())


def test_every_error_code_is_documented_and_has_a_hint() -> None:
    described = " ".join(RETURNED["error"]["contains"]["code"]["description"])
    assert sorted(re.findall(r"V\((\w+)\)", described)) == sorted(HubError.codes)
    with_its_own = {"invalid_options", "missing_library", "module_failed"}
    assert {code.partition(":")[0] for code in HINTS} == {*HubError.codes} - with_its_own


def test_the_errors_are_drawn_as_they_are() -> None:
    drawn = dict(re.findall(r"── (\w+) +([a-z_]+)(?: |$)", _errors.__doc__ or "", re.MULTILINE))
    assert drawn == {kind.__name__: code for code, kind in HubError.codes.items()}


@pytest.mark.parametrize(
    "core", ["2.15.13", "2.16.12", "2.16.13", "2.16.14", "2.17.0", "2.17.5", "2.17.6", "2.18.0", "2.21.5", "2.22.0rc1"]
)
def test_the_versions_that_the_task_refuses_are_those_that_the_collection_excludes(
    monkeypatch: pytest.MonkeyPatch, core: str
) -> None:
    monkeypatch.setattr(action, "__version__", core)
    wanted = packaging.specifiers.SpecifierSet(
        yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"], prereleases=True
    )
    if core in wanted:
        action._require_hidden_results()
    else:
        with pytest.raises(
            MissingLibrary, match=rf"{core} prints .* install ansible-core 2\.16\.13, 2\.17\.6, or 2\.18"
        ):
            action._require_hidden_results()
