# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talks to Docker Hub's authentication API, and turns every bad answer into a ``HubError``."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import random
import re
import socket
import ssl
import threading
import time
import typing as t
import warnings
import zlib
from datetime import timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import LONGEST_PAUSE, Options, plain
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time

if t.TYPE_CHECKING:
    import requests

VERSION = "1.0.0"

_MAX_BODY = 2**20
"""Bytes of an answer, unpacked, that are read at most."""
_EDGE_LIMIT = "the limit is set in front of Docker Hub: wait, log in less often, or use another outgoing address"
_WRONG_URL = "check hub_url: it is the base URL, https://hub.docker.com for Docker Hub, and nothing after it"
_NO_TLS = "what answers does not speak TLS: check hub_url and proxy, their ports above all"
_PROXY_LOGIN = "give the proxy its user name and password, in proxy or HTTPS_PROXY, as http://user:password@host:port"


class Operation(t.NamedTuple):
    """One operation of the API: its path, the two fields that it is sent, and the field of the answer with the token."""

    path: str
    fields: tuple[str, str]
    token_field: str


# W1, W2, W3; without a trailing slash (W5).
ACCESS_TOKEN = Operation("/v2/auth/token", ("identifier", "secret"), "access_token")
AUTHENTICATION_TOKEN = Operation("/v2/users/login", ("username", "password"), "token")
SECOND_FACTOR = Operation("/v2/users/2fa-login", ("login_2fa_token", "code"), "token")


class Answer(t.NamedTuple):
    """A token, the path that gave it, and what the headers said of the rate limit."""

    token: str
    endpoint: str
    rate_limit: dict[str, t.Any] | None


