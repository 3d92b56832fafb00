# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup against faulty answers: it fails with one sentence and a code, without the cause."""

from __future__ import annotations

import time
import typing as t

import hub_emulator
import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible_collections.hubops.dockerhub.tests.unit.plugins.faults import FAULTS, SOME, given_for


@pytest.mark.parametrize("path", hub_emulator.AUTH_PATHS)
@pytest.mark.parametrize("name", SOME)
def test_every_fault_is_one_sentence_with_a_code(
    hub: t.Any, monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    fault = FAULTS[name]
    response, code, again = fault
    hub.fail(path, None, **response)
    given = given_for(path, hub)
    loader = DataLoader()
    templar = Templar(loader=loader, variables={})
    lookup = lookup_loader.get("hubops.dockerhub.dockerhub_token", loader=loader, templar=templar)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    start = time.monotonic()
    with pytest.raises(AnsibleLookupError) as caught:
        lookup.run([], variables={}, hub_url=hub.url, timeout=fault.timeout(path), retries=1, **given)
    assert time.monotonic() - start < fault.most(path, hub.count())

    if path == hub_emulator.SECOND_FACTOR_PATH:
        code, again = {"bad_credentials": "otp_invalid"}.get(code, code), False
    text = str(caught.value)
    assert text.startswith(f"Docker Hub login of {given['identifier']} failed: POST {hub.url}{path} ")
    assert text.endswith(f" [{code}]")
    assert text.isprintable()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert [value for name, value in given.items() if name in ("secret", "otp") and value in text] == []
    assert hub.count(path) == (2 if again else 1)
