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
  - Docker Hub accepts only all settings together. The task reads them, and sends them only if one of them differs from
    the options. A setting that you leave out is left unchanged.
  - The task logs in on its own, and shares its login with all tasks of the run that use the same credential.
options:
  organization:
    description: The name of the organization.
    type: str
    required: true
  restricted_images:
    description: Which images members may use. Docker calls this setting Image Access Management.
    type: dict
    required: true
    suboptions:
      enabled:
        description:
          - Whether the images that members may use are restricted. Without this option, the setting is left unchanged.
          - Docker Hub restricts images only with a Docker Business subscription.
        type: bool
      allow_official_images:
        description:
          - Whether Docker Official Images are allowed although images are restricted.
          - Without this option, the setting is left unchanged.
        type: bool
      allow_verified_publishers:
        description:
          - Whether images of verified publishers are allowed although images are restricted.
          - Without this option, the setting is left unchanged.
        type: bool
extends_documentation_fragment:
  - hubops.dockerhub._login
  - hubops.dockerhub._login.resource
  - hubops.dockerhub._connection
  - hubops.dockerhub._attributes
  - hubops.dockerhub._attributes.resource
notes:
  - Docker Hub does not let access tokens read or change settings. Log in with the password of an owner of the
    organization. If the account uses two-factor authentication, give O(totp_secret) too.
seealso:
  - module: hubops.dockerhub.dockerhub_org_info
  - ref: ansible_collections.hubops.dockerhub.docsite.guide_organizations
    description: An organization as code, and what each operation requires.
"""

EXAMPLES = r"""
- name: Allow Docker Official Images only
  hubops.dockerhub.dockerhub_org_settings:
    organization: myorg
    restricted_images:
      enabled: true
      allow_official_images: true
      allow_verified_publishers: false

- name: Allow images of verified publishers too, and leave the other settings unchanged
  hubops.dockerhub.dockerhub_org_settings:
    organization: myorg
    restricted_images:
      allow_verified_publishers: true

- name: End the restriction
  hubops.dockerhub.dockerhub_org_settings:
    organization: myorg
    restricted_images:
      enabled: false
"""

RETURN = r"""
settings:
  description: All settings as they are after the task. In check mode, as they would be.
  returned: success
  type: dict
  contains:
    restricted_images:
      description: Which images members may use. See O(restricted_images).
      type: dict
  sample:
    restricted_images:
      enabled: true
      allow_official_images: true
      allow_verified_publishers: false
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
