# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of the client with a bearer token: legacy paths, renewal, retries, pacing."""

from __future__ import annotations

import re
import socket
import time
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _endpoints as endpoints
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import Answer, HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import LONGEST_PAUSE
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import MYBOT, MYORG, TOKEN

PASSWORD = {"identifier": "mybot", "secret": "mybot-password-1"}
APP = {"namespace": "myorg", "repository": "app"}
PATH = "/v2/namespaces/myorg/repositories/app"
LEGACY = "/v2/repositories/myorg/app"
UNAUTHORIZED = {"status": 401, "body": {"message": "unauthorized", "errinfo": {}}}

Connect = t.Callable[..., HubClient]


@pytest.fixture
def connect(hub: t.Any, options: t.Callable[..., t.Any]) -> t.Iterator[Connect]:
    """Return a function that logs in and returns a client; the requests of the login are forgotten."""
    hub.repositories.add("myorg", "app", hub.now(), description="The app")
    clients = []

    def connect(
        account: dict[str, str] | None = None, renew: t.Callable[[str], str] | None = None, **given: t.Any
    ) -> HubClient:
        login = options(**{**(account or PASSWORD), "retries": 3, **given})
        client = HubClient(login, fetch_token(login)["access_token"], renew)
        hub.requests.clear()
        clients.append(client)
        return client

    yield connect
    for client in clients:
        with client:
            pass


def failure(send: t.Callable[[], t.Any]) -> HubError:
    with pytest.raises(HubError) as caught:
        send()
    assert str(caught.value).isprintable()
    assert caught.value.hint
    return caught.value


def sent(hub: t.Any) -> list[str]:
    return [f"{request.method} {request.raw_path}" for request in hub.requests]


# One request


def test_every_method_reaches_docker_hub(hub: t.Any, connect: Connect) -> None:
    client = connect()
    created = client.post(endpoints.REPOSITORIES.at(namespace="myorg"), {"name": "new", "namespace": "myorg"})
    assert (created.status, created.data["name"]) == (201, "new")
    assert client.get(endpoints.REPOSITORY.at(**APP)).data["description"] == "The app"
    assert client.request("HEAD", endpoints.REPOSITORY.at(**APP)) == Answer(200, None, "")
    assert client.patch(endpoints.REPOSITORY.at(**APP), {"description": "Changed"}).data["description"] == "Changed"
    team = client.post(endpoints.TEAMS.at(organization="myorg"), {"name": "dev", "description": ""}).data
    address = endpoints.TEAM.at(organization="myorg", team="dev")
    assert client.put(address, {"name": "dev", "description": "All"}).data == {**team, "description": "All"}
    assert client.delete(address).status == 204
    assert client.find(address) is None
    assert (client.find(endpoints.REPOSITORY.at(**APP)) or {})["name"] == "app"
    assert {request.headers["Authorization"] for request in hub.requests} == {f"Bearer {client._bearer}"}
    assert [request.body for request in hub.requests if request.method in ("GET", "DELETE")] == [None] * 4


def test_a_query_and_a_name_are_url_encoded(hub: t.Any, connect: Connect) -> None:
    client = connect()
    client.get(endpoints.REPOSITORIES.at(namespace="myorg"), {"name": "a&b=c d/é", "page_size": 5})
    assert hub.requests[-1].query == {"name": "a&b=c d/é", "page_size": "5"}
    assert failure(lambda: client.get(endpoints.TAG.at(**APP, tag="a/b ?#é"))).code == "not_found"
    assert sent(hub)[-1] == f"GET {PATH}/tags/a%2Fb%20%3F%23%C3%A9"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_each_success_is_an_answer(hub: t.Any, connect: Connect, status: int) -> None:
    client = connect()
    hub.fail(PATH, status=status)
    assert client.delete(endpoints.REPOSITORY.at(**APP)) == Answer(status, None, "")


def test_a_path_as_text_is_sent_unchanged(hub: t.Any, connect: Connect) -> None:
    assert connect().get(f"{PATH}/").data["name"] == "app"
    assert sent(hub) == [f"GET {PATH}"]


