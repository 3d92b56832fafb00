# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play that outlives its tokens: no dead token is sent, and each token is used to its end."""

from __future__ import annotations

import json
import typing as t

import hub_emulator

LIFE = 5
RENEWED = LIFE * 3 / 4 - 0.05
PLAY = """
- hosts: all
  gather_facts: false
  vars:
    headers:
      Authorization: "Bearer {{ lookup('hubops.dockerhub.dockerhub_token') }}"
  tasks:
    - ansible.builtin.assert:
        that: lookup('ansible.builtin.url', dockerhub_url ~ '/v2/namespaces/mybot/repositories', headers=headers) is string
        quiet: true
      loop: "{{ range(40) | list }}"
      loop_control:
        pause: 0.5
"""


def test_tokens_are_replaced_in_time_and_not_more_often(hub: t.Any, run_playbook: t.Callable[..., t.Any]) -> None:
    hub.token_life = LIFE  # which is less than min_ttl
    given = {"url": hub.url, "identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
    variables = json.dumps({"ansible_connection": "local", **{f"dockerhub_{name}": given[name] for name in given}})
    run = run_playbook(PLAY, "-i", "host1,host2,host3,", "-e", variables)
    assert run.returncode == 0, run.output
    used = [request for request in hub.requests if request.path != hub_emulator.TOKEN_PATH]
    logins = [request.at for request in hub.requests if request.path == hub_emulator.TOKEN_PATH]
    assert [request.status for request in used] == [200] * 120
    assert used[-1].at - used[0].at > 19
    assert [later - before > RENEWED for before, later in zip(logins, logins[1:])] == [True] * (len(logins) - 1)
    assert len(logins) > 3
