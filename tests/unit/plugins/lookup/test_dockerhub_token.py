# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup, loaded as for a template."""

from __future__ import annotations

import sys
import typing as t

import hub_emulator
import pytest
import requests
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import TASK_ONLY
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import (
    LOGIN,
    LOGINS,
    MFAUSER,
    MYBOT,
    MYORG,
    PAT,
    REFUSALS,
    RESULT_FIELDS,
    SECOND_FACTOR,
    TASK,
    TOKEN,
    TOTP,
    account_of,
    early_in_a_half_minute,
    leaked,
)
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD, BAD_VALUES

try:
    from ansible.template import trust_as_template as as_template
except ImportError:  # before ansible-core 2.19, where any text is a template that is not marked unsafe
    as_template = str

Look = t.Callable[..., t.Any]


@pytest.fixture
def look(hub: t.Any) -> Look:
    """Use the lookup where these variables are set, against the emulator."""
    early_in_a_half_minute(hub)

    def look(*terms: t.Any, variables: dict[str, t.Any] | None = None, **options: t.Any) -> t.Any:
        variables = {"dockerhub_url": hub.url, **(variables or {})}
        loader = DataLoader()
        templar = Templar(loader=loader, variables=variables)
        plugin = lookup_loader.get(TASK, loader=loader, templar=templar)
        (result,) = plugin.run(list(terms), variables=variables, **options)
        return result

    return look


def failure(look: Look, *terms: t.Any, **given: t.Any) -> str:
    with pytest.raises(AnsibleLookupError) as caught:
        look(*terms, **given)
    # Since ansible-core 2.19 the context is shown, headers included.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize("kind", LOGINS)
def test_every_kind_of_login_returns_its_token(look: Look, kind: str) -> None:
    given, source, path = LOGINS[kind]
    result = look(**given, return_format="dict")
    assert set(result) == RESULT_FIELDS
    assert (result["source"], result["endpoint"], result["otp_required"]) == (source, path, False)
    assert result["username"] == result["identifier"] == account_of(given)


def test_return_format_selects_the_token_or_the_whole_result(hub: t.Any, look: Look) -> None:
    token = look(**MYBOT)
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{hub.url}/v2/namespaces/mybot/repositories", headers=bearer, timeout=5).status_code == 200
    whole = look(**MYBOT, return_format="dict")
    assert (whole["access_token"], whole["cached"]) == (token, True)
    assert hub.logins() == 1


def test_a_typed_code_completes_a_login(hub: t.Any, look: Look) -> None:
    assert look(**MFAUSER, code=hub.totp("mfauser"), return_format="dict")["endpoint"] == SECOND_FACTOR


@pytest.mark.parametrize(
    ("terms", "given"), [(["mybot"], {"secret": PAT}), ([], {"username": "mybot", "password": PAT})]
)
def test_the_identifier_may_be_a_term_and_options_may_be_aliases(
    look: Look, terms: list[str], given: dict[str, str]
) -> None:
    assert look(*terms, **given, return_format="dict")["identifier"] == "mybot"


@pytest.mark.parametrize("secret", ["dockerhub_secret", "dockerhub_password"])
@pytest.mark.parametrize("identifier", ["dockerhub_identifier", "dockerhub_username"])
def test_variables_are_rendered(look: Look, identifier: str, secret: str) -> None:
    variables = {
        identifier: as_template("{{ who }}"),
        secret: as_template("{{ vault_pat | trim }}"),
        "who": as_template("{{ 'my' ~ 'bot' }}"),
        "vault_pat": f" {PAT}\n",
    }
    assert look(variables=variables, return_format="dict")["identifier"] == "mybot"


def test_a_totp_secret_may_be_a_variable(look: Look) -> None:
    variables = {
        "dockerhub_identifier": "mfauser",
        "dockerhub_secret": "mfa-password-1",
        "dockerhub_totp_secret": as_template("{{ seed }}"),
        "seed": TOTP["totp_secret"],
    }
    assert look(variables=variables, return_format="dict")["endpoint"] == SECOND_FACTOR


