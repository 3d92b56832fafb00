# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation and code describe the same options, results and errors."""

from __future__ import annotations

import importlib
import pathlib
import re
import typing as t

import packaging.specifiers
import pytest
import yaml
from ansible.plugins.loader import fragment_loader, lookup_loader, module_loader
from ansible.utils.plugin_docs import get_plugin_docs
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, MissingLibrary, ModuleFailed
from ansible_collections.hubops.dockerhub.plugins.module_utils._hints import LOGIN_HINTS
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import CONNECTION_SPEC, TOKEN_SPEC, TokenResult
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import TASK_ONLY
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import SOURCES
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._token_task import require_hidden_results

SPEC: dict[str, dict[str, t.Any]] = TOKEN_SPEC
ROOT = pathlib.Path(__file__).resolve().parents[3]
FRAGMENTS = sorted((ROOT / "plugins/doc_fragments").glob("*.py"))
RESOURCES = sorted({path.stem for path in (ROOT / "plugins/modules").glob("dockerhub_*.py")} - {"dockerhub_token"})

# Codes that no login ends with, and dockerhub_token therefore does not document.
OTHER_CODES = {
    "cannot_change",
    "conflict",
    "insufficient_scope",
    "needs_organization_token",
    "needs_password_login",
    "no_free_slot",
    "not_found",
    "plan_required",
    "protected",
    "token_expired",
    "too_many_removals",
    "unexpected_status",
}


def documented(kind: str, loader: t.Any, name: str = "dockerhub_token") -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """Return DOCUMENTATION, with all fragments, and RETURN of a plugin, as ansible-doc reads them."""
    doc, _examples, returned, _metadata = get_plugin_docs(
        f"hubops.dockerhub.{name}", kind, loader, fragment_loader, False
    )
    return doc, returned


MODULE, RETURNED = documented("module", module_loader)
LOOKUP, _RETURNED = documented("lookup", lookup_loader)


