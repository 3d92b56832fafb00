# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers without a token, and the error that every entry point makes of each."""

from __future__ import annotations

import gzip
import typing as t

from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    MFAUSER,
    PLAINUSER,
    SECOND_FACTOR,
    TOKEN,
)
from hub_emulator import FAULTS as KNOWN
from hub_emulator import HTML, TEXT


def given_for(path: str, hub: t.Any) -> dict[str, str]:
    """Return the options of a login whose last request goes to this path."""
    return {
        TOKEN: PLAINUSER,
        LOGIN: {**PLAINUSER, "auth_method": "login"},
        SECOND_FACTOR: {**MFAUSER, "otp": hub.totp("mfauser")},
    }[path]


class Fault(t.NamedTuple):
    """The arguments of ``hub.fail``, the ``error.code`` of the login, and whether the request is sent once more."""

    what: dict[str, t.Any]
    code: str
    again: bool = False

    def timeout(self, path: str) -> float:
        """Return a short timeout if it ends the only request, otherwise one that a busy machine keeps."""
        if self.code != "timeout":
            return 10.0
        return 5.0 if path == SECOND_FACTOR else 0.4  # a second factor follows a login, which must succeed

    def most(self, path: str, requests: int) -> float:
        """Return the seconds after which a login with so many requests hangs."""
        return requests * 3 * self.timeout(path) + 5


def answer(status: int, body: t.Any, code: str, **headers: str | None) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault({"status": status, "body": body, "headers": named}, code)


def token(value: t.Any) -> Fault:
    """Return a success with something else in place of the token."""
    return answer(200, {"access_token": value, "token": value}, "bad_answer")


PAGE = "<html><head><title>Sign in to the network</title></head></html>"
BOMB = gzip.compress(b" " * 50 * 2**20, mtime=0)
BLOCKED = {"title": "Access denied", "detail": "Not for you.", "error_code": 1010, "cloudflare_error": True}
CHUNKED = {"Transfer-Encoding": "chunked"}

