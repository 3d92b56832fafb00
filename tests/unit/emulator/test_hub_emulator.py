# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for Docker Hub behaves as the other tests rely on."""

from __future__ import annotations

import email.utils
import http.client
import json
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import typing as t
import urllib.parse

import hub_emulator as emulator
import jwt
import pytest

EMULATOR = pathlib.Path(emulator.__file__)
TOKEN, LOGIN, SECOND_FACTOR = emulator.AUTH_PATHS
REPOSITORIES = "/v2/namespaces/myorg/repositories"


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


class Client:
    """Asks one emulator."""

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

    def bearer(self, name: str = "mybot", secret: str = emulator.MYBOT_PAT) -> str:
        return str(self.token(name, secret).json["access_token"])


@pytest.fixture
def hub() -> t.Iterator[t.Any]:
    with emulator.HubEmulator() as started:
        yield started


@pytest.fixture
def client(hub: t.Any) -> Client:
    return Client(hub)


def claims(token: str) -> dict[str, t.Any]:
    return jwt.decode(token, options={"verify_signature": False})


# Accounts


def test_secrets_have_the_prefixes_and_lengths_of_docker_hub() -> None:
    pats = [account.pat for account in emulator.ACCOUNTS.values() if account.pat]
    assert {pat[:9] for pat in pats} == {"dckr_pat_"}
    assert {len(pat) for pat in pats} == {9 + 27}
    assert emulator.MYORG_OAT.startswith("dckr_oat_")
    assert len(emulator.MYORG_OAT) == 9 + 32


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_totp_agrees_with_the_test_vectors_of_rfc_6238(at: int, code: str) -> None:
    assert emulator.totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) == code


@pytest.mark.parametrize(
    ("name", "secret", "source"),
    [
        ("plainuser", "plain-password-1", "docker_pwd"),
        ("mybot", "mybot-password-1", "docker_pwd"),
        ("mybot", emulator.MYBOT_PAT, "docker_pat"),
        ("mfauser", emulator.MFAUSER_PAT, "docker_pat"),
        ("ssouser", emulator.SSOUSER_PAT, "docker_pat"),
        ("myorg", emulator.MYORG_OAT, "docker_oat"),
    ],
)
def test_each_kind_of_secret_gives_an_access_token(client: Client, name: str, secret: str, source: str) -> None:
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
        ("mybot", emulator.MYORG_OAT),
        ("myorg", emulator.MYBOT_PAT),
        ("plainuser", emulator.MYBOT_PAT),
        ("mfauser", "mfa-password-1"),
    ],
)
def test_access_token_is_refused_in_the_words_of_the_newer_services(client: Client, name: str, secret: str) -> None:
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
def test_access_token_explains_an_invalid_body(client: Client, body: t.Any, errinfo: dict[str, str]) -> None:
    reply = client("POST", TOKEN, body)
    assert (reply.status, reply.json) == (400, {"message": "body is invalid", "errinfo": errinfo})
    assert client.hub.logins() == 1


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"username": "plainuser", "password": "wrong"}, 401, "Incorrect authentication credentials"),
        ({"username": "myorg", "password": emulator.MYORG_OAT}, 401, "Incorrect authentication credentials"),
        ({"username": "plainuser"}, 401, "unauthorized"),
        (b"", 400, "malformed request: EOF"),
    ],
)
def test_login_refuses_with_a_detail(client: Client, body: t.Any, status: int, detail: str) -> None:
    reply = client("POST", LOGIN, body)
    assert (reply.status, reply.json) == (status, {"detail": detail})


def test_login_gives_a_token_with_a_certificate_chain(client: Client) -> None:
    reply = client.login("plainuser", "plain-password-1")
    assert (reply.status, list(reply.json)) == (200, ["token"])
    header = jwt.get_unverified_header(reply.json["token"])
    assert next(iter(header)) == "x5c"
    assert isinstance(header["x5c"], list)
    found = claims(reply.json["token"])
    assert found["username"] == found["https://hub.docker.com"]["username"] == "plainuser"
    assert found["aud"] == ["https://hub.docker.com"]


