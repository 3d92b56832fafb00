#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the audit log of an account at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_audit_log_info
short_description: Read the audit log of a Docker Hub account
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Returns who did what in an organization or account, in the order of Docker Hub, which is the newest event first.
  - The task reads all pages up to O(limit). It warns if there are more events.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  account:
    description:
      - The organization or user whose audit log is read.
      - Without it, O(identifier) is meant if O(secret) is an organization access token.
    type: str
  action:
    description:
      - Return only events with this action, for example V(repo.tag.push) or V(org.team.create).
      - The request C(/v2/auditlogs/myorg/actions), sent with M(hubops.dockerhub.dockerhub_api), lists all actions.
    type: str
  actor:
    description: Return only what this user did.
    type: str
  name:
    description:
      - Return only events of this object. It is C(myorg/app) for events of a repository, the organization for its own events,
        and the user name for events of team members.
    type: str
  since:
    description:
      - Return only events from this time on.
      - A span before now, for example V(7d), or a time in ISO 8601, for example V(2027-01-31) or V(2027-01-31T12:00:00Z).
      - A span is a whole number with C(s), C(m), C(h), C(d) or C(w). It is counted from the time of Docker Hub's clock. A time
        without an offset is in UTC.
    type: str
  until:
    description: Return only events up to this time. It is written like O(since).
    type: str
  limit:
    description: How many events to return at most. V(0) returns all of them.
    type: int
    default: 1000
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.info
notes:
  - Docker Hub does not let personal access tokens read audit logs. Use a password (with a second factor, O(totp_secret) too)
    or an organization access token with C(scope-activity-read).
seealso:
  - module: hubops.dockerhub.dockerhub_org_info
  - module: hubops.dockerhub.dockerhub_api
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code.
"""

EXAMPLES = r"""
- name: Read who pushed tags in the last week
  hubops.dockerhub.dockerhub_audit_log_info:
    account: myorg
    action: repo.tag.push
    since: 7d
  register: log

- name: Read everything that one person did in January
  hubops.dockerhub.dockerhub_audit_log_info:
    account: myorg
    actor: alice
    since: "2027-01-01"
    until: "2027-02-01"
    limit: 0
"""

RETURN = r"""
events:
  description: The events.
  returned: success
  type: list
  elements: dict
  contains:
    timestamp:
      description: When it happened, in UTC.
      type: str
    action:
      description: What happened.
      type: str
    action_description:
      description: What happened, in words.
      type: str
    actor:
      description: The user who did it.
      type: str
    name:
      description: The object that it was done to.
      type: str
    account:
      description: The account that the event belongs to.
      type: str
    data:
      description: Details, which depend on the action.
      type: dict
  sample:
    - timestamp: "2027-01-31T12:00:00.123456Z"
      action: repo.tag.push
      action_description: pushed the tag latest
      actor: alice
      name: myorg/app
      account: myorg
      data: {"tag": "latest"}
truncated:
  description: Whether there are more events than O(limit).
  returned: success
  type: bool
  sample: false
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

import itertools
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import AUDIT_LOG, Address
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, run_module
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import parse_moment, unix_time_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "account": {"type": "str"},
        "action": {"type": "str"},
        "actor": {"type": "str"},
        "name": {"type": "str"},
        "since": {"type": "str"},
        "until": {"type": "str"},
        "limit": {"type": "int", "default": 1000},
    }
}

_FIELDS = ("action", "action_description", "actor", "name", "account", "data")


def audit_log_info(task: Task, hub: HubClient) -> Result:
    """Return the events of an account."""
    limit = task.params["limit"]
    if limit < 0:
        raise InvalidOptions("limit is negative", hint="give the number of events to return, or 0 for all")
    here = AUDIT_LOG.at(account=task.account("account"))
    query = {**task.given("action", "actor", "name"), **_period(task, hub, here)}
    rows = hub.pages(here, query)
    found = list(itertools.islice(rows, limit + 1)) if limit else list(rows)
    events = [_event_facts(row) for row in (found[:limit] if limit else found)]
    truncated = len(found) > len(events)
    if truncated:
        task.warn(f"The audit log contains more than {limit} events. Raise limit, or choose a shorter period.")
    return {"changed": False, "events": events, "truncated": truncated}


def _period(task: Task, hub: HubClient, here: Address) -> dict[str, str]:
    """Return ``from`` and ``to`` for Docker Hub; raise ``InvalidOptions`` if they are not times."""
    given = {option: text for option, text in task.given("since", "until").items() if text}
    moments = _moments(given, hub.server_time())
    if any(unix_time_of(text) is None for text in given.values()):
        hub.get(here, {"page_size": 1})  # a span counts from Docker Hub's clock, which is known after an answer
        moments = _moments(given, hub.server_time())
    if len(moments) == 2 and moments["since"] > moments["until"]:
        raise InvalidOptions("since is after until", hint="exchange them, or give a longer span for since")
    names = {"since": "from", "until": "to"}
    return {names[option]: str(iso_time(moment)) for option, moment in moments.items()}


def _moments(given: dict[str, str], now: float) -> dict[str, float]:
    return {option: parse_moment(text, option, now) for option, text in given.items()}


def _event_facts(row: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return an event. Its time keeps its fraction if it is in UTC already."""
    timestamp = row.get("timestamp")
    moment = None if str(timestamp).upper().endswith("Z") else unix_time_of(timestamp)
    return {
        "timestamp": timestamp if moment is None else iso_time(moment),
        **{name: row.get(name) for name in _FIELDS},
    }


if __name__ == "__main__":
    run_module(audit_log_info, SPEC)
