"""Rules of what is written after a session, of actions and of their follow-up: no database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.codev.actions.enums import ActionState
from app.codev.actions.rules import FollowUp, action_reasons, follow_up_of, follow_up_reasons
from app.codev.sessions.enums import CodevRole
from app.codev.writings.enums import WritingKind
from app.codev.writings.rules import time_reasons, writing_reasons

DAY = date(2026, 12, 1)
FIRST, SECOND = datetime(2026, 12, 1, 18, tzinfo=UTC), datetime(2026, 12, 8, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "position", "roles", "expected"),
    [
        (WritingKind.LEARNING, 0, (), []),
        (WritingKind.NOTE, 0, (), []),
        (WritingKind.LEARNING, 1, (CodevRole.CLIENT,), ["learning_of_a_session"]),
        (WritingKind.NOTE, 1, (CodevRole.CLIENT,), []),
        (WritingKind.NOTE, 1, (CodevRole.NOTE_TAKER,), []),
        (WritingKind.NOTE, 1, (CodevRole.OBSERVER, CodevRole.RESERVE), []),
        (WritingKind.NOTE, 1, (CodevRole.RESERVE,), ["note_of_another"]),
        (WritingKind.NOTE, 1, (), ["note_of_another"]),
    ],
)
def test_note_of_a_consultation_is_its_client_observers_and_note_takers(
    kind: WritingKind, position: int, roles: tuple[CodevRole, ...], expected: list[str]
) -> None:
    assert [r.code for r in writing_reasons(kind, position, roles)] == expected


def test_nothing_is_written_of_a_session_before_it_begins_nor_once_it_is_cancelled() -> None:
    assert time_reasons(FIRST, FIRST, cancelled=False) == []
    early = time_reasons(FIRST, FIRST - timedelta(seconds=1), cancelled=False)
    assert [r.code for r in early] == ["writing_before_session"]
    assert [r.code for r in time_reasons(FIRST, SECOND, cancelled=True)] == ["writing_session_cancelled"]


def test_client_alone_decides_on_one_to_three_actions_due_from_that_day() -> None:
    assert action_reasons(is_client=True, kept=2, due_on=DAY, decided_on=DAY) == []
    refused = action_reasons(is_client=False, kept=3, due_on=DAY - timedelta(days=1), decided_on=DAY)
    assert [r.code for r in refused] == ["action_of_the_client", "actions_enough", "action_due_before"]


@pytest.mark.parametrize(
    ("state", "at", "expected"),
    [
        (ActionState.OPEN, SECOND, []),
        (ActionState.NOT_DONE, SECOND, []),
        (ActionState.DONE, SECOND, ["action_closed"]),
        (ActionState.DROPPED, SECOND, ["action_closed"]),
        (ActionState.OPEN, SECOND - timedelta(seconds=1), ["follow_up_later"]),
    ],
)
def test_action_comes_back_until_it_is_done_or_dropped(state: ActionState, at: datetime, expected: list[str]) -> None:
    assert [r.code for r in follow_up_reasons(state, FIRST, SECOND, at)] == expected


def test_action_is_not_taken_up_at_the_session_that_decided_it() -> None:
    assert [r.code for r in follow_up_reasons(ActionState.OPEN, FIRST, FIRST, SECOND)] == ["follow_up_later"]


def test_rate_counts_what_a_held_session_could_take_up() -> None:
    assert follow_up_of([(FIRST, None), (FIRST, SECOND)], []) == FollowUp(2, 0, 0)
    assert FollowUp(2, 0, 0).rate is None
    later = follow_up_of([(FIRST, None), (FIRST, SECOND), (FIRST, SECOND), (SECOND, None)], [FIRST, SECOND])
    assert (later, later.rate) == (FollowUp(4, 3, 2), 67)