@pytest.mark.parametrize("secret", ["DOCKERHUB_PASSWORD", "DOCKERHUB_TOKEN"])
def test_the_environment_is_read(look: Look, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("DOCKERHUB_USERNAME", "mybot")
    monkeypatch.setenv(secret, PAT)
    assert look(return_format="dict")["identifier"] == "mybot"


def test_arguments_precede_variables_and_those_the_environment(
    hub: t.Any, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"USERNAME": "plainuser", "PASSWORD": "plain-password-1", "AUTH_METHOD": "login"}.items():
        monkeypatch.setenv(f"DOCKERHUB_{name}", value)
    variables = {"dockerhub_identifier": "myorg", "dockerhub_secret": MYORG["secret"]}
    assert look(return_format="dict")["identifier"] == "plainuser"
    assert look(variables=variables, auth_method="auto", return_format="dict")["identifier"] == "myorg"
    assert look("mybot", secret=PAT, variables=variables, return_format="dict")["identifier"] == "mybot"
    assert [asked.path for asked in hub.requests] == [LOGIN, TOKEN, LOGIN]


def test_an_empty_value_is_taken_from_the_next_source(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERHUB_USERNAME", "mybot")
    monkeypatch.setenv("DOCKERHUB_PASSWORD", "")
    monkeypatch.setenv("DOCKERHUB_TOKEN", PAT)
    variables = {"dockerhub_identifier": as_template("{{ '' }}"), "dockerhub_secret": "", "dockerhub_timeout": ""}
    assert look(secret="", variables=variables, return_format="dict")["identifier"] == "mybot"


def test_the_environment_and_unsafe_text_are_not_rendered(
    hub: t.Any, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = "{{ 6 * 7 }} is my password"
    hub.accounts["me"] = hub_emulator.Account("me", password=password)
    monkeypatch.setenv("DOCKERHUB_PASSWORD", password)
    assert look("me", return_format="dict")["username"] == "me"
    unsafe = {"dockerhub_secret": wrap_var(password)}
    assert look("me", variables=unsafe, cache=False, return_format="dict")["username"] == "me"
    assert [asked.body["secret"] for asked in hub.requests] == [password, password]


def test_a_loop_with_the_lookup_gets_the_token(look: Look) -> None:
    assert look("mybot", secret=PAT, wantlist=True) == look("mybot", secret=PAT)


def test_an_undefined_variable_is_named(look: Look) -> None:
    with pytest.raises(Exception, match="vault_pat"):
        look("mybot", variables={"dockerhub_secret": as_template("{{ vault_pat }}")})


@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_text_of_a_refusal_ends_with_its_code(look: Look, refusal: str) -> None:
    given, code, _status = REFUSALS[refusal]
    text = failure(look, **given)
    assert f"Docker Hub login of {given['identifier']} failed: " in text
    assert text.endswith(f" [{code}]")
    assert leaked(given, text) == []


@pytest.mark.parametrize("case", [*BAD, *BAD_VALUES])
def test_wrong_options_send_nothing(hub: t.Any, look: Look, case: str) -> None:
    given, words = {**BAD, **BAD_VALUES}[case]
    text = failure(look, **given)
    assert [word for word in words if word not in text] == []
    assert text.endswith(" [invalid_options]")
    assert leaked(given, text) == []
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("terms", "given", "words"),
    [
        ([0], {"secret": PAT}, "identifier must be text, but was read as a number; quote it"),
        ([False], {"secret": PAT}, "identifier must be text, but was read as a boolean; quote it"),
        ([], {}, "identifier is missing; give it as an option, as the variable dockerhub_identifier or"),
        (["mybot"], {}, "secret is missing; give it as an option, as the variable dockerhub_secret or"),
        (["mybot", "myorg"], MYBOT, "takes one term, the identifier; give the rest by name"),
        (
            [],
            {**MYBOT, "sekret": PAT},
            "sekret is not an option of the lookup; did you mean secret? the options are auth_method, ",
        ),
        ([], {**MYBOT, "return_fromat": "dict"}, ", return_format, "),
        ([], {**MYBOT, "return_format": "json"}, "return_format must be token or dict; leave it out"),
        (["mybot"], MYBOT, "the identifier is given twice; give it as the term or by name"),
        (["mybot"], {"username": "me", "secret": PAT}, "the identifier is given twice"),
        *(
            ([], {**MYBOT, name: "return"}, f"{name} is not an option of the lookup; only the task")
            for name in TASK_ONLY
        ),
    ],
)
def test_missing_and_misspelt_options_send_nothing(
    hub: t.Any, look: Look, terms: list[str], given: dict[str, str], words: str
) -> None:
    text = failure(look, *terms, **given)
    assert words in text
    assert PAT not in text
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("terms", "given"),
    [
        (["mybot"], {"identifier": "", "username": None}),
        (["mybot"], {"identifier": "__omit_place_holder__1", "return_format": "__omit_place_holder__1"}),
        ([""], {"identifier": "mybot"}),
    ],
)
def test_an_empty_identifier_counts_as_missing(look: Look, terms: list[str], given: dict[str, t.Any]) -> None:
    assert look(*terms, **given, secret=PAT)


def test_a_secret_is_not_sent_for_another_account(hub: t.Any, look: Look) -> None:
    text = failure(look, "plainuser", variables={"dockerhub_identifier": "mybot", "dockerhub_secret": PAT})
    assert "secret comes from the variable dockerhub_secret, which belongs to mybot" in text
    assert PAT not in text
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("library", "name", "given"),
    [("requests", "requests", MYBOT), ("jwt", "PyJWT", MYBOT), ("pyotp", "pyotp", {**MFAUSER, **TOTP})],
)
def test_a_missing_library_is_named(
    look: Look, monkeypatch: pytest.MonkeyPatch, library: str, name: str, given: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    text = failure(look, **given)
    assert f"required Python library ({name})" in text
    assert text.endswith(" [missing_library]")


def test_a_reused_token_needs_no_library(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    token = look(**MYBOT)
    for library in ("requests", "jwt", "pyotp"):
        monkeypatch.setitem(sys.modules, library, None)
    assert look(**MYBOT) == token


def test_warnings_are_shown(hub: t.Any, look: Look, capfd: pytest.CaptureFixture[str]) -> None:
    hub.pat_owner_only = False
    look("somebody", secret=PAT)
    assert "for somebody belongs to mybot" in " ".join(capfd.readouterr().err.split())
