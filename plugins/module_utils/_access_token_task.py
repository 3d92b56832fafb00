# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of both access token modules: options to rules, rules to steps, steps to requests."""

from __future__ import annotations

import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._access_tokens import LIMITS, LONGEST_LABEL, AccessTokens
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import (
    BadCredentials,
    CannotChange,
    HubError,
    InvalidOptions,
    NotFound,
    Protected,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import secret_kind
from ansible_collections.hubops.dockerhub.plugins.module_utils._resource import Result, Task, difference
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import parse_span, parse_time
from ansible_collections.hubops.dockerhub.plugins.module_utils._token import access_token_id, iso_time
from ansible_collections.hubops.dockerhub.plugins.module_utils._token_rotation import (
    PENDING,
    RETIRED,
    STEP_CHANGES,
    Plan,
    RotationRules,
    Token,
    TokenStep,
    managed,
    plan_absent,
    plan_confirm,
    plan_present,
    rotation_time,
    state_of,
    tokens_after,
)

TOKEN_OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "active": {"type": "bool"},
    "expires_in": {"type": "str"},
    "expires_at": {"type": "str"},
    "rotate": {"type": "str", "choices": ["never", "due", "always"], "default": "never"},
    "rotate_before": {"type": "str", "default": "14d"},
    "max_age": {"type": "str"},
    "overlap": {"type": "str", "default": "7d"},
    "on_mismatch": {"type": "str", "choices": ["fail", "replace"], "default": "fail"},
    "held_id": {"type": "str"},
    "confirm": {"type": "bool", "default": False},
    "prune_expired": {"type": "str", "choices": ["false", "true", "all"], "default": "false"},
}
"""The options that both modules have."""
MUTUALLY_EXCLUSIVE = [["expires_in", "expires_at"]]

_LONGEST_NAME = LONGEST_LABEL - len(PENDING)
_TOLERANCE = 86400.0
"""Seconds by which a token may live longer than ``expires_in``: Docker Hub may round an expiry up."""
_STATES_WITH_SECRET = ("current", "pending")


class TokenKind(t.NamedTuple):
    """The differences between personal and organization access tokens.

    - ``values(model)``: the fields of a new token. ``model`` is the id of the token that provides the values of omitted
      options, or None.
    - ``changes(token_id)``: the fields that differ from the options and can be changed in place.
    - ``mismatch(token_id)``: a clause about a field that differs and cannot be changed, or None.
    - ``describe(row)``: values of the API in the terms of the options.
    - ``takes_over``: whether a new token takes any value from the one before.
    """

    values: t.Callable[[str | None], dict[str, t.Any]]
    changes: t.Callable[[str], dict[str, t.Any]]
    mismatch: t.Callable[[str], str | None]
    describe: t.Callable[[t.Mapping[str, t.Any]], dict[str, t.Any]]
    takes_over: bool


def manage_token(task: Task, hub: HubClient, tokens: AccessTokens, kind: TokenKind) -> Result:
    """Create, change, rotate or delete the tokens of one name."""
    rules = _rules(task)
    before = tokens.read()
    held = _held_id(task, {token.id for token in before})
    now = hub.server_time()
    lifetime = _Lifetime(task, rules, now)
    rules = rules._replace(
        held=held,
        own=hub.own_token_id(),
        fixed_expiry=lifetime.fixed,
        keep_model=kind.takes_over or not lifetime.is_given,
    )
    plan = _plan(task, rules, before, now, lambda token: _is_mismatch(task, kind, lifetime, token))
    _refuse_own(task, plan, rules)
    described: dict[str, t.Any] = {}
    if plan.token and task.params["state"] == "present":
        tokens.complete(plan.token.id)
        described = kind.describe(tokens.rows[plan.token.id])
    changes = _changes(task, kind, plan, now)
    new = _new_token(task, kind, lifetime, plan, rules) if plan.create else None
    _warn(task, plan, rules, before, now, lifetime)

    secret: str | None = None
    if not task.check_mode:
        created = _carry_out(tokens, plan, rules, changes, new)
        if new and created:
            secret = task.hide(created[1])
            new = new._replace(token=new.token._replace(id=created[0]))
    after = [*tokens_after(before, plan.steps, rules.name), *([new.token] if new else [])]
    token = new.token if new else next((one for one in after if plan.token and one.id == plan.token.id), None)
    values = kind.describe(new.body) if new else {**described, **kind.describe(changes)} if token else {}
    facts = _facts(tokens, token, new, check_mode=task.check_mode)
    return {
        "changed": bool(plan.steps or changes or new),
        **facts,
        **values,
        "state": state_of(token, now) if token else "absent",
        "token": secret,
        "reason": plan.create,
        "retired": _retired(plan.steps),
        "next_rotation_at": _next_rotation(token, rules, now),
        "diff": difference(_shown(before, rules, now, described), _shown(after, rules, now, values)),
    }


