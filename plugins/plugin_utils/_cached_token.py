# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the token of an earlier login of this run with the same raw options."""

from __future__ import annotations

import os
import sys
import time
import typing as t

from ansible import constants as C
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._run_directory import Record, RunDirectory

UNKNOWN_LIFE = 300.0  # seconds for which a token of unknown life is reused


def cached_token(raw: t.Any, inform: t.Callable[[str], None] | None) -> Record | None:
    """Return the result for these ``RawOptions``, or None.

    A link under the key of the raw options exists only after they were validated and a login with them succeeded.
    """
    try:
        directory = RunDirectory(os.path.join(C.DEFAULT_LOCAL_TMP, "dockerhub"))
        link = directory.read(directory.record_key("link", raw))
    except Exception:  # there is no directory yet, or a value cannot be read; shared_token reports that
        return None
    result = link and live_token(directory.read(link["credential"]), link["auth_method"], link["min_ttl"])
    if not result:
        return None
    mask_secrets([result["access_token"]])
    if inform:
        from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_summary import summary

        inform(summary(result, link["hub_url"]))
    return result


def live_token(credential: Record, auth_method: str, min_ttl: int, since: float | None = None) -> Record | None:
    """Return a result whose token is valid long enough, or was recorded after ``since``; None if there is none."""
    for method, record in credential.get("tokens", {}).items():
        result, life = {**record["result"], "cached": True}, record["result"]["expires_in"]
        left = (UNKNOWN_LIFE if life is None else life) - (now() - record["stored_at"])
        is_new = since is not None and record["stored_at"] >= since
        # With a short-lived token, min_ttl must not cause a login for each use.
        enough = 0 if life is None or is_new else min(min_ttl, life / 4)
        if auth_method in ("auto", method) and left > enough:
            return result if life is None else {**result, "expires_in": int(left)}
    return None


def mask_secrets(secrets: t.Iterable[str | None]) -> None:
    """Let ansible-core 2.22 and later mask these values wherever they are printed."""
    if masking := sys.modules.get("ansible.module_utils.secrets"):  # loaded from 2.22 on; a failed import costs time
        masking.register_secrets(secret for secret in secrets if secret)


def now() -> float:
    """Return seconds of a clock that is the same in all processes, is never set, and continues during sleep."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):  # macOS lacks it; some sandboxes refuse it
        return time.monotonic()
