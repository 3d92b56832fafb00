# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say why a template cannot be rendered, without what the template and its variables contain."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._redact import printable
from jinja2 import TemplateAssertionError, TemplateSyntaxError

# What ansible-core says of a locked vault. Other errors may mention decryption as well.
_LOCKED_VAULT = re.compile(
    r"Attempting to decrypt but no vault|must be specified to decrypt data|Decryption failed \(no vault|use undecryptable"
)


def unusable(source: str, error: Exception, secrets: t.Iterable[str]) -> InvalidOptions:
    """Return the error for the value of a source that cannot be rendered or decrypted; its text contains no secret."""
    chain = _chain(error)
    # Before ansible-core 2.19, these texts quote the template, which may be a password.
    unquoted = (_text(cause) for cause in chain if "while templating" not in _text(cause))
    reason = "syntax error in a template" if _has_syntax_error(chain) else next(unquoted, "its template is wrong")
    # Some of them quote the template before the reason.
    reason = re.split(r"[}%]\}[^:]{0,80}: ", reason)[-1]
    # Filters quote their input, a dictionary or a list of them. Cut it off, because it may contain other secrets.
    reason = re.sub(r"(\[\s*\{|(?<!\{)\{\s*['\"]).*", "…", reason, flags=re.DOTALL)
    if _LOCKED_VAULT.search(reason):
        return InvalidOptions(
            f"{source} cannot be decrypted",
            hint="give the password of its vault, with --ask-vault-pass or --vault-password-file",
        )
    return InvalidOptions(
        f"{source} cannot be rendered: {printable(reason, secrets, limit=400)}",
        hint="correct its template, or what the template uses; text with {{, {% or {# that is not a template must be marked"
        " with !unsafe (in vars_prompt, with unsafe: true)",
    )


def _chain(error: t.Any) -> list[Exception]:
    """Return an error and its causes, the first cause at the end. An error of ansible-core may lead back to itself."""
    chain: list[Exception] = []
    while isinstance(error, Exception) and not any(error is earlier for earlier in chain):
        chain.append(error)
        error = getattr(error, "orig_exc", None) or error.__cause__ or error.__context__
    return chain


def _has_syntax_error(chain: list[Exception]) -> bool:
    """Return whether Jinja has refused the syntax of a template. Its message quotes parts of the template.

    A filter that does not exist is reported with the same type of error, but its message quotes only the name.
    """
    return any(
        isinstance(error, TemplateSyntaxError)
        and not isinstance(error, TemplateAssertionError)
        and "Could not load" not in _text(error)
        for error in chain
    )


def _text(error: Exception) -> str:
    """Return the text of a foreign error, or the name of its type if it has none."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # composing the text may fail
        return type(error).__name__
