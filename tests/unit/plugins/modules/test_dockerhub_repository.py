# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules dockerhub_repository, dockerhub_repository_info and dockerhub_api."""

from __future__ import annotations

import datetime
import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import Answer, HubClient
from ansible_collections.hubops.dockerhub.plugins.modules import (
    dockerhub_api,
    dockerhub_repository,
    dockerhub_repository_info,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.organization_tasks import OAT, OWNER, PAT, Tasks

HERE = "/v2/namespaces/myorg/repositories"
APP = f"{HERE}/app"


class RepositoryTasks(Tasks):
    """Runs tasks in the namespace of the organization."""

    def __call__(self, **params: t.Any) -> t.Any:
        return super().__call__(**{"namespace": "myorg", **params}, organization=None)


@pytest.fixture
def repository(hub: t.Any) -> RepositoryTasks:
    tasks = RepositoryTasks(hub, dockerhub_repository, dockerhub_repository.repository)
    tasks.login = PAT
    return tasks


@pytest.fixture
def info(hub: t.Any) -> RepositoryTasks:
    return RepositoryTasks(hub, dockerhub_repository_info, dockerhub_repository_info.repository_info)


@pytest.fixture
def api(hub: t.Any) -> Tasks:
    return Tasks(hub, dockerhub_api, dockerhub_api.api)


def request(api: Tasks, path: str, **params: t.Any) -> t.Any:
    return api(path=path, organization=None, **params)


def add_tags(hub: t.Any, *tags: str, repository: str = "app") -> None:
    from emulator.hub import CONTROL

    CONTROL["POST", "tags"](hub, {"namespace": "myorg", "repository": repository, "tags": list(tags)}, "")


def test_a_repository_is_created_and_then_unchanged(repository: RepositoryTasks) -> None:
    wanted = {"name": "app", "description": "One", "full_description": "# App\n", "private": True}
    created = repository(**wanted)
    assert created["changed"]
    assert repository.writes == [f"POST {HERE}"]
    assert {name: created["repository"][name] for name in wanted} == wanted
    again = repository(**wanted)
    assert (again["changed"], repository.writes, len(repository.sent)) == (False, [], 1)
    assert again["repository"] == created["repository"]


def test_only_what_differs_is_sent(hub: t.Any, repository: RepositoryTasks) -> None:
    hub.repositories.add("myorg", "app", hub.now(), description="One", full_description="Long")
    result = repository(name="app", description="Two", full_description="Long", private=False)
    assert [(sent.method, sent.path, sent.body) for sent in repository.sent[1:]] == [
        ("PATCH", APP, {"description": "Two"})
    ]
    assert result["diff"]["before"] != result["diff"]["after"]


def test_what_is_left_out_stays_and_empty_clears(hub: t.Any, repository: RepositoryTasks) -> None:
    hub.repositories.add("myorg", "app", hub.now(), description="One", full_description="Long")
    assert not repository(name="app")["changed"]
    assert repository(name="app", description="", full_description="")["changed"]
    found = hub.repositories.find("myorg", "app")
    assert (found.description, found.full_description) == ("", "")
    assert not repository(name="app", full_description="")["changed"]


@pytest.mark.parametrize("private", [True, False])
def test_privacy_is_changed_by_its_own_request(hub: t.Any, repository: RepositoryTasks, private: bool) -> None:
    hub.repositories.add("myorg", "app", hub.now(), is_private=not private)
    assert repository(name="app", private=private)["repository"]["private"] is private
    assert repository.writes == [f"POST {APP}/privacy"]
    assert hub.repositories.find("myorg", "app").is_private is private


def test_check_mode_sends_no_writes(hub: t.Any, repository: RepositoryTasks) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    for params in ({"name": "app", "private": True}, {"name": "new"}, {"name": "app", "state": "absent"}):
        assert repository(**params, check_mode=True)["changed"]
        assert repository.writes == []


def test_rules_of_immutable_tags_are_merged(hub: t.Any, repository: RepositoryTasks) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    rules = {"enabled": True, "rules": ["v2", "v1"]}
    assert repository(name="app", immutable_tags=rules)["changed"]
    assert repository.sent[-1].body == {"immutable_tags": True, "immutable_tags_rules": ["v1", "v2"]}
    assert not repository(name="app", immutable_tags={**rules, "rules": ["v1", "v2", "v1"]})["changed"]
    assert repository(name="app", immutable_tags={"enabled": False})["changed"]
    assert repository.sent[-1].body == {"immutable_tags": False, "immutable_tags_rules": ["v1", "v2"]}


def test_a_rule_may_be_a_text_and_none_may_be_left(hub: t.Any, repository: RepositoryTasks) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    repository(name="app", immutable_tags={"enabled": True, "rules": "v[0-9]{1,3}"})
    assert repository.sent[-1].body["immutable_tags_rules"] == ["v[0-9]{1,3}"]
    repository(name="app", immutable_tags={"rules": []})
    assert repository.sent[-1].body["immutable_tags_rules"] == []


def test_check_mode_lists_tags_that_rules_would_freeze(hub: t.Any, repository: RepositoryTasks) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    add_tags(hub, "v1", "v2", "latest")
    result = repository(name="app", immutable_tags={"enabled": True, "rules": ["v1", "v.*"]}, check_mode=True)
    assert result["would_freeze"] == ["v1", "v2"]
    assert not hub.repositories.find("myorg", "app").immutable_tags


@pytest.mark.parametrize("namespaced", [None, 404, 405])
def test_teams_get_their_permissions(hub: t.Any, repository: RepositoryTasks, namespaced: int | None) -> None:
    if namespaced:
        hub.missing_paths = {"namespaced groups": namespaced}
    repository.login = OWNER
    repository.seed(teams=[{"name": "Dev"}, {"name": "ops"}, {"name": "qa"}])
    hub.repositories.add("myorg", "app", hub.now())
    teams = [{"name": "Dev", "permission": "write"}, {"name": "ops", "permission": "admin"}]
    assert repository(name="app", teams=teams)["repository"]["teams"] == teams
    assert not repository(name="app", teams=teams)["changed"]
    kept = repository(name="app", teams=[{"name": "qa"}])
    assert kept["repository"]["teams"] == [*teams, {"name": "qa", "permission": "read"}]
    left = repository(name="app", teams=[{"name": "dev", "permission": "read"}], teams_exclusive=True)
    assert left["repository"]["teams"] == [{"name": "Dev", "permission": "read"}]
    assert not repository(name="app", teams=[{"name": "dev"}], teams_exclusive=True)["changed"]


def test_a_team_that_does_not_exist_is_named(hub: t.Any, repository: RepositoryTasks) -> None:
    repository.login = OWNER
    hub.repositories.add("myorg", "app", hub.now())
    with pytest.raises(errors.NotFound, match="the team nobody of myorg does not exist"):
        repository(name="app", teams=[{"name": "nobody"}])


@pytest.mark.parametrize("tags", [None, 7, [None], {}])
def test_a_preview_of_another_form_lists_nothing(hub: t.Any, repository: RepositoryTasks, tags: t.Any) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    hub.fail(f"{APP}/immutabletags/verify", status=200, body={"tags": tags})
    result = repository(name="app", immutable_tags={"enabled": True, "rules": ["v1"]}, check_mode=True)
    assert result["would_freeze"] == []


def test_a_failure_in_the_middle_reports_what_was_done(hub: t.Any, repository: RepositoryTasks) -> None:
    repository.login = OWNER
    repository.seed(teams=[{"name": "dev"}, {"name": "Ops"}])
    from emulator.teams import team_ids

    ops_id = team_ids(hub, "myorg")["Ops"]

    def refuse(sent: t.Any) -> t.Any:
        is_ops = sent.method == "POST" and sent.body["group_id"] == ops_id
        return hub_emulator.Reply(400, {"message": "no"}) if is_ops else None

    hub.fail(f"{APP}/groups", None, respond=refuse)
    with pytest.raises(errors.InvalidRequest) as caught:
        repository(name="app", teams=[{"name": "dev"}, {"name": "Ops"}])
    assert caught.value.result == {
        "changed": True,
        "done": [{"name": "app", "change": "create"}, {"name": "dev", "change": "read"}],
        "left": [{"name": "Ops", "change": "read"}],
    }


@pytest.mark.parametrize("login", [OWNER, PAT])
def test_a_team_that_cannot_be_added_prevents_the_creation(
    hub: t.Any, repository: RepositoryTasks, login: tuple[str, str]
) -> None:
    repository.login = login
    with pytest.raises((errors.NotFound, errors.NeedsPasswordLogin)) as caught:
        repository(name="app", teams=[{"name": "nobody"}])
    if login == OWNER:
        assert "the team nobody of myorg does not exist" in str(caught.value)
        assert "create it with dockerhub_team" in str(caught.value)
    assert {request.method for request in repository.sent} == {"GET"}


def test_in_check_mode_a_missing_team_is_a_warning(hub: t.Any, repository: RepositoryTasks) -> None:
    repository.login = OWNER
    assert repository(name="app", teams=[{"name": "nobody"}], check_mode=True)["changed"]
    assert "the team nobody of myorg does not exist" in repository.warnings[0]


@pytest.mark.parametrize("has_effect", [True, False])
def test_a_lost_answer_is_decided_by_the_state(hub: t.Any, repository: RepositoryTasks, has_effect: bool) -> None:
    repository.login = OWNER
    repository.seed(teams=[{"name": "dev"}])
    hub.repositories.add("myorg", "app", hub.now())
    for path, wanted in (("privacy", {"private": True}), ("groups", {"teams": [{"name": "dev"}]})):
        hub.fail(f"{APP}/{path}", None, respond=lambda sent: _lost(hub, sent, has_effect))
        if has_effect:
            assert repository(name="app", **wanted)["changed"]
        else:
            with pytest.raises(errors.ServerError):
                repository(name="app", **wanted)


def _lost(hub: t.Any, sent: t.Any, has_effect: bool) -> t.Any:
    """Answer 502 to a POST, with or without its effect."""
    if sent.method != "POST":
        return None
    found = hub.repositories.find("myorg", "app")
    if has_effect and "is_private" in sent.body:
        found.is_private = sent.body["is_private"]
    elif has_effect:
        found.permissions[sent.body["group_id"]] = sent.body["permission"]
    return hub_emulator.Reply(502, {})


def test_a_failure_after_the_creation_is_a_change(hub: t.Any, repository: RepositoryTasks) -> None:
    repository.login = OWNER
    repository.seed(teams=[{"name": "dev"}])
    hub.fail(f"{APP}/groups", None, status=500)
    with pytest.raises(errors.ServerError) as caught:
        repository(name="app", teams=[{"name": "dev"}])
    assert caught.value.result == {"changed": True}


def test_an_answer_without_rules_still_has_its_text(hub: t.Any, repository: RepositoryTasks) -> None:
    body = {"namespace": "myorg", "name": "app", "description": "One", "full_description": "Long", "is_private": False}
    hub.fail(APP, status=200, body=body)
    assert not repository(name="app", description="One", full_description="Long")["changed"]


@pytest.mark.parametrize("path", [None, {"namespaced delete": 405}, {"namespaced delete": 404}])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_repository_is_deleted(
    hub: t.Any, repository: RepositoryTasks, status: int, path: dict[str, int] | None
) -> None:
    hub.repository_deleted_status = status
    hub.missing_paths = path or {}
    hub.repositories.add("myorg", "app", hub.now())
    assert repository(name="app", state="absent")["changed"]
    assert hub.repositories.find("myorg", "app") is None
    assert not repository(name="app", state="absent")["changed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_repository_with_tags_is_protected(hub: t.Any, repository: RepositoryTasks, check_mode: bool) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    add_tags(hub, "v1")
    with pytest.raises(errors.Protected, match="contains 1 tag, "):
        repository(name="app", state="absent", check_mode=check_mode)
    assert repository(name="app", state="absent", force=True, check_mode=check_mode)["changed"]
    assert (hub.repositories.find("myorg", "app") is None) is not check_mode


@pytest.mark.parametrize("tags", [{}, {"count": None, "results": None}, {"results": {}}])
def test_a_repository_whose_tags_are_unknown_is_protected(hub: t.Any, repository: RepositoryTasks, tags: t.Any) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    hub.fail(f"{APP}/tags", status=200, body=tags)
    with pytest.raises(errors.BadAnswer, match="contains no list"):
        repository(name="app", state="absent")
    assert repository.writes == []


@pytest.mark.parametrize("status", [400, 409, 403])
def test_a_race_between_two_creations_is_no_failure(hub: t.Any, repository: RepositoryTasks, status: int) -> None:
    hub.existing_repository_status = status

    def create_meanwhile(sent: t.Any) -> None:
        if sent.method == "POST":
            hub.repositories.add("myorg", "app", hub.now(), description="Other")

    hub.fail(HERE, status=None, respond=create_meanwhile)
    assert repository(name="app", description="One")["changed"]
    assert hub.repositories.find("myorg", "app").description == "One"


def test_a_lost_answer_to_a_creation_is_no_failure(hub: t.Any, repository: RepositoryTasks) -> None:
    hub.fail(HERE, status=None, truncate=True)
    assert repository(name="app", description="One")["changed"]
    assert sum(sent.method == "POST" and sent.path == HERE for sent in hub.requests) == 1


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"description": "é" * 51}, "description has 102 bytes"),
        ({"full_description": "x" * 25_001}, "full_description has 25001 bytes"),
        ({"name": "No Name"}, "name is not the name of a repository"),
        ({"name": "a"}, "name is not the name of a repository"),
        ({"name": "myorg/app"}, "without the namespace"),
        ({"immutable_tags": {"rules": [""]}}, "contains an empty pattern"),
        ({"immutable_tags": {"rules": ["v1", None]}}, "not a text"),
        ({"immutable_tags": {"rules": [1.10]}}, "not a text"),
        ({"teams": [{"name": "dev", "permission": "write"}, {"name": "Dev"}]}, "teams lists Dev twice"),
        ({"teams": [{"name": " "}]}, "without a name"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_bad_input_sends_nothing(
    repository: RepositoryTasks, params: dict[str, t.Any], words: str, check_mode: bool
) -> None:
    with pytest.raises(errors.InvalidOptions, match=words):
        repository(**{"name": "app", **params}, check_mode=check_mode)
    assert [sent.path for sent in repository.sent] == []


def test_an_oat_creates_and_deletes(hub: t.Any, repository: RepositoryTasks) -> None:
    repository.login = OAT
    assert repository(name="app", description="One")["changed"]
    assert repository(name="app", state="absent")["changed"]
    assert hub.repositories.find("myorg", "app") is None


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (403, {"message": "insufficient scope", "errinfo": {}}, "insufficient_scope", "scope-repository-edit"),
        (403, {"message": "permission denied", "errinfo": None}, "forbidden", "repo:admin"),
        (402, {"message": "payment required"}, "plan_required", "subscription"),
        (500, {"message": "boom"}, "server_error", "dockerstatus"),
    ],
)
def test_a_refused_change_names_what_it_requires(
    hub: t.Any, repository: RepositoryTasks, status: int, body: t.Any, code: str, words: str
) -> None:
    hub.repositories.add("myorg", "app", hub.now())
    hub.fail(
        APP,
        times=None,
        status=None,
        respond=lambda sent: hub_emulator.Reply(status, body) if sent.method == "PATCH" else None,
    )
    with pytest.raises(errors.HubError, match=words) as caught:
        repository(name="app", description="One")
    assert caught.value.code == code


