# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials from a configuration file of Docker, with real helper programs."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import time
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions, MissingLibrary
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import CONNECTION_SPEC
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _docker_config, _docker_entries
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._docker_config import docker_login
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import login_options
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import raw_options

HUB = "https://index.docker.io/v1/"
SECRET = "dckr_pat_secret-in-the-file"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def auth(username: str = "mybot", secret: str = SECRET) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{secret}".encode()).decode()}


class Docker:
    """A folder with a configuration file, and a folder on PATH with helpers."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.bin = folder / "docker", folder / "bin"
        for path in (self.folder, self.bin):
            path.mkdir()
        self.file = self.folder / "config.json"
        self.log = folder / "asked"
        self.warnings: list[str] = []

    def write(self, content: t.Any, mode: int = 0o600) -> None:
        self.file.write_text(content if isinstance(content, str) else json.dumps(content))
        self.file.chmod(mode)

    def helper(self, name: str, answer: str) -> None:
        """Make a helper that logs what it is asked, and then does what ``answer``, a script for sh, means."""
        program = self.bin / f"docker-credential-{name}"
        program.write_text(f'#!/bin/sh\nread -r server\necho "{name} $1 $server" >> "{self.log}"\n{answer}\n')
        program.chmod(0o755)

    def helper_with(self, name: str, username: str = "mybot", secret: str = SECRET) -> None:
        answer = json.dumps({"ServerURL": HUB, "Username": username, "Secret": secret})
        self.helper(name, f"echo '{answer}'")

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def login(self, identifier: str | None = None, path: pathlib.Path | None = None) -> tuple[str, str]:
        return docker_login(str(path or self.file), identifier, self.warnings.append)

    def refused(self, **arguments: t.Any) -> str:
        with pytest.raises(InvalidOptions) as caught:
            self.login(**arguments)
        assert caught.value.hint
        assert "\n" not in str(caught.value)
        assert SECRET not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def docker(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    made = Docker(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:{os.environ['PATH']}")
    return made


@pytest.fixture
def docker_file(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Read the file in this process: starting another one for each would take most of the time of these tests."""
    monkeypatch.setattr(_docker_config, "_run", _docker_entries.read_entries)
    return docker


# The file


@pytest.mark.parametrize(
    "server",
    [HUB, "index.docker.io", "docker.io", "https://docker.io", "http://index.docker.io/v1/", "https://index.docker.io"],
)
def test_an_entry_for_docker_hub_is_used(docker_file: Docker, server: str) -> None:
    docker_file.write({"auths": {"ghcr.io": auth("other"), server: auth()}})
    assert docker_file.login() == ("mybot", SECRET)
    assert docker_file.warnings == []


@pytest.mark.parametrize(
    "server", ["ghcr.io", "hub.docker.com", "docker.io.example.com", "https://example.com/docker.io", "mydocker.io"]
)
def test_an_entry_for_another_registry_is_never_used(docker_file: Docker, server: str) -> None:
    docker_file.write({"auths": {server: auth()}})
    assert "contains no entry for Docker Hub" in docker_file.refused()


def test_a_folder_is_as_good_as_its_file(docker_file: Docker) -> None:
    docker_file.write({"auths": {HUB: auth()}})
    assert docker_file.login(path=docker_file.folder) == ("mybot", SECRET)


def test_only_an_entry_of_the_account_counts(docker_file: Docker) -> None:
    docker_file.write({"auths": {"docker.io": auth(), HUB: auth("someone")}})
    assert docker_file.login(" MyBot ") == ("mybot", SECRET)
    assert docker_file.login() == ("someone", SECRET)
    assert "contains no entry of plainuser for Docker Hub, but one of another account" in docker_file.refused(
        identifier="plainuser"
    )