def test_single_sign_on_refuses_a_password_and_takes_a_pat(client: Client) -> None:
    assert client.token("ssouser", "sso-password-1").status == 403
    assert "SSO" in client.login("ssouser", "sso-password-1").json["detail"]
    assert client.login("ssouser", emulator.SSOUSER_PAT).status == 200
    client.hub.sso_status = 401
    assert client.token("ssouser", "sso-password-1").json == {"message": "unauthorized", "errinfo": {}}


def test_a_pat_under_another_name_logs_its_owner_in_where_told_so(client: Client) -> None:
    assert client.token("plainuser", emulator.MYBOT_PAT).status == 401
    client.hub.pat_owner_only = False
    assert claims(client.bearer("plainuser"))["https://hub.docker.com"]["username"] == "mybot"


# Second factor


def test_second_factor_takes_a_code(client: Client) -> None:
    asked = client.login("mfauser", "mfa-password-1")
    assert asked.status == 401
    assert asked.json["detail"] == "Require secondary authentication on MFA enabled account"
    reply = client.second_factor(asked.json["login_2fa_token"], client.hub.totp("mfauser"))
    assert (reply.status, list(reply.json)) == (200, ["token"])
    assert client.hub.count(account="mfauser") == 2


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_code_is_good_for_one_step_either_side(client: Client, steps: int, status: int) -> None:
    at = client.hub.now() // 30 * 30 + 15  # mid-step, so that the test does not cross one
    client.hub.now = lambda: at
    code = emulator.totp(emulator.MFAUSER_TOTP_SECRET, at + 30 * steps)
    assert client.second_factor(client.pending(), code).status == status


def test_code_is_good_once(client: Client) -> None:
    code = client.hub.totp("mfauser")
    assert client.second_factor(client.pending(), code).status == 200
    reply = client.second_factor(client.pending(), code)
    assert (reply.status, list(reply.json)) == (401, ["detail"])


def test_pending_login_survives_a_wrong_code_and_ends_with_success_or_age(client: Client) -> None:
    pending = client.pending()
    assert client.second_factor(pending, "12345").status == 401
    assert client.second_factor(pending, client.hub.totp("mfauser")).status == 200
    client.hub.clock_offset += 60
    assert client.second_factor(pending, client.hub.totp("mfauser")).status == 401
    pending = client.pending()
    client.hub.clock_offset += client.hub.pending_life + 60
    assert client.second_factor(pending, client.hub.totp("mfauser")).status == 401
    assert client.second_factor(pending, 123456).status == 400


def test_pat_skips_the_second_factor(client: Client) -> None:
    reply = client.login("mfauser", emulator.MFAUSER_PAT)
    assert reply.status == 200
    assert claims(reply.json["token"])["https://hub.docker.com"]["source"].startswith("docker_pat|")


def test_access_token_may_ask_for_the_second_factor(client: Client) -> None:
    client.hub.token_path_second_factor = "login_2fa_token"
    reply = client.token("mfauser", "mfa-password-1")
    assert (reply.status, reply.json["message"]) == (401, "unauthorized")
    assert client.second_factor(reply.json["login_2fa_token"], client.hub.totp("mfauser")).status == 200


# Lockout and limits


def test_refused_logins_lock_the_account_whatever_the_password(client: Client) -> None:
    client.hub.lockout_after = 3
    assert [client.login("plainuser", "wrong-password").status for _dummy in range(4)] == [401, 401, 401, 429]
    right = client.login("plainuser", "plain-password-1")
    assert (right.status, right.json) == (429, {"detail": "Too many login attempts."})
    assert "locked out" in client.token("plainuser", "plain-password-1").json["message"]
    assert client.token("mybot", emulator.MYBOT_PAT).status == 200


