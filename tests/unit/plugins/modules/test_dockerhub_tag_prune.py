# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tag clean-up against the emulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t

import hub_emulator
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hubops.dockerhub.plugins.module_utils import _progress
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    Forbidden,
    HubError,
    InsufficientScope,
    InvalidOptions,
    NotFound,
    RateLimited,
    ServerError,
    TokenExpired,
    TooManyRemovals,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task
from ansible_collections.hubops.dockerhub.plugins.modules.dockerhub_tag_prune import SPEC, tag_prune
from emulator.tags import add_tags  # type: ignore[import-not-found]  # conftest.py makes it importable

DAY = 86400
APP = "/v2/namespaces/mybot/repositories/app"
LEGACY_APP = "/v2/repositories/mybot/app"
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}


class Pruner:
    """Runs the module's function on a repository, and has seen what it showed."""

    def __init__(self, hub: t.Any) -> None:
        self.hub = hub
        self.repository = hub.repositories.add("mybot", "app", hub.now())
        self.warnings: list[str] = []
        self.lines: list[str] = []
        self.renewals = 0
        self.login: dict[str, t.Any] = {**MYBOT, "namespace": None}

    def add(self, *tags: t.Any, **more: t.Any) -> None:
        add_tags(
            self.hub, {"namespace": self.repository.namespace, "repository": "app", "tags": list(tags), **more}, ""
        )

    @property
    def tags(self) -> list[str]:
        return sorted(self.repository.tags)

    def options(self, **given: t.Any) -> Options:
        login = {name: self.login[name] for name in ("identifier", "secret")}
        return normalize_options({"hub_url": self.hub.url, "timeout": 5.0, "retries": 0, **login, **given})

    def __call__(
        self,
        *,
        check_mode: bool = False,
        options: dict[str, t.Any] | None = None,
        renew: bool = False,
        bearer: str | None = None,
        **params: t.Any,
    ) -> Result:
        validated = ArgumentSpecValidator(**SPEC).validate({"name": "app", **params})
        assert not validated.error_messages
        given = self.options(**(options or {}))
        task = Task(
            validated.validated_parameters,
            given,
            check_mode=check_mode,
            warn=self.warnings.append,
            inform=self.lines.append,
        )
        with HubClient(given, bearer or self.log_in(), (lambda _dead: self.log_in()) if renew else None) as client:
            return tag_prune(task, client)

    def log_in(self) -> str:
        self.renewals += 1
        return fetch_token(self.options())["access_token"] or ""

    def fails(self, error: type[HubError], **params: t.Any) -> HubError:
        with pytest.raises(error) as caught:
            self(**params)
        assert caught.value.hint
        return caught.value

    def sent(self, method: str) -> list[str]:
        """Return the paths of the requests with a method, without logins."""
        return [
            each.path
            for each in self.hub.requests
            if each.method == method and each.path not in hub_emulator.AUTH_PATHS
        ]


@pytest.fixture
def prune(hub: t.Any) -> Pruner:
    return Pruner(hub)


