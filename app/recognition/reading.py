"""Reads claims, dossiers and pieces: of a college for its registrar, one's own, those one is named to judge."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import curriculum_of
from app.curricula.schemas import Curriculum
from app.network.schemas import CollegeShown
from app.people.models import NAMES, Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.paging import Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P
from app.recognition import rules
from app.recognition.enums import ClaimFilter, ClaimSort, ClaimState, StepKind
from app.recognition.models import PriorLearningClaim, PriorLearningPiece, PriorLearningStep
from app.recognition.rules import Standing
from app.recognition.schemas import (
    ClaimPage,
    ClaimRef,
    ClaimRow,
    ClaimsApiQuery,
    ClaimShown,
    ClaimsQuery,
    ClaimStep,
    DossierShown,
    PieceRef,
    PieceShown,
)

DECIDED = (StepKind.GRANTED, StepKind.REFUSED, StepKind.WITHDRAWN)

_SPECIALIST, _RECORDER = aliased(Person), aliased(Person)

IS_OPEN = col(PriorLearningClaim.state).in_(rules.OPEN)
"""The condition that a claim waits for somebody of the college."""


def _judged_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor, who may judge in the college, was named last for a claim."""
    within = scoped(actor.using(P.RECOGNITION_JUDGE), college=PriorLearningClaim.college_id)
    return within & (col(PriorLearningClaim.specialist_id) == actor.person_id)


# What the actor may see ---------------------------------------------------------------------------


def see_claim(db: Session, actor: Actor, prior_claim_id: int) -> ClaimRef:
    """Return a claim within the actor's reach, or that they are named to judge; raise ``NotFound`` for any other."""
    within = scoped(actor, college=PriorLearningClaim.college_id, person=Enrolment.person_id)
    if actor.permission is P.RECOGNITION_READ:
        within |= _judged_by(actor)
    elif actor.permission is P.RECOGNITION_JUDGE:
        within = _judged_by(actor) | (col(Enrolment.person_id) == actor.person_id)  # their guard refuses one's own
    statement = (
        sa.select(PriorLearningClaim, col(Enrolment.person_id))
        .join(Enrolment, col(Enrolment.id) == PriorLearningClaim.enrolment_id)
        .where(col(PriorLearningClaim.id) == prior_claim_id, within)
    )
    found = db.execute(statement).one_or_none()
    if found is None:
        raise NotFound
    row, person_id = found
    log_access(db, [(person_id, row.college_id)])
    return ClaimRef(**row.model_dump(include=set(ClaimRef.model_fields)), person_id=person_id)


def see_piece(db: Session, actor: Actor, piece_id: int) -> PieceRef:
    """Return a piece within reach, or of a claim that the actor is named to judge; raise ``NotFound`` for any other."""
    to_judge = sa.exists().where(
        col(PriorLearningClaim.enrolment_id) == PriorLearningPiece.enrolment_id,
        col(PriorLearningPiece.id) == sa.any_(col(PriorLearningClaim.pieces)),
        _judged_by(actor),
    )
    within = scoped(actor, college=PriorLearningPiece.college_id, person=Enrolment.person_id) | to_judge
    statement = (
        sa.select(PriorLearningPiece, col(Enrolment.person_id))
        .join(Enrolment, col(Enrolment.id) == PriorLearningPiece.enrolment_id)
        .where(col(PriorLearningPiece.id) == piece_id, within)
    )
    found = db.execute(statement).one_or_none()
    if found is None:
        raise NotFound
    row, person_id = found
    log_access(db, [(person_id, row.college_id)])
    return PieceRef(**row.model_dump(include=set(PieceRef.model_fields)), person_id=person_id)


# Lists --------------------------------------------------------------------------------------------

ORDERS: Orders = {
    ClaimSort.DATE: (col(PriorLearningClaim.claimed_at),),
    ClaimSort.NAME: (col(Person.search_key),),
}


