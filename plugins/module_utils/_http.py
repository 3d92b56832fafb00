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

_NO_TLS = "the server does not speak TLS: check hub_url and proxy, above all their ports"
PROXY_LOGIN = "give the user name and password of the proxy, in proxy or HTTPS_PROXY, as http://user:password@host:port"
_STRICT_CERTIFICATE = (
    "Python 3.13 and later require such fields in each certificate: have the certificate and its CA issued again with"
    " them, or run Ansible with Python 3.12"
)


class RawAnswer(t.NamedTuple):
    """The answer of a server: status, headers (case-insensitive mapping), body, whether it is a redirect."""

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
    import requests
    import urllib3

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            response = session.request(**request, timeout=timeout, stream=True, allow_redirects=False)
        with response:
            body = b"" if request["method"] == "HEAD" else _read_body(response, timeout, largest)
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
        ValueError,
        zlib.error,
    ) as error:
        raise _translate(error, label, timeout) from error
    return RawAnswer(response.status_code, response.headers, body, response.is_redirect)


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


class _Failure(t.NamedTuple):
    """A transport error with all its causes, outermost first, and the reason to show."""

    error: Exception
    causes: list[BaseException]
    reason: str

    def has(self, *kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in self.causes)


def _translate(error: Exception, label: str, timeout: float) -> errors.HubError:
    """Return the error that an exception of requests, urllib3, http or ssl stands for."""
    causes = list(_causes(error))
    failure = _Failure(error, causes, _reason(causes))
    for matches, make in _TRANSLATIONS:
        if matches(failure):
            return make(failure, label, timeout)
    return _connection_failed(failure, label, timeout)


def _is_tls(failure: _Failure) -> bool:
    import requests

    broken_off = failure.has(ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return failure.has(ssl.SSLError, requests.exceptions.SSLError) and not broken_off


def _tls_failed(failure: _Failure, label: str, _timeout: float) -> errors.HubError:
    hint = None
    if re.search("wrong version number|record layer failure", failure.reason):
        hint = _NO_TLS
    elif re.search("(?i)key identifier|basic constraints|key usage", failure.reason):
        hint = _STRICT_CERTIFICATE
    return errors.TlsFailed(f"{label} could not make a trusted TLS connection{failure.reason}", hint=hint)


def _is_timeout(failure: _Failure) -> bool:
    import requests

    return failure.has(TimeoutError, requests.Timeout) or any(
        "timed out" in _text_of(cause) for cause in failure.causes
    )


def _timed_out(failure: _Failure, label: str, timeout: float) -> errors.HubError:
    return errors.TimedOut(
        f"{label} got no complete answer within the timeout of {timeout:g} s", sent=_was_sent(failure)
    )


def _is_proxy(failure: _Failure) -> bool:
    import requests

    return isinstance(failure.error, requests.exceptions.ProxyError)


def _proxy_failed(failure: _Failure, label: str, _timeout: float) -> errors.HubError:
    refused = "407" in failure.reason
    return errors.ConnectionFailed(
        f"{label} did not get through the proxy{failure.reason}",
        hint=PROXY_LOGIN if refused else None,
        retry_in=None if refused else 0.0,  # a proxy that refuses a password may lock an account as well
        # urllib3 1 reports a connection that was lost later in the same way.
        sent=_was_sent(failure) and "it answered" not in failure.reason,
    )


def _is_unreadable(failure: _Failure) -> bool:
    return isinstance(failure.error, (_UnreadableBody, zlib.error))


def _unreadable(failure: _Failure, label: str, _timeout: float) -> errors.HubError:
    return errors.BadAnswer(f"{label} got an answer that cannot be read: {failure.error}")


def _is_invalid_http(failure: _Failure) -> bool:
    import urllib3

    other = (http.client.RemoteDisconnected, http.client.IncompleteRead, http.client.InvalidURL)
    return failure.has(http.client.HTTPException, urllib3.exceptions.InvalidHeader) and not failure.has(*other)


def _invalid_http(_failure: _Failure, label: str, _timeout: float) -> errors.HubError:
    return errors.BadAnswer(f"{label} got an answer that is not valid HTTP")


def _is_invalid_request(failure: _Failure) -> bool:
    return isinstance(failure.error, ValueError) or failure.has(http.client.InvalidURL)


def _invalid_request(failure: _Failure, _label: str, _timeout: float) -> errors.HubError:
    # The texts of the libraries may quote the password of a proxy.
    return errors.InvalidOptions(
        f"no request can be made with these options{failure.reason}",
        hint="check hub_url, user_agent, ca_path or REQUESTS_CA_BUNDLE, and proxy or HTTPS_PROXY, which is written as"
        " http://host:port (socks5h:// needs the Python library PySocks)",
    )


def _connection_failed(failure: _Failure, label: str, _timeout: float) -> errors.HubError:
    return errors.ConnectionFailed(
        f"{label} could not connect, or lost the connection{failure.reason}", retry_in=0.0, sent=_was_sent(failure)
    )


# The first row that matches counts. If none does, the connection was lost.
_TRANSLATIONS: tuple[tuple[t.Callable[[_Failure], bool], t.Callable[[_Failure, str, float], errors.HubError]], ...] = (
    (_is_tls, _tls_failed),
    (_is_timeout, _timed_out),
    (_is_proxy, _proxy_failed),
    (_is_unreadable, _unreadable),
    (_is_invalid_http, _invalid_http),
    (_is_invalid_request, _invalid_request),
)


def _was_sent(failure: _Failure) -> bool:
    """Return whether there was a connection on which the request may have been sent."""
    import urllib3

    return not failure.has(urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


def _reason(causes: list[BaseException]) -> str:
    """Return the innermost reason in brackets, from fields that never quote a URL; empty if there is none."""
    reasons = [""]
    for cause in causes:
        tunnel = re.search(r"Tunnel connection failed: (\d{3})", _text_of(cause))
        if tunnel:
            reasons.append(f" (it answered {tunnel[1]})")
        elif isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "reason", None) or _text_of(cause)  # some errors have neither
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
