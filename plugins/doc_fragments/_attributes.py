# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Document which features of Ansible the tasks support.

This fragment is PRIVATE to the collection. It may change at any time; do not use it outside of hubops.dockerhub.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Contain what all tasks support, and one section for each kind of module.

    ``_attributes`` is for all modules, together with ``_attributes.resource`` for a module that changes something, or
    ``_attributes.info`` for a module that only reads. Where a module differs, its own ``attributes`` take precedence.
    """

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Works in check mode, and reports what a normal run would change.
    support: full
  diff_mode:
    description: Shows with C(--diff) what changes, or what would change in check mode.
  platform:
    description: The operating systems of the host on which the task runs.
    support: full
    platforms: posix
  action:
    description: Has an action plugin, which runs on the controller.
    support: full
    details: The task runs on the controller, for any host of the play.
  async:
    description: Works with the keyword C(async).
    support: none
  become:
    description: Works with the keyword C(become).
    support: none
    details: The task runs on the controller, as the user who started Ansible.
  bypass_host_loop:
    description: Runs once for all hosts instead of once for each host.
    support: none
  connection:
    description: Uses the connection to the host of the task.
    support: none
  delegation:
    description: Works with the keyword C(delegate_to).
    support: none
    details: The task runs on the controller.
  action_group:
    description: Belongs to action groups, for which C(module_defaults) can set options.
    support: full
    membership:
      - hubops.dockerhub.all
      - hubops.dockerhub.dockerhub
"""

    RESOURCE = r"""
attributes:
  diff_mode:
    support: full
"""

    INFO = r"""
attributes:
  diff_mode:
    support: N/A
    details: The task changes nothing.
"""
