# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of the organization modules, run against an emulator without a play."""

from __future__ import annotations

import typing as t

import hub_emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Task

OWNER = ("mybot", "mybot-password-1")
MEMBER = ("orgmember", "orgmember-password-1")
OAT = ("myorg", hub_emulator.MYORG_OAT)
PAT = ("mybot", hub_emulator.MYBOT_PAT)


class Tasks:
    """Runs the function of one module as a task of one account."""

    def __init__(self, hub: t.Any, module: t.Any, function: t.Any) -> None:
        self.hub, self.module, self.function = hub, module, function
        self.login = OWNER
        self.warnings: list[str] = []
        self.sent: list[t.Any] = []  # the requests of the last task, without its login

    def __call__(self, *, check_mode: bool = False, organization: str | None = "myorg", **params: t.Any) -> t.Any:
        """Run a task and return its result, or let its error pass."""
        given = {"organization": organization, **params} if organization else params
        checked = ArgumentSpecValidator(**self.module.SPEC).validate(given)
        assert not checked.error_messages, checked.error_messages
        identifier, secret = self.login
        options = normalize_options({"identifier": identifier, "secret": secret, "hub_url": self.hub.url, "retries": 0})
        token = fetch_token(options)["access_token"]
        self.warnings = []
        task = Task(checked.validated_parameters, options, check_mode=check_mode, warn=self.warnings.append)
        before = self.hub.count()
        try:
            with HubClient(options, token) as client:
                return self.function(task, client)
        finally:
            self.sent = self.hub.requests[before:]

    @property
    def writes(self) -> list[str]:
        """Return what the last task sent except for reads, as "METHOD path"."""
        return [f"{request.method} {request.path}" for request in self.sent if request.method != "GET"]

    @property
    def organization(self) -> t.Any:
        """Return the state of myorg in the emulator."""
        return self.hub.organizations.find(self.hub, "myorg")

    def seed(self, **subjects: list[t.Any]) -> None:
        """Add members, teams or invitations to myorg."""
        from emulator.hub import CONTROL

        for verb, rows in subjects.items():
            CONTROL["POST", verb](self.hub, {"organization": "myorg", verb: rows}, "")

    def roles(self) -> dict[str, str]:
        return dict(self.organization.roles)

    def team(self, name: str) -> list[str]:
        return sorted(self.organization.teams[name].members)

    def pending(self) -> dict[str, int]:
        """Return how many messages each person with a pending invitation received."""
        return {invitation.invitee: invitation.sent for invitation in self.organization.invitations.values()}
