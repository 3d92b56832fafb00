# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays with access tokens: a new secret is registered whole and never shown."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest

Play = t.Callable[..., t.Any]
MODULES = {
    "pat": {"hubops.dockerhub.dockerhub_access_token": {"name": "ci", "scopes": ["repo:read"], "expires_in": "90d"}},
    "oat": {
        "hubops.dockerhub.dockerhub_org_access_token": {
            "name": "ci",
            "organization": "myorg",
            "repositories": [{"name": "*", "scopes": ["image-pull"]}],
            "expires_in": "90d",
        }
    },
}


@pytest.fixture
def play(hub: t.Any, run_playbook: Play) -> Play:
    def run(tasks: list[dict[str, t.Any]], *arguments: str) -> t.Any:
        environment = {
            "DOCKERHUB_URL": hub.url,
            "DOCKERHUB_USERNAME": "mybot",
            "DOCKERHUB_PASSWORD": "mybot-password-1",
            "ANSIBLE_INJECT_INVOCATION": "true",
        }
        return run_playbook(
            [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], *arguments, env=environment
        )

    return run


def require(*conditions: str) -> dict[str, t.Any]:
    return {"ansible.builtin.assert": {"that": list(conditions), "quiet": True}}


@pytest.mark.parametrize("kind", ["pat", "oat"])
def test_a_new_secret_is_registered_and_never_shown(hub: t.Any, play: Play, kind: str) -> None:
    created = {**MODULES[kind], "register": "ci"}
    tasks = [created, require(f"ci.token is match('dckr_{kind}_')", "ci.state == 'current'")]
    result = play(tasks, "-vvvv", "--diff")
    assert result.returncode == 0, result.output
    (token,) = [token for token in hub.access_tokens.known.values() if token.label == "ci"]
    assert token.secret not in result.output
    assert "the output has been hidden" in result.output
    read = {
        "hubops.dockerhub.dockerhub_access_token_info": {"organization": "myorg"} if kind == "oat" else {},
        "register": "info",
    }
    is_listed = require("'ci' in info.tokens | map(attribute='label')")
    again = play([created, require("ci.token is none"), read, is_listed], "-vvvv", "--diff")
    assert again.returncode == 0, again.output
    assert f'"expires_at": "{hub_emulator.iso_time(token.expires_at)[:19]}' in again.output
    assert hub.logins("mybot") == 2


def test_check_mode_creates_nothing_and_shows_the_difference(hub: t.Any, play: Play) -> None:
    result = play([MODULES["pat"]], "--check", "--diff")
    assert "changed=1" in result.output
    assert '+  - {"id": null, "label": "ci", "state": "current"' in result.output
    assert {request.method for request in hub.requests if "access-tokens" in request.path} == {"GET"}


def test_a_stored_secret_in_the_arguments_is_never_shown(hub: t.Any, play: Play) -> None:
    secret = "dckr_pat_a-secret-that-the-store-holds"
    name = "hubops.dockerhub.dockerhub_access_token"
    wrong = {name: {**MODULES["pat"][name], "held_secret": secret}, "register": "ci"}
    failed = {name: {"name": "x" * 91, "held_secret": secret}, "ignore_errors": True}
    result = play([wrong, failed, {"ansible.builtin.debug": {"var": "ansible_failed_task", "verbosity": 4}}], "-vvvv")
    assert result.returncode == 0, result.output
    assert secret not in result.output
    assert "proceeds as if the store held nothing" in " ".join(result.output.split())
    assert hub.logins() == 2
