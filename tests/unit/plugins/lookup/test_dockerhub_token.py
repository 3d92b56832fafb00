# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup, as Ansible's plugin loader gives it to a template."""

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
from ansible_collections.hubops.dockerhub.tests.unit.plugins.bad_options import BAD, BAD_VALUES, leaks

try:
    from ansible.template import trust_as_template as as_template
except ImportError:  # before ansible-core 2.19, where any text is a template that is not marked unsafe
    as_template = str

TOKEN, LOGIN, SECOND_FACTOR = hub_emulator.AUTH_PATHS
SEED = hub_emulator.MFAUSER_TOTP_SECRET
PAT = hub_emulator.MYBOT_PAT
MYBOT = {"identifier": "mybot", "secret": PAT}
MYORG = {"identifier": "myorg", "secret": hub_emulator.MYORG_OAT}
PLAINUSER = {"identifier": "plainuser", "secret": "plain-password-1"}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
SSOUSER = {"identifier": "ssouser", "secret": "sso-password-1"}
KEYS = {
    *("access_token", "token_type", "issued_at", "expires_at", "expires_in", "identifier", "username", "scope"),
    *("source", "endpoint", "claims", "cached", "otp_required", "rate_limit"),
}

Look = t.Callable[..., t.Any]


@pytest.fixture
def look(hub: t.Any) -> Look:
    """``lookup('hubops.dockerhub.dockerhub_token', ...)`` where these variables are set, against the emulator."""
    hub.clock_offset = 10 - hub.now() % 30  # far from the end of a half minute, where a login waits for the next one

    def look(*terms: t.Any, variables: dict[str, t.Any] | None = None, **options: t.Any) -> t.Any:
        variables = {"dockerhub_url": hub.url, **(variables or {})}
        loader = DataLoader()
        templar = Templar(loader=loader, variables=variables)
        plugin = lookup_loader.get("hubops.dockerhub.dockerhub_token", loader=loader, templar=templar)
        (found,) = plugin.run(list(terms), variables=variables, **options)
        return found

    return look


def refused(look: Look, *terms: t.Any, **given: t.Any) -> str:
    with pytest.raises(AnsibleLookupError) as caught:
        look(*terms, **given)
    assert caught.value.__suppress_context__  # from ansible-core 2.19 on it is shown, headers and all
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "source", "path"),
    [
        (PLAINUSER, "password", TOKEN),
        (MYBOT, "pat", TOKEN),
        (MYORG, "oat", TOKEN),
        ({**SSOUSER, "secret": hub_emulator.SSOUSER_PAT}, "pat", TOKEN),
        ({**PLAINUSER, "auth_method": "login"}, "password", LOGIN),
        ({**MFAUSER, "totp_secret": SEED}, "password", SECOND_FACTOR),
    ],
)
def test_every_account_gets_its_token(look: Look, given: dict[str, str], source: str, path: str) -> None:
    result = look(**given, return_format="dict")
    assert set(result) == KEYS
    assert (result["source"], result["endpoint"], result["otp_required"]) == (source, path, False)
    assert result["username"] == result["identifier"] == given["identifier"]


def test_it_gives_the_token_alone_unless_asked_for_all(hub: t.Any, look: Look) -> None:
    token = look(**MYBOT)
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{hub.url}/v2/namespaces/mybot/repositories", headers=bearer, timeout=5).status_code == 200
    whole = look(**MYBOT, return_format="dict")
    assert (whole["access_token"], whole["cached"]) == (token, True)
    assert hub.logins() == 1


def test_a_code_may_be_typed(hub: t.Any, look: Look) -> None:
    assert look(**MFAUSER, code=hub.totp("mfauser"), return_format="dict")["endpoint"] == SECOND_FACTOR


@pytest.mark.parametrize(
    ("terms", "given"), [(["mybot"], {"secret": PAT}), ([], {"username": "mybot", "password": PAT})]
)
def test_the_identifier_may_be_a_term_and_options_go_by_their_aliases(
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
        "seed": SEED,
    }
    assert look(variables=variables, return_format="dict")["endpoint"] == SECOND_FACTOR


