# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python libraries of a login: a missing or wrong one is reported before anything is sent."""

from __future__ import annotations

import importlib
import sys
import traceback
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import MissingLibrary
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable

# By name on PyPI: the module to import, and an attribute that packages of a similar name lack.
_LIBRARIES = {"requests": ("requests", "Session"), "PyJWT": ("jwt", "PyJWTError"), "pyotp": ("pyotp", "TOTP")}


def require_library(library: str) -> t.Any:
    """Return the module of this library; raise ``MissingLibrary`` if it is missing, broken or another package."""
    name, attribute = _LIBRARIES[library]
    try:
        module = importlib.import_module(name)
    except BaseException as error:
        if not is_broken_import(error):
            raise
        reason = printable("".join(traceback.format_exception_only(type(error), error)))
        raise missing_library(library, reason) from None
    if not hasattr(module, attribute):
        found = getattr(module, "__file__", None) or ", ".join(getattr(module, "__path__", ()))
        other_package = f"the package '{name}' from PyPI is another library, or " if name != library else ""
        raise MissingLibrary(
            f"the module {name} that Python found is not {library}: {other_package}a file or folder of that name hides it"
            f" ({printable(found)})",
            hint=f"{f'uninstall {name!r}' if other_package else 'remove it'}, then {_installation(library)}",
        )
    return module


def is_broken_import(error: BaseException) -> bool:
    """Return whether an error during an import comes from the library, not from Ctrl-C or the keyword ``timeout``.

    A panic in the Rust code of a library is no ``Exception``, and its type cannot be imported.
    """
    return isinstance(error, (Exception, SystemExit)) or type(error).__name__ == "PanicException"


def missing_library(library: str, reason: str) -> MissingLibrary:
    """Return the error for a library that cannot be imported."""
    return MissingLibrary(
        f"{missing_required_lib(library, url=f'https://pypi.org/project/{library}')} ({reason})",
        hint=_installation(library),
    )


def _installation(library: str) -> str:
    wanted = library if library in ("pyotp", "docker") else "requests PyJWT"  # these two are usually missing together
    uv = " ".join(f"--with {name}" for name in wanted.split())
    return (
        f"install it: {sys.executable} -m pip install {wanted}; with uv: uv tool install {uv} ansible-core;"
        f" with pipx: pipx inject ansible-core {wanted}"
    )
