# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags as the modules return them."""

from __future__ import annotations

import typing as t

_OF_IMAGE = ("architecture", "variant", "os", "digest", "size", "status", "last_pushed", "last_pulled")


def tag_facts(tag: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a tag of the API: name, digest, size in bytes, times (ISO 8601 or None), images."""
    images = tag.get("images")
    images = images if isinstance(images, list) else [images]  # one object in the documentation, a list in real answers
    return {
        "name": str(tag.get("name")),
        "digest": tag.get("digest"),
        "size": tag.get("full_size"),
        "status": tag.get("tag_status") or tag.get("status"),
        "content_type": tag.get("content_type"),
        "last_pushed": tag.get("tag_last_pushed") or tag.get("last_updated"),
        "last_pulled": tag.get("tag_last_pulled"),
        "images": [{name: image.get(name) for name in _OF_IMAGE} for image in images if isinstance(image, dict)],
    }
