"""One's own file of codevelopment, read from the records in force of every session that counted.

It names no group: its name was chosen by others and may say who is in it. Of others, it names facilitators alone.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.own_file.enums import FileRole
from app.codev.own_file.layout import render_file
from app.codev.own_file.rules import FilePeriod, OwnTurn, RoleCount, by_role, by_year, consultations_of, roles_held
from app.codev.own_file.schemas import CodevFile, FileDocument, FileModule, FileRoleTotal, FileSession, FileYear
from app.codev.records.models import CodevPresence, CodevRecord, CodevTurn
from app.codev.records.service import current_records
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession, RoleAssignment
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import curriculum_of
from app.curricula.schemas import Curriculum
from app.network.models import College
from app.people.models import Person, printed_name
from app.platform.database.session import Session
from app.platform.documents.document_process import in_document_process
from app.platform.messages.i18n import local, today
from app.platform.security.actor import Actor

_RECORDS = current_records()
_SESSION: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(CodevSession.id).label("session_id"),
    col(CodevSession.activity_code),
    col(CodevSession.starts_at),
    col(CodevSession.timezone),
    col(Cohort.curriculum_slug),
    col(Cohort.curriculum_version),
    col(College.name).label("college"),
    printed_name().label("facilitator"),
    col(CodevRecord.id).label("record_id"),
)


def _in_force(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """Return a statement from ``codev_record`` joined to its session, cohort, college and facilitator."""
    return (
        statement.join(_RECORDS, _RECORDS.c.id == CodevRecord.id)
        .join(CodevSession, col(CodevSession.id) == CodevRecord.session_id)
        .join(CodevGroup, col(CodevGroup.id) == CodevSession.group_id)
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .join(College, col(College.id) == CodevRecord.college_id)
        .join(Person, col(Person.id) == CodevRecord.facilitator_id)
        .where(_RECORDS.c.held)
    )


def codev_file(db: Session, actor: Actor, period: FilePeriod) -> CodevFile:
    """Return the actor's own file over a period, over all their cohorts and paths, newest session first.

    It covers the colleges in which they hold a role, also for cohorts that ended.
    """
    rows = [*_as_member(db, actor.person_id), *_as_facilitator(db, actor.person_id)]
    dated = [(local(row.starts_at, row.timezone), row) for row in rows]
    within = sorted(((at, row) for at, row in dated if period.holds(at.date())), key=_newest_first)
    records = [row.record_id for _, row in within]
    turns, planned = _turns(db, records), _planned(db, within)
    sessions = tuple(_session(at.date(), row, turns[row.record_id], planned[row.session_id]) for at, row in within)
    years, roles = by_year(sessions), by_role(sessions)
    name = db.execute(sa.select(printed_name()).where(col(Person.id) == actor.person_id)).scalar_one()
    return CodevFile(
        name=name,
        since=period.since,
        until=period.until,
        made_on=today(),
        colleges=tuple(sorted({s.college for s in sessions})),
        modules=_modules(within),
        sessions=sessions,
        years=tuple(
            FileYear(year=year, sessions=n, member_minutes=member, facilitated_minutes=facilitated)
            for year, n, member, facilitated in years
        ),
        roles=tuple(FileRoleTotal(role=role, sessions=n, consultations=c) for role, n, c in roles),
        minutes=sum(s.minutes for s in sessions),
        all_years=tuple(sorted({at.year for at, _ in dated}, reverse=True)),
    )


def file_document(db: Session, actor: Actor, period: FilePeriod) -> FileDocument:
    """Return the file as a PDF in French; nothing of it is stored. Raises ``PdfUnavailable``."""
    content = in_document_process(render_file, codev_file(db, actor, period))
    days = [d.isoformat() for d in period if d is not None]
    return FileDocument(name="-".join(["codeveloppement", *days]) + ".pdf", content=content)


def _newest_first(pair: tuple[datetime, Any]) -> tuple[float, int]:
    return -pair[0].timestamp(), pair[1].session_id


def _as_member(db: Session, person_id: int) -> Sequence[Any]:
    """Return the sessions at which the person was present as a member, with their minutes."""
    statement = (
        sa.select(*_SESSION, col(CodevPresence.minutes), col(CodevMembership.id).label("membership_id"))
        .select_from(Enrolment)
        .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
        .join(CodevPresence, col(CodevPresence.membership_id) == CodevMembership.id)
        .join(CodevRecord, col(CodevRecord.id) == CodevPresence.record_id)
        .where(col(Enrolment.person_id) == person_id, col(CodevPresence.minutes) > 0)
    )
    return db.execute(_in_force(statement)).all()


def _as_facilitator(db: Session, person_id: int) -> Sequence[Any]:
    """Return the sessions that the person facilitated, as long as the member who stayed longest was present."""
    longest = (
        sa.select(sa.func.max(col(CodevPresence.minutes)))
        .where(col(CodevPresence.record_id) == CodevRecord.id)
        .correlate(CodevRecord)
        .scalar_subquery()
    )
    statement = (
        sa.select(*_SESSION, longest.label("minutes"), sa.null().label("membership_id"))
        .select_from(CodevRecord)
        .where(col(CodevRecord.facilitator_id) == person_id)
    )
    return db.execute(_in_force(statement)).all()


def _turns(db: Session, record_ids: Sequence[int]) -> defaultdict[int, list[CodevTurn]]:
    """Return the consultations of some records, by record."""
    turns: defaultdict[int, list[CodevTurn]] = defaultdict(list)
    if record_ids:
        statement = sa.select(CodevTurn).where(col(CodevTurn.record_id).in_(record_ids))
        for turn in db.execute(statement.order_by(col(CodevTurn.position))).scalars():
            turns[turn.record_id].append(turn)
    return turns


def _planned(db: Session, rows: Sequence[tuple[datetime, Any]]) -> defaultdict[int, dict[int, CodevRole]]:
    """Return the roles planned for the person, by session then by position."""
    planned: defaultdict[int, dict[int, CodevRole]] = defaultdict(dict)
    memberships = {row.membership_id for _, row in rows if row.membership_id is not None}
    if memberships:
        statement = sa.select(
            col(RoleAssignment.session_id), col(RoleAssignment.position), col(RoleAssignment.role)
        ).where(col(RoleAssignment.membership_id).in_(memberships))
        for session_id, position, role in db.execute(statement):
            planned[session_id][position] = role
    return planned


def _session(on: date, row: Any, turns: Sequence[CodevTurn], planned: dict[int, CodevRole]) -> FileSession:  # noqa: ANN401 - a row
    """Return a session as the person took part in it."""
    own = [OwnTurn(turn.position, turn.client_id == row.membership_id, turn.status) for turn in turns]
    facilitated = row.membership_id is None
    led = (RoleCount(role=FileRole.FACILITATOR, consultations=len(consultations_of(own))),)
    curriculum = curriculum_of(row)
    return FileSession(
        session_id=row.session_id,
        on=on,
        college=row.college,
        path=curriculum.title.fr,
        activity_code=row.activity_code,
        activity=curriculum.activity(row.activity_code).title.fr,
        facilitator=row.facilitator,
        facilitated=facilitated,
        minutes=row.minutes,
        roles=led if facilitated else roles_held(own, planned),
    )


def _modules(rows: Sequence[tuple[datetime, Any]]) -> tuple[FileModule, ...]:
    """Return the codevelopment modules that the sessions belong to, each once."""
    unique: dict[tuple[str, str], tuple[Curriculum, str]] = {}
    for _, row in rows:
        curriculum = curriculum_of(row)
        code = curriculum.module_of(row.activity_code).code
        unique.setdefault((curriculum.title.fr, code), (curriculum, code))
    modules = [(curriculum.title.fr, curriculum.modules_by_code[code]) for curriculum, code in unique.values()]
    return tuple(
        FileModule(path=path, title=module.title.fr, outcomes=tuple(outcome.fr for outcome in module.outcomes))
        for path, module in sorted(modules, key=lambda pair: pair[0])
    )
