# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags are listed, read and deleted; immutable ones are kept."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import LEGACY, REPOSITORIES, Client

APP = f"{REPOSITORIES}/app"
BOTH = pytest.mark.parametrize("path", [APP, f"{LEGACY}/app"])


@pytest.fixture(autouse=True)
def repository(client: Client) -> None:
    client.seed("repositories", namespace="myorg", repositories=["app"])


def add(client: Client, *tags: t.Any, **fields: t.Any) -> None:
    client.seed("tags", namespace="myorg", repository="app", tags=list(tags), **fields)


def names(client: Client, query: str = "") -> list[str]:
    return [tag["name"] for tag in client("GET", f"{APP}/tags{query}").json["results"]]


# Lists


def test_a_tag_has_the_captured_fields(client: Client) -> None:
    add(client, {"name": "v1", "size": 2000, "platforms": ["linux/amd64", "linux/arm/v6"], "pushed_ago": 60})
    (tag,) = client("GET", f"{APP}/tags").json["results"]
    expected = (
        "creator id images last_updated last_updater last_updater_username name repository full_size v2 tag_status"
    )
    assert set(tag) == {
        *expected.split(),
        *["tag_last_pulled", "tag_last_pushed", "media_type", "content_type", "digest"],
    }
    assert (tag["v2"], tag["tag_status"], tag["full_size"], tag["tag_last_pulled"]) == (True, "active", 2000, None)
    assert [(image["architecture"], image["variant"], image["size"]) for image in tag["images"]] == [
        ("amd64", None, 1000),
        ("arm", "v6", 1000),
    ]
    assert "layers" not in tag["images"][0]
    assert client("GET", f"{APP}/tags/v1").json == tag


def test_times_are_relative_to_the_emulators_clock(client: Client) -> None:
    client.hub.now = lambda: 1_800_000_000.0
    add(client, {"name": "v1", "pushed_ago": 86400, "pulled_ago": 60})
    tag = client("GET", f"{APP}/tags/v1").json
    assert tag["tag_last_pushed"] == tag["last_updated"] == "2027-01-14T08:00:00.000000Z"
    assert tag["tag_last_pulled"] == "2027-01-15T07:59:00.000000Z"


def test_the_newest_tag_comes_first(client: Client) -> None:
    add(client, {"name": "b", "pushed_ago": 20}, {"name": "c", "pushed_ago": 30}, {"name": "a", "pushed_ago": 10})
    assert names(client) == ["a", "b", "c"]
    assert names(client, "?ordering=last_updated") == ["c", "b", "a"]
    assert names(client, "?ordering=-name") == ["c", "b", "a"]
    assert names(client, "?name=b") == ["b"]
    assert client("GET", f"{APP}/tags?ordering=size").status == 400


def test_head_shows_whether_there_are_tags(client: Client) -> None:
    assert client("HEAD", f"{APP}/tags").status == 404
    client.hub.no_tags_status = 200
    assert client("HEAD", f"{APP}/tags").status == 200
    client.hub.no_tags_status = 404
    add(client, "v1")
    assert client("HEAD", f"{APP}/tags").status == 200
    assert [client("HEAD", f"{APP}/tags/{tag}").status for tag in ("v1", "v2")] == [200, 404]


@BOTH
def test_an_unknown_tag_is_named(client: Client, path: str) -> None:
    for method in ("GET", "DELETE"):
        reply = client(method, f"{path}/tags/v1", bearer=client.bearer())
        assert (reply.status, reply.json) == (
            404,
            {
                "message": "httperror 404: tag 'v1' not found",
                "errinfo": {"namespace": "myorg", "repository": "app", "tag": "v1"},
            },
        )


def test_tags_of_an_unknown_repository_are_not_found(client: Client) -> None:
    reply = client("GET", f"{REPOSITORIES}/other/tags")
    assert (reply.status, reply.json) == (404, {"message": "object not found", "errinfo": {}})


def test_ten_thousand_tags_are_listed_quickly(client: Client) -> None:
    add(client, count=10_000, step=60, size=5)
    started = time.monotonic()
    pages = [client("GET", f"{APP}/tags?page_size=100&page={page}").json for page in range(1, 101)]
    assert time.monotonic() - started < 10
    found = [tag["name"] for page in pages for tag in page["results"]]
    assert found == [f"tag{number:05}" for number in range(10_000)]
    assert pages[-1]["next"] is None
    assert client("GET", APP).json["storage_size"] == 50_000


# Deletion


@pytest.mark.parametrize("status", [200, 202, 204])
@BOTH
def test_a_tag_is_deleted(client: Client, path: str, status: int) -> None:
    add(client, "v1", "v2")
    client.hub.tag_deleted_status = status
    reply = client("DELETE", f"{path}/tags/v1/", bearer=client.bearer())
    assert (reply.status, reply.raw) == (status, b"")
    assert names(client) == ["v2"]


def test_a_tag_cannot_be_changed(client: Client) -> None:
    add(client, "v1")
    reply = client("PATCH", f"{APP}/tags/v1", {}, bearer=client.bearer())
    assert (reply.status, reply.json) == (405, {"message": "405: Method Not Allowed"})


# Immutable tags


def freeze(client: Client, *rules: str, enabled: bool = True) -> t.Any:
    body = {"immutable_tags": enabled, "immutable_tags_rules": list(rules)}
    return client("PATCH", f"{APP}/immutabletags", body, bearer=client.bearer())


def test_immutable_tags_are_settings_of_the_repository(client: Client) -> None:
    reply = freeze(client, "v.*", "latest")
    assert reply.status == 200
    settings = {"enabled": True, "rules": ["v.*", "latest"]}
    assert reply.json["immutable_tags_settings"] == settings
    assert client("GET", APP).json["immutable_tags_settings"] == settings


@pytest.mark.parametrize("status", [400, 403, 409])
@BOTH
def test_an_immutable_tag_cannot_be_deleted(client: Client, path: str, status: int) -> None:
    add(client, "v1", "dev")
    client.hub.immutable_tag_status = status
    freeze(client, "v.*")
    refused = client("DELETE", f"{path}/tags/v1", bearer=client.bearer())
    assert (refused.status, "immutable" in refused.json["message"]) == (status, True)
    assert client("DELETE", f"{path}/tags/dev", bearer=client.bearer()).status == 204
    freeze(client, "v.*", enabled=False)
    assert client("DELETE", f"{path}/tags/v1", bearer=client.bearer()).status == 204


def test_a_rule_matches_the_whole_tag(client: Client) -> None:
    add(client, "v1", "dev1", "1")
    reply = client("POST", f"{APP}/immutabletags/verify", {"regex": "v?1"}, bearer=client.bearer())
    assert (reply.status, reply.json) == (200, {"tags": ["v1", "1"]})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/verify", {}),
        ("POST", "/verify", {"regex": "("}),
        ("PATCH", "", {"immutable_tags": True}),
        ("PATCH", "", {"immutable_tags": "yes", "immutable_tags_rules": []}),
        ("PATCH", "", {"immutable_tags": True, "immutable_tags_rules": ["("]}),
    ],
)
def test_wrong_rules_are_refused(client: Client, method: str, path: str, body: t.Any) -> None:
    assert client(method, f"{APP}/immutabletags{path}", body, bearer=client.bearer()).status == 400
