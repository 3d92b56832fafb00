# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of a rotation, exhaustively: every state that can be, and runs that are killed after any step."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._token_rotation import (
    PENDING,
    RETIRED,
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

DAY = 86400.0
NOW = 1000 * DAY
LABELS = ("ci", f"ci{PENDING}", f"ci{RETIRED}")


class Killed(Exception):
    """The run ends here."""


@dataclasses.dataclass
class World:
    """The service, the store of the user and the clock; ``deaths`` are the steps, counted from 1, that kill each run."""

    rules: RotationRules
    lifetime: float | None = 90 * DAY
    now: float = NOW
    tokens: list[Token] = dataclasses.field(default_factory=list)
    store: str = ""
    ids: t.Iterator[int] = dataclasses.field(default_factory=lambda: itertools.count(1))
    step: int = 0
    deadly: int = 0
    outages: int = 0

    def survive(self) -> None:
        """Count a step, and die after it if it is the deadly one. The consumer tries to log in each time."""
        self.step += 1
        self.now += 1
        if self.store and not any(token.id == self.store and token.is_live(self.now) for token in self.tokens):
            self.outages += 1
        if self.step == self.deadly:
            raise Killed

    def carry_out(self, plan: Plan) -> str | None:
        for step in plan.steps:
            self.tokens = tokens_after(self.tokens, [step], "ci")
            self.survive()
        if not plan.create:
            return None
        label = "ci" if self.rules.rotate == "never" else "ci" + PENDING
        expires = None if self.lifetime is None else self.now + self.lifetime
        new = Token(str(next(self.ids)), label, self.now, expires)
        self.tokens.append(new)
        self.survive()
        return new.id

    def run(self, deadly: int = 0) -> int:
        """Run a whole rotation, or a part of it: present, store, confirm. Return the number of steps."""
        self.step, self.deadly = 0, deadly
        rules = self.rules._replace(held=self.store)
        try:
            self.survive()  # after the list was read
            made = self.carry_out(plan_present(self.tokens, rules, self.now))
            if made:
                self.store = made
                self.survive()
                self.carry_out(plan_confirm(self.tokens, rules._replace(held=made), self.now))
        except Killed:
            pass
        return self.step


ROTATIONS = [
    RotationRules("ci", rotate="due", rotate_before=14 * DAY, overlap=overlap, prune_expired=prune)
    for overlap in (0, 7 * DAY)
    for prune in ("false", "true")
]


def started(rules: RotationRules, rotations: int) -> World:
    """Return a world in which a token is in use, after some rotations, and due for the next one."""
    world = World(rules)
    for _dummy in range(rotations):
        world.run()
        world.now += 77 * DAY
    return world


@pytest.mark.parametrize("rotations", [0, 1, 2, 3])
@pytest.mark.parametrize("rules", ROTATIONS, ids=str)
def test_killed_runs_cause_no_outage_and_leave_nothing(rules: RotationRules, rotations: int) -> None:
    steps = started(rules, rotations).run()
    assert steps >= 4
    ways = list(itertools.product(range(1, steps + 3), repeat=3))
    for deaths in ways:
        world = started(rules, rotations)
        for deadly in deaths:
            world.run(deadly)
        world.run()
        assert world.outages == 0, deaths
        live = [token for token in world.tokens if token.is_live(world.now) and token.label == "ci"]
        assert world.store == live[-1].id, deaths
        for _dummy in range(3):
            world.now += 7 * DAY
            world.run()
        assert [(token.id, token.label) for token in world.tokens] == [(world.store, "ci")], deaths
        assert world.outages == 0, deaths


def every_token(token_id: str, created: float) -> list[Token]:
    return [
        Token(token_id, label, created, expires, is_active)
        for label in LABELS
        for expires in (None, NOW - 1, NOW + DAY, NOW + 80 * DAY)
        for is_active in (True, False)
    ]


STATES = [
    list(tokens)
    for size in range(3)
    for tokens in itertools.product(*(every_token(str(one), NOW - (30 - 10 * one) * DAY) for one in range(size)))
]
ALL_RULES = [
    RotationRules("ci", rotate, 14 * DAY, None, 7 * DAY, held, active, prune)
    for rotate in ("never", "due", "always")
    for held in (None, "", "0", "1", "elsewhere")
    for active in (None, True, False)
    for prune in ("false", "true")
]


def test_in_every_state_a_plan_keeps_its_promises() -> None:
    checked = 0
    for tokens, rules in itertools.product(STATES, ALL_RULES):
        plan = plan_present(tokens, rules, NOW)
        after = tokens_after(tokens, plan.steps, "ci")
        check_promises(tokens, rules, plan, after)
        checked += 1
    assert checked == len(STATES) * len(ALL_RULES) == 54090


