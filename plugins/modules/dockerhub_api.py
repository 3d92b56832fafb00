#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send any request to Docker Hub's API."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_api
short_description: Send a request to the Docker Hub API
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Sends one request to the API of Docker Hub, or reads all pages of a list. Use it for an operation that no other
    module of this collection supports.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
  - The token is sent to O(hub_url) and nowhere else.
  - If the answer contains a secret, the result of the task is hidden on the screen and in logs. A registered variable
    contains it.
options:
  path:
    description:
      - The path of the operation, for example V(/v2/orgs/myorg/groups). It starts with C(/v2/). Docker's reference of
        the API lists all paths.
      - The path must contain neither a host nor a query. Encode special characters in names with the filter
        C(urlencode).
      - The paths of the login are refused. Use M(hubops.dockerhub.dockerhub_token) to log in.
    type: str
    required: true
  method:
    description:
      - The HTTP method. The task reports no change for V(GET) and V(HEAD), and sends them in check mode too.
      - For all other methods, the task reports a change. In check mode, it does not send them. Use C(changed_when) if
        such a request changes nothing.
    type: str
    choices: [GET, HEAD, POST, PUT, PATCH, DELETE]
    default: GET
  query:
    description:
      - The query parameters of the request, for example C(search). The task encodes names and values.
      - A list is sent as one parameter for each entry. V(null) is not sent.
    type: dict
  body:
    description:
      - The body of the request, as a dictionary, a list, or a text that contains JSON. It is sent as JSON.
      - Without this option, the request has no body.
    type: raw
  status_code:
    description:
      - The HTTP status codes that count as a success. For example, with V(404) in the list, the task does not fail if
        the object does not exist.
      - Without this option, every status code from 200 to 299 is a success.
    type: list
    elements: int
  all_pages:
    description:
      - Whether to read all pages of a list, and return them together as RV(entries).
      - Requires O(method=GET). The options O(body) and O(status_code) have no effect then.
      - With V(false), a list is returned as Docker Hub sends it, which is the first page only.
    type: bool
    default: false
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
attributes:
  check_mode:
    support: partial
    details: V(GET) and V(HEAD) are sent. All other methods are reported as a change and not sent.
  diff_mode:
    support: none
seealso:
  - module: hubops.dockerhub.dockerhub_repository
  - module: hubops.dockerhub.dockerhub_audit_log_info
  - module: hubops.dockerhub.dockerhub_token
  - plugin: hubops.dockerhub.dockerhub_token
    plugin_type: lookup
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_permissions
    description: What each operation requires of an access token.
  - name: Docker Hub API
    description: Docker's reference of all operations.
    link: https://docs.docker.com/reference/api/hub/latest/
"""

EXAMPLES = r"""
- name: Read all teams whose name contains dev
  hubops.dockerhub.dockerhub_api:
    path: /v2/orgs/myorg/groups
    query:
      search: dev
    all_pages: true
  register: teams # teams.entries

- name: Show the names of these teams
  ansible.builtin.debug:
    msg: "{{ teams.entries | map(attribute='name') | join(', ') }}"

- name: Find out whether a tag exists
  hubops.dockerhub.dockerhub_api:
    path: /v2/namespaces/myorg/repositories/app/tags/v1.0.0
    method: HEAD
    status_code: [200, 404]
  register: tag # tag.status

- name: Deactivate a repository
  hubops.dockerhub.dockerhub_api:
    path: /v2/namespaces/myorg/repositories/app
    method: PATCH
    body:
      status: 0

- name: Find out which tags a regular expression matches
  hubops.dockerhub.dockerhub_api:
    path: /v2/namespaces/myorg/repositories/app/immutabletags/verify
    method: POST
    body:
      regex: 'v[0-9].*'
  changed_when: false
  register: matched # matched.json.tags

- name: Delete two tags if they exist
  hubops.dockerhub.dockerhub_api:
    path: /v2/repositories/myorg/app/tags/{{ item | urlencode }}
    method: DELETE
    status_code: [200, 202, 204, 404]
  loop: [pr-42-1, pr-42-2]
  register: deletion
  changed_when: deletion.status != 404
"""

RETURN = r"""
status:
  description: The HTTP status code of the answer. V(null) if the request was not sent because of check mode.
  returned: success, without O(all_pages)
  type: int
  sample: 200
json:
  description: The answer, if it is JSON. V(null) if it is not, or if the request was not sent because of check mode.
  returned: success, without O(all_pages)
  type: raw
  sample: {"name": "app"}
content:
  description: The answer as text, if it is not JSON. Empty if the answer has no body.
  returned: success, without O(all_pages), if the answer is not JSON
  type: str
  sample: Name,Username,Email
