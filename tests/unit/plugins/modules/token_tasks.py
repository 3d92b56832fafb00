# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the access token modules against an emulator, as an operator with a store of its own would."""

from __future__ import annotations

import typing as t

import hub_emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Task
from ansible_collections.hubops.dockerhub.plugins.modules import (
    dockerhub_access_token,
    dockerhub_access_token_info,
    dockerhub_org_access_token,
)

DAY = 86400.0
PATS, OATS = "/v2/access-tokens", "/v2/orgs/myorg/access-tokens"
PAT: dict[str, t.Any] = {"name": "ci", "scopes": ["repo:write"]}
OAT: dict[str, t.Any] = {
    "name": "ci",
    "organization": "myorg",
    "repositories": [{"name": "*", "scopes": ["image-pull"]}],
}


class Operator:
    """Runs one of the two modules, with ``options`` in each task, and logs in with the tokens that it stores."""

    def __init__(self, hub: t.Any, kind: str, **options: t.Any) -> None:
        self.hub = hub
        self.kind = kind
        self.options = {**{"pat": PAT, "oat": OAT}[kind], **options}
        self.owner = {"pat": "mybot", "oat": "myorg"}[kind]
        module = {"pat": dockerhub_access_token, "oat": dockerhub_org_access_token}[kind]
        self.spec = module.SPEC
        self.function = {
            "pat": dockerhub_access_token.access_token,
            "oat": dockerhub_org_access_token.org_access_token,
        }[kind]
        self.warnings: list[str] = []
        self.hidden: list[str] = []

    def run(self, *, check_mode: bool = False, secret: str = "mybot-password-1", **options: t.Any) -> dict[str, t.Any]:
        """Run one task; an option that is ``...`` is left out."""
        given = {name: value for name, value in {**self.options, **options}.items() if value is not ...}
        login = login_of(self.hub, secret)
        self.warnings, self.hidden = [], []
        result = run_task(self.spec, self.function, given, login, check_mode, self.warnings.append, self.hidden)
        assert ([result["token"]] if result["token"] else []) == self.hidden
        assert "dckr_" not in str({name: value for name, value in result.items() if name != "token"})
        return result

    def check(self, **options: t.Any) -> dict[str, t.Any]:
        """Run one task in check mode, and make sure that it changes nothing."""
        before = [vars(token).copy() for token in self.tokens()]
        result = self.run(check_mode=True, **options)
        assert [vars(token) for token in self.tokens()] == before
        assert result["token"] is None
        return result

    def tokens(self) -> list[t.Any]:
        """Return the tokens of the emulator, except for the one that the account has from the beginning."""
        account = self.hub.accounts[self.owner]
        return [token for token in self.hub.access_tokens.of(account) if token.label != "emulated"]

    def token(self, token_id: str) -> t.Any:
        return next((token for token in self.tokens() if token.uuid == token_id), None)

    def labels(self) -> list[str]:
        """Return the labels, each with a minus sign if the token is deactivated."""
        return [("" if token.is_active else "-") + token.label for token in self.tokens()]

    def logs_in(self, secret: str) -> bool:
        """Return whether a consumer with this secret can log in."""
        with self.hub.lock:
            account = self.hub.accounts[self.owner]
            return self.hub.access_tokens.find(account, self.kind, secret, self.hub.now()) is not None

    def sent(self, since: int = 0) -> list[str]:
        """Return methods of the requests about tokens."""
        return [each.method for each in self.hub.requests[since:] if "access-tokens" in each.path]


def login_of(hub: t.Any, secret: str = "mybot-password-1", identifier: str = "mybot", **more: t.Any) -> Options:
    # Reading the CA bundle would take most of the time.
    given = {"identifier": identifier, "secret": secret, "hub_url": hub.url, "retries": 0, "validate_certs": False}
    return normalize_options({**given, **more})


def run_task(
    spec: dict[str, t.Any],
    function: t.Callable[..., dict[str, t.Any]],
    given: dict[str, t.Any],
    login: Options,
    check_mode: bool = False,
    warn: t.Callable[[str], t.Any] = print,
    hidden: list[str] | None = None,
) -> dict[str, t.Any]:
    """Run the function of a module as its action does."""
    validated = ArgumentSpecValidator(**spec).validate(given)
    assert not validated.error_messages, validated.error_messages
    task = Task(dict(validated.validated_parameters), login, check_mode=check_mode, warn=warn)
    bearer = login["access_token"] or fetch_token(login)["access_token"]
    with HubClient(login, bearer) as client:
        result = function(task, client)
    if hidden is not None:
        hidden += task.new_secrets
    return result


def read_info(hub: t.Any, **options: t.Any) -> dict[str, t.Any]:
    """Run the task ``dockerhub_access_token_info``."""
    spec, function = dockerhub_access_token_info.SPEC, dockerhub_access_token_info.access_token_info
    return run_task(spec, function, options, login_of(hub))


def seeded(kind: str, token_id: str, **fields: t.Any) -> t.Any:
    """Return a token to add to the emulator, with a secret that contains its id."""
    base = {
        "kind": kind,
        "owner": {"pat": "mybot", "oat": "myorg"}[kind],
        "secret": f"dckr_{kind}_secret-of-{token_id}",
        "uuid": token_id,
        "label": "ci",
    }
    pull = hub_emulator.Resource("TYPE_REPO", "myorg/*", ("scope-image-pull",))
    rights = {"pat": {"scopes": ("repo:write",)}, "oat": {"resources": (pull,)}}[kind]
    return hub_emulator.AccessToken(**{**base, **rights, **fields})
