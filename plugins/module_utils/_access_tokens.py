# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Personal and organization access tokens as Docker Hub's API has them."""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._answers import texts_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._client import HubClient
from ansible_collections.hubops.dockerhub.plugins.module_utils._endpoints import (
    ACCESS_TOKEN,
    ACCESS_TOKENS,
    ORG_ACCESS_TOKEN,
    ORG_ACCESS_TOKENS,
)
from ansible_collections.hubops.dockerhub.plugins.module_utils._times import unix_time_of
from ansible_collections.hubops.dockerhub.plugins.module_utils._token_rotation import Token

LIMITS = (10, 100)
"""How many organization access tokens Docker Team and Docker Business allow. Expired and deactivated ones count."""
LONGEST_LABEL = 100
_FULL = r"\blimit|maximum|too many|quota|no more"
_REFUSED = (
    errors.Forbidden,
    errors.NotFound,
    errors.Conflict,
    errors.InvalidRequest,
    errors.RateLimited,
    errors.TokenExpired,
)
"""Errors after which nothing was created."""


class AccessTokens:
    """The personal access tokens of the account in use, or the access tokens of an organization."""

    def __init__(self, hub: HubClient, organization: str | None = None) -> None:
        self._hub = hub
        self._organization = organization
        self.rows: dict[str, dict[str, t.Any]] = {}

    def read(self) -> list[Token]:
        """Return all tokens. ``rows`` then contains what Docker Hub reports about each, by id."""
        self.rows = {str(row.get("uuid") or row.get("id")): row for row in self._hub.pages(self._list())}
        return [self._token(token_id) for token_id in self.rows]

    def complete(self, token_id: str) -> None:
        """Add to ``rows`` what the list of an organization's tokens leaves out: description and resources."""
        if self._organization:
            address = self._address(token_id)
            row = self._hub.object_of(self._hub.get(address), address)
            resources = row.get("resources", "missing")
            is_list = isinstance(resources, list) and all(isinstance(resource, dict) for resource in resources)
            if resources is not None and not is_list:
                # A change sends them back as they were read: without them, the token would lose its rights.
                raise errors.BadAnswer(f"the answer about the access token {token_id} does not contain its resources")
            self.rows[token_id] = row

    def create(self, body: dict[str, t.Any]) -> tuple[str, str]:
        """Create a token once, and return its id and its secret.

        If the answer is lost, the secret is lost with it: the token is deleted, and another one is created.
        """
        known = set(self.rows)
        try:
            return self._create(body)
        except errors.HubError as error:
            self._after_failure(error, body, known)
        try:
            return self._create(body)
        except errors.HubError as error:
            self._after_failure(error, body, known)
            raise

    def patch(self, token_id: str, changes: dict[str, t.Any]) -> None:
        """Change label, activity, or the description and resources of an organization access token."""
        if self._organization:  # Docker Hub requires all these fields, also those that do not change
            if "resources" not in self.rows[token_id]:
                self.complete(token_id)
            row = self.rows[token_id]
            unchanged = {"label": row.get("label"), "description": row.get("description") or ""}
            changes = {**unchanged, "resources": row.get("resources") or [], **changes}
        changes = self._api_fields(changes)
        self._hub.patch(self._address(token_id), changes)
        self.rows[token_id] = {**self.rows[token_id], **changes}

    def delete(self, token_id: str) -> None:
        """Delete a token, if it still exists."""
        with contextlib.suppress(errors.NotFound):
            self._hub.delete(self._address(token_id))
        self.rows.pop(token_id, None)

    def facts(self, token_id: str) -> dict[str, t.Any]:
        """Return a token in the terms of the modules, without state and secret."""
        row = self.rows[token_id]
        facts = {
            "id": token_id,
            "label": _label(row),
            "active": bool(row.get("is_active")),
            "created_at": row.get("created_at") or None,
            "expires_at": row.get("expires_at") or None,
            "last_used": row.get("last_used") or row.get("last_used_at") or None,
        }
        if self._organization:
            return {**facts, "created_by": row.get("created_by") or None}
        return {**facts, "scopes": sorted(texts_of(row.get("scopes"))), "generated_by": row.get("generated_by")}

    def _create(self, body: dict[str, t.Any]) -> tuple[str, str]:
        row = self._hub.object_of(self._hub.post(self._list(), self._api_fields(body)), self._list())
        token_id, secret = str(row.get("uuid") or row.get("id") or ""), row.pop("token", None)
        if not token_id or not isinstance(secret, str) or not secret:
            raise errors.BadAnswer(f"the answer to the creation of {body['label']} contains no secret", http_status=201)
        self.rows[token_id] = row
        return token_id, secret

    def _after_failure(self, error: errors.HubError, body: dict[str, t.Any], known: set[str]) -> None:
        """Delete the token whose answer was lost, so that it can be created again; raise if it was not created."""
        if isinstance(error, _REFUSED):
            raise self._full(error) or error
        if not error.sent:
            raise error
        try:
            self.read()
            for token_id, row in list(self.rows.items()):
                if token_id not in known and _label(row) == body["label"]:
                    self.delete(token_id)
        except errors.HubError:
            raise error from None

    def _full(self, error: errors.HubError) -> errors.HubError | None:
        """Return the error of a full list, if that may be why Docker Hub refused a creation."""
        if isinstance(error, (errors.NeedsPasswordLogin, errors.RateLimited, errors.TokenExpired, errors.NotFound)):
            return None
        tokens, now = self.read(), self._hub.server_time()
        if len(tokens) not in LIMITS and not re.search(_FULL, error.message, re.IGNORECASE):
            return None
        expired = sum(token.is_expired(now) for token in tokens)
        count = f"{len(tokens)} of {len(tokens)}" if len(tokens) in LIMITS else str(len(tokens))
        owner = f"access tokens of {self._organization}" if self._organization else "personal access tokens"
        return errors.NoFreeSlot(
            f"{count} {owner} exist, {expired} of them expired: {error.message}",
            hint="set prune_expired: all to delete the expired ones that people made, or delete tokens that nobody uses",
            http_status=error.http_status,
        )

    def _api_fields(self, values: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the values under the names of the API, where the label of a personal token is ``token_label``."""
        if self._organization or "label" not in values:
            return values
        return {"token_label": values["label"], **{name: value for name, value in values.items() if name != "label"}}

    def _list(self) -> t.Any:
        return ORG_ACCESS_TOKENS.at(organization=self._organization) if self._organization else ACCESS_TOKENS.at()

    def _address(self, token_id: str) -> t.Any:
        if self._organization:
            return ORG_ACCESS_TOKEN.at(organization=self._organization, token_id=token_id)
        return ACCESS_TOKEN.at(uuid=token_id)

    def _token(self, token_id: str) -> Token:
        row = self.rows[token_id]
        return Token(
            id=token_id,
            label=_label(row),
            created=unix_time_of(row.get("created_at")) or 0.0,
            expires=unix_time_of(row.get("expires_at")),
            is_active=bool(row.get("is_active")),
            # Organization access tokens do not have this field: all of them were made by people.
            is_manual=(row.get("generated_by") or "manual") == "manual",
        )


def _label(row: t.Mapping[str, t.Any]) -> str:
    return str(row.get("token_label") or row.get("label") or "")
