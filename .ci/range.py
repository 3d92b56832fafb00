# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`.ci/run`: `make test`, then sanity, unit and integration tests over the range, coverage, and checks of the whole."""

from __future__ import annotations

import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import typing as t

import lib

# By ansible-core: what pip is asked for, its Python, its stages.
CORES = {
    "2.16": ("ansible-core==2.16.13", "3.10", ("sanity", "units", "integration")),  # the oldest that is supported
    "2.19": ("ansible-core==2.19.*", "3.11", ("sanity", "units", "integration")),
    "2.21": ("ansible-core==2.21.*", "3.12", ("sanity", "units", "integration", "target")),
    "2.22": ("ansible-core>=2.22.0rc1,<2.23", "3.13", ("units", "integration")),
}
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
OLDEST, *BETWEEN, _NEWEST = CORES  # the provisioning example is run at the ends of the range, and by `make test`
COVERED = OLDEST  # measuring costs half as much again there, and as much again on Python 3.12
ALL_PYTHONS = "2.21"  # sanity with all of them takes twice as long, and finds the same in every version
# No version of ansible-core changes what these find; `make test` runs them.
ONCE = (
    "tests/unit/docs/",
    "tests/unit/emulator/",
    "tests/unit/plugins/action/test_renewal.py",
    "tests/unit/plugins/plugin_utils/test_token_store_processes.py",
)
TARGET = "3.9"  # the oldest Python that the module runs on, with the oldest libraries
OLD_LIBRARIES = ("requests==2.25.1", "PyJWT==2.0.0")
REFUSED = {"2.16.12": "3.10", "2.17.5": "3.10"}  # these show what an action wants hidden
TOOLS = "ansible-builder antsibull-changelog antsibull-docs coverage[toml] galaxy-importer reuse sphinx sphinx-ansible-theme"
STAGES = ["test", "sanity", "units", "target", "integration", "refusal", "checks", "coverage"]

results: list[tuple[str, bool]] = []
left_out: list[str] = []
lock, making = threading.Lock(), threading.Lock()


