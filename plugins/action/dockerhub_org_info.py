# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the task ``dockerhub_org_info`` on the controller."""

from __future__ import annotations

from ansible_collections.hubops.dockerhub.plugins.modules.dockerhub_org_info import SPEC, org_info
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._resource_action import ResourceAction


class ActionModule(ResourceAction):
    """The task ``hubops.dockerhub.dockerhub_org_info``."""

    resource = (SPEC, org_info)
