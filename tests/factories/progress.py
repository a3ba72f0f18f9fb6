"""Facts for the two real paths: everything done, and any heap of facts at all."""

from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from app.curricula.enums import ActivityType, MandateKind
from app.curricula.library import default_library
from app.curricula.schemas import Curriculum
from app.progress.facts import (
    ActivityDone,
    Attended,
    Basis,
    CarriedActivity,
    CarriedAttendance,
    CatchUpAssigned,
    CodevAttended,
    CodevClient,
    Credited,
    Fact,
    FieldTime,
    HandedIn,
    Judged,
    MandateDone,
    Recognised,
)
from app.progress.schemas import Progress, State

START = date(2026, 9, 7)
GENERALIST = default_library().curriculum("generaliste", "1.0")
SPECIALIST = default_library().curriculum("specialise", "1.0")
PROPERTY = settings(max_examples=60, deadline=None)
"""Enough histories to meet each kind of fact many times; the machine's pace is not under test."""

FROM_THE_START = Basis(starts_on=START, joined_on=START)


def day(week: int) -> date:
    """A day of the cohort's week."""
    return START + timedelta(weeks=week - 1, days=1)


def everything(curriculum: Curriculum) -> list[Fact]:
    """All activities done, all sessions attended, all levels reached, all mandates completed."""
    facts: list[Fact] = []
    for number, activity in enumerate(curriculum.activities):
        on = day(curriculum.module_of(activity.code).week)
        if activity.type is ActivityType.codev:
            facts.append(CodevAttended(number, activity.code, on, activity.minutes, activity.minutes))
        elif activity.type is ActivityType.field_mandate:
            facts.append(FieldTime(number, activity.code, on, activity.minutes, accepted=True))
        elif activity.is_group:
            facts.append(Attended(number, activity.code, on, activity.minutes, activity.minutes))
        elif activity.type is ActivityType.assessment:
            facts.append(HandedIn(activity.code, on, 1))
        else:
            facts.append(ActivityDone(activity.code, on))
    facts.extend(CodevClient(session, 1, day(10)) for session in (1, 2))
    facts.extend(Judged(n, f"CN-{n:02}", 3, day(curriculum.weeks)) for n in range(1, 13))
    facts.extend(MandateDone(n, MandateKind.accompagnement, 100 + n, day(20), day(22), day(30)) for n in (1, 2, 3))
    facts.append(MandateDone(4, MandateKind.orientation, 200, day(12), day(13), None))
    return facts


def without(facts: list[Fact], code: str) -> list[Fact]:
    """The facts but those about one activity."""
    return [f for f in facts if getattr(f, "activity_code", None) != code]


def achieved(progress: Progress) -> dict[str, int]:
    """Return what a person has acquired, by name: hours, activities, modules, levels, sessions, mandates, conditions.

    Attendance is none of it: it is the part attended of what was held, and each session missed lowers it (BR-08).
    """
    lacking = {e.kind: [r for r in e.why if r.code != "attendance_low"] for e in progress.eligibility}
    return {
        "recognised": progress.recognised_minutes,
        **{f"minutes of {a.code}": a.recognised_minutes for m in progress.modules for a in m.activities},
        **{
            f"{a.code} done or exempted": a.state in {State.DONE, State.EXEMPTED}
            for m in progress.modules
            for a in m.activities
        },
        **{f"{m.code} done": m.state is State.DONE for m in progress.modules},
        **{f"level of {c.code}": c.level or 0 for c in progress.competencies},
        **{f"level of {c.code} from before": c.recognised_level or 0 for c in progress.competencies},
        "sessions of codevelopment": progress.codev.sessions_attended,
        "turns as client": progress.codev.times_client,
        "mandates": progress.mandates.completed,
        "enterprises": progress.mandates.enterprises,
        **{f"conditions of {kind}": -len(reasons) for kind, reasons in lacking.items()},
    }


def fallen(before: dict[str, int], now: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Return what is less than before, by name; what is named on one side only counts as nothing on the other."""
    names = before.keys() | now.keys()
    return {n: (before.get(n, 0), now.get(n, 0)) for n in names if now.get(n, 0) < before.get(n, 0)}


days = st.dates(START - timedelta(days=30), START + timedelta(days=400))
numbers = st.integers(1, 6)
competencies = st.sampled_from([f"CN-{n:02}" for n in range(1, 13)])


def any_fact(curriculum: Curriculum) -> st.SearchStrategy[Fact]:
    """One fact of any kind about any activity, whether its kind suits the activity or not."""
    codes = st.sampled_from([a.code for a in curriculum.activities])
    minutes = st.integers(0, 1000)
    some_day = st.none() | days
    return st.one_of(
        st.builds(Attended, numbers, codes, days, st.integers(15, 720), minutes),
        st.builds(CatchUpAssigned, codes, minutes, some_day),
        st.builds(ActivityDone, codes, days),
        st.builds(HandedIn, codes, days, numbers),
        st.builds(FieldTime, numbers, codes, days, st.integers(1, 1000), st.none() | st.booleans()),
        st.builds(CodevAttended, numbers, codes, days, st.integers(15, 720), minutes),
        st.builds(CodevClient, numbers, numbers, days),
        st.builds(MandateDone, numbers, st.sampled_from(MandateKind), numbers, some_day, some_day, some_day),
        st.builds(Judged, numbers, competencies, st.integers(1, 4), days),
        st.builds(Recognised, numbers, competencies, st.integers(1, 4), days),
        st.builds(Credited, codes, st.integers(0, 300), days, st.booleans()),
        st.builds(CarriedActivity, numbers, codes, st.integers(0, 300), st.booleans(), some_day, st.integers(0, 2)),
        st.builds(lambda n, minutes, missed: CarriedAttendance(n, minutes, minutes + missed), numbers, *[numbers] * 2),
    )


curricula = st.sampled_from([GENERALIST, SPECIALIST])
bases = st.builds(Basis, st.just(START), st.none() | days)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Curriculum, Basis, list[Fact]]:
    """A path, an enrolment and any facts about it."""
    curriculum = draw(curricula)
    return curriculum, draw(bases), draw(st.lists(any_fact(curriculum), max_size=40))
