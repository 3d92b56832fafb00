# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time-based one-time passwords (RFC 6238) as Docker Hub uses them: SHA1, six digits, steps of 30 s."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import parse_qs, urlsplit

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions

STEP = 30
"""Seconds for which a code is valid."""
MARGIN = 3.0
"""Seconds before the end of a step. Then its code is no longer sent, because it may expire on the way."""
_SETTINGS = {"digits": "6", "period": "30", "algorithm": "SHA1"}


def totp_seed(text: str) -> str:
    """Return the base32 seed of a TOTP secret.

    ``text`` is base32 (blanks, hyphens and case do not matter) or an ``otpauth://`` URI. It may be in quotes. Raises
    ``InvalidOptions``.
    """
    text = text.strip("\ufeff\"' \t\r\n")
    if text.lower().startswith("otpauth-migration:"):
        raise InvalidOptions(
            "totp_secret is an otpauth-migration:// URI, the export of several accounts from an authenticator app",
            hint="give the secret of this one account: enroll it again at Docker Hub and keep the text beside the QR code",
        )
    if text.lower().startswith("otpauth:"):
        text = _secret_of_uri(text)
    seed = re.sub(r"[\s=-]", "", text).upper()
    try:
        key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise InvalidOptions(
            "totp_secret is not base32 (letters A to Z and digits 2 to 7)",
            hint="give the text that Docker Hub shows beside the QR code; a six-digit code belongs in otp",
        )
    # pyotp refuses keys under 112 bits, which exist. Zeros at the end of a key do not change an HMAC.
    return base64.b32encode(key.ljust(15, b"\0")).decode().rstrip("=")


def seconds_to_next_code(server_time: float) -> float:
    """Return the seconds until the next code is certainly valid, as the server's time is known to half a second."""
    return STEP - server_time % STEP + 0.6


def _secret_of_uri(text: str) -> str:
    try:
        uri = urlsplit(text)
    except ValueError:
        uri = urlsplit("")
    parameters = {name: values[0] for name, values in parse_qs(uri.query).items()}
    fits = all(parameters.get(name, value).upper() == value for name, value in _SETTINGS.items())
    if uri.netloc.lower() != "totp" or not fits or "secret" not in parameters:
        raise InvalidOptions(
            "totp_secret is an otpauth:// URI, but not for Docker Hub's codes (TOTP, SHA1, 6 digits, 30 s)",
            hint="give the URI of the QR code that Docker Hub showed, or the base32 text beside it",
        )
    return parameters["secret"]