def _rows() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(PriorLearningClaim.id),
            col(PriorLearningClaim.college_id),
            col(PriorLearningClaim.enrolment_id),
            col(PriorLearningClaim.competency_code),
            col(PriorLearningClaim.level),
            col(PriorLearningClaim.claimed_at),
            shown_name().label("name"),
            col(Cohort.title).label("cohort_title"),
            col(PriorLearningClaim.state),
            col(Person.id).label("person_id"),
        )
        .join(Enrolment, col(Enrolment.id) == PriorLearningClaim.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
    )


def _as_row(row: Any) -> ClaimRow:  # noqa: ANN401 - a row of the statement above
    columns = {name: value for name, value in row._mapping.items() if name in ClaimRow.model_fields}
    return ClaimRow(**columns)


def _logged(db: Session, rows: Collection[Any]) -> None:
    log_access(db, [(row.person_id, row.college_id) for row in rows])


def list_claims(db: Session, college: CollegeShown, query: ClaimsQuery) -> Page[ClaimRow]:
    """Return a page of the claims of a college, for its registrar; the search looks at names."""
    where = [
        col(PriorLearningClaim.college_id) == college.id,
        *NAMES.matches(col(Enrolment.person_id), query.words, [college.id]),
    ]
    if query.etat is not ClaimFilter.ALL:
        where.append(IS_OPEN if query.etat is ClaimFilter.OPEN else ~IS_OPEN)
    page = fetch_page(db, _rows().where(*where), query, ORDERS, col(PriorLearningClaim.id))
    _logged(db, page.items)
    return page.map(_as_row)


def college_claims(db: Session, college: CollegeShown, query: ClaimsApiQuery) -> ClaimPage:
    """Return the claims of a college, latest first."""
    where = [col(PriorLearningClaim.college_id) == college.id]
    if query.open is not None:
        where.append(IS_OPEN if query.open else ~IS_OPEN)
    return _claim_page(db, query, *where)


def claims_to_judge(db: Session, actor: Actor, query: ClaimsApiQuery) -> ClaimPage:
    """Return the claims that the actor is named to judge, latest first; those that wait for them when ``open``."""
    where = [_judged_by(actor)]
    if query.open is not None:
        waits = col(PriorLearningClaim.state) == ClaimState.NAMED
        where.append(waits if query.open else ~waits)
    return _claim_page(db, query, *where)


def _claim_page(db: Session, query: ClaimsApiQuery, *where: ColumnElement[bool]) -> ClaimPage:
    key = col(PriorLearningClaim.id)
    statement = _rows().where(*where)
    rows, next_ = fetch_after(db, statement, (), key, after=query.after, limit=query.limit, descending=True)
    _logged(db, rows)
    return ClaimPage(items=tuple(_as_row(row) for row in rows), next=next_)


# A claim, a dossier -------------------------------------------------------------------------------


def load_claim(db: Session, actor: Actor, ref: ClaimRef) -> ClaimShown:
    """Return a claim as the actor reads it."""
    claims = claims_of(db, ref.enrolment_id, pieces_of(db, ref.enrolment_id), own=ref.person_id == actor.person_id)
    return next(claim for claim in claims if claim.id == ref.id)


def dossier(db: Session, actor: Actor, enrolment: EnrolmentRef) -> DossierShown:
    """Return what somebody claims in a path."""
    curriculum = curriculum_of(enrolment)
    pieces = pieces_of(db, enrolment.id)
    claims = claims_of(db, enrolment.id, pieces, own=enrolment.person_id == actor.person_id)
    granted = rules.counted(curriculum, standings(claims), ClaimState.GRANTED)
    return DossierShown(
        enrolment_id=enrolment.id,
        ceiling=rules.ceiling(curriculum),
        counted=len(granted),
        claimable=rules.claimable(curriculum),
        pieces=tuple(pieces.values()),
        claims=tuple(claims),
    )


