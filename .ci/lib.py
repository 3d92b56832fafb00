# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make` and `.ci/run` share: environments, the tree as ansible-test wants it, and running commands."""

from __future__ import annotations

import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
if re.search(
    r"[^\w./+-]", str(ROOT)
):  # a folder whose name ansible-test and scripts of a virtual environment stumble over
    if not CACHE.exists():
        CACHE.unlink(missing_ok=True)
        CACHE.symlink_to(tempfile.mkdtemp(prefix="hubops.dockerhub-"))
    CACHE = CACHE.resolve()
COLLECTION = "ansible_collections/hubops/dockerhub"
WORKERS = str(1 + (os.cpu_count() or 1))  # of unit tests: some wait for something
if not os.environ.get("HOME"):
    os.environ["HOME"] = str(CACHE / "home")
# Tools that find nothing to do say so and pass; warnings of what will stop working must be seen before it does.
SUSPECT = re.compile(r"All targets skipped|no tests ran|no tests collected|\[DEPRECATION WARNING\]|DeprecationWarning:")
NOISE = re.compile(
    r"^ *(Attempting|Collecting|Downloading|Found existing|Installing collected|Looking in|Processing|Requirement already"
    r"|Successfully|Uninstalling|Using cached|━|Running sanity test|Installing requirements for).*\n",
    re.MULTILINE,
)


class Failed(Exception):
    """A command went wrong, or found nothing to do."""


def venv(name: str, python: str, *wanted: str) -> pathlib.Path:
    """A virtual environment in .cache with these packages and requirements files; made anew when they change."""
    where = CACHE / name
    where.parent.mkdir(parents=True, exist_ok=True)
    about = "import sys; print(sys.version, sys.base_prefix)"
    version = subprocess.run([python, "-c", about], check=True, capture_output=True, text=True).stdout
    lists = {item: (ROOT / item).read_text() for item in wanted if item.endswith(".txt")}
    stamp, content = where / "stamp", f"{version} {where} {wanted} {lists}"
    if not stamp.exists() or stamp.read_text() != content:
        packages = [arg for item in wanted for arg in (["-r", str(ROOT / item)] if item in lists else [item])]
        print(f"making .cache/{name} ...", flush=True)
        subprocess.run([python, "-m", "venv", "--clear", where], check=True)
        pip = ["-m", "pip", "--disable-pip-version-check", "install", "-qq", "pip", *packages]
        subprocess.run([where / "bin/python", *pip], check=True)
        stamp.write_text(content)
    return where / "bin"


def tree(where: pathlib.Path = CACHE) -> pathlib.Path:
    """A copy of what git knows or would add: ansible-test and ansible-lint insist on the name of the folder."""
    target = where / COLLECTION
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = {name for name in output.split("\0") if name and (ROOT / name).is_file()}
    for name in files:
        if not (target / name).exists() or not filecmp.cmp(ROOT / name, target / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    if not (target / ".git").exists():  # without it ansible-test finds no file, and passes
        subprocess.run(["git", "init", "--quiet", target], check=True)
    kept = subprocess.run(listing, cwd=target, check=True, capture_output=True, text=True).stdout
    for name in set(kept.split("\0")) - files - {""}:
        (target / name).unlink(missing_ok=True)
    subprocess.run(["git", "add", "--all"], cwd=target, check=True)
    return target


def run(command: t.Sequence[str | pathlib.Path], cwd: pathlib.Path, path: list[pathlib.Path], **env: str) -> str:
    """Run a command with these folders first on PATH; returns what it printed."""
    search = os.pathsep.join([*map(str, path), os.environ["PATH"]])
    environment = {**os.environ, "PATH": search, **env}
    result = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    said = f"$ {' '.join(map(str, command))}\n{NOISE.sub('', result.stdout)}"
    suspect = SUSPECT.search(result.stdout)
    if result.returncode or suspect:
        raise Failed(f"{said}\n{f'it says {suspect[0]!r}' if suspect else f'exit code {result.returncode}'}")
    return said


def version_of(python: pathlib.Path | str) -> str:
    about = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", about], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":  # for `make`: an environment with ansible-core and the libraries, and the collection beside
    venv("demo", sys.executable, "ansible-core", "requirements.txt")
    tree()
