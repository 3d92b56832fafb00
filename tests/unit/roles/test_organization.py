# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organization as code: exported by one playbook, applied by another, and edited in between."""

from __future__ import annotations

import pathlib
import re
import typing as t

import hub_emulator
import pytest
from emulator.hub import CONTROL

OWNER = ("mybot", "mybot-password-1")
README = "# App\n\n  code: ${{ github.sha }}\n\n{% raw %}\nend with blanks   \n\n\u00fc \U0001f433\n"
TEXTS = ["", "The application", "{{ not_a_variable }}", "# no comment: 'yes' \"no\"", "true", "12", "{# none #}"]
PEOPLE = [f"user{number:03}" for number in range(118)]
TEAMS = [f"team{number}" for number in range(8)]


class Organization:
    """myorg in the emulator, and the two playbooks."""

    def __init__(self, hub: t.Any, run_playbook: t.Callable[..., t.Any], folder: pathlib.Path) -> None:
        self.hub, self.run_playbook, self.folder = hub, run_playbook, folder
        self.file = folder / "myorg.yml"
        self.identifier, self.secret = OWNER

    def seed(self, **subjects: list[t.Any]) -> None:
        for verb, rows in subjects.items():
            CONTROL["POST", verb](self.hub, {"organization": "myorg", "namespace": "myorg", verb: rows}, "")

    def play(self, playbook: str, *arguments: str) -> t.Any:
        login = {
            "DOCKERHUB_USERNAME": self.identifier,
            "DOCKERHUB_PASSWORD": self.secret,
            "DOCKERHUB_URL": self.hub.url,
        }
        plays = [{"import_playbook": f"hubops.dockerhub.{playbook}"}]
        return self.run_playbook(plays, *arguments, env={**login, "PWD": str(self.folder)})

    def export(self) -> None:
        played = self.play("export", "-e", "organization=myorg")
        assert played.returncode == 0, played.output

    def apply(self, *arguments: str) -> t.Any:
        return self.play("organization", "-e", f"@{self.file}", *arguments)

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert text.count(old) == 1, (old, text)
        self.file.write_text(text.replace(old, new))

    @property
    def state(self) -> t.Any:
        return self.hub.organizations.known["myorg"]

    def teams_of(self, user: str) -> list[str]:
        return [name for name, team in self.state.teams.items() if user in team.members]

    def writes(self) -> list[str]:
        """Return everything but reads and logins since the last reset of the count."""
        return [
            f"{request.method} {request.path}"
            for request in self.hub.requests
            if request.method not in ("GET", "HEAD") and request.path not in hub_emulator.AUTH_PATHS
        ]


@pytest.fixture
def organization(hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path) -> Organization:
    return Organization(hub, run_playbook, tmp_path)


@pytest.fixture
def grown(organization: Organization) -> Organization:
    """30 repositories, 8 teams, 120 members and 12 pending invitations."""
    roles = {0: "owner", 1: "editor"}
    organization.seed(members=[{"name": name, "role": roles.get(n, "member")} for n, name in enumerate(PEOPLE)])
    organization.seed(
        teams=[
            {"name": name, "description": f"{TEXTS[n % 7]}", "members": [*PEOPLE[n * 10 : n * 10 + 20], "mybot"]}
            for n, name in enumerate(TEAMS)
        ]
    )
    organization.seed(
        invitations=[
            *({"invitee": f"New{n}@example.com", "team": TEAMS[n % 8] if n % 2 else ""} for n in range(10)),
            {"invitee": "plainuser", "role": "owner"},
            {"invitee": "mfauser"},
        ],
        repositories=[
            {
                "name": f"app{n:02}",
                "description": TEXTS[n % 7],
                "full_description": [README, "", README.replace("\n", "\r\n")][n % 3],
                "is_private": bool(n % 2),
                "immutable_tags": bool(n % 5),
                "immutable_rules": ["v[0-9]{1,3}", ".*"][: 1 + n % 2],
                "permissions": {TEAMS[n % 8]: "write", "owners": "admin"} if n % 4 else {},
            }
            for n in range(30)
        ],
    )
    organization.state.restricted_images["enabled"] = True
    return organization


def changed(played: t.Any) -> int:
    found = re.search(r"changed=(\d+) .* failed=0", played.output)
    assert found, played.output
    assert played.returncode == 0, played.output
    return int(found[1])