def test_a_secret_may_contain_colons(docker_file: Docker) -> None:
    docker_file.write({"auths": {HUB: auth(secret="a:b:c-password")}})
    assert docker_file.login() == ("mybot", "a:b:c-password")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({HUB: {"identitytoken": SECRET}}, "contains an identity token"),
        ({HUB: auth(secret=JWT)}, "contains the tokens of a login in a browser"),
        (
            {f"{HUB}access-token": auth(secret=JWT), f"{HUB}refresh-token": auth()},
            "contains the tokens of a login in a browser",
        ),
        ({HUB: {}}, "contains no entry for Docker Hub"),
        ({HUB: auth(secret="")}, "contains no entry for Docker Hub"),
        ({}, "contains no entry for Docker Hub"),
    ],
)
def test_what_cannot_log_in_is_explained(docker_file: Docker, entries: dict[str, t.Any], words: str) -> None:
    docker_file.write({"auths": entries})
    assert f"{docker_file.file} {words}" in docker_file.refused()


def test_a_login_in_a_browser_leaves_a_token_that_works(docker_file: Docker) -> None:
    entries = {f"{HUB}access-token": auth(secret=JWT), f"{HUB}refresh-token": auth(secret=JWT), HUB: auth()}
    docker_file.write({"auths": entries})
    assert docker_file.login() == ("mybot", SECRET)


@pytest.mark.parametrize(
    "content",
    [
        "not JSON",
        "[]",
        '{"auths": []}',
        '{"auths": {"docker.io": {"auth": "%"}}}',
        '{"auths": {"docker.io": "x"}}',
        "\x00",
    ],
)
def test_a_damaged_file_is_explained(docker_file: Docker, content: str) -> None:
    docker_file.write(content)
    assert any(
        words in docker_file.refused() for words in ("is not a configuration file of Docker", "no entry for Docker Hub")
    )


def test_a_file_that_is_not_json_is_no_configuration(docker_file: Docker) -> None:
    docker_file.write("{")
    assert "is not a configuration file of Docker" in docker_file.refused()


def test_a_file_that_does_not_exist_is_explained(docker: Docker) -> None:
    assert "config.json cannot be read (No such file or directory)" in docker.refused()
    assert "config.json cannot be read (No such file or directory)" in docker.refused(path=docker.folder)


@pytest.mark.parametrize("content", ['{"auths": {"docker.io": {"auth": "bXlib3Q6"}}}', "bXlib3Q6" * 600, "bXlib3Q6/+="])
def test_the_content_of_a_file_is_refused_and_not_shown(docker: Docker, content: str) -> None:
    refused = docker.refused(path=content)
    assert "docker_config: there is no such file; give the path of the file, not its content" in refused
    assert "bXlib3Q6" not in refused


def test_a_pipe_is_not_opened(docker: Docker) -> None:
    os.mkfifo(docker.file)
    assert "cannot be read (it is not a file)" in docker.refused()


@pytest.mark.parametrize(("mode", "is_warned"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)])
def test_a_file_that_others_can_read_causes_a_warning(docker_file: Docker, mode: int, is_warned: bool) -> None:
    docker_file.write({"auths": {HUB: auth()}}, mode)
    for _repetition in range(2):
        docker_file.login()
    assert len(docker_file.warnings) == is_warned
    assert all(f"chmod 600 {docker_file.file}" in warning for warning in docker_file.warnings)


