"""To whom a work may be assigned, and since when a work is late."""

from datetime import date

import pytest

from app.curricula.library import default_library
from app.grading.assignments.rules import assignment_reasons
from app.grading.rules import is_overdue, late_since

GENERALIST = default_library().curriculum("generaliste", "1.0")


@pytest.mark.parametrize(
    ("activity", "assignee", "expected"),
    [
        (None, 7, []),
        ("GEN-1.C", 7, []),
        ("GEN-1.C", None, []),
        ("GEN-1.B", 7, [("work_not_judged", "activity_code")]),
        ("GEN-99.Z", 7, [("work_not_judged", "activity_code")]),
        (None, 8, [("assignee_not_trainer", "assignee_id")]),
        (None, 5, [("own_judgement", "assignee_id")]),
    ],
)
def test_work_is_assigned_to_another_trainer_of_the_cohort(
    activity: str | None, assignee: int | None, expected: list[tuple[str, str]]
) -> None:
    reasons = assignment_reasons(GENERALIST, activity, assignee=assignee, participant=5, trainers={5, 7})
    assert [(reason.code, reason.field) for reason in reasons] == expected


@pytest.mark.parametrize(
    ("substitute", "code"), [("Karim", "assignee_in_conflict"), ("", "assignee_without_substitute")]
)
def test_work_is_not_assigned_to_who_declared_an_interest(substitute: str, code: str) -> None:
    [reason] = assignment_reasons(
        GENERALIST, None, assignee=7, participant=5, trainers={5, 7}, kept_from={7}, substitute=substitute
    )
    assert (reason.code, reason.field) == (code, "assignee_id")
    assert reason.params == ({"substitute": substitute} if substitute else {})


@pytest.mark.parametrize("today", [date(2026, 11, day) for day in range(20, 28)])
def test_late_since_is_the_last_day_that_is_overdue(today: date) -> None:
    day = late_since(today)
    assert is_overdue(day, today)
    assert not is_overdue(date.fromordinal(day.toordinal() + 1), today)
