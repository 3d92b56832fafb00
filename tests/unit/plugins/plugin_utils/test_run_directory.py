# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of a run: private, replaced when damaged, somewhere else if need be, and removed after the run."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import stat
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.plugin_utils import _new_run_directory
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import MFAUSER, MYBOT, PLAINUSER, WRONG

Ask = t.Callable[..., dict[str, t.Any]]


def records(directory: pathlib.Path) -> list[pathlib.Path]:
    """Return the files of credentials, accounts and codes."""
    return sorted(path for path in directory.iterdir() if path.name != "run" and path.suffix != ".lock")


def test_the_directory_is_private_and_its_names_reveal_nothing(ask: Ask, directory: pathlib.Path) -> None:
    def names() -> set[str]:
        ask(**MYBOT)
        ask(**WRONG)
        ask(**MFAUSER, on_otp_required="return")
        return {path.name for path in directory.iterdir()}

    first = names()
    assert [name for name in first if not re.fullmatch(r"run|[0-9a-f]{64}(\.lock)?", name)] == []
    assert list(directory.parent.iterdir()) == [directory]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    shutil.rmtree(directory)
    assert first & names() == {"run"}


def damages(path: pathlib.Path, directory: pathlib.Path) -> dict[str, t.Callable[[], object]]:
    """Return what may have happened to a file."""
    elsewhere = directory.parent / "elsewhere"
    return {
        "missing": path.unlink,
        "empty": lambda: path.write_bytes(b""),
        "truncated": lambda: path.write_bytes(path.read_bytes()[:-9]),
        "overwritten at its end": lambda: path.write_bytes(path.read_bytes()[:-9] + b"x" * 9),
        "noise": lambda: path.write_bytes(b"\xff\n" * 99),
        "a JSON list": lambda: path.write_bytes(b"[]"),
        "readable by others": lambda: path.chmod(0o644),
        "a symbolic link": lambda: path.rename(elsewhere) and path.symlink_to(elsewhere),
        "a directory": lambda: (path.unlink(), path.mkdir(), (path / "x").touch()),
        "a FIFO": lambda: (path.unlink(), os.mkfifo(path, 0o600)),
    }


DAMAGES = list(damages(pathlib.Path(), pathlib.Path()))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_replaced(hub: t.Any, ask: Ask, directory: pathlib.Path, damage: str) -> None:
    ask(**MYBOT)
    (path,) = records(directory)
    damages(path, directory)[damage]()
    assert ask(**MYBOT)["warnings"] == []
    assert hub.logins() == 2
    assert ask(**MYBOT)["cached"]
    assert records(directory) == [path]
    assert stat.S_ISREG(path.lstat().st_mode)


