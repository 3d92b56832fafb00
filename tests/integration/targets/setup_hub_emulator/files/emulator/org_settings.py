# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of an organization."""

from __future__ import annotations

import typing as t

from emulator.organizations import require_organization
from emulator.wire import BAD_REQUEST, Rejection, Reply, Request, Routes

if t.TYPE_CHECKING:
    from emulator.hub import Hub

FIELDS = ("enabled", "allow_official_images", "allow_verified_publishers")


def read_settings(hub: Hub, request: Request, organization: str) -> Reply:
    owner = require_organization(hub, request, organization, None, ["owner"])
    return Reply(200, {"restricted_images": owner.restricted_images})


def replace_settings(hub: Hub, request: Request, organization: str) -> Reply:
    """Replace all settings; none may be missing."""
    owner = require_organization(hub, request, organization, None, ["owner"])
    given = request.fields().get("restricted_images")
    if not isinstance(given, dict) or any(not isinstance(given.get(name), bool) for name in FIELDS):
        raise Rejection(400, BAD_REQUEST)
    owner.restricted_images = {name: given[name] for name in FIELDS}
    return Reply(200, {"restricted_images": owner.restricted_images})


ROUTES: Routes = [
    (r"/v2/orgs/(?P<organization>[^/]+)/settings", {"GET": read_settings, "PUT": replace_settings}),
]
