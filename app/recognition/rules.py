"""When prior learning may be claimed, judged and recognised. Pure. Sources: S9, BR-13, BR-29; docs/decisions/0049."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from app.cohorts.enums import EnrolmentState
from app.cohorts.rules import PENDING
from app.curricula.enums import ActivityType
from app.curricula.mappings.rules import required_levels
from app.curricula.schemas import Curriculum
from app.platform.errors import Reason
from app.progress.exemptions.rules import exempted_activities
from app.recognition.enums import ClaimState, CredentialType

CEILING_PCT = 50
"""The most competencies of a path that may be recognised up to their threshold, in percent."""

YEARS_ACCEPTED: Mapping[CredentialType, int] = MappingProxyType(
    {
        CredentialType.DIPLOMA: 10,
        CredentialType.CERTIFICATION: 5,
        CredentialType.MICROCREDENTIAL: 3,
        CredentialType.ATTESTATION: 3,
    }
)
"""For how many years after it was obtained a credential is accepted, by type."""

MOST_PIECES = 40
"""Pieces of one dossier."""

CLAIMING = PENDING | {EnrolmentState.ADMITTED, EnrolmentState.ACTIVE, EnrolmentState.ON_LEAVE}
"""States of an enrolment in which prior learning is claimed: from the application on, until its end."""

OPEN = frozenset({ClaimState.RECEIVED, ClaimState.NAMED, ClaimState.JUDGED, ClaimState.REVIEW_ASKED})
"""States of a claim that waits for somebody of the college."""

NAMING = frozenset({ClaimState.RECEIVED, ClaimState.NAMED, ClaimState.REVIEW_ASKED})
"""States of a claim in which a specialist is named, or another in their place."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A claim of a dossier, as far as it decides about another: its competency, its level, its state."""

    competency: str
    level: int
    state: ClaimState


def of_codevelopment(curriculum: Curriculum) -> frozenset[str]:
    """Return the competencies that codevelopment develops, which are never recognised."""
    modules = [m for m in curriculum.modules if any(a.type is ActivityType.codev for a in m.activities)]
    return frozenset(target.competency for module in modules for target in module.assesses)


def claimable(curriculum: Curriculum) -> tuple[str, ...]:
    """Return the competencies that may be claimed in a path: those of its certificates, but codevelopment's."""
    return tuple(sorted(required_levels(curriculum).keys() - of_codevelopment(curriculum)))


def ceiling(curriculum: Curriculum) -> int:
    """Return how many competencies of a path may be recognised up to their threshold."""
    return len(required_levels(curriculum)) * CEILING_PCT // 100


def counted(curriculum: Curriculum, claims: Iterable[Standing], *states: ClaimState) -> frozenset[str]:
    """Return the competencies of the claims in some states that count towards the ceiling.

    A level below the threshold leaves the competency to be judged, and does not count.
    """
    needed = required_levels(curriculum)
    return frozenset(c.competency for c in claims if c.state in states and c.level >= needed.get(c.competency, 1))


def credential_reasons(kind: CredentialType, obtained_on: date, today: date) -> list[Reason]:
    """Return why a credential is not accepted: obtained in days to come, or too long ago for its type."""
    if obtained_on > today:
        return [Reason("credential_to_come", field="obtained_on")]
    years = YEARS_ACCEPTED[kind]
    if obtained_on >= _years_before(today, years):
        return []
    return [Reason("credential_too_old", {"credential_kind": kind.value, "n": years}, "obtained_on")]


def _years_before(day: date, years: int) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap else day.day)


def claim_reasons(
    curriculum: Curriculum, state: EnrolmentState, claim: Standing, claims: Collection[Standing], *, pieces: int
) -> list[Reason]:
    """Return why a competency may not be claimed."""
    if state not in CLAIMING:
        return [Reason("recognition_not_now")]
    params = {"competency": claim.competency}
    if claim.competency in of_codevelopment(curriculum):
        return [Reason("codev_not_recognised", params, "competency_code")]
    if claim.competency not in required_levels(curriculum):
        return [Reason("competency_not_of_path", params, "competency_code")]
    if any(c.competency == claim.competency and c.state in OPEN | {ClaimState.GRANTED} for c in claims):
        return [Reason("competency_claimed", params, "competency_code")]
    reasons = [] if pieces else [Reason("evidence_needed", field="pieces")]
    return reasons + _ceiling_reasons(curriculum, claim, claims, "competency_code", *OPEN, ClaimState.GRANTED)


def _ceiling_reasons(
    curriculum: Curriculum, claim: Standing, claims: Iterable[Standing], field: str, *states: ClaimState
) -> list[Reason]:
    others = counted(curriculum, claims, *states) - {claim.competency}
    with_it = others | counted(curriculum, [claim], claim.state)
    most = ceiling(curriculum)
    return [Reason("recognition_ceiling", {"n": most}, field)] if len(with_it) > max(most, len(others)) else []


def naming_reasons(state: ClaimState, specialist: int, able: Collection[int]) -> list[Reason]:
    """Return why somebody is not named: nothing waits for it, or something keeps them from judging this person."""
    if state not in NAMING:
        return [Reason("recognition_step_done", {"claim_kind": state.value})]
    return [] if specialist in able else [Reason("specialist_not_able", field="specialist_id")]


def opinion_reasons(state: ClaimState, *, is_named: bool) -> list[Reason]:
    """Return why somebody may not give the level: it does not wait for them."""
    is_due = state is ClaimState.NAMED and is_named
    return [] if is_due else [Reason("recognition_step_done", {"claim_kind": state.value})]


def decision_reasons(
    curriculum: Curriculum, state: ClaimState, judged: Standing | None, claims: Collection[Standing], *, granted: bool
) -> list[Reason]:
    """Return why a claim is not decided so: no level was given yet, none was shown, or the ceiling is reached.

    ``judged`` has the level that the specialist gave, ``None`` where the evidence shows none.
    """
    if state is not ClaimState.JUDGED:
        return [Reason("recognition_step_done", {"claim_kind": state.value})]
    if not granted:
        return []
    if judged is None:
        return [Reason("no_level_shown", field="granted")]
    return _ceiling_reasons(curriculum, judged, claims, "granted", ClaimState.GRANTED)


def withdrawal_reasons(state: ClaimState) -> list[Reason]:
    """Return why a claim is not taken back: it was decided, or taken back already."""
    return [] if state in OPEN else [Reason("recognition_step_done", {"claim_kind": state.value})]


def review_reasons(state: ClaimState, rounds: int) -> list[Reason]:
    """Return why a refusal is not reviewed: there is none, or a second specialist has judged already."""
    if state is not ClaimState.REFUSED:
        return [Reason("recognition_step_done", {"claim_kind": state.value})]
    return [] if rounds == 1 else [Reason("recognition_reviewed")]


def newly_exempted(curriculum: Curriculum, levels: Mapping[str, int], competency: str, level: int) -> tuple[str, ...]:
    """Return the activities that one more recognised level would exempt, in the order of the path."""
    after = exempted_activities(curriculum, {**levels, competency: max(level, levels.get(competency, 0))})
    new = after - exempted_activities(curriculum, levels)
    return tuple(activity.code for activity in curriculum.activities if activity.code in new)
