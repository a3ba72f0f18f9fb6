"""Preparation sheets: written by a member before the session, read by the group and its facilitator alone (BR-11).

That a sheet came, and when, is a fact of the session, which its coordinator reads too.
"""

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.confidences import service as confidences
from app.codev.confidences.enums import ConfidenceKind
from app.codev.confidences.places import MemberPlace, archived_reasons
from app.codev.confidences.service import Place
from app.codev.groups.models import CodevMembership
from app.codev.records.service import roster
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession, RoleAssignment
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sheets.models import PreparationSheet
from app.codev.sheets.rules import due_on, is_late, sheet_reasons
from app.codev.sheets.schemas import (
    OwnSheet,
    SheetCommand,
    SheetContent,
    SheetFact,
    SheetRef,
    SheetShown,
)
from app.cohorts.models import Enrolment
from app.people.models import Person
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason, Stale
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring

EXPECTED = (CodevRole.CLIENT, CodevRole.RESERVE)
"""The roles whose members are expected to send a sheet; anyone else of the group may."""


def closed_reasons(db: Session, ref: MemberPlace) -> list[Reason]:
    """Return why a sheet can no longer be written for a session; of an archived cohort, all is only read."""
    return archived_reasons(db, ref.group_id) or sheet_reasons(ref.starts_at, now(), cancelled=ref.cancelled)


def own_sheet(db: Session, keyring: Keyring, ref: MemberPlace) -> OwnSheet:
    """Return the actor's sheet for a session, or what they may begin from: their sheet for the session before."""
    of_member = select(PreparationSheet).where(PreparationSheet.membership_id == ref.membership_id)
    row = db.exec(of_member.where(PreparationSheet.session_id == ref.session_id)).one_or_none()
    before = (
        None
        if row is not None
        else db.exec(
            of_member.join(CodevSession, col(CodevSession.id) == PreparationSheet.session_id)
            .where(CodevSession.starts_at < ref.starts_at)
            .order_by(col(CodevSession.starts_at).desc())
            .limit(1)
        ).one_or_none()
    )
    found = row or before
    texts = confidences.read(db, keyring, [found.confidence_id] if found else [], SheetContent)
    content = next(iter(texts.values()), None)
    return OwnSheet(
        session_id=ref.session_id,
        version=row.version if row else 0,
        due_on=due_on(ref.starts_at, ref.timezone),
        submitted_at=row.submitted_at if row else None,
        changed_at=row.changed_at if row else None,
        is_late=is_late(row.submitted_at, ref.starts_at, ref.timezone) if row else None,
        content=content if row else None,
        earlier=None if row else content,
    )


def write_sheet(db: Session, keyring: Keyring, ref: MemberPlace, command: SheetCommand, *, version: int) -> OwnSheet:
    """Write the actor's sheet, or what it becomes, until the session begins; ``version`` is the one that was read.

    Raises ``Conflict``: ``sheet_session_begun``, ``sheet_session_cancelled``, ``cohort_archived``; ``Stale`` for
    another version; ``Gone`` once the group's texts are destroyed.
    """
    db.get_one(CodevMembership, ref.membership_id, with_for_update={"key_share": True})
    if reasons := closed_reasons(db, ref):
        raise Conflict(reasons[0].code, *reasons)
    row = db.exec(
        select(PreparationSheet).where(
            PreparationSheet.session_id == ref.session_id, PreparationSheet.membership_id == ref.membership_id
        )
    ).one_or_none()
    if version != (row.version if row else 0):
        raise Stale(None, Reason("sheet_stale", field="version"))
    content = SheetContent(**command.model_dump())
    if row is None:
        place = Place(ref.college_id, ref.group_id, ref.person_id, ConfidenceKind.SHEET)
        text_id = confidences.write(db, keyring, place, content)
        row = PreparationSheet(
            college_id=ref.college_id,
            session_id=ref.session_id,
            membership_id=ref.membership_id,
            confidence_id=text_id,
            version=1,
            submitted_at=now(),
            changed_at=now(),
        )
    else:
        confidences.rewrite(db, keyring, row.confidence_id, content)
        row.version, row.changed_at = row.version + 1, now()
    db.add(row)
    db.flush()
    return own_sheet(db, keyring, ref)


def sheet_facts(db: Session, meeting: CodevSessionRef) -> list[SheetFact]:
    """Return who of the group has sent a sheet for a session, and who is expected to: facts, no content."""
    rows = db.exec(select(PreparationSheet).where(PreparationSheet.session_id == meeting.id)).all()
    sent = {row.membership_id: row for row in rows}
    roles = db.exec(
        select(RoleAssignment.membership_id, RoleAssignment.role)
        .where(RoleAssignment.session_id == meeting.id, col(RoleAssignment.role).in_(EXPECTED))
        .order_by(col(RoleAssignment.position).desc(), col(RoleAssignment.role).desc())
    ).all()
    expected = dict(roles)  # someone in both roles is expected as the client of the first consultation
    return [
        SheetFact(
            membership_id=id_,
            name=name,
            role=expected.get(id_),
            sheet_id=sent[id_].id if id_ in sent else None,
            submitted_at=sent[id_].submitted_at if id_ in sent else None,
            is_late=is_late(sent[id_].submitted_at, meeting.starts_at, meeting.timezone) if id_ in sent else None,
        )
        for id_, name in roster(db, meeting, sent)
    ]


def has_sheet(db: Session, session_id: int, membership_id: int) -> bool:
    """Whether a member has sent a sheet for a session: a reserve without one may take a shorter protocol (S4)."""
    statement = select(PreparationSheet.id).where(
        PreparationSheet.session_id == session_id, PreparationSheet.membership_id == membership_id
    )
    return db.exec(statement).first() is not None


def see_sheet(db: Session, actor: Actor, sheet_id: int) -> SheetRef:
    """Return a sheet of a group that the actor is in; raise ``NotFound`` for any other. Their reading is logged."""
    statement = (
        sa.select(
            col(PreparationSheet.id), col(PreparationSheet.college_id), col(CodevSession.group_id),
            col(PreparationSheet.session_id), col(PreparationSheet.confidence_id), col(PreparationSheet.version),
            col(PreparationSheet.submitted_at), col(PreparationSheet.changed_at), Person,
        )
        .join(CodevSession, col(CodevSession.id) == PreparationSheet.session_id)
        .join(CodevMembership, col(CodevMembership.id) == PreparationSheet.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(PreparationSheet.id) == sheet_id, scoped(actor, group=CodevSession.group_id))
    )  # fmt: skip
    row = db.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    log_access(db, [(row.Person.id, row.college_id)])
    values = {name: getattr(row, name) for name in SheetRef.model_fields if name not in {"person_id", "name"}}
    return SheetRef(**values, person_id=row.Person.id, name=row.Person.name)


def sheet(db: Session, keyring: Keyring, ref: SheetRef) -> SheetShown:
    """Return a sheet with what it says."""
    texts = confidences.read(db, keyring, [ref.confidence_id], SheetContent)
    shared = ref.model_dump(include=set(SheetShown.model_fields))
    return SheetShown(**shared, content=texts.get(ref.confidence_id or 0))
