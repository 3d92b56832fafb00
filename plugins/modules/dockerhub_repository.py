#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, change or delete a repository at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_repository
short_description: Create, change or delete a Docker Hub repository
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Creates, changes or deletes a repository. This includes its descriptions, its visibility, the teams that may use it,
    and the rules for immutable tags.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - An option that you leave out is left unchanged. An empty text clears the text at Docker Hub.
  - The task sends only what differs from the options. If nothing differs, it sends one request, and one more if
    O(teams) is given. A login comes before them if the run has no token yet.
options:
  namespace:
    description:
      - The account that owns the repository, which is a user or an organization. It is the part before the slash in
        C(myorg/app).
      - Without this option, O(identifier) is used. Required if O(identifier) is an e-mail address.
    type: str
  name:
    description:
      - The name of the repository. It is the part after the slash in C(myorg/app).
      - Docker Hub accepts 2 to 255 lowercase letters, digits, dots, hyphens and underscores.
    type: str
    required: true
  state:
    description:
      - V(present) creates the repository if it does not exist, and changes what differs from the options.
      - V(absent) deletes the repository. If it contains tags, O(force) is required too.
    type: str
    choices: [present, absent]
    default: present
  description:
    description:
      - The short description, which Docker Hub shows in lists. At most 100 bytes in UTF-8. An empty text clears it.
    type: str
  full_description:
    description:
      - The overview page of the repository, in Markdown. At most 25,000 bytes in UTF-8. An empty text clears it.
      - To publish a file, use the lookup C(ansible.builtin.file). See the examples.
    type: str
  private:
    description:
      - With V(true), only the owner and people with access can see the repository. With V(false), everybody can see it
        and pull from it. The number of private repositories depends on the subscription.
      - Without this option, a new repository is public.
    type: bool
  immutable_tags:
    description:
      - Which tags are immutable. An immutable tag can be neither overwritten nor deleted.
      - Check mode returns the existing tags that would become immutable as RV(would_freeze).
    type: dict
    suboptions:
      enabled:
        description:
          - Whether the rules apply. Without this option, the setting is left unchanged. A new repository has V(false).
        type: bool
      rules:
        description:
          - Regular expressions in the RE2 syntax of the programming language Go, as a list or as one text. A tag that
            matches one of them is immutable. Their order does not matter. Put each of them in quotes.
          - Without this option, the rules are left unchanged. A new repository has the rule V(.*), which matches every
            tag.
        type: raw
  teams:
    description:
      - The teams of the organization that may use the repository, with their permission.
      - To add a team, the task reads the team from the organization. A personal access token may not do that. Use a
        password, or an organization access token with C(scope-group-read).
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the team.
        type: str
        required: true
      permission:
        description:
          - What the team may do. V(read) allows to pull images. V(write) also allows to push images. V(admin) also
            allows to manage the repository.
        type: str
        choices: [read, write, admin]
        default: read
  teams_exclusive:
    description:
      - Whether to remove the permission of teams that O(teams) does not list. With an empty list, all teams lose it.
      - With V(false), these teams keep their permission. Without O(teams), this option has no effect.
    type: bool
    default: false
  force:
    description:
      - Whether O(state=absent) deletes a repository that contains tags. Deleted images cannot be restored.
      - With V(false), the task fails with the code V(protected) if there are tags, and deletes nothing.
    type: bool
    default: false
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - The guide to repositories lists what each operation requires of a personal or organization access token. A password
    login may do everything that the account may do.
seealso:
  - module: hubops.dockerhub.dockerhub_repository_info
  - module: hubops.dockerhub.dockerhub_team
  - module: hubops.dockerhub.dockerhub_tag_prune
  - module: hubops.dockerhub.dockerhub_api
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_provisioning
    description: Repositories as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Create a private repository with its descriptions
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: app
    description: The application
    full_description: "{{ lookup('ansible.builtin.file', 'README.md') }}"
    private: true

- name: Change the short description of an existing repository, and nothing else
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: app
    description: The application, second edition

- name: Create several repositories
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: "{{ item.name }}"
    description: "{{ item.description }}"
    private: true
  loop:
    - name: web
      description: The web server
    - name: worker
      description: The background worker
  loop_control:
    label: "{{ item.name }}"

- name: Let two teams use the repository, and no others
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: app
    teams:
      - name: developers
        permission: write
      - name: operations
        permission: admin
    teams_exclusive: true

- name: Find out which tags would become immutable
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: app
    immutable_tags:
      enabled: true
      rules: ['v[0-9]+\.[0-9]+\.[0-9]+']
  check_mode: true
  register: preview # preview.would_freeze

- name: Make release tags immutable
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: app
    immutable_tags:
      enabled: true
      rules: ['v[0-9]+\.[0-9]+\.[0-9]+']

- name: Delete a repository, together with its tags
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: old-app
    state: absent
    force: true
