#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete tags of a repository at Docker Hub that are no longer needed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_tag_prune
short_description: Delete old tags of a Docker Hub repository
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Deletes tags of a repository that are no longer needed. The rules O(keep_last), O(older_than) and
    O(not_pulled_since) decide which tags these are. At least one rule is required. A tag is deleted only if all given
    rules apply to it.
  - Some tags are never deleted. These are the tags that O(protect) lists, the newest tags that O(keep_last) keeps,
    immutable tags, and tags whose last push has no known time.
  - Run the task in check mode first. RV(candidates) then contains the tags that it would delete, and C(--diff) shows
    the list before and after.
  - The task reads all tags before it deletes the first one. It fails if the list is not complete.
  - Before each deletion, the task reads the tag again. A tag that was pushed again in between is kept. With
    O(not_pulled_since), a tag that was pulled in between is kept too.
  - The oldest tags are deleted first. If the task stops or is killed, the next run continues with the rest.
  - A deletion takes two requests. If few requests of the rate limit are left, the task spreads them over the rest of
    the period. O(max_wait) and O(retries) apply to each deletion separately.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  namespace:
    description:
      - The account that owns the repository, which is a user or an organization. It is the part before the slash in
        C(myorg/app).
      - Without this option, O(identifier) is used. Required if O(identifier) is an e-mail address.
    type: str
  name:
    description: The name of the repository. It is the part after the slash in C(myorg/app).
    type: str
    required: true
  match:
    description:
      - The tags to which the rules apply, as one pattern or a list of patterns. All other tags are kept. Without this
        option, the rules apply to all tags.
      - A pattern is a shell pattern for the whole name, for example V(pr-*). With the prefix C(regex:), it is a regular
        expression of Python that matches any part of the name. Use C(^) and C($) to match the whole name.
      - Case matters. Put patterns in quotes, because YAML reads C(1.10) as the number 1.1.
    type: raw
  protect:
    description:
      - The tags that are never deleted, as patterns in the form of O(match). Without this option, no tag is protected.
    type: raw
  keep_last:
    description:
      - How many of the newest tags are kept. The time of the last push decides which tags are the newest. Only tags
        that O(match) lists are counted, including those that O(protect) lists.
      - It counts tags, not images. If each build pushes two tags, double the number.
      - Without this option, no number of tags is kept.
    type: int
  older_than:
    description:
      - Only tags whose last push is older than this are deleted.
      - The value is a span of time before now, for example V(90d), or a time in ISO 8601, for example V(2027-01-31) or
        V(2027-01-31T12:00:00Z).
      - A span is a whole number with C(s), C(m), C(h), C(d) or C(w) for seconds, minutes, hours, days or weeks. A time
        without an offset is in UTC.
      - Without this option, the age of a tag does not matter.
    type: str
  not_pulled_since:
    description:
      - Only tags that were neither pulled nor pushed since this time are deleted. For a tag that was never pulled, only
        its push counts.
      - The value is a span of time before now, or a time, as for O(older_than).
      - Without this option, pulls do not matter.
    type: str
  max_deletions:
    description:
      - How many tags one run may delete. If the rules select more tags, the task fails with the code
        V(too_many_removals) and deletes nothing. This also applies in check mode. RV(candidates) contains the tags in
        both cases.
      - With V(0), there is no limit.
    type: int
    default: 100
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - The task deletes only the names of images. Other tags of the same image still work. Docker Hub keeps the image, so
    the storage that you use does not become less. To free it, delete the image under Image Management of the
    repository.
  - A personal access token requires the level Repo Read, Write, Delete. An organization access token requires
    C(scope-repository-read), C(scope-tag-read) and C(scope-tag-admin).
  - The task finds immutable tags with the regular expressions of Python, but Docker Hub uses those of RE2. If Python
    cannot read one of the rules of the repository, the task warns and deletes nothing.
seealso:
  - module: hubops.dockerhub.dockerhub_repository
  - module: hubops.dockerhub.dockerhub_repository_info
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_retention
    description: Retention in five minutes, with a schedule.
