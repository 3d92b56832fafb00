# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of paths: encoded names, requirements, evidence."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _endpoints as endpoints
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from hypothesis import assume, given
from hypothesis import strategies as st

FACTS = (pathlib.Path(__file__).resolve().parents[4] / "docs/docker_hub_api.md").read_text("utf-8")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


def names_in(template: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", template))


@pytest.mark.parametrize("name", endpoints.ENDPOINTS)
def test_each_endpoint_is_complete(name: str) -> None:
    endpoint = endpoints.ENDPOINTS[name]
    assert f"\n## {endpoint.evidence}\n" in FACTS
    assert endpoint.template.startswith("/v2/")
    assert names_in(endpoint.missing) <= names_in(endpoint.template)
    assert set(endpoint.needs) <= METHODS
    assert endpoint.needs
    assert bool(endpoint.legacy) == bool(endpoint.legacy_methods)
    assert set(endpoint.legacy_methods) <= set(endpoint.needs)
    assert names_in(endpoint.legacy or endpoint.template) == names_in(endpoint.template)
    assert {need.pat for need in endpoint.needs.values()} <= {None, *endpoints.PAT_LEVELS}
    assert [need.oat for need in endpoint.needs.values() if need.oat and not need.oat.startswith("scope-")] == []


@pytest.mark.parametrize("name", endpoints.ENDPOINTS)
def test_each_path_is_recognised(name: str) -> None:
    endpoint = endpoints.ENDPOINTS[name]
    address = endpoint.at(**{key: f"my-{key}/é" for key in names_in(endpoint.template)})
    for path in filter(None, (address.path, f"{address.path}/", address.legacy)):
        found = endpoints.address_of(path)
        assert (found.path, found.legacy, found.missing) == (path, None, address.missing)
        assert found.needs is endpoint.needs


def test_an_unknown_path_has_no_requirements() -> None:
    address = endpoints.address_of("/v2/new/thing")
    assert address == endpoints.Address("/v2/new/thing")
    assert (address.missing, dict(address.needs)) == ("", {})


def test_names_are_url_encoded() -> None:
    address = endpoints.TAG.at(namespace="my org", repository="a/b", tag="ü?#%&=+.x")
    assert address.path == "/v2/namespaces/my%20org/repositories/a%2Fb/tags/%C3%BC%3F%23%25%26%3D%2B.x"
    assert address.legacy == "/v2/repositories/my%20org/a%2Fb/tags/%C3%BC%3F%23%25%26%3D%2B.x"
    assert address.missing == "the tag ü?#%&=+.x of my org/a/b"


@pytest.mark.parametrize("name", ["", ".", "..", "mine \udcff"])
def test_a_name_that_changes_the_path_is_refused(name: str) -> None:
    with pytest.raises(InvalidOptions, match=r"^username is empty, '\.', '\.\.' or not valid UTF-8 text") as caught:
        endpoints.MEMBER.at(organization="myorg", username=name)
    assert caught.value.hint
    assert str(caught.value).isprintable()


@given(st.text())
def test_no_name_leaves_its_place_in_the_path(name: str) -> None:
    assume(name not in ("", ".", "..") and not re.search("[\ud800-\udfff]", name))
    path = endpoints.MEMBER.at(organization="myorg", username=name).path
    assert re.fullmatch(r"/v2/orgs/myorg/members/[A-Za-z0-9_.~%-]+", path)


def test_a_number_is_a_name_too() -> None:
    names: dict[str, t.Any] = {"namespace": "myorg", "repository": "app", "group_id": 5}
    assert endpoints.REPOSITORY_TEAM.at(**names).path.endswith("/groups/5")
