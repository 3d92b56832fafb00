# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Share one login per credential among all processes of a run: look, lock, look again, log in, record."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import (
    Options,
    ReserveCode,
    TokenResult,
    longest_login,
)
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._cached_token import mask_secrets, now
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_cache import LoginCache
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_summary import summary
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._new_run_directory import open_run_directory
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import RawOptions
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._records import LockError

Login = t.Callable[[Options, ReserveCode], TokenResult]
Show = t.Callable[[str], None]

_MODULE_START = 60.0
"""Seconds that a module may take to reach its target and to start there."""


def shared_token(
    options: Options, login: Login, warn: Show, inform: Show, origin: str = "", raw: RawOptions | None = None
) -> TokenResult:
    """Return the token for these options: a cached one, or the result of a single login that concurrent callers wait for.

    ``login`` logs in on the host ``origin`` (empty for the controller), like ``log_in_here``. ``warn`` and ``inform`` each
    receive a sentence. With ``raw``, later uses of the same raw options find the token without validation. Raises
    ``HubError``, which may be the recorded error of an earlier login.
    """
    cache = _open_cache(options, warn, origin)
    result = _token_of(cache, options, login, warn)
    # The text of an error may change, so raw options with one are no key.
    if cache and raw and not raw["failures"] and not result["otp_required"]:
        with _cache_problems(warn):
            cache.store_link(raw)
    return _announced(result, options, inform)


def renewed_token(options: Options, dead_token: str, warn: Show, inform: Show) -> TokenResult:
    """Return another token than ``dead_token``, which Docker Hub no longer accepts.

    The dead token is removed from the cache. A newer one is returned if there is one; else a single login makes it for all
    callers that wait. Raises ``HubError``.
    """
    options = {**options, "cache": True}
    cache = _open_cache(options, warn, dead_token=dead_token)
    return _announced(_token_of(cache, options, log_in_here, warn), options, inform)


def log_in_here(options: Options, reserve_code: ReserveCode) -> TokenResult:
    """Log in from this process; the libraries of a login are imported only here."""
    from ansible_collections.hubops.dockerhub.plugins.module_utils._login import fetch_token

    return fetch_token(options, reserve_code)


def _open_cache(options: Options, warn: Show, origin: str = "", dead_token: str = "") -> LoginCache | None:
    with _cache_problems(warn):
        return LoginCache(open_run_directory(), options, origin, dead_token)
    return None


def _token_of(cache: LoginCache | None, options: Options, login: Login, warn: Show) -> TokenResult:
    """Return a cached result, or log in; without a cache, log in."""
    if cache is None:
        return _log_in(options, login, lambda step: True, warn)
    arrival = now()
    result = cache.find()
    if result:
        return result
    with _locked(cache, warn):
        result = cache.find(since=arrival)
        if result:
            return result
        with _cache_problems(warn):
            cache.drop_dead_token()
        try:
            result = _log_in(cache.options, login, cache.reserve_code, warn)
        except HubError as error:
            with _cache_problems(warn):
                cache.store_failure(error)
            raise
        with _cache_problems(warn):
            cache.store_result(result)
        return result


def _log_in(options: Options, login: Login, reserve_code: ReserveCode, warn: Show) -> TokenResult:
    result = login(options, reserve_code)
    for warning in result.pop("warnings"):
        warn(warning)
    return result


def _announced(result: TokenResult, options: Options, inform: Show) -> TokenResult:
    """Return the result, after masking its secrets and describing it at -v."""
    mask_secrets([result["access_token"], result.get("login_2fa_token")])
    inform(summary(result, options["hub_url"]))
    return result


@contextlib.contextmanager
def _locked(cache: LoginCache, warn: Show) -> t.Iterator[None]:
    """Hold the lock of the credential; continue without it, after a warning, where that is impossible."""
    timeout = longest_login(cache.options) + (_MODULE_START if cache.origin else 0)
    with contextlib.ExitStack() as stack:
        with _cache_problems(warn):
            stack.enter_context(cache.lock(timeout))
        yield


@contextlib.contextmanager
def _cache_problems(warn: Show) -> t.Iterator[None]:
    """Turn problems with the cache into warnings."""
    try:
        yield
    except TimeoutError:
        warn("The process that logs in to Docker Hub for this run does not respond, so this one logs in as well.")
    except LockError as error:
        warn(
            f"The login cache of this run cannot be locked ({error.strerror or error}): tasks and lookups that run at the"
            " same time log in separately. Set ANSIBLE_LOCAL_TEMP to a folder on a local file system."
        )
    except OSError as error:
        warn(
            f"The login cache of this run cannot be used ({error.strerror or error}): every task and lookup logs in"
            " separately, and the next one repeats a refused login. Set ANSIBLE_LOCAL_TEMP to a folder that only you can"
            " use."
        )
