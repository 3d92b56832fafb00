# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find secrets in values without a declared type: the item of a loop, or an argument that may be any value."""

from __future__ import annotations

import contextlib
import json
import re
import typing as t

# An access token, a bearer token, or a URL with a password.
_SECRET_TEXT = re.compile(r"dckr_[a-z]+_|eyJ[\w-]+\.|://[^/\s]*:[^/\s]*@")
_SECRET_NAME = re.compile(r"passw|passphrase|^pass$|pwd|secret|token|otp|credential|api_?key", re.IGNORECASE)
_SECRET_FIELD = re.compile(rf"(?:{_SECRET_NAME.pattern})\w*[\"']\s*:", re.IGNORECASE)


def contains_secret(value: t.Any, secrets: t.Collection[str]) -> bool:
    """Return whether a value contains one of these secrets, any token, a URL with a password, or text under a key such as ``password``.

    A text that is JSON is searched as well.
    """
    if isinstance(value, dict):
        return any(
            (_SECRET_NAME.search(str(name)) is not None and any(texts(inner)))
            or contains_secret(str(name), secrets)
            or contains_secret(inner, secrets)
            for name, inner in value.items()
        )
    if isinstance(value, (list, tuple, set)):
        return any(contains_secret(inner, secrets) for inner in value)
    text = str(value)
    if _SECRET_TEXT.search(text) or any(secret in text for secret in secrets):
        return True
    try:
        return text.lstrip().startswith(("{", "[")) and contains_secret(json.loads(text), secrets)
    except (ValueError, RecursionError):  # almost JSON, such as a Python literal
        return _SECRET_FIELD.search(text) is not None


def named_secrets(value: t.Any) -> t.Iterator[str]:
    """Yield all texts under names such as ``password``. A text that is JSON is searched as well."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner) if _SECRET_NAME.search(str(name)) else named_secrets(inner)
    elif isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from named_secrets(inner)


def texts(value: t.Any) -> t.Iterator[str]:
    """Yield all texts in a value that are not empty."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str) and value:
        yield value
