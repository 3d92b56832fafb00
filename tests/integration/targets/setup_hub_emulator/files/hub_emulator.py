# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Docker Hub that behaves: logs accounts in, locks them, lets tokens expire, counts, fails on demand.

In a test::

    with HubEmulator(token_life=5) as hub:
        hub.fail("/v2/auth/token", times=2, **FAULTS["html_502"])
        ...                                 # talk to hub.url
        assert hub.logins() == 3

As a program: ``python hub_emulator.py --port 0 --url-file url.txt``, steered over ``/_emulator/...`` (see CONTROL).
Times are those of the emulator's own clock, so moving ``clock_offset`` is travelling in time.
"""

from __future__ import annotations

import argparse
import base64
import collections
import contextlib
import dataclasses
import email.utils
import fnmatch
import hmac
import http.client
import http.server
import json
import math
import os
import re
import secrets
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import typing as t
import urllib.parse
import uuid

TOKEN_PATH = "/v2/auth/token"
LOGIN_PATH = "/v2/users/login"
SECOND_FACTOR_PATH = "/v2/users/2fa-login"
AUTH_PATHS = (TOKEN_PATH, LOGIN_PATH, SECOND_FACTOR_PATH)
CONTROL_PREFIX = "/_emulator/"
TOTP_STEP = 30

# W18: the prefix, then 27 characters for a personal and 32 for an organization access token.
MYBOT_PAT = "dckr_pat_fake-pat-of-mybot-000000000"
MFAUSER_PAT = "dckr_pat_fake-pat-of-mfauser-0000000"
SSOUSER_PAT = "dckr_pat_fake-pat-of-ssouser-0000000"
MYORG_OAT = "dckr_oat_fake-oat-of-myorg-00000000000000"
MFAUSER_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclasses.dataclass(frozen=True)
class Account:
    """Somebody who can log in, with any of three kinds of secret."""

    name: str
    kind: str = "user"  # or "organization"
    password: str | None = None
    pat: str | None = None
    oat: str | None = None
    totp_secret: str | None = None
    sso: bool = False
    members: tuple[str, ...] = ()
    scope: str = "repo:public_read"  # shown in tokens, not enforced

    def uuid(self, of: str = "account") -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}/{of}"))


ACCOUNTS = {
    account.name: account
    for account in (
        Account("plainuser", password="plain-password-1"),
        Account("mybot", password="mybot-password-1", pat=MYBOT_PAT),
        Account("myorg", kind="organization", oat=MYORG_OAT, members=("mybot",)),
        Account("mfauser", password="mfa-password-1", pat=MFAUSER_PAT, totp_secret=MFAUSER_TOTP_SECRET),
        Account("ssouser", password="sso-password-1", pat=SSOUSER_PAT, sso=True),
    )
}

# What a token says about the secret it was made from (W15).
SOURCES = {"password": "docker_pwd", "pat": "docker_pat", "oat": "docker_oat"}


@dataclasses.dataclass
class Answer:
    """One HTTP answer; a body that is not bytes or text goes out as JSON, a header that is None not at all."""

    status: int
    body: t.Any = b""
    headers: dict[str, str | None] = dataclasses.field(default_factory=dict)

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body).encode()


class Refused(Exception):
    """Ends a request with its answer."""

    def __init__(self, status: int, body: t.Any, **headers: str) -> None:
        super().__init__(status, body)
        self.answer = Answer(status, body, dict(headers))


@dataclasses.dataclass
class Request:
    """What was asked, as tests want to see it: path without its trailing slash, header names in Title-Case."""

    method: str
    path: str
    headers: dict[str, str]
    body: t.Any  # parsed, None where it is no JSON
    query: dict[str, str]
    at: float  # by the real clock
    account: str | None = None  # who logs in, or whose token it is
    status: int | None = None  # what was answered; None after a reset

    def fields(self) -> dict[str, t.Any]:
        return self.body if isinstance(self.body, dict) else {}


@dataclasses.dataclass
class Fault:
    """How to misbehave. With a status the request is not looked at; with status None it takes effect and is answered
    as usual (other headers may be added), only late, in drips, cut short, or never."""

    path: str = "*"  # may hold wildcards
    times: int | None = 1  # None: for ever
    status: int | None = 503
    headers: dict[str, str | None] = dataclasses.field(default_factory=dict)
    body: t.Any = b""
    repeat: int = 1  # sends the body that often without building it: b"x" * 65536 and 1600 are 100 MiB
    raw: bool = False  # the body is all that is sent: no status line, no headers
    delay: float = 0.0  # seconds before the first byte
    drip: float | None = None  # seconds between two bytes of the body
    truncate: bool = False  # announces more bytes than it sends
    reset: bool = False  # RST instead of an answer
    respond: t.Callable[[Request], Answer | None] | None = None  # makes the answer; None means the usual one


CLOUDFLARE: dict[str, str | None] = {"Server": "cloudflare", "CF-RAY": "8f0000000000beef-FRA"}
CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>"
)
HTML: dict[str, str | None] = {"Content-Type": "text/html; charset=UTF-8"}
TEXT: dict[str, str | None] = {"Content-Type": "text/plain; charset=UTF-8"}

# Faults with a name: hub.fail(path, **FAULTS["hap429"]).
FAULTS: dict[str, dict[str, t.Any]] = {
    # W14: the edge blocks or challenges a client, whatever its credentials.
    "cloudflare_1010": {"status": 403, "headers": {**CLOUDFLARE, **TEXT}, "body": "error code: 1010"},
    "cloudflare_challenge_200": {"status": 200, "headers": {**CLOUDFLARE, **HTML}, "body": CHALLENGE},
    "cloudflare_challenge_403": {"status": 403, "headers": {**CLOUDFLARE, **HTML}, "body": CHALLENGE},
    # W12: the edge throttles.
    "hap429": {"status": 429, "headers": TEXT, "body": "Too Many Requests (HAP429).\n"},
    "html_502": {"status": 502, "headers": HTML, "body": "<html><body><h1>502 Bad Gateway</h1></body></html>"},
    "empty_200": {"status": 200},
    # W10: the account is locked.
    "lockout_429": {"status": 429, "body": {"detail": "Too many login attempts."}},
    # W9: a 403 has been seen around single sign-on; its words are a guess.
    "sso_403": {"status": 403, "body": {"detail": "SSO is enforced: use a personal access token"}},
    # W5: Docker Hub does not redirect, so whoever follows is wrong.
    "redirect": {"status": 307, "headers": {"Location": "/v2/redirected"}},
}


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One of the two ways to log in with a name and a secret."""

    name: str
    secret: str
    answer: str
    accepts: tuple[str, ...]
    refusals: dict[str, tuple[int, dict[str, t.Any]]]


