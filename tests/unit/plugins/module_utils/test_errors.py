# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors are data, with one text."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils import _errors as errors
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError, from_dict
from hypothesis import given
from hypothesis import strategies as st

CODES = sorted(HubError.codes)
FULL: dict[str, t.Any] = {
    "message": "POST https://hub answered 429",
    "hint": "wait",
    "http_status": 429,
    "retry_at": "2027-01-15T08:00:00Z",
    "retry_in": 20.5,
    "subject": "Docker Hub login of mybot failed",
    "remark": "at 12:00; not tried again for 800 s",
}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "message"),
        ({"hint": "hint"}, "message; hint"),
        ({"remark": "remark"}, "message (remark)"),
        ({"subject": "subject"}, "subject: message"),
        ({"subject": "subject", "remark": "remark", "hint": "hint"}, "subject: message (remark); hint"),
        ({"subject": "", "remark": "", "hint": ""}, "message"),
    ],
)
def test_the_text_is_composed_of_the_fields(fields: dict[str, str], text: str) -> None:
    assert str(errors.BadAnswer("message", **fields)) == text  # type: ignore[arg-type]  # texts only


@pytest.mark.parametrize("code", CODES)
def test_an_error_survives_as_json(code: str) -> None:
    error = HubError.codes[code](**FULL)
    copy = from_dict(json.loads(json.dumps(error.to_dict())))
    assert type(copy) is type(error)
    assert (copy.to_dict(), str(copy), copy.public()) == (error.to_dict(), str(error), error.public())


@given(
    st.sampled_from(CODES),
    st.text(),
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("hint", "subject", "remark", "retry_at"), st.none() | st.text()),
            "http_status": st.none() | st.integers(),
            "retry_in": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        },
    ),
)
def test_every_error_survives_as_json(code: str, message: str, fields: dict[str, t.Any]) -> None:
    error = HubError.codes[code](message, **fields)
    record = json.loads(json.dumps(error.to_dict()))
    assert from_dict(record).to_dict() == error.to_dict() == record


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"code": None, "message": None},
        {"code": "of_a_later_version", "message": "later", "hint": "hint", "more": {}},
    ],
)
def test_an_unknown_record_is_a_module_failure(record: t.Any) -> None:
    error = from_dict(record)
    assert (error.code, error.message, error.hint) == (
        "module_failed",
        record.get("message") or "",
        record.get("hint"),
    )


def test_a_failed_task_gets_four_fields() -> None:
    assert errors.RateLimited(**FULL).public() == {
        "code": "rate_limited",
        "http_status": 429,
        "hint": "wait",
        "retry_at": "2027-01-15T08:00:00Z",
    }


def test_the_docstring_lists_every_code() -> None:
    rows = [line.split() for line in (errors.__doc__ or "").splitlines() if "──" in line]
    listed = {row[-1] if len(row) < 3 else next(word for word in row[row.index("──") + 2 :]) for row in _plain(rows)}
    assert listed - {"Docker"} == set(HubError.codes)


def _plain(rows: list[list[str]]) -> list[list[str]]:
    return [["──", *[word for word in row if not set(word) <= set("│├└─")]] for row in rows]
