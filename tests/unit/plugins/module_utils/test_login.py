# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a token, for every kind of account, and why not."""

from __future__ import annotations

import time
import typing as t

import hub_emulator
import jwt
import pyotp
import pytest
import requests
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
SEED = hub_emulator.MFAUSER_TOTP_SECRET
PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
MYORG = {"identifier": "myorg", "secret": hub_emulator.MYORG_OAT}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
SSOUSER = {"identifier": "ssouser", "secret": "sso-password-1"}
KEYS = {
    *("access_token", "token_type", "issued_at", "expires_at", "expires_in", "identifier", "username", "scope"),
    *("source", "endpoint", "claims", "cached", "otp_required", "rate_limit", "warnings"),
}

LogIn = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def log_in(hub: t.Any) -> LogIn:
    travel(hub, 10 - hub.now() % 30)  # far from the end of a half minute, where a login waits for the next one

    def log_in(**given: t.Any) -> dict[str, t.Any]:
        return fetch_token(normalize_options({"hub_url": hub.url, **given}))

    return log_in


def refused(log_in: LogIn, **given: t.Any) -> HubError:
    with pytest.raises(HubError) as caught:
        log_in(**given)
    return caught.value


def repositories(hub: t.Any, namespace: str, token: str) -> int:
    """The status that a token gets where one is needed."""
    url, bearer = f"{hub.url}/v2/namespaces/{namespace}/repositories", {"Authorization": f"Bearer {token}"}
    return requests.get(url, headers=bearer, timeout=5).status_code


def travel(hub: t.Any, seconds: float) -> None:
    hub.clock_offset += seconds


@pytest.mark.parametrize(
    ("given", "source", "path"),
    [
        (PLAINUSER, "password", TOKEN),
        (MYBOT, "pat", TOKEN),
        (MYORG, "oat", TOKEN),
        ({**SSOUSER, "secret": hub_emulator.SSOUSER_PAT}, "pat", TOKEN),
        ({**PLAINUSER, "auth_method": "login"}, "password", LOGIN),
        ({**MYBOT, "auth_method": "login"}, "pat", LOGIN),
        ({**MFAUSER, "secret": hub_emulator.MFAUSER_PAT, "totp_secret": SEED}, "pat", LOGIN),
        ({**MFAUSER, "totp_secret": SEED}, "password", SECOND_FACTOR),
        ({**MFAUSER, "totp_secret": "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp"}, "password", SECOND_FACTOR),
        ({**MFAUSER, "totp_secret": f"otpauth://totp/Docker:me?secret={SEED}"}, "password", SECOND_FACTOR),
    ],
)
def test_every_account_gets_a_token_that_works(
    hub: t.Any, log_in: LogIn, given: dict[str, str], source: str, path: str
) -> None:
    result = log_in(**given)
    name = given["identifier"]
    assert repositories(hub, name, result["access_token"]) == 200
    assert set(result) == KEYS
    assert (result["source"], result["endpoint"], result["identifier"]) == (source, path, name)
    assert (result["username"], result["token_type"], result["expires_in"]) == (name, "Bearer", 600)
    assert result["claims"] == jwt.decode(result["access_token"], options={"verify_signature": False})
    assert result["scope"] == (hub.accounts[name].scope if path == TOKEN else None)
    assert (result["cached"], result["otp_required"]) == (False, False)


def test_a_typed_code_is_sent_as_it_is(hub: t.Any, log_in: LogIn) -> None:
    assert log_in(**MFAUSER, otp=hub.totp("mfauser"))["endpoint"] == SECOND_FACTOR


def test_a_typed_code_wins_over_the_totp_secret(hub: t.Any, log_in: LogIn) -> None:
    code = hub.totp("mfauser")
    log_in(**MFAUSER, otp=code, totp_secret=pyotp.random_base32())
    assert [asked.body.get("code") for asked in hub.requests] == [None, code]


