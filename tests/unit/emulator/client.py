# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the emulator for its own tests."""

from __future__ import annotations

import http.client
import json
import typing as t
import urllib.parse

import hub_emulator
import jwt

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
REPOSITORIES = "/v2/namespaces/myorg/repositories"
LEGACY = "/v2/repositories/myorg"
TEAMS = "/v2/orgs/myorg/groups"


class Reply(t.NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    raw: bytes

    @property
    def json(self) -> t.Any:
        return json.loads(self.raw)


def ask(url: str, method: str, path: str, body: t.Any = None, bearer: str | None = None, timeout: float = 5) -> Reply:
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    headers = {"Connection": "close", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def claims(token: str) -> dict[str, t.Any]:
    return jwt.decode(token, options={"verify_signature": False})


class Client:
    """Sends requests to one emulator."""

    def __init__(self, hub: t.Any) -> None:
        self.hub = hub

    def __call__(self, method: str, path: str, body: t.Any = None, **more: t.Any) -> Reply:
        return ask(self.hub.url, method, path, body, **more)

    def token(self, name: str, secret: str) -> Reply:
        return self("POST", TOKEN, {"identifier": name, "secret": secret})

    def login(self, name: str, secret: str) -> Reply:
        return self("POST", LOGIN, {"username": name, "password": secret})

    def pending(self) -> str:
        return str(self.login("mfauser", "mfa-password-1").json["login_2fa_token"])

    def second_factor(self, pending: str, code: t.Any) -> Reply:
        return self("POST", SECOND_FACTOR, {"login_2fa_token": pending, "code": code})

    def bearer(self, name: str = "mybot", secret: str = hub_emulator.MYBOT_PAT) -> str:
        return str(self.token(name, secret).json["access_token"])

    def owner(self) -> str:
        """Return the bearer of an owner of myorg, made from a password."""
        return self.bearer("mybot", "mybot-password-1")

    def oat(self) -> str:
        """Return a bearer made from the organization access token of myorg."""
        return self.bearer("myorg", hub_emulator.MYORG_OAT)

    def pat_of(self, level: str, account: str = "mybot") -> str:
        """Return a bearer made from a personal access token of one level."""
        secret = f"dckr_pat_{level}-of-{account}"
        token = hub_emulator.AccessToken("pat", account, secret, uuid=level, label=level, scopes=(level,))
        self.hub.access_tokens.add(token)
        return self.bearer(account, secret)

    def oat_of(self, *resources: tuple[str, str, tuple[str, ...]]) -> str:
        """Return a bearer made from an organization access token with these resources only."""
        secret = f"dckr_oat_{hash(resources)}"
        given = tuple(hub_emulator.Resource(*each) for each in resources)
        token = hub_emulator.AccessToken("oat", "myorg", secret, uuid=secret, label="some", resources=given)
        self.hub.access_tokens.add(token)
        return self.bearer("myorg", secret)

    def seed(self, verb: str, **fields: t.Any) -> t.Any:
        """Prepare the emulator's state by one of its own verbs."""
        reply = self("POST", f"/_emulator/{verb}", fields)
        assert reply.status == 200, reply.raw
        return reply.json