@pytest.mark.parametrize("setting", [{}, {"next_base": "http://elsewhere.invalid"}, {"count_is_zero": True}])
def test_all_repositories_are_listed(hub: t.Any, info: RepositoryTasks, setting: dict[str, t.Any]) -> None:
    for name, value in setting.items():
        setattr(hub, name, value)
    for number in range(205):
        hub.repositories.add("myorg", f"app-{number:03}", hub.now())
    result = info()
    assert [row["name"] for row in result["repositories"]] == [f"app-{number:03}" for number in range(205)]
    assert len(info.sent) == 3


def test_a_thousand_repositories_take_ten_requests(hub: t.Any, info: RepositoryTasks) -> None:
    for number in range(1000):
        hub.repositories.add("myorg", f"app-{number:04}", hub.now())
    assert len(info()["repositories"]) == 1000
    assert len(info.sent) == 10


def test_one_repository_is_read_with_its_tags(hub: t.Any, info: RepositoryTasks) -> None:
    hub.repositories.add("myorg", "app", hub.now(), full_description="Long")
    add_tags(hub, "v1", "v2")
    [found] = info(name="app", tags=True)["repositories"]
    assert found["full_description"] == "Long"
    assert {tag["name"] for tag in found["tags"]} == {"v1", "v2"}
    assert info(name="missing")["repositories"] == []


