# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a token, for every kind of account."""

from __future__ import annotations

import time
import typing as t

import hub_emulator
import jwt
import pyotp
import pytest
import requests
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    LOGINS,
    MFAUSER,
    MYBOT,
    MYORG,
    PLAINUSER,
    REFUSALS,
    RESULT_FIELDS,
    SECOND_FACTOR,
    SSOUSER,
    TOKEN,
    TOTP,
    account_of,
    leaked,
)

SEED = TOTP["totp_secret"]
FIELDS = {*RESULT_FIELDS, "warnings"}

LogIn = t.Callable[..., dict[str, t.Any]]
Refused = t.Callable[..., HubError]


def status_with(hub: t.Any, namespace: str, token: str) -> int:
    """Return the status of a request that requires a token."""
    url, bearer = f"{hub.url}/v2/namespaces/{namespace}/repositories", {"Authorization": f"Bearer {token}"}
    return requests.get(url, headers=bearer, timeout=5).status_code


MORE_LOGINS = {
    "PAT at the deprecated operation": ({**MYBOT, "auth_method": "login"}, "pat", LOGIN),
    "PAT without the second factor": ({**MFAUSER, "secret": hub_emulator.MFAUSER_PAT, **TOTP}, "pat", LOGIN),
    "TOTP secret in groups": ({**MFAUSER, "totp_secret": "jbsw y3dp ehpk 3pxp " * 2}, "password", SECOND_FACTOR),
    "otpauth URI": (
        {**MFAUSER, "totp_secret": f"otpauth://totp/Docker:me?secret={SEED}"},
        "password",
        SECOND_FACTOR,
    ),
}


@pytest.mark.parametrize("name", [name for name in {**LOGINS, **MORE_LOGINS} if name != "aliases"])
def test_every_account_gets_a_token_that_works(hub: t.Any, log_in: LogIn, name: str) -> None:
    given, source, endpoint = {**LOGINS, **MORE_LOGINS}[name]
    result = log_in(**given)
    account = account_of(given)
    assert status_with(hub, account, result["access_token"]) == 200
    assert set(result) == FIELDS
    assert (result["source"], result["endpoint"], result["identifier"]) == (source, endpoint, account)
    assert (result["username"], result["token_type"], result["expires_in"]) == (account, "Bearer", 600)
    assert result["claims"] == jwt.decode(result["access_token"], options={"verify_signature": False})
    assert result["scope"] == (hub.accounts[account].scope if endpoint == TOKEN else None)
    assert (result["cached"], result["otp_required"]) == (False, False)


# Second factor


def test_a_typed_code_is_sent(hub: t.Any, log_in: LogIn) -> None:
    assert log_in(**MFAUSER, otp=hub.totp("mfauser"))["endpoint"] == SECOND_FACTOR


def test_a_typed_code_wins_over_the_totp_secret(hub: t.Any, log_in: LogIn) -> None:
    code = hub.totp("mfauser")
    log_in(**MFAUSER, otp=code, totp_secret=pyotp.random_base32())
    assert [request.body.get("code") for request in hub.requests] == [None, code]


@pytest.mark.parametrize("second", ["otp", "totp_secret"])
def test_a_later_task_can_complete_a_login(hub: t.Any, log_in: LogIn, second: str) -> None:
    first = log_in(**MFAUSER, on_otp_required="return")
    assert set(first) == {*FIELDS, "login_2fa_token"}
    assert (first["access_token"], first["otp_required"], first["endpoint"]) == (None, True, LOGIN)

    factor = {"otp": hub.totp("mfauser"), "totp_secret": SEED}[second]
    result = log_in(login_2fa_token=first["login_2fa_token"], **{second: factor})
    assert set(result) == FIELDS
    assert (result["identifier"], result["username"], result["otp_required"]) == (None, "mfauser", False)
    assert status_with(hub, "mfauser", result["access_token"]) == 200
    assert (hub.count(LOGIN), hub.count(SECOND_FACTOR)) == (1, 1)


def test_an_account_without_second_factor_is_not_pending(log_in: LogIn) -> None:
    result = log_in(**PLAINUSER, on_otp_required="return")
    assert (result["otp_required"], result["endpoint"]) == (False, LOGIN)
    assert "login_2fa_token" not in result


