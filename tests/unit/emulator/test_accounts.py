# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts have secrets of the right form."""

from __future__ import annotations

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client


def test_secrets_have_docker_hubs_prefixes_and_lengths() -> None:
    pats = [account.pat for account in hub_emulator.ACCOUNTS.values() if account.pat]
    assert {pat[:9] for pat in pats} == {"dckr_pat_"}
    assert {len(pat) for pat in pats} == {9 + 27}
    assert hub_emulator.MYORG_OAT.startswith("dckr_oat_")
    assert len(hub_emulator.MYORG_OAT) == 9 + 32


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_agree_with_the_vectors_of_rfc_6238(at: int, code: str) -> None:
    assert hub_emulator.totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) == code


def test_an_account_can_be_added(client: Client) -> None:
    resources = [{"type": "TYPE_REPO", "path": "neworg/*", "scopes": ["scope-repository-read"]}]
    added = [
        {"name": "newbot", "password": "newbot-password-1", "pat": "dckr_pat_newbot", "pat_scopes": ["repo:read"]},
        {"name": "neworg", "kind": "organization", "oat": "dckr_oat_neworg", "oat_resources": resources},
        {"name": "ourorg", "kind": "organization", "owners": ["newbot"]},
    ]
    assert {"newbot", "neworg", "ourorg", "mybot"} <= set(client.seed("accounts", accounts=added))
    assert client("GET", "/v2/orgs/ourorg/groups", bearer=client.bearer("newbot", "newbot-password-1")).status == 200
    client.seed("repositories", namespace="neworg", repositories=[{"name": "app", "is_private": True}])
    client.seed("repositories", namespace="newbot", repositories=[{"name": "app", "is_private": True}])
    for name, secret in (("neworg", "dckr_oat_neworg"), ("newbot", "dckr_pat_newbot")):
        path, bearer = f"/v2/namespaces/{name}/repositories/app", client.bearer(name, secret)
        assert client("GET", path, bearer=bearer).status == 200
        assert client("PATCH", path, {}, bearer=bearer).json["message"] == "insufficient scope"