@pytest.mark.parametrize(
    ("headers", "body", "data", "text"),
    [
        ({"Content-Type": None, **hub_emulator.CLOUDFLARE}, b'{"a": 1}', {"a": 1}, '{"a": 1}'),
        ({"Content-Type": "text/plain", **hub_emulator.CLOUDFLARE}, b"[]", [], "[]"),
        ({"Content-Type": "text/html", **hub_emulator.CLOUDFLARE}, b'{"a": 1}', {"a": 1}, '{"a": 1}'),
        ({"Content-Type": "text/csv", **hub_emulator.CLOUDFLARE}, b"Name,Role\n", None, "Name,Role\n"),
        ({"Content-Type": "application/json"}, b'{"a": "\\ud800"}', {"a": "\ufffd" * 3}, '{"a": "\\ud800"}'),
        ({}, b"\xff", None, "\ufffd"),
    ],
    ids=["no type", "other type", "wrong type", "csv", "surrogate", "binary"],
)
def test_the_body_of_a_success_is_read(
    hub: t.Any, connect: Connect, headers: dict[str, t.Any], body: bytes, data: t.Any, text: str
) -> None:
    client = connect()
    hub.fail(PATH, status=200, headers=headers, body=body)
    assert client.get(PATH) == Answer(200, data, text)


@pytest.mark.parametrize("fault", ["cloudflare_challenge_200", "cloudflare_challenge_403", "cloudflare_1010"])
def test_a_page_of_cloudflare_is_not_an_answer(hub: t.Any, connect: Connect, fault: str) -> None:
    client = connect()
    hub.fail(PATH, **hub_emulator.FAULTS[fault])
    assert failure(lambda: client.get(PATH)).code == "edge_blocked"


def test_a_large_answer_is_accepted_up_to_16_mib(hub: t.Any, connect: Connect) -> None:
    client = connect()
    hub.fail(PATH, status=200, body=b" " * 2**20, repeat=15)
    assert client.get(PATH).status == 200
    hub.fail(PATH, status=200, body=b" " * 2**20, repeat=17)
    assert "more than 16 MiB" in str(failure(lambda: client.get(PATH)))


def test_an_object_is_required_where_one_is_read(hub: t.Any, connect: Connect) -> None:
    client = connect()
    hub.fail(PATH, 2, status=200, body=[1])
    assert failure(lambda: client.find(endpoints.REPOSITORY.at(**APP))).code == "bad_answer"
    error = failure(lambda: client.object_of(client.get(PATH), PATH))
    assert f"{hub.url}{PATH} answered 200 without an object" in str(error)


def test_accepted_statuses_are_answers(hub: t.Any, connect: Connect) -> None:
    answer = connect().request("GET", "/v2/new", accept={404})
    assert (answer.status, answer.data["message"]) == (404, "not found")
    assert len(hub.requests) == 1


def test_a_client_without_a_token_sends_no_authorization(hub: t.Any, options: t.Callable[..., t.Any]) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    with HubClient(options(**MYBOT)) as client:
        assert client.get(endpoints.REPOSITORY.at(**APP)).data["name"] == "app"
    assert "Authorization" not in hub.requests[0].headers


@pytest.mark.parametrize("account", [PASSWORD, MYBOT], ids=["password", "pat"])
def test_the_client_describes_its_own_token(hub: t.Any, connect: Connect, account: dict[str, str]) -> None:
    client = connect(account)
    assert client.token_content()["username"] == "mybot"
    assert client.own_token_id() == (hub.accounts["mybot"].uuid("pat") if account is MYBOT else None)


# Errors


def test_a_missing_object_is_named(connect: Connect) -> None:
    error = failure(lambda: connect().get(endpoints.TAG.at(**APP, tag="9.9\x1b[31m")))
    assert (error.code, error.http_status) == ("not_found", 404)
    assert error.message == "the tag 9.9 of myorg/app does not exist, or is hidden from this account"


def test_a_missing_object_with_the_secret_as_name_is_masked(connect: Connect) -> None:
    error = failure(lambda: connect().get(endpoints.TAG.at(**APP, tag="mybot-password-1")))
    assert error.message.startswith("the tag ******** of myorg/app")


def test_a_refused_kind_of_token_gets_the_requirement(connect: Connect) -> None:
    error = failure(lambda: connect(MYBOT).get(endpoints.TEAM.at(organization="myorg", team="dev")))
    assert error.code == "needs_password_login"
    assert '"token issued from personal access token is not allowed"' in str(error)
    assert "or use an organization access token with scope-group-read" in str(error.hint)


