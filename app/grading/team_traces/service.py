"""The team of a trace: its author names who made it with them, and each reads it on their page of the activity."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref
from app.cohorts.models import Enrolment
from app.cohorts.rules import FOLLOWING
from app.cohorts.service import require_enrolment_not_archived
from app.curricula.library import curriculum_of, default_library
from app.grading.models import Judgement, JudgementEvidence
from app.grading.schemas import EvidenceShown
from app.grading.team_traces.models import TraceShare
from app.grading.team_traces.rules import team_reasons
from app.grading.team_traces.schemas import TeamCommand, TeamMate, TeamTrace, TeamTraceRow, TraceRef, TraceTeam
from app.learning.activities.paths import activity_path
from app.learning.activities.service import lock_active
from app.learning.hand_ins.kept_files import load_kept
from app.learning.hand_ins.models import HandIn
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason, refuse_unless
from app.platform.files.store import FileStore
from app.platform.security.actor import Actor, scoped

# Its author, and those who train them ------------------------------------------------------------


def is_by_team(enrolment: EnrolmentRef, code: str) -> bool:
    """Return whether the page of an activity asks a team for one deposit."""
    return default_library().takes_team_trace(curriculum_of(enrolment), code)


def see_trace(db: Session, actor: Actor, hand_in_id: int) -> TraceRef:
    """Return a trace of an activity that teams do, within the actor's reach; raise ``NotFound`` for any other."""
    within = scoped(actor, college=HandIn.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    found = db.execute(
        sa.select(col(HandIn.enrolment_id), col(HandIn.activity_code))
        .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
        .where(col(HandIn.id) == hand_in_id, within)
    ).one_or_none()
    enrolment = enrolment_ref(db, found.enrolment_id) if found is not None else None
    if found is None or enrolment is None or not is_by_team(enrolment, found.activity_code):
        raise NotFound
    log_access(db, [(enrolment.person_id, enrolment.college_id)])
    return TraceRef(id=hand_in_id, activity_code=found.activity_code, enrolment=enrolment)


def team_of(db: Session, trace: TraceRef) -> TraceTeam:
    """Return the team of a trace."""
    return _teams(db, trace.enrolment, [trace.id])[trace.id]


def teams_of(db: Session, enrolment: EnrolmentRef, code: str, hand_in_ids: Collection[int]) -> dict[int, TraceTeam]:
    """Return the teams of the traces of an enrolment at one activity, by trace; none where no team does it."""
    return _teams(db, enrolment, hand_in_ids) if hand_in_ids and is_by_team(enrolment, code) else {}


def _teams(db: Session, enrolment: EnrolmentRef, hand_in_ids: Collection[int]) -> dict[int, TraceTeam]:
    shares = db.execute(
        sa.select(
            col(TraceShare.hand_in_id),
            col(TraceShare.enrolment_id),
            col(TraceShare.ended_at),
            col(TraceShare.ended_by),
        ).where(col(TraceShare.hand_in_id).in_(hand_in_ids))
    ).all()
    named = {(share.hand_in_id, share.enrolment_id) for share in shares if share.ended_at is None}
    ended = {(share.hand_in_id, share.enrolment_id, share.ended_by) for share in shares if share.ended_at is not None}
    judged = set(
        db.exec(select(JudgementEvidence.hand_in_id).where(col(JudgementEvidence.hand_in_id).in_(hand_in_ids))).all()
    )
    mates = db.execute(
        sa.select(col(Enrolment.id), col(Enrolment.person_id), shown_name().label("name"))
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(
            col(Enrolment.cohort_id) == enrolment.cohort_id,
            col(Enrolment.id) != enrolment.id,
            or_(col(Enrolment.state).in_(FOLLOWING), col(Enrolment.id).in_({member for _, member in named})),
        )
        .order_by(col(Person.search_key), col(Enrolment.id))
    ).all()
    return {
        id_: TraceTeam(
            hand_in_id=id_,
            is_judged=id_ in judged,
            mates=tuple(
                TeamMate(
                    enrolment_id=mate.id,
                    name=mate.name,
                    in_team=(id_, mate.id) in named,
                    has_left=(id_, mate.id, mate.person_id) in ended,
                )
                for mate in mates
            ),
        )
        for id_ in hand_in_ids
    }


def name_team(db: Session, actor: Actor, trace: TraceRef, command: TeamCommand) -> TraceTeam:
    """Name who made a trace with its author, in place of those named before, and tell those who are new.

    The same team again changes nothing. Enrolments are locked in the order of their ids, as judging locks them. Raise
    ``Conflict`` where the author's enrolment is not active or a judgement rests on the trace, ``Invalid`` for someone
    who does not follow the cohort, or who said that they are not of the team.
    """
    before = {member.enrolment_id for member in team_of(db, trace).members}
    _lock(db, trace.enrolment, {trace.enrolment.id, *before, *command.enrolment_ids})
    lock_active(db, trace.enrolment)
    team, wanted = team_of(db, trace), set(command.enrolment_ids)
    named = {member.enrolment_id for member in team.members}
    if wanted == named:
        return team
    if team.is_judged:
        raise Conflict("trace_judged", Reason("trace_judged"))
    mates = [mate.enrolment_id for mate in team.mates]
    left = [mate.enrolment_id for mate in team.mates if mate.has_left]
    refuse_unless(*team_reasons(wanted, mates=mates, left=left), code="invalid")
    in_force = select(TraceShare).where(TraceShare.hand_in_id == trace.id, col(TraceShare.ended_at).is_(None))
    for share in db.exec(in_force.where(col(TraceShare.enrolment_id).not_in(wanted))).all():
        share.ended_at, share.ended_by = now(), actor.person_id
    for enrolment_id in sorted(wanted - named):
        row = TraceShare(
            college_id=trace.enrolment.college_id,
            hand_in_id=trace.id,
            enrolment_id=enrolment_id,
            shared_at=now(),
            shared_by=actor.person_id,
        )
        db.add(row)
        db.flush()
        _tell(db, enrolment_ref(db, enrolment_id), row, trace.activity_code)
    db.flush()
    return team_of(db, trace)


def _lock(db: Session, enrolment: EnrolmentRef, ids: Collection[int]) -> None:
    rows = select(Enrolment.id).where(Enrolment.cohort_id == enrolment.cohort_id, col(Enrolment.id).in_(ids))
    db.exec(rows.order_by(col(Enrolment.id)).with_for_update(key_share=True)).all()


def _tell(db: Session, enrolment: EnrolmentRef, share: TraceShare, code: str) -> None:
    params = {"cohort": enrolment.cohort_title, "activity": curriculum_of(enrolment).activity(code).title.text}
    page = activity_path(enrolment.id, code)
    people = [enrolment.person_id]
    notify(db, Event(Kind.TEAM_NAMED, f"trace_share:{share.id}", people, page, params, enrolment.college_id))


# Those whom it names -----------------------------------------------------------------------------


def team_traces(db: Session, enrolment: EnrolmentRef) -> list[TeamTraceRow]:
    """Return the traces that name an enrolment, without their texts, by activity; that others are read is logged."""
    return [
        TeamTraceRow(**trace.model_dump(include=set(TeamTraceRow.model_fields)))
        for trace in _load(db, col(TraceShare.enrolment_id) == enrolment.id)
    ]


def team_traces_at(db: Session, enrolment: EnrolmentRef, code: str) -> list[TeamTrace]:
    """Return the traces of one activity that name an enrolment; that others are read is logged."""
    if not is_by_team(enrolment, code):
        return []
    return _load(db, col(TraceShare.enrolment_id) == enrolment.id, col(HandIn.activity_code) == code)


def see_team_trace(db: Session, actor: Actor, share_id: int) -> TeamTrace:
    """Return a trace of a team to the member whom a share names, and to who reaches them, else raise ``NotFound``.

    A member reads it while they are named and follow the cohort.
    """
    member = sa.orm.aliased(Enrolment, name="member")
    within = scoped(actor, college=TraceShare.college_id, cohort=member.cohort_id, person=member.person_id)
    reached = sa.exists().where(col(member.id) == TraceShare.enrolment_id, within)
    found = next(iter(_load(db, col(TraceShare.id) == share_id, reached)), None)
    if found is None:
        raise NotFound
    return found


def leave_team(db: Session, actor: Actor, trace: TeamTrace) -> None:
    """Say that one is not of the team: the trace is no longer read, nor evidence of anything, and stays so.

    Raise ``Conflict`` once a judgement of the member rests on it, and where the cohort is archived.
    """
    _lock(db, enrolment_ref(db, trace.enrolment_id), [trace.enrolment_id])
    require_enrolment_not_archived(db, trace.enrolment_id)
    rests = sa.exists().where(
        col(JudgementEvidence.hand_in_id) == trace.hand_in_id,
        col(Judgement.id) == JudgementEvidence.judgement_id,
        col(Judgement.enrolment_id) == trace.enrolment_id,
    )
    if db.execute(sa.select(rests)).scalar_one():
        raise Conflict("trace_judged", Reason("trace_judged"))
    share = db.get_one(TraceShare, trace.id, populate_existing=True)
    if share.ended_at is None:
        share.ended_at, share.ended_by = now(), actor.person_id
        db.flush()


def maker_of(db: Session, enrolment: EnrolmentRef, hand_in_id: int) -> EnrolmentRef:
    """Return whose hand-in a piece of evidence of an enrolment is: the author of a trace that names it, or its own."""
    author = (
        select(HandIn.enrolment_id)
        .join(TraceShare, col(TraceShare.hand_in_id) == HandIn.id)
        .where(HandIn.id == hand_in_id, TraceShare.enrolment_id == enrolment.id, col(TraceShare.ended_at).is_(None))
    )
    id_ = db.exec(author).one_or_none()
    return enrolment if id_ is None else enrolment_ref(db, id_)


def log_makers(db: Session, pieces: Iterable[EvidenceShown]) -> None:
    """Log that the actor reads, among pieces of evidence, what team mates deposited."""
    traces = [piece.id for piece in pieces if piece.author is not None]
    makers = sa.select(col(Enrolment.person_id), col(Enrolment.college_id)).join(
        HandIn, col(HandIn.enrolment_id) == Enrolment.id
    )
    if traces:
        log_access(db, [(id_, college) for id_, college in db.execute(makers.where(col(HandIn.id).in_(traces)))])


def _load(db: Session, *where: Any) -> list[TeamTrace]:  # noqa: ANN401 - clauses of two libraries
    """Return the traces of shares in force whose member follows the cohort, and log that their authors are read."""
    member = sa.orm.aliased(Enrolment, name="named")
    author = sa.orm.aliased(Enrolment, name="author_of")
    rows = db.execute(
        sa.select(TraceShare, HandIn, col(author.person_id), shown_name().label("author"))
        .join(HandIn, col(HandIn.id) == TraceShare.hand_in_id)
        .join(author, col(author.id) == HandIn.enrolment_id)
        .join(Person, col(Person.id) == author.person_id)
        .join(member, col(member.id) == TraceShare.enrolment_id)
        .where(col(TraceShare.ended_at).is_(None), col(member.state).in_(FOLLOWING), *where)
        .order_by(col(HandIn.activity_code), col(HandIn.id))
    ).all()
    log_access(db, [(person_id, share.college_id) for share, _, person_id, _ in rows])
    kept = {"hand_in_id", "enrolment_id", "college_id"}
    return [
        TeamTrace(
            id=share.id, author=name, **share.model_dump(include=kept),
            **work.model_dump(include=set(TeamTrace.model_fields) - kept - {"id", "author"}),
        )
        for share, work, _, name in rows
    ]  # fmt: skip


def file_of(trace: TeamTrace, files: FileStore) -> bytes:
    """Return the bytes of a trace; raise ``NotFound`` for a text, ``Unavailable`` when lost or altered."""
    if trace.file_sha256 is None:
        raise NotFound
    return load_kept(files, trace.file_sha256)
