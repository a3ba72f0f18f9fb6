"""What a transfer carries, and what refuses it. Pure: no session, no clock. Sources: S3, BR-04, BR-05, BR-06, BR-08.

An hour counts where it was followed. It is carried with the enrolment in which it was followed as its origin, so that
it never counts twice: whoever comes back finds their own hours, and not those that they had taken along.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.rules import TAKES_PEOPLE
from app.curricula.mappings.schemas import VersionMapping
from app.platform.errors import Reason
from app.progress.facts import (
    CarriedActivity,
    CarriedAttendance,
    CodevAttended,
    Fact,
    Judged,
    MandateDone,
    Recognised,
)
from app.progress.rules import mandate_completed
from app.progress.schemas import Progress, State
from app.transfers.enums import CarriedFate
from app.transfers.schemas import (
    CarriedLevel,
    CarriedMandate,
    CarriedPresence,
    CarriedRecognition,
    CarriedResult,
    CarriedShown,
    LevelCarried,
    MandateCarried,
    Origin,
    Package,
    RecognitionCarried,
    ResultCarried,
)

FOLLOWED = frozenset({EnrolmentState.ACTIVE, EnrolmentState.ON_LEAVE})
"""The states in which someone may be transferred."""


OPENS_AGAIN = frozenset({EnrolmentState.TRANSFERRED, EnrolmentState.WITHDRAWN, EnrolmentState.INCOMPLETE})
"""The states in which a former enrolment of the cohort opens again for who comes back to it."""


Mappings = Callable[[str], VersionMapping]
"""The mapping from a version, by its number, to the one that an enrolment follows."""


# The file ----------------------------------------------------------------------------------------


def pack(
    origin: Origin, progress: Progress, facts: Iterable[Fact], assessors: Mapping[int, str], held: Package
) -> Package:
    """Return all that an enrolment gives to the next one: what was followed in it, and what it had received.

    ``progress`` and ``facts`` are its own, without what it had received; ``assessors`` are the names by judgement.
    """
    facts = tuple(facts)
    id_ = origin.enrolment_id
    judged = sorted((f for f in facts if isinstance(f, Judged)), key=lambda f: f.judgement_id)
    recognised = sorted((f for f in facts if isinstance(f, Recognised)), key=lambda f: f.decision_id)
    mandates = sorted((f for f in facts if isinstance(f, MandateDone)), key=lambda f: f.mandate_id)
    presence = CarriedPresence(
        enrolment_id=id_, attended_minutes=progress.attended_minutes, base_minutes=progress.attendance_base_minutes
    )
    return Package(
        origins=(origin, *held.origins),
        results=(*_own_results(id_, progress, facts), *held.results),
        levels=(*(_level(id_, fact, assessors) for fact in judged), *held.levels),
        recognitions=(*(_recognition(id_, fact) for fact in recognised), *held.recognitions),
        mandates=(*(_mandate(id_, fact) for fact in mandates), *held.mandates),
        presences=(presence, *held.presences),
    )


def _own_results(enrolment_id: int, progress: Progress, facts: Iterable[Fact]) -> Iterator[CarriedResult]:
    """Yield what is recognised of each activity, and how many sessions of codevelopment the person took part in."""
    sessions: dict[str, set[int]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, CodevAttended) and fact.minutes:
            sessions[fact.activity_code].add(fact.session_id)
    for activity in (activity for module in progress.modules for activity in module.activities):
        if activity.recognised_minutes or activity.state is State.DONE:
            yield CarriedResult(
                enrolment_id=enrolment_id,
                activity_code=activity.code,
                minutes=activity.recognised_minutes,
                complete=activity.state is State.DONE,
                done_on=activity.done_on,
                sessions=len(sessions[activity.code]),
            )


def _level(enrolment_id: int, fact: Judged, assessors: Mapping[int, str]) -> CarriedLevel:
    return CarriedLevel(
        enrolment_id=enrolment_id,
        judgement_id=fact.judgement_id,
        competency_code=fact.competency_code,
        level=fact.level,
        judged_on=fact.on,
        assessor=assessors.get(fact.judgement_id, ""),
    )


def _recognition(enrolment_id: int, fact: Recognised) -> CarriedRecognition:
    return CarriedRecognition(
        enrolment_id=enrolment_id,
        decision_id=fact.decision_id,
        competency_code=fact.competency_code,
        level=fact.level,
        recognised_on=fact.on,
    )


def _mandate(enrolment_id: int, fact: MandateDone) -> CarriedMandate:
    return CarriedMandate(
        enrolment_id=enrolment_id,
        mandate_id=fact.mandate_id,
        kind=fact.kind,
        enterprise_id=fact.enterprise_id,
        agreement_on=fact.agreement_on,
        diagnostic_on=fact.diagnostic_on,
        plan_on=fact.plan_on,
    )


Part = TypeVar("Part", CarriedResult, CarriedLevel, CarriedRecognition, CarriedMandate, CarriedPresence, Origin)


def received(package: Package, enrolment_id: int, held: Package) -> Package:
    """Return what an enrolment keeps of a file that arrives, beside what it held.

    Its own results are among its facts, and are left out. Of each other enrolment, the file that arrives says last what
    was followed there; what the enrolment held of one that the file does not know stays.
    """
    known = {origin.enrolment_id for origin in package.origins}

    def merged(arriving: tuple[Part, ...], before: tuple[Part, ...]) -> tuple[Part, ...]:
        kept = tuple(part for part in arriving if part.enrolment_id != enrolment_id)
        return kept + tuple(part for part in before if part.enrolment_id not in known)

    return Package(
        origins=merged(package.origins, held.origins),
        results=merged(package.results, held.results),
        levels=merged(package.levels, held.levels),
        recognitions=merged(package.recognitions, held.recognitions),
        mandates=merged(package.mandates, held.mandates),
        presences=merged(package.presences, held.presences),
    )


def counts(mandate: CarriedMandate) -> bool:
    """Return whether a carried mandate counts: it is complete (BR-15)."""
    return mandate_completed(_mandate_done(mandate))


def _mandate_done(mandate: CarriedMandate) -> MandateDone:
    return MandateDone(
        mandate.mandate_id,
        mandate.kind,
        mandate.enterprise_id,
        mandate.agreement_on,
        mandate.diagnostic_on,
        mandate.plan_on,
    )


def credited(result: CarriedResult, mapping: VersionMapping, complete: Collection[str]) -> tuple[CarriedActivity, ...]:
    """Return what a result gives in another version: no more minutes together than were recognised (BR-06).

    An activity is complete when all that completes it is among the ``complete`` ones of the version left. Sessions of
    codevelopment go with the first activity, so that each counts once.
    """
    left = result.minutes
    given = []
    for number, credit in enumerate(mapping.credits(result.activity_code)):
        minutes = min(left, credit.minutes)
        left -= minutes
        completes = credit.complete and result.complete and mapping.completed_by(credit.code) <= set(complete)
        given.append(
            CarriedActivity(
                origin_enrolment_id=result.enrolment_id,
                activity_code=credit.code,
                minutes=minutes,
                complete=completes,
                on=result.done_on,
                sessions=result.sessions if number == 0 else 0,
            )
        )
    return tuple(given)


def _given(package: Package, mappings: Mappings) -> list[tuple[Origin, CarriedResult, tuple[CarriedActivity, ...]]]:
    """Return each result of a file with its origin and what it gives."""
    origins = {origin.enrolment_id: origin for origin in package.origins}
    complete: dict[str, set[str]] = defaultdict(set)
    for result in package.results:
        if result.complete:
            complete[origins[result.enrolment_id].curriculum_version].add(result.activity_code)
    given = []
    for result in package.results:
        origin = origins[result.enrolment_id]
        version = origin.curriculum_version
        given.append((origin, result, credited(result, mappings(version), complete[version])))
    return given


def _codes(mapping: VersionMapping, code: str) -> list[str]:
    """Return the competencies that get a level: the one of the same name, and those that its mapping names."""
    return sorted({code, *mapping.competencies(code)})


def carried_facts(package: Package, mappings: Mappings) -> tuple[Fact, ...]:
    """Return the facts that a file gives to progress, each result through the mapping of its version.

    A mandate that is not complete gives none: it stays in the college where its agreement was signed.
    """
    facts: list[Fact] = [fact for _, _, given in _given(package, mappings) for fact in given]
    version = {origin.enrolment_id: origin.curriculum_version for origin in package.origins}
    for v in package.levels:
        codes = _codes(mappings(version[v.enrolment_id]), v.competency_code)
        facts.extend(Judged(v.judgement_id, code, v.level, v.judged_on) for code in codes)
    for r in package.recognitions:
        codes = _codes(mappings(version[r.enrolment_id]), r.competency_code)
        facts.extend(Recognised(r.decision_id, code, r.level, r.recognised_on) for code in codes)
    facts.extend(_mandate_done(mandate) for mandate in package.mandates if counts(mandate))
    facts.extend(CarriedAttendance(p.enrolment_id, p.attended_minutes, p.base_minutes) for p in package.presences)
    return tuple(facts)


def shown(package: Package, mappings: Mappings, titles: Callable[[str, str], str]) -> CarriedShown:
    """Return a file as it is read; ``titles`` gives the title of an activity of a version."""
    colleges = {origin.enrolment_id: origin.college for origin in package.origins}
    return CarriedShown(
        results=tuple(
            ResultCarried(
                college=origin.college,
                cohort=origin.cohort,
                curriculum_version=origin.curriculum_version,
                activity_code=result.activity_code,
                title=titles(origin.curriculum_version, result.activity_code),
                minutes=result.minutes,
                counted_minutes=sum(fact.minutes for fact in given),
                becomes=tuple(fact.activity_code for fact in given),
                fate=_fate(result, given),
            )
            for origin, result, given in _given(package, mappings)
        ),
        levels=tuple(
            LevelCarried(college=colleges[v.enrolment_id], **v.model_dump(exclude={"enrolment_id", "judgement_id"}))
            for v in package.levels
        ),
        recognitions=tuple(
            RecognitionCarried(
                college=colleges[r.enrolment_id], **r.model_dump(exclude={"enrolment_id", "decision_id"})
            )
            for r in package.recognitions
        ),
        mandates=tuple(
            MandateCarried(
                college=colleges[m.enrolment_id],
                counts=counts(m),
                **m.model_dump(include={"kind", "agreement_on", "diagnostic_on", "plan_on"}),
            )
            for m in package.mandates
        ),
        attended_minutes=sum(p.attended_minutes for p in package.presences),
        base_minutes=sum(p.base_minutes for p in package.presences),
    )


def _fate(result: CarriedResult, given: tuple[CarriedActivity, ...]) -> CarriedFate:
    if not given:
        return CarriedFate.NOT_COUNTED
    is_whole = sum(fact.minutes for fact in given) == result.minutes and all(
        fact.complete == result.complete for fact in given
    )
    return CarriedFate.CARRIED if is_whole else CarriedFate.PARTLY


# What refuses it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Crossing:
    """An enrolment and the cohort where it would go on, as they are when someone asks or decides."""

    state: EnrolmentState
    slug: str
    cohort_id: int
    to_slug: str
    to_cohort_id: int
    to_state: CohortState
    seats_left: int
    is_mapped: bool


def crossing_reasons(case: Crossing) -> list[Reason]:
    """Return why an enrolment does not go on in a cohort: nothing is moved, neither here nor there."""
    reasons = []
    if case.state not in FOLLOWED:
        reasons.append(Reason("transfer_not_followed"))
    if case.to_cohort_id == case.cohort_id:
        reasons.append(Reason("transfer_same_cohort", field="to_cohort_id"))
    if case.to_slug != case.slug:
        reasons.append(Reason("transfer_other_path", field="to_cohort_id"))
    elif not case.is_mapped:
        reasons.append(Reason("transfer_not_mapped", field="to_cohort_id"))
    if case.to_state not in TAKES_PEOPLE:
        reasons.append(Reason("transfer_cohort_over", field="to_cohort_id"))
    elif case.seats_left <= 0:
        reasons.append(Reason("transfer_no_seat", field="to_cohort_id"))
    return reasons


def first_state(to_state: CohortState) -> EnrolmentState:
    """Return the state in which a transferred enrolment opens: admitted until its cohort runs."""
    return EnrolmentState.ACTIVE if to_state is CohortState.RUNNING else EnrolmentState.ADMITTED
