# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange, bounded in time and size; every transport error becomes a ``HubError``."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import ssl
import threading
import typing as t
import warnings
import zlib

from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors

if t.TYPE_CHECKING:
    import requests

PROXY_LOGIN = "give the user name and password of the proxy, in proxy or HTTPS_PROXY, as http://user:password@host:port"

# By the reason that OpenSSL or urllib3 gives. Any other reason gets the common hint for TLS.
_TLS_HINTS = {
    "pem lib": "the CA file contains a damaged certificate: correct ca_path, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE",
    "wrong version number|record layer failure": "the server does not speak TLS: check hub_url and proxy, above all their"
    " ports",
    "key identifier|basic constraints|key usage": "Python 3.13 and later require such fields in each certificate: have the"
    " certificate and its CA issued again with them, or run Ansible with Python 3.12",
    "mismatch|doesn't match|subjectAltName": "the certificate is for another name: check hub_url, and whether a proxy"
    " answers in place of Docker Hub",
    "expired|not yet valid": "check the clock of this machine; if it is right, the certificate or its CA must be issued again",
    "too small|too weak|legacy renegotiation|unsupported protocol|protocol version": "OpenSSL on this machine refuses old"
    " encryption and short keys: update the server or proxy, or have its certificate issued again with a longer key",
    "certificate required|bad certificate|handshake failure": "the server refuses the connection, perhaps because it asks for"
    " a client certificate, which is not supported: check hub_url and proxy",
}


class RawAnswer(t.NamedTuple):
    """The answer of a server: request ("GET https://…"), status, headers (case-insensitive), body, whether it is a redirect."""

    label: str
    status: int
    headers: t.Mapping[str, str]
    body: bytes
    is_redirect: bool = False


class _UnreadableBody(ValueError):
    """The body is too large, or its encoding is not supported."""


def exchange(session: requests.Session, label: str, *, timeout: float, largest: int, **request: t.Any) -> RawAnswer:
    """Send one request and return its answer.

    ``request`` contains the arguments of ``requests.Session.request``. ``timeout`` is the limit in seconds for a connection
    to each address, for each silence, and for the whole body. ``largest`` is the limit of the unpacked body in bytes.
    ``label`` is the request in error messages, "GET https://…".
    """
    import urllib3

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            response = session.request(**request, timeout=timeout, stream=True, allow_redirects=False)
        with response:
            body = b"" if request["method"] == "HEAD" else _read_body(response, timeout, largest)
    # Every error of requests is an OSError.
    except (OSError, ValueError, zlib.error, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
        raise _translate(error, label, timeout) from error
    return RawAnswer(label, response.status_code, response.headers, body, response.is_redirect)


def _read_body(response: requests.Response, timeout: float, largest: int) -> bytes:
    """Return the body; raise ``TimeoutError`` after the timeout, ``_UnreadableBody`` beyond the limit."""
    expired = threading.Event()
    with socket.socket(fileno=os.dup(response.raw.fileno())) as connection:

        def hang_up() -> None:
            expired.set()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(timeout, hang_up)
        timer.start()
        try:
            body: bytes = response.raw.read(largest + 1, decode_content=False)
        finally:
            timer.cancel()
            timer.join()
            if expired.is_set():
                raise TimeoutError
    if response.raw.length_remaining and len(body) <= largest:
        raise http.client.IncompleteRead(body)
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding in ("gzip", "deflate"):
        body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, largest + 1)
    elif encoding not in ("identity", ""):
        raise _UnreadableBody("an encoding that was not asked for")
    if len(body) > largest:
        raise _UnreadableBody(f"more than {largest >> 20} MiB")
    return body


def _translate(error: Exception, label: str, timeout: float) -> errors.HubError:
    """Return the error that an exception of requests, urllib3, http or ssl stands for; by default, a lost connection."""
    import requests
    import urllib3

    causes = list(_causes(error))
    reason = _reason(causes)

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    # Without a connection, the request was certainly not sent.
    sent = not has(urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    is_broken_off = has(ssl.SSLEOFError, ssl.SSLZeroReturnError)
    if has(ssl.SSLError, requests.exceptions.SSLError) and not is_broken_off:
        return errors.TlsFailed(f"{label} could not make a trusted TLS connection{reason}", hint=_tls_hint(reason))
    if has(TimeoutError, requests.Timeout) or any("timed out" in _text_of(cause) for cause in causes):
        return errors.TimedOut(f"{label} got no complete answer within the timeout of {timeout:g} s", sent=sent)
    if isinstance(error, requests.exceptions.ProxyError):
        is_refused = "407" in reason
        return errors.ConnectionFailed(
            f"{label} did not get through the proxy{reason}",
            hint=PROXY_LOGIN if is_refused else None,
            retry_in=None if is_refused else 0.0,  # a proxy that refuses a password may lock an account as well
            # urllib3 1 reports a connection that was lost later in the same way.
            sent=sent and "it answered" not in reason,
        )
    if isinstance(error, (_UnreadableBody, zlib.error)):
        return errors.BadAnswer(f"{label} got an answer that cannot be read: {error}")
    is_invalid_url = has(http.client.InvalidURL)
    is_lost = has(http.client.RemoteDisconnected, http.client.IncompleteRead)
    if has(http.client.HTTPException, urllib3.exceptions.InvalidHeader) and not (is_invalid_url or is_lost):
        return errors.BadAnswer(f"{label} got an answer that is not valid HTTP")
    if isinstance(error, ValueError) or is_invalid_url:
        # The texts of the libraries may quote the password of a proxy.
        return errors.InvalidOptions(
            f"no request can be made with these options{reason}",
            hint="check hub_url, user_agent, ca_path or REQUESTS_CA_BUNDLE, and proxy or HTTPS_PROXY, which is written as"
            " http://host:port (socks5h:// needs the Python library PySocks)",
        )
    return errors.ConnectionFailed(
        f"{label} could not connect, or lost the connection{reason}", retry_in=0.0, sent=sent
    )


def _tls_hint(reason: str) -> str | None:
    return next((hint for pattern, hint in _TLS_HINTS.items() if re.search(pattern, reason, re.IGNORECASE)), None)


def _reason(causes: list[BaseException]) -> str:
    """Return the innermost reason in brackets, from fields that never quote a URL; empty if there is none."""
    reasons = [""]
    for cause in causes:
        tunnel = re.search(r"Tunnel connection failed: (\d{3})", _text_of(cause))
        if tunnel:
            reasons.append(f" (it answered {tunnel[1]})")
        elif isinstance(cause, ssl.SSLError):
            text = re.sub(r" *\(_ssl\.c:\d+\)", "", _text_of(cause))
            reason = getattr(cause, "reason", None) or text  # some errors have neither
            reasons.append(f" ({getattr(cause, 'verify_message', None) or reason.replace('_', ' ').lower()})")
        elif type(cause).__name__ == "CertificateError":  # of urllib3 1, which compares the names by its own code
            reasons.append(" (hostname mismatch)")
        elif isinstance(cause, OSError) and isinstance(cause.strerror, str):
            reasons.append(f" ({cause.strerror})")
    return reasons[-1]


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a second error would hide the first one
        return ""


def _causes(error: BaseException) -> t.Iterator[BaseException]:
    """Yield an exception and everything that it was made from, outermost first."""
    seen: list[BaseException] = []
    queue = [error]
    while queue:
        current = queue.pop(0)
        if current in seen:
            continue
        seen.append(current)
        yield current
        inner = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        queue += [cause for cause in inner if isinstance(cause, BaseException)]