@pytest.fixture
def slept(hub: t.Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace sleeping: the emulator's clock goes forward instead. Return the seconds."""
    hub.token_life = None
    seconds: list[float] = []

    def sleep(duration: float) -> None:
        seconds.append(duration)
        hub.clock_offset += duration

    monkeypatch.setattr(time, "sleep", sleep)
    return seconds


def aged(*days: float, prefix: str = "t") -> list[dict[str, t.Any]]:
    """Return a tag for each age in days, called by it."""
    return [{"name": f"{prefix}{day}", "pushed_ago": day * DAY} for day in days]


# What goes and what stays


def test_old_tags_are_deleted_the_oldest_first(prune: Pruner) -> None:
    prune.add(*aged(1, 40, 30, 50))
    result = prune(older_than="20d")
    assert result["changed"] is True
    assert result["deleted"] == ["t50", "t40", "t30"]
    assert prune.tags == ["t1"]
    assert result["left"] == result["gone"] == []


def test_a_second_run_changes_nothing(prune: Pruner) -> None:
    prune.add(*aged(1, 2, 3, 4))
    assert prune(keep_last=2)["deleted"] == ["t4", "t3"]
    result = prune(keep_last=2)
    assert (result["changed"], result["deleted"], result["candidates"], result["bytes"]) == (False, [], [], 0)
    assert prune.tags == ["t1", "t2"]


def test_all_rules_must_apply(prune: Pruner) -> None:
    prune.add(
        {"name": "pr-old", "pushed_ago": 90 * DAY},
        {"name": "pr-used", "pushed_ago": 91 * DAY, "pulled_ago": DAY},
        {"name": "pr-kept", "pushed_ago": 92 * DAY},
        {"name": "pr-young", "pushed_ago": DAY},
        {"name": "pr-newest", "pushed_ago": 0},
        {"name": "other", "pushed_ago": 99 * DAY},
    )
    result = prune(match="pr-*", protect=["*-kept"], keep_last=1, older_than="30d", not_pulled_since="1w")
    assert result["deleted"] == ["pr-old"]
    reasons = {each["name"]: each["reason"].partition(" 20")[0] for each in result["kept"]}
    assert reasons == {
        "pr-used": "pulled or pushed since",
        "pr-kept": "protected",
        "pr-young": "not pushed before",
        "pr-newest": "among the newest 1",
        "other": "not matched",
    }


def test_immutable_tags_are_kept(prune: Pruner) -> None:
    prune.add(*aged(50, 60), {"name": "v1.0.0", "pushed_ago": 70 * DAY})
    prune.repository.immutable_tags, prune.repository.immutable_rules = True, [r"^v\d"]
    assert prune(older_than="1d")["deleted"] == ["t60", "t50"]
    assert prune.tags == ["v1.0.0"]


def test_rules_that_are_switched_off_keep_nothing(prune: Pruner) -> None:
    prune.add(*aged(50))
    assert prune.repository.immutable_rules == [".*"]
    assert prune(older_than="1d")["deleted"] == ["t50"]


def test_an_unreadable_rule_keeps_all_and_warns(prune: Pruner) -> None:
    prune.add(*aged(50))
    prune.repository.immutable_tags, prune.repository.immutable_rules = True, [r"^\pL+$"]
    assert prune(older_than="1d")["deleted"] == []
    assert prune.warnings == [
        "Python cannot read the rule for immutable tags ^\\pL+$, so every tag counts as immutable and is kept."
    ]


def test_ages_are_those_of_docker_hubs_clock(prune: Pruner) -> None:
    prune.hub.clock_offset = 30 * DAY
    prune.add(*aged(5, 15))
    assert prune(older_than="10d")["deleted"] == ["t15"]


def test_a_time_is_as_good_as_a_span(prune: Pruner) -> None:
    prune.add(*aged(5, 15))
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 10 * DAY))
    assert prune(older_than=day)["deleted"] == ["t15"]


def test_the_tags_of_an_organization_are_deleted_with_its_token(hub: t.Any) -> None:
    prune = Pruner(hub)
    prune.repository = hub.repositories.add("myorg", "app", hub.now(), is_private=True)
    prune.login = {"identifier": "myorg", "secret": hub_emulator.MYORG_OAT}
    prune.add(*aged(5, 15))
    assert prune(older_than="10d")["deleted"] == ["t15"]
    assert all(path.startswith("/v2/namespaces/myorg/") for path in [*prune.sent("GET"), *prune.sent("DELETE")])


# Mistakes, found before any request


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "there is no rule"),
        ({"match": "*"}, "there is no rule: match and protect alone"),
        ({"protect": "latest", "older_than": ""}, "there is no rule"),
        ({"keep_last": 0}, "keep_last is less than 1"),
        ({"keep_last": 1, "max_deletions": -1}, "max_deletions is negative"),
        ({"older_than": "90"}, "older_than is neither a span nor a time"),
        ({"not_pulled_since": "a month"}, "not_pulled_since is neither"),
        ({"older_than": "2999-01-01"}, "older_than is a time in the future"),
        ({"keep_last": 1, "match": ""}, "match contains an empty pattern"),
        ({"keep_last": 1, "protect": [1.10]}, "protect contains 1.1, which is not a text"),
        ({"keep_last": 1, "match": "regex:("}, "match contains an invalid regular expression"),
        ({"keep_last": 1, "name": "mybot/app"}, "name is not the name of a repository"),
    ],
)
def test_a_mistake_costs_no_request(prune: Pruner, params: dict[str, t.Any], words: str) -> None:
    for check_mode in (False, True):
        assert words in str(prune.fails(InvalidOptions, check_mode=check_mode, bearer="unused", **params))
    assert prune.hub.requests == []


# Check mode


