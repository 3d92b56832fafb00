# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the role organization."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.hubops.dockerhub.plugins.filter.organization_file import FilterModule as FileFilters
from ansible_collections.hubops.dockerhub.plugins.filter.organization_file import organization_file
from ansible_collections.hubops.dockerhub.plugins.filter.organization_people import FilterModule as PeopleFilters
from ansible_collections.hubops.dockerhub.plugins.filter.organization_people import organization_people
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=60) | st.sampled_from(
    [
        "{{ x }}",
        "{% raw %}\n",
        "# c: 'd'",
        " lead\n",
        "\n\n a\n",
        "a \n b",
        "\tx\ny",
        "x\r\ny\r\n",
        "no",
        "0777",
        "~",
        "\x85\u2028\ufeff",
    ]
)
INFO = {
    "members": [
        {"user": "alice", "role": "owner"},
        {"user": "bob", "role": "release manager"},
    ],
    "invites": [
        {"invitee": "New@example.com", "role": "editor", "team": "dev"},
        {"invitee": "carol", "role": None, "team": None},
    ],
    "teams": [
        {"name": "owners", "description": "", "members": ["alice"]},
        {"name": "dev", "description": "Developers", "members": ["alice", "bob"]},
    ],
}


def repository(**fields: t.Any) -> dict[str, t.Any]:
    usual = {"name": "app", "description": "", "full_description": "", "private": True, "pull_count": 3}
    return {**usual, "immutable_tags": {"enabled": False, "rules": [".*"]}, "teams": [], **fields}


def loaded(text: str, folder: pathlib.Path) -> dict[str, t.Any]:
    """Return the variables of a file, read as ansible-playbook reads it."""
    file = folder / "myorg.yml"
    file.write_bytes(text.encode())
    return dict(DataLoader().load_from_file(str(file)))


def test_the_file_contains_the_whole_organization(tmp_path: pathlib.Path) -> None:
    images = {"enabled": True, "allow_official_images": True, "allow_verified_publishers": False}
    found = loaded(organization_file(INFO, "myorg", [repository()], {"restricted_images": images}), tmp_path)
    app = repository()
    del app["pull_count"]
    assert found == {
        "organization_name": "myorg",
        "organization_exclusive": False,
        "organization_max_removals": 5,
        "organization_settings": {"restricted_images": images},
        "organization_teams": [{"name": "dev", "description": "Developers"}],
        "organization_members": [
            {"user": "alice", "role": "owner", "teams": ["dev"]},
            {"user": "bob", "teams": ["dev"]},
            {"email": "New@example.com", "role": "editor", "teams": ["dev"]},
            {"user": "carol"},
        ],
        "organization_repositories": [app],
    }


def test_long_texts_stay_readable() -> None:
    text = organization_file(INFO, "myorg", [repository(full_description="# App\n\nA {{ b }}\n")])
    assert "    full_description: !unsafe |\n      # App\n\n      A {{ b }}\n    private: true\n" in text
    assert "settings" in text
    assert "organization_settings" not in text


@given(TEXT, TEXT)
@settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_text_is_read_back_as_it_was(tmp_path: pathlib.Path, one: str, two: str) -> None:
    wanted = {"description": one, "full_description": f"{one}\n{two}"}
    found = loaded(organization_file(INFO, "myorg", [repository(**wanted)]), tmp_path)
    (app,) = found["organization_repositories"]
    assert {name: str(app[name]) for name in wanted} == wanted
    for name in wanted:
        if any(mark in wanted[name] for mark in ("{{", "{%", "{#")):
            assert f"{name}: !unsafe " in (tmp_path / "myorg.yml").read_text()


@pytest.mark.parametrize("info", [{}, {"teams": [], "members": [], "invites": [{}]}, None])
def test_other_data_is_refused(info: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="dockerhub_org_info"):
        organization_file(info, "myorg", [])


def test_people_become_those_of_the_module() -> None:
    people = [
        {"user": "alice", "role": "owner", "teams": ["dev", "ops"], "state": "present"},
        {"email": "bob@example.com", "teams": []},
        {"user": "carol", "state": "absent", "teams": ["dev"]},
    ]
    assert organization_people(people) == [
        {"user": "alice", "role": "owner", "team": "dev"},
        {"email": "bob@example.com"},
    ]
    assert organization_people(people, "absent") == [{"user": "carol", "team": "dev"}]
    with pytest.raises(AnsibleFilterError, match="gone"):
        organization_people(people, "gone")


def test_the_plugins_offer_these_filters() -> None:
    found = {**FileFilters().filters(), **PeopleFilters().filters()}
    assert found == {"organization_file": organization_file, "organization_people": organization_people}