def modern(message: str, **errinfo: str) -> dict[str, t.Any]:
    """The body of a refusal by one of the newer services (W8)."""
    return {"message": message, "errinfo": errinfo}


ENDPOINTS = {
    TOKEN_PATH: Endpoint(
        name="identifier",
        secret="secret",
        answer="access_token",
        accepts=("password", "pat", "oat"),
        refusals={
            "refused": (401, modern("unauthorized")),  # W8
            "second_factor": (401, modern("unauthorized")),  # W21
            "sso": (403, modern("SSO is enforced: use a personal access token")),  # W9, words guessed
            "locked": (429, modern("Too many failed login attempts. You have been locked out for one hour")),  # W10
        },
    ),
    LOGIN_PATH: Endpoint(
        name="username",
        secret="password",
        answer="token",
        accepts=("password", "pat"),
        refusals={
            "refused": (401, {"detail": "Incorrect authentication credentials"}),  # W9
            "second_factor": (401, {"detail": "Require secondary authentication on MFA enabled account"}),  # W9
            "sso": (403, {"detail": "SSO is enforced: use a personal access token"}),  # W9, words guessed
            "locked": (429, {"detail": "Too many login attempts."}),  # W10
        },
    ),
}


# The second factor answers and refuses like the login it completes.
ENDPOINTS[SECOND_FACTOR_PATH] = ENDPOINTS[LOGIN_PATH]


