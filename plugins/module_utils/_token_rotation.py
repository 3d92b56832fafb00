# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of a rotation: from the tokens that exist to the steps of this run.

The label of a token is the journal. A new token starts as ``ci (pending)``. Once the user's store holds its secret, it
becomes ``ci``. When its successor has been in use for the overlap, it becomes ``ci (retired)`` and is deactivated; after one
more overlap it is deleted. A run may end after any step: the next one reads the labels again. ``held`` is the id of the token
that the store holds. It decides whether a pending token is in use or belongs to nobody.

A deactivated token that is not labelled as retired was deactivated by a person, and stays as it is.
"""

from __future__ import annotations

import typing as t

PENDING, RETIRED = " (pending)", " (retired)"
"""Endings of labels: of a new token, whose secret may not be in the store yet, and of a replaced one."""
_CLOCK_ERROR = 1.0
"""Seconds by which the server's clock may be ahead of its ``Date`` header."""


class Token(t.NamedTuple):
    """The properties of a token that a rotation depends on. Times are unix times; no ``expires``: it never expires."""

    id: str
    label: str
    created: float
    expires: float | None = None
    is_active: bool = True
    is_manual: bool = True

    def is_expired(self, now: float) -> bool:
        """Return whether the token has expired."""
        return self.expires is not None and self.expires <= now

    def is_live(self, now: float) -> bool:
        """Return whether a login with the token succeeds."""
        return self.is_active and not self.is_expired(now)


class RotationRules(t.NamedTuple):
    """The options of a task that decide about steps; spans in seconds.

    ``held`` is the id of the token in the store: None if that is unknown, empty if the store holds nothing. ``own`` is the
    id of the token that this run is logged in with; a rotation neither deactivates nor deletes it. ``fixed_expiry`` is the
    expiry in the options; a token with this expiry is not due, because a new one would expire at the same time.
    ``keep_model`` keeps an expired token if the new one takes over its scopes or lifetime.
    """

    name: str
    rotate: str = "never"
    rotate_before: float = 0.0
    max_age: float | None = None
    overlap: float = 0.0
    held: str | None = None
    active: bool | None = None
    prune_expired: str = "false"
    own: str | None = None
    fixed_expiry: float | None = None
    keep_model: bool = True


class TokenStep(t.NamedTuple):
    """One change: ``confirm``, ``activate``, ``deactivate``, ``retire``, ``delete`` a token, with the reason."""

    kind: str
    token: Token
    reason: str = ""


class Plan(t.NamedTuple):
    """The steps of this run, the token that the task is about, and the reason to create a new token (None: it does not).

    ``token`` is the current token. If there is none, it is the one that the task reports, and that the new one takes over
    values from. The new token is created after all steps, so that no step can fail while only this run has its secret.
    """

    steps: list[TokenStep]
    token: Token | None
    create: str | None = None


def state_of(token: Token, now: float) -> str:
    """Return ``deactivated``, ``expired``, ``pending`` or ``current``."""
    if not token.is_active:
        return "deactivated"
    if token.is_expired(now):
        return "expired"
    return "pending" if token.label.endswith(PENDING) else "current"


def managed(tokens: t.Iterable[Token], name: str) -> list[Token]:
    """Return the tokens that belong to this name, the oldest first; never one that Docker Desktop made."""
    labels = (name, name + PENDING, name + RETIRED)
    return sorted((token for token in tokens if token.label in labels and token.is_manual), key=lambda one: one.created)


def rotation_time(token: Token, rules: RotationRules) -> float | None:
    """Return the time from which on this token is due for rotation; None if that time never comes."""
    if rules.rotate == "never":
        return None
    has_fixed_expiry = token.expires is None or token.expires == rules.fixed_expiry
    times = [] if has_fixed_expiry else [t.cast(float, token.expires) - rules.rotate_before]
    times += [] if rules.max_age is None else [token.created + rules.max_age]
    return min(times, default=None)


def plan_present(
    tokens: t.Iterable[Token],
    rules: RotationRules,
    now: float,
    is_mismatch: t.Callable[[Token], bool] = lambda token: False,
) -> Plan:
    """Plan the steps after which a usable token exists, and tokens that were replaced are gone.

    ``is_mismatch`` returns whether a token differs from the options in a property that Docker Hub cannot change.
    """
    tokens = list(tokens)
    ours = managed(tokens, rules.name)
    if rules.active is False:
        steps = [TokenStep("deactivate", token, "active is false") for token in ours if token.is_live(now)]
        reported = _reported(ours, rules, now)
        return Plan([*steps, *_prune(tokens, ours, rules, now, steps, reported)], reported)
    steps, ours = _confirm_and_discard(ours, rules, now)
    current, model = _current(ours, rules, now), _reported(ours, rules, now)
    if current is None and rules.active and _may_be_activated(model, rules, now):
        current = model = t.cast(Token, model)._replace(is_active=True)
        steps = [*steps, TokenStep("activate", model, "active is true")]
        ours = [current if token.id == current.id else token for token in ours]
    create = _reason_to_create(current, model, rules, now, is_mismatch)
    steps += _retire(ours, rules, now)
    # If the token that a person deactivated were deleted, the next run would create one.
    steps += _prune(tokens, ours, rules, now, steps, model if rules.keep_model or not create else None)
    return Plan(steps, current or model, create)


def plan_confirm(tokens: t.Iterable[Token], rules: RotationRules, now: float) -> Plan:
    """Plan the confirmation of the token that the store holds. ``Plan.token`` is None if it does not exist."""
    ours = managed(tokens, rules.name)
    held = _find(ours, rules.held)
    if held is None:
        return Plan([], None)
    steps, ours = _confirm_and_discard(ours, rules, now)
    return Plan([*steps, *_retire(ours, rules, now)], _find(ours, rules.held))