def test_lockout_ends_and_is_prolonged_by_trying(client: Client) -> None:
    client.hub.lockout_after, client.hub.lockout_seconds = 1, 100
    client.token("plainuser", "wrong-password")
    for _dummy in range(2):
        client.hub.clock_offset += 60
        assert client.token("plainuser", "plain-password-1").status == 429
    client.hub.clock_offset += 101
    assert client.token("plainuser", "plain-password-1").status == 200


def test_wrong_codes_lock_and_success_forgets_refusals(client: Client) -> None:
    client.hub.lockout_after = 2
    for _dummy in range(2):
        assert client.login("plainuser", "wrong-password").status == 401
        assert client.login("plainuser", "plain-password-1").status == 200
    pending = client.pending()
    codes = ("one", "two", client.hub.totp("mfauser"))
    assert [client.second_factor(pending, code).status for code in codes] == [401, 401, 429]


def test_rate_limit_is_announced_and_kept(client: Client) -> None:
    client.hub.rate_limit = 2
    replies = [client.token("mybot", emulator.MYBOT_PAT) for _dummy in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["1", "0", "0"]
    assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"2"}
    again = int(replies[2].headers["X-Retry-After"])
    assert replies[2].headers["X-RateLimit-Reset"] == str(again)
    assert 55 < again - time.time() <= 61
    for seconds in (61, -86400):
        client.hub.clock_offset += seconds
        assert [client.token("mybot", emulator.MYBOT_PAT).status for _dummy in range(2)] == [200, 200]


# Tokens at work


@pytest.mark.parametrize("path", [REPOSITORIES, f"{REPOSITORIES}/app", "/v2/access-tokens"])
@pytest.mark.parametrize("bearer", [None, "not-a-token", emulator.MYBOT_PAT])
def test_missing_or_wrong_token_is_refused(client: Client, path: str, bearer: str | None) -> None:
    reply = client("GET", path, bearer=bearer)
    assert (reply.status, reply.json) == (401, {"message": "unauthorized", "errinfo": {}})


@pytest.mark.parametrize("shape", ["jwt", "opaque"])
def test_token_expires(client: Client, shape: str) -> None:
    client.hub.token_life, client.hub.token_shape = 5.0, shape
    bearer = client.bearer()
    assert bearer.count(".") == (2 if shape == "jwt" else 0)
    assert client("GET", REPOSITORIES, bearer=bearer).status == 200
    client.hub.clock_offset += 5
    assert client("GET", REPOSITORIES, bearer=bearer).status == 401


def test_token_may_be_good_a_little_beyond_its_end(client: Client) -> None:
    client.hub.token_life, client.hub.token_grace = 5.0, 4.0
    bearer = client.bearer()
    assert claims(bearer)["exp"] - claims(bearer)["iat"] == 5
    client.hub.clock_offset += 8
    assert client("GET", REPOSITORIES, bearer=bearer).status == 200
    client.hub.clock_offset += 1
    assert client("GET", REPOSITORIES, bearer=bearer).status == 401


def test_life_of_a_token_is_settable_down_to_parts_of_a_second_or_left_out(client: Client) -> None:
    client.hub.token_life = 0.5
    found = claims(client.bearer())
    assert found["exp"] - found["iat"] == pytest.approx(0.5)
    client.hub.token_life = None
    bearer = client.bearer()
    assert "exp" not in claims(bearer)
    client.hub.clock_offset += 10**7
    assert client("GET", REPOSITORIES, bearer=bearer).status == 200


def test_public_read_needs_no_token_but_refuses_a_bad_one(client: Client) -> None:
    bearer = client.bearer()
    for name, private in (("open", False), ("closed", True)):
        client("POST", REPOSITORIES, {"name": name, "is_private": private}, bearer=bearer)
    assert client("GET", f"{REPOSITORIES}/open/tags").status == 200
    assert client("GET", f"{REPOSITORIES}/open/tags", bearer="bad").status == 401
    assert client("GET", f"{REPOSITORIES}/closed/tags").status == 404
    assert client("GET", f"{REPOSITORIES}/closed/tags", bearer=bearer).status == 200


