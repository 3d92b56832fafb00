#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the settings of an organization at Docker Hub."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerhub_org_settings
short_description: Change the settings of a Docker Hub organization
version_added: 1.0.0
author:
  - hubops.dockerhub contributors (@hubops)
description:
  - Sets which images the members of an organization may use.
  - Docker Hub accepts all settings together only. The task reads them, changes those that are given, and sends them if any of
    them differs.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  organization:
    description: The name of the organization.
    type: str
    required: true
  restricted_images:
    description: Which images members may use. A setting that is left out is left alone.
    type: dict
    required: true
    suboptions:
      enabled:
        description: Whether images are restricted. It has an effect with a Docker Business subscription only.
        type: bool
      allow_official_images:
        description: Whether Docker Official Images are allowed nevertheless.
        type: bool
      allow_verified_publishers:
        description: Whether images of verified publishers are allowed nevertheless.
        type: bool
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - Docker Hub does not let access tokens read or change settings. Use the password of an owner (with a second factor,
    O(totp_secret) too).
seealso:
  - module: hubops.dockerhub.dockerhub_org_info
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code.
"""

EXAMPLES = r"""
- name: Allow nothing but Docker's own images
  hubops.dockerhub.dockerhub_org_settings:
    organization: myorg
    restricted_images:
      enabled: true
      allow_official_images: true
      allow_verified_publishers: false
"""

RETURN = r"""
settings:
  description: All settings as they are after the task; in check mode, as they would be.
  returned: success
  type: dict
  sample:
    restricted_images:
      enabled: true
      allow_official_images: true
      allow_verified_publishers: false
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
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import SETTINGS
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import BadAnswer
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, ensure, run_module

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "organization": {"type": "str", "required": True},
        "restricted_images": {
            "type": "dict",
            "required": True,
            "options": {
                "enabled": {"type": "bool"},
                "allow_official_images": {"type": "bool"},
                "allow_verified_publishers": {"type": "bool"},
            },
        },
    }
}


def org_settings(task: Task, hub: HubClient) -> Result:
    """Bring the settings of an organization into the described state."""
    here = SETTINGS.at(organization=task.account("organization"))
    current = hub.object_of(hub.get(here), here)
    images = current.get("restricted_images")
    given = {name: value for name, value in task.params["restricted_images"].items() if value is not None}
    wanted_images = {**(images if isinstance(images, dict) else {}), **given}
    missing = [name for name in task.params["restricted_images"] if wanted_images.get(name) is None]
    if missing:  # Docker Hub accepts all of them together only
        raise BadAnswer(f"the settings do not contain {', '.join(missing)}", hint="give these settings too")
    wanted = {**current, "restricted_images": wanted_images}
    change = ensure(task, current, wanted, update=lambda _changes: hub.put(here, wanted))
    return change.result(settings=wanted)


if __name__ == "__main__":
    run_module(org_settings, SPEC)