def test_check_mode_lists_candidates_and_deletes_nothing(prune: Pruner) -> None:
    prune.add(
        {"name": "a", "pushed_ago": 40.5 * DAY, "pulled_ago": 35 * DAY, "size": 1000},
        {"name": "b", "pushed_ago": 50.5 * DAY, "size": 234},
        {"name": "new"},
    )
    result = prune(check_mode=True, older_than="30d", not_pulled_since="30d")
    assert result["changed"] is True
    assert [each["name"] for each in result["candidates"]] == result["left"] == ["b", "a"]
    assert [each["age"] for each in result["candidates"]] == [50, 40]
    assert [each["size"] for each in result["candidates"]] == [234, 1000]
    assert result["candidates"][0]["last_pulled"] is None
    assert result["candidates"][1]["last_pulled"] > result["candidates"][1]["last_pushed"]
    assert "pushed before" in result["candidates"][0]["reason"]
    assert "neither pulled nor pushed since" in result["candidates"][0]["reason"]
    assert (result["bytes"], result["deleted"]) == (1234, [])
    assert prune.tags == ["a", "b", "new"]
    assert prune.sent("DELETE") == []


def test_check_mode_without_candidates_changes_nothing(prune: Pruner) -> None:
    prune.add(*aged(1))
    assert prune(check_mode=True, older_than="30d")["changed"] is False


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_difference_is_that_of_the_lists(prune: Pruner, check_mode: bool) -> None:
    prune.add(*aged(1, 40))
    diff = prune(check_mode=check_mode, older_than="30d")["diff"]
    assert diff == {"before": 'tags:\n  - "t1"\n  - "t40"\n', "after": 'tags:\n  - "t1"\n'}


# The limit


@pytest.mark.parametrize("check_mode", [False, True])
def test_too_many_candidates_delete_nothing(prune: Pruner, check_mode: bool) -> None:
    prune.add(count=101, pushed_ago=40 * DAY)
    prune.add("new")
    error = prune.fails(TooManyRemovals, check_mode=check_mode, older_than="30d")
    assert "select 101 of 102 tags for deletion, but max_deletions is 100: nothing is deleted" in str(error)
    assert len(error.result["candidates"]) == len(error.result["left"]) == 101
    assert (error.result["changed"], error.result["deleted"]) == (False, [])
    assert prune.sent("DELETE") == []


def test_as_many_candidates_as_allowed_are_deleted(prune: Pruner) -> None:
    prune.add(count=3, pushed_ago=40 * DAY)
    assert len(prune(older_than="30d", max_deletions=3)["deleted"]) == 3


def test_zero_is_no_limit(prune: Pruner) -> None:
    prune.add(count=101, pushed_ago=40 * DAY)
    assert len(prune(older_than="30d", max_deletions=0)["deleted"]) == 101


# The list


def test_all_pages_are_read_before_the_first_deletion(prune: Pruner) -> None:
    prune.add(count=201)
    prune.add(*aged(40, 50))
    prune(older_than="30d")
    methods = [(each.method, each.path) for each in prune.hub.requests if each.path not in hub_emulator.AUTH_PATHS]
    assert [path for _method, path in methods[:4]] == [APP, f"{APP}/tags", f"{APP}/tags", f"{APP}/tags"]
    assert f"{APP}/tags" not in [path for _method, path in methods[4:]]


def test_a_list_that_is_cut_short_deletes_nothing(prune: Pruner) -> None:
    prune.add(count=150, pushed_ago=40 * DAY)
    prune.hub.fail(f"{APP}/tags", times=None, respond=lambda request: first_page_only(prune, request))
    error = prune.fails(HubError, older_than="30d", max_deletions=0)
    assert "ended after 100 entries of 150" in str(error)
    assert prune.sent("DELETE") == []


def first_page_only(prune: Pruner, request: t.Any) -> t.Any:
    reply = prune.hub.reply_to(request)
    return hub_emulator.Reply(200, {**reply.body, "next": None})


def test_a_repository_that_does_not_exist_is_an_error(prune: Pruner) -> None:
    error = prune.fails(NotFound, name="missing", older_than="30d")
    assert "the repository mybot/missing does not exist" in str(error)


def test_a_repository_without_tags_changes_nothing(prune: Pruner) -> None:
    result = prune(older_than="30d")
    assert (result["changed"], result["candidates"], result["kept"]) == (False, [], [])


# What happens in between


def when_read(prune: Pruner, tag: str, do: t.Callable[[], t.Any], method: str = "GET") -> None:
    """Do something just before the emulator answers a request about a tag."""

    def respond(request: t.Any) -> None:
        if request.method == method:
            do()

    prune.hub.fail(f"{APP}/tags/{tag}", times=None, status=None, respond=respond)


