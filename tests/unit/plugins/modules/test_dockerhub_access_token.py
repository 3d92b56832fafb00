# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens are created, compared, rotated and revoked: what personal and organization tokens have in common."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.token_tasks import (
    DAY,
    OATS,
    PATS,
    Operator,
    login_of,
    run_task,
    seeded,
)

ROTATING = {"rotate": "due", "expires_in": "90d"}


@pytest.fixture(params=["pat", "oat"])
def operator(hub: t.Any, request: pytest.FixtureRequest) -> Operator:
    return Operator(hub, request.param)


@pytest.fixture
def path(operator: Operator) -> str:
    return {"pat": PATS, "oat": OATS}[operator.kind]


# Creation


def test_a_token_is_created_once(operator: Operator) -> None:
    first = operator.run(expires_in="90d")
    assert (first["changed"], first["state"], first["label"]) == (True, "current", "ci")
    assert operator.logs_in(first["token"])
    second = operator.run(expires_in="90d")
    assert (second["changed"], second["token"], second["id"]) == (False, None, first["id"])
    assert second["last_used"] is not None
    assert second["expires_at"]
    assert second["expires_at"] == first["expires_at"]
    assert second["next_rotation_at"] is None  # rotate is never
    assert len(operator.tokens()) == 1


def test_check_mode_reports_a_creation(operator: Operator) -> None:
    result = operator.check(expires_in="90d", rotate="due")
    assert (result["changed"], result["id"], result["state"]) == (True, None, "pending")
    assert result["diff"]["before"] == "tokens: []\n"
    assert '"label": "ci (pending)", "state": "pending"' in result["diff"]["after"]
    assert result["reason"] == "no token is in use"


@pytest.mark.parametrize("setting", ["absent", "null", "empty"])
def test_a_token_may_never_expire(operator: Operator, hub: t.Any, setting: str) -> None:
    hub.no_expiry = setting
    assert operator.run()["expires_at"] is None
    again = operator.run(rotate="due")
    assert (again["changed"], again["expires_at"], again["next_rotation_at"]) == (False, None, None)


