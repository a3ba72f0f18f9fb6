"""Pure rules of a cohort's settings."""

from datetime import date, timedelta

from app.platform.errors import Reason


def change_reasons(*, starts_on: date, ends_on: date, capacity: int, seated: int) -> list[Reason]:
    """Return why a cohort may not have such dates or so few seats."""
    reasons = [] if ends_on > starts_on else [Reason("ends_before_start", field="ends_on")]
    if capacity < seated:
        reasons.append(Reason("seats_taken", {"seated": seated}, "capacity"))
    return reasons


def end_of_copy(like: tuple[date, date], starts_on: date, *, same_version: bool) -> date | None:
    """Return the last day of a cohort that begins like another one; ``None``: as its own version of the path says."""
    return starts_on + (like[1] - like[0]) if same_version else None


def code_of_copy(code: str, taken: set[str]) -> str:
    """Return a code for a copy: the other's, with the first number that makes it new."""
    base = code[:35].rstrip("-")
    return next(wanted for n in range(2, len(taken) + 3) if (wanted := f"{base}-{n}") not in taken)


def start_of_copy(ends_on: date, today: date) -> date:
    """Return the first day that a copy is offered: the Monday after the other's end, or after today."""
    last = max(ends_on, today)
    return last + timedelta(days=7 - last.weekday())
