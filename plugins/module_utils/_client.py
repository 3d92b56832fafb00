# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send logins and requests to Docker Hub's API, with retries, waiting, and renewal of the bearer token."""

from __future__ import annotations

import random
import re
import time
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils import _refusals as refusals
from ansible_collections.hubops.dockerhub.plugins.module_utils._answers import (
    RateLimit,
    rate_limit_of,
    reset_time,
    unix_time,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import Address
from ansible_collections.hubops.dockerhub.plugins.module_utils._hints import explain
from ansible_collections.hubops.dockerhub.plugins.module_utils._http import RawAnswer, exchange
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import LONGEST_PAUSE, Options, secret_kind
from ansible_collections.hubops.dockerhub.plugins.module_utils._pages import PAGE_SIZE, entries_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable, secrets_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._session import HubSession
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import (
    TokenContent,
    access_token_id,
    read_token,
)

_T = t.TypeVar("_T")

_SUCCESS = range(200, 300)
_LARGEST_LOGIN = 2**20
_LARGEST_ANSWER = 2**24
"""The largest body that is read, in unpacked bytes."""
_PACE_BELOW = 0.1
"""Share of the rate limit below which requests are spread over the rest of the period."""


class LoginOperation(t.NamedTuple):
    """An operation that returns a token: its path, its two fields, the token's field in the answer, rules for refusals."""

    path: str
    fields: tuple[str, str]
    token_field: str
    rules: tuple[refusals.Rule, ...]


# Docker Hub accepts these paths with a trailing slash as well.
AUTH_TOKEN = LoginOperation("/v2/auth/token", ("identifier", "secret"), "access_token", refusals.LOGIN)
USERS_LOGIN = LoginOperation("/v2/users/login", ("username", "password"), "token", refusals.LOGIN)
TWO_FACTOR_LOGIN = LoginOperation("/v2/users/2fa-login", ("login_2fa_token", "code"), "token", refusals.SECOND_FACTOR)


class Grant(t.NamedTuple):
    """A token, the path that returned it, and the rate limit that the headers reported."""

    token: str
    endpoint: str
    rate_limit: RateLimit | None


class Answer(t.NamedTuple):
    """A success: its status, its JSON (None if it is not JSON), its body as text."""

    status: int
    data: t.Any
    text: str = ""


class HubClient:
    """The requests of one task, which share a connection, a budget of retries and a budget of seconds to wait.

    ``bearer`` is the token for everything but logins. ``renew`` returns a new token for one that Docker Hub no longer
    accepts; without it such a token is an error. A given ``session`` stays open when the client is closed. Errors contain
    neither the secrets in the options nor the other ``secrets``.
    """

    def __init__(
        self,
        options: Options,
        bearer: str | None = None,
        renew: t.Callable[[str], str] | None = None,
        session: HubSession | None = None,
        secrets: t.Iterable[str] = (),
    ) -> None:
        self._options = options
        self._bearer = bearer
        self._renew = renew
        self._secrets = [*secrets_of(options), *secrets]
        self.restore_budget()
        self._server_clock = (time.time(), time.monotonic())
        self._reset: float | None = None
        self._only_legacy: set[tuple[str, str]] = set()
        self.rate_limit: RateLimit | None = None
        self._session = session or HubSession(options)
        self._owns_session = session is None
        for proxy in self._session.proxies.values():  # perhaps from the environment
            self._secrets += secrets_of({"proxy": proxy})

    def __enter__(self) -> HubClient:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._owns_session:
            self._session.close()

    # Logins

    def log_in(self, operation: LoginOperation, name: str, secret: str) -> Grant:
        """Return a token; raise ``OtpRequired`` with the intermediate token if the account requires a code."""
        body = dict(zip(operation.fields, (name, secret)))
        # The code and the intermediate token of a second factor may come from elsewhere than the options.
        secrets = [*self._secrets, *(body.values() if operation is TWO_FACTOR_LOGIN else ())]

        def send() -> Grant:
            raw = self._exchange("POST", operation.path, _LARGEST_LOGIN, json=body)
            data = refusals.hub_json(raw)
            data = data if isinstance(data, dict) else {}
            token, pending = data.get(operation.token_field), data.get("login_2fa_token")
            if raw.status in _SUCCESS and _is_token(token):
                return Grant(token, operation.path, self.rate_limit)
            # The documentation has this answer for the deprecated login only, but either operation may return it.
            if _is_token(pending) and operation is not TWO_FACTOR_LOGIN:
                raise errors.OtpRequired(
                    "the account requires a second factor", http_status=raw.status, login_2fa_token=pending
                )
            raise self._refusal(raw, operation.rules, secrets)

        return self._repeat(send, _if_unsent if operation is TWO_FACTOR_LOGIN else _always)

    # Requests with the bearer token

    def get(self, target: Address | str, query: t.Mapping[str, t.Any] | None = None) -> Answer:
        return self.request("GET", target, query=query)

    def post(self, target: Address | str, body: t.Any = None) -> Answer:
        return self.request("POST", target, body=body)

    def put(self, target: Address | str, body: t.Any = None) -> Answer:
        return self.request("PUT", target, body=body)

    def patch(self, target: Address | str, body: t.Any = None) -> Answer:
        return self.request("PATCH", target, body=body)

    def delete(self, target: Address | str) -> Answer:
        return self.request("DELETE", target)

    def find(self, target: Address | str) -> dict[str, t.Any] | None:
        """Return the object at this address, or None if there is none."""
        try:
            answer = self.get(target)
        except errors.NotFound:
            return None
        return self.object_of(answer, target)

    def request(
        self,
        method: str,
        target: Address | str,
        *,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Any = None,
        accept: t.Container[int] = _SUCCESS,
    ) -> Answer:
        """Send one request below ``/v2/`` and return the answer, if its status is accepted; raise ``HubError`` otherwise.

        A legacy path is tried after 404 or 405 of the first one. If it works, this client uses it from then on.
        """
        address = Address(target) if isinstance(target, str) else target
        operation = (method, address.template)
        if operation in self._only_legacy and address.legacy:
            return self._send(method, address.legacy, address, query, body, accept)
        try:
            return self._send(method, address.path, address, query, body, accept)
        except (errors.NotFound, errors.InvalidRequest) as error:
            if not address.legacy or method not in address.legacy_methods or error.http_status not in (404, 405):
                raise
            first = error
        try:
            answer = self._send(method, address.legacy, address, query, body, accept)
        except errors.Forbidden:
            if isinstance(first, errors.NotFound):  # legacy paths are closed to some tokens: their 403 proves nothing
                raise first from None
            raise
        self._only_legacy.add(operation)
        return answer

    def pages(self, target: Address | str, query: t.Mapping[str, t.Any] | None = None) -> t.Iterator[dict[str, t.Any]]:
        """Yield the entries of a list, page by page and each once; fail instead of truncating it."""
        address = Address(target) if isinstance(target, str) else target
        seen: set[str] = set()
        page, rows, total = 0, 0, None
        while True:
            page += 1
            try:
                answer = self.get(address, {**(query or {}), "page": page, "page_size": PAGE_SIZE})
            except errors.NotFound:
                if page == 1:
                    raise
                self._require_complete(address, total, rows)
                return  # the page after the last one
            entries = entries_of(answer.data)
            if entries is None:
                raise self._without("a list", address.path, answer)
            rows, total = rows + len(entries.rows), entries.total
            known = len(seen)
            for key, row in entries.rows:
                if key not in seen:
                    seen.add(key)
                    yield row
            if not entries.has_more or (page > 1 and len(seen) == known):
                is_stuck = entries.has_more and bool(entries.rows) and not entries.is_array
                self._require_complete(address, total, rows, is_stuck=is_stuck)
                return

    def _require_complete(self, address: Address, total: int | None, rows: int, *, is_stuck: bool = False) -> None:
        """Raise ``BadAnswer`` if a list ended before its total, or repeats a page although it announces more."""
        if is_stuck or (total is not None and total > rows):
            raise errors.BadAnswer(
                f"the list at {self._url(address.path)} ended after {rows} entries"
                + (f" of {total}" if total is not None else ", although Docker Hub announced more"),
                hint="run the task again: the list may have changed while it was read",
            )

    def object_of(self, answer: Answer, target: Address | str) -> dict[str, t.Any]:
        """Return the JSON object of an answer; raise ``BadAnswer`` if it is something else."""
        if not isinstance(answer.data, dict):
            raise self._without("an object", target if isinstance(target, str) else target.path, answer)
        return answer.data

    def _without(self, content: str, path: str, answer: Answer) -> errors.BadAnswer:
        return errors.BadAnswer(
            f"{self._url(path)} answered {answer.status} without {content}",
            hint=f"check whether this path returns {content}, and whether a proxy answers in place of Docker Hub",
            http_status=answer.status,
        )

    def _send(
        self,
        method: str,
        path: str,
        address: Address,
        query: t.Mapping[str, t.Any] | None,
        body: t.Any,
        accept: t.Container[int],
    ) -> Answer:
        may_be_deleted = False

        def send() -> Answer:
            nonlocal may_be_deleted
            self._pace()
            try:
                return self._send_once(method, path, query, body, accept)
            except errors.NotFound:
                if may_be_deleted:
                    return Answer(204, None)
                raise
            except (errors.ConnectionFailed, errors.ServerError) as error:
                # The first attempt may have deleted the object although its answer was lost.
                may_be_deleted = may_be_deleted or (method == "DELETE" and error.sent)
                raise

        try:
            return self._with_live_token(
                lambda: self._repeat(send, _if_without_effect if method == "POST" else _always),
                f"{method} {self._url(path)}",
            )
        except errors.HubError as error:
            missing = printable(address.missing, self._secrets)
            kind = secret_kind(self._options["secret"])
            raise explain(error, missing, address.needs.get(method), kind) from None

    def _send_once(
        self, method: str, path: str, query: t.Mapping[str, t.Any] | None, body: t.Any, accept: t.Container[int]
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self._bearer}"} if self._bearer else {}
        content = {} if body is None else {"json": body}
        raw = self._exchange(method, path, _LARGEST_ANSWER, params=query, headers=headers, **content)
        data = refusals.hub_json(raw)
        if raw.status in accept and (data is not None or not refusals.is_from_edge(raw)):
            return Answer(raw.status, data, raw.body.decode("utf-8", "replace"))
        raise self._refusal(raw, refusals.RESOURCE, [*self._secrets, self._bearer or ""])

    def _with_live_token(self, send: t.Callable[[], Answer], label: str) -> Answer:
        """Send with the bearer token; if Docker Hub no longer accepts it, renew it and send once more."""
        try:
            return send()
        except errors.TokenExpired:
            if self._renew is None or self._bearer is None:
                raise
        self._bearer = self._renew(self._bearer)
        try:
            return send()
        except errors.TokenExpired as error:
            raise errors.Forbidden(
                f"{label} answered 401 again with a new token",
                hint="check what this account is allowed to do, and whether hub_url and proxy lead to Docker Hub",
                http_status=error.http_status,
            ) from None

    def own_token_id(self) -> str | None:
        """Return the id of the access token that this client is logged in with; None after a login with a password."""
        return access_token_id(self._bearer) if self._bearer else None

    def token_content(self) -> TokenContent:
        """Return what the bearer token contains, above all the account that it belongs to."""
        return read_token(self._bearer or "", self.server_time())

    # Time

    def server_time(self) -> float:
        """Return Docker Hub's unix time to half a second, from its latest answer; before that, the time of this machine."""
        server, ours = self._server_clock
        return server + time.monotonic() - ours

    def wait(self, seconds: float) -> bool:
        """Sleep and return True if ``max_wait`` has so many seconds left; otherwise return False at once."""
        if seconds > self._wait_left:
            return False
        self._wait_left -= seconds
        time.sleep(seconds)
        return True

    def restore_budget(self) -> None:
        """Reset the budgets of ``retries`` and ``max_wait``, for tasks with thousands of requests."""
        self._retries_left = self._options["retries"]
        self._wait_left = float(self._options["max_wait"])

    def take_retry(self, error: errors.HubError) -> bool:
        """Return whether another attempt may succeed after this failure, and count that attempt."""
        if error.retry_in is None or isinstance(error, errors.Refused) or self._retries_left < 1:
            return False
        self._retries_left -= 1
        return True

    def _pace(self) -> None:
        """Spread requests over the rest of the rate limit's period if few are left; wait for the next period if none is.

        Only the wait counts against ``max_wait``. With one request left, spreading sends it in the next period, so a single
        client never has to wait.
        """
        limit, reset = self.rate_limit, self._reset
        if not limit or reset is None or limit["remaining"] is None or not limit["limit"]:
            return
        seconds = reset - self.server_time() + 0.5
        if not 0 < seconds < 600 or limit["remaining"] > _PACE_BELOW * limit["limit"]:
            return
        if limit["remaining"] == 0:
            self.wait(seconds)
        else:
            time.sleep(min(LONGEST_PAUSE, seconds / limit["remaining"]))

    # The single place that sends

    def _url(self, path: str) -> str:
        return self._options["hub_url"] + path

    def _exchange(self, method: str, path: str, largest: int, **arguments: t.Any) -> RawAnswer:
        raw = exchange(
            self._session,
            f"{method} {self._url(path)}",
            timeout=self._options["timeout"],
            largest=largest,
            method=method,
            url=self._url(path),
            **arguments,
        )
        date = unix_time(raw.headers.get("Date"))
        if date is not None and date > 0:
            # The header drops fractions: on average the server is half a second ahead.
            self._server_clock = (date + 0.5, time.monotonic())
        self.rate_limit, self._reset = rate_limit_of(raw.headers), reset_time(raw.headers)
        return raw

    def _refusal(self, raw: RawAnswer, rules: tuple[refusals.Rule, ...], secrets: list[str]) -> errors.HubError:
        # The earliest possible server time: waiting slightly too long beats another refused request.
        now = self.server_time() - 0.5
        return refusals.refusal(raw, rules, secrets, now, self._options["identifier"])

    def _repeat(self, send: t.Callable[[], _T], may_resend: t.Callable[[errors.HubError], bool]) -> _T:
        """Send until it succeeds, or the failure is final, or sending again might do harm."""
        while True:
            try:
                return send()
            except errors.HubError as error:
                if not may_resend(error) or not self.take_retry(error):
                    raise
                pause = max(error.retry_in or 0.0, self._next_pause())
                if not isinstance(error, errors.RateLimited):
                    time.sleep(pause)
                elif not self.wait(pause):
                    raise

    def _next_pause(self) -> float:
        """Return the seconds before the next try: twice as many each time, and different for each client."""
        retries = self._options["retries"] - self._retries_left
        return min(LONGEST_PAUSE, 0.25 * 2.0 ** min(retries, 10)) * random.uniform(0.5, 1)


def _always(_error: errors.HubError) -> bool:
    return True


def _if_unsent(error: errors.HubError) -> bool:
    """Return whether the request was not sent: Docker Hub may accept a code only once."""
    return not error.sent


def _if_without_effect(error: errors.HubError) -> bool:
    """Return whether Docker Hub did not process the request, so another attempt cannot create an object twice."""
    return not error.sent or isinstance(error, errors.RateLimited)


def _is_token(value: object) -> t.TypeGuard[str]:
    """Return whether a value can be sent as a bearer token and printed in one line."""
    return isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value) is not None
