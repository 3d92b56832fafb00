# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only personal, or only organization access tokens have: scopes, resources, the verification of a stored secret."""

from __future__ import annotations

import typing as t

import hub_emulator
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.tests.unit.plugins.modules.token_tasks import DAY, Operator, seeded

PULL = [{"name": "*", "scopes": ["image-pull"]}]


@pytest.fixture
def pat(hub: t.Any) -> Operator:
    return Operator(hub, "pat")


@pytest.fixture
def oat(hub: t.Any) -> Operator:
    return Operator(hub, "oat")


# Personal access tokens


def test_included_scopes_are_no_difference(pat: Operator) -> None:
    assert pat.run(scopes=["repo:read", "repo:write"])["scopes"] == ["repo:write"]
    for scopes in (["repo:write"], ["repo:write", "repo:public_read"]):
        assert pat.run(scopes=scopes)["changed"] is False


def test_scopes_of_a_personal_token_cannot_be_changed(pat: Operator) -> None:
    first = pat.run(scopes=["repo:write"])
    with pytest.raises(errors.CannotChange, match=r"its scopes are repo:write.*on_mismatch: replace"):
        pat.run(scopes=["repo:read"])
    second = pat.run(scopes=["repo:read"], on_mismatch="replace")
    assert pat.logs_in(first["token"])
    assert pat.token(second["id"]).scopes == ("repo:read",)


@pytest.mark.parametrize("scopes", [None, 7, [None], [{}], "repo:write"])
def test_scopes_of_any_form_are_read(pat: Operator, hub: t.Any, scopes: t.Any) -> None:
    row = {"uuid": "1", "token_label": "ci", "is_active": True, "generated_by": "manual", "scopes": scopes}
    hub.fail("/v2/access-tokens", status=200, body={"count": 1, "next": None, "results": [row]})
    assert pat.run(scopes=...)["scopes"] == (["repo:write"] if scopes == "repo:write" else [])


@pytest.mark.parametrize("scopes", [..., []])
def test_the_first_token_needs_scopes(pat: Operator, scopes: t.Any) -> None:
    with pytest.raises(errors.InvalidOptions, match="scopes is"):
        pat.run(scopes=scopes)


def test_a_token_of_docker_desktop_is_left_alone(pat: Operator, hub: t.Any) -> None:
    hub.access_tokens.add(seeded("pat", "desktop", generated_by="auto-generated", expires_at=hub.now() - DAY))
    pat.run(state="absent", prune_expired="all")
    assert pat.token("desktop")


def test_a_stored_secret_proves_which_token_is_held(pat: Operator) -> None:
    first = pat.run(rotate="due", held_secret="")
    again = pat.run(rotate="due", held_secret=first["token"])
    assert (again["id"], again["state"], pat.labels()) == (first["id"], "current", ["ci"])


def test_a_refused_stored_secret_counts_as_none(pat: Operator, hub: t.Any) -> None:
    first = pat.run(rotate="due")
    before = hub.logins()
    second = pat.run(rotate="due", held_secret="dckr_pat_a-secret-that-is-not-valid", held_id=first["id"])
    assert hub.logins() - before == 2  # the own one, and one with the stored secret
    assert pat.token(first["id"]) is None
    assert pat.logs_in(second["token"])
    assert "refuses the secret in held_secret" in pat.warnings[0]


@pytest.mark.parametrize("foreign", [False, True])
def test_a_secret_of_an_unknown_token_proves_nothing(pat: Operator, hub: t.Any, foreign: bool) -> None:
    first = pat.run(rotate="due")
    if foreign:
        hub.pat_owner_only = False
    else:
        hub.token_shape = "opaque"
    stored = hub_emulator.ORGMEMBER_PAT if foreign else first["token"]
    again = pat.run(rotate="due", held_secret=stored)
    assert (again["changed"], again["id"], again["state"]) == (False, first["id"], "pending")
    assert pat.run(rotate="due", held_secret=stored, held_id=first["id"])["state"] == "current"


@pytest.mark.parametrize("fault", ["lockout_429", "html_502"])
def test_a_stored_secret_that_cannot_be_verified_stops_the_task(pat: Operator, hub: t.Any, fault: str) -> None:
    first = pat.run(rotate="due")
    hub.fail("/v2/auth/token", None, status=None, respond=_failing_for(first["token"], fault))
    with pytest.raises(errors.HubError) as caught:
        pat.run(rotate="due", held_secret=first["token"])
    assert caught.value.code in ("locked_out", "server_error")
    assert first["token"] not in str(caught.value)
    assert pat.labels() == ["ci (pending)"]


def _failing_for(secret: str, fault: str) -> t.Callable[[t.Any], t.Any]:
    how = hub_emulator.FAULTS[fault]
    return lambda request: (
        hub_emulator.Reply(how["status"], how["body"]) if request.fields().get("secret") == secret else None
    )


def test_only_a_personal_token_is_verified(pat: Operator) -> None:
    with pytest.raises(errors.InvalidOptions, match="held_secret is not a personal access token"):
        pat.run(held_secret="mybot-password-1")


def test_the_token_in_use_is_protected(pat: Operator, hub: t.Any) -> None:
    hub.tokens_manage_tokens = True
    own = pat.run()
    for options in ({"state": "absent"}, {"active": False}):
        with pytest.raises(errors.Protected, match="logged in with the token ci"):
            pat.run(secret=own["token"], **options)
    other = pat.run(secret=own["token"], rotate="always", overlap="0d", held_id=own["id"])
    pat.run(secret=own["token"], rotate="due", overlap="0d", held_id=other["id"])
    assert pat.token(own["id"]).is_active
    pat.run(secret=other["token"], rotate="due", overlap="0d", held_id=other["id"])
    assert pat.token(own["id"]) is None


