# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists come in pages."""

from __future__ import annotations

import urllib.parse

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import REPOSITORIES, Client


@pytest.fixture(autouse=True)
def repositories(client: Client) -> None:
    client.seed("repositories", namespace="myorg", count=123, prefix="app")


def test_a_list_can_be_followed_by_next(client: Client) -> None:
    names: list[str] = []
    following: str | None = client.hub.url + REPOSITORIES
    while following:
        url = urllib.parse.urlsplit(following)
        page = client("GET", f"{url.path}?{url.query}").json
        assert page["count"] == 123
        assert len(page["results"]) <= 10
        names += [repository["name"] for repository in page["results"]]
        following = page["next"]
    assert names == [f"app{number:05}" for number in range(123)]
    assert page["previous"] == f"{client.hub.url}{REPOSITORIES}?page=12&page_size=10"


def test_a_page_beyond_the_end_is_not_found(client: Client) -> None:
    assert len(client("GET", f"{REPOSITORIES}?page=2&page_size=100").json["results"]) == 23
    reply = client("GET", f"{REPOSITORIES}?page=3&page_size=100")
    assert (reply.status, reply.json) == (404, {"message": "httperror 404: object not found", "errinfo": {}})


@pytest.mark.parametrize("query", ["page=x", "page=0", "page_size=0", "page_size=-1", "page_size=101"])
def test_a_wrong_number_is_refused(client: Client, query: str) -> None:
    assert client("GET", f"{REPOSITORIES}?{query}").status == 400


@pytest.mark.parametrize(("large_page", "length"), [("clamp", 100), ("honour", 123)])
def test_a_large_page_can_be_accepted(client: Client, large_page: str, length: int) -> None:
    client.hub.large_page = large_page
    assert len(client("GET", f"{REPOSITORIES}?page_size=200").json["results"]) == length


def test_next_can_name_another_host(client: Client) -> None:
    client.hub.next_base = "http://elsewhere.example"
    reply = client("GET", f"{REPOSITORIES}?page=2")
    assert reply.json["next"] == f"http://elsewhere.example{REPOSITORIES}?page=3&page_size=10"
    assert reply.json["previous"] == f"http://elsewhere.example{REPOSITORIES}?page=1&page_size=10"


def test_the_count_can_be_wrong(client: Client) -> None:
    client.hub.count_is_zero = True
    reply = client("GET", REPOSITORIES).json
    assert (reply["count"], len(reply["results"])) == (0, 10)
