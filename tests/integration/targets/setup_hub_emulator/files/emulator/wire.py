# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests, replies and the bodies of errors."""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t


@dataclasses.dataclass
class Request:
    """One request as tests read it: the path without its trailing slash, header names in Title-Case."""

    method: str
    path: str
    headers: dict[str, str]
    body: t.Any  # parsed; None if it is not JSON
    query: dict[str, str]
    at: float  # by the real clock
    raw_path: str = ""  # the path as it was sent, with its percent signs
    account: str | None = None  # the account that logs in, or that the bearer belongs to
    status: int | None = None  # the status of the reply; None after a reset connection

    def fields(self) -> dict[str, t.Any]:
        """Return the body if it is a JSON object, else an empty dictionary."""
        return self.body if isinstance(self.body, dict) else {}


@dataclasses.dataclass
class Reply:
    """One HTTP reply. A body that is neither bytes nor text is sent as JSON; a header that is None is not sent."""

    status: int
    body: t.Any = b""
    headers: dict[str, str | None] = dataclasses.field(default_factory=dict)

    def content(self) -> bytes:
        """Return the body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body).encode()


# Patterns of paths; for each method a function that is called with the hub, the request and the pattern's named groups.
Routes = list[tuple[str, dict[str, t.Callable[..., Reply]]]]


class Rejection(Exception):
    """Ends a request with an error reply."""

    def __init__(self, status: int, body: t.Any, **headers: str) -> None:
        super().__init__(status, body)
        self.reply = Reply(status, body, dict(headers))


def error_body(message: str, **errinfo: t.Any) -> dict[str, t.Any]:
    """Return the error body of Docker Hub's newer services."""
    return {"message": message, "errinfo": errinfo}


OBJECT_NOT_FOUND = error_body("object not found")  # a repository
NOT_FOUND = {"errinfo": None, "message": "not found"}  # anything else
BAD_REQUEST = {"errinfo": None, "message": "bad request"}
PERMISSION_DENIED = {"errinfo": None, "message": "permission denied"}
METHOD_NOT_ALLOWED = {"message": "405: Method Not Allowed"}
INSUFFICIENT_SCOPE = error_body("insufficient scope")
PAT_NOT_ALLOWED = {"message": "token issued from personal access token is not allowed"}
OAT_NOT_ALLOWED = {"message": "token issued from organization access token is not allowed"}


def validation_error(**fielderrors: str) -> Rejection:
    """Return the rejection of a body with wrong values, one sentence for each field."""
    count = f"{len(fielderrors)} validation error{'s' if len(fielderrors) > 1 else ''}"
    return Rejection(400, error_body(f"httperror 400: request had {count}", fielderrors=fielderrors))


def iso_time(at: float) -> str:
    """Format a unix time as Docker Hub does, with microseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1_000_000):06d}Z"