def test_a_missing_library_is_named(docker: Docker, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker.py").write_text("raise ImportError('no such library')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    docker.write({"auths": {HUB: auth()}})
    with pytest.raises(MissingLibrary) as caught:
        docker.login()
    assert "no such library" in str(caught.value)
    assert "-m pip install docker;" in str(caught.value)


# Helpers


def test_the_helper_for_all_registries_is_asked(docker: Docker) -> None:
    docker.helper_with("store")
    docker.write({"auths": {HUB: {}}, "credsStore": "store"})
    assert docker.login() == ("mybot", SECRET)
    assert docker.asked == [f"store get {HUB}"]


@pytest.mark.parametrize("server", [HUB, "docker.io", "index.docker.io"])
def test_the_helper_for_docker_hub_comes_first(docker_file: Docker, server: str) -> None:
    docker_file.helper_with("hub")
    docker_file.helper_with("store", "someone")
    docker_file.helper_with("other", "other")
    docker_file.write({"credsStore": "store", "credHelpers": {"ghcr.io": "other", server: "hub"}})
    assert docker_file.login() == ("mybot", SECRET)
    assert docker_file.asked == [f"hub get {HUB}"]


def test_a_helper_runs_once_in_a_run(docker: Docker) -> None:
    docker.helper_with("store")
    docker.write({"credsStore": "store"})
    for _repetition in range(3):
        assert docker.login("mybot") == ("mybot", SECRET)
    docker.refused(identifier="someone")
    assert len(docker.asked) == 1


def test_a_helper_that_fails_runs_once_in_a_run(docker_file: Docker) -> None:
    docker_file.helper("store", "exit 1")
    docker_file.write({"credsStore": "store"})
    assert docker_file.refused() == docker_file.refused()
    assert len(docker_file.asked) == 1


def test_a_new_login_with_docker_is_noticed(docker_file: Docker) -> None:
    docker_file.write({"auths": {}})
    docker_file.refused()
    docker_file.write({"auths": {HUB: auth()}})
    assert docker_file.login() == ("mybot", SECRET)


def test_the_file_is_used_if_the_helper_has_nothing(docker_file: Docker) -> None:
    docker_file.helper("store", "echo 'credentials not found in native keychain'; exit 1")
    docker_file.write({"auths": {HUB: auth()}, "credsStore": "store"})
    assert docker_file.login() == ("mybot", SECRET)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("echo NOISE; exit 1", "failed"),
        ("kill -9 $$", "failed"),
        ("echo NOISE", "returned something other than a credential"),
        ("echo '{}'", "returned something other than a credential"),
        ("echo '[]'", "returned something other than a credential"),
        ("""echo '{"Username": 1, "Secret": null}'""", "returned something other than a credential"),
        (r"printf '\377'", "returned something other than a credential"),
        (r"printf '\377'; exit 1", "returned something other than a credential"),
        ("", "returned something other than a credential"),
        ("""echo '{"Username": "", "Secret": ""}'""", "config.json contains no entry for Docker Hub"),
        ("""echo '{"Username": "<token>", "Secret": "x"}'""", "config.json contains an identity token"),
        ("echo 'credentials not found in native keychain'; exit 1", "config.json contains no entry for Docker Hub"),
    ],
)
def test_a_helper_without_a_credential_ends_in_a_sentence(
    docker_file: Docker, capfd: pytest.CaptureFixture[str], answer: str, words: str
) -> None:
    docker_file.helper("store", answer)
    docker_file.write({"credsStore": "store"})
    message = docker_file.refused()
    assert words in message
    assert "config.json" in message
    assert "NOISE" not in message
    assert capfd.readouterr() == ("", "")


def test_what_a_helper_prints_to_stderr_is_not_shown(docker: Docker, capfd: pytest.CaptureFixture[str]) -> None:
    docker.helper("store", f"""echo NOISE >&2; echo '{{"Username": "mybot", "Secret": "{SECRET}"}}'""")
    docker.write({"credsStore": "store"})
    assert docker.login() == ("mybot", SECRET)
    assert capfd.readouterr() == ("", "")


def test_a_missing_helper_is_named(docker: Docker) -> None:
    docker.write({"credsStore": "nowhere"})
    assert "docker-credential-nowhere" in docker.refused()
    assert "is not installed where Ansible runs" in docker.refused()


@pytest.mark.parametrize("answer", ["echo NOISE >&2; exit 1", "read -r line < /dev/tty && echo '{}' || exit 3"])
def test_a_helper_has_no_terminal_to_write_to_or_to_ask(
    docker: Docker, capfd: pytest.CaptureFixture[str], answer: str
) -> None:
    docker.helper("store", answer)
    docker.write({"credsStore": "store"})
    assert "failed" in docker.refused()
    assert capfd.readouterr() == ("", "")


