# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reused token: what it costs, and that only validated options find it without validation."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _cached_token
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import raw_options
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import MYBOT, PAT, PLAINUSER, TASK

# The files of this collection that a use of a cached token imports, the plugin itself included.
LINES = 300

HIT = """
import json
import sys

import ansible.constants
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import action_loader, init_plugin_loader, lookup_loader
from ansible.playbook.task import Task
from ansible.template import Templar

kind, root, ansible.constants.DEFAULT_LOCAL_TMP, url, secret = sys.argv[1:]
init_plugin_loader([root])
before, started = set(sys.modules), []
sys.addaudithook(lambda event, _: event in ("os.fork", "os.posix_spawn", "subprocess.Popen") and started.append(event))
variables = {"dockerhub_secret": secret, "dockerhub_url": url}
loader = DataLoader()
context = {"loader": loader, "templar": Templar(loader, variables)}
if kind == "lookup":
    token = lookup_loader.get("NAME", **context).run(["mybot"], variables, return_format="dict")[0]
else:
    task = Task()
    task.args = {"identifier": "mybot"}
    more = {"task": task, "connection": None, "play_context": None, "shared_loader_obj": None}
    token = action_loader.get("NAME", **context, **more).run(None, variables)
files = [module.__file__ for name, module in sys.modules.items() if name not in before and "hubops" in name]
libraries = [name for name in set(sys.modules) - before if "." not in name]
print(json.dumps({"files": [file for file in files if file], "modules": libraries + started, "cached": token["cached"]}))
"""


def look(hub: t.Any, *terms: str, variables: dict[str, t.Any] | None = None, **options: t.Any) -> t.Any:
    """Return the whole result of the lookup."""
    variables = {"dockerhub_url": hub.url, **(variables or {})}
    loader = DataLoader()
    lookup = lookup_loader.get(TASK, loader=loader, templar=Templar(loader, variables))
    return lookup.run([*terms], variables, return_format="dict", **options)[0]


@pytest.mark.parametrize("kind", ["lookup", "action"])
def test_a_cached_token_imports_few_lines_and_no_library(hub: t.Any, directory: pathlib.Path, kind: str) -> None:
    root = pathlib.Path(__file__).resolve().parents[7]
    code = HIT.replace("NAME", TASK)
    command = [sys.executable, "-c", code, kind, str(root), str(directory.parent), hub.url, PAT]
    first, second = (
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _dummy in range(2)
    )
    assert (first["cached"], second["cached"], hub.logins()) == (False, True, 1)
    lines = {file: len(pathlib.Path(file).read_text().splitlines()) for file in second["files"] if file.endswith(".py")}
    assert {pathlib.Path(file).name for file in lines} >= {"dockerhub_token.py", "_cached_token.py"}
    assert sum(lines.values()) <= LINES, lines
    assert {"requests", "jwt", "pyotp", "os.fork", "os.posix_spawn", "subprocess.Popen"} & {*second["modules"]} == set()


def test_a_token_is_found_without_validation_only_by_the_same_options(hub: t.Any) -> None:
    def found(**options: t.Any) -> t.Any:
        raw = raw_options({"identifier": "mybot", "secret": PAT, "hub_url": hub.url, **options}, {}, str, task=False)
        return _cached_token.cached_token(raw, None)

    options = {"hub_url": hub.url, **MYBOT}
    assert found() is None
    token = look(hub, **options)["access_token"]
    assert found()["access_token"] == token
    for other in ({"min_ttl": 61}, {"cache": True}, {"secret": "dckr_pat_other"}, {"password": PAT}, {"sekret": ""}):
        assert found(**other) is None, other
    with pytest.raises(AnsibleLookupError, match="sekret is not an option"):
        look(hub, **options, sekret="")
    assert found(sekret="") is None


def test_a_secret_beside_another_identifier_is_refused_after_a_login_too(hub: t.Any) -> None:
    variables = {"dockerhub_identifier": "mybot", "dockerhub_secret": PAT}
    assert look(hub, variables=variables)["username"] == "mybot"
    with pytest.raises(AnsibleLookupError, match="belongs to mybot, but this login is for plainuser"):
        look(hub, "plainuser", variables=variables)
    with pytest.raises(AnsibleLookupError, match="belongs to plainuser, but this login is for mybot"):
        look(hub, "mybot", variables={**variables, "dockerhub_identifier": "plainuser"})


def test_without_the_cache_a_token_is_never_found_by_its_options(hub: t.Any) -> None:
    for number in (1, 2):
        assert not look(hub, **PLAINUSER, cache=False)["cached"]
        assert hub.logins() == number


def test_a_changed_environment_is_another_set_of_options(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERHUB_PASSWORD", PAT)
    assert look(hub, "mybot")["username"] == "mybot"
    monkeypatch.setenv("DOCKERHUB_USERNAME", "plainuser")
    with pytest.raises(AnsibleLookupError, match="belongs to plainuser"):
        look(hub, "mybot")


def test_a_value_that_cannot_be_read_does_not_end_the_search_badly(directory: pathlib.Path) -> None:
    class Locked:
        def __str__(self) -> str:
            raise AnsibleError("no vault secrets found")

    raw = raw_options({"identifier": "mybot", "secret": Locked()}, {}, str, task=False)
    assert _cached_token.cached_token(raw, None) is None


def test_a_damaged_link_costs_a_validation_and_no_login(hub: t.Any, directory: pathlib.Path) -> None:
    look(hub, **MYBOT)
    for path in directory.iterdir():
        if path.name != "run" and b'"tokens"' not in path.read_bytes():
            path.write_text("{}")
    assert look(hub, **MYBOT)["cached"]
    assert hub.logins() == 1
    assert os.listdir(directory)