def test_repository_is_created_read_and_updated(client: Client) -> None:
    bearer = client.bearer()
    made = client("POST", REPOSITORIES, {"name": "app", "description": "An app"}, bearer=bearer)
    assert (made.status, made.json["description"], made.json["is_private"]) == (201, "An app", False)
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer).status == 409
    legacy = "/v2/repositories/myorg/app"
    changed = client("PATCH", legacy, {"description": "My app", "is_private": True}, bearer=bearer)
    assert (changed.status, changed.json["description"], changed.json["is_private"]) == (200, "My app", False)
    assert client("POST", f"{legacy}/privacy", {"is_private": True}, bearer=bearer).status == 200
    read = client("GET", f"{REPOSITORIES}/app/", bearer=bearer)
    assert (read.json["namespace"], read.json["is_private"], read.json["description"]) == ("myorg", True, "My app")
    assert client("GET", f"{REPOSITORIES}/other", bearer=bearer).status == 404
    assert client("PATCH", "/v2/repositories/myorg/other", {}, bearer=bearer).status == 404
    assert client("POST", f"{legacy}/privacy", {}, bearer=bearer).status == 400
    stranger = client.bearer("plainuser", "plain-password-1")
    assert client("PATCH", legacy, {"description": "Mine"}, bearer=stranger).status == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        (b"no json", "name"),
        ({"name": "Not Valid"}, "name"),
        ({"name": "app", "is_private": "yes"}, "is_private"),
        ({"name": "app", "description": None}, "description"),
        ({"name": "app", "description": "long" * 30}, "description"),
    ],
)
def test_repository_is_checked(client: Client, body: t.Any, field: str) -> None:
    reply = client("POST", REPOSITORIES, body, bearer=client.bearer())
    assert (reply.status, list(reply.json["errinfo"])) == (400, [field])


def test_namespace_of_somebody_else_is_forbidden(client: Client) -> None:
    bearer = client.bearer("plainuser", "plain-password-1")
    assert client("GET", REPOSITORIES, bearer=bearer).status == 403
    assert client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer).status == 403
    assert client("GET", "/v2/namespaces/nowhere/repositories", bearer=bearer).status == 403
    assert client("GET", "/v2/namespaces/plainuser/repositories", bearer=bearer).status == 200
    assert client("GET", REPOSITORIES, bearer=client.bearer("myorg", emulator.MYORG_OAT)).status == 200


def test_list_has_pages(client: Client) -> None:
    bearer = client.bearer()
    for number in range(23):
        client("POST", REPOSITORIES, {"name": f"app{number:02}"}, bearer=bearer)
    names: list[str] = []
    following: str | None = client.hub.url + REPOSITORIES
    while following:
        url = urllib.parse.urlsplit(following)
        page = client("GET", f"{url.path}?{url.query}", bearer=bearer).json
        assert page["count"] == 23
        assert len(page["results"]) <= 10
        names += [repository["name"] for repository in page["results"]]
        following = page["next"]
    assert names == [f"app{number:02}" for number in range(23)]
    assert page["previous"].endswith("?page=2&page_size=10")
    assert len(client("GET", f"{REPOSITORIES}?page_size=100", bearer=bearer).json["results"]) == 23
    assert client("GET", f"{REPOSITORIES}?page=4", bearer=bearer).status == 404
    assert client("GET", f"{REPOSITORIES}?page=x", bearer=bearer).status == 400


def test_token_born_from_a_pat_does_not_list_access_tokens(client: Client) -> None:
    reply = client("GET", "/v2/access-tokens", bearer=client.bearer())
    assert (reply.status, reply.json) == (403, {"message": "token issued from personal access token", "errinfo": {}})
    reply = client("GET", "/v2/access-tokens", bearer=client.bearer("mybot", "mybot-password-1"))
    assert (reply.status, reply.json["count"]) == (200, 1)


# The wire


def test_paths_take_a_trailing_slash_and_know_their_methods(client: Client) -> None:
    assert client("POST", f"{TOKEN}/", {"identifier": "mybot", "secret": emulator.MYBOT_PAT}).status == 200
    assert client.hub.count(TOKEN) == client.hub.count(f"{TOKEN}/") == 1
    refused = client("GET", TOKEN)
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert client("DELETE", REPOSITORIES).status == 405
    assert client("GET", "/v2/elsewhere").status == 404