def test_a_helper_that_hangs_is_ended(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_docker_config, "_LIMIT", 5.0)
    # The second process is in another session, so that it survives and keeps the pipe open.
    docker.helper("store", f"echo $$ > '{docker.log}.pid'; trap '' TERM; setsid sleep 20 & sleep 600")
    docker.write({"credsStore": "store"})
    assert "docker-credential-store of" in docker.refused()
    assert "did not answer within" in docker.refused()
    assert len(docker.asked) == 1
    helper = int(pathlib.Path(f"{docker.log}.pid").read_text())
    until = time.monotonic() + 10
    while is_alive(helper) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(helper)


def is_alive(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "XZ"
    except OSError:
        return False


def test_reading_takes_less_than_ten_seconds() -> None:
    assert _docker_config._LIMIT + 1 < 10


# Among the other sources


def options_of(variables: dict[str, t.Any] | None = None, **arguments: t.Any) -> dict[str, t.Any]:
    raw = raw_options(arguments, variables or {}, lambda value: value, task=True)
    return dict(login_options(raw, lambda text: None, lambda text: None, CONNECTION_SPEC))


def test_both_parts_of_the_credential_come_from_the_file(docker_file: Docker) -> None:
    docker_file.write({"auths": {HUB: auth()}})
    options = options_of(docker_config=str(docker_file.file))
    assert (options["identifier"], options["secret"]) == ("mybot", SECRET)


@pytest.mark.parametrize("source", ["argument", "variable", "environment", "home"])
def test_the_path_has_the_usual_sources(docker_file: Docker, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    docker_file.write({"auths": {HUB: auth()}})
    arguments, variables = {}, {}
    if source == "argument":
        arguments["docker_config"] = str(docker_file.folder)
    elif source == "variable":
        variables["dockerhub_docker_config"] = str(docker_file.folder)
    elif source == "environment":
        monkeypatch.setenv("DOCKERHUB_DOCKER_CONFIG", str(docker_file.folder))
    else:
        monkeypatch.setenv("HOME", str(docker_file.folder))
        arguments["docker_config"] = "~/config.json"
    assert options_of(variables, **arguments)["secret"] == SECRET


@pytest.mark.parametrize(
    "given", [{"identifier": "mybot", "secret": "another-secret"}, {"access_token": JWT}, {"secret": "another-secret"}]
)
def test_every_other_source_comes_first(docker: Docker, given: dict[str, str]) -> None:
    arguments = {"docker_config": str(docker.file), **given}  # a file that does not exist
    if "identifier" in given or "access_token" in given:
        assert given.items() <= options_of(**arguments).items()
    else:  # never one half from here, and the other from the file
        with pytest.raises(InvalidOptions, match="identifier is missing"):
            options_of(**arguments)


def test_without_the_option_nothing_is_read(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    docker.write({"auths": {HUB: auth()}})
    monkeypatch.setenv("DOCKER_CONFIG", str(docker.folder))
    monkeypatch.setenv("HOME", str(docker.folder.parent))
    docker.folder.rename(docker.folder.parent / ".docker")
    with pytest.raises(InvalidOptions, match="identifier is missing"):
        options_of()


def test_the_identifier_of_another_source_chooses_the_entry(
    docker_file: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_file.write({"auths": {HUB: auth()}})
    monkeypatch.setenv("DOCKERHUB_USERNAME", "someone")
    with pytest.raises(InvalidOptions, match="contains no entry of someone"):
        options_of(docker_config=str(docker_file.file))


def test_an_access_token_of_the_file_needs_no_second_factor(
    docker_file: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_file.write({"auths": {HUB: auth()}})
    monkeypatch.setenv("DOCKERHUB_TOTP_SECRET", "JBSWY3DPEHPK3PXP")
    assert options_of(docker_config=str(docker_file.file))["totp_secret"] is None


def test_a_password_of_the_file_keeps_its_second_factor(docker_file: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_file.write({"auths": {HUB: auth(secret="a-long-password")}})
    monkeypatch.setenv("DOCKERHUB_TOTP_SECRET", "JBSWY3DPEHPK3PXP")
    assert options_of(docker_config=str(docker_file.file))["totp_secret"]
