"""Pure rules about people."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.account.rules import normal_email
from app.identity.roles.rules import roles_given_by
from app.identity.sign_in.rules import is_open
from app.people.rules import normal_name
from app.platform.security.permissions import Role

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(" Maude@Example.COM ", "maude@example.com"), ("E\N{COMBINING ACUTE ACCENT}lise@x.ca", "élise@x.ca")],
)
def test_an_address_has_one_spelling(typed: str, stored: str) -> None:
    assert normal_email(typed) == stored


def test_a_name_has_one_spelling() -> None:
    assert normal_name("  Zoe\N{COMBINING ACUTE ACCENT}   Côté ") == "Zoé Côté"


@given(st.text())
def test_normal_forms_are_stable(text: str) -> None:
    assert normal_name(normal_name(text)) == normal_name(text)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"ended_at": AT - HOUR}, False),
        ({"suspended_at": AT - HOUR}, False),
        ({"expires_at": AT}, False),
        ({"expires_at": AT + timedelta(seconds=1)}, True),
        ({"seen_at": AT - 3 * HOUR}, False),
        ({"seen_at": AT - 3 * HOUR + timedelta(seconds=1)}, True),
    ],
)
def test_when_a_sign_in_is_good(changed: dict[str, datetime], *, expected: bool) -> None:
    usual = {"seen_at": AT - HOUR, "expires_at": AT + HOUR, "ended_at": None, "suspended_at": None}
    assert is_open(AT, **{**usual, **changed}, idle=3 * HOUR) is expected  # type: ignore[arg-type]


def test_nobody_gives_a_role_above_their_own() -> None:
    team = {Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR}
    assert roles_given_by([Role.ADMIN]) == team | {Role.REGISTRAR}
    assert roles_given_by([Role.REGISTRAR, Role.COORDINATOR]) == team
    assert roles_given_by([Role.COORDINATOR]) == frozenset()
