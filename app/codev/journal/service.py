"""The journal: written and read by one person, who may destroy what they wrote (BR-11).

No permission of any other role reaches it, and row-level security hides its rows from everyone but their author.
"""

from sqlmodel import col, select

from app.codev.confidences import service as confidences
from app.codev.confidences.enums import ConfidenceKind
from app.codev.confidences.models import Confidence
from app.codev.confidences.service import Place
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.journal.models import JournalEntry
from app.codev.journal.schemas import (
    JournalCommand,
    JournalContent,
    JournalEntryRef,
    JournalEntryShown,
    JournalRef,
    NewJournalEntry,
)
from app.codev.sessions.models import CodevSession
from app.cohorts.models import Cohort, Enrolment
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, Stale
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring


def see_journal(db: Session, actor: Actor, group_id: int) -> JournalRef:
    """Return the actor's journal in a group that they are or were a member of; raise ``NotFound`` for any other."""
    row = db.exec(
        select(CodevGroup, Cohort, CodevMembership)
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .join(CodevMembership, col(CodevMembership.group_id) == CodevGroup.id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(
            CodevGroup.id == group_id,
            Enrolment.person_id == actor.person_id,
            scoped(actor, college=CodevGroup.college_id, person=Enrolment.person_id),
        )
        .order_by(col(CodevMembership.left_on).is_not(None))
    ).first()
    if row is None:
        raise NotFound
    group, cohort, membership = row
    return JournalRef(
        group_id=group.id,
        college_id=group.college_id,
        person_id=actor.person_id,
        group=group.name,
        cohort=cohort.title,
        timezone=cohort.timezone,
        writes=membership.left_on is None,
    )


def see_entry(db: Session, actor: Actor, entry_id: int) -> JournalEntryRef:
    """Return an entry of the actor's own journal; raise ``NotFound`` for any other."""
    own = scoped(actor, college=JournalEntry.college_id, person=JournalEntry.person_id)
    row = db.exec(select(JournalEntry).where(JournalEntry.id == entry_id, own)).one_or_none()
    if row is None:
        raise NotFound
    return JournalEntryRef.model_validate(row)


def entries(db: Session, keyring: Keyring, journal: JournalRef) -> list[JournalEntryShown]:
    """Return the entries of a journal, newest first."""
    statement = (
        select(JournalEntry, CodevSession.activity_code)
        .outerjoin(CodevSession, col(CodevSession.id) == JournalEntry.session_id)
        .where(JournalEntry.group_id == journal.group_id, JournalEntry.person_id == journal.person_id)
        .order_by(col(JournalEntry.written_at).desc(), col(JournalEntry.id).desc())
    )
    found = db.exec(statement).all()
    texts = confidences.read(db, keyring, [row.confidence_id for row, _ in found], JournalContent)
    return [
        JournalEntryShown(**row.model_dump(), activity_code=code, text=texts[row.confidence_id].text)
        for row, code in found
        if row.confidence_id in texts
    ]


def entry(db: Session, keyring: Keyring, ref: JournalEntryRef) -> JournalEntryShown:
    """Return an entry with its text."""
    texts = confidences.read(db, keyring, [ref.confidence_id], JournalContent)
    code = None
    if ref.session_id is not None:
        code = db.exec(select(CodevSession.activity_code).where(CodevSession.id == ref.session_id)).one()
    return JournalEntryShown(**ref.model_dump(), activity_code=code, text=texts[ref.confidence_id].text)


def add_entry(db: Session, keyring: Keyring, journal: JournalRef, command: NewJournalEntry) -> JournalEntryRef:
    """Write an entry; raise ``Conflict`` once one left the group, ``Invalid`` for a session that is not the group's."""
    if not journal.writes:
        raise Conflict("journal_closed", Reason("journal_closed"))
    of_group = (CodevSession.id == command.session_id, CodevSession.group_id == journal.group_id)
    if command.session_id is not None and db.exec(select(CodevSession.id).where(*of_group)).first() is None:
        raise Invalid("invalid", Reason("not_a_session_of_the_group", field="session_id"))
    place = Place(journal.college_id, journal.group_id, journal.person_id, ConfidenceKind.JOURNAL)
    row = JournalEntry(
        college_id=journal.college_id,
        group_id=journal.group_id,
        person_id=journal.person_id,
        session_id=command.session_id,
        confidence_id=confidences.write(db, keyring, place, JournalContent(text=command.text)),
        version=1,
        written_at=now(),
        changed_at=now(),
    )
    db.add(row)
    db.flush()
    return JournalEntryRef.model_validate(row)


def change_entry(
    db: Session, keyring: Keyring, ref: JournalEntryRef, command: JournalCommand, *, version: int
) -> JournalEntryRef:
    """Write what an entry becomes; raise ``Stale`` for another version than the one that it was made from."""
    row = _locked(db, ref)
    if version != row.version:
        raise Stale(None, Reason("entry_stale", field="version"))
    confidences.rewrite(db, keyring, row.confidence_id, JournalContent(text=command.text))
    row.version, row.changed_at = row.version + 1, now()
    db.add(row)
    db.flush()
    return JournalEntryRef.model_validate(row)


def destroy_entry(db: Session, ref: JournalEntryRef) -> None:
    """Destroy an entry and its text: nothing of it is kept."""
    row = _locked(db, ref)
    written = db.get_one(Confidence, row.confidence_id)
    db.delete(row)
    db.flush()
    db.delete(written)
    db.flush()


def sessions_begun(db: Session, journal: JournalRef) -> list[tuple[int, str]]:
    """Return ``(id, activity code)`` of the group's sessions that an entry may be about, newest first."""
    statement = (
        select(CodevSession.id, CodevSession.activity_code)
        .where(CodevSession.group_id == journal.group_id, col(CodevSession.cancelled_at).is_(None))
        .order_by(col(CodevSession.starts_at).desc())
    )
    return list(db.exec(statement).all())


def _locked(db: Session, ref: JournalEntryRef) -> JournalEntry:
    statement = select(JournalEntry).where(JournalEntry.id == ref.id).with_for_update()
    row = db.exec(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row
