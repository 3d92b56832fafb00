# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the README, the guides and the plugin documentation works with -vvv and shows no secret.

Each page is one play against the emulator. Blocks that need another service are checked by ``--syntax-check`` only.
"""

from __future__ import annotations

import ast
import configparser
import dataclasses
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import hub_emulator
import pytest
import yaml
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    TOKEN_SPEC,
    longest_login,
    normalize_options,
)
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import SOURCES
from emulator.hub import CONTROL  # type: ignore[import-not-found]  # conftest.py makes it importable

ROOT = pathlib.Path(__file__).resolve().parents[3]
GUIDES = ROOT / "docs/docsite/rst"
HUB = "https://hub.docker.com"
SEED = hub_emulator.MFAUSER_TOTP_SECRET
PASSWORDS = {name: f"password-of-{name}" for name in ("myname", "jane", "john")}
VAULT = {
    "vault_dockerhub_pat": hub_emulator.MYBOT_PAT,
    "vault_dockerhub_oat": hub_emulator.MYORG_OAT,
    "vault_dockerhub_password": PASSWORDS["myname"],
    "vault_dockerhub_password_of_jane": PASSWORDS["jane"],
    "vault_dockerhub_password_of_john": PASSWORDS["john"],
    "vault_dockerhub_totp_secret": SEED,
}
ACCOUNTS = {
    **hub_emulator.ACCOUNTS,
    **{name: hub_emulator.Account(name, password=word, totp_secret=SEED) for name, word in PASSWORDS.items()},
}
# Pages that need what no personal access token may do. All other pages log in with one.
WITH_PASSWORD = {
    "dockerhub_access_token",
    "dockerhub_access_token_info",
    "dockerhub_api",
    "dockerhub_audit_log_info",
    "dockerhub_org_access_token",
    "dockerhub_org_info",
    "dockerhub_org_member",
    "dockerhub_org_settings",
    "dockerhub_repository",
    "dockerhub_team",
    "guide_access_tokens",
    "guide_migration",
    "guide_organizations",
    "guide_provisioning",
}
PASSWORD = hub_emulator.ACCOUNTS["mybot"].password
HOSTS = ("localhost", "bastion.example.com", "host1", "host2")

# Commands that are only parsed, by their first words, with the reason.
NOT_RUN = {
    "ansible-builder build": "needs a container engine",
    "ansible-galaxy collection install": "the collection is in place",
    "ansible-vault encrypt_string": "asks for a vault's password",
    "git clone": "needs GitHub",
    "make": "takes a test's own time; the continuous integration runs demo and test",
    "python3 -m pip install": "needs PyPI",
    "python3 -m venv": "the environment of the tests is in place",
    "python3 tests/integration/targets/setup_hub_emulator/files/hub_emulator.py": "the tests run it by themselves",
}
# The same for blocks with tasks of other collections.
FOREIGN = {
    "awx.awx": "needs AWX",
    "community.missing_collection": "is another collection",
}
# What the examples find: at the emulator, as variables of the inventory, and in the folder of the playbook.
OLD_TAGS = {"count": 20, "prefix": "main-", "pushed_ago": 100 * 86400, "step": 60}
SEEDS: list[tuple[str, dict[str, t.Any]]] = [
    ("repositories", {"namespace": "mybot", "repositories": ["app"]}),
    ("repositories", {"namespace": "myorg", "repositories": ["app", "app-base", "old-app"]}),
    *(
        ("tags", {"namespace": "myorg", "repository": name, **tags})
        for name in ("app", "app-base")
        for tags in (OLD_TAGS, {"tags": ["latest", "v1.0.0", "pr-42-1"]})
    ),
    ("tags", {"namespace": "myorg", "repository": "old-app", "tags": ["latest"]}),
    ("members", {"organization": "myorg", "members": ["alice", "bob", "carol", "dave"]}),
    (
        "teams",
        {"organization": "myorg", "teams": [{"name": "developers"}, {"name": "operations"}, {"name": "contractors"}]},
    ),
]
VARIABLES: dict[str, t.Any] = {
    "myorg_members": [{"user": "mybot", "role": "owner"}, {"user": "alice"}, {"user": "bob"}],
    "pull_request": 42,
    "rotate_access_token_new": {"id": "", "token": ""},
}
FILES = {"README.md": "# The application\n", "etc/ci/empty": "", "etc/ci/other.json": "{}\n"}
DIRECTIVES = {"code-block", "contents", "list-table", "raw"}


@dataclasses.dataclass
class Block:
    """A block of code in a page."""

    where: str
    language: str
    text: str

    def name(self) -> str | None:
        """Return the name of the file, if the first line of the block contains one."""
        found = re.match(r"# (\S+\.(?:yml|yaml|cfg|ini))\n", self.text)
        return found[1] if found else None


def guide(path: pathlib.Path) -> list[Block]:
    """Return the code blocks of a page in reStructuredText."""
    lines, blocks = path.read_text().splitlines(), []
    for number, line in enumerate(lines, 1):
        directive = re.match(r"\s*\.\. ([\w-]+)::\s*(.*)", line)
        assert directive or not re.search(r"::\s*$", line), f"{path.name}:{number}: no code-block"
        assert not directive or directive[1] in DIRECTIVES, f"{path.name}:{number}: {directive}"
        if directive and directive[1] == "code-block":
            blocks.append(Block(f"{path.name}:{number}", directive[2], indented(lines[number:])))
    return blocks


def indented(lines: list[str]) -> str:
    """Return the lines of a directive, without its options and its indentation."""
    body: list[str] = []
    margin = 0
    for line in lines:
        margin = margin or len(line) - len(line.lstrip())
        if line.strip() and line[:margin].strip():
            break
        body.append(line[margin:])
    return re.sub(r"\A(:\w+:.*\n)*\n*", "", "\n".join(body).rstrip() + "\n")


def readme(path: pathlib.Path) -> list[Block]:
    """Return the code blocks of a page in Markdown."""
    text = path.read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert text.count("```") == 2 * len(blocks)
    assert "~~~" not in text
    return [Block(f"{path.name}, block {number}", *block) for number, block in enumerate(blocks, 1)]


def module(path: pathlib.Path) -> list[Block]:
    """Return the examples of a module as one block."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
            return [Block(path.name, "yaml", ast.literal_eval(node.value))]
    raise AssertionError(f"{path} has no examples")


