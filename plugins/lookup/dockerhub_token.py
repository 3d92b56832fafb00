# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets the run's Docker Hub token where a template asks for it.

The documentation is in the YAML file beside this one: Ansible would parse it anew in every process that uses the lookup.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display


def _load(folder: str, name: str) -> None:
    """Imports a file of this collection by Python's own loader, as Ansible does with this one.

    Ansible's loader of collections compiles a file anew in every process, and each use of a lookup is a process of its
    own: that would be most of what a hit costs. Python's keeps the byte code.
    """
    full = f"ansible_collections.hubops.dockerhub.plugins.{folder}.{name}"
    path = os.path.join(os.path.dirname(os.path.dirname(__file__)), folder, f"{name}.py")
    spec = importlib.util.spec_from_file_location(full, path)
    if full not in sys.modules and spec and spec.loader:
        module = sys.modules[full] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[full]
            raise


for _folder, _name in (
    ("module_utils", "_errors"),
    ("module_utils", "_options"),
    ("plugin_utils", "_hub_options"),
    ("plugin_utils", "_token_store"),
):
    _load(_folder, _name)

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hub_options import hub_options
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._token_store import log_in_here, shared_token

display = Display()


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core is half typed
    """The lookup ``hubops.dockerhub.dockerhub_token``."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """A list of one: the token, or with ``return_format='dict'`` the whole result."""
        try:
            return_format = kwargs.pop("return_format", None) or "token"
            if return_format not in ("token", "dict"):
                raise InvalidOptions("return_format must be token or dict", hint="leave it out for the token alone")
            if len(terms) > 1:
                raise InvalidOptions("the lookup takes one term, the identifier", hint="give the rest by name")
            if terms and terms[0]:
                if kwargs.get("identifier") or kwargs.get("username"):
                    raise InvalidOptions("the identifier is given twice", hint="give it as the term or by name")
                kwargs["identifier"] = terms[0]
            options = hub_options(kwargs, variables or {}, self._templar.template, task=False)
            answer = shared_token(options, log_in_here, display.warning, display.v)
        except HubError as error:
            # From ansible-core 2.19 on, the message of every cause is shown, and causes hold headers and URLs.
            raise AnsibleLookupError(f"{error} [{error.code}]") from None
        return [answer if return_format == "dict" else answer["access_token"]]
