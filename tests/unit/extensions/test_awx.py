# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The credential type and the survey do in AWX's own injector and job engine what the guide says, and no job shows a secret."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import typing as t

import hub_emulator
import pytest
import yaml
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import SOURCES

if sys.version_info < (3, 11):
    pytest.skip("AWX's injector is not made for this Python: it needs 3.11", allow_module_level=True)

ROOT = pathlib.Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/docsite/rst/guide_awx.rst").read_text()
CREDENTIAL_TYPE = yaml.safe_load((ROOT / "extensions/awx/credential_type.yml").read_text())
(QUESTION,) = yaml.safe_load((ROOT / "extensions/awx/survey.yml").read_text())["spec"]
FIELDS = {field["id"]: field for field in CREDENTIAL_TYPE["inputs"]["fields"]}
HIDDEN = "**********"
SECRETS = [
    *("not-my-secret", "mfa-password-1", hub_emulator.MFAUSER_TOTP_SECRET),
    *(hub_emulator.MYBOT_PAT, hub_emulator.MYORG_OAT),
]
MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}


def from_guide(name: str) -> str:
    """The code block of the guide that begins with a comment of this file's name."""
    found = re.search(rf"^ +# {re.escape(name)}\n(?:(?: +.*)?\n)+", GUIDE, re.MULTILINE)
    assert found, name
    return textwrap.dedent(found[0])


def inject(inputs: dict[str, str], folder: pathlib.Path) -> tuple[dict[str, str], dict[str, str]]:
    """What AWX gives a job with this credential: its environment, and the one that is stored and shown."""
    from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
    from awx_plugins.interfaces._temporary_private_credential_api import Credential
    from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

    parts = {name: CREDENTIAL_TYPE[name] for name in ("name", "kind", "inputs", "injectors")}
    managed = ManagedCredentialType(namespace="docker_hub", **parts)
    environment: dict[str, str] = {}
    shown: dict[str, str] = {}
    arguments: list[str] = []
    inject_credential(managed, Credential(inputs), environment, shown, arguments, str(folder))
    assert arguments == []
    return environment, shown


@dataclasses.dataclass
class Job:
    """A job that has ended, as AWX stores it."""

    status: str
    stored: str
    stdout: str

    def assert_tells_no_secret(self, hub: t.Any, *more: str) -> None:
        shown = [
            secret for secret in [*SECRETS, *hub.bearers, *hub.authentication.pending, *more] if secret in self.stored
        ]
        assert not shown, self.stdout


