"""Rules of one's own file of codevelopment: periods, roles held, totals."""

from datetime import date

import pytest

from app.codev.own_file.enums import FileRole
from app.codev.own_file.rules import FilePeriod, OwnTurn, RoleCount, by_role, by_year, period_of, roles_held
from app.codev.own_file.schemas import FileQuery, FileSession
from app.codev.records.enums import TurnStatus
from app.codev.sessions.enums import CodevRole

MARCH, MAY = date(2026, 3, 1), date(2026, 5, 31)


def session(on: date, minutes: int, *roles: tuple[FileRole, int], facilitated: bool = False) -> FileSession:
    """Return a session of a file."""
    held = tuple(RoleCount(role=role, consultations=n) for role, n in roles)
    return FileSession(
        session_id=1, on=on, college="Cégep", path="Parcours", activity_code="GEN-7.A", activity="Séance 1",
        facilitator="Fanny", facilitated=facilitated, minutes=minutes, roles=held,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("year", "since", "until", "expected"),
    [
        (None, None, None, (None, None)),
        (2026, None, None, (date(2026, 1, 1), date(2026, 12, 31))),
        (2025, MARCH, MAY, (date(2025, 1, 1), date(2025, 12, 31))),
        (None, MARCH, MAY, (MARCH, MAY)),
        (None, MAY, MARCH, (MARCH, MAY)),
        (None, MAY, None, (MAY, None)),
        (None, None, MARCH, (None, MARCH)),
    ],
)
def test_period_is_a_year_or_two_days_in_either_order(
    year: int | None, since: date | None, until: date | None, expected: tuple[date | None, date | None]
) -> None:
    assert period_of(year, since, until) == expected
    assert FileQuery(annee=year, du=since, au=until).period == expected


@pytest.mark.parametrize(
    ("period", "held"),
    [
        (FilePeriod(None, None), True),
        (FilePeriod(MARCH, MARCH), True),
        (FilePeriod(MAY, None), False),
        (FilePeriod(None, date(2026, 2, 28)), False),
    ],
)
def test_period_holds_its_first_and_last_day(period: FilePeriod, held: bool) -> None:
    assert period.holds(MARCH) is held


def test_roles_are_those_of_consultations_that_took_place() -> None:
    turns = [
        OwnTurn(1, is_client=True, status=TurnStatus.SWAPPED),
        OwnTurn(2, is_client=False, status=TurnStatus.HELD),
        OwnTurn(3, is_client=False, status=TurnStatus.HELD),
        OwnTurn(4, is_client=True, status=TurnStatus.POSTPONED),
    ]
    planned = {1: CodevRole.RESERVE, 2: CodevRole.NOTE_TAKER, 3: CodevRole.CLIENT}
    assert [(r.role, r.consultations) for r in roles_held(turns, planned)] == [
        (FileRole.CLIENT, 1), (FileRole.CONSULTANT, 1), (FileRole.NOTE_TAKER, 1),
    ]  # fmt: skip


def test_roles_of_a_session_whose_consultations_stopped_early_are_those_begun() -> None:
    """It counts when one had its quorum, even if it stopped before the end (S4); a cancelled one never began."""
    turns = [
        OwnTurn(1, is_client=True, status=TurnStatus.POSTPONED),
        OwnTurn(2, is_client=True, status=TurnStatus.CANCELLED),
    ]
    assert [(r.role, r.consultations) for r in roles_held(turns, {})] == [(FileRole.CLIENT, 1)]


def test_totals_keep_facilitated_minutes_apart_and_count_a_session_once_a_role() -> None:
    sessions = [
        session(date(2025, 12, 31), 60, (FileRole.CLIENT, 1), (FileRole.CONSULTANT, 2)),
        session(date(2026, 1, 1), 120, (FileRole.CONSULTANT, 1)),
        session(MAY, 180, (FileRole.FACILITATOR, 2), facilitated=True),
    ]
    assert by_year(sessions) == [(2026, 2, 120, 180), (2025, 1, 60, 0)]
    assert by_role(sessions) == [
        (FileRole.CLIENT, 1, 1), (FileRole.CONSULTANT, 2, 3), (FileRole.FACILITATOR, 1, 2),
    ]  # fmt: skip
    assert by_year([]) == []
    assert by_role([]) == []
