# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the verdict on a report of nox: what was left out, what failed, and how many sessions passed."""

import json
import pathlib
import sys

report = pathlib.Path(sys.argv[1])
sessions = json.loads(report.read_text())["sessions"] if report.exists() else []
by_result = {"success": [], "skipped": []}
for session in sessions:
    by_result.setdefault(session["result"], []).append(session)
passed, left_out = by_result.pop("success"), by_result.pop("skipped")
failed = [session for others in by_result.values() for session in others]
for session in left_out:
    print(f"LEFT OUT: {session['signatures'][0]}: {session['reason']}")
for session in failed:
    print(f"FAILED: {session['signatures'][0]} ({session['result']})")
print(f"{len(passed)} passed, {len(failed)} failed")
sys.exit(1 if failed or not passed else 0)
