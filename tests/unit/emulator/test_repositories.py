# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories are created, listed, read, changed and deleted."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import LEGACY, REPOSITORIES, Client

NOT_FOUND = {"message": "object not found", "errinfo": {}}
BOTH = pytest.mark.parametrize("path", [f"{REPOSITORIES}/app", f"{LEGACY}/app/"])


def add(client: Client, *names: str, **fields: t.Any) -> None:
    client.seed("repositories", namespace="myorg", repositories=[{"name": name, **fields} for name in names])


def fielderrors(**errors: str) -> dict[str, t.Any]:
    return {"message": "httperror 400: request had 1 validation error", "errinfo": {"fielderrors": errors}}


# Create


def test_a_new_repository_has_the_captured_fields(client: Client) -> None:
    made = client("POST", REPOSITORIES, {"name": "app", "namespace": "myorg"}, bearer=client.bearer())
    assert made.status == 201
    expected = "user name namespace repository_type status status_description description is_private is_automated"
    expected += (
        " star_count pull_count last_updated last_modified date_registered collaborator_count affiliation hub_user"
    )
    expected += (
        " has_starred permissions media_types content_types categories immutable_tags_settings storage_size source"
    )
    assert set(made.json) == set(expected.split())
    assert made.json["immutable_tags_settings"] == {"enabled": False, "rules": [".*"]}
    assert made.json["permissions"] == {"read": True, "write": True, "admin": True}
    assert (made.json["status_description"], made.json["description"], made.json["is_private"]) == ("active", "", False)


def test_a_new_repository_keeps_its_texts_and_privacy(client: Client) -> None:
    body = {"name": "app", "description": "An app", "full_description": "# App", "is_private": True}
    made = client("POST", REPOSITORIES, body, bearer=client.bearer())
    read = client("GET", f"{REPOSITORIES}/app", bearer=client.bearer())
    assert {field: made.json[field] for field in body} == {field: read.json[field] for field in body} == body


def test_a_repository_can_be_created_on_the_legacy_path(client: Client) -> None:
    body = {"name": "app", "namespace": "myorg"}
    assert client("POST", "/v2/repositories/", body, bearer=client.bearer()).status == 201
    assert client("GET", f"{REPOSITORIES}/app").status == 200


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"__all__": ["Repository with this Name and Namespace already exists."]}),
        (403, {"message": "permission denied", "errinfo": None}),
        (409, {"message": "repository already exists", "errinfo": {}}),
    ],
)
def test_creating_an_existing_repository_is_refused(client: Client, status: int, body: t.Any) -> None:
    add(client, "app", description="kept")
    client.hub.existing_repository_status = status
    reply = client("POST", REPOSITORIES, {"name": "app"}, bearer=client.bearer())
    assert (reply.status, reply.json) == (status, body)
    assert client("GET", f"{REPOSITORIES}/app").json["description"] == "kept"


def test_by_default_an_existing_repository_is_400(client: Client) -> None:
    add(client, "app")
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=client.bearer()).status == 400


BAD_NAME = "repository name may only include alphanumeric characters, '.', or '-'"


@pytest.mark.parametrize("name", ["Not Valid", "a", "a" * 256, "-a", "a-", "a/b", "über"])
def test_a_wrong_name_is_refused(client: Client, name: str) -> None:
    reply = client("POST", REPOSITORIES, {"name": name}, bearer=client.bearer())
    assert (reply.status, reply.json) == (400, fielderrors(name=BAD_NAME))


@pytest.mark.parametrize("name", ["ab", "a" * 255, "a.b_c-d", "a--b", "1a"])
def test_a_valid_name_is_accepted(client: Client, name: str) -> None:
    assert client("POST", REPOSITORIES, {"name": name}, bearer=client.bearer()).status == 201


@pytest.mark.parametrize("body", [{}, b"no json", {"name": None}])
def test_a_missing_name_is_refused(client: Client, body: t.Any) -> None:
    reply = client("POST", REPOSITORIES, body, bearer=client.bearer())
    assert (reply.status, list(reply.json["errinfo"]["fielderrors"])) == (400, ["name"])


@pytest.mark.parametrize("fields", [{"is_private": "yes"}, {"description": None}, {"full_description": 1}])
def test_a_wrong_type_is_a_bad_request(client: Client, fields: t.Any) -> None:
    reply = client("POST", REPOSITORIES, {"name": "app", **fields}, bearer=client.bearer())
    assert (reply.status, reply.json) == (400, {"message": "bad request", "errinfo": None})


# Limits


