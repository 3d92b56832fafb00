# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in with what ``docker login`` has stored."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._libraries import missing_library
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _docker_entries
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._new_run_directory import open_run_directory
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._records import locked_record, write_record

_LIMIT = 8.0
"""Seconds for reading the file and for the credential helper, which may hang."""

_INSTEAD = "or give identifier and secret in another way"
_PROBLEMS = {
    "missing": ("is not installed where Ansible runs", "install it, or add its folder to PATH"),
    "failed": ("failed", "unlock it, or log in again with docker login"),
    "hangs": (f"did not answer within {_LIMIT:.0f} s", "unlock it: it cannot ask for anything while Ansible runs"),
    "nonsense": ("returned something other than a credential", "check its installation"),
}
_UNUSABLE = {
    "identity": "an identity token, with which the API of Docker Hub allows no login",
    "device": "the tokens of a login in a browser, with which the API of Docker Hub allows no login",
}


def docker_login(path: str, identifier: str | None, warn: t.Callable[[str], None]) -> tuple[str, str]:
    """Return user name and secret from a configuration file of Docker, or from the folder that contains it.

    With an identifier, only an entry of that account counts. Raises ``InvalidOptions`` or ``MissingLibrary``.
    """
    # Users also give the content of the file, such as the variable DOCKER_AUTH_CONFIG of a CI system. It must not be shown.
    if not os.path.isabs(path) and not os.path.exists(path):
        raise _refusal("there is no such file", f"give the path of the file, not its content, {_INSTEAD}")
    file = os.path.join(path, "config.json") if os.path.isdir(path) else path
    shown = printable(file)
    try:
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is not a file")
        with open(file, "rb"):
            pass
    except OSError as error:
        raise _refusal(
            f"{shown} cannot be read ({error.strerror or error})", f"run docker login, correct the path, {_INSTEAD}"
        ) from None
    found = _shared_entries(file, status, warn)
    if "library" in found:
        raise missing_library("docker", printable(found["library"]))
    return _usable(found, shown, identifier)


def _refusal(text: str, hint: str) -> HubError:
    return InvalidOptions(f"docker_config: {text}", hint=hint)


def _shared_entries(file: str, status: os.stat_result, warn: t.Callable[[str], None]) -> dict[str, t.Any]:
    """Return what an earlier task of this run has read, if the file has not changed since; otherwise read it.

    A credential helper may ask for a password, so it must not run for each host.
    """
    with contextlib.suppress(OSError):
        directory = open_run_directory()
        key = directory.record_key("docker_config", os.path.abspath(file), status.st_mtime_ns, status.st_size)
        with locked_record(directory, key, 2 * _LIMIT):
            found = directory.read(key)
            if not found:
                found = _read_entries(file, status, warn)
                write_record(directory, key, found)
            return found
    return _read_entries(file, status, warn)  # shared_token warns that the directory of this run cannot be used


def _read_entries(file: str, status: os.stat_result, warn: t.Callable[[str], None]) -> dict[str, t.Any]:
    """Read the file; warn if others can read it too."""
    if status.st_mode & 0o044:
        warn(f"Other users can read {printable(file)}, which may contain credentials. Run: chmod 600 {printable(file)}")
    return _run(file)


def _run(file: str) -> dict[str, t.Any]:
    """Read the file in a separate process without a terminal. After the limit, end it and the processes it started."""
    with subprocess.Popen(
        [sys.executable, _docker_entries.__file__, file],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            found: dict[str, t.Any] = json.loads(process.communicate(timeout=_LIMIT)[0])
            return found
        except subprocess.TimeoutExpired:
            return {"problem": "hangs", **_helpers_of(file)}
        except ValueError:
            return {"problem": "damaged"}
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _helpers_of(file: str) -> dict[str, t.Any]:
    """Return the name of the credential helper, for a message."""
    with contextlib.suppress(OSError, ValueError, AttributeError), open(file, encoding="utf-8") as opened:
        config = json.load(opened)
        names = [name for server, name in (config.get("credHelpers") or {}).items() if "docker.io" in server]
        return {"helper": (names or [config.get("credsStore")])[0]}
    return {}


def _usable(found: dict[str, t.Any], shown: str, identifier: str | None) -> tuple[str, str]:
    """Return user name and secret of the first entry that can log in; raise ``InvalidOptions`` with the reason if none can."""
    entries = found.get("entries", [])
    logins = [entry for entry in entries if entry["kind"] == "login"]
    for entry in logins:
        if not identifier or entry["username"].strip().lower() == identifier.strip().lower():
            return entry["username"], entry["secret"]
    problem = found.get("problem")
    if problem == "damaged":
        raise _refusal(f"{shown} is not a configuration file of Docker", f"run docker login, {_INSTEAD}")
    if problem:
        words, hint = _PROBLEMS[problem]
        helper = f"the credential helper docker-credential-{printable(str(found.get('helper')), limit=60)}"
        raise _refusal(f"{helper} of {shown} {words}", f"{hint}, {_INSTEAD}")
    if logins and identifier:
        raise _refusal(
            f"{shown} contains no entry of {printable(identifier)} for Docker Hub, but one of another account",
            f"run docker login -u {printable(identifier)}, or leave out identifier",
        )
    if entries:
        raise _refusal(
            f"{shown} contains {_UNUSABLE[entries[0]['kind']]}",
            f"run docker login -u NAME with a personal access token, {_INSTEAD}",
        )
    raise _refusal(f"{shown} contains no entry for Docker Hub", f"run docker login, {_INSTEAD}")
