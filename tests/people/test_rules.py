"""Pure rules about people, their accounts and roles."""

from datetime import UTC, datetime, timedelta

import pytest

from app.identity.roles.rules import roles_grantable_by
from app.identity.sign_in.rules import is_open
from app.people.rules import full_name, sorted_name
from app.platform.messages.addresses import normal_address
from app.platform.security.permissions import Role

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(" Maude@Example.COM ", "maude@example.com"), ("E\N{COMBINING ACUTE ACCENT}lise@x.ca", "élise@x.ca")],
)
def test_email_is_normalised(typed: str, stored: str) -> None:
    assert normal_address(typed) == stored


@pytest.mark.parametrize(
    ("first", "last", "chosen", "shown", "sorted_"),
    [
        ("Zoé", "Côté", None, "Zoé Côté", "Côté Zoé"),
        (None, "Sukarno", None, "Sukarno", "Sukarno"),
        ("Zoé", "Côté", "Zo", "Zoé Côté", "Côté Zoé Zo"),
    ],
)
def test_names_as_one_text(first: str | None, last: str, chosen: str | None, shown: str, sorted_: str) -> None:
    assert (full_name(first, last), sorted_name(first, last, chosen)) == (shown, sorted_)


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
def test_sign_in_is_open_until_it_ends_expires_or_is_unused(changed: dict[str, datetime], *, expected: bool) -> None:
    usual = {"seen_at": AT - HOUR, "expires_at": AT + HOUR, "ended_at": None, "suspended_at": None}
    assert is_open(AT, **{**usual, **changed}, idle=3 * HOUR) is expected  # type: ignore[arg-type]


def test_roles_grantable_by_each_role() -> None:
    team = {Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR}
    assert roles_grantable_by([Role.ADMIN]) == team | {Role.REGISTRAR}
    assert roles_grantable_by([Role.REGISTRAR, Role.COORDINATOR]) == team
    assert roles_grantable_by([Role.COORDINATOR]) == frozenset()
