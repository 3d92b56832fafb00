# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do after a failure."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils import _hints as hints
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import ENDPOINTS, Need
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError

# Their messages come with a hint from where they arise.
WITH_OWN_HINT = {"invalid_options", "missing_library", "module_failed"}
LOGIN_ONLY = {"bad_credentials", "sso_required", "otp_required", "otp_invalid"}
BOTH = Need("repo:admin", "scope-repository-edit")


def explained(error: HubError, missing: str = "", need: Need | None = None, kind: str = "password") -> HubError:
    return hints.explain(error, missing, need, kind)


def test_each_failure_of_a_login_has_a_hint() -> None:
    resource_only = {
        *("insufficient_scope", "needs_password_login", "needs_organization_token", "plan_required", "not_found"),
        *("conflict", "token_expired", "no_free_slot", "protected", "cannot_change", "too_many_removals"),
        "unexpected_status",
    }
    codes = {key.partition(":")[0] for key in hints.LOGIN_HINTS}
    assert codes == set(HubError.codes) - WITH_OWN_HINT - resource_only


@pytest.mark.parametrize("table", [hints.LOGIN_HINTS, hints.RESOURCE_HINTS])
def test_hints_are_clauses(table: dict[str, str]) -> None:
    assert [hint for hint in table.values() if not hint[0].islower() or hint.endswith(".")] == []


@pytest.mark.parametrize(
    "error",
    [
        errors.TokenExpired("m"),
        errors.PlanRequired("m"),
        errors.NotFound("m"),
        errors.Conflict("m"),
        errors.InvalidRequest("m"),
        errors.RateLimited("m"),
        errors.LockedOut("m"),
        errors.EdgeBlocked("m"),
        errors.ServerError("m"),
        errors.BadAnswer("m"),
        errors.TlsFailed("m"),
        errors.ConnectionFailed("m"),
        errors.TimedOut("m"),
        errors.Forbidden("m"),
        errors.InsufficientScope("m"),
        errors.NeedsPasswordLogin("m"),
        errors.NeedsOrganizationToken("m"),
    ],
    ids=lambda error: error.code,
)
@pytest.mark.parametrize("need", [None, BOTH, Need()], ids=["unknown", "both", "password"])
def test_each_failure_of_a_resource_has_a_hint(error: HubError, need: Need | None) -> None:
    fresh = type(error)("m")
    assert explained(fresh, need=need).hint
    assert str(explained(fresh, need=need)).startswith("m; ")


def test_a_hint_that_exists_stays() -> None:
    for kind in (errors.Forbidden, errors.RateLimited, errors.PlanRequired):
        assert explained(kind("m", hint="mine"), need=BOTH).hint == "mine"


def test_what_is_missing_is_named() -> None:
    error = explained(errors.NotFound("GET https://hub answered 404", http_status=404), "the team dev of myorg")
    assert (error.code, error.http_status) == ("not_found", 404)
    assert error.message == "the team dev of myorg does not exist, or is hidden from this account"


@pytest.mark.parametrize(
    ("need", "text"),
    [
        (
            BOTH,
            "a personal access token with repo:admin (Repo Read, Write, Delete), an organization access token with"
            " scope-repository-edit or a password login, of an account with the right role",
        ),
        (
            Need("repo:read"),
            "a personal access token with repo:read (Repo Read-only) or a password login, of an account with the right role",
        ),
        (
            Need(None, "scope-group-edit"),
            "an organization access token with scope-group-edit or a password login, of an account with the right role",
        ),
        (Need(), "a password login, of an account with the right role"),
    ],
    ids=["both", "pat", "oat", "password"],
)
def test_a_requirement_lists_every_way(need: Need, text: str) -> None:
    assert hints.requirement(need) == text
    for error in (errors.Forbidden("m"), errors.InsufficientScope("m"), errors.NeedsOrganizationToken("m")):
        assert explained(error, need=need, kind="pat").hint == f"this operation requires {text}"


@pytest.mark.parametrize(
    ("need", "kind", "offered"),
    [
        (Need(None, "scope-group-edit"), "pat", True),
        (Need(None, "scope-group-edit"), "oat", False),
        (Need(), "pat", False),
    ],
)
def test_a_refused_access_token_gets_the_way_out(need: Need, kind: str, offered: bool) -> None:
    hint = str(explained(errors.NeedsPasswordLogin("m"), need=need, kind=kind).hint)
    assert hint.startswith("log in with the password of an account with the right role")
    assert ("use an organization access token with scope-group-edit" in hint) == offered


@pytest.mark.parametrize("name", ENDPOINTS)
def test_each_endpoint_has_its_requirements_in_words(name: str) -> None:
    for need in ENDPOINTS[name].needs.values():
        text = hints.requirement(need)
        assert text.endswith("a password login, of an account with the right role")
        assert [part for part in (need.pat, need.oat) if part and part not in text] == []


@pytest.mark.parametrize(
    ("error", "options", "words"),
    [
        (errors.OtpInvalid("m"), {"otp": "123456", "secret": "s"}, "give a current code"),
        (errors.OtpInvalid("m"), {"otp": None, "secret": "s"}, "check that totp_secret belongs"),
        (errors.BadCredentials("m"), {"otp": None, "secret": "dckr_pat_x"}, "personal access token exists"),
        (errors.BadCredentials("m"), {"otp": None, "secret": "dckr_oat_x"}, "name of the organization"),
        (errors.BadCredentials("m"), {"otp": None, "secret": "s"}, "with a second factor give totp_secret"),
    ],
    ids=range(5),
)
def test_the_hint_of_a_login_follows_its_options(error: HubError, options: t.Any, words: str) -> None:
    assert words in str(hints.login_hint(error, options))