@pytest.mark.parametrize(
    ("field", "longest", "too_long", "sentence"),
    [
        ("description", "é" * 50, "é" * 51, "Exceeded max number of bytes 100 - actual 102"),
        ("full_description", "é" * 12_500, "é" * 12_500 + "a", "Exceeded max number of characters"),
    ],
)
def test_limits_of_texts_count_bytes(client: Client, field: str, longest: str, too_long: str, sentence: str) -> None:
    add(client, "app")
    for method, path in (("POST", REPOSITORIES), ("PATCH", f"{REPOSITORIES}/app"), ("PATCH", f"{LEGACY}/app")):
        refused = client(method, path, {"name": "app2", field: too_long}, bearer=client.bearer())
        assert (refused.status, refused.json) == (400, fielderrors(**{field: sentence}))
        accepted = client(method, path, {"name": "app3", field: longest}, bearer=client.bearer())
        assert accepted.json[field] == longest


def test_private_repositories_can_be_limited(client: Client) -> None:
    client.hub.private_limit = 1
    bearer = client.bearer()
    made = [client("POST", REPOSITORIES, {"name": f"app{n}", "is_private": True}, bearer=bearer) for n in (1, 2)]
    assert [reply.status for reply in made] == [201, 400]
    assert made[1].json["message"] == "No more private repositories available"
    assert client("POST", REPOSITORIES, {"name": "app3"}, bearer=bearer).status == 201
    client.hub.private_limit_status = 402
    assert client("POST", f"{LEGACY}/app3/privacy", {"is_private": True}, bearer=bearer).status == 402
    assert client("POST", f"{LEGACY}/app1/privacy", {"is_private": True}, bearer=bearer).status == 200


# Read and list


def test_an_empty_full_description_is_missing(client: Client) -> None:
    add(client, "app")
    assert "full_description" not in client("GET", f"{REPOSITORIES}/app").json
    client.hub.omit_empty_full_description = False
    assert client("GET", f"{REPOSITORIES}/app").json["full_description"] == ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
@BOTH
def test_an_unknown_repository_is_not_found(client: Client, method: str, path: str) -> None:
    reply = client(method, path, {}, bearer=client.bearer())
    assert (reply.status, reply.raw and reply.json) == (404, b"" if method == "HEAD" else NOT_FOUND)


def test_head_shows_whether_a_repository_exists(client: Client) -> None:
    add(client, "app")
    reply = client("HEAD", f"{REPOSITORIES}/app")
    assert (reply.status, reply.raw) == (200, b"")


@pytest.mark.parametrize("path", [REPOSITORIES, LEGACY, "/v2/users/myorg/repositories"])
def test_a_list_has_short_entries(client: Client, path: str) -> None:
    add(client, "app", description="An app", full_description="# App")
    (entry,) = client("GET", path, bearer=client.bearer()).json["results"]
    assert (entry["name"], entry["description"], entry["status_description"]) == ("app", "An app", "active")
    assert {"full_description", "permissions", "immutable_tags_settings"}.isdisjoint(entry)


def test_page_1_of_an_unknown_namespace_is_empty(client: Client) -> None:
    reply = client("GET", "/v2/namespaces/nowhere/repositories")
    assert (reply.status, reply.json) == (200, {"count": 0, "next": None, "previous": None, "results": []})


def test_a_list_can_be_filtered_by_name(client: Client) -> None:
    add(client, "app", "my-app", "other")
    found = client("GET", f"{REPOSITORIES}?name=app").json["results"]
    assert [entry["name"] for entry in found] == ["app", "my-app"]


@pytest.mark.parametrize(
    ("ordering", "names"),
    [
        ("name", ["a1", "b1", "c1"]),
        ("-name", ["c1", "b1", "a1"]),
        ("last_updated", ["c1", "a1", "b1"]),
        ("-last_updated", ["b1", "a1", "c1"]),
        ("pull_count", ["b1", "c1", "a1"]),
        ("-pull_count", ["a1", "c1", "b1"]),
    ],
)
def test_a_list_can_be_ordered(client: Client, ordering: str, names: list[str]) -> None:
    for name, pulls in (("c1", 2), ("a1", 3), ("b1", 1)):
        add(client, name, pull_count=pulls)
    found = client("GET", f"{REPOSITORIES}?ordering={ordering}").json["results"]
    assert [entry["name"] for entry in found] == names


def test_a_wrong_ordering_is_explained(client: Client) -> None:
    reply = client("GET", f"{REPOSITORIES}?ordering=size")
    assert (reply.status, reply.json["text"]) == (400, "Invalid ordering value")
    assert reply.json["fields"]["ordering"][0].endswith("-last_updated, pull_count, -pull_count")


