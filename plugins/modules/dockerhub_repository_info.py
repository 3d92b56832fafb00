#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read repositories at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_repository_info
short_description: Read Docker Hub repositories
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Returns one repository, or all repositories of a user or organization. Tags and teams are returned on request.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - The task reads all pages of a list. It fails if the list is not complete.
options:
  namespace:
    description:
      - The account that owns the repositories, which is a user or an organization. It is the part before the slash in
        C(myorg/app).
      - Without this option, O(identifier) is used. Required if O(identifier) is an e-mail address.
    type: str
  name:
    description:
      - The name of one repository. It is the part after the slash in C(myorg/app). If the repository does not exist,
        RV(repositories) is empty.
      - Without this option, all repositories of the namespace are returned. Lists at Docker Hub do not contain
        RV(repositories[].full_description) and RV(repositories[].immutable_tags), so these values are missing then.
    type: str
  tags:
    description:
      - Whether to return the tags of each repository too. This takes one more request for each 100 tags, and at least
        one for each repository.
    type: bool
    default: false
  teams:
    description:
      - Whether to return the teams that may use each repository too. This takes one more request for each repository.
      - Only an account that may manage the repository can read its teams. An organization access token requires
        C(scope-repo-group-read).
    type: bool
    default: false
  ordering:
    description:
      - How Docker Hub sorts the list of all repositories. A leading hyphen reverses the order.
      - It is not certain whether V(last_updated) starts with the newest or with the oldest repository. To be sure, sort
        the result in the playbook.
      - Without this option, Docker Hub chooses the order. With O(name), this option has no effect.
    type: str
    choices: [name, -name, last_updated, -last_updated, pull_count, -pull_count]
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.info
notes:
  - An organization access token without C(scope-repository-list) sees public repositories only. The answer of Docker
    Hub does not show this. The task therefore warns if none of the returned repositories is private.
seealso:
  - module: hubops.dockerhub.dockerhub_repository
  - module: hubops.dockerhub.dockerhub_tag_prune
  - plugin: hubops.dockerhub.organization_file
    plugin_type: filter
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_provisioning
    description: Repositories as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Read all repositories of an organization
  hubops.dockerhub.dockerhub_repository_info:
    namespace: myorg
  register: hub

- name: Show the names of the private repositories
  ansible.builtin.debug:
    msg: "{{ hub.repositories | selectattr('private') | map(attribute='name') }}"

- name: Read the overview page and the teams of each repository
  hubops.dockerhub.dockerhub_repository_info:
    namespace: myorg
    name: "{{ item }}"
    teams: true
  loop: "{{ hub.repositories | map(attribute='name') }}"
  register: details # details.results[].repositories[0]

- name: Read one repository with its tags
  hubops.dockerhub.dockerhub_repository_info:
    namespace: myorg
    name: app
    tags: true
  register: app

- name: Show the newest tag
  ansible.builtin.debug:
    msg: "{{ (app.repositories[0].tags | sort(attribute='last_pushed') | last).name }}"
"""

RETURN = r"""
repositories:
  description: The repositories. A single value that Docker Hub does not return is V(null).
  returned: success
  type: list
  elements: dict
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
      description: The overview page in Markdown. Empty if there is none. Only with O(name).
      type: str
    private:
      description: Whether only people with access can see the repository.
      type: bool
    immutable_tags:
      description: The rules for tags that can be neither overwritten nor deleted. Only with O(name).
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
      description: The teams that may use the repository, sorted by name. Only with O(teams=true).
      type: list
      elements: dict
      contains:
        name:
          description: The name of the team.
          type: str
        permission:
          description: V(read), V(write) or V(admin).
          type: str
    tags:
      description: The tags. Only with O(tags=true).
      type: list
      elements: dict
      contains:
        name:
          description: The name of the tag.
          type: str
        digest:
          description: The digest of the image that the tag points to, or of the index for several platforms.
          type: str
        size:
          description: The size of all images of the tag, in bytes.
          type: int
        status:
          description: V(active) or V(inactive), as Docker Hub reports it.
          type: str
        content_type:
          description: The kind of content, V(image) for example.
          type: str
        last_pushed:
          description: When the tag was last pushed, in UTC.
          type: str
        last_pulled:
          description: When the tag was last pulled, in UTC. V(null) if it was never pulled.
          type: str
        images:
          description:
            - The images of the tag, one for each platform. Images of attestations have V(unknown) as C(architecture)
              and C(os).
          type: list
          elements: dict
          contains:
            architecture:
              description: The architecture of the processor, for example V(amd64).
              type: str
            variant:
              description: The variant of the architecture, for example V(v8).
              type: str
            os:
              description: The operating system, for example V(linux).
              type: str
            digest:
              description: The digest of the image.
              type: str
            size:
              description: The size of the image, in bytes.
              type: int
            status:
              description: V(active) or V(inactive), as Docker Hub reports it.
              type: str
            last_pushed:
              description: When the image was last pushed, in UTC.
              type: str
            last_pulled:
              description: When the image was last pulled, in UTC. V(null) if it was never pulled.
              type: str
  sample:
    - namespace: myorg
      name: app
      description: The application
      private: true
      pull_count: 12
      star_count: 0
      storage_size: 1048576
      last_updated: "2026-01-31T12:00:00.123456Z"
      date_registered: "2026-01-01T12:00:00.123456Z"
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
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import REPOSITORIES, REPOSITORY, TAGS
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import secret_kind
from ansible_collections.hubops.dockerhub.plugins.module_utils._repositories import repository_facts, require_name
from ansible_collections.hubops.dockerhub.plugins.module_utils._repository_teams import RepositoryTeams
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, run_module
from ansible_collections.hubops.dockerhub.plugins.module_utils._tags import tag_facts

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "tags": {"type": "bool", "default": False},
        "teams": {"type": "bool", "default": False},
        "ordering": {
            "type": "str",
            "choices": ["name", "-name", "last_updated", "-last_updated", "pull_count", "-pull_count"],
        },
    }
}


def repository_info(task: Task, hub: HubClient) -> Result:
    """Return one repository or all repositories of a namespace."""
    namespace = task.account("namespace")
    found = _one(task, hub, namespace) if task.params["name"] else _all(task, hub, namespace)
    if task.params["tags"]:
        for repository in found:
            target = TAGS.at(namespace=namespace, repository=repository["name"])
            repository["tags"] = [tag_facts(tag) for tag in hub.pages(target)]
    if task.params["teams"]:
        for repository in found:
            names = {"namespace": namespace, "repository": repository["name"]}
            teams = RepositoryTeams(hub, names)
            repository["teams"] = teams.listed(teams.permissions())
    return {"changed": False, "repositories": found}


def _one(task: Task, hub: HubClient, namespace: str) -> list[Result]:
    found = hub.find(REPOSITORY.at(namespace=namespace, repository=require_name(task.params["name"])))
    return [repository_facts(found)] if found else []


def _all(task: Task, hub: HubClient, namespace: str) -> list[Result]:
    ordering = task.params["ordering"]
    query = {"ordering": ordering} if ordering else {}
    found = [repository_facts(row) for row in hub.pages(REPOSITORIES.at(namespace=namespace), query)]
    if secret_kind(task.login["secret"]) == "oat" and not any(repository["private"] for repository in found):
        task.warn(
            f"None of the repositories of {namespace} that Docker Hub returned is private. An organization access token"
            " sees private ones only with scope-repository-list."
        )
    return found


if __name__ == "__main__":
    run_module(repository_info, SPEC)
