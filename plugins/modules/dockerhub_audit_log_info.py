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
  - Returns who did what in an organization or in the account of a user. Docker Hub lists the newest event first.
  - The task reads all pages up to O(limit). It warns if there are more events.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  account:
    description:
      - The name of the organization or user whose audit log is read.
      - Required, unless O(secret) is an organization access token. O(identifier) is then the default.
    type: str
  action:
    description:
      - Return only events with this action, for example V(repo.tag.push) or V(org.team.create).
      - To list all actions, use M(hubops.dockerhub.dockerhub_api) with the path V(/v2/auditlogs/myorg/actions). An
        action is the name of a group, a dot, and a name from that group.
      - Without this option, events with any action are returned.
    type: str
  actor:
    description: Return only events that this user caused. Without this option, events of all users are returned.
    type: str
  name:
    description:
      - Return only events of this object. It is a name such as C(myorg/app) for events of a repository. It is the name
        of the organization for its own events, and the user name for events of team members.
      - Without this option, events of all objects are returned.
    type: str
  since:
    description:
      - Return only events from this time on. Without this option, there is no earliest time.
      - The value is a span of time before now, for example V(7d), or a time in ISO 8601, for example V(2027-01-31) or
        V(2027-01-31T12:00:00Z).
      - A span is a whole number with C(s), C(m), C(h), C(d) or C(w) for seconds, minutes, hours, days or weeks. It ends
        at the present time of Docker Hub's clock. A time without an offset is in UTC.
    type: str
  until:
    description:
      - Return only events up to this time. Without this option, there is no latest time.
      - The value has the same form as that of O(since).
    type: str
  limit:
    description: How many events to return at most. With V(0), all events are returned.
    type: int
    default: 1000
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.info
notes:
  - Docker Hub does not let personal access tokens read audit logs. Log in with an organization access token that has
    C(scope-activity-read), or with a password. If the account uses two-factor authentication, a password also requires
    O(totp_secret).
seealso:
  - module: hubops.dockerhub.dockerhub_org_info
  - module: hubops.dockerhub.dockerhub_api
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Read who pushed tags in the last week
  hubops.dockerhub.dockerhub_audit_log_info:
    account: myorg
    action: repo.tag.push
    since: 7d
  register: log

- name: Show who pushed which tag
  ansible.builtin.debug:
    msg: "{{ item.timestamp }} {{ item.actor }} {{ item.name }} {{ item.data }}"
  loop: "{{ log.events }}"
  loop_control:
    label: "{{ item.timestamp }}"

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
  description: The events, in the order of Docker Hub. A single value that Docker Hub does not return is V(null).
  returned: success
  type: list
  elements: dict
  contains:
    timestamp:
      description: When the event happened, in UTC.
      type: str
    action:
      description: What happened, as the name of an action. See O(action).
      type: str
    action_description:
      description: What happened, in words.
      type: str
    actor:
      description: The user who caused the event.
      type: str
    name:
      description: The object that was changed. See O(name).
      type: str
    account:
      description: The account that the event belongs to.
      type: str
    data:
      description: Details of the event. The keys depend on the action.
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
  description: Whether there are more events than O(limit) allows. RV(events) is then not complete.
  returned: success
  type: bool
  sample: false
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

import itertools
import sys
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
    filters = {name: text for name, text in task.given("action", "actor", "name").items() if text}
    query = {**filters, **_period(task, hub, here)}
    rows = hub.pages(here, query)
    found = list(itertools.islice(rows, min(limit + 1, sys.maxsize))) if limit else list(rows)
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