def test_date_comes_from_the_clock_of_the_emulator(client: Client) -> None:
    client.hub.clock_offset = -600.0
    reply = client.token("mybot", emulator.MYBOT_PAT)
    answered = email.utils.parsedate_to_datetime(reply.headers["Date"]).timestamp()
    assert answered == pytest.approx(time.time() - 600, abs=3)
    assert claims(reply.json["access_token"])["iat"] == pytest.approx(time.time() - 600, abs=3)
    assert client.hub.now() == pytest.approx(time.time() - 600, abs=3)


def test_connection_is_kept_and_every_request_counted(hub: t.Any) -> None:
    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=5)
        for _dummy in range(25):
            connection.request("POST", TOKEN, json.dumps({"identifier": "mybot", "secret": emulator.MYBOT_PAT}))
            connection.getresponse().read()
            assert connection.sock is not None
        connection.close()

    threads = [threading.Thread(target=work) for _dummy in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hub.count() == hub.logins() == hub.tokens_issued() == hub.count(TOKEN, account="mybot") == 100


def test_requests_are_remembered(client: Client) -> None:
    bearer = client.bearer()
    client("GET", REPOSITORIES, bearer=bearer)
    first, second = client.hub.requests
    assert (first.method, first.path, first.account, first.status) == ("POST", TOKEN, "mybot", 200)
    assert first.body == {"identifier": "mybot", "secret": emulator.MYBOT_PAT}
    assert (second.account, second.body, second.headers["Authorization"]) == ("mybot", None, f"Bearer {bearer}")
    assert second.at >= first.at


def test_reset_forgets_all_but_the_tokens(client: Client) -> None:
    bearer = client.bearer()
    client("POST", REPOSITORIES, {"name": "app"}, bearer=bearer)
    client.hub.fail()
    client.hub.reset()
    assert client.hub.count() == client.hub.tokens_issued() == 0
    assert client("GET", REPOSITORIES, bearer=bearer).json["count"] == 0


def test_tls_is_spoken_and_plain_http_on_it_harms_nobody(tmp_path: pathlib.Path) -> None:
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(cert))
    issued.private_key_pem.write_to_path(str(key))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with emulator.HubEmulator(tls=(str(cert), str(key))) as hub:
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(hub.url, "GET", "/v2/plain")
        connection = http.client.HTTPSConnection("127.0.0.1", hub.port, timeout=5, context=context)
        connection.request("POST", TOKEN, json.dumps({"identifier": "mybot", "secret": emulator.MYBOT_PAT}))
        assert connection.getresponse().status == 200
        connection.close()
        assert hub.url.startswith("https://")
        assert hub.count() == 1


# Faults


def test_fault_lasts_as_often_as_told_and_is_counted(client: Client) -> None:
    client.hub.fail(TOKEN, times=2, status=503, headers={"Retry-After": "1"}, body=b"busy")
    replies = [client.token("mybot", emulator.MYBOT_PAT) for _dummy in range(3)]
    assert [reply.status for reply in replies] == [503, 503, 200]
    assert (replies[0].raw, replies[0].headers["Retry-After"]) == (b"busy", "1")
    assert client.hub.count(TOKEN, account="mybot") == 3
    assert client.hub.tokens_issued() == 1


def test_fault_can_hold_for_ever_for_any_path_until_healed(client: Client) -> None:
    client.hub.fail("*", times=None, status=500)
    assert {client("GET", path).status for path in (REPOSITORIES, TOKEN, "/v2/elsewhere")} == {500}
    client.hub.heal()
    assert client.token("mybot", emulator.MYBOT_PAT).status == 200


