# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in with a name and a secret."""

from __future__ import annotations

import typing as t

import hub_emulator
import jwt
import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import LOGIN, TOKEN, Client, claims


@pytest.mark.parametrize(
    ("name", "secret", "source"),
    [
        ("plainuser", "plain-password-1", "docker_pwd"),
        ("mybot", "mybot-password-1", "docker_pwd"),
        ("mybot", hub_emulator.MYBOT_PAT, "docker_pat"),
        ("mfauser", hub_emulator.MFAUSER_PAT, "docker_pat"),
        ("ssouser", hub_emulator.SSOUSER_PAT, "docker_pat"),
        ("myorg", hub_emulator.MYORG_OAT, "docker_oat"),
    ],
)
def test_each_kind_of_secret_returns_a_bearer(client: Client, name: str, secret: str, source: str) -> None:
    reply = client.token(name, secret)
    assert (reply.status, list(reply.json)) == (200, ["access_token"])
    found = claims(reply.json["access_token"])
    assert (found["iss"], found["aud"]) == ("https://api.docker.com/", "https://hub.docker.com")
    assert (found["exp"] - found["iat"], found["scope"]) == (600, "repo:public_read")
    assert found["https://hub.docker.com"]["username"] == name
    assert found["https://hub.docker.com"]["source"].split("|")[0] == source


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("plainuser", "wrong-password"),
        ("nobody-here", "wrong-password"),
        ("mybot", hub_emulator.MYORG_OAT),
        ("myorg", hub_emulator.MYBOT_PAT),
        ("plainuser", hub_emulator.MYBOT_PAT),
        ("mfauser", "mfa-password-1"),
    ],
)
def test_a_wrong_secret_is_unauthorized(client: Client, name: str, secret: str) -> None:
    reply = client.token(name, secret)
    assert (reply.status, reply.json) == (401, {"message": "unauthorized", "errinfo": {}})


REQUIRED = "value is required"


@pytest.mark.parametrize(
    ("body", "errinfo"),
    [
        ({}, {"identifier": REQUIRED, "secret": REQUIRED}),
        (b"no json", {"identifier": REQUIRED, "secret": REQUIRED}),
        ([1], {"identifier": REQUIRED, "secret": REQUIRED}),
        ({"identifier": "mybot", "secret": ""}, {"secret": REQUIRED}),
        ({"identifier": None, "secret": "long-enough"}, {"identifier": REQUIRED}),
        ({"identifier": "mybot", "secret": "eight888"}, {"secret": "must be at least 9 characters"}),
    ],
)
def test_an_invalid_body_is_explained(client: Client, body: t.Any, errinfo: dict[str, str]) -> None:
    reply = client("POST", TOKEN, body)
    assert (reply.status, reply.json) == (400, {"message": "body is invalid", "errinfo": errinfo})
    assert client.hub.logins() == 1


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"username": "plainuser", "password": "wrong"}, 401, "Incorrect authentication credentials"),
        ({"username": "myorg", "password": hub_emulator.MYORG_OAT}, 401, "Incorrect authentication credentials"),
        ({"username": "plainuser"}, 401, "unauthorized"),
        (b"", 400, "malformed request: EOF"),
    ],
)
def test_the_deprecated_login_refuses_with_a_detail(client: Client, body: t.Any, status: int, detail: str) -> None:
    reply = client("POST", LOGIN, body)
    assert (reply.status, reply.json) == (status, {"detail": detail})


def test_the_deprecated_login_returns_a_certificate_chain(client: Client) -> None:
    reply = client.login("plainuser", "plain-password-1")
    assert (reply.status, list(reply.json)) == (200, ["token"])
    header = jwt.get_unverified_header(reply.json["token"])
    assert next(iter(header)) == "x5c"
    assert isinstance(header["x5c"], list)
    found = claims(reply.json["token"])
    assert found["username"] == found["https://hub.docker.com"]["username"] == "plainuser"
    assert found["aud"] == ["https://hub.docker.com"]


def test_single_sign_on_requires_an_access_token(client: Client) -> None:
    assert client.token("ssouser", "sso-password-1").status == 403
    assert "SSO" in client.login("ssouser", "sso-password-1").json["detail"]
    assert client.login("ssouser", hub_emulator.SSOUSER_PAT).status == 200
    client.hub.sso_status = 401
    assert client.token("ssouser", "sso-password-1").json == {"message": "unauthorized", "errinfo": {}}


def test_a_pat_can_log_in_under_another_name(client: Client) -> None:
    assert client.token("plainuser", hub_emulator.MYBOT_PAT).status == 401
    client.hub.pat_owner_only = False
    assert claims(client.bearer("plainuser"))["https://hub.docker.com"]["username"] == "mybot"