def lookup(path: pathlib.Path) -> list[Block]:
    """Return the examples of the lookup as one block each, because they are tasks and plays."""
    return [
        Block(f"{path.name}: {item['name']}", "yaml", yaml.safe_dump([item], sort_keys=False))
        for item in yaml.safe_load(yaml.safe_load(path.read_text())["EXAMPLES"])
    ]


PAGES: dict[str, t.Callable[[], list[Block]]] = {
    "README.md": lambda: readme(ROOT / "README.md"),
    "lookup": lambda: lookup(ROOT / "plugins/lookup/dockerhub_token.yml"),
    **{path.stem: functools.partial(module, path) for path in sorted((ROOT / "plugins/modules").glob("*.py"))},
    **{path.stem: functools.partial(guide, path) for path in sorted(GUIDES.glob("*.rst"))},
}


@pytest.fixture
def hub() -> t.Iterator[t.Any]:
    """The emulator, with the repositories, teams and tags that the examples use."""
    with hub_emulator.HubEmulator(accounts=ACCOUNTS) as running:
        for verb, fields in SEEDS:
            CONTROL["POST", verb](running, fields, "")
        yield running


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_work_and_show_no_secret(
    hub: t.Any, run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path, page: str
) -> None:
    output, plays = "", []
    code = f"{{{{ (lookup('ansible.builtin.url', '{hub.url}/_emulator/totp/jane') | from_json).code }}}}"
    environment = prepare(tmp_path, hub.url, code)
    environment["DOCKERHUB_PASSWORD"] = PASSWORD if page in WITH_PASSWORD else hub_emulator.MYBOT_PAT
    blocks = PAGES[page]()
    for block in blocks:
        text = block.text.replace(HUB, hub.url).replace(" /etc/", f" {tmp_path}/etc/")
        if block.name():
            (tmp_path / str(block.name())).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / str(block.name())).write_text(text)
        if block.language in ("yaml", "yaml+jinja"):
            plays += [] if foreign(text) else plays_of(block, text)
        elif block.language == "ini":
            check_ini(text)
        else:
            assert block.language in ("console", "text"), block
    if plays:
        played = run_playbook(plays, "-vvv", "-e", json.dumps({"six_digits": code}), env=environment)
        assert played.returncode == 0, played.output
        assert "ignored=0" in played.stdout
        output += played.output
    for block in blocks:
        if block.language == "console":
            output += run_console(block, hub.url, tmp_path, environment)
    created = [token.secret for token in hub.access_tokens.known.values()]
    secrets = {*VAULT.values(), PASSWORD, *created, *hub.bearers, *hub.authentication.pending}
    shown = [secret for secret in secrets if secret in output]
    assert not shown, output


def prepare(folder: pathlib.Path, url: str, code: str) -> dict[str, str]:
    """Write the files that the examples use, and return the environment without a secret."""
    hosts = {name: {"ansible_connection": "local", **VAULT, **VARIABLES, "six_digits": code} for name in HOSTS}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
        "ANSIBLE_INJECT_INVOCATION": "true",  # from ansible-core 2.21 on; before, -vvv shows arguments by itself
        "ANSIBLE_INVENTORY": str(folder / "inventory.json"),
        "ANSIBLE_ROLES_PATH": str(ROOT / "examples/provision/roles"),
        "DOCKERHUB_URL": url,
        "DOCKERHUB_USERNAME": "mybot",
    }