class _New(t.NamedTuple):
    """A token to create: the body of the request, and its properties for the protocol of a rotation."""

    body: dict[str, t.Any]
    token: Token


class _Lifetime:
    """Compute the expiry of a new token, and compare that of an existing one with the options."""

    def __init__(self, task: Task, rules: RotationRules, now: float) -> None:
        given = task.given("expires_in", "expires_at")
        self.now = now
        self.is_given = bool(given)
        self.span = parse_span(given["expires_in"], "expires_in") if given.get("expires_in") else None
        fixed = parse_time(given["expires_at"], "expires_at", now) if given.get("expires_at") else None
        self.fixed = None if fixed is None else float(int(fixed))  # expiries are sent in whole seconds
        self.rules = rules

    def of_new(self, model: Token | None) -> float | None:
        """Return the expiry of a new token. Without options for it, the new token lives as long as ``model``."""
        if self.fixed is not None and self.fixed <= self.now:
            raise InvalidOptions("expires_at has passed", hint="write a time in the future, or use expires_in")
        expires = self.fixed if self.span is None else self.now + self.span
        if not self.is_given and model and model.expires is not None:
            expires = self.now + max(model.expires - model.created, 60.0)
        is_due_at_once = expires is not None and self.fixed is None and expires - self.rules.rotate_before <= self.now
        if self.rules.rotate == "due" and is_due_at_once:
            raise InvalidOptions(
                "a new token would be due for rotation at once, because it expires within rotate_before",
                hint="lower rotate_before, or raise expires_in",
            )
        return None if expires is None else float(int(expires))

    def mismatch(self, token: Token) -> str | None:
        """Return how the expiry of a token differs from the options."""
        if not self.is_given:
            return None
        if self.span is None and self.fixed is None:
            return None if token.expires is None else f"it expires at {iso_time(token.expires)}"
        if token.expires is None:
            return "it never expires"
        too_late = self.span is not None and token.expires - self.now > self.span + _TOLERANCE
        differs = too_late or (self.span is None and token.expires != self.fixed)
        return f"it expires at {iso_time(token.expires)}" if differs else None


def _rules(task: Task) -> RotationRules:
    """Return the options as rules; raise ``InvalidOptions`` for values that make no sense."""
    given = task.params
    name, rotate = given["name"], given["rotate"]
    if not name.strip() or name.endswith((PENDING, RETIRED)) or len(name) > _LONGEST_NAME:
        raise InvalidOptions(
            f"name must have 1 to {_LONGEST_NAME} characters, and must not end with '{PENDING}' or '{RETIRED}'",
            hint="the task adds these words to the labels of tokens",
        )
    spans = {key: parse_span(given[key], key) for key in ("rotate_before", "overlap")}
    for key in ("max_age", "expires_in"):
        if given[key]:
            spans[key] = parse_span(given[key], key)
            if not spans[key]:
                raise InvalidOptions(f"{key} must be longer than 0", hint="leave it out for no limit")
    if rotate == "due" and "expires_in" in spans and spans["rotate_before"] >= spans["expires_in"]:
        raise InvalidOptions(
            f"rotate_before ({given['rotate_before']}) is not shorter than expires_in ({given['expires_in']}), so every"
            " run would create a token",
            hint="lower rotate_before, or raise expires_in",
        )
    if given["confirm"] and (given["state"] == "absent" or not (given["held_id"] or given.get("held_secret"))):
        raise InvalidOptions(
            "confirm requires held_id, the id of the token that the store holds", hint="give the id of the new token"
        )
    return RotationRules(
        name=name,
        rotate=rotate,
        rotate_before=spans["rotate_before"],
        max_age=spans.get("max_age"),
        overlap=spans["overlap"],
        active=given["active"],
        prune_expired=given["prune_expired"],
    )