class HubClient:
    """One login's worth of requests: they share a connection, a budget of retries and one of waiting."""

    def __init__(self, options: Options) -> None:
        try:
            import requests
        except ImportError as error:
            raise errors.missing_library("requests") from error
        self._options = options
        self._url: str = options["hub_url"]
        self._retries: int = options["retries"]
        self._pauses = 0
        self._wait_left = float(options["max_wait"])
        self._clock = (time.time(), time.monotonic())
        self._session = requests.Session()
        # Neither .netrc nor variables of the environment may change what is sent or trusted: all of it is explicit.
        self._session.trust_env = False
        self._session.headers.update(
            {
                "User-Agent": options["user_agent"] or f"hubops.dockerhub/{VERSION}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            }
        )
        # No redirect is followed (W5), and requests must not prepare for it: it would read the whole body for that.
        self._session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]  # this session's alone
        try:
            self._session.proxies.update(self._proxies())
            self._session.verify = self._trust()
        except (requests.RequestException, OSError, ValueError) as error:
            raise _unusable(error) from error

    def __enter__(self) -> HubClient:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._session.close()

    def token(self, operation: Operation, name: str, secret: str) -> Answer:
        """Asks for a token; raises ``OtpRequired`` with the intermediate token where a code is wanted."""
        return self._request(operation, dict(zip(operation.fields, (name, secret))))

    def server_time(self) -> float:
        """Docker Hub's unix time to half a second, by the ``Date`` of its latest answer; before the first one, ours."""
        server, ours = self._clock
        return server + time.monotonic() - ours

    def wait(self, seconds: float) -> bool:
        """Whether ``max_wait`` leaves so many seconds; if it does, they are slept first."""
        if seconds > self._wait_left:
            return False
        self._wait_left -= seconds
        time.sleep(seconds)
        return True

    def retry(self, error: errors.HubError) -> bool:
        """Whether what failed so may be tried again; takes one of the retries."""
        if error.retry_in is None or isinstance(error, errors.Refused) or self._retries < 1:
            return False
        self._retries -= 1
        return True

    def _proxies(self) -> dict[str, str]:
        """By scheme; raises ``ValueError`` for one without a host, which requests stumbles over."""
        from requests.utils import get_environ_proxies

        proxy = self._options["proxy"]
        found: dict[str, str] = {"http": proxy, "https": proxy} if proxy else get_environ_proxies(self._url)
        found = {scheme: url if "://" in url else f"http://{url}" for scheme, url in found.items()}
        if not all(urlsplit(url).hostname for url in found.values()):
            raise ValueError
        return found

    def _trust(self) -> bool | str:
        """What ``verify`` is: a CA file or folder, or whether to verify at all."""
        if not self._options["validate_certs"]:
            return False
        bundle: str | None = self._options["ca_path"] or os.environ.get("REQUESTS_CA_BUNDLE")
        if bundle:
            if not os.path.exists(bundle):
                raise errors.InvalidOptions(
                    f"the CA file {plain(bundle, self._options)} does not exist where the login runs",
                    hint="correct ca_path or REQUESTS_CA_BUNDLE",
                )
            return bundle
        if self._url.startswith("https:"):
            self._trust_system()
        return True

    def _trust_system(self) -> None:
        # requests trusts certifi's CAs alone; ansible.builtin.uri, and so its user, the system's as well.
        from urllib3.util.ssl_ import create_urllib3_context

        context = create_urllib3_context()
        context.load_default_certs()
        adapter: t.Any = self._session.get_adapter(self._url)
        adapter.init_poolmanager(1, 1, ssl_context=context)
        proxy = self._session.proxies.get("https") or self._session.proxies.get("all")
        if proxy:
            adapter.proxy_manager_for(proxy, ssl_context=context)

    def _request(self, operation: Operation, body: dict[str, str]) -> Answer:
        while True:
            try:
                return self._send(operation, body)
            except errors.HubError as error:
                # A code is never sent twice.
                if (operation is SECOND_FACTOR and not _never_sent(error)) or not self.retry(error):
                    raise
                pause = max(error.retry_in or 0.0, self._pause())
                if not isinstance(error, errors.RateLimited):
                    time.sleep(pause)
                elif not self.wait(pause):
                    raise

    def _pause(self) -> float:
        """Seconds before the next try: twice as many each time, and never the same for two clients."""
        self._pauses += 1
        return min(LONGEST_PAUSE, 0.25 * 2.0**self._pauses) * random.uniform(0.5, 1)

    def _send(self, operation: Operation, body: dict[str, str]) -> Answer:
        import requests
        import urllib3

        timeout = self._options["timeout"]
        # Connecting, an encrypted handshake and the first silence take twice the time at most, the body once.
        limits: t.Any = urllib3.Timeout(connect=timeout, read=timeout, total=2 * timeout)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
                response = self._session.post(
                    self._url + operation.path, json=body, timeout=limits, stream=True, allow_redirects=False
                )
            with response:
                self._set_clock(response.headers.get("Date"))
                raw = _read_body(response, timeout)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            ValueError,
            zlib.error,
        ) as error:
            raise self._broken(operation, error) from error
        return self._answer(operation, body, response, raw)

    def _set_clock(self, date: str | None) -> None:
        stamp = _date(date)
        if stamp is not None and stamp > 0:
            # The header drops fractions: on average the server is half a second further.
            self._clock = (stamp + 0.5, time.monotonic())

    def _answer(self, operation: Operation, body: dict[str, str], response: requests.Response, raw: bytes) -> Answer:
        data = _json_object(raw)
        if data is not None:
            token = data.get(operation.token_field)
            if 200 <= response.status_code < 300 and _is_token(token):
                return Answer(token, operation.path, _rate_limit(response.headers))
            pending = data.get("login_2fa_token")
            # W21: only documented for W2, but W1 may say it as well.
            if _is_token(pending) and operation is not SECOND_FACTOR:
                raise errors.OtpRequired(
                    "the account wants a second factor", http_status=response.status_code, login_2fa_token=pending
                )
            if data.get("cloudflare_error"):
                data = None  # the edge's own JSON, for who asks for JSON
        # The code and the intermediate token of a second factor may be none of the options.
        secrets = {"login_2fa_token": body.get("login_2fa_token"), "otp": body.get("code")}
        raise self._refusal(operation, response, raw, data, {**self._options, **secrets})

    def _refusal(
        self,
        operation: Operation,
        response: requests.Response,
        raw: bytes,
        data: dict[str, t.Any] | None,
        options: Options,
    ) -> errors.HubError:
        """The error that an answer without a token stands for; its words are shown without the secrets of ``options``."""
        status, said = response.status_code, plain(_said(data), options)
        ray = plain(response.headers.get("CF-RAY", ""), options, 40) if data is None else ""
        what = f"{self._name(operation)} answered {status}" + (f' "{said}"' if said else "")
        what += f" (CF-RAY {ray})" if ray else ""
        text = said or raw[:4096].decode("latin-1")
        if options["identifier"]:
            text = text.replace(options["identifier"], "")  # it may be called sso or mfa
        if status == 407:
            return errors.ConnectionFailed(what, hint=_PROXY_LOGIN, http_status=status)
        if status == 429:
            return self._limit(what, text, response, _EDGE_LIMIT if data is None else None)
        if data is None and _is_edge(response, raw):
            return errors.EdgeBlocked(f"{what}, but not from Docker Hub itself", http_status=status)
        kind: type[errors.HubError]
        if status in (401, 403) and re.search(r"\bsso\b|single sign", text, re.IGNORECASE):
            kind = errors.SsoRequired
        elif status == 401 and operation is SECOND_FACTOR:
            kind = errors.OtpInvalid
        elif status == 401 and re.search(r"secondary authentication|\bmfa\b|\b2fa\b|two.factor", text, re.IGNORECASE):
            kind = errors.OtpRequired
        elif status == 401:
            kind = errors.BadCredentials
        elif status == 403:
            kind = errors.Forbidden
        elif 400 <= status < 500:
            kind = errors.InvalidRequest
        elif status >= 500:
            return errors.ServerError(what, http_status=status, retry_in=0.0 if status in (502, 503, 504) else None)
        else:
            kind = errors.BadAnswer
            what += ", a redirect, which is not followed" if response.is_redirect else " and no usable token"
        return kind(what, hint=_WRONG_URL if status in (404, 405) else None, http_status=status)

    def _limit(self, what: str, text: str, response: requests.Response, hint: str | None) -> errors.HubError:
        # By the earliest that Docker Hub's clock may show: rather late than a request in vain.
        now = self.server_time() - 0.5
        named = [_seconds(response.headers.get(name), now) for name in ("X-Retry-After", "Retry-After")]
        seconds = max((value for value in named if value is not None), default=None)
        retry_at = None if seconds is None else iso_time(round(now + seconds))
        what += f" and asks to wait until {retry_at}" if retry_at else ""
        locked = re.search(r"too many (failed )?login attempts|locked out", text, re.IGNORECASE)
        if locked:
            return errors.LockedOut(what, http_status=429, retry_at=retry_at, retry_in=seconds)
        return errors.RateLimited(what, hint=hint, http_status=429, retry_at=retry_at, retry_in=seconds)

    def _name(self, operation: Operation) -> str:
        return f"POST {self._url}{operation.path}"

    def _broken(self, operation: Operation, error: Exception) -> errors.HubError:
        """What an exception of the libraries below comes to."""
        import requests
        import urllib3

        name, causes, why = self._name(operation), list(_causes(error)), _why(error)

        def among(*kinds: type[BaseException]) -> bool:
            return any(isinstance(cause, kinds) for cause in causes)

        if among(ssl.SSLError, requests.exceptions.SSLError) and not among(ssl.SSLEOFError, ssl.SSLZeroReturnError):
            plain_http = "wrong version number" in why or "record layer failure" in why
            return errors.TlsFailed(
                f"{name} could not make a trusted TLS connection{why}", hint=_NO_TLS if plain_http else None
            )
        if among(TimeoutError, requests.Timeout) or any("timed out" in str(cause) for cause in causes):
            return errors.TimedOut(
                f"{name} got no complete answer within the timeout of {self._options['timeout']:g} s"
            )
        if isinstance(error, requests.exceptions.ProxyError):
            refused = "407" in why
            return errors.ConnectionFailed(
                f"{name} did not get through the proxy{why}",
                hint=_PROXY_LOGIN if refused else None,
                # A proxy that refuses a password may lock an account as well.
                retry_in=None if refused else 0.0,
            )
        if isinstance(error, (_BadBody, zlib.error)):
            return errors.BadAnswer(f"{name} got an answer that cannot be read: {error}")
        other = (http.client.RemoteDisconnected, http.client.IncompleteRead, http.client.InvalidURL)
        if among(http.client.HTTPException, urllib3.exceptions.InvalidHeader) and not among(*other):
            return errors.BadAnswer(f"{name} got an answer that is not valid HTTP")
        if isinstance(error, ValueError) or among(http.client.InvalidURL):
            return _unusable(error)
        return errors.ConnectionFailed(f"{name} could not connect, or lost the connection{why}", retry_in=0.0)