def test_a_missing_level_gets_the_requirement(connect: Connect) -> None:
    orgmember = {"identifier": "orgmember", "secret": hub_emulator.ORGMEMBER_PAT}
    client = connect(orgmember)
    error = failure(lambda: client.post(endpoints.REPOSITORIES.at(namespace="orgmember"), {"name": "mine"}))
    assert error.code == "insufficient_scope"
    assert "a personal access token with repo:admin (Repo Read, Write, Delete)" in str(error.hint)


# Legacy paths


@pytest.mark.parametrize("status", [404, 405])
def test_the_legacy_path_is_used_only_after_404_or_405(hub: t.Any, connect: Connect, status: int) -> None:
    hub.missing_paths = {"namespaced update": status}
    assert connect().patch(endpoints.REPOSITORY.at(**APP), {"description": "Changed"}).data["description"] == "Changed"
    assert sent(hub) == [f"PATCH {PATH}", f"PATCH {LEGACY}"]


def test_a_legacy_path_that_works_is_used_from_then_on(hub: t.Any, connect: Connect) -> None:
    hub.repositories.add("myorg", "other", hub.now())
    hub.missing_paths = {"namespaced update": 404}
    client = connect()
    for name in ("app", "other"):
        client.patch(endpoints.REPOSITORY.at(namespace="myorg", repository=name), {"description": "Changed"})
    client.get(endpoints.REPOSITORY.at(**APP))  # another method
    assert sent(hub) == [f"PATCH {PATH}", f"PATCH {LEGACY}", "PATCH /v2/repositories/myorg/other", f"GET {PATH}"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 403, "body": {"message": "permission denied"}}, "forbidden"),
        ({"status": 400, "body": {"message": "bad request"}}, "invalid_request"),
        ({"status": 409}, "conflict"),
        ({"status": 500}, "server_error"),
    ],
    ids=str,
)
def test_other_failures_do_not_reach_the_legacy_path(
    hub: t.Any, connect: Connect, fault: dict[str, t.Any], code: str
) -> None:
    client = connect()
    hub.fail(PATH, **fault)
    assert failure(lambda: client.patch(endpoints.REPOSITORY.at(**APP), {})).code == code
    assert sent(hub) == [f"PATCH {PATH}"]


def test_a_documented_method_has_no_legacy_path(hub: t.Any, connect: Connect) -> None:
    assert connect().find(endpoints.REPOSITORY.at(namespace="myorg", repository="none")) is None
    assert len(hub.requests) == 1


def test_a_closed_legacy_path_proves_nothing(hub: t.Any, connect: Connect) -> None:
    client = connect(MYORG)
    hub.fail(LEGACY, status=403, body={"message": "token issued from organization access token is not allowed"})
    address = endpoints.REPOSITORY.at(**APP)
    hub.missing_paths = {"namespaced delete": 404}
    assert failure(lambda: client.delete(address)).code == "not_found"
    hub.missing_paths = {"namespaced delete": 405}
    hub.fail(LEGACY, status=403, body={"message": "token issued from organization access token is not allowed"})
    assert failure(lambda: client.delete(address)).code == "needs_password_login"


# Renewal


def test_a_dead_token_is_renewed_once(hub: t.Any, connect: Connect, options: t.Callable[..., t.Any]) -> None:
    dead: list[str] = []

    def renew(token: str) -> str:
        dead.append(token)
        return str(fetch_token(options(**PASSWORD))["access_token"])

    client = connect(renew=renew)
    old = client._bearer
    hub.bearers.clear()
    assert client.get(endpoints.REPOSITORY.at(**APP)).data["name"] == "app"
    assert client.get(endpoints.REPOSITORY.at(**APP)).data["name"] == "app"
    assert dead == [old]
    assert sent(hub) == [f"GET {PATH}", f"POST {TOKEN}", f"GET {PATH}", f"GET {PATH}"]


def test_a_second_401_is_forbidden(hub: t.Any, connect: Connect) -> None:
    client = connect(renew=lambda _token: "new")
    hub.fail(PATH, None, **UNAUTHORIZED)
    error = failure(lambda: client.patch(endpoints.REPOSITORY.at(**APP), {}))
    assert (error.code, error.http_status) == ("forbidden", 401)
    assert f"PATCH {hub.url}{PATH} answered 401 again with a new token" in str(error)
    assert [request.headers["Authorization"] for request in hub.requests][1:] == ["Bearer new"]


