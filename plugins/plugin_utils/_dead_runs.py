# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove the directories of runs that were killed."""

from __future__ import annotations

import contextlib
import glob
import multiprocessing
import os
import socket
import stat

from ansible_collections.hubops.dockerhub.plugins.plugin_utils._records import remove
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._run_directory import RunDirectory, require_private

Process = dict[str, str]


def main_process() -> Process:
    """Return the identity of the main process of this run, which ends when the run ends."""
    main = multiprocessing.parent_process()
    return identity(str(main.pid if main else os.getpid()))


def identity(pid: str) -> Process:
    """Return values that no other process ever has together; ``{}`` where the operating system does not provide them.

    ``start`` is empty if the process has ended.
    """
    try:
        if os.readlink("/proc/self") != str(os.getpid()):  # /proc describes another process namespace
            return {}
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        return {
            "host": socket.gethostname(),
            "boot": boot,
            "namespace": os.readlink("/proc/self/ns/pid"),
            "pid": pid,
            "start": _start(pid),
        }
    except OSError:
        return {}


def _start(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, *fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in "XZ" else fields[18]


def remove_dead_runs(patterns: list[tuple[str, str]]) -> None:
    """Remove directories of dead runs; ``patterns`` are pairs of a folder and a name in it.

    A run that may still be alive, on another host or in a container, is left alone.
    """
    for folder, name in patterns:
        for path in glob.glob(os.path.join(folder, name)):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                _require_safe_folder(os.path.dirname(path))
                if _is_dead(RunDirectory(path).run):
                    remove(path)


def _require_safe_folder(folder: str) -> None:
    """Raise ``OSError`` if another user could replace a directory in this folder before it is removed."""
    status = os.lstat(folder)
    is_sticky = status.st_mode & stat.S_ISVTX and status.st_uid in (0, os.geteuid())
    if not is_sticky:
        require_private(status, stat.S_ISDIR)


def _is_dead(run: Process) -> bool:
    if not run.get("start"):
        return False
    now = identity(run["pid"])
    is_same_place = all(now.get(name) == run[name] for name in ("host", "boot", "namespace"))
    return is_same_place and now["start"] != run["start"]
