# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource modules that run without their action, as programs do that check options."""

from __future__ import annotations

import json
import sys
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import run_module
from ansible_collections.hubops.dockerhub.plugins.modules.dockerhub_repository import SPEC, repository
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import MYBOT
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.conftest import patched_arguments


@pytest.fixture
def run(hub: t.Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> t.Callable[..., t.Any]:
    if "ansible.module_utils._internal" in sys.modules:  # from ansible-core 2.19 on
        monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)

    def run(**given: t.Any) -> t.Any:
        with patched_arguments({"hub_url": hub.url, **MYBOT, **given}, monkeypatch), pytest.raises(SystemExit):
            run_module(repository, SPEC)
        return json.loads(capfd.readouterr().out)

    return run


def test_a_module_logs_in_and_works(hub: t.Any, run: t.Callable[..., t.Any]) -> None:
    result = run(name="app", description="One")
    assert (result["changed"], result["repository"]["description"]) == (True, "One")
    assert hub.repositories.find("mybot", "app").description == "One"
    assert MYBOT["secret"] not in json.dumps(result.get("invocation", {}))


def test_a_failure_has_its_code(run: t.Callable[..., t.Any]) -> None:
    result = run(name="Not A Name")
    assert result["failed"]
    assert result["error"]["code"] == "invalid_options"