FAULTS: dict[str, Fault] = {
    # Cloudflare or a proxy answers instead of Docker Hub.
    "blocked by Cloudflare": Fault(KNOWN["cloudflare_1010"], "edge_blocked"),
    "blocked by Cloudflare in JSON": answer(403, {**BLOCKED, "status": 403}, "edge_blocked", CF_RAY="8f00-FRA"),
    "limited by Cloudflare in JSON": answer(429, {**BLOCKED, "status": 429}, "rate_limited", CF_RAY="8f00-FRA"),
    "timeout of Cloudflare in JSON": answer(524, {**BLOCKED, "status": 524}, "server_error", CF_RAY="8f00-FRA"),
    "challenged with 200": Fault(KNOWN["cloudflare_challenge_200"], "edge_blocked"),
    "challenged with 403": Fault(KNOWN["cloudflare_challenge_403"], "edge_blocked"),
    "challenged with 503": Fault({**KNOWN["cloudflare_challenge_403"], "status": 503}, "edge_blocked"),
    "refused by Cloudflare": Fault({**KNOWN["cloudflare_1010"], "status": 401, "body": "go away"}, "edge_blocked"),
    "throttled by a gateway": Fault(KNOWN["hap429"], "rate_limited"),
    "throttled with an HTML page": Fault({**KNOWN["cloudflare_challenge_403"], "status": 429}, "rate_limited"),
    "sign-in page of a network": answer(200, PAGE, "edge_blocked", **HTML),
    "HTML page for 401": answer(401, PAGE, "edge_blocked", **HTML),
    "proxy without a password": answer(407, PAGE, "connection", **HTML),
    "redirect": Fault(KNOWN["redirect"], "bad_answer"),
    "redirect to an invalid URL": answer(302, b"", "bad_answer", Location="http://[bad/\xe9"),
    "slow redirect": Fault({**KNOWN["redirect"], "body": b"x" * 900, "drip": 0.05}, "timeout"),
    "endless redirect": Fault({**KNOWN["redirect"], "body": b"x" * 65536, "repeat": 1600}, "bad_answer"),
    # Docker Hub refuses the request.
    "refused": answer(401, {"message": "unauthorized", "errinfo": {}}, "bad_credentials"),
    "refused by the older service": answer(401, {"detail": "Incorrect authentication credentials"}, "bad_credentials"),
    "refused without a text": answer(401, b"", "bad_credentials"),
    "refused in an unknown form": answer(401, {"detail": {"a": 1}, "message": 5, "errinfo": [1]}, "bad_credentials"),
    "body is invalid": answer(400, {"message": "body is invalid", "errinfo": {"secret": "too odd"}}, "invalid_request"),
    "not found in HTML": answer(404, PAGE, "invalid_request", **HTML),
    "wrong method": answer(405, PAGE, "invalid_request", **HTML),
    "request timeout": answer(408, b"", "invalid_request"),
    "forbidden": answer(403, {"detail": "access to the resource is forbidden"}, "forbidden"),
    "single sign-on": Fault(KNOWN["sso_403"], "sso_required"),
    "single sign-on with 401": answer(401, {"message": "Single Sign-On is enforced"}, "sso_required"),
    "locked": Fault(KNOWN["lockout_429"], "locked_out"),
    "locked, other words": answer(429, {"message": "You have been locked out for one hour"}, "locked_out"),
    "locked, with a time": answer(429, {"detail": "Too many login attempts."}, "locked_out", Retry_After="0"),
    "limited": answer(429, {"detail": "Rate limit exceeded"}, "rate_limited"),
    "limited for hours": answer(429, {"detail": "Rate limit exceeded"}, "rate_limited", Retry_After="7200"),
    # Docker Hub has a problem.
    "500": answer(500, {"message": "internal error"}, "server_error"),
    "502": Fault(KNOWN["html_502"], "server_error", again=True),
    "503": Fault({"status": 503}, "server_error", again=True),
    "504": Fault({"status": 504, "body": {"detail": "upstream"}}, "server_error", again=True),
    "520": Fault({**KNOWN["html_502"], "status": 520}, "server_error"),
    "999": Fault({"status": 999}, "server_error"),
    # The connection breaks.
    "reset": Fault({"reset": True}, "connection", again=True),
    "closed connection": Fault({"raw": True}, "connection", again=True),
    "short body": Fault({"status": 200, "truncate": True, "body": {"token": "t"}}, "connection", again=True),
    "short chunk": Fault(
        {"status": 200, "body": b"7\r\n{}", "headers": CHUNKED, "truncate": True}, "connection", again=True
    ),
    # The server is slow.
    "silent": Fault({"delay": 60}, "timeout"),
    "slow body": Fault({"status": 200, "body": {"token": "t" * 900}, "drip": 0.05}, "timeout"),
    "slow chunk": Fault({"status": 200, "body": b"0" * 900 + b"1\r\n", "drip": 0.05, "headers": CHUNKED}, "timeout"),
    "endless trailers": Fault(
        {"status": 200, "body": b"0\r\n" + b"a: b\r\n" * 200, "drip": 0.02, "headers": CHUNKED}, "timeout"
    ),
    # The answer does not have the documented form.
    "not HTTP": Fault({"raw": True, "body": b"SSH-2.0-OpenSSH_9.6\r\n"}, "bad_answer"),
    "a hundred headers": Fault({"status": 200, "headers": {f"X-{n}": "1" for n in range(120)}}, "bad_answer"),
    "long header": answer(200, b"", "bad_answer", X_Long="x" * 70_000),
    "length that is not a number": answer(200, {}, "timeout", Content_Length="many"),
    "chunk without a length": Fault(
        {"status": 200, "body": b"no chunk\r\n", "headers": CHUNKED}, "connection", again=True
    ),
    "100 MiB": Fault({"status": 200, "body": b"x" * 65536, "repeat": 1600}, "bad_answer"),
    "compressed 50 MiB": answer(200, BOMB, "bad_answer", Content_Encoding="gzip"),
    "invalid gzip": answer(200, b"\x1f\x8bno", "bad_answer", Content_Encoding="gzip"),
    "truncated gzip": answer(
        200, gzip.compress(b'{"token": "t"}', mtime=0)[:-20], "bad_answer", Content_Encoding="gzip"
    ),
    "other encoding": answer(200, b"", "bad_answer", Content_Encoding="br"),
    "empty body": Fault(KNOWN["empty_200"], "bad_answer"),
    "no content": answer(204, b"", "bad_answer"),
    "not modified": answer(304, b"", "bad_answer"),
    "text": answer(200, "OK", "bad_answer", **TEXT),
    "broken JSON of Docker Hub": answer(
        200, b'{"token": ', "bad_answer", Content_Type="application/json", Server="cloudflare"
    ),
    "invalid UTF-8": answer(200, b'{"token": "\xff"}', "bad_answer"),
    "NaN": answer(200, b'{"access_token": NaN, "token": NaN}', "bad_answer"),
    "deep nesting": answer(200, b"[" * 2**19, "bad_answer"),
    "deep nesting around a token": answer(200, b'{"token": ' + b"[" * 2**18 + b"]" * 2**18 + b"}", "bad_answer"),
    "number of a million digits": answer(200, b'{"token": ' + b"9" * 10**6 + b"}", "bad_answer"),
    "list": answer(200, ["token"], "bad_answer"),
    "JSON text": answer(200, b'"token"', "bad_answer"),
    "null": answer(200, b"null", "bad_answer"),
    "object without a token": answer(200, {}, "bad_answer"),
    "token that is null": token(None),
    "token that is empty": token(""),
    "token that is a number": token(5),
    "token that is true": token(True),
    "token that is a list": token(["a", "b"]),
    "token with a line break": token("a.b.c\r\nX-Other: 1"),
    "token with a line break at its end": token("a.b.c\n"),
    "token with a space": token("a.b c"),
    "token with half a surrogate pair": token("a\ud800b"),
    "token in other letters": token("tökén"),
}

# One or two of each code, for entry points that use the same client.
SOME = (
    "blocked by Cloudflare",
    "sign-in page of a network",
    "throttled by a gateway",
    "limited for hours",
    "refused",
    "single sign-on",
    "body is invalid",
    "forbidden",
    "locked",
    "redirect",
    "500",
    "502",
    "reset",
    "silent",
    "slow body",
    "not HTTP",
    "100 MiB",
    "compressed 50 MiB",
    "invalid UTF-8",
    "deep nesting",
    "empty body",
    "token with a line break",
)