def test_an_oat_that_sees_no_private_repository_is_warned(hub: t.Any, info: RepositoryTasks) -> None:
    info.login = OAT
    hub.repositories.add("myorg", "app", hub.now())
    info()
    assert "scope-repository-list" in info.warnings[0]
    hub.repositories.add("myorg", "secret", hub.now(), is_private=True)
    info()
    assert info.warnings == []


def test_any_path_can_be_read(hub: t.Any, api: Tasks) -> None:
    api.seed(teams=[{"name": f"team-{number:03}"} for number in range(120)])
    one = request(api, "/v2/orgs/myorg/groups", query={"search": "team-007"})
    assert (one["status"], one["changed"], one["json"]["count"]) == (200, False, 1)
    every = request(api, "/v2/orgs/myorg/groups", all_pages=True)
    assert len(every["entries"]) == 121  # and the owners


def test_a_write_is_changed_and_not_sent_in_check_mode(hub: t.Any, api: Tasks) -> None:
    body = {"name": "dev"}
    planned = request(api, "/v2/orgs/myorg/groups", method="POST", body=body, check_mode=True)
    assert (planned["changed"], planned["status"], api.sent) == (True, None, [])
    made = request(api, "/v2/orgs/myorg/groups", method="POST", body='{"name": "dev"}', status_code=[201])
    assert (made["changed"], made["status"], made["json"]["name"]) == (True, 201, "dev")