def test_the_destination_of_a_symbolic_link_is_not_written(ask: Ask, directory: pathlib.Path) -> None:
    ask(**MYBOT)
    (path,) = records(directory)
    for name, link in (("one", path), ("two", path.with_name(f"{path.name}.lock"))):
        link.unlink()
        (directory.parent / name).write_text("precious")
        link.symlink_to(directory.parent / name)
    assert ask(**MYBOT)["warnings"] == []
    assert [(directory.parent / name).read_text() for name in ("one", "two")] == ["precious", "precious"]
    assert ask(**MYBOT)["cached"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_lock_does_not_matter(ask: Ask, directory: pathlib.Path, damage: str) -> None:
    ask(**MYBOT)
    (path,) = records(directory)
    damages(path.with_name(f"{path.name}.lock"), directory)[damage]()
    assert ask(**MYBOT, cache=False)["warnings"] == []
    assert ask(**MYBOT)["cached"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_directory_with_a_damaged_key_is_replaced(hub: t.Any, ask: Ask, directory: pathlib.Path, damage: str) -> None:
    ask(**MYBOT)
    damages(directory / "run", directory)[damage]()
    assert ask(**MYBOT)["warnings"] == []
    assert hub.logins() == 2
    assert ask(**MYBOT)["cached"]
    assert [path.name for path in directory.parent.iterdir() if path.name.startswith("dockerhub")] == ["dockerhub"]


@pytest.mark.parametrize("found", ["a symbolic link", "a file", "a readable directory", "an empty directory"])
def test_anything_else_in_the_place_of_the_directory_is_replaced(
    hub: t.Any, ask: Ask, directory: pathlib.Path, found: str
) -> None:
    ask(**MYBOT)
    elsewhere = directory.parent / "elsewhere"
    {
        "a symbolic link": lambda: directory.rename(elsewhere) and directory.symlink_to(elsewhere),
        "a file": lambda: (shutil.rmtree(directory), directory.touch()),
        "a readable directory": lambda: directory.chmod(0o755),
        "an empty directory": lambda: (shutil.rmtree(directory), directory.mkdir(0o700)),
    }[found]()
    before = sorted(elsewhere.iterdir()) if elsewhere.exists() else []
    assert ask(**MYBOT)["warnings"] == []
    assert hub.logins() == 2
    assert ask(**MYBOT)["cached"]
    assert directory.lstat().st_mode == stat.S_IFDIR | 0o700
    assert before == (sorted(elsewhere.iterdir()) if elsewhere.exists() else [])


# Fallback folders


@pytest.fixture
def fallback(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """Force the mode of everything below ANSIBLE_LOCAL_TEMP, and return the only fallback folder."""
    local_tmp, folder = str(tmp_path / "local_tmp"), tmp_path / "runtime"
    folder.mkdir(0o700)
    real = os.lstat

    def lstat(path: t.Any, **kwargs: t.Any) -> os.stat_result:
        status = real(path, **kwargs)
        if not str(path).startswith(local_tmp):
            return status
        return os.stat_result((status.st_mode | 0o77, *status[1:]))

    monkeypatch.setattr(os, "lstat", lstat)
    monkeypatch.setattr(_new_run_directory, "_fallback_folders", lambda: [str(folder)])
    return folder


def test_where_modes_are_forced_another_private_folder_is_used(hub: t.Any, ask: Ask, fallback: pathlib.Path) -> None:
    assert ask(**MYBOT)["warnings"] == []
    assert ask(**MYBOT)["cached"]
    for _dummy in range(12):
        assert ask(**WRONG)["error"] == "bad_credentials"
    assert hub.logins() == 2
    (used,) = fallback.iterdir()
    local_tmp = os.fsencode(os.environ["ANSIBLE_LOCAL_TEMP"])
    assert used.name == f"ansible-dockerhub-{hashlib.sha256(local_tmp).hexdigest()[:32]}"
    assert stat.S_IMODE(used.stat().st_mode) == 0o700


def test_only_the_main_process_removes_the_fallback_directory(
    ask: Ask, fallback: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(**MYBOT)
    with monkeypatch.context() as patch:
        patch.setattr(multiprocessing, "parent_process", lambda: "the main process")
        _new_run_directory.remove_fallback_directory()
    assert len(list(fallback.iterdir())) == 1
    _new_run_directory.remove_fallback_directory()
    assert list(fallback.iterdir()) == []


def test_the_next_run_removes_the_fallback_directory_of_a_dead_one(ask: Ask, fallback: pathlib.Path) -> None:
    ask(**MYBOT)
    (used,) = fallback.iterdir()
    dead = used.with_name(f"ansible-dockerhub-{'0' * 32}")
    used.rename(dead)
    run = {**json.loads((dead / "run").read_text()), "start": "1"}
    (dead / "run").write_text(json.dumps(run))
    ask(**MYBOT)
    assert list(fallback.iterdir()) == [used]


@pytest.mark.parametrize(
    ("owner", "mode", "reason"),
    [
        (0, 0o777, "other users have access to it, with mode 0777"),
        (1, 0o700, "it belongs to user 1000, not to user 999"),
    ],
)
def test_without_any_private_folder_the_warning_names_the_reason(
    hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch, owner: int, mode: int, reason: str
) -> None:
    real = os.lstat
    monkeypatch.setattr(os, "geteuid", lambda: 999)

    def lstat(path: t.Any, **kwargs: t.Any) -> os.stat_result:
        status = real(path, **kwargs)
        return os.stat_result((stat.S_IFMT(status.st_mode) | mode, *status[1:4], 999 + owner, *status[5:]))

    monkeypatch.setattr(os, "lstat", lstat)
    (warning,) = ask(**PLAINUSER)["warnings"]
    assert f"cannot be used ({reason})" in warning
    assert hub.logins() == 1


def test_a_missing_folder_is_replaced_by_a_fallback(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", "/nowhere")
    monkeypatch.setattr(_new_run_directory, "_fallback_folders", lambda: [str(tmp_path)])
    assert ask(**MYBOT)["warnings"] == []
    assert ask(**MYBOT)["cached"]


def test_without_any_folder_each_use_logs_in_after_a_warning(
    hub: t.Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", "/nowhere")
    monkeypatch.setattr(_new_run_directory, "_fallback_folders", list)
    for number in (1, 2):
        (warning,) = ask(**MYBOT)["warnings"]
        assert "cannot be used (No such file or directory): every task and lookup logs in separately" in warning
        assert hub.logins() == number
    assert ask(**WRONG)["error"] == "bad_credentials"
    assert ask(**MYBOT, dead_token="dead")["access_token"]


# Dead runs


@pytest.mark.parametrize(
    ("changes", "remains"),
    [
        ({}, True),
        ({"start": "1"}, False),
        ({"pid": "4194305", "start": "1"}, False),
        ({"start": "1", "host": "another"}, True),
        ({"start": "1", "boot": "another"}, True),
        ({"start": "1", "namespace": "pid:[1]"}, True),
        ({"start": ""}, True),
        ({"start": "1", "pid": None}, True),
        ({"start": "1", "key": "no key"}, True),
        ({"start": "1", "mode": 0o755}, True),
        ({"start": "1", "parent": 0o755}, True),
        (None, True),
    ],
)
def test_only_directories_of_runs_that_are_surely_dead_are_removed(
    ask: Ask, directory: pathlib.Path, changes: dict[str, t.Any] | None, remains: bool
) -> None:
    ask(**MYBOT)
    other = directory.parent.parent / "ansible-local-1x" / "dockerhub"
    shutil.copytree(directory, other)
    if changes is None:
        (other / "run").write_text("{")
    else:
        run = {**json.loads((directory / "run").read_text()), **changes}
        other.chmod(run.pop("mode", 0o700))
        other.parent.chmod(run.pop("parent", 0o700))
        (other / "run").write_text(json.dumps({name: value for name, value in run.items() if value is not None}))
    shutil.rmtree(directory)
    assert ask(**MYBOT)["warnings"] == []
    assert other.exists() == remains


def test_in_a_foreign_process_namespace_the_run_has_no_identity(
    ask: Ask, directory: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a new process namespace below the old /proc, a process id means another process."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    ask(**MYBOT)
    assert set(json.loads((directory / "run").read_text())) == {"key"}
