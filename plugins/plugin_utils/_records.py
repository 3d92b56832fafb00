# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write and lock the records of a run."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
import typing as t

from ansible_collections.hubops.dockerhub.plugins.plugin_utils._run_directory import RunDirectory


class LockError(OSError):
    """The file system does not support locks."""


def write_record(directory: RunDirectory, key: str, record: t.Mapping[str, t.Any]) -> None:
    """Create or replace a record as a whole, so that readers need no lock; raise ``OSError`` if that is impossible."""
    path = os.path.join(directory.path, key)
    handle, draft = tempfile.mkstemp(dir=directory.path)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(handle, 0o600)
            json.dump(record, file)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


@contextlib.contextmanager
def locked_record(directory: RunDirectory, key: str, timeout: float) -> t.Iterator[None]:
    """Hold the lock of a record; raise ``TimeoutError`` if one other process holds it for ``timeout`` seconds.

    Raises ``LockError`` where files cannot be locked, and another ``OSError`` where the file cannot be opened.
    """
    path = os.path.join(directory.path, key + ".lock")
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        remove(path)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "rb+") as file:
        os.fchmod(file.fileno(), 0o600)
        _wait_for_lock(file.fileno(), timeout)
        yield


def _wait_for_lock(handle: int, timeout: float) -> None:
    holder, deadline = 0, 0.0
    while not try_lock(handle):
        # Each process that gets the lock sets the time of the file. The timeout then starts again.
        since = os.fstat(handle).st_mtime_ns
        if since != holder:
            holder, deadline = since, time.monotonic() + timeout
        elif time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
    os.utime(handle)


def try_lock(handle: int) -> bool:
    """Lock an open file and return True, or False if another process holds the lock; raise ``LockError``."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LockError(*error.args) from None
    return True


def remove(path: str) -> None:
    """Remove a file or a directory with its content; a symbolic link is not followed."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)