"""

RETURN = r"""
repository:
  description:
    - The repository as it is after the task. In check mode, as it would be.
    - V(null) if it does not exist after the task. A single value that Docker Hub does not return is V(null) too.
    - In check mode, a repository that would be created has only the namespace, the name, and the values that the
      options describe.
  returned: success
  type: dict
  contains:
    namespace:
      description: The account that owns the repository.
      type: str
    name:
      description: The name of the repository.
      type: str
    description:
      description: The short description. Empty if there is none.
      type: str
    full_description:
      description: The overview page in Markdown. Empty if there is none.
      type: str
    private:
      description: Whether only people with access can see the repository.
      type: bool
    immutable_tags:
      description: The rules for tags that can be neither overwritten nor deleted.
      type: dict
      contains:
        enabled:
          description: Whether the rules apply.
          type: bool
        rules:
          description: Regular expressions. A tag that matches one of them is immutable.
          type: list
          elements: str
    pull_count:
      description: How often images were pulled.
      type: int
    star_count:
      description: How many users have marked the repository with a star.
      type: int
    storage_size:
      description: The size of all images, in bytes.
      type: int
    last_updated:
      description: When the repository was last changed or pushed to, in UTC.
      type: str
    date_registered:
      description: When the repository was created, in UTC.
      type: str
    teams:
      description: The teams that may use the repository, sorted by name. Only with O(teams).
      type: list
      elements: dict
      contains:
        name:
          description: The name of the team.
          type: str
        permission:
          description: V(read), V(write) or V(admin).
          type: str
  sample:
    namespace: myorg
    name: app
    description: The application
    full_description: ""
    private: true
    immutable_tags: {"enabled": false, "rules": [".*"]}
    pull_count: 12
    star_count: 0
    storage_size: 1048576
    last_updated: "2026-01-31T12:00:00.123456Z"
    date_registered: "2026-01-01T12:00:00.123456Z"
    teams: [{"name": "developers", "permission": "write"}, {"name": "operations", "permission": "admin"}]
would_freeze:
  description: The names of the existing tags that match the new rules. They would be immutable.
  returned: in check mode, if the rules of an existing repository would change and apply
  type: list
  elements: str
  sample: [v1.0.0, v1.1.0]
done:
  description:
    - The changes that were made before an error. C(name) is the repository or a team. C(change) is V(create), the option
      that was changed, the new permission of a team, or V(remove).
  returned: if the task fails after a change
  type: list
  elements: dict
  sample: [{"name": "app", "change": "create"}]
left:
  description: The changes that were not made because of an error, each with C(name) and C(change) as in RV(done).
  returned: if the task fails between two changes
  type: list
  elements: dict
  sample: [{"name": "developers", "change": "write"}]
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
from functools import partial

from ansible_collections.hubops.dockerhub.plugins.module_utils._answers import texts_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import (
    IMMUTABLE_TAGS,
    IMMUTABLE_TAGS_PREVIEW,
    PRIVACY,
    REPOSITORIES,
    REPOSITORY,
    TAGS,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    BadAnswer,
    InvalidOptions,
    NotFound,
    Protected,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._repositories import repository_facts, require_name
from ansible_collections.hubops.dockerhub.plugins.module_utils._repository_teams import RepositoryTeams
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import (
    Result,
    State,
    Task,
    create_or_find,
    ensure,
    run_module,
    send_or_find,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._steps import Step, after_a_change, take_steps
from ansible_collections.hubops.dockerhub.plugins.module_utils._tag_patterns import patterns_of

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "namespace": {"type": "str"},
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "description": {"type": "str"},
        "full_description": {"type": "str"},
        "private": {"type": "bool"},
        "immutable_tags": {
            "type": "dict",
            "options": {"enabled": {"type": "bool"}, "rules": {"type": "raw"}},
        },
        "teams": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "permission": {"type": "str", "choices": ["read", "write", "admin"], "default": "read"},
            },
        },
        "teams_exclusive": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    }
}

_LIMITS = {"description": 100, "full_description": 25_000}
"""Bytes in UTF-8 that Docker Hub accepts."""


def repository(task: Task, hub: HubClient) -> Result:
    """Bring a repository into the described state."""
    _check_options(task)
    names = {"namespace": task.account("namespace"), "repository": require_name(task.params["name"])}
    here = REPOSITORY.at(**names)
    teams = RepositoryTeams(hub, names, [team["name"] for team in task.params["teams"] or ()])
    found = hub.find(here)
    current = repository_facts(found) if found else None
    if task.params["state"] == "absent":
        if current and not task.params["force"]:
            _refuse_tags(hub, names)
        return ensure(task, current, None, delete=lambda: hub.delete(here)).result(repository=None)

    if current and task.given("teams"):
        current["teams"] = teams.permissions()
    wanted = _wanted(task, current or {})
    _require_teams(task, teams, wanted)
    facts: State = {"namespace": names["namespace"], "name": names["repository"], **(current or {})}

    def create() -> State:
        body = {"name": names["repository"], "namespace": names["namespace"], "is_private": bool(wanted.get("private"))}
        body.update({name: wanted[name] for name in _LIMITS if name in wanted})
        created = create_or_find(
            lambda: hub.object_of(hub.post(REPOSITORIES.at(namespace=names["namespace"]), body), here),
            lambda: hub.find(here),
        )
        facts.update(repository_facts(created))
        with after_a_change():
            return {**facts, "teams": teams.permissions() if task.given("teams") else {}}

    def update(changes: State) -> None:
        take_steps(_steps(hub, names, changes, teams), created=None if current else names["repository"])

    change = ensure(task, current, wanted, create=create, update=update)
    described = {**facts, **wanted}
    if "teams" in wanted:
        described["teams"] = teams.listed(wanted["teams"])
    result = change.result(repository=described)
    rules = wanted.get("immutable_tags")
    if task.check_mode and current and rules and rules["enabled"] and rules != current.get("immutable_tags"):
        result["would_freeze"] = _preview(hub, names, rules["rules"])
    return result