@functools.cache
def find_python(version: str) -> str | None:
    """A Python of this version that works: pyenv puts some on PATH that only tell where the real one is."""
    folders = [pathlib.Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    pyenvs = {folder.parent for folder in folders if folder.name == "shims"}
    folders += [folder for pyenv in pyenvs for folder in sorted(pyenv.glob(f"versions/{version}.*/bin"))]
    for folder in folders:
        python = folder / f"python{version}"
        about = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        if python.is_file():
            answer = subprocess.run([python, "-c", about], capture_output=True, text=True, check=False)
            if answer.stdout.strip() == version:
                return str(python)
    return None


def step(name: str, work: t.Callable[[], str | None]) -> None:
    """Do a piece of work, and count and tell how it went."""
    start = time.monotonic()
    try:
        said, passed = work(), True
    except Exception as err:
        said, passed = f"{type(err).__name__}: {err}", False
    with lock:
        results.append((name, passed))
        print(f"{'ok  ' if passed else 'FAIL'} {name} ({time.monotonic() - start:.0f} s)", flush=True)
        if said:
            print(said, flush=True)


def make_demo() -> str:
    said = lib.run(["make", "demo"], lib.ROOT, [])
    if re.search("eyJ|dckr_", said) or "login requests counted" not in said:
        raise lib.Failed(f"a secret, or no summary:\n{said}")
    return said.partition("TASK [Summary]")[2]


def make_test() -> str:
    summary = lib.run(["make", "test"], lib.ROOT, []).strip().splitlines()[-1]
    for core, (_pip, python, stages) in CORES.items():
        if core != COVERED and f"ansible-core {core}." in summary and f"Python {python}:" in summary:
            CORES[core] = (_pip, python, tuple(stage for stage in stages if stage not in ("units", "integration")))
            summary += f"\nThese were the units and integration of {core}."
    return summary


def test_core(core: str, stages: list[str]) -> None:
    """The stages of one ansible-core, one after the other, in a copy of the tree of its own."""
    wanted, version, _stages = CORES[core]
    where = lib.CACHE / f"core-{core}"
    on = f"on ansible-core {core}, Python {version}"

    def prepare() -> None:
        lib.tree(where)
        bin_ = lib.venv(f"core-{core}/venv", find_python(version) or "", wanted)
        shutil.rmtree(where / lib.COLLECTION / "tests/output/coverage", ignore_errors=True)
        requirements = next(bin_.parent.glob("lib/*/site-packages/ansible_test/_internal/python_requirements.py"))
        pip = re.findall(r"\bpip='([\d.]+)'", requirements.read_text())[0].replace(".", "_")
        cache = where / "home/.ansible/test/cache"  # not in the user's own home
        cache.mkdir(parents=True, exist_ok=True)
        shutil.copy(lib.ROOT / ".ci/get_pip.py", cache / f"get_pip_{pip}.py")

    def ansible_test(stage: str, *arguments: str, python: str = "", **env: str) -> None:
        found = filter(None, [python, *map(find_python, PYTHONS)])
        path = [where / "venv/bin", *(pathlib.Path(python).parent for python in found)]
        lib.run(["ansible-test", stage, "--color", "no", *arguments], where / lib.COLLECTION, path, **env)

    def tests(stage: str) -> None:
        arguments = [f"--exclude={path}" for path in ONCE if stage == "units"]
        if stage == "integration" and core in (COVERED, *BETWEEN):
            arguments.append("--exclude=provision")
        arguments += ["--coverage"] if core == COVERED else []
        arguments += ["--num-workers", lib.WORKERS] if stage == "units" else []
        ansible_test(stage, "--requirements", "--python", version, *arguments)
        if stage == "integration" and core == COVERED:  # not measured: it takes its time, and adds nothing
            ansible_test(stage, "--requirements", "--python", version, "provision")

    def sanity() -> None:
        ansible_test("sanity", *([] if core == ALL_PYTHONS else ["--python", version]), HOME=str(where / "home"))

    def target() -> None:
        oldest = lib.venv(f"python-{TARGET}", find_python(TARGET) or "", *OLD_LIBRARIES) / "python"
        ansible_test("units", "--requirements", "--python", TARGET, "--num-workers", lib.WORKERS, python=str(oldest))

    step(f"prepared {on}", prepare)
    for stage in stages:
        if stage == "sanity":
            step(f"sanity {on}", sanity)
        elif stage == "target":
            step(f"units of the module with Python {TARGET} {on}", target)
        else:
            step(f"{stage} {on}", functools.partial(tests, stage))


def refusal(core: str) -> None:
    bin_ = lib.venv(f"refused-{core}", find_python(REFUSED[core]) or "", f"ansible-core=={core}", "requirements.txt")
    lib.run(["ansible-playbook", ".ci/refusal.yml"], lib.ROOT, [bin_], ANSIBLE_COLLECTIONS_PATH=str(lib.CACHE))


def coverage() -> str:
    """Of units and integration tests together."""
    data = sorted(lib.CACHE.glob(f"core-{COVERED}/{lib.COLLECTION}/tests/output/coverage/*=coverage.*"))
    if not data:
        raise lib.Failed("nothing was measured: the stages units and integration come first")
    tool("coverage run --source=plugins -m this")  # a file that nothing ever loads counts as well
    tool("coverage combine --append --keep", *data)
    return tool("coverage report")


def tool(command: str, *arguments: str | pathlib.Path, collections: pathlib.Path = lib.CACHE) -> str:
    """Run one of TOOLS on the collection."""
    python = next(filter(None, map(find_python, ("3.13", "3.12", "3.11"))), sys.executable)
    with making:
        bin_ = lib.venv("tools", python, *TOOLS.split())
    env = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "COVERAGE_FILE": str(lib.CACHE / "coverage")}
    return lib.run([*command.split(), *arguments], lib.CACHE / lib.COLLECTION, [bin_], **env)


def licences() -> None:
    tool("reuse lint")


def changelog() -> None:
    tool("antsibull-changelog lint")


def documentation() -> None:
    tool("antsibull-docs lint-collection-docs . --plugin-docs --validate-collection-refs self")