@pytest.mark.parametrize("name", sorted(emulator.FAULTS))
def test_named_fault(client: Client, name: str) -> None:
    client.hub.fail(TOKEN, **emulator.FAULTS[name])
    reply = client.token("mybot", emulator.MYBOT_PAT)
    assert reply.status == emulator.FAULTS[name]["status"]
    assert ("CF-RAY" in reply.headers) == (reply.headers["Server"] == "cloudflare") == ("cloudflare" in name)


def test_fault_delays(client: Client) -> None:
    client.hub.fail(TOKEN, status=None, delay=0.2)
    started = time.monotonic()
    assert client.token("mybot", emulator.MYBOT_PAT).status == 200
    assert time.monotonic() - started >= 0.2


def test_fault_resets_before_or_after_the_request_took_effect(client: Client) -> None:
    for status, issued in ((503, 0), (None, 1)):
        client.hub.fail(TOKEN, status=status, reset=True)
        with pytest.raises(ConnectionResetError) as caught:
            client.token("mybot", emulator.MYBOT_PAT)
        assert caught.type is ConnectionResetError  # not http.client's subclass for a plain goodbye
        assert client.hub.tokens_issued() == issued
    assert [request.status for request in client.hub.requests] == [None, None]


def test_fault_cuts_the_body_short(client: Client) -> None:
    client.hub.fail(TOKEN, status=None, truncate=True)
    with pytest.raises(http.client.IncompleteRead):
        client.token("mybot", emulator.MYBOT_PAT)


def test_fault_drips(client: Client) -> None:
    client.hub.fail(TOKEN, status=200, body=b"12345", drip=0.05)
    started = time.monotonic()
    assert client.token("mybot", emulator.MYBOT_PAT).raw == b"12345"
    assert time.monotonic() - started >= 0.2


def test_fault_sends_a_huge_body_without_building_it(client: Client) -> None:
    client.hub.fail(TOKEN, status=200, body=b"x" * 65536, repeat=1600)
    connection = http.client.HTTPConnection("127.0.0.1", client.hub.port, timeout=5)
    connection.request("POST", TOKEN, b"{}")
    response = connection.getresponse()
    size = 0
    while piece := response.read(1 << 20):
        size += len(piece)
    connection.close()
    assert size == int(response.headers["Content-Length"]) == 100 * 1024 * 1024


def test_fault_sends_raw_bytes(client: Client) -> None:
    client.hub.fail(TOKEN, raw=True, body=b"SSH-2.0-OpenSSH_9.6\r\n")
    with pytest.raises(http.client.BadStatusLine):
        client.token("mybot", emulator.MYBOT_PAT)


def test_fault_can_be_a_function(client: Client) -> None:
    def odd(request: t.Any) -> t.Any:
        return emulator.Reply(200, {"access_token": request.body["identifier"]}) if client.hub.count() == 2 else None

    client.hub.fail(TOKEN, times=None, respond=odd)
    replies = [client.token("mybot", emulator.MYBOT_PAT) for _dummy in range(3)]
    assert [reply.json["access_token"] == "mybot" for reply in replies] == [False, True, False]


def test_fault_headers_join_the_usual_answer_and_none_removes_one(client: Client) -> None:
    client.hub.fail(TOKEN, status=None, headers={"Date": None, "X-RateLimit-Reset": "soon"})
    reply = client.token("mybot", emulator.MYBOT_PAT)
    assert (reply.status, reply.headers["Date"], reply.headers["X-RateLimit-Reset"]) == (200, None, "soon")


def test_client_that_leaves_early_is_no_error(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    client.hub.fail(TOKEN, times=None, status=200, body=b"x" * 65536, repeat=100, delay=0.1)
    for _dummy in range(3):
        with pytest.raises(OSError, match="timed out"):
            ask(client.hub.url, "POST", TOKEN, {}, timeout=0.05)
    time.sleep(0.3)
    client.hub.heal()
    with socket.create_connection(("127.0.0.1", client.hub.port), timeout=5) as babbling:
        babbling.sendall(b"\x16\x03\x01 no http\r\n\r\n")
        assert babbling.recv(1)
    assert client.token("mybot", emulator.MYBOT_PAT).status == 200
    assert capfd.readouterr().err == ""


def test_stopping_does_not_wait_for_slow_answers_and_closes_connections() -> None:
    with emulator.HubEmulator() as hub:
        kept = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=5)
        kept.request("GET", "/v2/elsewhere")
        kept.getresponse().read()
        hub.fail("*", delay=60)
        slow = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=5)
        slow.request("GET", "/v2/elsewhere")
        while hub.count() < 2:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    for connection in (kept, slow):
        assert connection.sock.recv(1) == b""
        connection.close()