def test_an_explicit_token_is_not_renewed(hub: t.Any, options: t.Callable[..., t.Any]) -> None:
    login = options(access_token="opaque-bearer-1")
    with HubClient(login, login["access_token"]) as client:
        error = failure(lambda: client.patch(endpoints.REPOSITORY.at(**APP), {}))
    assert (error.code, error.http_status, len(hub.requests)) == ("token_expired", 401, 1)
    assert "leave out access_token so that the task logs in" in str(error.hint)
    assert "opaque-bearer-1" not in str(error)


def test_a_failed_renewal_is_the_error(hub: t.Any, connect: Connect) -> None:
    def renew(_token: str) -> str:
        raise errors.BadCredentials("refused", hint="check it", subject="Docker Hub login of mybot failed")

    client = connect(renew=renew)
    hub.fail(PATH, **UNAUTHORIZED)
    assert str(failure(lambda: client.get(PATH))) == "Docker Hub login of mybot failed: refused; check it"


# Sending again


@pytest.mark.parametrize("fault", [{"reset": True}, {"status": 503}], ids=["reset", "503"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"])
def test_a_doubtful_post_is_not_sent_again(
    hub: t.Any, connect: Connect, slept: list[float], method: str, fault: dict[str, t.Any]
) -> None:
    client = connect()
    hub.fail("*", 1, **fault)
    hub.fail("*", 1, status=200, body={})
    if method == "POST":
        assert failure(lambda: client.request(method, PATH, body={})).code in ("connection", "server_error")
        assert (len(hub.requests), slept) == (1, [])
    else:
        assert client.request(method, PATH).status == 200
        assert (len(hub.requests), len(slept)) == (2, 1)


def test_a_limited_post_is_sent_again(hub: t.Any, connect: Connect, slept: list[float]) -> None:
    client = connect()
    hub.fail("*", 1, status=429, body={"detail": "Rate limit exceeded"}, headers={"Retry-After": "20"})
    created = client.post(endpoints.REPOSITORIES.at(namespace="myorg"), {"name": "new", "namespace": "myorg"})
    assert (created.status, slept, len(hub.requests)) == (201, [20.0], 2)


def test_an_unsent_post_is_sent_again(options: t.Callable[..., t.Any], slept: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there
        login = options(**PASSWORD, hub_url=f"http://127.0.0.1:{taken.getsockname()[1]}", retries=3)
        with HubClient(login, "bearer") as client:
            assert failure(lambda: client.post(PATH, {})).code == "connection"
    assert len(slept) == 3


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 500}, "server_error"),
        ({"status": 400}, "invalid_request"),
        ({"status": 409}, "conflict"),
        ({"delay": 60}, "timeout"),
        ({"status": 307, "headers": {"Location": "https://elsewhere"}}, "bad_answer"),
    ],
    ids=str,
)
def test_a_final_failure_is_not_repeated(
    hub: t.Any, connect: Connect, slept: list[float], fault: dict[str, t.Any], code: str
) -> None:
    client = connect(timeout=0.4)
    hub.fail("*", None, **fault)
    assert failure(lambda: client.get(PATH)).code == code
    assert (len(hub.requests), slept) == (1, [])


@pytest.mark.parametrize("fault", [{"status": 503}, {"reset": True}], ids=["503", "reset"])
def test_a_deletion_whose_answer_was_lost_succeeds(
    hub: t.Any, connect: Connect, slept: list[float], fault: dict[str, t.Any]
) -> None:
    client = connect()
    hub.fail(PATH, **fault)
    hub.repositories.remove(hub.repositories.find("myorg", "app"))
    assert client.delete(PATH) == Answer(204, None, "")
    assert (len(hub.requests), len(slept)) == (2, 1)


@pytest.mark.parametrize(
    "fault",
    [None, {"status": 429, "body": {"detail": "Rate limit exceeded"}, "headers": {"Retry-After": "1"}}, UNAUTHORIZED],
    ids=["at once", "after a limit", "after a renewal"],
)
def test_a_deletion_of_nothing_is_not_found(
    hub: t.Any, connect: Connect, slept: list[float], fault: dict[str, t.Any] | None
) -> None:
    client = connect(renew=lambda token: token)
    if fault:
        hub.fail(PATH, **fault)
    hub.repositories.remove(hub.repositories.find("myorg", "app"))
    assert failure(lambda: client.delete(PATH)).code == "not_found"
    assert len(hub.requests) == (2 if fault else 1)


