# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test`: lint, unit and integration tests with the newest ansible-core that this Python can run."""

from __future__ import annotations

import concurrent.futures
import pathlib
import re
import sys
import time

import lib

TOOLS = ["ansible-core", "ansible-lint", "yamllint", "ruff==0.17.*", "mypy==2.4.*", "types-requests", "types-PyYAML"]
# What ansible-test would install by itself, once for each kind of test.
TOOLS += ["mock", "pytest", "pytest-mock", "pytest-xdist", "typing_extensions"]


def main() -> int:
    start = time.monotonic()
    bin_ = lib.venv("test", sys.executable, *TOOLS, "tests/unit/requirements.txt", "tests/integration/requirements.txt")
    copy = lib.tree()
    python = lib.version_of(sys.executable)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(lib.CACHE), "NO_COLOR": "1"}
    emulator = copy / "tests/integration/targets/setup_hub_emulator/files"
    said: dict[str, str] = {}
    failed: list[str] = []
    steps: dict[str, list[str | pathlib.Path]] = {
        "ruff": ["ruff", "check", "--no-cache", "."],
        "ruff format": ["ruff", "format", "--check", "--no-cache", "."],
        "yamllint": ["yamllint", "--strict", "."],
        "mypy": ["mypy", "--config-file", copy / "pyproject.toml", copy / "plugins", emulator],
        "ansible-lint": ["ansible-lint", "--strict"],
        "unit tests": ["ansible-test", "units", "--python", python, "--num-workers", lib.WORKERS],
        "integration tests": ["ansible-test", "integration", "--python", python],
    }

    def take(name: str) -> None:
        print(f"{name} ...", flush=True)
        try:
            said[name] = lib.run(steps[name], lib.CACHE if name == "mypy" else copy, [bin_], **env)
        except lib.Failed as err:
            print(err)
            failed.append(name)

    with concurrent.futures.ThreadPoolExecutor() as pool:  # the longest, beside all others
        units_done = pool.submit(take, "unit tests")
        for name in steps:
            if name != "unit tests":
                take(name)
        units_done.result()
    if failed:
        print(f"Failed: {', '.join(failed)}.")
        return 1
    core = lib.run(["ansible", "--version"], copy, [bin_]).split("core ")[1].split("]")[0]
    units = sum(map(int, re.findall(r"(\d+) passed", said["unit tests"])))
    targets = re.findall(r"^Running (\S+) integration test (?:role|script)", said["integration tests"], re.M)
    print(
        f"Passed in {time.monotonic() - start:.0f} s with ansible-core {core} on Python {python}: "
        f"{', '.join(list(steps)[:5])}, {units} unit tests, integration tests {', '.join(targets)}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
