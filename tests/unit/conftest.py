# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for all tests: a bare environment, an emulated Docker Hub, and a way to run plays against it."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import hypothesis
import pytest

try:
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.collection_loader import AnsibleCollectionConfig
except ImportError:  # the Python of a target, which has ansible.module_utils at most
    pass
else:
    if not AnsibleCollectionConfig.collection_finder:  # which ansible-test makes itself
        init_plugin_loader([str(pathlib.Path(__file__).resolve().parents[5])])

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNWANTED = re.compile(
    r"DOCKER.*|.*_proxy|NETRC|.*_CA_BUNDLE|SSL_CERT_.*|AWX_.*|ANSIBLE_(?!TEST_|WORKER_|CONTROLLER_).*", re.IGNORECASE
)


sys.path.insert(0, str(ROOT / "tests/integration/targets/setup_hub_emulator/files"))
hub_emulator: t.Any = importlib.import_module("hub_emulator")

# CI runs the same examples each time. `make fuzz` searches longer, at random.
EXAMPLES: dict[str, t.Any] = {"deadline": None, "database": None, "suppress_health_check": list(hypothesis.HealthCheck)}
hypothesis.settings.register_profile("ci", max_examples=150, derandomize=True, **EXAMPLES)
hypothesis.settings.register_profile("fuzz", max_examples=2000, **EXAMPLES)
hypothesis.settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "error")
    if config.getoption("dist", "no") == "load":  # with pytest-xdist, whose worker with all the plays would be the last
        config.option.dist = "worksteal"


@pytest.fixture(autouse=True, scope="session")
def libraries() -> None:
    """Load the client with its libraries, before a test takes one of them away."""
    importlib.import_module("ansible_collections.hubops.dockerhub.plugins.module_utils._client")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Remove proxies, .netrc, options in the environment and the tokens of other tests."""
    for name in filter(UNWANTED.fullmatch, list(os.environ)):
        monkeypatch.delenv(name)
    home, local_tmp = tmp_path / "home", tmp_path / "local_tmp"
    for folder in (home, local_tmp):
        folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("ANSIBLE_LOCAL_TEMP", str(local_tmp))
    if "ansible.constants" in sys.modules:
        monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", str(local_tmp))


@pytest.fixture
def hub() -> t.Iterator[t.Any]:
    with hub_emulator.HubEmulator() as running:
        yield running


@dataclasses.dataclass
class PlaybookRun:
    """How a playbook ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


@pytest.fixture
def ansible_command() -> t.Callable[[str], list[str]]:
    """Return the command of one of Ansible's programs: ``ansible_command("playbook")``, or adhoc, or doc."""
    if "ansible_forked" in os.environ.get("PYTEST_PLUGINS", ""):  # ansible-test's wrapper measures coverage
        return lambda name: ["ansible" if name == "adhoc" else f"ansible-{name}"]
    return lambda name: [sys.executable, "-m", "ansible", name]


@pytest.fixture
def run_playbook(tmp_path: pathlib.Path, ansible_command: t.Callable[[str], list[str]]) -> t.Callable[..., PlaybookRun]:
    """Run plays, given as text or as a list: ``run_playbook(plays, "-vvv", "-e", ..., env={...})``."""
    playbook, no_config = tmp_path / "playbook.yml", tmp_path / "empty.cfg"
    no_config.touch()

    def run(
        plays: t.Any, *arguments: str, env: dict[str, str] | None = None, stdin: str = "", timeout: float = 120
    ) -> PlaybookRun:
        playbook.write_text(plays if isinstance(plays, str) else json.dumps(plays))
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_CONFIG": str(no_config),
            "ANSIBLE_DEPRECATION_WARNINGS": "true",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            # Python warns of the way in which ansible-core forks.
            "PYTHONWARNINGS": "default,ignore:This process:DeprecationWarning",
            **(env or {}),
        }
        result = subprocess.run(
            [*ansible_command("playbook"), str(playbook), *arguments],
            env=environment,
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        finished = PlaybookRun(result.returncode, result.stdout, result.stderr)
        assert not re.search(r"\[DEPRECATION WARNING\]|DeprecationWarning:", finished.output), finished.output
        return finished

    return run
