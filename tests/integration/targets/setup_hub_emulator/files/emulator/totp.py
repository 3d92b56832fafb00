# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time-based one-time passwords (RFC 6238)."""

from __future__ import annotations

import base64
import hmac
import struct

TOTP_STEP = 30  # seconds


def totp(secret: str, at: float) -> str:
    """Return the six digits for a base32 secret at a unix time."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // TOTP_STEP), "sha1").digest()
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"