def check_promises(tokens: list[Token], rules: RotationRules, plan: Plan, after: list[Token]) -> None:
    left = {token.id: token for token in after}
    case = (tokens, rules, plan)
    for token in tokens:
        is_held = token.id == rules.held
        deactivated_by_a_person = not token.is_active and token.label == "ci"
        if rules.active is not False and is_held and token.is_live(NOW):
            assert left[token.id].is_live(NOW), case  # what the store holds stays usable
            assert not left[token.id].label.endswith(PENDING), case
        if deactivated_by_a_person and rules.active is not True:
            assert token.id not in left or not left[token.id].is_active, case
            assert token.id in left or token.is_expired(NOW), case
        if token.label.endswith(PENDING) and rules.held is not None and not is_held and rules.active is not False:
            assert token.id not in left, case  # nobody holds it
        is_replaced = any(
            one.created > token.created and one.is_live(NOW) and not one.label.endswith(PENDING) for one in after
        )
        if rules.held is None and token.is_live(NOW) and rules.active is not False and not is_replaced:
            assert left[token.id].is_live(NOW), case  # somebody may hold it
    if rules.active is False:
        assert plan.create is None, case
        assert not any(token.is_live(NOW) for token in after), case
    elif rules.rotate == "always":
        assert plan.create, case
    elif plan.create is None and (rules.rotate != "never" or rules.active):
        in_use = [token for token in after if token.is_live(NOW) and rules.held in (None, token.id)]
        assert in_use, case
    # A second run, after the first one was carried out, has the same opinion about what is left.
    again = plan_present(after, rules, NOW)
    assert again.steps == [], case
    assert bool(again.create) == bool(plan.create), case


def test_every_state_can_be_deleted() -> None:
    for tokens in STATES:
        plan = plan_absent(tokens, RotationRules("ci"), NOW)
        assert tokens_after(tokens, plan.steps, "ci") == []


def test_a_confirmation_concerns_a_token_that_exists() -> None:
    for tokens, held in itertools.product(STATES, ("0", "1")):
        plan = plan_confirm(tokens, RotationRules("ci", overlap=7 * DAY, held=held), NOW)
        assert (plan.token is None) == (held not in [token.id for token in tokens])
        assert plan.create is None
        assert [step for step in plan.steps if step.kind not in ("confirm", "delete", "retire")] == []


@pytest.mark.parametrize(
    ("token", "name", "is_ours"),
    [
        (Token("1", "ci", 0), "ci", True),
        (Token("1", "ci (pending)", 0), "ci", True),
        (Token("1", "ci (retired)", 0), "ci", True),
        (Token("1", "CI", 0), "ci", False),
        (Token("1", "ci2", 0), "ci", False),
        (Token("1", "ci (old)", 0), "ci", False),
        (Token("1", "ci", 0, is_manual=False), "ci", False),
    ],
)
def test_only_exact_labels_of_people_are_managed(token: Token, name: str, is_ours: bool) -> None:
    assert (managed([token], name) == [token]) is is_ours


@pytest.mark.parametrize(
    ("rules", "due"),
    [
        ({}, None),
        ({"rotate": "due"}, 76),
        ({"rotate": "due", "max_age": 30 * DAY}, 30),
        ({"rotate": "due", "max_age": 80 * DAY}, 76),
        ({"rotate": "due", "fixed_expiry": 90 * DAY}, None),
        ({"rotate": "due", "fixed_expiry": 91 * DAY}, 76),
    ],
)
def test_the_time_of_a_rotation(rules: dict[str, t.Any], due: float | None) -> None:
    token = Token("1", "ci", 0.0, 90 * DAY)
    moment = rotation_time(token, RotationRules("ci", rotate_before=14 * DAY)._replace(**rules))
    assert moment == (None if due is None else due * DAY)


def test_the_token_in_use_is_neither_retired_nor_pruned() -> None:
    own = Token("0", "ci", NOW - 90 * DAY, NOW - 1)
    rules = RotationRules("ci", overlap=DAY, prune_expired="all", own="0")
    assert plan_present([own, Token("1", "ci", NOW - 60 * DAY)], rules, NOW).steps == []
    assert plan_present([own, Token("1", "ci", NOW - 60 * DAY)], rules._replace(own=None), NOW).steps != []


def test_often_rotated_tokens_are_retired_after_their_own_successor() -> None:
    tokens = [Token(str(age), "ci", NOW - age * DAY) for age in (16, 9, 4, 1)]
    plan = plan_present(tokens, RotationRules("ci", overlap=4 * DAY), NOW)
    assert [(step.kind, step.token.id) for step in plan.steps] == [("delete", "16"), ("retire", "9")]


def test_the_previous_token_stays_as_long_as_no_successor_is_live() -> None:
    old = Token("old", "ci", NOW - 90 * DAY)
    for broken in (Token("new", "ci", NOW - 60 * DAY, is_active=False), Token("new", "ci", NOW - 60 * DAY, NOW - 1)):
        plan = plan_present([old, broken], RotationRules("ci", overlap=DAY), NOW)
        assert (plan.steps, plan.token, plan.create) == ([], old, None)


@pytest.mark.parametrize(
    ("token", "state"),
    [
        (Token("1", "ci", 0), "current"),
        (Token("1", "ci (pending)", 0), "pending"),
        (Token("1", "ci", 0, NOW), "expired"),
        (Token("1", "ci", 0, NOW, is_active=False), "deactivated"),
    ],
)
def test_a_token_has_one_state(token: Token, state: str) -> None:
    assert state_of(token, NOW) == state


def test_steps_that_free_room_come_before_a_creation() -> None:
    tokens = [
        Token("old", "ci", NOW - 200 * DAY),
        Token("now", "ci", NOW - 89 * DAY, NOW + DAY),
        Token("lost", "ci (pending)", NOW - 1),
    ]
    plan = plan_present(tokens, RotationRules("ci", "due", 14 * DAY, overlap=7 * DAY, held="now"), NOW)
    assert plan.steps == [
        TokenStep("delete", tokens[2], "nobody holds its secret"),
        TokenStep("delete", tokens[0], "it was replaced"),
    ]
    assert plan.create == "rotation is due"