def test_a_tag_that_is_pushed_again_is_kept(prune: Pruner) -> None:
    prune.add(*aged(40, 50))
    when_read(prune, "t40", lambda: prune.add("t40"))
    result = prune(older_than="30d")
    assert (result["deleted"], result["left"]) == (["t50"], [])
    assert result["kept"] == [{"name": "t40", "reason": "pushed or pulled while the task ran"}]
    assert f"{APP}/tags/t40" not in prune.sent("DELETE")


@pytest.mark.parametrize(("rule", "deleted"), [("not_pulled_since", []), ("older_than", ["t40"])])
def test_a_pull_in_between_matters_if_pulls_do(prune: Pruner, rule: str, deleted: list[str]) -> None:
    prune.add(*aged(40))

    def pull() -> None:
        prune.repository.tags["t40"].pulled = prune.hub.now()

    when_read(prune, "t40", pull)
    assert prune(**{rule: "30d"})["deleted"] == deleted


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_tag_that_somebody_else_deletes_is_gone(prune: Pruner, method: str) -> None:
    prune.add(*aged(40, 50))
    when_read(prune, "t50", lambda: prune.repository.tags.pop("t50", None), method)
    result = prune(older_than="30d")
    assert (result["deleted"], result["gone"], result["left"]) == (["t40"], ["t50"], [])


def test_a_deletion_whose_answer_is_lost_counts(prune: Pruner) -> None:
    prune.add(*aged(40))
    lost = {"once": True}

    def respond(request: t.Any) -> t.Any:
        if request.method == "DELETE" and lost.pop("once", False):
            prune.hub.reply_to(request)
            return hub_emulator.Reply(503, "")
        return None

    prune.hub.fail(f"{APP}/tags/t40", times=None, status=None, respond=respond)
    result = prune(older_than="30d", options={"retries": 1})
    assert (result["deleted"], result["gone"], prune.tags) == (["t40"], [], [])


# A task that stops


def on_deletion(prune: Pruner, number: int, reply: t.Any) -> None:
    """Answer a deletion and all that follow it differently."""
    seen: list[str] = []

    def respond(request: t.Any) -> t.Any:
        if request.method == "DELETE":
            seen.append(request.path)
        return reply if request.method == "DELETE" and len(seen) >= number else None

    for path in (APP, LEGACY_APP):
        prune.hub.fail(f"{path}/tags/*", times=None, status=None, respond=respond)


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, Forbidden), (401, TokenExpired), (500, ServerError), (404, NotFound), (429, RateLimited), (409, HubError)],
)
def test_what_was_done_and_what_is_left_is_returned(prune: Pruner, status: int, error: type[HubError]) -> None:
    prune.add(*aged(40, 50, 60))
    on_deletion(prune, 2, hub_emulator.Reply(status, {"message": "no"}))
    result = prune.fails(error, older_than="30d", options={"max_wait": 0}).result
    assert (result["changed"], result["deleted"], result["left"]) == (True, ["t60"], ["t50", "t40"])
    assert result["bytes"] == 1000
    assert prune.tags == ["t40", "t50"]
    prune.hub.heal()
    assert prune(older_than="30d")["deleted"] == ["t50", "t40"]


def test_a_token_that_may_not_delete_needs_a_higher_level(hub: t.Any) -> None:
    prune = Pruner(hub)
    prune.repository = hub.repositories.add("orgmember", "app", hub.now())
    prune.login = {"identifier": "orgmember", "secret": hub_emulator.ORGMEMBER_PAT}
    prune.add(*aged(40))
    error = prune.fails(InsufficientScope, older_than="30d")
    assert "repo:admin (Repo Read, Write, Delete)" in str(error)
    assert error.result["left"] == ["t40"]


def test_a_token_that_expires_in_the_middle_is_renewed(prune: Pruner) -> None:
    prune.add(*aged(40, 50, 60))
    prune.hub.fail(f"{APP}/tags/t50", status=401, body={"message": "unauthorized"})
    result = prune(older_than="30d", renew=True)
    assert result["deleted"] == ["t60", "t50", "t40"]
    assert prune.renewals == 2


def test_each_deletion_has_retries_of_its_own(prune: Pruner, slept: list[float]) -> None:
    prune.add(count=6, pushed_ago=40 * DAY)
    for number in range(6):
        prune.hub.fail(f"{APP}/tags/tag{number:05}", **hub_emulator.FAULTS["html_502"])
    assert len(prune(older_than="30d", options={"retries": 1})["deleted"]) == 6
    assert len(slept) == 6


# Pace


