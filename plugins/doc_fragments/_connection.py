# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Document the options that decide how, how long and how often Docker Hub is asked.

This fragment is PRIVATE to the collection. It may change at any time; do not use it outside of hubops.dockerhub.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Contain the options for all plugins, and in ``_connection.sources`` their sources for the lookup."""

    DOCUMENTATION = r"""
options:
  hub_url:
    description:
      - The base URL of Docker Hub. Change it for tests only, for example to use an emulator. The environment
        variable E(DOCKERHUB_URL) sets it for all tasks.
      - The URL must start with C(https://). For a loopback address, C(http://) is accepted too.
    type: str
    default: https://hub.docker.com
  validate_certs:
    description:
      - Whether to verify the TLS certificate of the server.
      - Use V(false) in tests only. Any server between you and Docker Hub can then read the secret.
    type: bool
    default: true
  ca_path:
    description:
      - A PEM file with the certificates of the certificate authorities (CAs) to trust, or a directory that C(openssl
        rehash) has prepared. Required behind a proxy that decrypts TLS.
      - Without this option, the file or directory in E(REQUESTS_CA_BUNDLE) is used, then the one in
        E(CURL_CA_BUNDLE). If both are unset, the CAs of the system and of the Python library certifi are trusted.
    type: path
  proxy:
    description:
      - The URL of a proxy, for example V(http://proxy.example.com:3128). V(socks5h://) requires the Python library
        PySocks.
      - Percent-encode special characters such as C(#), C(/), C(?) and C(@) in the user name and in the password
        of the proxy.
      - Without this option, the environment variables E(HTTPS_PROXY) and E(NO_PROXY) are used. The proxy settings of
        the operating system are never used.
    type: str
  user_agent:
    description:
      - The header C(User-Agent) of each request. The default is C(hubops.dockerhub/) followed by the version of the
        collection.
      - A name of your own can help if Cloudflare, which protects Docker Hub, blocks the requests.
    type: str
  timeout:
    description:
      - The time limit in seconds for one step of a request. The steps are connecting, each wait for data, and reading
        the whole body.
      - If the host name has several addresses, every address that does not answer takes this time once.
      - The limit does not apply to name resolution, or to a server that sends its headers very slowly. The keyword
        C(timeout) of a task ends those. Nothing ends them for a lookup. The guide to tokens contains the longest time
        of a login.
    type: float
    default: 30.0
  retries:
    description:
      - How many times requests are sent again after a temporary failure. The login and the other requests of a task are
        counted separately. With V(0), nothing is sent again.
      - A temporary failure is a broken connection, an answer 502, 503 or 504, or an answer 429 that allows another
        request within O(max_wait).
      - A request that creates something is sent again only if it did not reach Docker Hub, or after an answer 429.
      - A refused login is not sent again, with one exception. If Docker Hub refuses a code that was generated from
        O(totp_secret), the next code is sent once.
    type: int
    default: 3
  max_wait:
    description:
      - The total time in seconds to wait for the end of a rate limit and for the next six-digit code. With V(0), the
        task or lookup never waits for them.
      - If a longer wait is necessary, the task or lookup fails instead of waiting.
    type: int
    default: 60
  cache:
    description:
      - Whether to use a token that an earlier task or lookup of the same run has received.
      - With V(false), this task or lookup always logs in. All later tasks and lookups use its new token. Refused logins
        are remembered with V(false) too. See O(refusal_ttl).
    type: bool
    default: true
  min_ttl:
    description:
      - The time in seconds for which a cached token must still be valid. If it is not, the task or lookup logs in
        again.
      - For a token with a short lifetime, a quarter of that lifetime is sufficient.
      - Increase the value for a task that uses one token for a long time.
    type: int
    default: 60
  refusal_ttl:
    description:
      - The time in seconds for which a refused login is not repeated in the same run. All further tasks and lookups
        with this credential fail at once and report the reason of the first refusal. A wrong password on many hosts
        therefore does not lock the account.
      - A changed O(secret) is sent at once. If the account is locked, no login is sent for it until the time that
        Docker Hub has named.
      - With V(0), every login is sent, which can lock the account. Even then, a typed O(otp) is sent only once.
    type: int
    default: 900
"""

    SOURCES = r"""
options:
  hub_url:
    env: [{name: DOCKERHUB_URL}]
    vars: [{name: dockerhub_url}]
    ini: [{section: dockerhub, key: hub_url}]
  validate_certs:
    env: [{name: DOCKERHUB_VALIDATE_CERTS}]
    vars: [{name: dockerhub_validate_certs}]
    ini: [{section: dockerhub, key: validate_certs}]
  ca_path:
    env: [{name: DOCKERHUB_CA_PATH}]
    vars: [{name: dockerhub_ca_path}]
    ini: [{section: dockerhub, key: ca_path}]
  proxy:
    vars: [{name: dockerhub_proxy}]
    ini: [{section: dockerhub, key: proxy}]
  user_agent:
    vars: [{name: dockerhub_user_agent}]
    ini: [{section: dockerhub, key: user_agent}]
  timeout:
    env: [{name: DOCKERHUB_TIMEOUT}]
    vars: [{name: dockerhub_timeout}]
    ini: [{section: dockerhub, key: timeout}]
  retries:
    vars: [{name: dockerhub_retries}]
    ini: [{section: dockerhub, key: retries}]
  max_wait:
    vars: [{name: dockerhub_max_wait}]
    ini: [{section: dockerhub, key: max_wait}]
  cache:
    env: [{name: DOCKERHUB_CACHE}]
    vars: [{name: dockerhub_cache}]
    ini: [{section: dockerhub, key: cache}]
  min_ttl:
    vars: [{name: dockerhub_min_ttl}]
    ini: [{section: dockerhub, key: min_ttl}]
  refusal_ttl:
    vars: [{name: dockerhub_refusal_ttl}]
    ini: [{section: dockerhub, key: refusal_ttl}]
"""