def _held_id(task: Task, known: t.Container[str | None]) -> str | None:
    """Return the id of the token that the store holds: the given one, or that of a login with the given secret.

    ``known`` contains the ids of all tokens. The id in the bearer token of the login counts only if it is one of them.
    """
    held, secret = task.params["held_id"], task.params.get("held_secret")
    held = held and held.strip()
    if not secret:
        return "" if secret == "" and held is None else held
    if secret_kind(secret) != "pat":
        raise InvalidOptions("held_secret is not a personal access token", hint="give what the store holds, or nothing")
    if not task.login["identifier"]:
        raise InvalidOptions("held_secret requires identifier, the owner of the token", hint="give identifier")
    login: t.Any = {
        **task.login,
        **dict.fromkeys(("otp", "totp_secret", "access_token", "login_2fa_token")),
        "secret": secret,
        "auth_method": "access_token",
        "on_otp_required": "fail",
    }
    try:
        bearer = task.log_in(login)["access_token"] or ""
    except BadCredentials:
        task.warn("Docker Hub refuses the secret in held_secret, so the task proceeds as if the store held nothing.")
        return ""
    proven = access_token_id(bearer)
    return proven if proven in known else held


def _plan(
    task: Task, rules: RotationRules, before: list[Token], now: float, is_mismatch: t.Callable[[Token], bool]
) -> Plan:
    if task.params["state"] == "absent":
        return plan_absent(before, rules, now)
    if not task.params["confirm"]:
        return plan_present(before, rules, now, is_mismatch)
    plan = plan_confirm(before, rules, now)
    if plan.token is None:
        raise NotFound(
            f"no token named {rules.name} has the id in held_id, so there is nothing to confirm",
            hint="give the id of the token whose secret the store holds",
        )
    return plan


def _is_mismatch(task: Task, kind: TokenKind, lifetime: _Lifetime, token: Token) -> bool:
    problem = lifetime.mismatch(token) or kind.mismatch(token.id)
    if problem and task.params["on_mismatch"] == "fail":
        raise CannotChange(
            f"the token {token.label} ({token.id}) differs from the options: {problem}. Docker Hub cannot change that",
            hint="set on_mismatch: replace to create another token in its place, or correct the options",
        )
    return bool(problem)


def _refuse_own(task: Task, plan: Plan, rules: RotationRules) -> None:
    if any(step.token.id == rules.own and step.kind in ("deactivate", "delete") for step in plan.steps):
        raise Protected(
            f"this run is logged in with the token {rules.name} ({rules.own}), so it is neither deactivated nor deleted",
            hint="log in with a password",
        )


def _changes(task: Task, kind: TokenKind, plan: Plan, now: float) -> dict[str, t.Any]:
    """Return what is changed in place on the current token."""
    is_meant = task.params["state"] == "present" and not task.params["confirm"] and task.params["active"] is not False
    if not is_meant or plan.token is None or state_of(plan.token, now) not in _STATES_WITH_SECRET:
        return {}
    return kind.changes(plan.token.id)


def _new_token(task: Task, kind: TokenKind, lifetime: _Lifetime, plan: Plan, rules: RotationRules) -> _New:
    expires = lifetime.of_new(plan.token)
    label = rules.name if rules.rotate == "never" else rules.name + PENDING
    body = {"label": label, **kind.values(plan.token.id if plan.token else None)}
    if expires is not None:
        body["expires_at"] = iso_time(expires)
    return _New(body, Token("", label, lifetime.now, expires))