def totp(secret: str, at: float) -> str:
    """The six digits of RFC 6238 for a base32 secret at a unix time."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // TOTP_STEP), "sha1").digest()
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(header: dict[str, t.Any], claims: dict[str, t.Any]) -> str:
    """A token as long as one signed with RS256. Its signature is noise: the emulator knows the tokens it gave away."""
    head, payload = (b64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{head}.{payload}.{b64(os.urandom(256))}"


class Session(t.NamedTuple):
    """What the emulator remembers of a token it gave away."""

    account: Account
    kind: str  # of the secret it was made from
    expires: float


class Hub:
    """Docker Hub without its wire: accounts, tokens, lockouts, repositories."""

    SETTINGS = (
        *(
            "token_life",
            "token_grace",
            "token_shape",
            "pending_life",
            "clock_offset",
            "lockout_after",
            "lockout_seconds",
        ),
        *("rate_limit", "rate_window", "w21", "sso_status", "pat_owner_only", "latency"),
    )

    def __init__(self, accounts: t.Mapping[str, Account] | None = None) -> None:
        self.accounts = dict(ACCOUNTS if accounts is None else accounts)
        self.token_life: float | None = 600
        self.token_grace = 0.0  # seconds that a token is good beyond its end
        self.token_shape = "jwt"  # or "opaque"
        self.pending_life: float = 300  # how long a second factor may take
        self.clock_offset = 0.0
        self.lockout_after = 10
        self.lockout_seconds: float = 3600
        self.rate_limit = 100_000
        self.rate_window: float = 60
        self.w21 = "plain"  # or "login_2fa_token": what TOKEN_PATH says to the password of a second factor account
        self.sso_status = 403  # or 401: the answer to a password where single sign-on is enforced
        self.pat_owner_only = True  # False: a PAT logs its owner in under any user name (W18)
        self.latency = 0.0  # seconds added to each request to one of AUTH_PATHS
        self.url = ""
        self.lock = threading.RLock()
        self.sessions: dict[str, Session] = {}
        self.forget()

    def forget(self) -> None:
        """Everything but accounts, settings and the tokens that are out."""
        self.repositories: dict[tuple[str, str], dict[str, t.Any]] = {}
        self.pending: dict[str, tuple[Account, float]] = {}
        self.issued: collections.Counter[str] = collections.Counter()
        self.refused: collections.Counter[str] = collections.Counter()
        self.locked_until: dict[str, float] = {}
        self.used_codes: set[tuple[str, int]] = set()
        self.window: tuple[float, int] = (0.0, 0)  # its end, and the requests in it

    def now(self) -> float:
        return time.time() + self.clock_offset

    def totp(self, name: str) -> str:
        return totp(self.accounts[name].totp_secret or "", self.now())

    # Logging in

    def log_in(self, request: Request) -> Answer:
        endpoint = ENDPOINTS[request.path]
        name, secret = self.credentials(request, endpoint)
        self.refuse_locked(name, endpoint)
        account, kind = self.owner(name, secret, endpoint)
        if account is None:
            raise self.refusal("refused", name, endpoint)
        if kind == "password" and account.sso:
            verdict = "sso" if self.sso_status == 403 else "refused"
            raise self.refusal(verdict, name, endpoint)
        if kind == "password" and account.totp_secret:
            if request.path == TOKEN_PATH and self.w21 == "plain":
                raise self.refusal("refused", name, endpoint)
            status, body = endpoint.refusals["second_factor"]
            return Answer(status, {**body, "login_2fa_token": self.ask_second_factor(account)})
        return self.welcome(account, kind, request.path)

    def credentials(self, request: Request, endpoint: Endpoint) -> tuple[str, str]:
        name, secret = request.fields().get(endpoint.name), request.fields().get(endpoint.secret)
        if request.path == LOGIN_PATH:
            if not isinstance(request.body, dict):
                raise Refused(400, {"detail": "malformed request: EOF"})  # W9
            if not (isinstance(name, str) and name and isinstance(secret, str) and secret):
                raise Refused(401, {"detail": "unauthorized"})  # W9
            return name, secret
        errinfo = {
            field: "value is required"
            for field, value in ((endpoint.name, name), (endpoint.secret, secret))
            if not (isinstance(value, str) and value)
        }
        if endpoint.secret not in errinfo and len(str(secret)) < 9:
            errinfo[endpoint.secret] = "must be at least 9 characters"
        if errinfo:
            raise Refused(400, modern("body is invalid", **errinfo))  # W8
        return str(name), str(secret)

    def owner(self, name: str, secret: str, endpoint: Endpoint) -> tuple[Account | None, str]:
        """Whose secret it is, and of which kind."""
        named = self.accounts.get(name)
        for kind in endpoint.accepts:
            anybody = kind == "pat" and not self.pat_owner_only
            for account in self.accounts.values() if anybody else filter(None, [named]):
                if getattr(account, kind) == secret:
                    return account, kind
        return None, ""

    def refusal(self, verdict: str, name: str, endpoint: Endpoint) -> Refused:
        """A refused login, which counts towards the lockout."""
        self.refused[name] += 1
        if self.lockout_after and self.refused[name] >= self.lockout_after:
            self.locked_until[name] = self.now() + self.lockout_seconds
            del self.refused[name]
        return Refused(*endpoint.refusals[verdict])

    def refuse_locked(self, name: str, endpoint: Endpoint) -> None:
        # W10: the right password does not help, and trying again prolongs the lockout.
        if self.now() < self.locked_until.get(name, 0):
            self.locked_until[name] = self.now() + self.lockout_seconds
            raise Refused(*endpoint.refusals["locked"])

    def ask_second_factor(self, account: Account) -> str:
        expires = self.now() + self.pending_life
        token = jwt({"alg": "HS256", "typ": "JWT"}, {"sub": account.uuid(), "exp": int(expires)})
        self.pending[token] = (account, expires)
        return token

    def second_factor(self, request: Request) -> Answer:
        endpoint = ENDPOINTS[request.path]
        token, code = request.fields().get("login_2fa_token"), request.fields().get("code")
        if not isinstance(token, str) or not isinstance(code, str):
            raise Refused(400, {"detail": "malformed request: login_2fa_token and code must be strings"})
        account, expires = self.pending.get(token, (None, 0.0))
        if account is None or self.now() >= expires:
            raise Refused(*endpoint.refusals["refused"])
        self.refuse_locked(account.name, endpoint)
        now = int(self.now()) // TOTP_STEP
        for step in (now - 1, now, now + 1):
            used = (account.name, step)
            if totp(account.totp_secret or "", step * TOTP_STEP) == code and used not in self.used_codes:
                self.used_codes.add(used)
                del self.pending[token]
                return self.welcome(account, "password", request.path)
        raise self.refusal("refused", account.name, endpoint)

    def welcome(self, account: Account, kind: str, path: str) -> Answer:
        self.refused.pop(account.name, None)
        self.issued[account.name] += 1
        token = secrets.token_urlsafe(48) if self.token_shape == "opaque" else self.make_jwt(account, kind, path)
        life = math.inf if self.token_life is None else self.token_life
        # Not cut to whole seconds as the claim is: a token of a second would be dead on arrival.
        self.sessions[token] = Session(account, kind, self.now() + life + self.token_grace)
        return Answer(200, {ENDPOINTS[path].answer: token})

    def make_jwt(self, account: Account, kind: str, path: str) -> str:
        whole = self.token_life is None or self.token_life == int(self.token_life)
        issued_at = int(self.now()) if whole else self.now()
        session = str(uuid.uuid4())
        person = {"email": f"{account.name}@example.com", "session_id": session, "username": account.name}
        claims: dict[str, t.Any] = {
            "iat": issued_at,
            "iss": "https://api.docker.com/",
            "jti": str(uuid.uuid4()),
            "sub": account.uuid(),
            "https://hub.docker.com": {
                **person,
                "roles": [],
                "source": f"{SOURCES[kind]}|{account.uuid(kind)}",
                "uuid": account.uuid(),
            },
        }
        if self.token_life is not None:
            claims["exp"] = issued_at + (int(self.token_life) if whole else self.token_life)
        if path == TOKEN_PATH:  # W15
            claims.update(aud="https://hub.docker.com", scope=account.scope)
            return jwt({"alg": "RS256", "typ": "JWT", "kid": "hub-emulator-1"}, claims)
        claims.update(person, aud=["https://hub.docker.com"], user_id=account.uuid())  # W16, W17
        return jwt({"x5c": [base64.b64encode(b"a certificate" * 60).decode()], "alg": "RS256", "typ": "JWT"}, claims)

    # Using a token

    def session(self, request: Request) -> Session | None:
        """Whose bearer it is; None without one. W6: a bad header is refused even where none is needed."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _dummy, token = header.partition(" ")
        found = self.sessions.get(token)
        if scheme.lower() != "bearer" or found is None or self.now() >= found.expires:
            raise Refused(401, modern("unauthorized"))  # W4
        return found

    def signed_in(self, request: Request) -> Session:
        session = self.session(request)
        if session is None:
            raise Refused(401, modern("unauthorized"))
        return session

    def enter(self, request: Request, namespace: str) -> None:
        """Only the owner of a namespace and the members of an organization get in."""
        name = self.signed_in(request).account.name
        account = self.accounts.get(namespace)
        if name != namespace and (account is None or name not in account.members):
            raise Refused(403, modern("access to the resource is forbidden"))

    def find(self, namespace: str, name: str) -> dict[str, t.Any]:
        if (namespace, name) not in self.repositories:
            raise Refused(404, modern("repository not found"))
        return self.repositories[namespace, name]

    def list_repositories(self, request: Request, namespace: str) -> Answer:
        self.enter(request, namespace)
        return self.page(request, [found for key, found in sorted(self.repositories.items()) if key[0] == namespace])

    def create_repository(self, request: Request, namespace: str) -> Answer:
        self.enter(request, namespace)
        wanted = {"name": None, **request.fields()}
        check_repository(wanted)
        if (namespace, wanted["name"]) in self.repositories:
            raise Refused(409, modern("repository already exists"))
        now = iso(self.now())
        repository = {
            "namespace": namespace,
            "name": wanted["name"],
            "repository_type": "image",
            "status": 1,
            **{field: wanted.get(field, default) for field, default in REPOSITORY_FIELDS.items()},
            "date_registered": now,
            "last_updated": now,
        }
        self.repositories[namespace, wanted["name"]] = repository
        return Answer(201, dict(repository))

    def read_repository(self, request: Request, namespace: str, name: str) -> Answer:
        self.enter(request, namespace)
        return Answer(200, dict(self.find(namespace, name)))

    def update_repository(self, request: Request, namespace: str, name: str) -> Answer:
        """What public clients send, undocumented, and says nothing of the privacy."""
        fields = {field: value for field, value in request.fields().items() if field != "is_private"}
        return self.change(request, namespace, name, fields)

    def set_privacy(self, request: Request, namespace: str, name: str) -> Answer:
        """What public clients send, undocumented; its answer is unknown."""
        self.change(request, namespace, name, {"is_private": request.fields().get("is_private")})
        return Answer(200, {})

    def change(self, request: Request, namespace: str, name: str, fields: dict[str, t.Any]) -> Answer:
        self.enter(request, namespace)
        repository = self.find(namespace, name)
        changes = {field: value for field, value in fields.items() if field in REPOSITORY_FIELDS}
        check_repository(changes)
        repository.update(changes, last_updated=iso(self.now()))
        return Answer(200, dict(repository))

    def list_tags(self, request: Request, namespace: str, name: str) -> Answer:
        """The one public read: no token needed unless the repository is private."""
        session = self.session(request)
        if self.find(namespace, name)["is_private"]:
            if session is None:
                raise Refused(404, modern("repository not found"))
            self.enter(request, namespace)
        return self.page(request, [])

    def list_access_tokens(self, request: Request) -> Answer:
        account, kind, _expires = self.signed_in(request)
        if kind != "password":  # W13
            raise Refused(403, modern("token issued from personal access token"))
        items = [{"uuid": account.uuid("pat"), "is_active": True, "token": "", "token_label": "emulated"}]
        return self.page(request, items if account.pat else [])

    def page(self, request: Request, items: list[dict[str, t.Any]]) -> Answer:
        try:
            number, size = int(request.query.get("page", 1)), int(request.query.get("page_size", 10))
        except ValueError:
            number = size = 0
        if number < 1 or not 1 <= size <= 100:
            raise Refused(400, modern("page and page_size must be positive, page_size at most 100"))
        pages = max(1, math.ceil(len(items) / size))
        if number > pages:
            raise Refused(404, modern("no such page"))

        def link(to: int) -> str | None:
            query = urllib.parse.urlencode({**request.query, "page": to, "page_size": size})
            return f"{self.url}{request.path}?{query}" if 1 <= to <= pages else None

        results = [dict(item) for item in items[(number - 1) * size : number * size]]
        around = {"next": link(number + 1), "previous": link(number - 1)}
        return Answer(200, {"count": len(items), **around, "results": results})

    # Any request

    def answer(self, request: Request) -> Answer:
        with self.lock:
            limits, exceeded = self.rate()
            try:
                if exceeded:
                    raise Refused(429, {"detail": "Rate limit exceeded", "error": False})
                answer = route(self, request)
            except Refused as refused:
                answer = refused.answer
        answer.headers.update(limits)
        return answer

    def rate(self) -> tuple[dict[str, str | None], bool]:
        """W11: the headers that tell about the limit, and whether it is exceeded."""
        end, seen = self.window
        if not self.now() < end <= self.now() + self.rate_window:
            end, seen = self.now() + self.rate_window, 0
        self.window = (end, seen + 1)
        left = self.rate_limit - seen - 1
        reset = str(math.ceil(end))
        headers: dict[str, str | None] = {
            "X-RateLimit-Limit": str(self.rate_limit),
            "X-RateLimit-Remaining": str(max(left, 0)),
            "X-RateLimit-Reset": reset,
        }
        return (headers, False) if left >= 0 else ({**headers, "X-Retry-After": reset}, True)

    def account_of(self, request: Request) -> str | None:
        fields = request.fields()
        if request.path == SECOND_FACTOR_PATH:
            found = self.pending.get(str(fields.get("login_2fa_token")))
            return found[0].name if found else None
        if request.path in ENDPOINTS:
            name = fields.get(ENDPOINTS[request.path].name)
            return name if isinstance(name, str) else None
        session = self.sessions.get(request.headers.get("Authorization", "").partition(" ")[2])
        return session.account.name if session else None


