# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Ansible's loaders find the collection, where ansible-test has not done so already."""

from __future__ import annotations

import pathlib

try:
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.collection_loader import AnsibleCollectionConfig
except ImportError:  # the Python of a target, which has ansible.module_utils at most
    pass
else:
    if not AnsibleCollectionConfig.collection_finder:
        init_plugin_loader([str(pathlib.Path(__file__).resolve().parents[6])])
