# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lookup as it is usually written: it logs in whenever it is asked."""

from __future__ import annotations

import typing as t

import requests
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """``lookup('plain_login', url, identifier, secret)``"""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """A list of one, the token."""
        url, identifier, secret = terms
        body = {"identifier": str(identifier), "secret": str(secret)}
        response = requests.post(f"{url}/v2/auth/token", json=body, timeout=30)
        response.raise_for_status()
        return [response.json()["access_token"]]