REPOSITORY_FIELDS: dict[str, t.Any] = {"description": "", "full_description": "", "is_private": False}
REPOSITORY_NAME = re.compile(r"(?=.{2,255}$)[a-z0-9]+([._-]+[a-z0-9]+)*")


def check_repository(wanted: dict[str, t.Any]) -> None:
    errinfo = {
        field: f"must be a {type(default).__name__}"
        for field, default in REPOSITORY_FIELDS.items()
        if not isinstance(wanted.get(field, default), type(default))
    }
    if "name" in wanted and not REPOSITORY_NAME.fullmatch(str(wanted["name"])):
        errinfo["name"] = "must be 2 to 255 of a-z, 0-9, dot, dash and underscore"
    if "description" not in errinfo and len(wanted.get("description", "")) > 100:
        errinfo["description"] = "must be at most 100 characters"
    if errinfo:
        raise Refused(400, modern("body is invalid", **errinfo))


def iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1_000_000):06d}Z"


REPOSITORIES = r"/v2/namespaces/(?P<namespace>[^/]+)/repositories"
REPOSITORY = r"/v2/repositories/(?P<namespace>[^/]+)/(?P<name>[^/]+)"
ROUTES: list[tuple[str, dict[str, t.Callable[..., Answer]]]] = [
    (TOKEN_PATH, {"POST": Hub.log_in}),
    (LOGIN_PATH, {"POST": Hub.log_in}),
    (SECOND_FACTOR_PATH, {"POST": Hub.second_factor}),
    (REPOSITORIES, {"GET": Hub.list_repositories, "POST": Hub.create_repository}),
    (REPOSITORIES + r"/(?P<name>[^/]+)", {"GET": Hub.read_repository}),
    (REPOSITORIES + r"/(?P<name>[^/]+)/tags", {"GET": Hub.list_tags}),
    (REPOSITORY, {"PATCH": Hub.update_repository}),
    (REPOSITORY + r"/privacy", {"POST": Hub.set_privacy}),
    (r"/v2/access-tokens", {"GET": Hub.list_access_tokens}),
]