def test_a_thousand_repositories_are_ten_pages(client: Client) -> None:
    assert client.seed("repositories", namespace="myorg", count=1000, prefix="app") == {"repositories": 1000}
    pages = [client("GET", f"{REPOSITORIES}?page_size=100&page={page}").json for page in range(1, 11)]
    assert [page["next"] is None for page in pages] == [False] * 9 + [True]
    assert len({entry["name"] for page in pages for entry in page["results"]}) == 1000


# Change


@BOTH
def test_texts_change_and_can_be_cleared(client: Client, path: str) -> None:
    add(client, "app", description="An app", full_description="# App")
    bearer = client.bearer()
    changed = client("PATCH", path, {"description": "My app", "is_private": True}, bearer=bearer)
    assert (changed.status, changed.json["description"], changed.json["full_description"]) == (200, "My app", "# App")
    assert changed.json["is_private"] is False
    cleared = client("PATCH", path, {"full_description": "", "description": ""}, bearer=bearer)
    assert (cleared.json["description"], "full_description" in cleared.json) == ("", False)


def test_only_the_legacy_path_changes_immutable_tags(client: Client) -> None:
    add(client, "app")
    body = {"immutable_tags": True, "immutable_tags_rules": "v.*,latest"}
    first = client("PATCH", f"{REPOSITORIES}/app", body, bearer=client.bearer())
    second = client("PATCH", f"{LEGACY}/app", body, bearer=client.bearer())
    assert first.json["immutable_tags_settings"] == {"enabled": False, "rules": [".*"]}
    assert second.json["immutable_tags_settings"] == {"enabled": True, "rules": ["v.*", "latest"]}


def test_an_inactive_repository_needs_images_to_become_active(client: Client) -> None:
    add(client, "app")
    path, bearer = f"{REPOSITORIES}/app", client.bearer()
    assert client("PATCH", path, {"status": 0}, bearer=bearer).json["status_description"] == "inactive"
    assert client("PATCH", path, {"status": 1}, bearer=bearer).status == 400
    client.seed("tags", namespace="myorg", repository="app", tags=["latest"])
    assert client("PATCH", path, {"status": 1}, bearer=bearer).json["status"] == 1


@BOTH
def test_the_privacy_has_a_request_of_its_own(client: Client, path: str) -> None:
    add(client, "app")
    path, bearer = f"{path.rstrip('/')}/privacy", client.bearer()
    reply = client("POST", path, {"is_private": True}, bearer=bearer)
    assert (reply.status, reply.json) == (200, {})
    assert client("GET", f"{REPOSITORIES}/app", bearer=bearer).json["is_private"] is True
    client.hub.privacy_reply = "repository"
    assert client("POST", path, {"is_private": False}, bearer=bearer).json["is_private"] is False
    assert client("POST", path, {}, bearer=bearer).status == 400


# Delete


@pytest.mark.parametrize("status", [200, 202, 204])
@BOTH
def test_a_repository_is_deleted(client: Client, path: str, status: int) -> None:
    add(client, "app")
    client.hub.repository_deleted_status = status
    reply = client("DELETE", path, bearer=client.bearer())
    assert (reply.status, reply.raw) == (status, b"")
    assert client("GET", f"{REPOSITORIES}/app", bearer=client.bearer()).status == 404


# Paths that may be missing


@pytest.mark.parametrize(("status", "message"), [(404, "not found"), (405, "405: Method Not Allowed")])
@pytest.mark.parametrize(
    ("what", "method", "path"),
    [
        ("update", "PATCH", ""),
        ("delete", "DELETE", ""),
        ("privacy", "POST", "/privacy"),
        ("groups", "GET", "/groups"),
        ("groups", "POST", "/groups"),
        ("groups", "PATCH", "/groups/1001"),
        ("groups", "DELETE", "/groups/1001"),
        ("delete_tag", "DELETE", "/tags/latest"),
    ],
)
def test_one_kind_of_path_can_be_missing(
    client: Client, what: str, method: str, path: str, status: int, message: str
) -> None:
    assert client.seed("teams", organization="myorg", teams=[]) == {"owners": 1001}
    bearer, body = client.bearer(), {"is_private": True, "group_id": 1001, "permission": "read"}
    for missing, there, other in (("namespaced", REPOSITORIES, LEGACY), ("legacy", LEGACY, REPOSITORIES)):
        add(client, "app", permissions={} if method == "POST" else {"owners": "read"})
        client.seed("tags", namespace="myorg", repository="app", tags=["latest"])
        client.hub.missing_paths = {f"{missing} {what}": status}
        refused = client(method, f"{there}/app{path}", body, bearer=bearer)
        assert (refused.status, refused.json["message"]) == (status, message)
        assert client(method, f"{other}/app{path}", body, bearer=bearer).status in (200, 202, 204)
