# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe a login in one sentence, for verbosity 1 and above."""

from __future__ import annotations

import typing as t


def summary(result: t.Mapping[str, t.Any], hub_url: str) -> str:
    """Return a sentence without secrets about the result of a login."""
    account = result["username"] or result["identifier"] or "account"
    url = hub_url + result["endpoint"]
    if result["otp_required"]:
        return f"Docker Hub: {account} needs a second factor (response of {url})"
    origin = "reused token" if result["cached"] else "new token"
    validity = "for an unknown time" if result["expires_in"] is None else f"for {result['expires_in']} s"
    return f"Docker Hub: {origin} of {account} from {url}, valid {validity}{_few_requests(result['rate_limit'] or {})}"


def _few_requests(rate_limit: t.Mapping[str, t.Any]) -> str:
    limit, remaining, reset = (rate_limit.get(name) for name in ("limit", "remaining", "reset"))
    if not limit or remaining is None or remaining >= limit / 20:
        return ""
    return f"; only {remaining} of {limit} requests left" + (f" until {reset}" if reset else "")