def route(hub: Hub, request: Request) -> Answer:
    for pattern, methods in ROUTES:
        match = re.fullmatch(pattern, request.path)
        if match:
            handler = methods.get("GET" if request.method == "HEAD" else request.method)
            if handler is None:
                raise Refused(405, modern("method not allowed"), Allow=", ".join(methods))
            return handler(hub, request, **match.groupdict())
    raise Refused(404, modern("not found"))


class HubEmulator(Hub):
    """Docker Hub on a port of the loopback interface: serves, counts and misbehaves."""

    def __init__(
        self,
        token_life: float | None = 600,
        lockout_after: int = 10,
        clock_offset: float = 0.0,
        tls: tuple[str, str] | None = None,
        accounts: t.Mapping[str, Account] | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(accounts)
        self.token_life, self.lockout_after, self.clock_offset = token_life, lockout_after, clock_offset
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.stopped = threading.Event()
        self.server = Server(port, self, tls)
        self.port: int = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), name="hub", daemon=True)

    def start(self) -> HubEmulator:
        self.thread.start()
        return self

    def stop(self) -> None:
        if not self.stopped.is_set():
            self.stopped.set()
            self.server.shutdown()
            self.server.server_close()

    __enter__ = start

    def __exit__(self, *_args: object) -> None:
        self.stop()

    # Counting

    def count(self, path: str | None = None, account: str | None = None) -> int:
        """Requests seen; the path may hold wildcards, and its trailing slash does not matter."""
        pattern = "*" if path is None else path.rstrip("/")
        with self.lock:
            return sum(
                fnmatch.fnmatchcase(request.path, pattern) and account in (None, request.account)
                for request in self.requests
            )

    def logins(self, account: str | None = None) -> int:
        return sum(self.count(path, account) for path in AUTH_PATHS)

    def tokens_issued(self, account: str | None = None) -> int:
        with self.lock:
            return sum(self.issued.values()) if account is None else self.issued[account]

    def counts(self) -> dict[str, t.Any]:
        with self.lock:
            names = {request.account for request in self.requests if request.account is not None}
            paths = collections.Counter(request.path for request in self.requests)
            accounts = {
                name: collections.Counter(request.path for request in self.requests if request.account == name)
                for name in sorted(names)
            }
            totals = {"total": len(self.requests), "logins": self.logins(), "tokens_issued": self.tokens_issued()}
            return {**totals, "paths": paths, "accounts": accounts}

    # Misbehaving

    def fail(self, path: str = "*", times: int | None = 1, **what: t.Any) -> Fault:
        """Misbehave as the fields of Fault say; faults for the same path are used up one after the other."""
        fault = Fault(path.rstrip("/") or "/", times, **what)
        with self.lock:
            self.faults.append(fault)
        return fault

    def heal(self) -> None:
        with self.lock:
            self.faults.clear()

    def reset(self) -> None:
        with self.lock:
            self.heal()
            self.forget()
            self.requests.clear()

    def take(self, request: Request) -> tuple[Answer, Fault]:
        """Count a request, and find its answer and the way it is to be delivered."""
        with self.lock:
            request.account = self.account_of(request)
            self.requests.append(request)
            matching = (f for f in self.faults if f.times != 0 and fnmatch.fnmatchcase(request.path, f.path))
            fault = next(matching, Fault(status=None))
            if fault.times is not None:
                fault.times -= 1
        answer = fault.respond(request) if fault.respond else None
        if answer is None:
            usual = fault.status is None or fault.respond is not None
            answer = self.answer(request) if usual else Answer(fault.status or 0, fault.body)
            answer.headers.update(fault.headers)
        request.status = None if fault.reset else answer.status
        return answer, fault

    def control(self, request: Request) -> Answer:
        verb, _dummy, rest = request.path[len(CONTROL_PREFIX) :].partition("/")
        action = CONTROL.get((request.method, verb))
        if action is None:
            return Answer(404, {"error": f"known are {sorted(' '.join(key) for key in CONTROL)}"})
        try:
            return Answer(200, action(self, request.fields(), rest))
        except (KeyError, TypeError, ValueError) as err:
            return Answer(400, {"error": f"{type(err).__name__}: {err}"})

    def control_fail(self, fields: dict[str, t.Any], _rest: str) -> dict[str, t.Any]:
        """The arguments of fail() as JSON; also `name` of one of FAULTS, and `body_base64`."""
        what = dict(fields)
        encoded = what.pop("body_base64", None)
        if encoded is not None:
            what["body"] = base64.b64decode(encoded)
        named = FAULTS[what.pop("name")] if "name" in what else {}
        self.fail(**{**named, **what})
        return {"faults": len(self.faults)}

    def control_settings(self, fields: dict[str, t.Any], _rest: str) -> dict[str, t.Any]:
        unknown = sorted(set(fields) - set(self.SETTINGS))
        if unknown:
            raise ValueError(f"no such setting: {', '.join(unknown)}")
        for name, value in fields.items():
            setattr(self, name, value)
        return {name: getattr(self, name) for name in self.SETTINGS}