def standings(claims: Sequence[ClaimShown]) -> list[Standing]:
    """Return claims as rules read them: one that was granted has the level granted."""
    return [Standing(c.competency_code, _granted(c.steps) or c.level, c.state) for c in claims]


def _granted(steps: Sequence[ClaimStep]) -> int | None:
    return next((step.level for step in steps if step.kind is StepKind.GRANTED), None)


def pieces_of(db: Session, enrolment_id: int) -> dict[int, PieceShown]:
    """Return the pieces of a dossier by their id, oldest first."""
    statement = select(PriorLearningPiece).where(PriorLearningPiece.enrolment_id == enrolment_id)
    rows = db.exec(statement.order_by(col(PriorLearningPiece.id))).all()
    return {row.id: PieceShown.model_validate(row) for row in rows}


def claims_of(db: Session, enrolment_id: int, pieces: Mapping[int, PieceShown], *, own: bool) -> list[ClaimShown]:
    """Return the claims of an enrolment on the pieces of its dossier, oldest first, in two statements.

    ``own`` is whether who reads them is who claims.
    """
    statement = _rows().add_columns(
        col(PriorLearningClaim.statement),
        col(PriorLearningClaim.pieces),
        col(PriorLearningClaim.supervisor),
        col(Enrolment.curriculum_slug),
        col(Enrolment.curriculum_version),
    )
    of_enrolment = col(PriorLearningClaim.enrolment_id) == enrolment_id
    rows = db.execute(statement.where(of_enrolment).order_by(col(PriorLearningClaim.id))).all()
    if not rows:
        return []
    steps = _steps_of(db, enrolment_id)
    curriculum = curriculum_of(rows[0])
    levels = {row.competency_code: level for row in rows if (level := _granted(steps[row.id]))}
    return [
        ClaimShown(
            **_as_row(row).model_dump(),
            statement=row.statement,
            supervisor=row.supervisor,
            pieces=tuple(pieces[id_] for id_ in row.pieces),
            steps=tuple(_readable(steps[row.id], own=own)),
            exempts=_exempts(curriculum, levels, row, steps[row.id]),
        )
        for row in rows
    ]


def _exempts(curriculum: Curriculum, levels: dict[str, int], row: Any, steps: list[ClaimStep]) -> tuple[str, ...]:  # noqa: ANN401
    """Return the activities that the level given, or claimed while none is, exempts beside the other claims."""
    others = {code: level for code, level in levels.items() if code != row.competency_code}
    judged = [step.level for step in steps if step.kind is StepKind.JUDGED]
    level = (judged[-1] or 0) if judged else row.level
    return rules.newly_exempted(curriculum, others, row.competency_code, level)


def _readable(steps: Sequence[ClaimStep], *, own: bool) -> list[ClaimStep]:
    """Return the steps; who claims reads only that a level was given until it is decided on."""
    decided = {step.round for step in steps if step.kind in DECIDED}
    hidden = {"level": None, "reason": None}
    return [
        step.model_copy(update=hidden) if own and step.kind is StepKind.JUDGED and step.round not in decided else step
        for step in steps
    ]


def _steps_of(db: Session, enrolment_id: int) -> dict[int, list[ClaimStep]]:
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(PriorLearningStep, _SPECIALIST, _RECORDER)
        .outerjoin(_SPECIALIST, col(_SPECIALIST.id) == PriorLearningStep.specialist_id)
        .join(_RECORDER, col(_RECORDER.id) == PriorLearningStep.recorded_by)
        .where(col(PriorLearningStep.enrolment_id) == enrolment_id)
        .order_by(col(PriorLearningStep.id))
    )
    steps: dict[int, list[ClaimStep]] = defaultdict(list)
    for row, specialist, recorder in db.execute(statement):
        steps[row.claim_id].append(
            ClaimStep(
                **row.model_dump(include={"kind", "round", "level", "reason", "recorded_at"}),
                specialist=specialist.name if specialist else None,
                recorded_by=recorder.name,
            )
        )
    return steps