class _BadBody(ValueError):
    """A body that is not read to its end."""


def _read_body(response: requests.Response, timeout: float) -> bytes:
    """The body: a server that drips cannot stretch the time, one that floods cannot fill the memory."""
    late = threading.Event()
    with socket.socket(fileno=os.dup(response.raw.fileno())) as connection:

        def hang_up() -> None:
            late.set()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(timeout, hang_up)
        timer.start()
        try:
            body: bytes = response.raw.read(_MAX_BODY + 1, decode_content=False)
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():
                raise TimeoutError
    if response.raw.length_remaining and len(body) <= _MAX_BODY:
        raise http.client.IncompleteRead(body)
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding in ("gzip", "deflate"):
        body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, _MAX_BODY + 1)
    elif encoding not in ("identity", ""):
        raise _BadBody("an encoding that was not asked for")
    if len(body) > _MAX_BODY:
        raise _BadBody("more than 1 MiB")
    return body


def _json_object(raw: bytes) -> dict[str, t.Any] | None:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _is_token(value: object) -> t.TypeGuard[str]:
    """Whether this can be sent as a bearer (and printed in one line)."""
    return isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value) is not None


def _said(data: dict[str, t.Any] | None) -> str:
    """The words of a refusal, of either family: ``detail``, or ``message`` with ``errinfo`` (W8, W9)."""
    data = data or {}
    said = [data[name] for name in ("detail", "message") if isinstance(data.get(name), str)][:1]
    errinfo = data.get("errinfo")
    if isinstance(errinfo, dict):
        said += [f"{name} {why}" for name, why in errinfo.items() if isinstance(why, str)]
    return ": ".join(said)