def test_the_examples_with_other_collections_have_valid_syntax(
    run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path
) -> None:
    plays = []
    for block in [block for page in PAGES.values() for block in page() if block.language.startswith("yaml")]:
        for name in foreign(block.text):
            namespace, collection, action = name.split(".")
            stub = tmp_path / f"ansible_collections/{namespace}/{collection}/plugins/modules/{action}.py"
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.touch()
        if foreign(block.text):
            plays += plays_of(block, block.text)
    prepare(tmp_path, HUB, "")
    played = run_playbook(plays, "--syntax-check", env={"ANSIBLE_COLLECTIONS_PATH": f"{ROOT.parents[2]}:{tmp_path}"})
    assert played.returncode == 0, played.output


def foreign(text: str) -> list[str]:
    """Return the names of the modules and lookups of other collections in a text."""
    return [name for start in FOREIGN for name in re.findall(rf"\b{re.escape(start)}\.\w+", text)]


def plays_of(block: Block, text: str) -> list[dict[str, t.Any]]:
    """Return the plays of a block, which contains plays, tasks, or variables of a named file."""
    # The test has no keyboard.
    data = yaml.safe_load(text.replace("typed.user_input", "six_digits"))
    if isinstance(data, dict):
        assert block.name(), f"{block.where}: which file is this?"
        return []
    if any("hosts" in item or "import_playbook" in item for item in data):
        return list(data)
    return [{"name": block.where, "hosts": "localhost", "gather_facts": False, "tasks": data}]


def check_ini(text: str) -> None:
    """Check that a section of ansible.cfg contains options of this collection, and no secrets."""
    parser = configparser.ConfigParser()
    parser.read_string(text)
    given = set(parser["dockerhub"])
    assert given <= {name for name in SOURCES if not TOKEN_SPEC[name].get("no_log")}
    assert given


def run_console(block: Block, url: str, folder: pathlib.Path, environment: dict[str, str]) -> str:
    """Run the commands of a console block, check the output that the block shows, and return all output."""
    commands = [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
    expected = [line for line in block.text.splitlines() if line.strip() and not line.startswith("$ ")]
    assert commands, block
    script = "\n".join(command for command in commands if not command.startswith(tuple(NOT_RUN)))
    subprocess.run(["bash", "-n"], input="\n".join(commands), check=True, text=True)
    assert script or not expected, f"{block.where}: this output is not checked"
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env={
            **os.environ,
            **environment,
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        input=f"{hub_emulator.MYBOT_PAT}\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    for line in expected:
        assert re.sub(r"\d+ s", "600 s", line) in re.sub(r"\d+ s", "600 s", output.replace(url, HUB)), output
    return output


def test_every_exception_is_still_used() -> None:
    text = "".join(block.text for page in PAGES.values() for block in page())
    assert [words for words in (*NOT_RUN, *FOREIGN) if words not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_code_has_at_most_96_columns(page: str) -> None:
    lines = [(block.where, line) for block in PAGES[page]() for line in block.text.splitlines()]
    assert [line for line in lines if len(line[1]) > 96] == []


def test_the_guide_for_newcomers_starts_the_emulator() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_start.rst").read_text()
    program, port = re.findall(r"\$ python3 (\S+/hub_emulator\.py) --port (\d+) &", guide)[0]
    assert (ROOT / program).is_file()
    assert f"DOCKERHUB_URL=http://127.0.0.1:{port}\n" in guide
    assert f"DOCKERHUB_USERNAME=mybot DOCKERHUB_PASSWORD={hub_emulator.MYBOT_PAT}\n" in guide


def test_the_readme_has_at_most_120_lines() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_the_readme_lists_every_module() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))


def test_the_guide_lists_all_sources_of_every_option() -> None:
    rows = re.findall(
        r"^   \* - ``(\w+)``\n     - ((?:\s*\| ``\w+``\n)+)", (GUIDES / "guide_token.rst").read_text(), re.M
    )
    others = {"HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}  # names that other programs read too
    listed = {name: [word for word in re.findall(r"\w+", cell) if word not in others] for name, cell in rows}
    assert listed == {name: [*variables, *environment] for name, (variables, environment) in SOURCES.items()}


def test_the_guide_contains_the_longest_time_of_a_login() -> None:
    login = {"identifier": "mybot", "secret": "any password"}
    longest = [
        longest_login(normalize_options({**login, "auth_method": method})) for method in ("access_token", "login")
    ]
    assert "{:.0f} s and {:.0f} s".format(*longest) in " ".join((GUIDES / "guide_token.rst").read_text().split())
