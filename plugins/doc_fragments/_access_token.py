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
      - The name of the token, at most 90 characters. The task manages all tokens whose label is this name, or this name followed
        by C( (pending\)) or C( (retired\)). It leaves tokens of Docker Desktop alone.
    type: str
    required: true
  state:
    description:
      - V(present) makes sure that there is a usable token. V(absent) deletes all tokens of this name.
    type: str
    choices: [present, absent]
    default: present
  active:
    description:
      - V(false) deactivates all tokens of this name, and creates none.
      - V(true) activates the newest token again, if it was deactivated and has not expired.
      - Without it, a deactivated token stays deactivated. With O(rotate=never) the task then creates none; otherwise it
        creates a new one.
    type: bool
  expires_in:
    description:
      - How long a new token is valid. A span is a whole number with C(s), C(m), C(h), C(d) or C(w), for example V(90d). An empty
        text means that it never expires.
      - An existing token differs from it if it never expires, or lives more than a day longer. See O(on_mismatch).
      - Without it and O(expires_at), a new token lives as long as the one that it replaces. If there is none, it never expires.
    type: str
  expires_at:
    description:
      - When a new token expires, in ISO 8601, for example V(2027-01-31) or V(2027-01-31T12:00:00Z). A time without an offset is
        in UTC. An empty text means that it never expires.
      - An existing token that has this expiry is not due for rotation before, because a new one would have the same.
    type: str
  rotate:
    description:
      - When a working token is replaced. V(never) creates a token only if there is none, V(due) also if the token expires within
        O(rotate_before) or is older than O(max_age), V(always) in each run.
      - With V(due) and V(always), a new token waits for its confirmation. See O(held_id).
    type: str
    choices: [never, due, always]
    default: never
  rotate_before:
    description: How long before its expiry a token is due for rotation. Must be shorter than O(expires_in).
    type: str
    default: 14d
  max_age:
    description: How long after its creation a token is due for rotation.
    type: str
  overlap:
    description:
      - How long a replaced token stays valid after the creation of its successor. Then it is labelled C( (retired\)) and
        deactivated. After the same time once more it is deleted.
      - This happens in any later run of the task for this name. With V(0d), it happens as soon as the successor is confirmed.
    type: str
    default: 7d
  on_mismatch:
    description:
      - What to do if the token differs in something that Docker Hub cannot change afterwards, the expiry for example.
      - V(fail) fails and changes nothing. V(replace) creates another token, as a rotation does.
    type: str
    choices: [fail, replace]
    default: fail
  held_id:
    description:
      - The id of the token whose secret your store holds. Store RV(id) beside RV(token), and give it back here.
      - With it, the task confirms a pending token that was stored, and deletes a pending token that was not. Without it the task
        cannot know, and leaves pending tokens alone.
      - An empty value means that the store holds nothing. The task then creates a token.
    type: str
  confirm:
    description:
      - Whether the task only confirms that the store holds the token in O(held_id), and creates nothing. The label loses
        C( (pending\)).
    type: bool
    default: false
  prune_expired:
    description:
      - Which expired tokens are deleted. They count towards the limit of an organization.
      - V(true) deletes those of this name, V(all) every expired token that a person made. An expired token whose scopes or
        lifetime the new one takes over is deleted in a later run.
    type: str
    choices: ['false', 'true', all]
    default: 'false'
notes:
  - Two runs at the same time must not manage tokens of the same name.
"""