def _is_edge(response: requests.Response, raw: bytes) -> bool:
    """Whether an answer that is not Docker Hub's comes from what stands before Docker Hub (W12, W14), or from a proxy's page."""
    start = raw[:65536].lstrip()
    if "cf-mitigated" in response.headers or start.startswith(b"error code: 1") or b"Just a moment" in start:
        return True
    html = start.startswith(b"<") or "html" in response.headers.get("Content-Type", "").lower()
    cloudflare = "CF-RAY" in response.headers or response.headers.get("Server", "").lower() == "cloudflare"
    text = cloudflare and bool(start) and "json" not in response.headers.get("Content-Type", "")
    page = html or text or b'"cloudflare_error"' in start
    # 404 and 405 come from a wrong hub_url, rather.
    return page and response.status_code < 500 and response.status_code not in (404, 405) and not response.is_redirect


def _rate_limit(headers: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """``limit``, ``remaining`` and ``reset`` (ISO 8601) of W11, or None where the headers do not tell."""
    found = {name: _count(headers.get(f"X-RateLimit-{name}")) for name in ("limit", "remaining", "reset")}
    if all(value is None for value in found.values()):
        return None
    return {**found, "reset": iso_time(found["reset"])}


def _count(value: str | None) -> int | None:
    return int(value) if value and re.fullmatch(r"[0-9]{1,15}", value) else None


def _date(value: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(value or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _seconds(value: str | None, now: float) -> float | None:
    """Seconds from now until the time that a header names: unix time, seconds or a date (W11). None for nonsense."""
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = _date(value) or math.nan
    if not math.isfinite(number):
        return None
    return max(0.0, number - now if number > 1e9 else number)


def _why(error: BaseException) -> str:
    """The innermost reason, in brackets, from fields that never quote a URL; nothing where there is none."""
    reasons = [""]
    for cause in _causes(error):
        tunnel = re.search(r"Tunnel connection failed: (\d{3})", str(cause))
        if tunnel:
            reasons.append(f" (it answered {tunnel[1]})")
        elif isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "reason", None) or str(cause)  # some have neither
            reasons.append(f" ({getattr(cause, 'verify_message', None) or reason.replace('_', ' ').lower()})")
        elif type(cause).__name__ == "CertificateError":  # of urllib3 1, which compares the names itself
            reasons.append(" (hostname mismatch)")
        elif isinstance(cause, OSError) and isinstance(cause.strerror, str):
            reasons.append(f" ({cause.strerror})")
    return reasons[-1]


def _never_sent(error: BaseException) -> bool:
    """Whether a request failed before there was a connection to send it on."""
    import urllib3

    return any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in _causes(error))


def _unusable(error: BaseException) -> errors.InvalidOptions:
    """Options that no request can be made with; what the libraries say of them may quote a proxy's password."""
    return errors.InvalidOptions(
        f"no request can be made with these options{_why(error)}",
        hint="check hub_url, user_agent, ca_path or REQUESTS_CA_BUNDLE, and proxy or HTTPS_PROXY, which is written as"
        " http://host:port (socks5h:// needs the Python library PySocks)",
    )


def _causes(error: BaseException) -> t.Iterator[BaseException]:
    """An exception and all that it was made from, outermost first."""
    seen: list[BaseException] = []
    queue = [error]
    while queue:
        one = queue.pop(0)
        if one in seen:
            continue
        seen.append(one)
        yield one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        queue += [cause for cause in inner if isinstance(cause, BaseException)]
