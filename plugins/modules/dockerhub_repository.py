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
  - Brings a repository into the described state, including its texts, its visibility, the teams that may use it and the
    rules for immutable tags.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - An option that is left out is left alone. An empty text clears the text.
  - A run that finds everything as described sends one request, and one more if O(teams) is given.
options:
  namespace:
    description:
      - The account that owns the repository, a user or an organization. It is the part before the slash in C(myorg/app).
      - Without it, the repository of O(identifier) is meant.
    type: str
  name:
    description:
      - The name of the repository. It is the part after the slash in C(myorg/app).
      - Docker Hub accepts 2 to 255 lowercase letters, digits, dots, hyphens and underscores.
    type: str
    required: true
  state:
    description:
      - V(present) creates the repository if it does not exist, and changes what differs.
      - V(absent) deletes the repository with all its tags. See O(force).
    type: str
    choices: [present, absent]
    default: present
  description:
    description: The short description, shown in lists. At most 100 bytes in UTF-8. An empty text clears it.
    type: str
  full_description:
    description:
      - The overview page of the repository, in Markdown. At most 25,000 bytes in UTF-8. An empty text clears it.
      - To publish a file, use C(lookup('ansible.builtin.file', 'README.md')).
    type: str
  private:
    description:
      - Whether only the owner and those with access see the repository. The number of private repositories depends on the
        subscription.
      - Without it, a new repository is public.
    type: bool
  immutable_tags:
    description: Which tags can neither be overwritten nor deleted.
    type: dict
    suboptions:
      enabled:
        description: Whether the rules apply. Without it, the current setting stays.
        type: bool
      rules:
        description:
          - Regular expressions (RE2). A tag that matches one of them is immutable. Their order does not matter.
          - Without it, the current rules stay.
        type: list
        elements: str
  teams:
    description:
      - The teams of the organization that may use the repository, with their permission.
      - To find a team that has no permission yet, the task reads the teams of the organization. A personal access token may
        not do that; use a password or an organization access token with C(scope-group-read).
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the team.
        type: str
        required: true
      permission:
        description: What the team may do. V(read) is to pull, V(write) to push as well, V(admin) to manage the repository too.
        type: str
        choices: [read, write, admin]
        default: read
  teams_exclusive:
    description: Whether to remove the permission of teams that O(teams) does not list.
    type: bool
    default: false
  force:
    description:
      - Whether O(state=absent) deletes a repository that contains tags. Deleted images cannot be restored.
      - Without it, the task fails if there are tags, and deletes nothing.
    type: bool
    default: false
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
seealso:
  - module: hubops.dockerhub.dockerhub_repository_info
  - module: hubops.dockerhub.dockerhub_team
  - module: hubops.dockerhub.dockerhub_tag_prune
  - module: hubops.dockerhub.dockerhub_api
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_provisioning
    description: Repositories as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Create a private repository with its texts
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: app
    description: The application
    full_description: "{{ lookup('ansible.builtin.file', 'README.md') }}"
    private: true

- name: Let two teams use it, and no others
  hubops.dockerhub.dockerhub_repository:
    namespace: myorg
    name: app
    teams:
      - name: developers
        permission: write
      - name: operations
        permission: admin
    teams_exclusive: true

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
    - The repository as it is after the task; in check mode, as it would be.
    - V(null) if it does not exist.
  returned: success
  type: dict
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
would_freeze:
  description: The existing tags that the new rules would make immutable.
  returned: in check mode, if the rules for immutable tags would change
  type: list
  elements: str
  sample: [v1.0.0, v1.1.0]
rate_limit:
  description: The rate limit that Docker Hub reported. V(null) if it reported none.
  returned: success
  type: dict
  contains:
    limit:
      description: How many requests Docker Hub accepts in one period.
      type: int
    remaining:
      description: How many requests are left in the current period.
      type: int
    reset:
      description: When the next period starts, in UTC.
      type: str
  sample: {"limit": 180, "remaining": 179, "reset": "2026-01-31T12:01:00Z"}
