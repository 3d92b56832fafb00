# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`client` sends requests to an emulator of its own."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hubops.dockerhub.tests.unit.emulator.client import Client


@pytest.fixture
def client(hub: t.Any) -> Client:
    return Client(hub)
