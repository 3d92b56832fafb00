# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print Docker Hub's entries in a Docker configuration file as JSON.

This file runs as a program, because the library docker waits for a credential helper without a time limit.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import typing as t

_DEVICE_PARTS = ("access-token", "refresh-token")
"""A login in a browser stores its tokens in entries whose names end with these."""


def read_entries(path: str) -> dict[str, t.Any]:
    """Return the ``entries`` for Docker Hub, the best first, and the ``problem`` if there is one.

    The ``kind`` of an entry is login, identity or device; only a login has ``username`` and ``secret``. A credential helper is
    asked for a single entry.
    """
    try:
        auth: t.Any = importlib.import_module("docker.auth")
    except Exception as error:  # a broken library may raise anything
        return {"library": f"{type(error).__name__}: {error}"}
    try:
        config = auth.load_config(path)
        helper = _helper_of(config, auth)
        stored = {name: entry for name, entry in config.auths.items() if _is_docker_hub(name, auth)}
    except Exception:  # a damaged file may raise anything in the library
        return {"problem": "damaged"}
    if config.is_empty and not _is_json(path):  # the library reads it as an old format without entries
        return {"problem": "damaged"}
    found: dict[str, t.Any] = {"entries": [], "helper": helper}
    if helper:
        found.update(_ask(helper, auth))
    for name in sorted(stored, key=lambda name: name != auth.INDEX_URL):
        entry = stored[name]
        if name.rstrip("/").endswith(_DEVICE_PARTS):
            found["entries"].append({"kind": "device"})
        elif entry.get("IdentityToken"):
            found["entries"].append({"kind": "identity"})
        else:
            found["entries"] += _login_entry(entry.get("username"), entry.get("password"))
    return found


def _is_json(path: str) -> bool:
    try:
        with open(path, encoding="utf-8") as file:
            json.load(file)
    except ValueError:
        return False
    return True


def _login_entry(username: str | None, secret: str | None) -> list[dict[str, t.Any]]:
    """Return an entry of this user name and secret; none if one of them is empty."""
    if not username or not secret:
        return []
    if re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", secret):  # a bearer token is no secret to log in with
        return [{"kind": "device"}]
    return [{"kind": "login", "username": username, "secret": secret}]


def _is_docker_hub(server: str, auth: t.Any) -> bool:
    return bool(auth.resolve_index_name(server) == auth.INDEX_NAME)


def _helper_of(config: t.Any, auth: t.Any) -> str | None:
    """Return the credential helper for Docker Hub; one for this registry alone takes precedence."""
    own = [helper for server, helper in config.cred_helpers.items() if _is_docker_hub(server, auth)]
    return next(iter(own), None) or config.creds_store or None


def _ask(helper: str, auth: t.Any) -> dict[str, t.Any]:
    """Return the ``entries`` of a credential helper, or the ``problem`` with it."""
    credentials: t.Any = importlib.import_module("docker.credentials")
    store = credentials.Store(helper)
    if store.exe is None:
        return {"problem": "missing"}
    try:
        answer = store.get(auth.INDEX_URL)
        username, secret = answer["Username"], answer["Secret"]
    except credentials.CredentialsNotFound:
        return {}
    except credentials.StoreError:
        return {"problem": "failed"}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {"problem": "nonsense"}
    if not isinstance(username, str) or not isinstance(secret, str):
        return {"problem": "nonsense"}
    return {"entries": [{"kind": "identity"}] if username == auth.TOKEN_USERNAME else _login_entry(username, secret)}


if __name__ == "__main__":
    json.dump(read_entries(sys.argv[1]), sys.stdout)
