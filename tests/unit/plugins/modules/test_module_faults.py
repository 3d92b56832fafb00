# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes back: the module fails as a module, in JSON and with a code."""

from __future__ import annotations

import contextlib
import json
import time
import typing as t

import hub_emulator
import pytest
from ansible.module_utils import basic
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_token
from ansible_collections.hubops.dockerhub.tests.unit.plugins.faults import FAULTS, SOME, given_for


def patched_arguments(arguments: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> t.ContextManager[None]:
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # before ansible-core 2.17
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
        return contextlib.nullcontext()
    return patch_module_args(arguments)


@pytest.mark.parametrize("path", hub_emulator.AUTH_PATHS)
@pytest.mark.parametrize("name", SOME)
def test_every_fault_is_a_failure_with_a_code(
    hub: t.Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str, path: str
) -> None:
    fault = FAULTS[name]
    what, code, again = fault
    hub.fail(path, None, **what)
    given = given_for(path, hub)
    arguments = {**given, "hub_url": hub.url, "timeout": fault.timeout, "retries": 1}
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    start = time.monotonic()
    with patched_arguments(arguments, monkeypatch), pytest.raises(SystemExit) as ended:
        dockerhub_token.main()
    assert time.monotonic() - start < fault.most(hub.count())
    assert ended.value.code == 1

    said = capfd.readouterr()
    assert said.err == ""
    # With an underscore: what ansible-core 2.22 tells itself of secrets, in order to mask them.
    result = {name: value for name, value in json.loads(said.out).items() if name[0] != "_"}
    if path == hub_emulator.SECOND_FACTOR_PATH:
        code, again = {"bad_credentials": "otp_invalid"}.get(code, code), False
    assert (result["failed"], result["error"]["code"]) == (True, code)
    assert result["msg"].endswith(f"; {result['error']['hint']}")
    assert "exception" not in result
    assert [value for name, value in given.items() if name in ("secret", "otp") and value in str(result)] == []
    assert hub.count(path) == (2 if again else 1)