error:
  description: The reason of the failure, in a form that a playbook can evaluate.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - A name for the kind of failure, for example V(not_found).
        - The guide to troubleshooting describes the cause of each code and the way out.
      type: str
    http_status:
      description: The HTTP status of the answer. V(null) if there was no answer.
      type: int
    hint:
      description: What to do.
      type: str
    retry_at:
      description: The earliest time for another attempt, in UTC. V(null) if Docker Hub named no time.
      type: str
  sample: {"code": "not_found", "http_status": 404, "hint": "check the name", "retry_at": null}
"""

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import (
    IMMUTABLE_TAGS,
    IMMUTABLE_TAGS_PREVIEW,
    PRIVACY,
    REPOSITORIES,
    REPOSITORY,
    TAGS,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions, Protected
from ansible_collections.hubops.dockerhub.plugins.module_utils._repositories import repository_facts, require_name
from ansible_collections.hubops.dockerhub.plugins.module_utils._repository_teams import RepositoryTeams
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import (
    Result,
    State,
    Task,
    create_or_find,
    ensure,
    run_module,
)

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
            "options": {"enabled": {"type": "bool"}, "rules": {"type": "list", "elements": "str"}},
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
    _check_lengths(task)
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
    facts: State = {"namespace": names["namespace"], "name": names["repository"], **(current or {})}

    def create() -> State:
        body = {"name": names["repository"], "namespace": names["namespace"], "is_private": bool(wanted.get("private"))}
        body.update({name: wanted[name] for name in _LIMITS if name in wanted})
        created = create_or_find(
            lambda: hub.object_of(hub.post(REPOSITORIES.at(namespace=names["namespace"]), body), here),
            lambda: hub.find(here),
        )
        facts.update(repository_facts(created))
        return {**facts, "teams": teams.permissions() if task.given("teams") else {}}

    def update(changes: State) -> None:
        if "private" in changes:  # first, so that new texts are not public for a moment
            hub.post(PRIVACY.at(**names), {"is_private": changes["private"]})
        texts = {name: changes[name] for name in _LIMITS if name in changes}
        if texts:
            hub.patch(here, texts)
        if "immutable_tags" in changes:
            enabled, rules = changes["immutable_tags"]["enabled"], changes["immutable_tags"]["rules"]
            hub.patch(IMMUTABLE_TAGS.at(**names), {"immutable_tags": enabled, "immutable_tags_rules": rules})
        if "teams" in changes:
            teams.set(changes["teams"])

    change = ensure(task, current, wanted, create=create, update=update)
    result = change.result(repository={**facts, **wanted})
    rules = wanted.get("immutable_tags")
    if task.check_mode and current and rules and rules["enabled"] and rules != current.get("immutable_tags"):
        result["would_freeze"] = _preview(hub, names, rules["rules"])
    return result


def _check_lengths(task: Task) -> None:
    for name, limit in _LIMITS.items():
        size = len((task.params[name] or "").encode())
        if size > limit:
            raise InvalidOptions(
                f"{name} has {size} bytes in UTF-8, but Docker Hub accepts {limit} at most", hint="shorten it"
            )


def _refuse_tags(hub: HubClient, names: dict[str, str]) -> None:
    tags = hub.object_of(hub.get(TAGS.at(**names), {"page_size": 1}), TAGS.at(**names))
    if tags.get("results") or tags.get("count"):
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
            "rules": before["rules"] if rules["rules"] is None else sorted(set(rules["rules"])),
        }
    if task.params["teams"] is not None:
        listed = {team["name"].lower(): team["permission"] for team in task.params["teams"]}
        wanted["teams"] = listed if task.params["teams_exclusive"] else {**(current.get("teams") or {}), **listed}
    return wanted


def _preview(hub: HubClient, names: dict[str, str], rules: list[str]) -> list[str]:
    """Return the tags that these rules would make immutable."""
    target = IMMUTABLE_TAGS_PREVIEW.at(**names)
    answers = [hub.object_of(hub.post(target, {"regex": rule}), target) for rule in rules]
    return sorted({str(tag) for answer in answers for tag in answer.get("tags") or []})


if __name__ == "__main__":
    run_module(repository, SPEC)
