# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failure says: who, what was tried, what came back, what to do; and never a secret."""

from __future__ import annotations

import html
import json
import time
import typing as t
from urllib.parse import quote, quote_plus

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
SEED = hub_emulator.MFAUSER_TOTP_SECRET


def log_in(hub: t.Any, **given: t.Any) -> dict[str, t.Any]:
    return fetch_token(normalize_options({"hub_url": hub.url, "retries": 0, **given}))


def refused(hub: t.Any, **given: t.Any) -> HubError:
    with pytest.raises(HubError) as caught:
        log_in(hub, **given)
    return caught.value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "one"}, '"one"'),
        ({"message": "two", "errinfo": {}}, '"two"'),
        (
            {"message": "body is invalid", "errinfo": {"secret": "must be at least 9 characters"}},
            '"body is invalid: secret must be at least 9 characters"',
        ),
        (
            {"message": "body is invalid", "errinfo": {"a": "is b", "c": ["d"], "e": "is f"}},
            '"body is invalid: a is b: e is f"',
        ),
        ({"detail": "said first", "message": "said second"}, '"said first"'),
        ({"detail": "  spread\r\nover \t lines "}, '"spread over lines"'),
        ({"detail": "a\x1b[31;1mred\x1b[0m\x1b]0;title\x07\x1b[2J\x9b5mb\x08\x00\x7f"}, '"aredb"'),
        ({"detail": "right\u202eto left, \u200bhidden, \ud800half"}, '"rightto left, hidden, half"'),
        ({"detail": "{{ lookup('pipe', 'id') }}"}, '''"{{ lookup('pipe', 'id') }}"'''),
        ({"detail": "x" * 5000}, f'"{"x" * 200}…"'),
        ({"detail": ""}, "answered 400; "),
        ({"detail": "\x1b\x00"}, "answered 400; "),
        ({"detail": ["a"], "message": {"b": 1}, "errinfo": "c"}, "answered 400; "),
        ({"error": "a secret page"}, "answered 400; "),
    ],
)
def test_a_sentence_quotes_parsed_words_alone_and_makes_them_fit_to_print(
    hub: t.Any, body: dict[str, t.Any], words: str
) -> None:
    hub.fail(TOKEN, status=400, body=body)
    said = str(refused(hub, **MYBOT))
    assert said == (
        f"Docker Hub login of mybot failed: POST {hub.url}{TOKEN} answered 400 {words}; check identifier, secret and hub_url"
        if words.startswith('"')
        else f"Docker Hub login of mybot failed: POST {hub.url}{TOKEN} answered 400; check identifier, secret and hub_url"
    )


@pytest.mark.parametrize("fault", ["cloudflare_1010", "html_502", "hap429", "cloudflare_challenge_403"])
def test_a_page_is_never_quoted(hub: t.Any, fault: str) -> None:
    what = hub_emulator.FAULTS[fault]
    hub.fail(TOKEN, **what)
    said = str(refused(hub, **MYBOT))
    assert "HAP429" not in said
    assert "<" not in said
    assert "1010" not in said


@pytest.mark.parametrize("status", [401, 400, 403, 429, 500])
@pytest.mark.parametrize("given", [MYBOT, {**PLAINUSER, "secret": "pass  word+1/%&é"}], ids=["pat", "password"])
def test_secrets_that_the_server_repeats_are_hidden(hub: t.Any, given: dict[str, str], status: int) -> None:
    secret = given["secret"]
    repeated = [secret, quote(secret, safe=""), " ".join(secret.split()), f"\x1b[1m{secret}\x1b[0m"]
    body = {"message": " or ".join(repeated), "errinfo": {secret: f"not {secret}"}}
    hub.fail(TOKEN, status=status, body=body)
    said = str(refused(hub, **given))
    assert '"******** or ******** or ******** or ********: ******** not ********"' in said
    assert secret not in said


def numeric(text: str) -> str:
    return html.escape(text).replace("&quot;", "&#34;")


@pytest.mark.parametrize(
    "write", [json.dumps, repr, html.escape, numeric, quote, quote_plus], ids=lambda write: write.__name__
)
def test_secrets_that_the_server_repeats_in_other_spellings_are_hidden(hub: t.Any, write: t.Callable[..., str]) -> None:
    secret = "pass\\word & \"more\" <'of'> it"
    hub.fail(TOKEN, status=400, body={"detail": f"not {write(secret).strip(chr(34) + chr(39))}!"})
    assert 'answered 400 "not ********!"' in str(refused(hub, **{**PLAINUSER, "secret": secret}))