@pytest.mark.parametrize("second", ["otp", "totp_secret"])
def test_a_login_may_be_finished_later(hub: t.Any, log_in: LogIn, second: str) -> None:
    first = log_in(**MFAUSER, on_otp_required="return")
    assert set(first) == {*KEYS, "login_2fa_token"}
    assert (first["access_token"], first["otp_required"], first["endpoint"]) == (None, True, LOGIN)

    factor = {"otp": hub.totp("mfauser"), "totp_secret": SEED}[second]
    result = log_in(login_2fa_token=first["login_2fa_token"], **{second: factor})
    assert set(result) == KEYS
    assert (result["identifier"], result["username"], result["otp_required"]) == (None, "mfauser", False)
    assert repositories(hub, "mfauser", result["access_token"]) == 200
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (1, 1)


def test_who_needs_no_code_is_not_asked_for_one(log_in: LogIn) -> None:
    result = log_in(**PLAINUSER, on_otp_required="return")
    assert (result["otp_required"], result["endpoint"]) == (False, LOGIN)
    assert "login_2fa_token" not in result


@pytest.mark.parametrize("seed", ["GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGE", "MY"])
def test_a_short_totp_secret_makes_good_codes_as_well(hub: t.Any, log_in: LogIn, seed: str) -> None:
    padded = seed + "=" * (-len(seed) % 8)
    hub.accounts["mfauser"] = hub_emulator.Account("mfauser", password="mfa-password-1", totp_secret=padded)
    assert log_in(**MFAUSER, totp_secret=seed)["username"] == "mfauser"


@pytest.mark.parametrize("offset", [-90_000, 90_000])
def test_codes_are_made_by_docker_hubs_clock(hub: t.Any, log_in: LogIn, offset: int) -> None:
    travel(hub, offset)
    assert log_in(**MFAUSER, totp_secret=SEED)["username"] == "mfauser"


