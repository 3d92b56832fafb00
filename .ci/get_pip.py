# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip that ansible-test would download: a sanity test needs nothing but the package index."""

import subprocess
import sys

python = [sys.executable, "-m"]
subprocess.run([*python, "ensurepip"], check=True)  # in this process it would make pip forget its settings
packages = [argument for argument in sys.argv[1:] if not argument.startswith(("-", "pip=="))]
if packages:
    subprocess.run([*python, "pip", "install", *packages], check=True)