@pytest.mark.parametrize("invisible", ["\u200b", "\u00ad", "\ue000", "\u200d"])
def test_secrets_with_what_is_not_printed_are_hidden(hub: t.Any, invisible: str) -> None:
    secret = f"pass{invisible}word-1"
    hub.fail(TOKEN, status=401, body={"detail": f"no: {secret}"})
    assert 'answered 401 "no: ********"' in str(refused(hub, **{**PLAINUSER, "secret": secret}))


def test_the_password_of_a_proxy_is_hidden(hub: t.Any) -> None:
    hub.fail(TOKEN, status=407, body={"detail": "me with my proxy+word?"})
    proxy = f"http://me:my%20proxy%2Bword@{hub.url.removeprefix('http://')}"
    said = str(refused(hub, **PLAINUSER, proxy=proxy))
    assert 'answered 407 "me with ********?"' in said or "did not get through the proxy" in said
    assert "proxy+word" not in said


def test_a_secret_in_place_of_a_ray_is_hidden(hub: t.Any) -> None:
    hub.fail(TOKEN, status=403, headers={"CF-RAY": PLAINUSER["secret"], "Server": "cloudflare"}, body="go away")
    assert "answered 403 (CF-RAY ********), but not from Docker Hub" in str(refused(hub, **PLAINUSER))


@pytest.mark.parametrize("name", [PLAINUSER["secret"], f"I am {PLAINUSER['secret']}!", "x" * 201])
def test_a_secret_in_place_of_a_name_is_no_name(hub: t.Any, name: str) -> None:
    token = hub_emulator.jwt({"alg": "RS256"}, {"username": name})
    hub.fail(TOKEN, status=200, body={"access_token": token})
    result = log_in(hub, **PLAINUSER)
    assert (result["username"], result["warnings"], result["claims"]["username"]) == (None, [], name)


def test_a_long_text_is_searched_in_no_time(hub: t.Any) -> None:
    hub.fail(TOKEN, status=400, body={"detail": "eyJ" * 300_000})
    start = time.monotonic()
    assert refused(hub, **PLAINUSER).code == "invalid_request"
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("second", ["otp", "totp_secret"])
def test_codes_and_intermediate_tokens_that_the_server_repeats_are_hidden(hub: t.Any, second: str) -> None:
    def repeat(request: t.Any) -> t.Any:
        return hub_emulator.Reply(400, {"detail": f"{request.body['code']} for {request.body['login_2fa_token']}?"})

    hub.fail(SECOND_FACTOR, None, respond=repeat)
    factor = {"otp": hub.totp("mfauser"), "totp_secret": SEED}[second]
    assert 'answered 400 "******** for ********?"' in str(refused(hub, **MFAUSER, **{second: factor}))
    assert 'answered 400 "******** for ********?"' in str(refused(hub, login_2fa_token="abcdefgh", otp="123456"))


def test_an_identifier_is_made_fit_to_print_as_well(hub: t.Any) -> None:
    said = str(refused(hub, identifier="my\x1b[2Jbot\n", secret="wrong-password"))
    assert said.startswith("Docker Hub login of mybot failed: POST ")


# What to do


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({**MYBOT, "secret": "dckr_oat_mine"}, "identifier must be the organization's name"),
        ({**MYBOT, "secret": "dckr_pat_mine"}, "personal access token exists, is active"),
        (PLAINUSER, "with a second factor give totp_secret"),
        (PLAINUSER, "with enforced single sign-on a personal access token"),
        ({**PLAINUSER, "auth_method": "login"}, "with a second factor give totp_secret"),
    ],
)
def test_a_refusal_is_explained_by_what_was_used(hub: t.Any, given: dict[str, str], hint: str) -> None:
    hub.fail("*", status=401, body={"detail": "Incorrect authentication credentials"})
    error = refused(hub, **given)
    assert (error.code, hint in str(error)) == ("bad_credentials", True)


@pytest.mark.parametrize("name", ["sso-bot", "mfa bot", "2fa"])
def test_the_name_of_an_account_is_no_reason(hub: t.Any, name: str) -> None:
    hub.fail(TOKEN, status=401, body={"message": f"unauthorized: {name}"})
    assert refused(hub, identifier=name, secret="wrong-password").code == "bad_credentials"


def test_what_is_not_found_is_a_matter_of_the_url(hub: t.Any) -> None:
    with pytest.raises(HubError) as caught:
        fetch_token(normalize_options({**MYBOT, "hub_url": f"{hub.url}/v2"}))
    assert caught.value.code == "invalid_request"
    assert "answered 404" in str(caught.value)
    assert "check hub_url: it is the base URL" in str(caught.value)


