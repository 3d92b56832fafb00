# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error contains: the request, the status, the words, the way out; and never a secret."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import quote

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _refusals as refusals
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._http import RawAnswer
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import TokenResult, normalize_options
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    MFAUSER,
    MYBOT,
    PLAINUSER,
    SECOND_FACTOR,
    TOKEN,
    TOTP,
)
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

Refused = t.Callable[..., HubError]

HTML = {"Content-Type": "text/html"}
CLOUDFLARE = {"Server": "cloudflare", "CF-RAY": "8f00-FRA"}


def error_of(status: int, body: t.Any = b"", headers: dict[str, str] | None = None, **request: t.Any) -> HubError:
    """Return the error of an answer to a resource request, or to the one with other ``rules``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    received = CaseInsensitiveDict(headers or {})
    raw = RawAnswer("GET https://hub", status, received, content, is_redirect="Location" in received)
    return refusals.refusal(raw, **{"rules": refusals.RESOURCE, "secrets": [], "now": 1.8e9, **request})


PAT_REFUSED = "token issued from personal access token is not allowed"
OAT_REFUSED = "token issued from organization access token is not allowed"
VALIDATION = {
    "message": "httperror 400: request had 1 validation error",
    "errinfo": {"fielderrors": {"name": "repository name may only include alphanumeric characters, '.', or '-'"}},
}


@pytest.mark.parametrize(
    ("status", "body", "headers", "code"),
    [
        (400, VALIDATION, {}, "invalid_request"),
        (400, {"fields": {"ordering": ["Invalid"]}, "text": "Invalid ordering value"}, {}, "invalid_request"),
        (400, {"errinfo": None, "message": "bad request"}, {}, "invalid_request"),
        (400, {"__all__": ["Repository with this Name and Namespace already exists."]}, {}, "conflict"),
        (400, {"message": "No more private repositories available"}, {}, "plan_required"),
        (401, {"errinfo": None, "message": "unauthorized"}, {}, "token_expired"),
        (401, b"", {}, "token_expired"),
        (402, b"", {}, "plan_required"),
        (402, {"message": "payment required"}, {}, "plan_required"),
        (403, {"message": "upgrade your plan to use this feature"}, {}, "plan_required"),
        (403, {"message": "insufficient scope", "errinfo": {}}, {}, "insufficient_scope"),
        (403, {"message": PAT_REFUSED}, {}, "needs_password_login"),
        (403, {"message": OAT_REFUSED}, {}, "needs_password_login"),
        (403, {"message": "token issued from personal access token", "errinfo": {}}, {}, "needs_password_login"),
        (
            403,
            {"detail": "access to the resource is forbidden with personal access token"},
            {},
            "needs_password_login",
        ),
        (
            403,
            {"errinfo": {"detail": "access to the resource is forbidden with personal access token"}, "message": ""},
            {},
            "needs_password_login",
        ),
        (403, {"message": "this requires an organization access token"}, {}, "needs_organization_token"),
        (403, {"message": "only allowed with organization access token"}, {}, "needs_organization_token"),
        (403, {"errinfo": None, "message": "permission denied"}, {}, "forbidden"),
        (403, b"", {}, "forbidden"),
        (403, b"<html>Just a moment...</html>", {**HTML, **CLOUDFLARE}, "edge_blocked"),
        (403, b"error code: 1010", {"Content-Type": "text/plain", **CLOUDFLARE}, "edge_blocked"),
        (403, {"detail": "no", "cloudflare_error": True}, CLOUDFLARE, "edge_blocked"),
        (404, {"message": "object not found", "errinfo": {}}, {}, "not_found"),
        (404, {"message": "httperror 404: tag 'x' not found", "errinfo": {"tag": "x"}}, {}, "not_found"),
        (404, b"<html>", HTML, "not_found"),
        (404, b"", {}, "not_found"),
        (405, {"message": "405: Method Not Allowed"}, {}, "invalid_request"),
        (409, {"message": "repository already exists"}, {}, "conflict"),
        (409, b"", {}, "conflict"),
        (413, b"", {}, "invalid_request"),
        (429, {"detail": "Rate limit exceeded", "error": False}, {}, "rate_limited"),
        (429, b"Too Many Requests (HAP429).", {"Content-Type": "text/plain"}, "rate_limited"),
        (429, {"detail": "Too many login attempts."}, {}, "locked_out"),
        (
            500,
            {"message": 'Delete "https://x": http: non-successful response (status=401 body=…)', "errinfo": {}},
            {},
            "server_error",
        ),
        (502, b"<html>", HTML, "server_error"),
        (503, b"<html>Just a moment...</html>", {**HTML, **CLOUDFLARE}, "edge_blocked"),
        (200, b"", {}, "bad_answer"),
        (200, b"<html>", HTML, "edge_blocked"),
        (307, b"", {"Location": "https://elsewhere"}, "bad_answer"),
        (407, b"", {}, "connection"),
        # JSON in an unknown form.
        (403, [1], {}, "forbidden"),
        (403, "text", {}, "forbidden"),
        (404, {"message": {"a": 1}, "errinfo": [1]}, {}, "not_found"),
        (400, {"message": None}, {}, "invalid_request"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_answer_to_a_resource_has_its_code(status: int, body: t.Any, headers: dict[str, str], code: str) -> None:
    error = error_of(status, body, headers)
    assert (error.code, error.http_status) == (code, status)
    assert f"GET https://hub answered {status}" in str(error)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_only_passing_server_errors_are_sent_again(status: int) -> None:
    assert error_of(status).retry_in == 0.0
    assert [error_of(other).retry_in for other in (500, 501, 520, 404, 403)] == [None] * 5


def test_an_operation_that_does_not_exist_is_named() -> None:
    resource, login = error_of(405), error_of(405, rules=refusals.LOGIN)
    assert resource.hint == "Docker Hub does not offer this operation: check the path and the method"
    assert str(login.hint).startswith("check hub_url: it is the base URL")
    assert error_of(404).hint is None


@pytest.mark.parametrize("name", ["login", "attempts", "too", "e"])
def test_a_lockout_does_not_depend_on_the_name(name: str) -> None:
    body = {"detail": "Too many failed login attempts. You have been locked out for one hour"}
    assert error_of(429, body, rules=refusals.LOGIN, identifier=name).code == "locked_out"


@pytest.mark.parametrize("name", ["sso-bot", "SSO-Bot", "mfa bot", "2fa"])
def test_the_name_of_an_account_is_not_a_reason(name: str) -> None:
    body = {"message": f"unauthorized: {name.lower()}"}
    assert error_of(401, body, rules=refusals.LOGIN, identifier=name).code == "bad_credentials"


def test_a_file_behind_cloudflare_is_an_answer() -> None:
    headers = CaseInsensitiveDict({**CLOUDFLARE, "Content-Type": "text/csv"})
    assert not refusals.is_from_edge(RawAnswer("GET https://hub", 200, headers, b"Name,Username\n"))
    assert refusals.is_from_edge(RawAnswer("GET https://hub", 403, headers, b"Name,Username\n"))


# Through a login


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "one"}, ' "one"'),
        (
            {"message": "body is invalid", "errinfo": {"secret": "must be at least 9 characters"}},
            ' "body is invalid: secret must be at least 9 characters"',
        ),
        ({"detail": "  spread\r\nover \t lines "}, ' "spread over lines"'),
        ({"detail": "x" * 5000}, f' "{"x" * 200}…"'),
        ({"detail": ""}, ""),
        ({"detail": "\x1b\x00"}, ""),
        ({"unknown": 5}, ""),
    ],
    ids=range(7),
)
def test_an_error_quotes_the_words_of_docker_hub(
    hub: t.Any, refused: Refused, body: dict[str, t.Any], words: str
) -> None:
    hub.fail(TOKEN, status=400, body=body)
    assert str(refused(**MYBOT)) == (
        f"Docker Hub login of mybot failed: POST {hub.url}{TOKEN} answered 400{words};"
        " check identifier, secret and hub_url"
    )


@pytest.mark.parametrize("fault", ["cloudflare_1010", "html_502", "hap429", "cloudflare_challenge_403"])
def test_a_page_is_never_quoted(hub: t.Any, refused: Refused, fault: str) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS[fault])
    text = str(refused(**MYBOT))
    assert [word for word in ("HAP429", "<", "1010", "Bad Gateway") if word in text] == []


@pytest.mark.parametrize("status", [401, 400, 403, 429, 500])
@pytest.mark.parametrize("given", [MYBOT, {**PLAINUSER, "secret": "pass  word+1/%&é"}], ids=["pat", "password"])
def test_a_secret_that_docker_hub_repeats_is_masked(
    hub: t.Any, refused: Refused, given: dict[str, str], status: int
) -> None:
    secret = given["secret"]
    repeated = [secret, quote(secret, safe=""), " ".join(secret.split()), f"\x1b[1m{secret}\x1b[0m"]
    hub.fail(TOKEN, status=status, body={"message": " or ".join(repeated), "errinfo": {secret: f"not {secret}"}})
    text = str(refused(**given))
    assert '"******** or ******** or ******** or ********: ******** not ********"' in text
    assert secret not in text


@pytest.mark.parametrize("second", ["otp", "totp_secret"])
def test_codes_and_intermediate_tokens_are_masked(hub: t.Any, refused: Refused, second: str) -> None:
    def repeat(request: t.Any) -> t.Any:
        return hub_emulator.Reply(400, {"detail": f"{request.body['code']} for {request.body['login_2fa_token']}?"})

    hub.fail(SECOND_FACTOR, None, respond=repeat)
    factor = {"otp": hub.totp("mfauser"), **TOTP}[second]
    assert 'answered 400 "******** for ********?"' in str(refused(**MFAUSER, **{second: factor}))
    assert 'answered 400 "******** for ********?"' in str(refused(login_2fa_token="abcdefgh", otp="123456"))


@pytest.mark.parametrize("source", ["proxy", "HTTP_PROXY", "http_proxy"])
def test_the_password_of_the_proxy_is_masked(
    hub: t.Any, refused: Refused, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    hub.fail(TOKEN, status=407, body={"detail": "me with my proxy+word?"})
    proxy = f"http://me:my%20proxy%2Bword@{hub.url.removeprefix('http://')}"
    if source != "proxy":
        monkeypatch.setenv(source, proxy)
    # A request through this proxy has the whole URL as its path.
    hub.fail("*", status=407, body={"detail": "me with my proxy+word?"})
    text = str(refused(**PLAINUSER, **({"proxy": proxy} if source == "proxy" else {})))
    assert 'answered 407 "me with ********?"' in text


def test_a_bearer_token_that_docker_hub_repeats_is_masked(hub: t.Any, options: t.Callable[..., t.Any]) -> None:
    hub.fail("*", status=400, body={"message": "not opaque-bearer-1"})
    with HubClient(options(**MYBOT), "opaque-bearer-1") as client, pytest.raises(HubError) as caught:
        client.get("/v2/access-tokens")
    assert '"not ********"' in str(caught.value)


def test_a_secret_in_place_of_a_ray_is_masked(hub: t.Any, refused: Refused) -> None:
    hub.fail(TOKEN, status=403, headers={"CF-RAY": PLAINUSER["secret"], "Server": "cloudflare"}, body="go away")
    assert "answered 403 (CF-RAY ********), but not from Docker Hub" in str(refused(**PLAINUSER))


def test_a_wrong_path_in_the_url_is_explained(hub: t.Any, refused: Refused) -> None:
    error = refused(**MYBOT, hub_url=f"{hub.url}/v2")
    assert error.code == "invalid_request"
    assert "answered 404" in str(error)
    assert "check hub_url: it is the base URL" in str(error)


def test_the_hint_of_a_lockout_is_a_way_out(hub: t.Any, refused: Refused) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS["lockout_429"])
    text = str(refused(**MYBOT))
    assert "without any further login" in text
    assert "reset the password at Docker Hub" in text


@pytest.mark.parametrize("fault", ["cloudflare_1010", "cloudflare_challenge_200", "cloudflare_challenge_403"])
def test_an_answer_of_cloudflare_shows_its_ray(hub: t.Any, refused: Refused, fault: str) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS[fault])
    error = refused(**MYBOT)
    assert error.code == "edge_blocked"
    assert "(CF-RAY 8f0000000000beef-FRA), but not from Docker Hub itself; " in str(error)
    assert "the credential was not checked: set user_agent, or use another outgoing address or proxy" in str(error)


def test_a_limit_of_cloudflare_is_explained(hub: t.Any, refused: Refused) -> None:
    hub.fail(TOKEN, **{**hub_emulator.FAULTS["hap429"], "headers": {"CF-RAY": "8f\x1b[31m<>\xe9-FRA" + "x" * 90}})
    text = str(refused(**MYBOT))
    assert f" answered 429 (CF-RAY 8f<>é-FRA{'x' * 31}…); " in text
    assert "Cloudflare or a proxy sets this limit: wait, send less, or use another outgoing address" in text


def test_an_answer_of_docker_hub_shows_no_ray(hub: t.Any, refused: Refused) -> None:
    hub.fail(TOKEN, status=401, headers=hub_emulator.CLOUDFLARE, body={"message": "unauthorized", "errinfo": {}})
    error = refused(**MYBOT)
    assert (error.code, "CF-RAY" in str(error)) == ("bad_credentials", False)


# Any answer


class Anything:
    """Strategies for answers of every kind."""

    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    data = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
    names = st.sampled_from(
        [
            *("Date", "Retry-After", "X-Retry-After", "X-RateLimit-Limit", "X-RateLimit-Reset", "CF-RAY", "Server"),
            *("Location", "Content-Type", "Content-Encoding", "Set-Cookie"),
        ]
    )
    latin = st.text(st.characters(min_codepoint=32, max_codepoint=255))
    headers = st.dictionaries(names, latin | st.sampled_from(["0", "gzip", "text/html", "cloudflare"]))
    fields = st.sampled_from(["access_token", "login_2fa_token", "detail", "message", "errinfo", "fields", "text"])
    bodies = st.binary() | (data | st.dictionaries(fields, data)).map(lambda data: json.dumps(data).encode())


@pytest.fixture(scope="module")
def running() -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator() as running:
        yield running


@given(st.integers(200, 999), Anything.headers, Anything.bodies)
def test_every_answer_is_a_token_or_an_error(running: t.Any, status: int, headers: dict[str, str], body: bytes) -> None:
    running.reset()
    running.fail(TOKEN, status=status, headers=headers, body=body)
    result: t.Any
    try:
        result = fetch_token(normalize_options({**MYBOT, "hub_url": running.url, "retries": 0, "timeout": 2.0}))
    except HubError as error:
        result = error
    if isinstance(result, HubError):
        assert str(result).isprintable()
        assert result.hint
        json.dumps(result.to_dict()).encode()
    else:
        assert set(result) == {*TokenResult.__annotations__} - {"login_2fa_token"}
        assert result["access_token"].isascii()
        assert result["access_token"].isprintable()