def _carry_out(
    tokens: AccessTokens, plan: Plan, rules: RotationRules, changes: dict[str, t.Any], new: _New | None
) -> tuple[str, str] | None:
    """Send everything, and return id and secret of a new token; if something fails, report what was done before it."""
    done: list[TokenStep] = []
    is_merged = is_patched = False
    try:
        for step in plan.steps:
            if step.kind == "delete":
                tokens.delete(step.token.id)
            else:
                merged = changes if plan.token and step.token.id == plan.token.id else {}
                is_merged = is_merged or bool(merged)
                tokens.patch(step.token.id, {**merged, **STEP_CHANGES[step.kind](rules.name)})
            done.append(step)
        if changes and not is_merged and plan.token:
            tokens.patch(plan.token.id, changes)
            is_patched = True
        return tokens.create(new.body) if new else None
    except HubError as error:
        error.result = {"changed": bool(done) or is_patched, "retired": _retired(done)}
        raise


def _retired(steps: list[TokenStep]) -> list[dict[str, str]]:
    actions = {"delete": "deleted", "retire": "deactivated", "deactivate": "deactivated"}
    return [
        {"id": step.token.id, "label": step.token.label, "action": actions[step.kind], "reason": step.reason}
        for step in steps
        if step.kind in actions
    ]


def _facts(tokens: AccessTokens, token: Token | None, new: _New | None, *, check_mode: bool) -> dict[str, t.Any]:
    """Return the facts about the token after the task."""
    if token is None:
        return dict.fromkeys(("id", "label", "created_at", "expires_at", "last_used"), None) | {"active": False}
    if new and check_mode:
        unknown = dict.fromkeys(("id", "created_at", "last_used"), None)
        return {**unknown, "label": token.label, "active": True, "expires_at": iso_time(token.expires)}
    facts = tokens.facts(token.id)
    expires_at = facts["expires_at"] or iso_time(token.expires)
    return {
        **{key: facts[key] for key in ("id", "created_at", "last_used")},
        "expires_at": expires_at,
        "label": token.label,
        "active": token.is_active,
    }


def _next_rotation(token: Token | None, rules: RotationRules, now: float) -> str | None:
    moment = rotation_time(token, rules) if token and token.is_live(now) else None
    return None if moment is None else iso_time(max(moment, 0.0))


def _shown(tokens: list[Token], rules: RotationRules, now: float, values: dict[str, t.Any]) -> dict[str, t.Any]:
    rows = [
        {
            "id": token.id or None,
            "label": token.label,
            "state": state_of(token, now),
            "expires_at": iso_time(token.expires),
        }
        for token in managed(tokens, rules.name)
    ]
    return {"tokens": rows, **values}


def _warn(task: Task, plan: Plan, rules: RotationRules, before: list[Token], now: float, lifetime: _Lifetime) -> None:
    """Warn about states that a person should look at."""
    name, token = rules.name, plan.token
    if plan.create and task.check_mode and len(before) in LIMITS:
        task.warn(
            f"{len(before)} tokens exist. If that is the limit of the subscription, another one cannot be created."
        )
    if task.params["state"] == "absent" or rules.active is False:
        return
    if rules.held and rules.held not in {one.id for one in managed(before, name)}:
        task.warn(f"No token named {name} has the id in held_id, so the task proceeds as if the store held nothing.")
    if token is None:
        return
    state = state_of(token, now)
    if state == "deactivated":
        task.warn(
            f"The token {name} ({token.id}) was deactivated, and stays so. Set active: true to activate it again."
        )
    elif state == "expired":
        task.warn(f"The token {name} ({token.id}) expired at {iso_time(token.expires)}.")
    elif state == "pending" and not plan.create:
        task.warn(
            f"The token {name}{PENDING} ({token.id}) waits for its confirmation: give its id as held_id once the store holds it."
        )
    ends = lifetime.fixed if token.expires == lifetime.fixed else None
    if ends is not None and rules.rotate == "due" and ends - rules.rotate_before <= now:
        task.warn(
            f"The token {name} expires at {iso_time(token.expires)}, as expires_at describes. Write a later time."
        )
