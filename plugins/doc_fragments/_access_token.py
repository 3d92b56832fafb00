# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Document the options that personal and organization access tokens have in common.

This fragment is PRIVATE to the collection. It may change at any time; do not use it outside of hubops.dockerhub.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Contain the options of the two modules that create access tokens."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the token, at most 90 characters. Docker Hub calls it the label, and shows it in the list of tokens.
      - The task manages all tokens whose label is this name, or this name followed by V((pending\)) or V((retired\)).
        It never changes a token that Docker Desktop created.
    type: str
    required: true
  state:
    description:
      - V(present) creates a token if no token of this name can be used. See also O(active) and O(rotate).
      - V(absent) deletes all tokens of this name. Programs that use one of them can no longer log in.
    type: str
    choices: [present, absent]
    default: present
  active:
    description:
      - V(false) deactivates all tokens of this name, and creates none. A deactivated token cannot log in, but it can be
        activated again.
      - V(true) activates the newest token again, if it was deactivated and has not expired.
      - Without this option, a deactivated token stays deactivated. With O(rotate=never), the task then creates no
        token. Otherwise, it creates a new one.
    type: bool
  expires_in:
    description:
      - How long a new token is valid, as a span of time, for example V(90d). A span is a whole number with C(s), C(m),
        C(h), C(d) or C(w) for seconds, minutes, hours, days or weeks. With an empty text, a new token never expires.
      - An existing token differs from this option if it never expires, or if it expires more than a day later than a
        new token would. With an empty text, it differs if it expires at all. See O(on_mismatch).
      - Without this option and O(expires_at), a new token is valid for as long as the token that it replaces. If there
        is no such token, the new one never expires.
    type: str
  expires_at:
    description:
      - When a new token expires, in ISO 8601, for example V(2027-01-31) or V(2027-01-31T12:00:00Z). A time without an
        offset is in UTC. With an empty text, a new token never expires.
      - Cannot be combined with O(expires_in).
      - An existing token differs from this option if it expires at any other time. See O(on_mismatch).
      - O(rotate_before) does not apply to a token that expires at this time, because a new token would expire at the
        same time. The task warns instead. Write a later time then.
    type: str
  rotate:
    description:
      - When a new token replaces one that still works. This is called a rotation.
      - With V(never), the task creates a token only if none of this name can be used.
      - With V(due), the task also creates one if the token expires within O(rotate_before) or is older than O(max_age).
      - With V(always), the task creates one in each run.
      - With V(due) and V(always), a new token has the label V(name (pending\)) until it is confirmed. See O(held_id).
    type: str
    choices: [never, due, always]
    default: never
  rotate_before:
    description:
      - How long before its expiry a token is due for rotation, as a span of time. See O(expires_in) for the form.
      - With O(rotate=due), it must be shorter than O(expires_in). Otherwise, each run would create a token.
    type: str
    default: 14d
  max_age:
    description:
      - How long after its creation a token is due for rotation, as a span of time. See O(expires_in) for the form.
      - Without this option, only the expiry of a token decides.
    type: str
  overlap:
    description:
      - How long a replaced token stays valid after its successor was created, as a span of time. See O(expires_in) for
        the form.
      - Once this time is over, the next run of the task for this name deactivates the replaced token and adds
        V((retired\)) to its label. Once twice this time is over, the next run deletes it.
      - With V(0d), the replaced token is deleted as soon as its successor is confirmed.
    type: str
    default: 7d
  on_mismatch:
    description:
      - What to do if the existing token differs from the options in something that Docker Hub cannot change. This is
        the expiry, and for a personal access token also the scopes.
      - With V(fail), the task fails with the code V(cannot_change) and changes nothing.
      - With V(replace), the task creates another token. The existing one stays valid for the time in O(overlap).
    type: str
    choices: [fail, replace]
    default: fail
  held_id:
    description:
      - The id of the token whose secret is in your store. The store is the place where you keep the secret, for example
        a file or a vault. Save RV(id) there together with RV(token), and give the saved id to the next run.
      - If this is the id of a pending token, the task confirms that token. The task deletes all other pending tokens,
        because nobody has their secrets.
      - An empty text means that the store contains no token. The task then creates one.
      - Without this option, the task does not know what the store contains. It leaves pending tokens as they are.
    type: str
  confirm:
    description:
      - With V(true), the task only confirms the token in O(held_id), and never creates one. It removes V((pending\))
        from the label, and deactivates or deletes replaced tokens as O(overlap) describes.
      - Run the task in this way after you have stored the secret of a new token. It must know which one that is, so give
        O(held_id).
    type: bool
    default: false
  prune_expired:
    description:
      - Which expired tokens the task deletes. In an organization, they count towards the limit of its subscription.
      - V(false) deletes none of them. V(true) deletes those of this name. V(all) deletes all expired tokens of the
        account or organization, except those that Docker Desktop created.
      - If a new token takes its scopes or its lifetime from an expired one, a later run deletes the expired one.
    type: str
    choices: ['false', 'true', all]
    default: 'false'
notes:
  - Do not manage tokens of the same name in two runs at the same time.
  - Check mode creates no token, so RV(token) is V(null). RV(reason) and RV(retired) contain what a normal run would do.
"""
