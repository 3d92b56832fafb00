# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate an answer that is not a success into a ``HubError``."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._answers import parse_json, retry_after, words_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._http import PROXY_LOGIN, RawAnswer
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import iso_time

_EDGE_LIMIT = "Cloudflare or a proxy sets this limit: wait, send less, or use another outgoing address"
_WRONG_URL = "check hub_url: it is the base URL, https://hub.docker.com for Docker Hub, without a path"
_WRONG_METHOD = "Docker Hub does not offer this operation: check the path and the method"
_SSO = r"\bsso\b|single sign"
_SECOND_FACTOR = r"secondary authentication|\bmfa\b|\b2fa\b|two.factor"
_LOCKOUT = r"too many (failed )?login attempts|locked out"
_TOKEN_KIND = r"(personal|organization) access token"
_PLAN = r"\bupgrade\b|\bsubscription\b|\bplan\b|payment|no more private repositories"
_EXISTS = r"already exist|already taken|already in use"
_CLIENT_ERRORS = range(400, 500)


class Rule(t.NamedTuple):
    """An error for answers with one of these statuses, if ``words`` is found in their text as well."""

    statuses: t.Container[int]
    words: str
    error: type[errors.HubError]


# The first rule that matches counts; the last one of each list matches every other 4xx.
LOGIN = (
    Rule((401, 403), _SSO, errors.SsoRequired),
    Rule((401,), _SECOND_FACTOR, errors.OtpRequired),
    Rule((401,), "", errors.BadCredentials),
    Rule((403,), "", errors.Forbidden),
    Rule(_CLIENT_ERRORS, "", errors.InvalidRequest),
)
SECOND_FACTOR = (
    Rule((401, 403), _SSO, errors.SsoRequired),
    Rule((401,), "", errors.OtpInvalid),
    Rule((403,), "", errors.Forbidden),
    Rule(_CLIENT_ERRORS, "", errors.InvalidRequest),
)
RESOURCE = (
    Rule((401,), "", errors.TokenExpired),
    Rule((403,), r"insufficient.scope", errors.InsufficientScope),
    Rule((403,), r"(require|need|only).*organization access token", errors.NeedsOrganizationToken),
    Rule((403,), _TOKEN_KIND, errors.NeedsPasswordLogin),
    Rule((402,), "", errors.PlanRequired),
    Rule((400, 403), _PLAN, errors.PlanRequired),
    Rule((403,), "", errors.Forbidden),
    Rule((404,), "", errors.NotFound),
    Rule((409,), "", errors.Conflict),
    Rule((400,), _EXISTS, errors.Conflict),
    Rule(_CLIENT_ERRORS, "", errors.InvalidRequest),
)


def refusal(
    answer: RawAnswer, rules: tuple[Rule, ...], secrets: t.Sequence[str], now: float, identifier: str | None = None
) -> errors.HubError:
    """Return the error for an answer that is not a success, or that lacks the expected content.

    ``now`` is the earliest unix time that the server's clock may show. ``identifier`` is removed from the text before the
    search for words, because an account may be named sso or mfa.
    """
    data = hub_json(answer)
    words = printable(words_of(data), secrets)
    message = f"{answer.label} answered {answer.status}" + (f' "{words}"' if words else "")
    ray = printable(answer.headers.get("CF-RAY", ""), secrets, 40)
    if ray and data is None:
        message += f" (CF-RAY {ray})"
    if answer.status == 407:
        return errors.ConnectionFailed(message, hint=PROXY_LOGIN, http_status=407, sent=False)
    search = words or answer.body[:4096].decode("latin-1")
    if answer.status == 429:
        return _limited(answer, now, message, search, from_hub=data is not None)
    if data is None and is_from_edge(answer):
        return errors.EdgeBlocked(f"{message}, but not from Docker Hub itself", http_status=answer.status)
    if answer.status >= 500:
        retry_in = 0.0 if answer.status in (502, 503, 504) else None
        return errors.ServerError(message, http_status=answer.status, retry_in=retry_in)
    if answer.status < 400:
        problem = ", a redirect, which is not followed" if answer.is_redirect else " without the expected content"
        return errors.BadAnswer(message + problem, http_status=answer.status)
    if identifier:
        search = re.sub(re.escape(identifier), "", search, flags=re.IGNORECASE)
    return _by_rule(answer, rules, message, search)


def hub_json(answer: RawAnswer) -> t.Any:
    """Return the JSON of an answer; None if it is not JSON, or is Cloudflare's own JSON."""
    data = parse_json(answer.body)
    return None if isinstance(data, dict) and data.get("cloudflare_error") else data


def _by_rule(answer: RawAnswer, rules: tuple[Rule, ...], message: str, search: str) -> errors.HubError:
    error = next(
        rule.error for rule in rules if answer.status in rule.statuses and re.search(rule.words, search, re.IGNORECASE)
    )
    hint = _WRONG_URL if answer.status in (404, 405) else None
    if rules is RESOURCE:
        hint = _WRONG_METHOD if answer.status == 405 else None
    return error(message, hint=hint, http_status=answer.status)


def _limited(answer: RawAnswer, now: float, message: str, search: str, *, from_hub: bool) -> errors.HubError:
    seconds = retry_after(answer.headers, now)
    retry_at = None if seconds is None else iso_time(round(now + seconds))
    if retry_at:
        message += f" and asks to wait until {retry_at}"
    if re.search(_LOCKOUT, search, re.IGNORECASE):
        return errors.LockedOut(message, http_status=429, retry_at=retry_at, retry_in=seconds)
    hint = None if from_hub else _EDGE_LIMIT
    return errors.RateLimited(message, hint=hint, http_status=429, retry_at=retry_at, retry_in=seconds)


def is_from_edge(answer: RawAnswer) -> bool:
    """Return whether Cloudflare or a proxy answered instead of Docker Hub."""
    start, content_type = answer.body[:65536].lstrip(), answer.headers.get("Content-Type", "").lower()
    if "cf-mitigated" in answer.headers or start.startswith(b"error code: 1") or b"Just a moment" in start:
        return True
    is_html = start.startswith(b"<") or "html" in content_type
    is_cloudflare = "CF-RAY" in answer.headers or answer.headers.get("Server", "").lower() == "cloudflare"
    # A success of another type may be a file, such as a list in CSV.
    is_text = is_cloudflare and bool(start) and "json" not in content_type and answer.status >= 300
    is_page = is_html or is_text or b'"cloudflare_error"' in start
    # The more likely cause of 404 and 405 is a wrong hub_url.
    return is_page and answer.status < 500 and answer.status not in (404, 405) and not answer.is_redirect
