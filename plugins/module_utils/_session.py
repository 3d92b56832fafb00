# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests session of a client: proxy, CAs, headers, no redirects.

Only the options and the environment variables for proxies and CAs decide what is sent and trusted.
"""

from __future__ import annotations

import glob
import os
import re
import typing as t
from http.cookiejar import DefaultCookiePolicy
from urllib.request import getproxies_environment

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._libraries import is_broken_import, require_library
from ansible_collections.hubops.dockerhub.plugins.module_utils._options import Options, proxy_url
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable, secrets_of

try:
    from requests import Session
    from requests.adapters import HTTPAdapter
except BaseException as error:
    if not is_broken_import(error):
        raise
    # require_library reports it when a session is made.
    Session = HTTPAdapter = object  # type: ignore[assignment,misc]

VERSION = "1.0.0"
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class HubSession(Session):
    """A session for one Docker Hub, made from the options of a login."""

    def __init__(self, options: Options) -> None:
        # A login requires both, and reports a missing one before it sends anything.
        for library in ("requests", "PyJWT"):
            require_library(library)
        super().__init__()
        self.trust_env = False  # no .netrc, no variables other than those read below
        # A cookie would carry one account's login into the next one's requests.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update(
            {
                "User-Agent": options["user_agent"] or f"hubops.dockerhub/{VERSION}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            }
        )
        self.proxies.update(_proxies(options))
        self.verify = _verification(options)
        if options["hub_url"].startswith("https:"):
            _require_tls()
        if self.verify is True:
            self.mount("https://", _SystemTrust())

    def get_redirect_target(self, resp: t.Any) -> None:
        """Return no target. Otherwise requests would read the whole body, although redirects are not followed."""


class _SystemTrust(HTTPAdapter):
    """Trust the CAs of the system in addition to those of certifi, as ``ansible.builtin.uri`` does."""

    def __init__(self) -> None:
        from urllib3.util.ssl_ import create_urllib3_context

        self._context = create_urllib3_context()
        self._context.load_default_certs()
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)


def _require_tls() -> None:
    """Raise ``InvalidOptions`` if no TLS context can be made, which requests would report as a lost connection."""
    from urllib3.util.ssl_ import create_urllib3_context

    try:
        create_urllib3_context()
    except OSError as error:  # also errors of OpenSSL
        raise InvalidOptions(
            f"TLS cannot be set up ({printable(str(error))})",
            hint="correct the variable SSLKEYLOGFILE, or the configuration of OpenSSL",
        ) from None


def _proxies(options: Options) -> dict[str, str]:
    """Return the proxy by the scheme of ``hub_url``, from the option or the environment; empty if there is none.

    The operating system is never asked: on macOS that kills a forked process.
    """
    from requests.utils import should_bypass_proxies

    scheme = options["hub_url"].partition(":")[0]
    proxy, found = options["proxy"], getproxies_environment()
    if not proxy and found and not should_bypass_proxies(options["hub_url"], no_proxy=None):
        proxy = found.get(scheme) or found.get("all")
    return {scheme: proxy_url(proxy)} if proxy else {}


def _verification(options: Options) -> bool | str:
    """Return the ``verify`` of requests: the path of a file or folder of CAs, True for the usual CAs, or False."""
    if not options["validate_certs"] or options["hub_url"].startswith("http:"):
        return False
    for name in ("ca_path", *_BUNDLES):
        path = options["ca_path"] if name == "ca_path" else os.environ.get(name)
        if path:
            _check_ca(name, path, options)
            return path
    return True


def _check_ca(source: str, path: str, options: Options) -> None:
    """Raise ``InvalidOptions`` for CAs that OpenSSL would ignore silently, or refuse with an unclear message."""
    shown = printable(path, secrets_of(options))
    if not os.path.exists(path):
        raise InvalidOptions(f"the CA file {shown} does not exist where the login runs", hint=f"correct {source}")
    if os.path.isdir(path):
        hashed = glob.glob(os.path.join(glob.escape(path), "[0-9a-f]" * 8 + ".[0-9]*"))
        if not any(map(os.path.exists, hashed)):  # OpenSSL passes over broken links
            raise InvalidOptions(
                f"the CA folder {shown} contains no hashed names that can be read, so OpenSSL finds no certificate in it",
                hint=f"run 'openssl rehash' on the folder, or give one PEM file as {source}",
            )
        return
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise InvalidOptions(
            f"the CA file {shown} cannot be read ({error.strerror})", hint=f"correct {source}"
        ) from None
    if not re.search(rb"-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----", content):
        raise InvalidOptions(f"the CA file {shown} contains no certificate in PEM form", hint=f"correct {source}")


_SESSION_OPTIONS = ("hub_url", "proxy", "ca_path", "validate_certs", "user_agent")
_kept: dict[str, HubSession] = {}


def kept_session(options: Options) -> HubSession:
    """Return the session of an earlier task in this process that had the same options, or a new one.

    The items of a loop then share a connection, and one TLS handshake.
    """
    environment = [os.environ.get(name) for name in _BUNDLES], getproxies_environment()
    key = repr((os.getpid(), *(options.get(name) for name in _SESSION_OPTIONS), environment))
    if key not in _kept:
        for session in _kept.values():
            session.close()
        _kept.clear()
        _kept[key] = HubSession(options)
    return _kept[key]