def test_only_a_repeated_deletion_succeeds_with_404(hub: t.Any, connect: Connect, slept: list[float]) -> None:
    client = connect()
    hub.fail(PATH, status=503)
    hub.repositories.remove(hub.repositories.find("myorg", "app"))
    assert failure(lambda: client.patch(PATH, {})).code == "not_found"


def test_retries_count_for_the_whole_task(hub: t.Any, connect: Connect, slept: list[float]) -> None:
    client = connect()
    hub.fail("*", 2, status=503)
    assert client.get(PATH).status == 200
    hub.fail("*", 2, status=503)
    assert failure(lambda: client.get(PATH)).code == "server_error"
    assert len(hub.requests) == 5


def test_the_pause_stays_short_after_a_thousand_retries(hub: t.Any, connect: Connect, slept: list[float]) -> None:
    client = connect(retries=1100)
    hub.fail("*", None, status=503)
    assert failure(lambda: client.get(PATH)).code == "server_error"
    assert (len(slept), max(slept) <= LONGEST_PAUSE) == (1100, True)


def test_a_long_task_can_restore_its_budget(hub: t.Any, connect: Connect, slept: list[float]) -> None:
    client = connect(max_wait=30)
    for _dummy in range(3):
        hub.fail("*", 1, status=429, headers={"Retry-After": "20"})
        hub.fail("*", 2, status=503)
        assert client.get(PATH).status == 200
        client.restore_budget()
    assert len(hub.requests) == 12


# Pacing


def limit(remaining: int, reset: float, total: int = 180) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(total),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{reset:.0f}",
    }


@pytest.mark.parametrize(
    ("remaining", "left", "expected"),
    [
        (180, 30, []),
        (19, 30, []),
        (18, 30, [30 / 18]),
        (5, 30, [30 / 5]),
        (1, 6, [6]),
        (1, 30, [8]),  # the longest pause
        (0, 30, [30]),
        (0, -5, []),  # the period is over
        (5, 3600, []),  # not a period of a minute
    ],
)
def test_requests_are_spread_over_the_rest_of_the_period(
    hub: t.Any, connect: Connect, slept: list[float], remaining: int, left: float, expected: list[float]
) -> None:
    client = connect()
    hub.fail(PATH, status=200, body={}, headers=limit(remaining, hub.now() + left))
    client.get(PATH)
    assert slept == []
    client.get(PATH)
    assert slept == [pytest.approx(seconds, abs=1.6 / max(remaining, 1)) for seconds in expected]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Limit": "180", "X-RateLimit-Remaining": "1"},
        {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
        {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "1"},
    ],
    ids=str,
)
def test_an_incomplete_limit_does_not_slow_down(
    hub: t.Any, connect: Connect, slept: list[float], headers: dict[str, str | None]
) -> None:
    client = connect()
    none = dict.fromkeys(("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"))
    future = {
        name: f"{hub.now() + 30:.0f}" if value == "1" and "Reset" in name else value for name, value in headers.items()
    }
    hub.fail(PATH, status=200, body={}, headers={**none, **future})
    client.get(PATH)
    client.get(PATH)
    assert slept == []


def test_waiting_for_a_full_limit_stays_within_max_wait(hub: t.Any, connect: Connect, slept: list[float]) -> None:
    client = connect(max_wait=10)
    hub.fail(PATH, status=200, body={}, headers=limit(0, hub.now() + 30))
    client.get(PATH)
    assert client.get(PATH).status == 200  # sent without waiting
    assert slept == []


def test_pacing_keeps_within_the_limit_of_docker_hub(
    hub: t.Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advance_clock(seconds: float) -> None:
        hub.clock_offset += seconds
        monotonic[0] += seconds

    monotonic, real = [0.0], time.monotonic
    client = connect()
    monkeypatch.setattr(time, "monotonic", lambda: real() + monotonic[0])
    monkeypatch.setattr(time, "sleep", advance_clock)
    hub.rate_limit, hub.rate_window = 180, 60
    hub.rate.end = 0.0
    for _dummy in range(400):
        client.get(PATH)
    assert [request.status for request in hub.requests] == [200] * 400
    assert client.rate_limit
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(client.rate_limit["reset"]))
