# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts that exist, with their secrets."""

from __future__ import annotations

import dataclasses
import typing as t
import uuid

from emulator.scopes import Resource, all_resources

if t.TYPE_CHECKING:
    from emulator.hub import Hub

# A personal access token has 27 characters after its prefix, an organization access token 32.
MYBOT_PAT = "dckr_pat_fake-pat-of-mybot-000000000"
MFAUSER_PAT = "dckr_pat_fake-pat-of-mfauser-0000000"
SSOUSER_PAT = "dckr_pat_fake-pat-of-ssouser-0000000"
ORGMEMBER_PAT = "dckr_pat_fake-pat-of-orgmember-00000"
MYORG_OAT = "dckr_oat_fake-oat-of-myorg-00000000000000"
MFAUSER_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclasses.dataclass(frozen=True)
class Account:
    """A user or an organization, with up to three kinds of secret."""

    name: str
    kind: str = "user"  # or "organization"
    password: str | None = None
    pat: str | None = None
    pat_scopes: tuple[str, ...] = ("repo:admin",)
    oat: str | None = None
    oat_resources: tuple[Resource, ...] | None = None  # None: everything
    totp_secret: str | None = None
    sso: bool = False
    owners: tuple[str, ...] = ()  # of an organization, at the beginning
    members: tuple[str, ...] = ()  # of an organization, at the beginning, without the owners
    scope: str = "repo:public_read"  # a claim of its bearers, without effect

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Return what the organization access token may do."""
        return all_resources(self.name) if self.oat_resources is None else self.oat_resources

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    def uuid(self, of: str = "account") -> str:
        """Return the same UUID for the same thing in every run."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}/{of}"))


ACCOUNTS = {
    account.name: account
    for account in (
        Account("plainuser", password="plain-password-1"),
        Account("mybot", password="mybot-password-1", pat=MYBOT_PAT),
        Account("myorg", kind="organization", oat=MYORG_OAT, owners=("mybot",), members=("orgmember",)),
        Account("orgmember", password="orgmember-password-1", pat=ORGMEMBER_PAT, pat_scopes=("repo:write",)),
        Account("mfauser", password="mfa-password-1", pat=MFAUSER_PAT, totp_secret=MFAUSER_TOTP_SECRET),
        Account("ssouser", password="sso-password-1", pat=SSOUSER_PAT, sso=True),
    )
}


def add_accounts(hub: Hub, fields: dict[str, t.Any], _rest: str) -> list[str]:
    """Add or replace accounts: `accounts`, a list of the fields of Account."""
    for given in fields["accounts"]:
        account = Account(**{name: _frozen(name, value) for name, value in given.items()})
        hub.accounts[account.name] = account
    return sorted(hub.accounts)


def _frozen(name: str, value: t.Any) -> t.Any:
    if name == "oat_resources" and value is not None:
        return tuple(Resource(each["type"], each["path"], tuple(each["scopes"])) for each in value)
    return tuple(value) if isinstance(value, list) else value


CONTROL = {("POST", "accounts"): add_accounts}