def test_a_lockout_says_how_to_get_out_of_it(hub: t.Any) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS["lockout_429"])
    said = str(refused(hub, **MYBOT))
    assert "without any further login" in said
    assert "reset the password at Docker Hub" in said


@pytest.mark.parametrize("fault", ["cloudflare_1010", "cloudflare_challenge_200", "cloudflare_challenge_403"])
def test_the_edge_is_named_by_its_ray(hub: t.Any, fault: str) -> None:
    hub.fail(TOKEN, **hub_emulator.FAULTS[fault])
    error = refused(hub, **MYBOT)
    assert error.code == "edge_blocked"
    assert "(CF-RAY 8f0000000000beef-FRA), but not from Docker Hub itself; " in str(error)
    assert "the credential was not checked: set user_agent, or use another outgoing address or proxy" in str(error)


def test_the_edge_may_speak_json(hub: t.Any) -> None:
    hub.fail(
        TOKEN, status=403, headers={"CF-RAY": "8f00-FRA"}, body={"detail": "Not for you.", "cloudflare_error": True}
    )
    said = str(refused(hub, **MYBOT))
    assert " answered 403 (CF-RAY 8f00-FRA), but not from Docker Hub itself; " in said


def test_the_limit_of_the_edge_is_named_as_such(hub: t.Any) -> None:
    hub.fail(TOKEN, **{**hub_emulator.FAULTS["hap429"], "headers": {"CF-RAY": "8f\x1b[31m<>\xe9-FRA" + "x" * 90}})
    said = str(refused(hub, **MYBOT))
    assert f" answered 429 (CF-RAY 8f<>é-FRA{'x' * 31}…); " in said
    assert "the limit is set in front of Docker Hub: wait, log in less often, or use another outgoing address" in said


def test_an_answer_of_docker_hub_itself_has_no_ray(hub: t.Any) -> None:
    hub.fail(TOKEN, status=401, headers=hub_emulator.CLOUDFLARE, body={"message": "unauthorized", "errinfo": {}})
    error = refused(hub, **MYBOT)
    assert (error.code, "CF-RAY" in str(error)) == ("bad_credentials", False)


def test_the_table_of_hints_holds_every_code_that_an_answer_can_have(hub: t.Any) -> None:
    own = {"invalid_options", "missing_library", "module_failed"}  # their sentences say what to do
    assert {key.partition(":")[0] for key in HINTS} == set(HubError.codes) - own
    assert [hint for hint in HINTS.values() if not hint[0].islower() or hint.endswith(".")] == []


# Warnings


@pytest.mark.parametrize(
    ("given", "needless"),
    [
        ({**PLAINUSER, "auth_method": "login"}, "leave out auth_method"),
        ({**PLAINUSER, "totp_secret": SEED}, "leave out totp_secret"),
        ({**PLAINUSER, "otp": "123456"}, "leave out otp"),
        ({**MYBOT, "auth_method": "login", "totp_secret": SEED}, "leave out totp_secret and auth_method"),
        ({**PLAINUSER, "on_otp_required": "return"}, None),  # who asks whether a code is wanted must ask there
        ({**MFAUSER, "totp_secret": SEED}, None),
        (MYBOT, None),
    ],
)
def test_the_older_login_without_need_is_worth_a_warning(
    hub: t.Any, given: dict[str, str], needless: str | None
) -> None:
    warnings = log_in(hub, **given)["warnings"]
    expected = f"{LOGIN} is deprecated by Docker and was not needed, since no second factor was asked for; {needless}"
    assert warnings == ([expected] if needless else [])


# What a result tells


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        (
            {"X-RateLimit-Limit": "180", "X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "1800000000"},
            {"limit": 180, "remaining": 9, "reset": "2027-01-15T08:00:00Z"},
        ),
        ({"X-RateLimit-Remaining": "0"}, {"limit": None, "remaining": 0, "reset": None}),
        ({"X-RateLimit-Limit": "-1", "X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Limit": "1e3", "X-RateLimit-Remaining": "9" * 5000, "X-RateLimit-Reset": "٣"}, None),
        ({}, None),
    ],
)
def test_the_rate_limit_is_read_from_headers(hub: t.Any, headers: dict[str, str], limit: t.Any) -> None:
    ascii_only = {name: value.encode("unicode_escape").decode() for name, value in headers.items()}
    hub.fail(TOKEN, status=200, headers=ascii_only, body={"access_token": "opaque"})
    assert json.loads(json.dumps(log_in(hub, **MYBOT)["rate_limit"])) == limit
