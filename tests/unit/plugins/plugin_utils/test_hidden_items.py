# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in the items of loops."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.plugin_utils._hidden_items import (
    contains_secret,
    named_secrets,
    repeats_secret,
)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("my-password", True),
        ("prefix-my-password-suffix", True),
        ("my-passwo", True),
        ("password", False),
        ({"pw": "anything"}, True),
        ({"DB_SEED": "anything"}, True),
        ({"x": "bXktcGFzc3dvcmQK"}, True),
        ({"x": "bWU6bXktcGFz\nc3dvcmQ=\n"}, True),
        ({".dockerconfigjson": "anything"}, True),
        ({"x": "eyJhdXRocyI6IHsieCI6IHsiYXV0aCI6ICJhbnl0aGluZyJ9fX0="}, True),
        ({"x": "YW55dGhpbmc="}, False),
        ({"mfa": "JBSW Y3DP-EHPK 3PXP"}, True),
        ('{"auths": {"example.com": {"auth": "anything"}}}', True),
        ({"auth_method": "login", "author": "me", "seedling": "no", "pwned": 0}, False),
        ({"any": ["deep", {"x": "my-password"}]}, True),
        ({"my-password": 1}, True),
        ({"token": "dckr_pat_new"}, True),
        ("Bearer eyJhbGciOi.e30.c2ln", True),
        ({"secret": "anything"}, True),
        ({"user": "mybot", "secret_b64": "bXktcGFzc3dvcmQ="}, True),
        ('{"login": {"password": "anything"}}', True),
        (' [{"a": "my-p\\u0061ssword"}]', True),
        ({"passwords": ["anything"]}, True),
        ({"secrets": {"db": "anything"}}, True),
        ('{"password": "anything",}', True),
        ("{'db_password' : 'anything'}", True),
        ("http://me:anything@proxy:3128", True),
        ("[" * 100_000, False),
        ({"tokens": [1, None, {"id": ""}]}, False),
        ("docker.io/mybot/app:1.0@sha256:0123", False),
        ("https://example.com/a:b@c", False),
        ("{not JSON: password", False),
        ({"token": None, "id": "1"}, False),
        ({"name": "app", "private": True, "description": "The application"}, False),
        (["app", 1, None], False),
    ],
    ids=str,
)
def test_an_item_with_a_secret_is_found(item: t.Any, expected: bool) -> None:
    assert contains_secret(item, ["my-password", "JBSWY3DPEHPK3PXP"]) is expected


def test_a_number_can_repeat_a_secret_but_a_boolean_cannot() -> None:
    assert not repeats_secret({"failed": True, "changed": False, "http_status": None}, ["True", "False", "None"])
    assert repeats_secret({"http_status": 4040}, ["4040"])


def test_texts_under_secret_names_are_secrets() -> None:
    body = {
        "name": "app",
        "logins": [{"password": "one", "codes": 1}, '{"api_key": ["two"]}'],
        "token": {"db": "three"},
    }
    assert [*named_secrets(body)] == ["one", "two", "three"]
    assert [*named_secrets("{no JSON: password")] == []