def docs() -> None:
    """The documentation as HTML, without warnings."""
    where = lib.CACHE / "docs"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True, mode=0o755)
    options = "--use-current --squash-hierarchy --fail-on-error --project hubops.dockerhub hubops.dockerhub --dest-dir"
    tool(f"antsibull-docs sphinx-init {options}", where)
    elsewhere = ["action_plugins", "ansible_configuration_settings", "common_return_values"]
    with (where / "conf.py").open("a") as conf:  # what Ansible's own documentation holds would need the internet
        conf.write(f"intersphinx_mapping = {{}}\nnitpick_ignore = {[('std:ref', name) for name in elsewhere]}\n")
    tool("bash", where / "build.sh")


def package() -> None:
    """Builds, installs into an empty path, and tells there what it documents and needs."""
    where = lib.CACHE / "package"
    shutil.rmtree(where, ignore_errors=True)
    tool("ansible-galaxy collection build --output-path", where)
    archive = next(where.glob("*.tar.gz"))
    tool("ansible-galaxy collection install --offline -p", where, archive, collections=where)
    for kind in ("module", "lookup"):
        said = tool(f"ansible-doc hubops.dockerhub.dockerhub_token -t {kind}", collections=where)
        if "identifier" not in said:  # it passes when there is nothing to show
            raise lib.Failed(said)
    needs = tool("ansible-builder introspect", where)
    if "requests" not in needs:
        raise lib.Failed(f"an execution environment would lack requests:\n{needs}")
    said = tool("python -m galaxy_importer.main", archive)
    if re.search(r"^(ERROR|Traceback)", said, re.MULTILINE):  # it passes all the same
        raise lib.Failed(said)


CHECKS = {work.__name__: work for work in (licences, changelog, documentation, docs, package)}


def main(wanted: list[str]) -> int:
    start = time.monotonic()
    stages = wanted or STAGES
    cores = os.environ.get("CORES", "").replace(",", " ").split() or list(CORES)
    unknown = {*stages} - {*STAGES} - {*CHECKS} | {*cores} - {*CORES}
    if unknown:
        sys.exit(f"There is no {', '.join(unknown)}, but {' '.join([*STAGES, *CHECKS])}, and CORES {' '.join(CORES)}.")
    lib.tree()
    if "test" in stages:
        step("make test", make_test)

    lanes: list[t.Callable[[], None]] = []  # each does its steps one after the other, and some run at the same time
    for core in sorted(cores, key=lambda core: -len(CORES[core][2])):  # the longest first
        _pip, version, its_stages = CORES[core]
        mine = [stage for stage in its_stages if stage in stages]
        if "target" in mine and not find_python(TARGET):
            mine.remove("target")
            left_out.append(f"units of the module: no Python {TARGET}")
        if mine and find_python(version):
            lanes.append(functools.partial(test_core, core, mine))
        elif mine:
            left_out.append(f"ansible-core {core}: no Python {version}")
    if left_out and not lanes:
        results.append(("the range: none of its Pythons is there", False))
    for core, version in REFUSED.items():
        if "refusal" in stages and find_python(version):
            lanes.append(functools.partial(step, f"refusal on ansible-core {core}", functools.partial(refusal, core)))
        elif "refusal" in stages:
            left_out.append(f"refusal on ansible-core {core}: no Python {version}")
    if "test" in stages:
        lanes.append(functools.partial(step, "make demo", make_demo))
    lanes += [functools.partial(step, name, work) for name, work in CHECKS.items() if {name, "checks"} & {*stages}]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for future in [pool.submit(lane) for lane in lanes]:
            future.result()
    if "coverage" in stages and COVERED in cores and find_python(CORES[COVERED][1]):
        step("coverage", coverage)
    elif "coverage" in stages:
        left_out.append(f"coverage: it is measured with ansible-core {COVERED}")

    failed = [name for name, passed in results if not passed]
    print(f"\n{time.monotonic() - start:.0f} s")
    for what in left_out:
        print(f"LEFT OUT: {what}")
    for name in failed:
        print(f"FAILED: {name}")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