def test_an_expected_status_is_no_failure(api: Tasks) -> None:
    result = request(api, f"{HERE}/none", method="HEAD", status_code=[200, 404])
    assert (result["status"], result["changed"]) == (404, False)
    with pytest.raises(errors.NotFound, match="the repository myorg/none does not exist"):
        request(api, f"{HERE}/none")
    with pytest.raises(errors.UnexpectedStatus, match="answered 200"):
        request(api, HERE, status_code=[204])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("https://example.com/v2/x", "scheme or a host"),
        ("//example.com/v2/x", "scheme or a host"),
        ("/v2/x?page=2", "query or a fragment"),
        ("/v2/x#top", "query or a fragment"),
        ("/v2/../x", "'.' or '..'"),
        ("/v2/%2e%2E/x", "'.' or '..'"),
        ("/v2/%252e%252e/x", "'.' or '..'"),
        ("/v2/x y", "cannot contain"),
        ("/v2/x\\y", "cannot contain"),
        ("/v2/ümlaut", "cannot contain"),
        ("orgs/myorg/groups", "did you mean /v2/orgs/myorg/groups"),
        ("/api/v1", "did you mean /v2/api/v1"),
        ("v2/orgs/myorg/groups", "did you mean /v2/orgs/myorg/groups"),
        ("/v2/users/login", "the path of a login"),
        ("/v2/auth/token/", "the path of a login"),
    ],
)
def test_a_path_that_leads_elsewhere_sends_nothing(hub: t.Any, api: Tasks, path: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptions, match=words):
        request(api, path)
    assert api.sent == []


