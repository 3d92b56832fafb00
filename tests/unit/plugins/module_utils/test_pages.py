# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: every envelope, every page once, no truncation."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _endpoints as endpoints
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._pages import PAGE_SIZE, entries_of

LIST = "/v2/list"
PASSWORD = {"identifier": "mybot", "secret": "mybot-password-1"}
Body = t.Callable[[int], t.Any]


@pytest.fixture
def client(hub: t.Any, options: t.Callable[..., t.Any]) -> t.Iterator[HubClient]:
    with HubClient(options(**PASSWORD), "bearer") as client:
        yield client


def rows(start: int, stop: int) -> list[dict[str, t.Any]]:
    return [{"id": number, "name": f"n{number}"} for number in range(start, stop)]


def serve(hub: t.Any, body_of: Body) -> None:
    """Answer each page with the body of its number; None means 404."""

    def respond(request: t.Any) -> t.Any:
        body = body_of(int(request.query["page"]))
        return (
            hub_emulator.Reply(404, {"message": "object not found"}) if body is None else hub_emulator.Reply(200, body)
        )

    hub.fail(LIST, None, respond=respond)


def listed(client: HubClient) -> list[int]:
    return [row["id"] for row in client.pages(LIST)]


def failure(client: HubClient) -> HubError:
    with pytest.raises(HubError) as caught:
        listed(client)
    assert caught.value.hint
    return caught.value


def page(start: int, stop: int, count: int | None = None, has_next: bool = False, **more: t.Any) -> dict[str, t.Any]:
    counted = {} if count is None else {"count": count}
    return {
        **counted,
        "next": "http://elsewhere/v2/list?page=2" if has_next else None,
        "results": rows(start, stop),
        **more,
    }


# Envelopes


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([page(0, 3, 3)], 3),
        ([page(0, 3, 3, previous=None, active_count=1)], 3),
        ([{"total": 3, "next": None, "results": rows(0, 3)}], 3),
        ([page(0, 0, 0)], 0),
        ([page(0, 100, 150, True), page(100, 150, 150)], 150),
        ([page(0, 2, 3, True), page(2, 3, 3)], 3),  # a page smaller than requested
        ([page(0, 100, 0, True), page(100, 150, 0)], 150),  # count is 0 although there are results
        ([page(0, 100, None, True), page(100, 150, None)], 150),
        ([page(0, 100, 100, True), None], 100),  # the page after the last one
        ([page(0, 100, None, True), None], 100),
        ([{"logs": rows(0, 100)}, {"logs": rows(100, 130)}, {"logs": []}], 130),
        ([{"logs": rows(0, 25)}, {"logs": rows(25, 30)}, None], 30),  # a page size of its own
        ([{"logs": []}], 0),
        ([{"data": rows(0, 300)}], 300),
        ([{"data": []}], 0),
        ([rows(0, 3)], 3),
        ([[]], 0),
        ([rows(0, 250)], 250),  # an array without pages
        ([rows(0, 100), rows(100, 130)], 130),
        ([rows(0, 100), []], 100),
        ([rows(0, 100), None], 100),
        ([rows(0, 100), rows(0, 100)], 100),  # an array without pages, of exactly one page
        ([[page(0, 3, 3)]], 3),
        ([[page(0, 2, 3), page(2, 3, 3)]], 3),
        ([[page(0, 2, 4), page(2, 3, 4, True)], [page(3, 4, 4)]], 4),
    ],
    ids=range(25),
)
def test_every_envelope_is_read_to_its_end(hub: t.Any, client: HubClient, bodies: list[t.Any], expected: int) -> None:
    serve(hub, lambda number: bodies[number - 1])
    assert listed(client) == list(range(expected))
    assert [request.query for request in hub.requests] == [
        {"page": str(number + 1), "page_size": "100"} for number in range(len(bodies))
    ]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"results": {}},
        {"results": [1]},
        {"results": [None]},
        "text",
        5,
        [1, 2],
        [{"id": 1}, 2],
        [{"results": [1]}],
        {"logs": "none"},
    ],
    ids=str,
)
def test_another_answer_is_not_a_list(hub: t.Any, client: HubClient, body: t.Any) -> None:
    hub.fail(LIST, status=200, body=b"null" if body is None else body)
    error = failure(client)
    assert (error.code, error.http_status) == ("bad_answer", 200)
    assert f"{hub.url}{LIST} answered 200 without a list" in str(error)


def test_a_missing_list_is_not_found(hub: t.Any, client: HubClient) -> None:
    serve(hub, lambda _number: None)
    assert failure(client).code == "not_found"


def test_a_failure_on_a_later_page_is_an_error(hub: t.Any, client: HubClient) -> None:
    serve(hub, lambda number: page(0, 100, 150, True) if number == 1 else {"message": "no list"})
    assert failure(client).code == "bad_answer"


