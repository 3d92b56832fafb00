# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that rotates a token in a new process for each line that it reads, so that a test can kill that process.

A line is JSON: the kind of the token, the URL, the file that is the user's store, the options of the task. The user agent of
the process contains its number. The answer is the exit status of the process, negative for a signal.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import sys
import types
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[4]
PACKAGE = "ansible_collections.hubops.dockerhub.tests.unit.plugins.modules"


def rotate(kind: str, url: str, store: str, options: dict[str, t.Any]) -> None:
    """Do what a playbook does: create if due, store secret and id, confirm."""
    tasks: t.Any = importlib.import_module(f"{PACKAGE}.token_tasks")
    hub, path = types.SimpleNamespace(url=url), pathlib.Path(store)
    operator = tasks.Operator(hub, kind, **options)
    login = tasks.login_of(hub, user_agent=f"rotation/{os.getpid()}")
    held = json.loads(path.read_text()) if path.exists() else {}

    def run(**more: t.Any) -> dict[str, t.Any]:
        result: dict[str, t.Any] = tasks.run_task(operator.spec, operator.function, {**operator.options, **more}, login)
        return result

    made = run(held_id=held.get("id", ""))
    if made["token"]:
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"id": made["id"], "token": made["token"]}))
        new.replace(path)
        run(held_id=made["id"], confirm=True)


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests/integration/targets/setup_hub_emulator/files"))
    for module in (f"{PACKAGE}.token_tasks", "requests", "jwt"):
        importlib.import_module(module)
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os.close(0)
            rotate(**json.loads(line))
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        print(-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)


if __name__ == "__main__":
    main()
