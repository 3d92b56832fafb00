# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module run as Ansible runs it on a target: arguments in, JSON out."""

from __future__ import annotations

import contextlib
import json
import sys
import typing as t

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_token
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import early_in_a_half_minute, leaked


def patched_arguments(arguments: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> t.ContextManager[None]:
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # before ansible-core 2.17
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
        return contextlib.nullcontext()
    return patch_module_args(arguments)


@pytest.fixture
def run(
    hub: t.Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> t.Callable[..., dict[str, t.Any]]:
    """Return a function that runs the module with these options and returns its result."""
    early_in_a_half_minute(hub)
    if "ansible.module_utils._internal" in sys.modules:  # from ansible-core 2.19 on
        monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)

    def run(**given: t.Any) -> dict[str, t.Any]:
        monkeypatch.setattr(warnings, "_global_warnings", type(warnings._global_warnings)())  # of earlier runs
        with patched_arguments({"hub_url": hub.url, **given}, monkeypatch), pytest.raises(SystemExit) as ended:
            dockerhub_token.main()
        printed = capfd.readouterr()
        assert printed.err == ""
        # Keys with an underscore are for ansible-core itself: 2.22 lists the secrets to mask.
        result = {name: value for name, value in json.loads(printed.out).items() if name[0] != "_"}
        assert ended.value.code == (1 if result.get("failed") else 0)
        assert "deprecations" not in result
        assert leaked(given, json.dumps(result.pop("invocation", {}))) == []
        return result

    return run