@pytest.fixture
def run_job(tmp_path: pathlib.Path, hub: t.Any) -> t.Callable[..., Job]:
    """``run_job(playbook, inputs, **variables)``: a job with a credential of these inputs, run by ansible-runner."""

    def run(playbook: str, inputs: dict[str, str], roles: str = "", **variables: t.Any) -> Job:
        environment, _shown = inject({**inputs, "hub_url": hub.url}, tmp_path)
        folder = tmp_path / "job"
        shutil.rmtree(folder, ignore_errors=True)
        files = {
            "env/cmdline": "-vvv",
            "env/envvars": json.dumps(environment),
            "env/extravars": json.dumps(variables),
            "inventory/hosts.json": json.dumps({"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}}),
            "project/job.yml": playbook.replace("https://hub.docker.com", hub.url),
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        if roles:
            shutil.copytree(ROOT / roles, folder / "project/roles")
        ran = subprocess.run(
            [sys.executable, "-m", "ansible_runner", "run", str(folder), "-p", "job.yml", "--ident", "1"],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
                "ANSIBLE_INJECT_INVOCATION": "true",  # a result holds its task's arguments, whatever the ansible-core
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        stored = folder / "artifacts/1"
        assert (stored / "status").exists(), ran.stdout + ran.stderr
        # The file `command` holds the job's environment by design; AWX stores its own, masked one.
        texts = [path.read_text() for path in stored.rglob("*") if path.is_file() and path.name != "command"]
        assert len(list((stored / "job_events").iterdir())) > 5
        status, stdout = (stored / "status").read_text(), (stored / "stdout").read_text()
        return Job(status, "\n".join([*texts, ran.stdout, ran.stderr]), stdout)

    return run


def test_the_credential_type_is_one_that_awx_takes() -> None:
    assert set(CREDENTIAL_TYPE) == {"name", "description", "kind", "inputs", "injectors"}
    assert CREDENTIAL_TYPE["kind"] in ("cloud", "net")
    assert set(CREDENTIAL_TYPE["inputs"]) == {"fields", "required"}
    assert set(CREDENTIAL_TYPE["inputs"]["required"]) < set(FIELDS)
    for field in FIELDS.values():
        assert {"id", "type", "label"} < set(field) <= {"id", "type", "label", "help_text", "secret"}
        assert field["type"] == "string"


def test_every_field_arrives_where_the_plugins_look_for_it(tmp_path: pathlib.Path) -> None:
    inputs = {name: f"the {name}" for name in FIELDS}
    environment, _shown = inject(inputs, tmp_path)
    found = {name: environment.get(SOURCES[name][1][0]) for name in FIELDS}
    assert found == inputs
    assert len(environment) == len(inputs)


def test_a_field_that_is_left_empty_makes_an_empty_variable(tmp_path: pathlib.Path) -> None:
    environment, _shown = inject(MYBOT, tmp_path)
    assert environment == {
        "DOCKERHUB_USERNAME": "mybot",
        "DOCKERHUB_PASSWORD": hub_emulator.MYBOT_PAT,
        "DOCKERHUB_TOTP_SECRET": "",
        "DOCKERHUB_URL": "",
    }


def test_job_details_show_asterisks_for_secrets(tmp_path: pathlib.Path) -> None:
    from awx_plugins.interfaces._temporary_private_inject_api import build_safe_env

    environment, shown = inject({name: f"the {name}" for name in FIELDS}, tmp_path)
    expected = {
        "DOCKERHUB_USERNAME": "the identifier",
        "DOCKERHUB_PASSWORD": HIDDEN,
        "DOCKERHUB_TOTP_SECRET": HIDDEN,
        "DOCKERHUB_URL": "the hub_url",
    }
    assert shown == expected  # since the fields are secret
    assert build_safe_env(environment) == expected  # by their names alone


def make_owner(hub: t.Any, name: str) -> None:
    """Let an account create repositories of myorg."""
    from emulator.hub import CONTROL

    CONTROL["POST", "members"](hub, {"organization": "myorg", "members": [{"name": name, "role": "owner"}]}, "")


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param({**MYBOT, "totp_secret": ""}, id="access token"),
        pytest.param({**MFAUSER, "totp_secret": hub_emulator.MFAUSER_TOTP_SECRET}, id="TOTP secret"),
    ],
)
def test_the_job_of_the_guide_works_and_is_stored_without_a_secret(
    hub: t.Any, run_job: t.Callable[..., Job], inputs: dict[str, str]
) -> None:
    make_owner(hub, "mfauser")
    job = run_job(from_guide("job.yml"), inputs)
    assert job.status == "successful", job.stdout
    assert "changed=1" in job.stdout
    job.assert_tells_no_secret(hub)
    assert len(hub.bearers) == 1


def test_a_job_with_a_code_that_somebody_types(hub: t.Any, run_job: t.Callable[..., Job]) -> None:
    assert QUESTION["type"] == "password"
    make_owner(hub, "mfauser")
    code = hub.totp("mfauser")
    job = run_job(from_guide("job.yml"), MFAUSER, **{QUESTION["variable"]: code})
    assert job.status == "successful", job.stdout
    job.assert_tells_no_secret(hub)
    # Six digits of a time or of a random name may happen to be the same.
    assert not re.search(rf"(?<![\w.-]){code}(?![\w-])", job.stored), job.stdout


def test_a_refused_login_can_be_read_and_shows_no_secret(hub: t.Any, run_job: t.Callable[..., Job]) -> None:
    job = run_job(from_guide("job.yml"), {"identifier": "mybot", "secret": "not-my-secret"})
    assert job.status == "failed"
    assert "check identifier and secret" in job.stdout
    job.assert_tells_no_secret(hub)


def test_a_refused_request_can_be_read_and_shows_no_token(hub: t.Any, run_job: t.Callable[..., Job]) -> None:
    hub.fail("/v2/namespaces/*", status=403, body={"message": "permission denied", "errinfo": None})
    job = run_job(from_guide("job.yml"), MYBOT)
    assert job.status == "failed"
    assert 'answered 403 \\"permission denied\\"; this operation requires' in job.stdout
    job.assert_tells_no_secret(hub)
    assert len(hub.bearers) == 1


def test_the_provisioning_example_is_a_job_that_shows_no_secret(hub: t.Any, run_job: t.Callable[..., Job]) -> None:
    # Facts of the controller hold its environment, and so the credential: the guide says how to gather others.
    facts = "gather_facts: true\n  gather_subset: ['!env']"
    assert "``gather_subset: ['!env']``" in GUIDE
    playbook = (ROOT / "examples/provision/provision.yml").read_text()
    wanted = [{"name": "app", "description": "The application", "private": True}]
    variables = {"hub_repositories_namespace": "myorg", "hub_repositories_wanted": wanted}
    roles = "examples/provision/roles"
    job = run_job(playbook.replace("gather_facts: false", facts), MYBOT, roles, **variables)
    assert job.status == "successful", job.stdout
    assert "ansible_distribution" in job.stored  # the fact cache has been looked at as well
    assert hub.repositories.find("myorg", "app").is_private
    job.assert_tells_no_secret(hub)


def test_the_execution_environment_of_the_guide_is_one(tmp_path: pathlib.Path) -> None:
    (tmp_path / "execution-environment.yml").write_text(from_guide("execution-environment.yml"))
    command = [sys.executable, "-m", "ansible_builder", "create", "-f", str(tmp_path / "execution-environment.yml")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    requirements = yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text())
    assert requirements == {"collections": [{"name": "hubops.dockerhub"}]}


def test_an_organization_as_code_is_a_job_that_shows_no_secret(
    hub: t.Any, run_job: t.Callable[..., Job], tmp_path: pathlib.Path
) -> None:
    from emulator.hub import CONTROL

    token = {"identifier": "myorg", "secret": hub_emulator.MYORG_OAT}
    file = tmp_path / "myorg.yml"
    for verb, rows in (
        ("members", ["alice", "bob"]),
        ("teams", [{"name": "dev", "members": ["alice", "bob"]}]),
        ("invitations", [{"invitee": "new@example.com"}]),
        ("repositories", [{"name": "app", "is_private": True, "permissions": {"dev": "write"}}]),
    ):
        CONTROL["POST", verb](hub, {"organization": "myorg", "namespace": "myorg", verb: rows}, "")

    def run(playbook: str, words: str, **variables: t.Any) -> None:
        job = run_job(playbook, token, **variables)
        assert words in job.stdout, job.stdout
        job.assert_tells_no_secret(hub)

    run("- import_playbook: hubops.dockerhub.export", "Written:", organization="myorg", file=str(file))
    apply = "- import_playbook: hubops.dockerhub.organization"
    wanted = yaml.safe_load(file.read_text())
    run(apply, "changed=0 ", **wanted)
    alice = next(person for person in wanted["organization_members"] if person.get("user") == "alice")
    alice["state"] = "absent"
    run(apply, "changed=1 ", **wanted)
    organization = hub.organizations.known["myorg"]
    assert ("alice" in organization.roles, list(organization.teams["dev"].members)) == (False, ["bob"])
    alice.update(user="alcie", state="present")
    check = "- hosts: localhost\n  gather_facts: false\n  check_mode: true\n  roles: [hubops.dockerhub.organization]"
    run(check, "Docker Hub does not accept these names: alcie", **wanted)
    assert list(organization.roles) == ["mybot", "orgmember", "bob"]