def described(rows: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    """Return type, choices, default and aliases of each option."""
    return {
        name: (row["type"], row.get("choices"), row.get("default"), row.get("aliases", []))
        for name, row in rows.items()
    }


def test_the_task_documents_exactly_its_options() -> None:
    assert described(MODULE["options"]) == described(SPEC)


def test_the_lookup_documents_all_options_except_the_task_only_ones() -> None:
    options = {**LOOKUP["options"]}
    assert (options.pop("_terms")["type"], options.pop("return_format")["choices"]) == ("list", ["token", "dict"])
    assert described(options) == described({name: row for name, row in SPEC.items() if name not in TASK_ONLY})


@pytest.mark.parametrize("name", SOURCES)
def test_the_lookup_documents_the_sources_of_each_option(name: str) -> None:
    option = LOOKUP["options"][name]
    found = [tuple(entry["name"] for entry in option.get(kind, [])) for kind in ("vars", "env")]
    assert tuple(found) == SOURCES[name]
    ini = [] if SPEC[name].get("no_log") else [("dockerhub", name)]
    assert [(entry["section"], entry["key"]) for entry in option.get("ini", [])] == ini


def test_the_task_documents_exactly_its_return_values() -> None:
    returned = {*TokenResult.__annotations__} - {"warnings"}
    always = {name for name, row in RETURNED.items() if row["returned"] == "success"}
    assert (set(RETURNED), always) == (returned | {"error"}, returned - {"login_2fa_token"})
    assert set(RETURNED["rate_limit"]["contains"]) == {"limit", "remaining", "reset"}
    assert set(RETURNED["error"]["contains"]) == set(ModuleFailed("").public())


def test_every_code_of_a_login_is_documented_and_has_a_hint() -> None:
    codes = {*HubError.codes} - OTHER_CODES
    description = " ".join(RETURNED["error"]["contains"]["code"]["description"])
    assert sorted(re.findall(r"V\((\w+)\)", description)) == sorted(codes)
    with_own_hints = {"invalid_options", "missing_library", "module_failed"}
    assert {code.partition(":")[0] for code in LOGIN_HINTS} == codes - with_own_hints


def test_the_drawing_of_the_error_family_is_complete() -> None:
    drawn = dict(re.findall(r"── (\w+) +([a-z_]+)(?: |$)", _errors.__doc__ or "", re.MULTILINE))
    assert drawn == {kind.__name__: code for code, kind in HubError.codes.items()}


@pytest.mark.parametrize(
    "core", ["2.15.13", "2.16.12", "2.16.13", "2.16.14", "2.17.0", "2.17.5", "2.17.6", "2.18.0", "2.21.5", "2.22.0rc1"]
)
def test_the_task_refuses_exactly_the_excluded_versions_of_core(core: str) -> None:
    requires = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    if core in packaging.specifiers.SpecifierSet(requires, prereleases=True):
        require_hidden_results(core)
    else:
        with pytest.raises(
            MissingLibrary, match=rf"{core} prints .* install ansible-core 2\.16\.13, 2\.17\.6, or 2\.18"
        ):
            require_hidden_results(core)


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_task_documents_exactly_its_options(name: str) -> None:
    module = importlib.import_module(f"ansible_collections.hubops.dockerhub.plugins.modules.{name}")
    spec = {**CONNECTION_SPEC, **module.SPEC["argument_spec"]}
    assert described(documented("module", module_loader, name)[0]["options"]) == described(spec)


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_task_documents_rate_limit_and_error(name: str) -> None:
    returned = documented("module", module_loader, name)[1]
    assert returned["rate_limit"] == RETURNED["rate_limit"]
    assert returned["error"] == documented("module", module_loader, "dockerhub_api")[1]["error"]
    own, login = ({**row["error"]["contains"], "code": None} for row in (returned, RETURNED))
    assert own == login


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_task_describes_its_login_in_the_same_words(name: str) -> None:
    sentence = (
        "The task logs in on its own, and shares its login with all tasks of the run that use the same credential."
    )
    assert sentence in documented("module", module_loader, name)[0]["description"]


def test_modules_refer_to_each_other_both_ways() -> None:
    names = ["dockerhub_token", *RESOURCES]
    related = {name: documented("module", module_loader, name)[0]["seealso"] for name in names}
    links = {
        (name, row["module"].rpartition(".")[2]) for name, rows in related.items() for row in rows if "module" in row
    }
    assert links
    assert {(target, name) for name, target in links} == links


@pytest.mark.parametrize("name", ["dockerhub_token", *RESOURCES])
def test_a_module_refers_to_guides_that_exist(name: str) -> None:
    prefix = "ansible_collections.hubops.dockerhub.docsite."
    refs = [row["ref"] for row in documented("module", module_loader, name)[0]["seealso"] if "ref" in row]
    guides = {f"{prefix}{path.stem}" for path in (ROOT / "docs/docsite/rst").glob("*.rst")}
    assert refs
    assert set(refs) <= guides


@pytest.mark.parametrize("name", ["dockerhub_token", *RESOURCES])
def test_the_examples_of_a_module_are_named_tasks(name: str) -> None:
    module = importlib.import_module(f"ansible_collections.hubops.dockerhub.plugins.modules.{name}")
    tasks = yaml.safe_load(module.EXAMPLES)
    assert all(re.match("[A-Z]", task.get("name", "")) for task in tasks)
    assert f"hubops.dockerhub.{name}" in tasks[0]


def test_every_doc_fragment_is_private() -> None:
    assert FRAGMENTS
    for path in FRAGMENTS:
        assert path.name.startswith("_"), path.name
        assert "This fragment is PRIVATE" in path.read_text(), path.name


@pytest.mark.parametrize("name", ["dockerhub_token", *RESOURCES])
def test_the_documented_action_groups_contain_the_task(name: str) -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]
    membership = documented("module", module_loader, name)[0]["attributes"]["action_group"]["membership"]
    assert sorted(membership) == sorted(
        f"hubops.dockerhub.{group}" for group in groups if name in members(groups, group)
    )


def members(groups: dict[str, list[t.Any]], group: str) -> set[str]:
    """Return the tasks of an action group, with those of the groups that it extends."""
    names: set[str] = set()
    for entry in groups[group]:
        extended = entry["metadata"]["extend_group"] if isinstance(entry, dict) else []
        names |= {entry} if isinstance(entry, str) else set()
        names = names.union(*(members(groups, other) for other in extended))
    return names
