# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find secrets in values of any type: the item of a loop, an argument, or a result."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import spellings

# An access token, a bearer token, or a URL with a password.
# Without the lookbehind, the search would take quadratic time.
_SECRET_TEXT = re.compile(r"dckr_[a-z]+_|(?<![\w-])eyJ[\w-]+\.|://[^/\s:]*:[^/\s@]*@")
_SECRET_NAME = re.compile(
    r"passw|passphrase|(?<![a-z])(?:pass|pw|seed)(?![a-z])|(?<![a-z])auths?(?![a-z_])"
    r"|pwd|secret|token|otp|credential|api_?key|docker_?config",
    re.IGNORECASE,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")
_SECRET_FIELD = re.compile(rf"(?:{_SECRET_NAME.pattern})\w*[\"']\s*:", re.IGNORECASE)


def prints_secret_item(
    task: t.Any, variables: dict[str, t.Any], render: t.Callable[[t.Any], t.Any], secrets: t.Collection[str]
) -> bool:
    """Return whether a task is a loop, and what Ansible prints about its item may contain a secret."""
    if task.loop is None and not task.loop_with:
        return False
    try:
        control, loop = task.loop_control, variables.get("ansible_loop", {})
        # With `extended`, Ansible prints other items beside each one, so unknown secrets in any of them count.
        others = [*loop.get("allitems", []), loop.get("nextitem"), loop.get("previtem")]
        shown = [variables.get(control.loop_var or "item"), render(control.label or ""), *others]
        has_unknown = any(isinstance(other, (dict, list)) for other in others)
        return has_unknown or contains_secret(shown, secrets) or repeats_secret(shown, secrets)
    except Exception:  # an item that cannot be searched is not printed
        return True


def contains_secret(value: t.Any, secrets: t.Collection[str]) -> bool:
    """Return whether a value contains a secret.

    Secrets are the given ones and long parts of them, all tokens, URLs with a password, and texts under a key such as
    ``password``. A text in base64 or JSON is searched like the value that it describes.
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
    joined = re.sub(r"[\s-]", "", text)  # TOTP secrets are often written in groups
    if _SECRET_TEXT.search(text) or any(
        secret in text or (len(text) > 8 and (text in secret or joined in secret)) for secret in secrets
    ):
        return True
    if decoded := _decoded(text):
        return contains_secret(decoded, secrets)
    try:
        return text.lstrip().startswith(("{", "[")) and contains_secret(json.loads(text), secrets)
    except (ValueError, RecursionError):  # almost JSON, such as a Python literal
        return _SECRET_FIELD.search(text) is not None


def repeats_secret(value: t.Any, secrets: t.Collection[str]) -> bool:
    """Return whether a key, text or number in a value is one of the secrets, or contains one of more than 8 characters.

    The secret may be in another case, encoded as in a URL, JSON, HTML or Python, or in base64.
    """
    found = {*_leaves(value)}
    text = "\n".join(found)
    text = "\n".join([text, *map(_decoded, _BASE64.findall(text))]).lower()
    # A shorter secret, such as a code, may be part of another text by chance.
    long = spellings(secret for secret in secrets if len(secret) > 8)
    return not found.isdisjoint(secrets) or any(spelling.lower() in text for spelling in long)


def _leaves(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _decoded(text: str) -> str:
    """Return the text that this one stands for in base64; an empty one if it is no base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:
        return ""


def named_secrets(value: t.Any) -> t.Iterator[str]:
    """Yield all texts under keys such as ``password``. A text that is JSON is searched like the value that it describes."""
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
