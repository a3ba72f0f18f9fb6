"""Time-based codes, recovery codes as typed, and browsers of a ``User-Agent``."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.second_factor.rules import (
    RECOVERY_ALPHABET,
    RECOVERY_LENGTH,
    is_time_code,
    matching_step,
    normal_code,
    shown_code,
    shown_secret,
    step_of,
)
from app.identity.sign_in.rules import browser_of

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The 20 bytes ``12345678901234567890`` of RFC 6238, appendix B."""


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_totp_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, code, at) == step_of(at) == seconds // 30


@pytest.mark.parametrize(("late", "valid"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_totp_code_is_valid_one_step_early_or_late(late: int, valid: bool) -> None:
    at = datetime(2026, 11, 22, 12, 0, 15, tzinfo=UTC)
    code = pyotp.TOTP(SECRET).at(at)
    assert (matching_step(SECRET, code, at + timedelta(seconds=late)) is not None) is valid


def test_totp_code_used_is_refused_with_those_before_it() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    now, before, after = (pyotp.TOTP(SECRET).at(at + timedelta(seconds=30 * n)) for n in (0, -1, 1))
    step = matching_step(SECRET, now, at)
    assert matching_step(SECRET, now, at, last_used=step) is None
    assert matching_step(SECRET, before, at, last_used=step) is None
    assert matching_step(SECRET, after, at, last_used=step) == (step or 0) + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "12 345", "١٢٣٤٥٦", "²³¹²³¹"])
def test_totp_code_malformed_is_refused(typed: str) -> None:
    assert not is_time_code(typed)
    assert matching_step(SECRET, typed, datetime(2026, 11, 22, tzinfo=UTC)) is None


@given(st.text(RECOVERY_ALPHABET, min_size=RECOVERY_LENGTH, max_size=RECOVERY_LENGTH))
def test_recovery_code_is_normalised(code: str) -> None:
    assert normal_code(shown_code(code)) == code
    assert normal_code(f" {shown_code(code).upper()} ") == code
    assert normal_code(code.replace("0", "O").replace("1", "l")) == code


def test_codes_and_secrets_are_shown_in_groups_of_four() -> None:
    assert shown_code("0123456789abcdef") == "0123-4567-89ab-cdef"
    assert shown_secret("ABCDEFGHIJ") == "ABCD EFGH IJ"


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0": ("Firefox", "Windows"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 "
    "Edg/140.0.0.0": ("Edge", "Windows"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Safari/605.1.15": ("Safari", "Mac"),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Mobile/15E148 Safari/604.1": ("Safari", "iPhone"),
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36": (
        "Chrome",
        "Android",
    ),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36": (
        "Chrome",
        "Linux",
    ),
    "python-httpx/0.28": ("", ""),
    "": ("", ""),
}


@pytest.mark.parametrize("agent", AGENTS)
def test_browser_and_system_of_a_user_agent(agent: str) -> None:
    assert browser_of(agent) == AGENTS[agent]