entries:
  description: The entries of all pages, as Docker Hub returns them.
  returned: success, with O(all_pages=true)
  type: list
  elements: dict
  sample: [{"id": 1, "name": "developers"}]
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

import json
import re
import typing as t
from urllib.parse import unquote

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import Address, address_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions, UnexpectedStatus
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, run_module

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "path": {"type": "str", "required": True},
        "method": {"type": "str", "choices": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], "default": "GET"},
        "query": {"type": "dict"},
        "body": {"type": "raw"},
        "status_code": {"type": "list", "elements": "int"},
        "all_pages": {"type": "bool", "default": False},
    }
}

_READS = ("GET", "HEAD")
_LOGINS = ("/v2/auth/token", "/v2/users/login", "/v2/users/2fa-login")
_SECRET_NAME = re.compile(r"(?i)(?:^|_)(?:token|secret|secret_key|password|recovery_codes?)$")
# Without the lookbehind, the search would take quadratic time.
_SECRET_VALUES = re.compile(r"dckr_[a-z]+_[\w-]+|(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+")


def api(task: Task, hub: HubClient) -> Result:
    """Send one request, or read all pages of a list."""
    method, address, body = task.params["method"], _address(task.params["path"]), _body(task.params["body"])
    query = _query(task.params["query"] or {})
    if task.params["all_pages"]:
        if method != "GET":
            raise InvalidOptions("all_pages requires the method GET", hint="leave out one of the two")
        entries = list(hub.pages(address, query))
        _hide_secrets(task, entries)
        return {"changed": False, "entries": entries}
    if task.check_mode and method not in _READS:
        return {"changed": True, "status": None, "json": None}
    wanted = task.params["status_code"]
    answer = hub.request(method, address, query=query, body=body, accept={*range(200, 300), *(wanted or ())})
    if wanted and answer.status not in wanted:
        raise UnexpectedStatus(
            f"{method} {task.login['hub_url']}{address.path} answered {answer.status}, which status_code does not list",
            hint="correct status_code, or leave it out to accept every success",
            http_status=answer.status,
        )
    result: Result = {"changed": method not in _READS, "status": answer.status, "json": answer.data}
    if answer.data is None:
        result["content"] = answer.text
    _hide_secrets(task, result)
    return result


def _address(path: str) -> Address:
    """Return the address of a path below the API; raise ``InvalidOptions`` for one that could lead elsewhere."""
    hint = "give the path alone, for example /v2/orgs/myorg/groups"
    if re.match(r"(?i)[a-z][a-z0-9+.-]*:|//", path):
        raise InvalidOptions("path contains a scheme or a host", hint=f"{hint}; the host belongs in hub_url")
    if "?" in path or "#" in path:
        raise InvalidOptions("path contains a query or a fragment", hint=f"{hint}, and the parameters as query")
    if not re.fullmatch(r"[\x21-\x7e]+", path) or "\\" in path:
        raise InvalidOptions(
            "path contains characters that a URL cannot contain", hint="encode names with the filter urlencode"
        )
    if any(unquote(unquote(part)) in (".", "..") or "/.." in unquote(part) for part in path.split("/")):
        raise InvalidOptions("path contains '.' or '..'", hint=hint)
    if not path.startswith("/v2/"):
        below = re.sub(r"^/*(v2/)?", "", path)
        raise InvalidOptions("path does not start with /v2/", hint=f"did you mean /v2/{below}?")
    if unquote(path).rstrip("/") in _LOGINS:
        raise InvalidOptions(
            "path is the path of a login", hint="use the module dockerhub_token, which protects the account"
        )
    return address_of(path)


def _body(body: t.Any) -> t.Any:
    if not isinstance(body, str):
        _require_json(body)
        return body
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise InvalidOptions("body is a text that is not JSON", hint="give a dictionary or a list") from None


def _require_json(body: t.Any) -> None:
    try:
        json.dumps(body)
    except TypeError:
        raise InvalidOptions(
            "body contains a value that JSON does not have, such as a date", hint="quote it in YAML"
        ) from None


def _query(given: dict[str, t.Any]) -> dict[str, str | list[str]]:
    """Return the parameters that have a value; a list is sent as one parameter for each entry."""
    return {
        name: [_query_text(one) for one in value] if isinstance(value, list) else _query_text(value)
        for name, value in given.items()
        if value is not None
    }


def _query_text(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _hide_secrets(task: Task, value: t.Any, name: str = "") -> None:
    """Hide the result if it contains a secret anywhere."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _hide_secrets(task, inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            _hide_secrets(task, inner, name)
    elif isinstance(value, str) and value and (_SECRET_NAME.search(name) or _SECRET_VALUES.search(value)):
        task.hide(value)


if __name__ == "__main__":
    run_module(api, SPEC)
