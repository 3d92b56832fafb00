# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Personal access tokens as a resource."""

from __future__ import annotations

import typing as t

from emulator.bearers import require_bearer
from emulator.paging import page
from emulator.wire import Rejection, Reply, Request, Routes, error_body

if t.TYPE_CHECKING:
    from emulator.hub import Hub


def list_access_tokens(hub: Hub, request: Request) -> Reply:
    """List the account's tokens. Only a bearer made from a password may do that."""
    account, kind, _expires = require_bearer(hub, request)
    if kind != "password":
        raise Rejection(403, error_body("token issued from personal access token"))
    items = [{"uuid": account.uuid("pat"), "is_active": True, "token": "", "token_label": "emulated"}]
    return page(hub, request, items if account.pat else [])


ROUTES: Routes = [
    (r"/v2/access-tokens", {"GET": list_access_tokens}),
]