def test_a_grown_organization_is_exported_and_applied_unchanged(grown: Organization) -> None:
    assert (len(grown.state.roles), len(grown.state.invitations), len(grown.state.teams) - 1) == (120, 12, 8)
    grown.export()
    grown.hub.requests.clear()
    assert changed(grown.apply("--diff")) == 0
    assert grown.writes() == []
    assert grown.hub.logins() == 1

    # user012 is in two teams, and leaves everything by one edit.
    assert grown.teams_of("user012") == ["team0", "team1"]
    grown.edit("- user: user012\n", "- user: user012\n    state: absent\n")
    assert changed(grown.apply("--check")) == 1
    assert grown.writes() == []
    assert changed(grown.apply()) == 1
    assert grown.writes() == ["DELETE /v2/orgs/myorg/members/user012"]
    assert (grown.teams_of("user012"), "user012" in grown.state.roles) == ([], False)

    # A misspelt name is found before the run.
    grown.edit("- user: user013\n", "- user: usr013\n")
    grown.hub.requests.clear()
    played = grown.apply("--check")
    assert played.returncode == 2
    assert "Docker Hub does not accept these names: usr013" in re.sub(r"\s+", " ", played.output)
    assert grown.writes() == ["POST /v2/invites/bulk"]
    assert len(grown.state.invitations) == 12


def test_what_an_exclusive_file_drops_is_removed_everywhere(organization: Organization) -> None:
    organization.seed(members=["alice", "bob"])
    organization.seed(teams=[{"name": "dev", "members": ["alice", "bob"]}, {"name": "ops", "members": ["alice"]}])
    organization.seed(repositories=[{"name": "app", "permissions": {"dev": "write", "ops": "read"}}])
    app = organization.hub.repositories.find("myorg", "app")
    organization.export()
    organization.edit("organization_exclusive: false", "organization_exclusive: true")
    assert changed(organization.apply()) == 0

    organization.edit("  - user: alice\n    role: member\n    teams:\n      - dev\n      - ops\n", "")
    organization.edit("      - name: ops\n        permission: read\n", "")
    assert changed(organization.apply("--check")) == 3  # the organization, its teams, a repository
    assert changed(organization.apply()) == 2  # who leaves the organization leaves its teams
    assert (organization.teams_of("alice"), "alice" in organization.state.roles) == ([], False)
    assert list(app.permissions.values()) == ["write"]
    assert organization.state.owners() == ["mybot"]

    organization.edit("organization_max_removals: 5", "organization_max_removals: 0")
    organization.edit("  - user: bob\n    role: member\n    teams:\n      - dev\n", "")
    played = organization.apply()
    assert "1 people would be removed, but max_removals is 0: bob" in played.output
    assert "bob" in organization.state.roles


def test_a_new_person_joins_all_teams_after_accepting(organization: Organization) -> None:
    organization.file.write_text(
        """
organization_name: myorg
organization_teams: [{name: dev}, {name: ops, description: Operations}]
organization_members:
  - {email: New@example.com, role: Editor, teams: [dev, ops]}
  - {user: orgmember, teams: [ops]}
organization_repositories:
  - {name: app, private: true, teams: [{name: dev, permission: write}]}
"""
    )
    assert changed(organization.apply("--check")) == 4
    assert organization.state.invitations == {}
    assert changed(organization.apply()) == 4
    (invitation,) = organization.state.invitations.values()
    assert (invitation.role, invitation.team) == ("editor", "dev")
    accepted = {"organization": "myorg", "invitee": "New@example.com", "user": "new"}
    CONTROL["POST", "accept_invitation"](organization.hub, accepted, "")
    assert changed(organization.apply()) == 1
    assert organization.teams_of("new") == ["dev", "ops"]
    assert organization.teams_of("orgmember") == ["ops"]


def test_an_organization_token_exports_all_but_settings(organization: Organization) -> None:
    organization.identifier, organization.secret = "myorg", hub_emulator.MYORG_OAT
    organization.seed(members=["alice"], repositories=[{"name": "app", "is_private": True}])
    organization.export()
    text = organization.file.read_text()
    assert "# The settings are missing" in text
    assert changed(organization.apply()) == 0
    assert organization.file.stat().st_mode & 0o777 == 0o600


def test_an_export_keeps_the_file_that_was_there(organization: Organization) -> None:
    organization.file.write_text("my edits\n")
    organization.export()
    assert "my edits\n" in [path.read_text() for path in organization.folder.glob("myorg.yml.*")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("organization_members: [{user: alice, teams: [dve]}]", "teams that organization_teams does not contain: dve"),
        ("organization_members: [{user: alice, tems: [dev]}]", "tems"),
    ],
)
def test_a_wrong_file_is_refused_before_any_request(organization: Organization, text: str, words: str) -> None:
    organization.file.write_text(f"organization_name: myorg\n{text}\n")
    played = organization.apply()
    assert played.returncode == 2
    assert words in played.output
    assert organization.hub.count() == 0


def test_export_asks_for_the_organization(organization: Organization) -> None:
    played = organization.play("export")
    assert "add -e organization=myorg" in played.output
    assert organization.hub.count() == 0