def test_many_deletions_stay_within_the_rate_limit(prune: Pruner, slept: list[float]) -> None:
    prune.hub.rate_limit = 180
    prune.add(count=300, pushed_ago=40 * DAY)
    result = prune(older_than="30d", max_deletions=0, options={"max_wait": 0})
    assert len(result["deleted"]) == 300
    assert 429 not in [each.status for each in prune.hub.requests]
    assert sum(slept) < 600 / 180 * 60


def test_a_limit_that_others_use_up_is_waited_for(prune: Pruner, slept: list[float]) -> None:
    prune.hub.rate_limit = 180
    prune.add(count=10, pushed_ago=40 * DAY)

    def use_up() -> None:
        prune.hub.rate.requests = 10_000

    for number in range(10):
        when_read(prune, f"tag{number:05}", use_up)
    options = {"retries": 1, "max_wait": 62}  # less than the two waits
    assert len(prune(older_than="30d", options=options)["deleted"]) == 10
    assert 500 < sum(slept) < 700


def test_a_longer_wait_than_allowed_stops_the_task(prune: Pruner, slept: list[float]) -> None:
    prune.hub.rate_limit = 10
    prune.add(count=10, pushed_ago=40 * DAY)
    error = prune.fails(RateLimited, older_than="30d", options={"max_wait": 20})
    assert error.retry_at
    assert error.result["deleted"]
    assert error.result["left"]
    assert sum(slept) < 20


@pytest.mark.parametrize("status", [404, 405])
def test_a_path_that_does_not_exist_is_tried_once(prune: Pruner, status: int) -> None:
    prune.hub.missing_paths = {"namespaced delete_tag": status}
    prune.add(*aged(40, 50, 60))
    assert len(prune(older_than="30d")["deleted"]) == 3
    paths = prune.sent("DELETE")
    assert [path.startswith(APP) for path in paths] == [True, False, False, False]


# Progress


class Clock:
    """A clock that goes forward with each look."""

    def __init__(self, step: float) -> None:
        self.step, self.now = step, 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize(("check_mode", "shown"), [(False, True), (True, False)])
def test_progress_is_shown_every_ten_seconds(
    prune: Pruner, monkeypatch: pytest.MonkeyPatch, check_mode: bool, shown: bool
) -> None:
    monkeypatch.setattr(_progress, "time", Clock(1))
    prune.add(count=15, pushed_ago=40 * DAY)
    prune(check_mode=check_mode, older_than="30d")
    lines = ["mybot/app: 10 tags read", "mybot/app: 5 of 15 tags done", "mybot/app: 15 of 15 tags done"]
    assert prune.lines == (lines if shown else [])


def test_a_short_task_shows_no_progress(prune: Pruner) -> None:
    prune.add(*aged(40, 50))
    prune(older_than="30d")
    assert prune.lines == []


# Size

MEASURE = """
import json, pathlib, re, resource, sys
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Task
from ansible_collections.hubops.dockerhub.plugins.modules.dockerhub_tag_prune import SPEC, tag_prune
url, bearer = sys.argv[1:]
options = normalize_options({"hub_url": url, "identifier": "mybot", "secret": "unused-secret"})
params = {name: row.get("default") for name, row in SPEC["argument_spec"].items()}
task = Task({**params, "name": "app", "keep_last": 100, "max_deletions": 0}, options, check_mode=True)
with HubClient(options, bearer) as hub:
    result = tag_prune(task, hub)
usage = resource.getrusage(resource.RUSAGE_SELF)
# Linux counts the memory of the parent process as well, until the program starts; its own peak is elsewhere.
status = pathlib.Path("/proc/self/status")
peak = re.search(r"VmHWM:\\s+([0-9]+)", status.read_text()) if status.exists() else None
kilobytes = int(peak[1]) if peak else usage.ru_maxrss
print(json.dumps([len(result["candidates"]), usage.ru_utime + usage.ru_stime, kilobytes / 1024]))
"""


def test_ten_thousand_tags_are_a_hundred_requests(prune: Pruner) -> None:
    prune.add(count=10_000, step=60, platforms=["linux/amd64", "linux/arm64"])
    bearer = prune.log_in()
    prune.hub.requests.clear()
    command = [sys.executable, "-c", MEASURE, prune.hub.url, bearer]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    measured = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert measured.returncode == 0, measured.stderr
    candidates, seconds, megabytes = json.loads(measured.stdout)
    print(f"{seconds:.2f} s, {megabytes:.0f} MB")
    assert candidates == 9_900
    assert prune.sent("GET").count(f"{APP}/tags") == 100
    assert len(prune.hub.requests) == 101
    assert megabytes < 120
    assert seconds < 3