"""

EXAMPLES = r"""
- name: Show what the next task would delete
  hubops.dockerhub.dockerhub_tag_prune:
    namespace: myorg
    name: app
    match: main-*
    keep_last: 20
  check_mode: true
  register: preview # preview.candidates

- name: Keep the last 20 tags of the main branch
  hubops.dockerhub.dockerhub_tag_prune:
    namespace: myorg
    name: app
    match: main-*
    keep_last: 20

- name: Delete tags that are old and no longer used, except for releases
  hubops.dockerhub.dockerhub_tag_prune:
    namespace: myorg
    name: app
    protect:
      - latest
      - regex:^v\d+\.\d+\.\d+$
    keep_last: 10
    older_than: 90d
    not_pulled_since: 30d
    max_deletions: 500
  register: prune

- name: Show how many tags were deleted
  ansible.builtin.debug:
    msg: "{{ prune.deleted | length }} tags deleted, {{ prune.bytes | human_readable }}"

- name: Delete all tags of a pull request
  hubops.dockerhub.dockerhub_tag_prune:
    namespace: myorg
    name: app
    match: pr-{{ pull_request }}-*
    older_than: 0d

- name: Clean up several repositories
  hubops.dockerhub.dockerhub_tag_prune:
    namespace: myorg
    name: "{{ item }}"
    protect: latest
    keep_last: 10
  loop: [app, app-base]
"""

RETURN = r"""
candidates:
  description: The tags that the rules select for deletion, the oldest first.
  returned: success, and failure after the tags were read
  type: list
  elements: dict
  contains:
    name:
      description: The name of the tag.
      type: str
    reason:
      description: The rules that apply to the tag, in words.
      type: str
    age:
      description: The number of days since its last push.
      type: int
    last_pushed:
      description: When the tag was last pushed, in UTC.
      type: str
    last_pulled:
      description: When the tag was last pulled, in UTC. V(null) if it was never pulled.
      type: str
    size:
      description: The size of all images of the tag, in bytes. V(0) if it is unknown.
      type: int
    digest:
      description:
        - The digest of the image that the tag points to, or of the index for several platforms. V(null) if unknown.
      type: str
  sample:
    - name: main-20250131
      reason: not among the newest 10, pushed before 2025-11-02T12:00:00Z
      age: 365
      last_pushed: "2025-01-31T12:00:00.123456Z"
      last_pulled: null
      size: 1048576
      digest: sha256:4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce
deleted:
  description: The names of the tags that were deleted. Empty in check mode.
  returned: success, and failure after the tags were read
  type: list
  elements: str
  sample: [main-20250131]
kept:
  description: The tags that are kept. A candidate that was pushed or pulled while the task ran can be among them.
  returned: success, and failure after the tags were read
  type: list
  elements: dict
  contains:
    name:
      description: The name of the tag.
      type: str
    reason:
      description: Why the tag is kept, in words.
      type: str
  sample:
    - name: latest
      reason: protected
left:
  description: The names of the candidates that are not yet deleted, if the task stopped. In check mode, all candidates.
  returned: success, and failure after the tags were read
  type: list
  elements: str
  sample: []
gone:
  description: The names of the candidates that somebody else deleted while the task ran.
  returned: success, and failure after the tags were read
  type: list
  elements: str
  sample: []
bytes:
  description:
    - The size of the images that lost their last tag, in bytes. In check mode, the size of those that would lose it.
    - An image is not counted if another tag points to it. Images share layers, so deleting these images at Docker Hub
      can free less than this.
  returned: success, and failure after the tags were read
  type: int
  sample: 1048576
rate_limit:
  description:
    - How many requests Docker Hub still accepts, as its last answer reported it.
    - V(null) if the answer did not report it. A single missing value is V(null) too.
  returned: success
  type: dict
  contains:
    limit:
      description: How many requests Docker Hub accepts in one period.
      type: int
    remaining:
      description: How many requests are left in this period.
      type: int
    reset:
      description: When the next period starts, in ISO 8601 and UTC.
      type: str
  sample: {"limit": 180, "remaining": 179, "reset": "2026-01-31T12:01:00Z"}
