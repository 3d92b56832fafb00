# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the message of a failure whose result is hidden."""

from __future__ import annotations

from ansible.module_utils.compat.version import LooseVersion
from ansible.release import __version__
from ansible.utils.display import Display


def show_hidden_failure(message: str) -> None:
    """Show the message before ansible-core 2.19; later versions do that themselves."""
    if LooseVersion(__version__) < LooseVersion("2.19"):
        Display().error(message)