def test_a_generated_code_that_is_refused_gets_one_more_try_in_the_next_half_minute(
    hub: t.Any, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Instead of sleeping, the hub moves on, by a second more than asked, as a busy machine sleeps.
    monkeypatch.setattr(time, "sleep", lambda seconds: travel(hub, seconds + 1))
    hub.fail(SECOND_FACTOR, status=401, body={"detail": "Incorrect authentication credentials"})
    assert log_in(**MFAUSER, totp_secret=SEED)["username"] == "mfauser"
    codes = [asked.body["code"] for asked in hub.requests if asked.path == SECOND_FACTOR]
    assert len(set(codes)) == 2
    assert hub.count(LOGIN) == 2


@pytest.mark.parametrize("given", [{"totp_secret": SEED, "max_wait": 5}, {"otp": "123456"}])
def test_nobody_waits_longer_than_allowed_or_sends_a_typed_code_twice(
    hub: t.Any, log_in: LogIn, given: dict[str, t.Any]
) -> None:
    hub.fail(SECOND_FACTOR, None, status=401, body={"detail": "Incorrect authentication credentials"})
    assert refused(log_in, **MFAUSER, **given).code == "otp_invalid"
    assert hub.count(SECOND_FACTOR) == 1


@pytest.mark.parametrize(
    ("given", "code", "status", "hint"),
    [
        ({**PLAINUSER, "secret": "wrong-password"}, "bad_credentials", 401, "totp_secret or a personal access token"),
        ({**MYBOT, "secret": "dckr_pat_wrong"}, "bad_credentials", 401, "exists, is active and has not expired"),
        ({**MYORG, "identifier": "mybot"}, "bad_credentials", 401, "identifier must be the organization's name"),
        (
            {**PLAINUSER, "secret": "wrong", "auth_method": "login"},
            "bad_credentials",
            401,
            "check identifier and secret",
        ),
        (MFAUSER, "bad_credentials", 401, "with a second factor give totp_secret"),
        ({**MFAUSER, "auth_method": "login"}, "otp_required", 401, "give totp_secret, or otp with a current code"),
        ({**MFAUSER, "otp": "000000"}, "otp_invalid", 401, "each is good once and for 30 s"),
        (
            {**MFAUSER, "totp_secret": "GEZDGNBVGY3TQOJQ", "max_wait": 0},
            "otp_invalid",
            401,
            "check that totp_secret belongs",
        ),
        ({"login_2fa_token": "unknown", "otp": "123456"}, "otp_invalid", 401, "a login_2fa_token that is too old"),
        (SSOUSER, "sso_required", 403, "use a personal access token as secret"),
        ({**SSOUSER, "auth_method": "login"}, "sso_required", 403, "use a personal access token as secret"),
    ],
)
def test_every_refusal_has_its_code_and_says_what_to_do(
    hub: t.Any, log_in: LogIn, given: dict[str, t.Any], code: str, status: int, hint: str
) -> None:
    error = refused(log_in, **given)
    assert error.public() == {"code": code, "http_status": status, "hint": error.hint, "retry_at": None}
    assert hint in str(error)
    assert str(error).startswith(f"Docker Hub login of {given.get('identifier', 'this account')} failed: ")
    assert [name for name in ("secret", "otp", "totp_secret") if given.get(name, "-") in str(error).split()] == []


@pytest.mark.parametrize("method", ["access_token", "login"])
def test_a_locked_account_stays_locked_for_the_right_password(hub: t.Any, log_in: LogIn, method: str) -> None:
    hub.lockout_after = 1
    assert refused(log_in, **{**PLAINUSER, "secret": "wrong-password"}).code == "bad_credentials"
    error = refused(log_in, **PLAINUSER, auth_method=method)
    assert (error.code, error.http_status) == ("locked_out", 429)
    assert "without any further login" in str(error)
    assert hub.logins() == 2


def test_either_endpoint_may_ask_for_the_code(hub: t.Any, log_in: LogIn) -> None:
    hub.token_path_second_factor = "login_2fa_token"
    assert refused(log_in, **MFAUSER).code == "otp_required"
    assert log_in(**MFAUSER, auth_method="access_token", totp_secret=SEED)["endpoint"] == SECOND_FACTOR
    assert hub.count(LOGIN) == 0


def test_a_token_without_an_end_or_without_words_is_still_a_token(hub: t.Any, log_in: LogIn) -> None:
    hub.token_life = None
    endless = log_in(**MYBOT)
    hub.token_shape = "opaque"
    opaque = log_in(**MYBOT)
    assert (endless["expires_in"], endless["expires_at"], endless["username"]) == (None, None, "mybot")
    assert (opaque["claims"], opaque["issued_at"], opaque["username"], opaque["source"]) == ({}, None, None, "pat")
    assert [repositories(hub, "mybot", result["access_token"]) for result in (endless, opaque)] == [200, 200]


def test_the_rate_limit_is_told(hub: t.Any, log_in: LogIn) -> None:
    limit = log_in(**MYBOT)["rate_limit"]
    assert (limit["limit"], limit["remaining"]) == (100_000, 99_999)
    assert limit["reset"] > "2020-01-01T00:00:00Z"
    hub.fail(TOKEN, respond=lambda _asked: hub_emulator.Reply(200, {"access_token": "opaque"}))
    assert log_in(**MYBOT)["rate_limit"] is None


def test_a_token_of_somebody_else_is_worth_a_warning(hub: t.Any, log_in: LogIn) -> None:
    hub.pat_owner_only = False  # W18
    assert log_in(**{**MYBOT, "identifier": "Somebody"})["warnings"] == [
        "the token that Docker Hub gave for Somebody belongs to mybot"
    ]
    assert log_in(**{**MYBOT, "identifier": "MyBot"})["warnings"] == []


def test_the_token_of_an_organization_may_name_whoever_made_it(hub: t.Any, log_in: LogIn) -> None:
    maker = hub_emulator.jwt({"alg": "RS256"}, {"username": "mybot"})
    hub.fail(TOKEN, respond=lambda _asked: hub_emulator.Reply(200, {"access_token": maker}))
    result = log_in(**MYORG)
    assert (result["username"], result["warnings"]) == ("mybot", [])


def test_the_older_login_is_worth_a_warning_where_it_is_not_needed(log_in: LogIn) -> None:
    assert log_in(**MFAUSER, totp_secret=SEED)["warnings"] == []
    (warning,) = log_in(**PLAINUSER, auth_method="login")["warnings"]
    assert "deprecated" in warning
    assert "leave out auth_method" in warning
