"""Gather what one person wrote in a group as one text that they keep; made at each request, stored nowhere."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.actions.models import ActionItem
from app.codev.actions.schemas import ActionContent
from app.codev.confidences import service as confidences
from app.codev.groups.models import CodevMembership
from app.codev.journal import service as journal_entries
from app.codev.journal.schemas import JournalRef
from app.codev.sessions.models import CodevSession
from app.codev.sheets.models import PreparationSheet
from app.codev.sheets.schemas import SheetContent
from app.codev.writings.models import SessionWriting
from app.codev.writings.schemas import WritingContent
from app.cohorts.models import Enrolment
from app.platform.database.session import Session
from app.platform.messages.i18n import day, local, t
from app.platform.security.keyring import Keyring

FIELDS = ("situation", "tried", "stakes", "question", "help_wanted")


def own_texts(db: Session, keyring: Keyring, journal: JournalRef) -> str:
    """Return all that the actor wrote in a group, by session then in the order of writing."""
    parts = [
        t("codev.own_texts.title", group=journal.group, cohort=journal.cohort),
        *_sheets(db, keyring, journal),
        *_writings(db, keyring, journal),
        *_actions(db, keyring, journal),
        *_journal(db, keyring, journal),
    ]
    return "\n\n".join(parts) + "\n"


def _own_memberships(journal: JournalRef) -> sa.Select[int]:
    return (
        sa.select(col(CodevMembership.id))
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(
            col(CodevMembership.group_id) == journal.group_id,
            col(Enrolment.person_id) == journal.person_id,
        )
    )


def _sheets(db: Session, keyring: Keyring, journal: JournalRef) -> Iterator[str]:
    rows = db.exec(
        select(PreparationSheet, CodevSession)
        .join(CodevSession, col(CodevSession.id) == PreparationSheet.session_id)
        .where(col(PreparationSheet.membership_id).in_(_own_memberships(journal)))
        .order_by(col(CodevSession.starts_at))
    ).all()
    texts = confidences.read(db, keyring, [row.confidence_id for row, _ in rows], SheetContent)
    for row, session in rows:
        said = texts.get(row.confidence_id or 0)
        if said is not None:
            lines = [_heading(session, t("codev.own_texts.sheet")), said.title]
            yield "\n".join([*lines, *(text for name in FIELDS if (text := getattr(said, name)))])


def _writings(db: Session, keyring: Keyring, journal: JournalRef) -> Iterator[str]:
    rows = db.exec(
        select(SessionWriting, CodevSession)
        .join(CodevSession, col(CodevSession.id) == SessionWriting.session_id)
        .where(col(SessionWriting.membership_id).in_(_own_memberships(journal)))
        .order_by(col(CodevSession.starts_at), col(SessionWriting.id))
    ).all()
    texts = confidences.read(db, keyring, [row.confidence_id for row, _ in rows], WritingContent)
    for row, session in rows:
        if said := texts.get(row.confidence_id or 0):
            yield f"{_heading(session, t(f'writing.{row.kind.value}'))}\n{said.text}"


def _actions(db: Session, keyring: Keyring, journal: JournalRef) -> Iterator[str]:
    rows = db.exec(
        select(ActionItem, CodevSession)
        .join(CodevSession, col(CodevSession.id) == ActionItem.session_id)
        .where(col(ActionItem.membership_id).in_(_own_memberships(journal)))
        .order_by(col(CodevSession.starts_at), col(ActionItem.id))
    ).all()
    texts = confidences.read(db, keyring, [row.confidence_id for row, _ in rows], ActionContent)
    for row, session in rows:
        if said := texts.get(row.confidence_id or 0):
            state = t(f"action_state.{row.state.value}")
            lines = (_heading(session, t("codev.own_texts.action")), said.text, f"{state}, {day(row.due_on)}")
            yield "\n".join([*lines, *([said.outcome] if said.outcome else [])])


def _journal(db: Session, keyring: Keyring, journal: JournalRef) -> Iterator[str]:
    for entry in reversed(journal_entries.entries(db, keyring, journal)):
        about = f", {entry.activity_code}" if entry.activity_code else ""
        yield f"{t('codev.journal')}, {day(local(entry.written_at, journal.timezone).date())}{about}\n{entry.text}"


def _heading(session: CodevSession, what: str) -> str:
    return f"{session.activity_code}, {day(local(session.starts_at, session.timezone).date())}, {what}"
