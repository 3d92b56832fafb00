# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organization of 2,000 members takes few requests and little memory."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.modules import dockerhub_org_member
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.organization_tasks import OWNER, Tasks

ROOT = pathlib.Path(__file__).resolve().parents[4]
NAMES = [f"user{number:04}" for number in range(1998)]
LISTED = [*({"user": name} for name in ("mybot", "orgmember", *NAMES)), {"email": "new@example.com"}]
PROGRAM = """
import json, pathlib, re, resource, sys, time
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Task
from ansible_collections.hubops.dockerhub.plugins.modules.dockerhub_org_member import SPEC, org_member

login, params = json.load(sys.stdin)
options = normalize_options(login)
token = fetch_token(options)["access_token"]
start = time.monotonic()
task = Task(ArgumentSpecValidator(**SPEC).validate(params).validated_parameters, options)
with HubClient(options, token) as hub:
    result = org_member(task, hub)
seconds = time.monotonic() - start
# Linux counts the memory of the parent process as well, until the program starts; its own peak is elsewhere.
status = pathlib.Path("/proc/self/status")
peak = re.search(r"VmHWM:\\s+([0-9]+)", status.read_text()) if status.exists() else None
kilobytes = int(peak[1]) if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
megabytes = kilobytes / (1024 if sys.platform != "darwin" else 1024 * 1024)
print(json.dumps([result["changed"], len(result["members"]), seconds, megabytes]))
"""


@pytest.fixture
def organization(hub: t.Any) -> Tasks:
    tasks = Tasks(hub, dockerhub_org_member, dockerhub_org_member.org_member)
    tasks.seed(members=NAMES, invitations=[{"invitee": "NEW@example.com"}])
    return tasks


def test_unchanged_members_take_one_request_for_each_page(organization: Tasks) -> None:
    result = organization(members=LISTED, exclusive=True)
    assert (result["changed"], len(result["members"])) == (False, 2001)
    paths = [request.path for request in organization.sent]
    assert paths == ["/v2/orgs/myorg/members"] * 20 + ["/v2/orgs/myorg/invites"]
    assert organization.pending() == {"NEW@example.com": 1}


def test_unchanged_members_take_little_memory(hub: t.Any, organization: Tasks) -> None:
    identifier, secret = OWNER
    given = [
        {"identifier": identifier, "secret": secret, "hub_url": hub.url},
        {"organization": "myorg", "members": LISTED, "exclusive": True},
    ]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(given),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT.parents[2]), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    changed, count, seconds, megabytes = json.loads(ran.stdout)
    assert (changed, count) == (False, 2001)
    assert megabytes < 80, f"{megabytes:.0f} MB, {seconds:.1f} s"
    print(f"{megabytes:.0f} MB, {seconds:.1f} s")
    assert organization.pending() == {"NEW@example.com": 1}