@pytest.mark.parametrize("seed", ["GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGE", "MY"])
def test_a_short_totp_secret_makes_valid_codes(hub: t.Any, log_in: LogIn, seed: str) -> None:
    padded = seed + "=" * (-len(seed) % 8)
    hub.accounts["mfauser"] = hub_emulator.Account("mfauser", password="mfa-password-1", totp_secret=padded)
    assert log_in(**MFAUSER, totp_secret=seed)["username"] == "mfauser"


@pytest.mark.parametrize("offset", [-90_000, 90_000])
def test_codes_follow_the_clock_of_docker_hub(hub: t.Any, log_in: LogIn, offset: int) -> None:
    hub.clock_offset += offset
    assert log_in(**MFAUSER, **TOTP)["username"] == "mfauser"


def test_a_refused_code_is_followed_by_the_next_one(hub: t.Any, log_in: LogIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def advance_clock(seconds: float) -> None:
        hub.clock_offset += seconds + 1  # a busy machine sleeps longer

    monkeypatch.setattr(time, "sleep", advance_clock)
    hub.fail(SECOND_FACTOR, status=401, body={"detail": "Incorrect authentication credentials"})
    assert log_in(**MFAUSER, **TOTP)["username"] == "mfauser"
    codes = [request.body["code"] for request in hub.requests if request.path == SECOND_FACTOR]
    assert len(set(codes)) == 2
    assert hub.count(LOGIN) == 2


@pytest.mark.parametrize("given", [{**TOTP, "max_wait": 5}, {"otp": "123456"}], ids=["max_wait", "typed code"])
def test_a_refused_code_is_not_sent_again(hub: t.Any, refused: Refused, given: dict[str, t.Any]) -> None:
    hub.fail(SECOND_FACTOR, None, status=401, body={"detail": "Incorrect authentication credentials"})
    assert refused(**MFAUSER, **given, retries=3).code == "otp_invalid"
    assert hub.count(SECOND_FACTOR) == 1


# Refusals

HINTS = {
    "wrong password": "with a second factor give totp_secret or use a personal access token",
    "wrong PAT": "exists, is active and has not expired",
    "wrong OAT": "identifier must be the name of the organization",
    "second factor that is hidden": "with a second factor give totp_secret",
    "second factor": "give totp_secret, or otp with a current code",
    "wrong code": "each is valid once and for 30 s",
    "enforced single sign-on": "use a personal access token as secret",
}
MORE_REFUSALS: dict[str, tuple[dict[str, t.Any], str, int, str]] = {
    "OAT of another name": ({**MYORG, "identifier": "mybot"}, "bad_credentials", 401, HINTS["wrong OAT"]),
    "wrong password at the deprecated operation": (
        {**PLAINUSER, "secret": "wrong", "auth_method": "login"},
        "bad_credentials",
        401,
        "check identifier and secret",
    ),
    "TOTP secret of another account": (
        {**MFAUSER, "totp_secret": "GEZDGNBVGY3TQOJQ", "max_wait": 0},
        "otp_invalid",
        401,
        "check that totp_secret belongs",
    ),
    "unknown intermediate token": (
        {"login_2fa_token": "unknown", "otp": "123456"},
        "otp_invalid",
        401,
        "a login_2fa_token that is too old",
    ),
    "single sign-on at the deprecated operation": (
        {**SSOUSER, "auth_method": "login"},
        "sso_required",
        403,
        HINTS["enforced single sign-on"],
    ),
}


@pytest.mark.parametrize("name", [*REFUSALS, *MORE_REFUSALS])
def test_every_refusal_has_a_code_and_a_hint(refused: Refused, name: str) -> None:
    given, code, status, hint = MORE_REFUSALS.get(name) or (*REFUSALS[name], HINTS[name])
    error = refused(**given)
    assert error.public() == {"code": code, "http_status": status, "hint": error.hint, "retry_at": None}
    assert hint in str(error.hint)
    assert str(error).startswith(f"Docker Hub login of {given.get('identifier', 'this account')} failed: ")
    assert str(error).endswith(f"; {error.hint}")
    assert leaked(given, *str(error).split()) == []


@pytest.mark.parametrize("method", ["access_token", "login"])
def test_a_locked_account_refuses_the_right_password(hub: t.Any, refused: Refused, method: str) -> None:
    hub.lockout_after = 1
    assert refused(**{**PLAINUSER, "secret": "wrong-password"}).code == "bad_credentials"
    error = refused(**PLAINUSER, auth_method=method, retries=3)
    assert (error.code, error.http_status) == ("locked_out", 429)
    assert "without any further login" in str(error)
    assert hub.logins() == 2


def test_either_operation_may_require_a_code(hub: t.Any, log_in: LogIn, refused: Refused) -> None:
    hub.token_path_second_factor = "login_2fa_token"
    assert refused(**MFAUSER).code == "otp_required"
    assert log_in(**MFAUSER, auth_method="access_token", **TOTP)["endpoint"] == SECOND_FACTOR
    assert hub.count(LOGIN) == 0


def test_a_secret_in_the_identifier_is_masked(refused: Refused) -> None:
    error = refused(identifier="me-wrong-password\n", secret="wrong-password")
    assert str(error).startswith("Docker Hub login of me-******** failed: POST ")


# Results


def test_a_token_without_expiry_or_claims_works(hub: t.Any, log_in: LogIn) -> None:
    hub.token_life = None
    endless = log_in(**MYBOT)
    hub.token_shape = "opaque"
    opaque = log_in(**MYBOT)
    assert (endless["expires_in"], endless["expires_at"], endless["username"]) == (None, None, "mybot")
    assert (opaque["claims"], opaque["issued_at"], opaque["username"], opaque["source"]) == ({}, None, None, "pat")
    assert [status_with(hub, "mybot", result["access_token"]) for result in (endless, opaque)] == [200, 200]


def test_the_result_contains_the_rate_limit(hub: t.Any, log_in: LogIn) -> None:
    limit = log_in(**MYBOT)["rate_limit"]
    assert (limit["limit"], limit["remaining"]) == (100_000, 99_999)
    assert limit["reset"] > "2020-01-01T00:00:00Z"
    hub.fail(TOKEN, respond=lambda _request: hub_emulator.Reply(200, {"access_token": "opaque"}))
    assert log_in(**MYBOT)["rate_limit"] is None


def test_a_token_of_another_user_causes_a_warning(hub: t.Any, log_in: LogIn) -> None:
    hub.pat_owner_only = False
    assert log_in(**{**MYBOT, "identifier": "Somebody"})["warnings"] == [
        "The token that Docker Hub returned for Somebody belongs to mybot."
    ]
    assert log_in(**{**MYBOT, "identifier": "MyBot"})["warnings"] == []


def test_the_token_of_an_organization_may_name_its_creator(hub: t.Any, log_in: LogIn) -> None:
    token = hub_emulator.jwt({"alg": "RS256"}, {"username": "mybot"})
    hub.fail(TOKEN, respond=lambda _request: hub_emulator.Reply(200, {"access_token": token}))
    result = log_in(**MYORG)
    assert (result["username"], result["warnings"]) == ("mybot", [])


@pytest.mark.parametrize("name", [PLAINUSER["secret"], f"I am {PLAINUSER['secret']}!", "x" * 201])
def test_a_user_name_with_a_secret_is_dropped(hub: t.Any, log_in: LogIn, name: str) -> None:
    token = hub_emulator.jwt({"alg": "RS256"}, {"username": name})
    hub.fail(TOKEN, status=200, body={"access_token": token})
    result = log_in(**PLAINUSER)
    assert (result["username"], result["warnings"], result["claims"]["username"]) == (None, [], name)


@pytest.mark.parametrize(
    ("given", "needless"),
    [
        ({**PLAINUSER, "auth_method": "login"}, "auth_method"),
        ({**PLAINUSER, **TOTP}, "totp_secret"),
        ({**PLAINUSER, "otp": "123456"}, "otp"),
        ({**MYBOT, "auth_method": "login", **TOTP}, "totp_secret and auth_method"),
        ({**PLAINUSER, "on_otp_required": "return"}, None),  # only that operation can return an intermediate token
        ({**MFAUSER, **TOTP}, None),
        (MYBOT, None),
    ],
    ids=range(7),
)
def test_a_needless_deprecated_login_causes_a_warning(
    log_in: LogIn, given: dict[str, str], needless: str | None
) -> None:
    expected = (
        f"{LOGIN} is deprecated by Docker and was not needed, because the account requires no second factor."
        f" Leave out {needless}."
    )
    assert log_in(**given)["warnings"] == ([expected] if needless else [])
