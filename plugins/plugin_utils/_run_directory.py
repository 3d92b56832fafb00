# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the private directory that the processes of one run share."""

from __future__ import annotations

import hmac
import json
import os
import stat
import typing as t

Record = dict[str, t.Any]


class RunDirectory:
    """A directory with the secret key of its run; raises ``OSError`` or ``ValueError`` if it is damaged or not private."""

    def __init__(self, path: str) -> None:
        require_private(os.lstat(path), stat.S_ISDIR)
        self.path = path
        self.run: Record = json.loads(read_private_file(os.path.join(path, "run")))
        self._key = bytes.fromhex(self.run["key"])

    def record_key(self, *parts: t.Any) -> str:
        """Return the file name of a record: an HMAC of these parts, because they may be secret."""
        return hmac.new(self._key, json.dumps(parts, default=str, sort_keys=True).encode(), "sha256").hexdigest()

    def read(self, key: str) -> Record:
        """Return a record; an empty one if there is none, or if it is damaged or not private."""
        try:
            record = json.loads(read_private_file(os.path.join(self.path, key)))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}


def read_private_file(path: str) -> bytes:
    """Return the content of a regular file to which nobody else has access; raise ``OSError`` for any other."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(handle)
        require_private(status, stat.S_ISREG)
        return os.read(handle, status.st_size)
    finally:
        os.close(handle)


def require_private(status: os.stat_result, has_type: t.Callable[[int], bool]) -> None:
    """Raise ``OSError`` unless type and owner are right and nobody else has access."""
    if not has_type(status.st_mode):
        raise OSError("something else is in its place")
    if status.st_uid != os.geteuid():
        raise OSError(f"it belongs to user {status.st_uid}, not to user {os.geteuid()}")
    if status.st_mode & 0o077:
        raise OSError(f"other users have access to it, with mode {status.st_mode & 0o777:04o}")