@pytest.mark.parametrize(
    ("body", "is_secret"),
    [
        ({"token": "dckr_pat_new", "uuid": "1"}, True),
        ({"results": [{"name": "x", "note": "eyJhbGci.eyJzdWIi.c2ln"}]}, True),
        ({"secret_key": "value"}, True),
        ({"client_secret": "value"}, True),
        ({"recovery_codes": ["value"]}, True),
        ({"token": "", "name": "app"}, False),
        ({"token_label": "ci"}, False),
    ],
)
def test_a_new_secret_hides_the_result(hub: t.Any, api: Tasks, body: t.Any, is_secret: bool) -> None:
    hub.fail("/v2/any", status=200, body=body)
    hidden: list[str] = []
    original = api.function
    api.function = lambda task, client: (original(task, client), hidden.extend(task.new_secrets))[0]
    assert request(api, "/v2/any")["json"] == body
    assert bool(hidden) is is_secret


@pytest.mark.parametrize(
    ("body", "words"),
    [("not JSON", "not JSON"), ("{", "not JSON"), ({"until": [datetime.date(2026, 1, 2)]}, "a date")],
)
def test_a_body_that_is_not_json_sends_nothing(api: Tasks, body: t.Any, words: str) -> None:
    with pytest.raises(errors.InvalidOptions, match=words):
        request(api, "/v2/any", method="POST", body=body)
    assert api.sent == []


def test_an_answer_that_is_not_json_is_content(hub: t.Any, api: Tasks) -> None:
    hub.fail("/v2/any", status=200, body="Name,Email\n", headers={"Content-Type": "text/csv"})
    result = request(api, "/v2/any")
    assert (result["json"], result["content"]) == (None, "Name,Email\n")


def test_values_of_a_query_are_sent_as_docker_hub_reads_them(api: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[t.Any] = []

    def record(_self: t.Any, _method: str, _target: t.Any, *, query: t.Any, **_more: t.Any) -> Answer:
        queries.append(query)
        return Answer(200, {})

    monkeypatch.setattr(HubClient, "request", record)
    query = {"page": 2, "invites": True, "role": ["owner", "editor"], "search": None, "type": ""}
    request(api, "/v2/any", query=query)
    assert queries == [{"page": "2", "invites": "true", "role": ["owner", "editor"], "type": ""}]