@pytest.mark.parametrize("secret", ["DOCKERHUB_PASSWORD", "DOCKERHUB_TOKEN"])
def test_the_environment_is_read(look: Look, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("DOCKERHUB_USERNAME", "mybot")
    monkeypatch.setenv(secret, PAT)
    assert look(return_format="dict")["identifier"] == "mybot"


def test_arguments_come_before_variables_and_those_before_the_environment(
    hub: t.Any, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"USERNAME": "plainuser", "PASSWORD": "plain-password-1", "AUTH_METHOD": "login"}.items():
        monkeypatch.setenv(f"DOCKERHUB_{name}", value)
    variables = {"dockerhub_identifier": "myorg", "dockerhub_secret": MYORG["secret"]}
    assert look(return_format="dict")["identifier"] == "plainuser"
    assert look(variables=variables, auth_method="auto", return_format="dict")["identifier"] == "myorg"
    assert look("mybot", secret=PAT, variables=variables, return_format="dict")["identifier"] == "mybot"
    assert [asked.path for asked in hub.requests] == [LOGIN, TOKEN, LOGIN]


def test_empty_values_leave_it_to_the_next_place(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERHUB_USERNAME", "mybot")
    monkeypatch.setenv("DOCKERHUB_PASSWORD", "")
    monkeypatch.setenv("DOCKERHUB_TOKEN", PAT)
    variables = {"dockerhub_identifier": as_template("{{ '' }}"), "dockerhub_secret": "", "dockerhub_timeout": ""}
    assert look(secret="", variables=variables, return_format="dict")["identifier"] == "mybot"


def test_text_from_outside_is_no_template(hub: t.Any, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    password = "{{ 6 * 7 }} is my password"
    hub.accounts["me"] = hub_emulator.Account("me", password=password)
    monkeypatch.setenv("DOCKERHUB_PASSWORD", password)
    assert look("me", return_format="dict")["username"] == "me"
    unsafe = {"dockerhub_secret": wrap_var(password)}
    assert look("me", variables=unsafe, cache=False, return_format="dict")["username"] == "me"
    assert [asked.body["secret"] for asked in hub.requests] == [password, password]


def test_a_variable_that_is_not_there_is_told_by_its_name(look: Look) -> None:
    with pytest.raises(Exception, match="vault_pat"):
        look("mybot", variables={"dockerhub_secret": as_template("{{ vault_pat }}")})


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({**PLAINUSER, "secret": "wrong-password"}, "bad_credentials"),
        ({**MYBOT, "secret": "dckr_pat_wrong"}, "bad_credentials"),
        ({**MYORG, "secret": "dckr_oat_wrong"}, "bad_credentials"),
        (MFAUSER, "bad_credentials"),
        ({**MFAUSER, "auth_method": "login"}, "otp_required"),
        ({**MFAUSER, "otp": "000000"}, "otp_invalid"),
        (SSOUSER, "sso_required"),
    ],
)
def test_a_refusal_ends_with_its_code(look: Look, given: dict[str, str], code: str) -> None:
    said = refused(look, **given)
    assert f"Docker Hub login of {given['identifier']} failed: " in said
    assert said.endswith(f" [{code}]")
    assert leaks(given, said) == []


@pytest.mark.parametrize("what", [*BAD, *BAD_VALUES])
def test_bad_options_send_nothing(hub: t.Any, look: Look, what: str) -> None:
    given, words = {**BAD, **BAD_VALUES}[what]
    said = refused(look, **given)
    assert [word for word in words if word not in said] == []
    assert said.endswith(" [invalid_options]")
    assert leaks(given, said) == []
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("terms", "given", "words"),
    [
        ([], {}, "identifier is missing; give it as an option, as the variable dockerhub_identifier or"),
        (["mybot"], {}, "secret is missing; give it as an option, as the variable dockerhub_secret or"),
        (["mybot", "myorg"], MYBOT, "takes one term, the identifier; give the rest by name"),
        ([], {**MYBOT, "sekret": PAT}, "sekret is not an option of the lookup; the options are auth_method, "),
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
    said = refused(look, *terms, **given)
    assert words in said
    assert PAT not in said
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("terms", "given"), [(["mybot"], {"identifier": "", "username": None}), ([""], {"identifier": "mybot"})]
)
def test_an_empty_name_is_none(look: Look, terms: list[str], given: dict[str, t.Any]) -> None:
    assert look(*terms, **given, secret=PAT)


def test_a_secret_is_not_sent_for_another_account(hub: t.Any, look: Look) -> None:
    said = refused(look, "plainuser", variables={"dockerhub_identifier": "mybot", "dockerhub_secret": PAT})
    assert "secret comes from the variable dockerhub_secret, which belongs to mybot" in said
    assert PAT not in said
    assert hub.count() == 0


@pytest.mark.parametrize(
    ("library", "name", "given"),
    [("requests", "requests", MYBOT), ("jwt", "PyJWT", MYBOT), ("pyotp", "pyotp", {**MFAUSER, "totp_secret": SEED})],
)
def test_a_missing_library_is_named(
    look: Look, monkeypatch: pytest.MonkeyPatch, library: str, name: str, given: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    said = refused(look, **given)
    assert f"required Python library ({name})" in said
    assert said.endswith(" [missing_library]")


def test_a_reused_token_needs_no_library(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    token = look(**MYBOT)
    for library in ("requests", "jwt", "pyotp"):
        monkeypatch.setitem(sys.modules, library, None)
    assert look(**MYBOT) == token


def test_warnings_are_shown(hub: t.Any, look: Look, capfd: pytest.CaptureFixture[str]) -> None:
    hub.pat_owner_only = False
    look("somebody", secret=PAT)
    assert "for somebody belongs to mybot" in " ".join(capfd.readouterr().err.split())
