# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TOTP secrets in every usual spelling, and the codes that they make."""

from __future__ import annotations

import base64
import contextlib
import string

import hub_emulator
import pyotp
import pytest
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import InvalidOptions
from ansible_collections.hubops.dockerhub.plugins.module_utils._totp import STEP, seconds_to_next_code, totp_seed
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "text",
    [
        "JBSWY3DPEHPK3PXPJBSWY3DPEE",
        "jbsw y3dp ehpk 3pxp jbsw y3dp ee",
        "JBSW-Y3DP-EHPK-3PXP-JBSW-Y3DP-EE",
        "JBSWY3DPEHPK3PXPJBSWY3DPEE======",
        " JBSWY3DPEHPK3PXPJBSWY3DPEE\n",
        '"otpauth://totp/Docker:me?secret=JBSWY3DPEHPK3PXPJBSWY3DPEE"\n',
        "\ufeffotpauth://totp/Docker:me?secret=JBSWY3DPEHPK3PXPJBSWY3DPEE",
        "otpauth://totp/Docker:me?secret=jbswy3dpehpk3pxpjbswy3dpee&issuer=Docker",
        "OTPAUTH://TOTP/me?secret=JBSWY3DPEHPK3PXPJBSWY3DPEE&algorithm=sha1&digits=6&period=30",
    ],
)
def test_every_usual_spelling_is_one_seed(text: str) -> None:
    assert totp_seed(text) == "JBSWY3DPEHPK3PXPJBSWY3DPEE"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("otpauth-migration://offline?data=CjEKCg", "export of several accounts"),
        (" 'otpauth-migration://offline?data=CjEKCg'", "export of several accounts"),
        ("OTPAUTH-MIGRATION://OFFLINE?DATA=CjEKCg", "export of several accounts"),
        ("otpauth://totp/me", "not for Docker Hub's codes"),
        ("otpauth://[bad", "not for Docker Hub's codes"),
        ("otpauth://totp/me?secret=JBSWY3DPEHPK3PXP&algorithm=SHA256", "not for Docker Hub's codes"),
        ("otpauth://totp/me?secret=JBSWY3DPEHPK3PXP&period=60", "not for Docker Hub's codes"),
        ("otpauth://totp/me?secret=JBSWY3DPEHPK3PX1", "not base32"),
        ("é", "not base32"),
        ("=", "not base32"),
    ],
)
def test_a_text_that_is_not_a_seed_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidOptions, match=words) as caught:
        totp_seed(text)
    assert caught.value.hint
    assert text not in str(caught.value)


@pytest.mark.parametrize(("second", "left"), [(0, 30.6), (10.5, 20.1), (29.9, 0.7), (30, 30.6)])
def test_the_next_code_comes_after_half_a_second(second: float, left: float) -> None:
    assert seconds_to_next_code(1_800_000_000 + second) == pytest.approx(left)
    assert int((1_800_000_000 + second + left - 0.5) // STEP) == int((1_800_000_000 + second) // STEP) + 1


@given(st.text())
def test_every_text_is_a_seed_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidOptions):
        assert len(pyotp.TOTP(totp_seed(text)).generate_otp(1)) == 6


@given(
    st.binary(min_size=1, max_size=64),
    st.lists(st.sampled_from([" ", "-", "\n", "\t", "="]), max_size=10),
    st.booleans(),
    st.integers(0, 2**40),
)
def test_the_spelling_of_a_seed_does_not_change_its_codes(
    raw: bytes, between: list[str], lower: bool, step: int
) -> None:
    seed = base64.b32encode(raw).decode().rstrip("=")
    written = "".join(char + (between[number % len(between)] if between else "") for number, char in enumerate(seed))
    code = pyotp.TOTP(totp_seed(written.lower() if lower else written)).generate_otp(step)
    assert code == hub_emulator.totp(base64.b32encode(raw).decode(), step * 30)


LABELS = st.text(string.ascii_letters + string.digits + ":@%._-", max_size=20)


@given(st.binary(min_size=15, max_size=40), LABELS, st.sampled_from(["", "&issuer=Docker", "&digits=6", "&period=30"]))
def test_the_seed_of_a_uri_is_found(raw: bytes, label: str, more: str) -> None:
    seed = base64.b32encode(raw).decode()
    assert totp_seed(f"otpauth://totp/{label}?secret={seed}{more}") == seed.rstrip("=")


@given(st.text(), st.sampled_from(["otpauth:", "OTPAUTH://totp/", "otpauth://totp/me?", "otpauth://totp/me?secret="]))
def test_every_uri_is_a_seed_or_refused(text: str, start: str) -> None:
    with contextlib.suppress(InvalidOptions):
        assert len(pyotp.TOTP(totp_seed(start + text)).generate_otp(1)) == 6