# As a program


@pytest.fixture
def program(tmp_path: pathlib.Path) -> t.Iterator[t.Callable[..., tuple[str, subprocess.Popen[str]]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> tuple[str, subprocess.Popen[str]]:
        command = [sys.executable, str(EMULATOR), "--url-file", str(tmp_path / "url"), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        url = process.stdout.readline().strip()
        assert (tmp_path / "url").read_text() == f"{url}\n"
        return url, process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_program_is_steered_over_the_control_path(program: t.Any) -> None:
    url, process = program("--token-life", "5", "--lockout-after", "3", "--clock-offset", "600", "--latency", "0.1")

    def control(method: str, verb: str, body: t.Any = None) -> t.Any:
        reply = ask(url, method, f"/_emulator/{verb}", body)
        assert reply.status == 200, reply.raw
        return reply.json

    started = time.monotonic()
    token = ask(url, "POST", TOKEN, {"identifier": "mybot", "secret": emulator.MYBOT_PAT}).json["access_token"]
    assert time.monotonic() - started >= 0.1
    assert claims(token)["exp"] == pytest.approx(time.time() + 605, abs=3)
    assert control("GET", "counts") == {
        "total": 1,
        "logins": 1,
        "tokens_issued": 1,
        "paths": {TOKEN: 1},
        "accounts": {"mybot": {TOKEN: 1}},
    }
    assert control("GET", "requests")[0]["path"] == TOKEN
    code = control("GET", "totp/mfauser")["code"]
    assert code in [emulator.totp(emulator.MFAUSER_TOTP_SECRET, time.time() + 600 + late) for late in (0, -2)]
    settings = control("POST", "settings", {"lockout_after": 7, "token_life": None})
    assert (settings["lockout_after"], settings["token_life"], settings["clock_offset"]) == (7, None, 600)
    control("POST", "fail", {"path": TOKEN, "name": "hap429", "times": 2})
    control("POST", "fail", {"path": TOKEN, "status": 418, "body_base64": "/w=="})
    replies = [ask(url, "POST", TOKEN, {}) for _dummy in range(3)]
    assert [reply.status for reply in replies] == [429, 429, 418]
    assert (b"HAP429" in replies[0].raw, replies[2].raw) == (True, b"\xff")
    control("POST", "fail", {})
    control("POST", "heal")
    assert ask(url, "POST", TOKEN, {}).status == 400
    control("POST", "reset")
    assert control("GET", "counts")["total"] == 0
    control("POST", "stop")
    assert process.wait(timeout=5) == 0
    assert (process.stdout.read(), process.stderr.read()) == ("", "")


@pytest.mark.parametrize(
    ("verb", "body"),
    [("fail", {"name": "unheard-of"}), ("fail", {"sttaus": 1}), ("settings", {"token_live": 1}), ("nothing", {})],
)
def test_mistaken_control_is_refused(client: Client, verb: str, body: t.Any) -> None:
    reply = client("POST", f"/_emulator/{verb}", body)
    assert reply.status in (400, 404)
    assert reply.json["error"]
    assert client.hub.count() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_program_ends_on_a_signal(program: t.Any, number: int) -> None:
    _url, process = program()
    process.send_signal(number)
    assert process.wait(timeout=5) == 0
    assert process.stderr.read() == ""


def test_program_says_when_its_port_is_taken(hub: t.Any) -> None:
    command = [sys.executable, str(EMULATOR), "--port", str(hub.port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert ended.returncode == 2
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr
