# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create the directory of a run in a folder where nobody else has access to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import secrets
import tempfile

from ansible import constants as C
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._dead_runs import main_process, remove_dead_runs
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._records import remove, try_lock
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._run_directory import RunDirectory

_FALLBACK_PREFIX = "ansible-dockerhub-"


def open_run_directory() -> RunDirectory:
    """Return the directory of this run, which the first process creates; raise ``OSError`` with the reason if none can."""
    paths = _possible_paths()
    for path in paths:
        directory = _existing(path)
        if directory:
            return directory
    reasons = []
    for needs_lock in (True, False):
        for path in paths:
            try:
                return _create(path, needs_lock)
            except OSError as error:
                reasons.append(error)
    raise reasons[0]


def remove_fallback_directory() -> None:
    """Remove the directory of this run when its main process ends, if it is outside the folder that Ansible removes."""
    if multiprocessing.parent_process() is None:
        for path in _possible_paths()[1:]:
            if _existing(path):
                remove(path)


def _possible_paths() -> list[str]:
    """Return the paths where the directory of this run may be, the preferred one first.

    Ansible removes the preferred one when the run ends. The others are for file systems that force owners or modes.
    """
    local_tmp = str(C.DEFAULT_LOCAL_TMP)
    name = _FALLBACK_PREFIX + hashlib.sha256(os.fsencode(local_tmp)).hexdigest()[:32]
    return [os.path.join(local_tmp, "dockerhub"), *(os.path.join(folder, name) for folder in _fallback_folders())]


def _fallback_folders() -> list[str]:
    folders = (os.environ.get("XDG_RUNTIME_DIR") or "", "/dev/shm", tempfile.gettempdir())
    return [folder for folder in folders if os.path.isabs(folder)]


def _existing(path: str) -> RunDirectory | None:
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return RunDirectory(path)
    return None


def _create(path: str, needs_lock: bool) -> RunDirectory:
    """Create the directory under another name and rename it; return that of another process that was faster."""
    parent = os.path.dirname(path)
    draft = tempfile.mkdtemp(prefix=os.path.basename(path) + ".", dir=parent)
    try:
        os.chmod(draft, 0o700)
        with open(os.open(os.path.join(draft, "run"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump({"key": secrets.token_hex(32), **main_process()}, file)
            if needs_lock:
                try_lock(file.fileno())
        RunDirectory(draft)  # raises OSError where the file system forces another owner or mode
        try:
            os.rename(draft, path)
        except OSError:
            if not _existing(path):
                remove(path)
                os.rename(draft, path)
    finally:
        remove(draft)
    root = os.path.join(os.path.dirname(os.path.dirname(_possible_paths()[0])), "ansible-local-*")
    remove_dead_runs([(root, "dockerhub*"), *((folder, f"{_FALLBACK_PREFIX}*") for folder in _fallback_folders())])
    return RunDirectory(path)
