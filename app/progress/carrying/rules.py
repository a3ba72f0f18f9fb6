"""Translate facts of one version into credits in another, through a mapping; pure, nothing is written.

The facts stay as they are: what was translated to a version and back is what it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from app.curricula.mappings.schemas import Key, MappingStep, VersionMapping
from app.curricula.schemas import Curriculum
from app.progress.facts import Credited, Fact, Judged, Recognised
from app.progress.outcomes.rules import ACTIVITY_FACTS, FactIndex, day_of, outcome_of
from app.progress.schemas import State


def carried(curriculum: Curriculum, facts: Sequence[Fact], steps: Sequence[MappingStep]) -> list[Fact]:
    """Return what facts of other versions of a path give in the version that is followed.

    ``steps`` lead to it, the farthest first (``Library.steps_to``). A fact whose activity this version has counts by
    itself and gives nothing here.
    """
    named = {f.activity_code for f in facts if isinstance(f, ACTIVITY_FACTS)}
    if named <= curriculum.placed.keys() and not any(step.mapping.renames for step in steps):
        return []
    arrived: dict[Key, list[Credited]] = defaultdict(list)
    levels: dict[Key, list[Judged | Recognised]] = defaultdict(list)
    for step in steps:
        here = step.mapping.source
        own = [f for f in facts if not isinstance(f, ACTIVITY_FACTS) or f.activity_code in step.owned]
        known = [f for f in facts if isinstance(f, Judged | Recognised)]
        passing = arrived.pop(here, [])
        kept = [c for c in passing if step.mapping.keeps(c.activity_code)]
        given = credits_of(step.curriculum, step.mapping, [*own, *(c for c in passing if c not in kept)])
        arrived[step.mapping.target] += [*kept, *given]
        levels[step.mapping.target] += levels_of(step.mapping, [*known, *levels.pop(here, [])])
    here = (curriculum.slug, curriculum.version)
    return [*arrived[here], *levels[here]]


def credits_of(source: Curriculum, mapping: VersionMapping, facts: Iterable[Fact]) -> list[Credited]:
    """Return what the facts of a version give in the target of a mapping.

    An activity gives the minutes that it is recognised for, in the order of its credits; it completes another when all
    that completes that one is done.
    """
    index = FactIndex(source, facts)
    outcomes = {a.code: outcome_of(a, index) for a in source.activities}
    done = {code for code, outcome in outcomes.items() if outcome.state in (State.DONE, State.EXEMPTED)}
    days = _last_days(index.facts)
    given: list[Credited] = []
    for code, outcome in outcomes.items():
        left = outcome.recognised_minutes
        for credit in mapping.credits(code):
            minutes = min(left, credit.minutes)
            left -= minutes
            complete = credit.complete and mapping.completed_by(credit.code) <= done
            on = outcome.done_on or days.get(code)
            if on is not None and (minutes or complete):
                given.append(Credited(credit.code, minutes, on, complete))
    return given


def _last_days(facts: Iterable[Fact]) -> dict[str, date]:
    """Return the day of the last fact of each activity."""
    days: dict[str, date] = {}
    for fact in facts:
        if isinstance(fact, ACTIVITY_FACTS) and (day := day_of(fact)) is not None:
            days[fact.activity_code] = max(day, days.get(fact.activity_code, day))
    return days


def levels_of(mapping: VersionMapping, levels: Iterable[Judged | Recognised]) -> list[Judged | Recognised]:
    """Return the levels that competencies of other names get; those of the same name count by themselves."""
    return [
        replace(fact, competency_code=code)
        for fact in levels
        for code in mapping.competencies(fact.competency_code)
        if code != fact.competency_code
    ]