error:
  description: The reason for the failure, in a form that a playbook can evaluate.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - A fixed name for the kind of failure, for example V(not_found).
        - The guide to troubleshooting describes the cause of each code and what to do.
      type: str
    http_status:
      description: The HTTP status code of the answer. V(null) if there was no answer.
      type: int
    hint:
      description: What you can do about the failure. The text may change at any time.
      type: str
    retry_at:
      description: The earliest time for another attempt, in ISO 8601 and UTC. V(null) if Docker Hub named no time.
      type: str
  sample: {"code": "not_found", "http_status": 404, "hint": "check the name", "retry_at": null}
"""

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import REPOSITORY, TAG, TAGS, Address
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    HubError,
    InvalidOptions,
    NotFound,
    TooManyRemovals,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._progress import Progress
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable
from ansible_collections.hubops.dockerhub.plugins.module_utils._repositories import repository_facts, require_name
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, difference, run_module
from ansible_collections.hubops.dockerhub.plugins.module_utils._retention import (
    RetentionRules,
    Tag,
    has_changed,
    reason_to_delete,
    select,
    tag_of,
    untagged_bytes,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._tag_patterns import (
    immutability_of,
    match_all,
    match_none,
    matcher_of,
    patterns_of,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import parse_moment

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "namespace": {"type": "str"},
        "name": {"type": "str", "required": True},
        "match": {"type": "raw"},
        "protect": {"type": "raw"},
        "keep_last": {"type": "int"},
        "older_than": {"type": "str"},
        "not_pulled_since": {"type": "str"},
        "max_deletions": {"type": "int", "default": 100},
    }
}


def tag_prune(task: Task, hub: HubClient) -> Result:
    """Delete the tags that the rules select."""
    names = {"namespace": task.account("namespace"), "repository": require_name(task.params["name"])}
    _rules(task, hub.server_time())  # a mistake in the options is reported before the first request
    immutable = _immutable_rules(hub, REPOSITORY.at(**names))
    now = hub.server_time()
    rules = _rules(task, now, immutable)
    progress = Progress(None if task.check_mode else task.inform)
    tags = []
    for row in hub.pages(TAGS.at(**names)):
        tags.append(tag_of(row))
        progress.report(f"{names['namespace']}/{names['repository']}: {len(tags)} tags read")
    pruning = _Pruning(tags, rules)
    try:
        pruning.require_limit(task.params["max_deletions"])
        if not task.check_mode:
            pruning.run(hub, names, progress)
    except HubError as error:
        error.result = pruning.result(now)
        raise
    return pruning.result(now) if not task.check_mode else pruning.preview(now)


def _immutable_rules(hub: HubClient, target: Address) -> list[str]:
    """Return the rules for immutable tags that are in force."""
    settings = repository_facts(hub.object_of(hub.get(target), target)).get("immutable_tags")
    return list(settings["rules"]) if settings and settings["enabled"] else []


class _Pruning:
    """The tags of one repository, and what has happened to them so far."""

    def __init__(self, tags: list[Tag], rules: RetentionRules) -> None:
        self._tags, self._rules = tags, rules
        self._candidates, self._kept = select(tags, rules)
        self._left = list(self._candidates)
        self._deleted: list[Tag] = []
        self._gone: list[Tag] = []

    def require_limit(self, limit: int) -> None:
        """Raise ``TooManyRemovals`` if there are more candidates than a run may delete."""
        if limit and len(self._candidates) > limit:
            raise TooManyRemovals(
                f"the rules select {len(self._candidates)} of {len(self._tags)} tags for deletion, but max_deletions is {limit}:"
                " nothing is deleted",
                hint="check the candidates, then raise max_deletions, or set it to 0 for no limit",
            )

    def run(self, hub: HubClient, names: dict[str, str], progress: Progress) -> None:
        """Delete the tags that are left. If this fails, the list of the tags that are left is correct."""
        count = len(self._candidates)
        while self._left:
            tag = self._left[0]
            self._delete(hub, TAG.at(**names, tag=tag.name), tag)
            del self._left[0]
            hub.restore_budget()
            progress.report(
                f"{names['namespace']}/{names['repository']}: {count - len(self._left)} of {count} tags done"
            )

    def _delete(self, hub: HubClient, target: Address, tag: Tag) -> None:
        """Delete a tag, unless it has changed.

        The tag is read again for this, because Docker Hub has no conditional deletion. A page of the newest tags could miss a
        push, because lists are not reliably sorted by time.
        """
        row = hub.find(target)
        if row is None:
            self._gone.append(tag)
            return
        if has_changed(tag, tag_of(row), self._rules):
            self._kept[tag.name] = "pushed or pulled while the task ran"
            return
        try:
            hub.delete(target)
        except NotFound:
            if hub.find(target) is not None:  # it exists, so this account may not delete it
                raise
            self._gone.append(tag)
        else:
            self._deleted.append(tag)

    def result(self, now: float) -> Result:
        """Return what has been done so far."""
        return {"changed": bool(self._deleted), **self._facts(now, self._deleted, self._gone)}

    def preview(self, now: float) -> Result:
        """Return what a run would do."""
        return {"changed": bool(self._candidates), **self._facts(now, self._candidates, [])}

    def _facts(self, now: float, deleted: list[Tag], gone: list[Tag]) -> Result:
        removed = {tag.name for tag in [*deleted, *gone]}
        others = [tag for tag in self._tags if tag.name not in removed]
        return {
            "candidates": [self._candidate(tag, now) for tag in self._candidates],
            "deleted": [tag.name for tag in self._deleted],
            "kept": [{"name": name, "reason": reason} for name, reason in self._kept.items()],
            "left": [tag.name for tag in self._left],
            "gone": [tag.name for tag in gone],
            "bytes": untagged_bytes(deleted, others),
            "diff": difference({"tags": [tag.name for tag in self._tags]}, {"tags": [tag.name for tag in others]}),
        }

    def _candidate(self, tag: Tag, now: float) -> dict[str, t.Any]:
        return {
            "name": tag.name,
            "reason": reason_to_delete(self._rules),
            "age": int((now - (tag.pushed or 0)) // 86400),
            "last_pushed": tag.last_pushed,
            "last_pulled": tag.last_pulled,
            "size": tag.size,
            "digest": tag.digest,
        }


def _rules(task: Task, now: float, immutable: t.Sequence[str] = ()) -> RetentionRules:
    """Return the rules of a task; raise ``InvalidOptions`` if there is no rule, or a value makes no sense."""
    given = task.params
    if given["keep_last"] is None and not given["older_than"] and not given["not_pulled_since"]:
        raise InvalidOptions(
            "there is no rule: match and protect alone select no tag",
            hint="give keep_last, older_than or not_pulled_since",
        )
    if given["keep_last"] is not None and given["keep_last"] < 1:
        raise InvalidOptions("keep_last is less than 1", hint="leave it out, or give the number of newest tags to keep")
    if given["max_deletions"] < 0:
        raise InvalidOptions("max_deletions is negative", hint="set it to 0 for no limit")
    is_immutable, unreadable = immutability_of(immutable)
    for rule in unreadable:
        task.warn(
            f"Python cannot read the rule for immutable tags {printable(rule, limit=60)}, so every tag counts as immutable"
            " and is kept."
        )
    match, protect = (
        None if given[name] is None else matcher_of(patterns_of(given[name], name), name)
        for name in ("match", "protect")
    )
    return RetentionRules(
        matches=match or match_all,
        is_protected=protect or match_none,
        is_immutable=is_immutable,
        keep_last=given["keep_last"],
        pushed_before=_cutoff(task, "older_than", now),
        used_before=_cutoff(task, "not_pulled_since", now),
    )


def _cutoff(task: Task, option: str, now: float) -> float | None:
    text = task.params[option]
    if not text:
        return None
    moment = parse_moment(text, option, now)
    if moment > now + 1:
        raise InvalidOptions(f"{option} is a time in the future", hint="give a time in the past, or a span such as 90d")
    return moment


if __name__ == "__main__":
    run_module(tag_prune, SPEC)