def test_an_expiry_can_be_a_time(operator: Operator) -> None:
    assert operator.run(expires_at="2099-12-31")["expires_at"].startswith("2099-12-31T00:00:00")
    assert operator.run(expires_at="2099-12-31 00:00:00+00:00")["changed"] is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": ""}, "name must have 1 to 90"),
        ({"name": "x" * 91}, "name must have 1 to 90"),
        ({"name": "ci (pending)"}, "must not end with"),
        ({"name": "ci (retired)"}, "must not end with"),
        ({"expires_in": "90"}, "expires_in is not a span"),
        ({"expires_in": "0d"}, "expires_in must be longer"),
        ({"max_age": "0d"}, "max_age must be longer"),
        ({"overlap": "soon"}, "overlap is not a span"),
        ({"expires_at": "tomorrow"}, "expires_at is not a time"),
        ({"expires_at": "2020-01-01"}, "expires_at has passed"),
        ({"expires_in": "7d", "rotate": "due"}, "rotate_before .14d. is not shorter"),
        ({"confirm": True}, "confirm requires held_id"),
        ({"confirm": True, "held_id": ""}, "confirm requires held_id"),
        ({"confirm": True, "held_id": "x", "state": "absent"}, "confirm requires held_id"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_changed(
    operator: Operator, options: dict[str, t.Any], words: str
) -> None:
    for check_mode in (False, True):
        with pytest.raises(errors.InvalidOptions, match=words):
            operator.run(check_mode=check_mode, **options)
    assert set(operator.sent()) <= {"GET"}


# Rotation


def test_a_rotation_has_two_phases(operator: Operator, hub: t.Any) -> None:
    operator.options.update(ROTATING)
    first = operator.run(held_id="")
    assert operator.labels() == ["ci (pending)"]
    assert (operator.run(held_id=first["id"], confirm=True)["state"], operator.labels()) == ("current", ["ci"])
    hub.clock_offset += 75 * DAY
    assert operator.run(held_id=first["id"])["changed"] is False
    hub.clock_offset += 1.1 * DAY
    second = operator.run(held_id=first["id"])
    assert (second["reason"], operator.labels()) == ("rotation is due", ["ci", "ci (pending)"])
    assert operator.logs_in(first["token"])
    assert operator.logs_in(second["token"])
    operator.run(held_id=second["id"], confirm=True)
    assert operator.labels() == ["ci", "ci"]
    hub.clock_offset += 7 * DAY
    retired = operator.run(held_id=second["id"])["retired"]
    assert [(row["id"], row["action"]) for row in retired] == [(first["id"], "deactivated")]
    assert operator.labels() == ["-ci (retired)", "ci"]
    assert not operator.logs_in(first["token"])
    hub.clock_offset += 7 * DAY
    assert operator.run(held_id=second["id"])["retired"][0]["action"] == "deleted"
    assert operator.labels() == ["ci"]
    assert operator.run(held_id=second["id"])["changed"] is False


def test_a_stored_pending_token_is_confirmed_without_being_asked(operator: Operator) -> None:
    first = operator.run(held_id="", **ROTATING)
    again = operator.run(held_id=first["id"], **ROTATING)
    assert (again["changed"], again["token"], again["state"]) == (True, None, "current")
    assert operator.labels() == ["ci"]


def test_a_pending_token_that_nobody_stored_is_replaced(operator: Operator) -> None:
    lost = operator.run(held_id="", **ROTATING)
    second = operator.run(held_id="", **ROTATING)
    assert [(row["id"], row["reason"]) for row in second["retired"]] == [(lost["id"], "nobody holds its secret")]
    assert operator.labels() == ["ci (pending)"]
    assert operator.logs_in(second["token"])


def test_a_pending_token_stays_if_nobody_knows_what_is_stored(operator: Operator) -> None:
    first = operator.run(**ROTATING)
    again = operator.run(**ROTATING)
    assert (again["changed"], again["id"], again["state"]) == (False, first["id"], "pending")
    assert "waits for its confirmation" in operator.warnings[0]


def test_an_unknown_held_token_counts_as_none(operator: Operator) -> None:
    first = operator.run(**ROTATING)
    second = operator.run(held_id="somebody-else's", **ROTATING)
    assert second["token"] is not None
    assert operator.token(first["id"]) is None
    assert "proceeds as if the store held nothing" in operator.warnings[0]


def test_a_confirmation_needs_its_token(operator: Operator) -> None:
    with pytest.raises(errors.NotFound, match="nothing to confirm"):
        operator.run(held_id="gone", confirm=True)


def test_a_token_that_is_too_old_is_rotated(operator: Operator, hub: t.Any) -> None:
    operator.run(rotate="due", max_age="30d")
    hub.clock_offset += 31 * DAY
    assert operator.run(rotate="due", max_age="30d")["reason"] == "rotation is due"


def test_always_rotates_each_time(operator: Operator) -> None:
    first = operator.run(rotate="always", held_id="")
    second = operator.run(rotate="always", held_id=first["id"], overlap="0d")
    third = operator.run(rotate="always", held_id=second["id"], overlap="0d")
    assert len({first["token"], second["token"], third["token"]}) == 3
    assert operator.labels() == ["ci", "ci (pending)"]
    assert operator.token(first["id"]) is None


def test_a_rotation_takes_over_what_is_left_out(operator: Operator, hub: t.Any) -> None:
    if operator.kind == "oat":
        operator.run(description="of the CI", expires_in="30d", public_repositories=True)
        operator.options = {"name": "ci", "organization": "myorg"}
    else:
        operator.run(expires_in="30d")
        operator.options = {"name": "ci"}
    hub.clock_offset += 31 * DAY
    old, new = operator.tokens()[0], operator.run(prune_expired="true")
    (made,) = (token for token in operator.tokens() if token.uuid == new["id"])
    assert (made.scopes, made.description, made.resources) == (old.scopes, old.description, old.resources)
    assert made.expires_at - made.created_at == pytest.approx(30 * DAY, abs=3)
    assert "expired at" in operator.warnings[0]
    assert operator.labels() == ["ci", "ci"]  # the expired one was the model
    assert [row["reason"] for row in operator.run(prune_expired="true")["retired"]] == ["it has expired"]


def test_a_token_with_the_final_expiry_is_not_rotated(operator: Operator, hub: t.Any) -> None:
    end = hub_emulator.iso_time(hub.now() + 10 * DAY)[:19] + "Z"
    operator.run(expires_at=end, rotate="due")
    assert operator.run(expires_at=end, rotate="due")["changed"] is False
    assert "Write a later time" in operator.warnings[-1]


# What cannot be changed


@pytest.mark.parametrize(
    "wanted", [{"expires_in": "30d"}, {"expires_at": "2099-12-31"}, {"expires_in": ""}, {"expires_at": ""}]
)
def test_an_expiry_cannot_be_changed(operator: Operator, wanted: dict[str, str]) -> None:
    first = operator.run(expires_in="90d")
    for check_mode in (False, True):
        with pytest.raises(errors.CannotChange, match=r"it expires at .*on_mismatch: replace"):
            operator.run(check_mode=check_mode, **wanted)
    second = operator.run(on_mismatch="replace", **wanted)
    assert second["reason"] == "on_mismatch is replace"
    assert operator.logs_in(first["token"])
    assert operator.run(on_mismatch="replace", **wanted)["changed"] is False


def test_a_token_without_expiry_differs_from_one_with(operator: Operator) -> None:
    operator.run()
    with pytest.raises(errors.CannotChange, match="it never expires"):
        operator.run(expires_in="90d")


def test_a_longer_life_waits_for_the_next_rotation(operator: Operator) -> None:
    operator.run(expires_in="90d")
    assert operator.run(expires_in="365d")["changed"] is False


# Deactivated, expired, revoked


@pytest.mark.parametrize("rotate", ["never", "due"])
def test_a_token_that_a_person_deactivated_stays_so(operator: Operator, rotate: str) -> None:
    operator.run(expires_in="90d")
    (token,) = operator.tokens()
    token.is_active = False
    result = operator.run(expires_in="90d", rotate=rotate)
    assert token.is_active is False
    assert "was deactivated, and stays so" in operator.warnings[0]
    if rotate == "never":
        assert (result["changed"], result["state"], result["token"]) == (False, "deactivated", None)
    else:
        assert (result["reason"], operator.labels()) == ("the token is deactivated", ["-ci", "ci (pending)"])


def test_a_deactivated_token_is_never_cleaned_up(operator: Operator, hub: t.Any) -> None:
    operator.run(expires_in="90d", rotate="due")
    operator.tokens()[0].label, operator.tokens()[0].is_active = "ci", False
    new = operator.run(expires_in="90d", rotate="due")
    hub.clock_offset += 30 * DAY
    operator.run(expires_in="90d", rotate="due", held_id=new["id"], overlap="1d")
    assert operator.labels() == ["-ci", "ci"]


def test_a_token_can_be_activated_again(operator: Operator) -> None:
    first = operator.run(active=True)
    operator.tokens()[0].is_active = False
    assert operator.check(active=True)["changed"] is True
    result = operator.run(active=True)
    assert (result["changed"], result["id"], result["state"]) == (True, first["id"], "current")
    assert operator.logs_in(first["token"])


def test_all_live_tokens_can_be_deactivated(operator: Operator, hub: t.Any) -> None:
    operator.run(rotate="always")
    operator.run(rotate="always")
    assert operator.check(active=False)["changed"] is True
    result = operator.run(active=False)
    assert (result["state"], len(result["retired"])) == ("deactivated", 2)
    assert operator.labels() == ["-ci (pending)", "-ci (pending)"]
    assert operator.run(active=False)["changed"] is False


def test_an_expired_token_is_noticed_and_replaced(operator: Operator, hub: t.Any) -> None:
    first = operator.run(expires_in="90d")
    hub.clock_offset += 91 * DAY
    assert not operator.logs_in(first["token"])
    second = operator.run(expires_in="90d", prune_expired="true")
    assert second["reason"] == "the token is expired"
    assert "expired at" in operator.warnings[0]
    assert operator.logs_in(second["token"])


def test_all_tokens_of_a_name_can_be_deleted(operator: Operator) -> None:
    other = operator.run(name="other")
    operator.run(rotate="always")
    operator.run(rotate="always")
    assert operator.check(state="absent")["changed"] is True
    result = operator.run(state="absent")
    assert (result["changed"], result["state"], result["id"]) == (True, "absent", None)
    assert [token.uuid for token in operator.tokens()] == [other["id"]]
    assert operator.run(state="absent")["changed"] is False


@pytest.mark.parametrize(("prune", "left"), [("false", 3), ("true", 2), ("all", 1)])
def test_expired_tokens_are_pruned_as_asked(operator: Operator, hub: t.Any, prune: str, left: int) -> None:
    operator.run()
    for label in ("ci", "other"):
        past = {"created_at": hub.now() - 9 * DAY, "expires_at": hub.now() - DAY}
        hub.access_tokens.add(seeded(operator.kind, f"old-{label}", label=label, **past))
    assert operator.check(prune_expired=prune)["changed"] is (left < 3)
    operator.run(prune_expired=prune)
    assert len(operator.tokens()) == left


# Limits and lost answers


@pytest.mark.parametrize("status", [400, 403, 409, 422])
@pytest.mark.parametrize(("limit", "text"), [(10, "bad request"), (5, "maximum number of tokens reached")])
def test_a_full_list_is_reported_with_its_numbers(
    operator: Operator, hub: t.Any, status: int, limit: int, text: str
) -> None:
    hub.pat_limit = hub.oat_limit = limit
    hub.token_limit_status, hub.token_limit_text = status, text
    for number in range(limit - 1):
        expired = {"created_at": 1e9, "expires_at": 2e9 - 1e9 * (number < 4)}
        hub.access_tokens.add(seeded(operator.kind, f"old-{number}", label="old", **expired))
    count = {10: "10 of 10 ", 5: "5 "}[limit]
    with pytest.raises(
        errors.NoFreeSlot, match=rf"^{count}.*access tokens.* exist, 4 of them expired.*prune_expired: all"
    ):
        operator.run()
    assert len(operator.tokens()) == limit - 1
    assert operator.run(prune_expired="all")["token"] is not None


def test_check_mode_warns_of_a_full_list(operator: Operator, hub: t.Any) -> None:
    for number in range(9):
        hub.access_tokens.add(seeded(operator.kind, f"old-{number}", label="old"))
    operator.check()
    assert "10 tokens exist" in operator.warnings[0]


def test_another_refusal_keeps_its_code(operator: Operator, hub: t.Any, path: str) -> None:
    hub.fail(path, status=None, respond=_refuse_creation)
    hub.faults.waiting[0].times = None
    with pytest.raises(errors.InvalidRequest, match="label is strange"):
        operator.run()


def _refuse_creation(request: t.Any) -> t.Any:
    if request.method != "POST":
        return None
    return hub_emulator.Reply(400, {"fields": {"label": ["is strange"]}, "text": "label is strange"})


@pytest.mark.parametrize("rotate", ["never", "due"])
@pytest.mark.parametrize("fault", [{"reset": True}, {"truncate": True}, {"status": 502, "happens": True}])
def test_a_lost_answer_leaves_no_orphan(
    operator: Operator, hub: t.Any, path: str, fault: dict[str, t.Any], rotate: str
) -> None:
    lose_answers(hub, path, 1, **fault)
    result = operator.run(rotate=rotate)
    assert [token.uuid for token in operator.tokens()] == [result["id"]]
    assert operator.logs_in(result["token"])


def test_two_lost_answers_are_an_error_without_orphan(operator: Operator, hub: t.Any, path: str) -> None:
    lose_answers(hub, path, 2, reset=True)
    with pytest.raises(errors.ConnectionFailed):
        operator.run()
    assert operator.tokens() == []


def lose_answers(
    hub: t.Any, path: str, times: int, *, status: int | None = None, happens: bool = False, **how: t.Any
) -> None:
    """Let the next creations take effect, and lose their answers."""
    left = [times]

    def respond(request: t.Any) -> t.Any:
        fault.reset = fault.truncate = False
        if request.method != "POST" or not left[0]:
            return None
        left[0] -= 1
        for name, value in how.items():
            setattr(fault, name, value)
        return hub_emulator.Reply(502, "<html>") if happens and hub.reply_to(request) else None

    fault = hub.fail(path, None, status=None, respond=respond)


# Who may do it


@pytest.mark.parametrize("options", [{}, {"state": "absent"}, {"active": False}, {"confirm": True, "held_id": "x"}])
def test_an_access_token_may_not_manage_tokens(operator: Operator, hub: t.Any, options: dict[str, t.Any]) -> None:
    for name, secret in (("mybot", hub_emulator.MYBOT_PAT), ("myorg", hub_emulator.MYORG_OAT)):
        login = login_of(hub, secret, name)
        with pytest.raises(errors.NeedsPasswordLogin) as caught:
            run_task(operator.spec, operator.function, {**operator.options, **options}, login)
        assert "give totp_secret too" in str(caught.value)
        assert "use a bot account outside of it" in str(caught.value)


def test_what_was_done_before_a_creation_that_fails_is_reported(operator: Operator, hub: t.Any, path: str) -> None:
    for name, age in (("older", 9), ("old", 8)):
        times = {"created_at": hub.now() - age * DAY, "expires_at": hub.now() - DAY}
        hub.access_tokens.add(seeded(operator.kind, name, **times))

    def refuse(sent: t.Any) -> t.Any:
        return hub_emulator.Reply(403, {"message": "no"}) if sent.method == "POST" else None

    hub.fail(path, None, respond=refuse)
    with pytest.raises(errors.Forbidden) as caught:
        operator.run(expires_in="90d", prune_expired="true", on_mismatch="replace")
    assert caught.value.result["changed"] is True
    assert caught.value.result["retired"][0]["id"] == "older"


def test_a_confirmation_before_a_failure_retires_nothing(operator: Operator, hub: t.Any, path: str) -> None:
    first = operator.run(**ROTATING)
    second = operator.run(**{**ROTATING, "rotate": "always"}, held_id=first["id"])
    hub.clock_offset += 30 * DAY
    hub.fail(f"{path}/{first['id']}", None, status=500)
    with pytest.raises(errors.ServerError) as caught:
        operator.run(held_id=second["id"], confirm=True)
    assert caught.value.result == {"changed": True, "retired": []}


def test_what_was_done_before_a_failure_is_reported(operator: Operator, hub: t.Any, path: str) -> None:
    first, second = (operator.run(rotate="always", held_id=None) for _dummy in range(2))
    hub.fail(f"{path}/{second['id']}", None, status=500)
    with pytest.raises(errors.ServerError) as caught:
        operator.run(state="absent")
    assert caught.value.result["changed"] is True
    assert [row["id"] for row in caught.value.result["retired"]] == [first["id"]]


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_blanks_around_a_held_id_do_not_count(operator: Operator, blank: str) -> None:
    held = operator.run(rotate="due", expires_in="90d")["id"]
    assert operator.run(rotate="due", expires_in="90d", held_id=f"{held}{blank}")["state"] == "current"
    assert operator.run(rotate="due", expires_in="90d", held_id=blank)["token"]
