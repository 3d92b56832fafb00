# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Docker Hub that logs accounts in, locks them, lets bearers expire, counts requests and fails on demand.

In a test::

    with HubEmulator(token_life=5) as hub:
        hub.fail("/v2/auth/token", times=2, **FAULTS["html_502"])
        ...                                 # send requests to hub.url
        assert hub.logins() == 3

As a program: ``python hub_emulator.py --port 0 --url-file url.txt``, steered over ``/_emulator/...``
(see emulator/control.py). All times are those of the emulator's own clock, which ``clock_offset`` moves.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import typing as t

from emulator.access_tokens import AccessToken
from emulator.accounts import (
    ACCOUNTS,
    MFAUSER_PAT,
    MFAUSER_TOTP_SECRET,
    MYBOT_PAT,
    MYORG_OAT,
    ORGMEMBER_PAT,
    SSOUSER_PAT,
    Account,
)
from emulator.authentication import AUTH_PATHS, LOGIN_PATH, SECOND_FACTOR_PATH, TOKEN_PATH, PendingLogin
from emulator.bearers import jwt
from emulator.faults import CLOUDFLARE, FAULTS, HTML, TEXT, Fault
from emulator.scopes import Resource
from emulator.service import HubEmulator
from emulator.totp import totp
from emulator.wire import Reply, Request, iso_time

__all__ = [
    "ACCOUNTS",
    "AUTH_PATHS",
    "CLOUDFLARE",
    "FAULTS",
    "HTML",
    "LOGIN_PATH",
    "MFAUSER_PAT",
    "MFAUSER_TOTP_SECRET",
    "MYBOT_PAT",
    "MYORG_OAT",
    "ORGMEMBER_PAT",
    "SECOND_FACTOR_PATH",
    "SSOUSER_PAT",
    "TEXT",
    "TOKEN_PATH",
    "AccessToken",
    "Account",
    "Fault",
    "HubEmulator",
    "PendingLogin",
    "Reply",
    "Request",
    "Resource",
    "iso_time",
    "jwt",
    "totp",
]


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A stand-in for Docker Hub on the loopback interface.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--token-life", default="600", metavar="SECONDS", help='or "none": bearers without expiry')
    parser.add_argument("--lockout-after", type=int, default=10, metavar="REFUSALS", help="0 never locks")
    parser.add_argument("--clock-offset", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="added to each login request")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="PEM files")
    parser.add_argument("--url-file", metavar="PATH", help="contains the URL once the emulator listens")
    options = parser.parse_args(arguments)
    try:
        life = None if options.token_life == "none" else float(options.token_life)
        hub = HubEmulator(life, options.lockout_after, options.clock_offset, options.tls, port=options.port)
    except (OSError, OverflowError, ValueError) as err:
        parser.error(str(err))
    hub.latency = options.latency
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job starts with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    with hub, contextlib.suppress(KeyboardInterrupt):
        if options.url_file:
            with open(f"{options.url_file}.new", "w", encoding="utf-8") as file:
                file.write(f"{hub.url}\n")
            os.replace(file.name, options.url_file)
        print(hub.url, flush=True)
        hub.stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