def plan_absent(tokens: t.Iterable[Token], rules: RotationRules, now: float) -> Plan:
    """Plan the deletion of all tokens of this name."""
    tokens = list(tokens)
    ours = managed(tokens, rules.name)
    steps = [TokenStep("delete", token, "state is absent") for token in ours]
    return Plan([*steps, *_prune(tokens, ours, rules, now, steps, None)], _reported(ours, rules, now))


def tokens_after(tokens: t.Iterable[Token], steps: t.Iterable[TokenStep], name: str) -> list[Token]:
    """Return the tokens as they are after these steps."""
    after = {token.id: token for token in tokens}
    for step in steps:
        token = after.pop(step.token.id)
        if step.kind != "delete":
            after[token.id] = token._replace(**STEP_CHANGES[step.kind](name))
    return list(after.values())


STEP_CHANGES: dict[str, t.Callable[[str], dict[str, t.Any]]] = {
    "confirm": lambda name: {"label": name},
    "activate": lambda name: {"is_active": True},
    "deactivate": lambda name: {"is_active": False},
    "retire": lambda name: {"label": name + RETIRED, "is_active": False},
}
"""What each kind of step sets; the name is an argument. ``delete`` sets nothing."""


def _confirm_and_discard(ours: list[Token], rules: RotationRules, now: float) -> tuple[list[TokenStep], list[Token]]:
    """Return the steps that confirm or delete pending tokens, and the tokens as they are afterwards."""
    if rules.held is None:
        return [], ours
    pending, retired = rules.name + PENDING, rules.name + RETIRED
    held = _find(ours, rules.held)
    lost = [token for token in ours if token.label == pending and token.id not in (rules.held, rules.own)]
    steps = [TokenStep("delete", token, "nobody holds its secret") for token in lost]
    if held and (held.label == pending or (held.label == retired and held.is_live(now))):
        steps.insert(0, TokenStep("confirm", held, "the store holds it"))
        ours = [token._replace(label=rules.name) if token is held else token for token in ours]
    return steps, [token for token in ours if token not in lost]


def _current(ours: list[Token], rules: RotationRules, now: float) -> Token | None:
    """Return the token in use: the one in the store, or the newest live one if that is unknown."""
    if rules.held is not None:
        held = _find(ours, rules.held)
        return held if held and held.is_live(now) else None
    return next((token for token in reversed(ours) if token.is_live(now)), None)


def _reported(ours: list[Token], rules: RotationRules, now: float) -> Token | None:
    """Return the token that the task reports: the one in the store, the newest live one, or the newest."""
    newest = [token for token in ours if token.label != rules.name + RETIRED] or ours
    live = [token for token in newest if token.is_live(now)]
    return _find(ours, rules.held) or next(reversed(live or newest), None)


def _may_be_activated(token: Token | None, rules: RotationRules, now: float) -> bool:
    """Return whether this token becomes the current one by activation alone."""
    if token is None or token.is_active or token.is_expired(now) or token.label == rules.name + RETIRED:
        return False
    return rules.held in (None, token.id)


def _reason_to_create(
    current: Token | None, model: Token | None, rules: RotationRules, now: float, is_mismatch: t.Callable[[Token], bool]
) -> str | None:
    if current is None:
        if model is not None and not model.is_active and rules.rotate == "never" and not rules.active:
            return None  # a person deactivated it
        return "no token is in use" if model is None or model.is_live(now) else f"the token is {state_of(model, now)}"
    if rules.rotate == "always":
        return "rotate is always"
    due = rotation_time(current, rules)
    if due is not None and due <= now:
        return "rotation is due"
    return "on_mismatch is replace" if is_mismatch(current) else None


def _retire(ours: list[Token], rules: RotationRules, now: float) -> list[TokenStep]:
    """Return the steps for tokens whose successor has been in use long enough.

    A successor is newer and was confirmed. As long as no successor is live, the older token stays, because it may still be
    needed.
    """
    steps = []
    for position, token in enumerate(ours):
        successors = [one for one in ours[position + 1 :] if one.label != rules.name + PENDING]
        was_deactivated_by_a_person = not token.is_active and token.label != rules.name + RETIRED
        is_in_use = token.id in (rules.held, rules.own)
        if is_in_use or was_deactivated_by_a_person or not any(one.is_live(now) for one in successors):
            continue
        in_use_for = now - successors[0].created + _CLOCK_ERROR
        if in_use_for >= 2 * rules.overlap:
            steps.append(TokenStep("delete", token, "it was replaced"))
        elif in_use_for >= rules.overlap and token.is_live(now):
            steps.append(TokenStep("retire", token, "it was replaced"))
    return steps


def _prune(
    tokens: list[Token], ours: list[Token], rules: RotationRules, now: float, steps: list[TokenStep], kept: Token | None
) -> list[TokenStep]:
    """Return the steps that delete expired tokens, except for ``kept``."""
    if rules.prune_expired == "false":
        return []
    candidates = [token for token in tokens if token.is_manual] if rules.prune_expired == "all" else ours
    done = {step.token.id for step in steps if step.kind == "delete"} | {rules.own, kept.id if kept else None}
    return [
        TokenStep("delete", token, "it has expired")
        for token in candidates
        if token.is_expired(now) and token.id not in done
    ]


def _find(tokens: list[Token], token_id: str | None) -> Token | None:
    return next((token for token in tokens if token.id == token_id), None)
