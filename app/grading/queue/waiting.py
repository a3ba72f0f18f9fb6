"""The works that are judged, of every kind of evidence, in one statement.

A hand-in counts with the last attempt at its activity, a mandate once its three milestones are confirmed, a session
where its activity is an assessment that a group attends and the person handed nothing in for it. A work waits until
each competency that it assesses has a judgement in force which rests on it, or was returned or waived on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, exists, func
from sqlmodel import col

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.mandates.models import Mandate, MandateAdvisor, MandateMilestone, MilestoneConfirmation
from app.attendance.calendar.models import ScheduledSession
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment, EnrolmentMove
from app.curricula.library import Library, default_library
from app.grading.enums import EvidenceKind
from app.grading.models import Judgement, JudgementEvidence
from app.grading.rules import RUNNING
from app.grading.schemas import KINDS, EvidenceRef
from app.grading.works.models import WorkDecision
from app.grading.works.rules import competencies_of
from app.learning.hand_ins.models import HandIn
from app.platform.database.rows import not_superseded
from app.platform.search import search_key

Rows = sa.Select[*tuple[Any, ...]]
_CODES = sa.ARRAY(sa.String(20))
_ABOUT = {
    EvidenceKind.HAND_IN: (JudgementEvidence.hand_in_id, WorkDecision.hand_in_id),
    EvidenceKind.MANDATE: (JudgementEvidence.mandate_id, WorkDecision.mandate_id),
    EvidenceKind.SESSION: (JudgementEvidence.session_id, WorkDecision.session_id),
}
"""The columns that name a work of each kind: what a judgement rests on, what was decided without a level."""


@dataclass(frozen=True, slots=True)
class Works:
    """A statement of works and their enrolments, with the columns that say what each work is."""

    statement: Rows
    c: Any

    @property
    def is_settled(self) -> ColumnElement[bool]:
        """The condition that each competency which a work assesses is judged, returned or waived."""
        return sa.or_(self.c.assessed.op("<@", is_comparison=True)(self.c.settled), self.c.is_closed)

    def leaves(self, competency: str) -> ColumnElement[bool]:
        """Return the condition that a work still assesses something once a competency is judged on it."""
        settled = func.array_append(self.c.settled, competency)
        is_more: ColumnElement[bool] = ~self.c.assessed.op("<@", is_comparison=True)(settled)
        return is_more

    def is_it(self, work: EvidenceRef, enrolment_id: int | None) -> ColumnElement[bool]:
        """Return the condition that a work is that one; a mandate and a session may be of several people."""
        is_named: ColumnElement[bool] = sa.and_(self.c.kind == work.kind.value, self.c.id == work.id)
        return is_named if enrolment_id is None else is_named & (self.c.enrolment_id == enrolment_id)

    @property
    def oldest(self) -> tuple[Any, Any]:
        """The columns that works are sorted by, oldest first."""
        return self.c.received_at, self.c.key

    def waiting(self) -> Rows:
        """Return the statement of those of which a competency is still to judge."""
        return self.statement.where(~self.is_settled)


def works_where(*where: ColumnElement[bool]) -> Works:
    """Return the works of the running enrolments on which the conditions hold.

    The enrolments are found first: joined, PostgreSQL may read all works of a college for those of a few cohorts.
    """
    enrolment = (
        sa.select(
            col(Enrolment.id),
            col(Enrolment.person_id),
            col(Enrolment.cohort_id),
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
        )
        .where(*where, col(Enrolment.state).in_(RUNNING))
        .cte()
    )
    work = sa.union_all(_hand_ins(enrolment), _mandates(enrolment), _sessions(enrolment)).cte()
    statement = sa.select(work.c.key).join(Enrolment, col(Enrolment.id) == work.c.enrolment_id)
    return Works(statement, work.c)


def _among(enrolment: Any, column: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a table expression, a column
    ids = sa.select(enrolment.c.id).correlate(None).scalar_subquery()
    matching: ColumnElement[bool] = column == sa.any_(func.array(ids, type_=sa.ARRAY(sa.Integer)))
    return matching


def assessed(kind: EvidenceKind) -> dict[str, tuple[str, list[str]]]:
    """Return what works of a kind are searched by and what they assess.

    By ``slug/version/code`` of their activity; by ``slug/version/`` for a mandate, which has none.
    """
    return _assessed(kind, default_library())


@cache
def _assessed(kind: EvidenceKind, library: Library) -> dict[str, tuple[str, list[str]]]:
    found: dict[str, tuple[str, list[str]]] = {}
    for slug, version in library.curricula:
        curriculum = library.worded(slug, version)
        activities: Iterable[str | None] = (None,) if kind is EvidenceKind.MANDATE else curriculum.placed
        for code in activities:
            if codes := competencies_of(curriculum, kind, code):
                title = curriculum.activity(code).title.text if code else ""
                found[f"{slug}/{version}/{code or ''}"] = search_key(f"{code or ''} {title}"), list(codes)
    return found


def _columns(
    kind: EvidenceKind,
    enrolment: Any,  # noqa: ANN401
    id_: Any,  # noqa: ANN401
    received_at: Any,  # noqa: ANN401
    row: Any,  # noqa: ANN401
    *correlated: Any,  # noqa: ANN401
    code: Any = None,  # noqa: ANN401
    attempt: Any = None,  # noqa: ANN401
    title: Any = None,  # noqa: ANN401
    search: Any = None,  # noqa: ANN401
) -> tuple[list[Any], ColumnElement[bool]]:
    """Return what a work of a kind selects, and the condition that its path assesses something by it.

    ``row`` is the id of what says that the work is someone's: lists know the work by it, and by the place of its kind.
    """
    code = sa.cast(sa.null(), sa.String) if code is None else code
    placed = func.concat(enrolment.c.curriculum_slug, "/", enrolment.c.curriculum_version, "/", func.coalesce(code, ""))
    codes = {place: sa.literal(found, _CODES) for place, (_, found) in assessed(kind).items()}
    about = _ABOUT[kind]
    judged = (
        sa.select(col(Judgement.competency_code))
        .join(JudgementEvidence, col(JudgementEvidence.judgement_id) == Judgement.id)
        .where(col(about[0]) == id_, col(Judgement.enrolment_id) == enrolment.c.id, not_superseded(Judgement))
        .correlate(enrolment, *correlated)
    )
    of_work = (
        col(WorkDecision.enrolment_id) == enrolment.c.id,
        col(about[1]) == id_,
        col(WorkDecision.received_at) == received_at,
    )
    decided = (
        sa.select(col(WorkDecision.competency_code))
        .where(*of_work, col(WorkDecision.competency_code).is_not(None))
        .correlate(enrolment, *correlated)
    )
    is_closed = (
        sa.select(sa.true())
        .where(*of_work, col(WorkDecision.competency_code).is_(None))
        .limit(1)
        .correlate(enrolment, *correlated)
        .scalar_subquery()
    )
    columns = [
        (10 * sa.cast(row, sa.BigInteger) + KINDS.index(kind)).label("key"),
        sa.literal(kind.value).label("kind"),
        id_.label("id"),
        enrolment.c.id.label("enrolment_id"),
        code.label("activity_code"),
        (sa.cast(sa.null(), sa.Integer) if attempt is None else attempt).label("attempt"),
        received_at.label("received_at"),
        (sa.cast(sa.null(), sa.String) if title is None else title).label("title"),
        placed.label("place"),
        (sa.literal("") if search is None else search).label("search"),
        sa.case(codes, value=placed).label("assessed"),
        func.array(judged.union_all(decided).scalar_subquery(), type_=_CODES).label("settled"),
        func.coalesce(is_closed, sa.false()).label("is_closed"),
    ]
    return columns, sa.any_(sa.literal(list(codes), sa.ARRAY(sa.String))) == placed


def _hand_ins(enrolment: Any) -> Rows:  # noqa: ANN401
    """Return the last attempts; left out are traces, formative activities and modules that assess nothing."""
    newest = HandIn.__table__.alias("newest")  # type: ignore[attr-defined]
    is_last = ~exists().where(
        newest.c.enrolment_id == HandIn.enrolment_id,
        newest.c.activity_code == HandIn.activity_code,
        newest.c.attempt > HandIn.attempt,
    )
    columns, is_assessed = _columns(
        EvidenceKind.HAND_IN, enrolment, col(HandIn.id), col(HandIn.received_at), col(HandIn.id), HandIn,
        code=col(HandIn.activity_code), attempt=col(HandIn.attempt),
    )  # fmt: skip
    return (
        sa.select(*columns)
        .select_from(HandIn)
        .join(enrolment, enrolment.c.id == HandIn.enrolment_id)
        .where(_among(enrolment, col(HandIn.enrolment_id)), is_last, is_assessed)
    )


def last_confirmed() -> Any:  # noqa: ANN401 - a table expression
    """Return when the last milestone of a mandate was confirmed: the version of the mandate that is judged."""
    return (
        sa.select(func.max(col(MilestoneConfirmation.confirmed_at)).label("at"))
        .join(MandateMilestone, col(MandateMilestone.id) == MilestoneConfirmation.milestone_id)
        .where(col(MandateMilestone.mandate_id) == Mandate.id, not_superseded(MandateMilestone))
        .correlate(Mandate)
        .lateral()
    )


def is_of_path(enrolment_id: Any, *scope: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column, tables
    """Return the condition that a mandate was opened before its enrolment ended: later ones assess nothing (BR-18)."""
    ended = (
        sa.select(sa.true())
        .where(
            col(EnrolmentMove.enrolment_id) == enrolment_id,
            col(EnrolmentMove.to_state) == EnrolmentState.COMPLETED,
            sa.cast(col(EnrolmentMove.moved_at), sa.Date) < Mandate.opened_on,
        )
        .correlate(Mandate, *scope)
    )
    return ~ended.exists()


def _mandates(enrolment: Any) -> Rows:  # noqa: ANN401
    """Return the mandates whose three milestones are confirmed, for each enrolment that they count for."""
    confirmed = last_confirmed()
    title = Mandate.title + sa.literal(" – ") + Enterprise.name
    columns, is_assessed = _columns(
        EvidenceKind.MANDATE, enrolment, col(Mandate.id), func.coalesce(confirmed.c.at, col(Mandate.created_at)),
        col(MandateAdvisor.id), Mandate, confirmed, title=title, search=col(Enterprise.search_key),
    )  # fmt: skip
    return (
        sa.select(*columns)
        .select_from(MandateAdvisor)
        .join(enrolment, enrolment.c.id == MandateAdvisor.enrolment_id)
        .join(Mandate, col(Mandate.id) == MandateAdvisor.mandate_id)
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .join(confirmed, sa.true())
        .where(
            _among(enrolment, col(MandateAdvisor.enrolment_id)),
            col(Mandate.accompanied),
            is_of_path(enrolment.c.id, enrolment),
            is_assessed,
        )
    )


def _attended(enrolment: Any) -> Any:  # noqa: ANN401 - table expressions
    """Return who attended which assessment in a session, and handed nothing in for it, of these enrolments' cohorts.

    Sessions are found first, as few are assessments; the offset and the materialization keep PostgreSQL from beginning
    with all roll calls, and from doing this again for each enrolment.
    """
    codes = sorted({place.rsplit("/", 1)[1] for place in assessed(EvidenceKind.SESSION)})
    cohorts = sa.select(enrolment.c.cohort_id).distinct().correlate(None).scalar_subquery()
    written = (
        exists()
        .where(
            col(HandIn.enrolment_id) == RollCallEntry.enrolment_id,
            col(HandIn.activity_code) == ScheduledSession.activity_code,
        )
        .correlate(RollCallEntry, ScheduledSession)
    )
    entries = (
        sa.select(col(RollCallEntry.id), col(RollCallEntry.enrolment_id))
        .join(RollCall, (col(RollCall.id) == RollCallEntry.roll_call_id) & not_superseded(RollCall))
        .where(col(RollCall.session_id) == ScheduledSession.id, col(RollCallEntry.minutes) > 0, ~written)
        .correlate(ScheduledSession)
        .offset(0)
        .lateral()
    )
    return (
        sa.select(
            entries.c.id.label("entry_id"),
            entries.c.enrolment_id,
            col(ScheduledSession.id).label("id"),
            col(ScheduledSession.starts_at),
            col(ScheduledSession.activity_code),
        )
        .select_from(ScheduledSession)
        .join(entries, sa.true())
        .where(
            col(ScheduledSession.cohort_id) == sa.any_(func.array(cohorts, type_=sa.ARRAY(sa.Integer))),
            col(ScheduledSession.activity_code) == sa.any_(sa.literal(codes, _CODES)),
            col(ScheduledSession.cancelled_at).is_(None),
        )
        .cte()
        .prefix_with("materialized")
    )


def _sessions(enrolment: Any) -> Rows:  # noqa: ANN401
    """Return the assessments that a person attended in a session, and for which they handed nothing in."""
    attended = _attended(enrolment)
    columns, is_assessed = _columns(
        EvidenceKind.SESSION, enrolment, attended.c.id, attended.c.starts_at, attended.c.entry_id, attended,
        code=attended.c.activity_code,
    )  # fmt: skip
    joined = attended.join(enrolment, enrolment.c.id == attended.c.enrolment_id)
    return sa.select(*columns).select_from(joined).where(is_assessed)
