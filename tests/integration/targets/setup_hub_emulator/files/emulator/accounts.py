# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts that exist, with their secrets."""

from __future__ import annotations

import dataclasses
import uuid

# A personal access token has 27 characters after its prefix, an organization access token 32.
MYBOT_PAT = "dckr_pat_fake-pat-of-mybot-000000000"
MFAUSER_PAT = "dckr_pat_fake-pat-of-mfauser-0000000"
SSOUSER_PAT = "dckr_pat_fake-pat-of-ssouser-0000000"
MYORG_OAT = "dckr_oat_fake-oat-of-myorg-00000000000000"
MFAUSER_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclasses.dataclass(frozen=True)
class Account:
    """A user or an organization, with up to three kinds of secret."""

    name: str
    kind: str = "user"  # or "organization"
    password: str | None = None
    pat: str | None = None
    oat: str | None = None
    totp_secret: str | None = None
    sso: bool = False
    members: tuple[str, ...] = ()
    scope: str = "repo:public_read"  # a claim of its bearers, not enforced

    def uuid(self, of: str = "account") -> str:
        """Return the same UUID for the same thing in every run."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}/{of}"))


ACCOUNTS = {
    account.name: account
    for account in (
        Account("plainuser", password="plain-password-1"),
        Account("mybot", password="mybot-password-1", pat=MYBOT_PAT),
        Account("myorg", kind="organization", oat=MYORG_OAT, members=("mybot",)),
        Account("mfauser", password="mfa-password-1", pat=MFAUSER_PAT, totp_secret=MFAUSER_TOTP_SECRET),
        Account("ssouser", password="sso-password-1", pat=SSOUSER_PAT, sso=True),
    )
}
