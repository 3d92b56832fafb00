# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags as the modules return them."""

from __future__ import annotations

import typing as t

_OF_IMAGE = ("architecture", "variant", "os", "digest", "size", "status")


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
        "last_pushed": _time(tag.get("tag_last_pushed") or tag.get("last_updated")),
        "last_pulled": _time(tag.get("tag_last_pulled")),
        "images": [_image_facts(image) for image in images if isinstance(image, dict)],
    }


def _image_facts(image: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    times = {name: _time(image.get(name)) for name in ("last_pushed", "last_pulled")}
    return {**{name: image.get(name) for name in _OF_IMAGE}, **times}


def _time(text: t.Any) -> t.Any:
    """Return a time of the API as it is; None for a placeholder such as ``0001-01-01T00:00:00Z``."""
    return None if not text or str(text).startswith("0001-01-01") else text