def _check_options(task: Task) -> None:
    """Raise ``InvalidOptions`` for what Docker Hub would refuse, and for what makes no sense."""
    for name, limit in _LIMITS.items():
        size = len((task.params[name] or "").encode())
        if size > limit:
            raise InvalidOptions(
                f"{name} has {size} bytes in UTF-8, but Docker Hub accepts {limit} at most", hint="shorten it"
            )
    if (task.params["immutable_tags"] or {}).get("rules") is not None:
        _rules(task)
    listed: set[str] = set()
    for team in task.params["teams"] or ():
        name = team["name"].lower()
        if not name.strip() or name in listed:
            raise InvalidOptions(
                f"teams lists {team['name']} twice or without a name", hint="remove one of the entries"
            )
        listed.add(name)


def _rules(task: Task) -> list[str]:
    return patterns_of(task.params["immutable_tags"]["rules"], "immutable_tags.rules")


def _require_teams(task: Task, teams: RepositoryTeams, wanted: State) -> None:
    """Raise ``NotFound`` for a team that does not exist. In check mode, a task before this one may be about to create it."""
    try:
        teams.look_up(wanted.get("teams", ()))
    except NotFound as error:
        if not task.check_mode:
            raise
        task.warn(str(error))


def _steps(hub: HubClient, names: dict[str, str], changes: State, teams: RepositoryTeams) -> t.Iterator[Step]:
    """Yield what has to be sent; the privacy first, so that new texts are not public for a moment."""
    name = names["repository"]
    if "private" in changes:
        body = {"is_private": changes["private"]}
        is_done = partial(_has_privacy, hub, names, changes["private"])
        yield Step(name, "private", partial(send_or_find, partial(hub.post, PRIVACY.at(**names), body), is_done))
    texts = {text: changes[text] for text in _LIMITS if text in changes}
    if texts:
        yield Step(name, " and ".join(texts), partial(hub.patch, REPOSITORY.at(**names), texts))
    if "immutable_tags" in changes:
        enabled, rules = changes["immutable_tags"]["enabled"], changes["immutable_tags"]["rules"]
        body = {"immutable_tags": enabled, "immutable_tags_rules": rules}
        yield Step(name, "immutable_tags", partial(hub.patch, IMMUTABLE_TAGS.at(**names), body))
    if "teams" in changes:
        yield from teams.steps(changes["teams"])


def _has_privacy(hub: HubClient, names: dict[str, str], private: bool) -> bool:
    found = hub.find(REPOSITORY.at(**names))
    return found is not None and found.get("is_private") is private


def _refuse_tags(hub: HubClient, names: dict[str, str]) -> None:
    tags = hub.object_of(hub.get(TAGS.at(**names), {"page_size": 1}), TAGS.at(**names))
    if not isinstance(tags.get("results"), list):
        raise BadAnswer("the answer about the tags of the repository contains no list, so nothing is deleted")
    if tags["results"] or tags.get("count"):
        number = tags.get("count") or len(tags["results"])
        raise Protected(
            f"the repository {names['namespace']}/{names['repository']} contains {number} tag{'' if number == 1 else 's'},"
            " which Docker Hub cannot restore once they are deleted",
            hint="set force: true to delete the repository with its tags",
        )


def _wanted(task: Task, current: State) -> State:
    """Return the state that the user described. Where an option leaves out a part, the current value is kept."""
    wanted = task.given("description", "full_description", "private")
    rules = task.params["immutable_tags"]
    if rules is not None:
        before = current.get("immutable_tags") or {"enabled": False, "rules": [".*"]}
        enabled = before["enabled"] if rules["enabled"] is None else rules["enabled"]
        wanted["immutable_tags"] = {
            "enabled": enabled,
            "rules": before["rules"] if rules["rules"] is None else sorted(set(_rules(task))),
        }
    if task.params["teams"] is not None:
        listed = {team["name"].lower(): team["permission"] for team in task.params["teams"]}
        wanted["teams"] = listed if task.params["teams_exclusive"] else {**(current.get("teams") or {}), **listed}
    return wanted


def _preview(hub: HubClient, names: dict[str, str], rules: list[str]) -> list[str]:
    """Return the tags that these rules would make immutable."""
    target = IMMUTABLE_TAGS_PREVIEW.at(**names)
    answers = [hub.object_of(hub.post(target, {"regex": rule}), target) for rule in rules]
    return sorted({tag for answer in answers for tag in texts_of(answer.get("tags"))})


if __name__ == "__main__":
    run_module(repository, SPEC)
