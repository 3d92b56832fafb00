# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Missing, broken and wrong libraries: reported before anything is sent."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, MissingLibrary
from ansible_collections.hubops.dockerhub.plugins.module_utils._libraries import require_library
from ansible_collections.hubops.dockerhub.tests.unit.plugins.accounts import MFAUSER, MYBOT, TOTP

Refused = t.Callable[..., HubError]
LIBRARIES = {"requests": "requests", "PyJWT": "jwt", "pyotp": "pyotp"}
BROKEN = {
    "import error": ("raise ImportError('libfoo.so: cannot open')", "ImportError: libfoo.so: cannot open"),
    "attribute error": ("import sys\nsys.no_such_thing", "AttributeError: module 'sys' has no attribute"),
    "syntax error": ("def (:", "SyntaxError: invalid syntax"),
    "error without a text": (
        "class Bad(Exception):\n    def __str__(self): raise RuntimeError\nraise Bad",
        "Bad: <exception str() failed>",
    ),
    "panic": (
        "class PanicException(BaseException): pass\nraise PanicException('Python API call failed')",
        "PanicException: Python",
    ),
    "exit": ("raise SystemExit('no such libffi')", "SystemExit: no such libffi"),
    "other package": ("", "a file or folder of that name hides it ("),
}


@pytest.fixture
def break_library(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> t.Iterator[t.Callable[[str, str | None], None]]:
    """Return a function that replaces a module by this text, or makes it missing."""
    broken = []

    def break_library(name: str, text: str | None) -> None:
        broken.append(name)
        for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, loaded)
        if text is None:
            monkeypatch.setitem(sys.modules, name, None)
            return
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))

    yield break_library
    for name in broken:  # a real one that was loaded before comes back
        sys.modules.pop(name, None)


def check_installation(error: HubError, library: str) -> None:
    wanted = "pyotp" if library == "pyotp" else "requests PyJWT"
    with_uv = " ".join(f"--with {name}" for name in wanted.split())
    assert f"{sys.executable} -m pip install {wanted}" in str(error.hint)
    assert f"uv tool install {with_uv} ansible-core" in str(error.hint)
    assert f"pipx inject ansible-core {wanted}" in str(error.hint)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_missing_library_is_reported_before_sending(
    hub: t.Any, refused: Refused, break_library: t.Callable[[str, str | None], None], library: str
) -> None:
    break_library(LIBRARIES[library], None)
    error = refused(**MFAUSER, **TOTP)
    assert error.code == "missing_library"
    assert f"({library})" in str(error)
    assert "ModuleNotFoundError: " in str(error)
    check_installation(error, library)
    assert hub.count() == 0


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_library_is_reported_before_sending(
    hub: t.Any, refused: Refused, break_library: t.Callable[[str, str | None], None], library: str, name: str
) -> None:
    text, words = BROKEN[name]
    break_library(LIBRARIES[library], text)
    error = refused(**MFAUSER, **TOTP)
    assert error.code == "missing_library"
    assert re.sub(r"<(unprintable Bad object|exception str\(\) failed)>", "<exception str() failed>", str(error)).count(
        words.format(library=library, name=LIBRARIES[library])
    )
    check_installation(error, library)
    assert hub.count() == 0


def test_the_package_jwt_must_be_uninstalled(break_library: t.Callable[[str, str | None], None]) -> None:
    break_library("jwt", "class JWT: pass\nclass JWTException(Exception): pass")  # as in the package jwt
    words = "the module jwt that Python found is not PyJWT: the package 'jwt' from PyPI is another library, or a file"
    with pytest.raises(MissingLibrary, match=words) as caught:
        require_library("PyJWT")
    assert str(caught.value.hint).startswith("uninstall 'jwt', then install it: ")


@pytest.mark.parametrize("library", ["requests", "pyotp"])
def test_a_folder_that_hides_a_library_is_named(
    break_library: t.Callable[[str, str | None], None], tmp_path: pathlib.Path, library: str
) -> None:
    break_library(library, "")
    (tmp_path / f"{library}.py").unlink()
    (tmp_path / library).mkdir()
    (tmp_path / library / "__init__.py").touch()
    with pytest.raises(MissingLibrary, match="a file or folder of that name hides it") as caught:
        require_library(library)
    assert f"({tmp_path / library}" in str(caught.value)
    assert "PyPI is another" not in str(caught.value)
    assert str(caught.value.hint).startswith("remove it, then install it: ")


def test_the_keyword_timeout_can_end_an_import(break_library: t.Callable[[str, str | None], None]) -> None:
    break_library("pyotp", "class TaskTimeoutError(BaseException): pass\nraise TaskTimeoutError('took too long')")
    with pytest.raises(BaseException, match="took too long") as caught:
        require_library("pyotp")
    assert type(caught.value).__name__ == "TaskTimeoutError"


def test_pyotp_is_required_only_for_generated_codes(
    hub: t.Any, log_in: t.Callable[..., t.Any], refused: Refused, break_library: t.Callable[[str, str | None], None]
) -> None:
    break_library("pyotp", None)
    assert log_in(**MYBOT)["username"] == "mybot"
    assert log_in(**MFAUSER, otp=hub.totp("mfauser"), **TOTP)["username"] == "mfauser"
    assert refused(**MFAUSER, **TOTP).code == "missing_library"


@pytest.mark.parametrize("library", LIBRARIES.values())
def test_a_fresh_process_reports_a_missing_library(library: str) -> None:
    given = {**MFAUSER, **TOTP, "hub_url": "http://127.0.0.1:1"}
    program = f"""
import sys
sys.modules[{library!r}] = None
from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import normalize_options
try:
    fetch_token(normalize_options({given!r}))
except Exception as error:
    print(error.code)
"""
    paths = [str(pathlib.Path(__file__).resolve().parents[7]), os.environ.get("PYTHONPATH", "")]
    output = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (output.stdout, output.returncode) == ("missing_library\n", 0), output.stderr