CONTROL: dict[tuple[str, str], t.Callable[[HubEmulator, dict[str, t.Any], str], t.Any]] = {
    ("GET", "counts"): lambda hub, _fields, _rest: hub.counts(),
    ("GET", "requests"): lambda hub, _fields, _rest: [dataclasses.asdict(request) for request in list(hub.requests)],
    ("GET", "totp"): lambda hub, _fields, rest: {"code": hub.totp(rest)},
    ("GET", "settings"): lambda hub, _fields, rest: hub.control_settings({}, rest),
    ("POST", "settings"): HubEmulator.control_settings,
    ("POST", "fail"): HubEmulator.control_fail,
    ("POST", "heal"): lambda hub, _fields, _rest: hub.heal(),
    ("POST", "reset"): lambda hub, _fields, _rest: hub.reset(),
    ("POST", "stop"): lambda _hub, _fields, _rest: None,  # the handler stops the hub once this is answered
}


class Server(http.server.ThreadingHTTPServer):
    """Listens on the loopback interface and knows its connections, so that none outlives it."""

    request_queue_size = 256

    def __init__(self, port: int, hub: HubEmulator, tls: tuple[str, str] | None) -> None:
        self.hub = hub
        self.connections: set[socket.socket] = set()
        self.context: ssl.SSLContext | None = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # Past HTTPServer's own, which asks the name service about us.
        super(http.server.HTTPServer, self).server_bind()

    def get_request(self) -> tuple[socket.socket, t.Any]:
        connection, address = super().get_request()
        if self.context:
            # The handshake waits for the first read, in the connection's own thread.
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: t.Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that left is no error of ours
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: Server

    def log_message(self, *_args: object) -> None:
        """Nothing: what was asked is counted, not shown."""

    def serve(self) -> None:
        hub = self.server.hub
        request = self.read_request()
        if not request.path.startswith(CONTROL_PREFIX):
            self.deliver(*hub.take(request), slow=hub.latency if request.path in AUTH_PATHS else 0)
            return
        self.deliver(hub.control(request), Fault())
        if request.path == f"{CONTROL_PREFIX}stop" and request.method == "POST":
            hub.stop()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = serve

    def read_request(self) -> Request:
        length = self.headers.get("Content-Length", "0")
        raw = self.rfile.read(int(length)) if length.isdigit() else b""
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True  # its body stays unread
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        url = urllib.parse.urlsplit(self.path)
        return Request(
            method=self.command,
            path=urllib.parse.unquote(url.path).rstrip("/") or "/",
            headers={name.title(): value for name, value in self.headers.items()},
            body=body,
            query=dict(urllib.parse.parse_qsl(url.query)),
            at=time.time(),
        )

    def deliver(self, answer: Answer, fault: Fault, slow: float = 0) -> None:
        if (fault.delay or slow) and self.server.hub.stopped.wait(fault.delay + slow):
            self.close_connection = True
            return
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.close_connection = self.close_connection or fault.raw or fault.truncate
        content = answer.content()
        length = len(content) * fault.repeat + (1000 if fault.truncate else 0)
        head = b"" if fault.raw else self.head(answer, length)
        if self.command == "HEAD":
            content = b""
        if fault.repeat == 1 and fault.drip is None:
            self.wfile.write(head + content)
            return
        self.wfile.write(head)
        for _dummy in range(fault.repeat):
            if fault.drip is None:
                self.wfile.write(content)
                continue
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.server.hub.stopped.wait(fault.drip):
                    return

    def head(self, answer: Answer, length: int) -> bytes:
        headers: dict[str, str | None] = {
            "Date": email.utils.formatdate(self.server.hub.now(), usegmt=True),
            "Server": "nginx",
            "Content-Type": None if isinstance(answer.body, (bytes, str)) else "application/json",
            "Content-Length": str(length),
            **answer.headers,
        }
        if answer.headers.get("Transfer-Encoding"):
            headers["Content-Length"] = None
        lines = [f"{self.protocol_version} {answer.status} {http.client.responses.get(answer.status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A stand-in for Docker Hub on the loopback interface.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--token-life", default="600", metavar="SECONDS", help='or "none": tokens without exp')
    parser.add_argument("--lockout-after", type=int, default=10, metavar="REFUSALS", help="0 never locks")
    parser.add_argument("--clock-offset", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="added to each login request")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="PEM files")
    parser.add_argument("--url-file", metavar="PATH", help="holds the URL once the emulator listens")
    options = parser.parse_args(arguments)
    try:
        life = None if options.token_life == "none" else float(options.token_life)
        hub = HubEmulator(life, options.lockout_after, options.clock_offset, options.tls, port=options.port)
    except (OSError, OverflowError, ValueError) as err:
        parser.error(str(err))
    hub.latency = options.latency
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job starts with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    with hub, contextlib.suppress(KeyboardInterrupt):
        if options.url_file:
            with open(f"{options.url_file}.new", "w", encoding="utf-8") as file:
                file.write(f"{hub.url}\n")
            os.replace(file.name, options.url_file)
        print(hub.url, flush=True)
        hub.stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