def test_the_query_of_the_caller_is_kept(hub: t.Any, client: HubClient) -> None:
    serve(hub, lambda _number: page(0, 3, 3))
    assert len(list(client.pages(endpoints.Address(LIST), {"search": "a b"}))) == 3
    assert hub.requests[0].query == {"search": "a b", "page": "1", "page_size": "100"}


# Pages of Docker Hub


@pytest.mark.parametrize("next_base", [None, "http://hub.docker.com", "http://127.0.0.1:9", "https://elsewhere"])
def test_the_host_of_next_is_never_used(hub: t.Any, options: t.Callable[..., t.Any], next_base: str | None) -> None:
    for number in range(250):
        hub.repositories.add("myorg", f"app{number:03}", hub.now())
    hub.next_base = next_base
    login = options(**PASSWORD)
    with HubClient(login, fetch_token(login)["access_token"]) as client:
        found = [row["name"] for row in client.pages(endpoints.REPOSITORIES.at(namespace="myorg"))]
    assert found == [f"app{number:03}" for number in range(250)]
    assert hub.count("/v2/namespaces/myorg/repositories") == 3


def test_pages_are_read_only_as_far_as_needed(hub: t.Any, client: HubClient) -> None:
    serve(hub, lambda number: page(100 * (number - 1), 100 * number, 1000, True))
    entries = client.pages(LIST)
    assert [next(entries)["id"] for _dummy in range(150)] == list(range(150))
    assert len(hub.requests) == 2


# Lists that change, and lists that never end


def test_an_entry_that_changes_pages_is_read_once(hub: t.Any, client: HubClient) -> None:
    serve(hub, lambda number: page(0, 100, 150, True) if number == 1 else page(99, 150, 151))
    assert listed(client) == list(range(150))


def test_an_entry_is_read_once_within_a_page(hub: t.Any, client: HubClient) -> None:
    serve(hub, lambda _number: {"results": rows(0, 3) + rows(0, 3), "next": None})
    assert listed(client) == [0, 1, 2]


@pytest.mark.parametrize(
    ("bodies", "words"),
    [
        ([page(0, 100, 150)], "ended after 100 entries of 150"),
        ([page(0, 100, 150, True), page(100, 120, 150)], "ended after 120 entries of 150"),
        ([page(0, 100, 150, True), None], "ended after 100 entries of 150"),
        ([{"total": 5, "next": None, "results": rows(0, 3)}], "ended after 3 entries of 5"),
    ],
    ids=range(4),
)
def test_a_truncated_list_fails(hub: t.Any, client: HubClient, bodies: list[t.Any], words: str) -> None:
    serve(hub, lambda number: bodies[number - 1])
    error = failure(client)
    assert (error.code, words in str(error)) == ("bad_answer", True)
    assert "run the task again" in str(error.hint)


@pytest.mark.parametrize(
    "body",
    [page(0, 100, 250, True), page(0, 100, None, True), {"logs": rows(0, 100)}],
    ids=["results", "without a count", "logs"],
)
def test_a_list_that_repeats_a_page_fails(hub: t.Any, client: HubClient, body: t.Any) -> None:
    serve(hub, lambda _number: body)
    error = failure(client)
    assert (error.code, len(hub.requests)) == ("bad_answer", 2)
    assert "ended after 200 entries" in str(error)


def test_two_pages_that_alternate_fail(hub: t.Any, client: HubClient) -> None:
    serve(hub, lambda number: page(0, 100, None, True) if number % 2 else page(100, 200, None, True))
    assert (failure(client).code, len(hub.requests)) == ("bad_answer", 3)


# Keys


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ({"id": 1, "name": "a"}, {"id": 1, "name": "b"}, True),
        ({"id": 1}, {"id": 2}, False),
        ({"id": 0}, {"id": 0, "name": "a"}, True),
        ({"uuid": "a", "id": 1}, {"uuid": "b", "id": 1}, False),
        ({"uuid": "", "id": 1}, {"uuid": "", "id": 2}, False),
        ({"uuid": None, "id": 1, "name": "a"}, {"id": 1}, True),
        ({"namespace": "a", "name": "x", "pulls": 1}, {"namespace": "a", "name": "x", "pulls": 2}, True),
        ({"namespace": "a", "name": "x"}, {"namespace": "b", "name": "x"}, False),
        ({"namespace": "a", "name": "bc"}, {"namespace": "ab", "name": "c"}, False),
        ({"name": "x", "pulls": 1}, {"name": "x", "pulls": 2}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    ],
    ids=range(11),
)
def test_the_key_of_an_entry_is_its_identity(first: t.Any, second: t.Any, is_same: bool) -> None:
    entries = entries_of([first, second])
    assert entries
    assert (entries.rows[0][0] == entries.rows[1][0]) == is_same


def test_no_more_than_a_hundred_entries_are_asked_for() -> None:
    assert PAGE_SIZE == 100