# Organization access tokens


def test_resources_and_description_are_changed_in_place(oat: Operator) -> None:
    first = oat.run(description="old", public_repositories=True, organization_scopes=["member-read"])
    wanted = {
        "description": "new",
        "repositories": [{"name": "app", "scopes": ["image-push"]}, {"name": "myorg/web", "scopes": ["tag-read"]}],
        "organization_scopes": ["scope-group-read", "invite-edit"],
    }
    checked = oat.check(**wanted)
    result = oat.run(**wanted)
    assert (result["changed"], result["token"], result["id"]) == (True, None, first["id"])
    assert checked["diff"] == result["diff"]
    assert 'description: "old"' in result["diff"]["before"]
    assert 'description: "new"' in result["diff"]["after"]
    token = oat.token(first["id"])
    assert (token.label, token.description) == ("ci", "new")
    assert {(each.type, each.path, each.scopes) for each in token.resources} == {
        ("TYPE_REPO", "myorg/app", ("scope-image-push",)),
        ("TYPE_REPO", "myorg/web", ("scope-tag-read",)),
        ("TYPE_REPO", "*/*/public", ("scope-image-pull",)),
        ("TYPE_ORG", "myorg", ("scope-group-read", "scope-invite-edit")),
    }
    assert oat.run(**wanted)["changed"] is False


@pytest.mark.parametrize(
    ("scopes", "changed"),
    [
        (["image-push"], False),
        (["scope-image-push"], False),
        (["image-pull", "image-push"], False),
        (["IMAGE-PUSH"], False),
        (["image-pull"], True),
        (["image-delete"], True),
    ],
)
def test_scopes_are_compared_by_what_they_allow(oat: Operator, scopes: list[str], changed: bool) -> None:
    oat.run(repositories=[{"name": "*", "scopes": ["image-push"]}])
    assert oat.run(repositories=[{"name": "*", "scopes": scopes}])["changed"] is changed


def test_what_is_left_out_stays_and_what_is_empty_goes(oat: Operator) -> None:
    first = oat.run(description="text", public_repositories=True, organization_scopes=["member-read"])
    assert oat.run(repositories=...)["changed"] is False
    cleared = oat.run(description="", repositories=[], organization_scopes=[])
    assert (cleared["description"], cleared["repositories"], cleared["organization_scopes"]) == ("", [], [])
    assert [each.path for each in oat.token(first["id"]).resources] == ["*/*/public"]
    oat.run(public_repositories=False, repositories=PULL)
    assert [each.path for each in oat.token(first["id"]).resources] == ["myorg/*"]


def test_a_renamed_label_keeps_description_and_resources(oat: Operator, hub: t.Any) -> None:
    options = {"description": "text", "rotate": "due", "expires_in": "90d", "overlap": "1d"}
    first = oat.run(held_id="", **options)
    before = oat.token(first["id"]).resources
    oat.run(held_id=first["id"], confirm=True)
    hub.clock_offset += 80 * DAY
    second = oat.run(held_id=first["id"], **options)
    oat.run(held_id=second["id"], confirm=True)
    hub.clock_offset += 1 * DAY
    oat.run(held_id=second["id"], **options)
    assert oat.labels() == ["-ci (retired)", "ci"]
    assert {(token.description, token.resources) for token in oat.tokens()} == {("text", before)}


@pytest.mark.parametrize("resources", [..., {}, "all", [None], ["x"]])
def test_a_token_never_loses_resources_that_were_not_read(oat: Operator, hub: t.Any, resources: t.Any) -> None:
    token = oat.run()
    body = {"id": token["id"], "label": "ci", "is_active": True, "created_at": token["created_at"]}
    hub.fail(
        f"/v2/orgs/myorg/access-tokens/{token['id']}",
        status=200,
        body={**body, **({} if resources is ... else {"resources": resources})},
    )
    with pytest.raises(errors.BadAnswer, match="does not contain its resources"):
        oat.run(description="new")
    assert "PATCH" not in oat.sent()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"description": "x" * 201}, "description has 201 characters"),
        ({"repositories": [{"name": f"r{n:02}", "scopes": ["image-pull"]} for n in range(51)]}, "more than 50 entries"),
        ({"repositories": [{"name": "a/b/c", "scopes": ["image-pull"]}]}, "neither repo nor organization/repo"),
        ({"repositories": [{"name": "/app", "scopes": ["image-pull"]}]}, "neither repo nor organization/repo"),
        ({"repositories": [{"name": "app/", "scopes": ["image-pull"]}]}, "neither repo nor organization/repo"),
        ({"repositories": [{"name": "app", "scopes": []}]}, "scopes of app is empty"),
        ({"repositories": [{"name": "app", "scopes": ["image-pull", " "]}]}, "contains an empty scope"),
        ({"organization_scopes": [""]}, "contains an empty scope"),
        ({"repositories": []}, "the token could do nothing"),
        ({"organization": ...}, "organization is missing"),
    ],
)
def test_wrong_options_of_an_organization_token(oat: Operator, options: dict[str, t.Any], words: str) -> None:
    for check_mode in (False, True):
        with pytest.raises(errors.InvalidOptions, match=words):
            oat.run(check_mode=check_mode, **options)
    assert oat.tokens() == []


def test_a_description_counts_in_characters(oat: Operator) -> None:
    assert oat.run(description="ä" * 200)["description"] == "ä" * 200


def test_only_an_owner_manages_tokens_of_an_organization(oat: Operator, hub: t.Any) -> None:
    hub.organizations.find(hub, "myorg").roles["mybot"] = "member"
    with pytest.raises(errors.Forbidden, match="permission denied"):
        oat.run()
    with pytest.raises(errors.NotFound, match="the organization nowhere"):
        oat.run(organization="nowhere")
