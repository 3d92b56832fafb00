# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Return the Docker Hub token of this run to a template.

The documentation is in the YAML file beside this one, because Ansible parses it in each process that uses the lookup.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._cached_token import cached_token
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._option_sources import RawOptions, is_empty, raw_options

display = Display()


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core is half typed
    """The lookup ``hubops.dockerhub.dockerhub_token``."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Return a list with the token, or with the whole result if ``return_format`` is ``dict``."""
        kwargs.pop("wantlist", None)  # of a loop with `with_`, before ansible-core 2.19
        return_format = kwargs.pop("return_format", None)
        return_format = "token" if is_empty(return_format) else return_format
        if return_format not in ("token", "dict"):
            raise _refusal("return_format must be token or dict; leave it out for the token alone")
        if len(terms) > 1:
            raise _refusal("the lookup takes one term, the identifier; give the rest by name")
        if terms and not is_empty(terms[0]):
            if not all(is_empty(kwargs.get(name)) for name in ("identifier", "username")):
                raise _refusal("the identifier is given twice; give it as the term or by name")
            kwargs["identifier"] = terms[0]
        raw = raw_options(kwargs, variables or {}, self._templar.template, task=False)
        result = cached_token(raw, display.v if display.verbosity else None) or _log_in(raw)
        return [result if return_format == "dict" else result["access_token"]]


def _log_in(raw: RawOptions) -> dict[str, t.Any]:
    from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._login_options import login_options, message_of
    from ansible_collections.hubops.dockerhub.plugins.plugin_utils._shared_token import log_in_here, shared_token

    try:
        options = login_options(raw, display.warning, display.vvv)
        return dict(shared_token(options, log_in_here, display.warning, display.v, raw=raw))
    except HubError as error:
        # Since ansible-core 2.19 the text of every cause is shown, and causes contain headers and URLs.
        raise AnsibleLookupError(f"{message_of(error, raw)} [{error.code}]") from None


def _refusal(text: str) -> AnsibleLookupError:
    return AnsibleLookupError(f"{text} [invalid_options]")
