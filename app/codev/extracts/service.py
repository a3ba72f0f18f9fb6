"""Extracts that a member takes out of what they wrote, and hands in as evidence of CN-11.

An extract is a hand-in like any other, and names no text of the group: neither the group, nor its facilitator, nor the
journal learns of it. The text that it was made from stays as it is, encrypted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import col

from app.accompaniment.enterprises.service import accompanied_names
from app.codev.confidences import service as confidences
from app.codev.extracts.enums import OwnKind
from app.codev.extracts.rules import extract_reasons, marks_in
from app.codev.extracts.schemas import ExtractCommand, Mark, OwnWriting, OwnWritingRef, OwnWritingShown
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.journal.models import JournalEntry
from app.codev.journal.schemas import JournalContent, JournalRef
from app.codev.sessions.models import CodevSession
from app.codev.sheets.models import PreparationSheet
from app.codev.sheets.schemas import SheetContent
from app.codev.writings.models import SessionWriting
from app.codev.writings.schemas import WritingContent
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.models import Cohort, Enrolment
from app.curricula.enums import ActivityType
from app.curricula.library import curriculum_of
from app.curricula.schemas import Activity
from app.identity.roles.service import holders
from app.learning.hand_ins.schemas import HandInShown, TextCommand
from app.learning.hand_ins.service import hand_in_text
from app.people.models import Person, shown_name
from app.platform.database.session import Session
from app.platform.errors import Gone, NotFound, refuse_unless
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import Role

SHAPES: Mapping[OwnKind, type[BaseModel]] = {
    OwnKind.SHEET: SheetContent,
    OwnKind.LEARNING: WritingContent,
    OwnKind.NOTE: WritingContent,
    OwnKind.JOURNAL: JournalContent,
}
TEXTS = dict.fromkeys(OwnKind, ("text",)) | {
    OwnKind.SHEET: ("title", "situation", "tried", "stakes", "question", "help_wanted")
}
"""The texts of each kind, in the order in which they are read."""
Rows = sa.Select[*tuple[Any, ...]]


def own_writings(db: Session, journal: JournalRef) -> list[OwnWriting]:
    """Return the writings of the actor in a group whose text is still there, newest first."""
    refs = _load(db, journal.group_id, journal.person_id)
    return [OwnWriting(**ref.model_dump(include=set(OwnWriting.model_fields))) for ref in refs]


def see_own_writing(db: Session, actor: Actor, group_id: int, writing_kind: OwnKind, writing_id: int) -> OwnWritingRef:
    """Return one of the actor's own writings in a group; raise ``NotFound`` for anybody else's."""
    within = scoped(actor, college=CodevGroup.college_id, person=Enrolment.person_id)
    refs = _load(db, group_id, actor.person_id, within, kinds=(writing_kind,))
    ref = next((ref for ref in refs if ref.id == writing_id), None)
    if ref is None:
        raise NotFound
    return ref


def own_writing(db: Session, keyring: Keyring, ref: OwnWritingRef, *, typed: str | None = None) -> OwnWritingShown:
    """Return the text of a writing with its marks; of what was ``typed`` in its place, when something was.

    Raise ``Gone`` once it is destroyed.
    """
    text = _text(db, keyring, ref)
    marks = find_marks(db, ref, text if typed is None else typed)
    shared = ref.model_dump(include=set(OwnWriting.model_fields))
    return OwnWritingShown(**shared, text=text, marks=marks)


def extract_activities(ref: OwnWritingRef) -> list[Activity]:
    """Return the codevelopment activities of the path, whose pages ask for an extract; that of the session first."""
    activities = [a for a in curriculum_of(ref).activities if a.type is ActivityType.codev]
    return sorted(activities, key=lambda a: a.code != ref.activity_code)


def hand_in_extract(db: Session, actor: Actor, ref: OwnWritingRef, command: ExtractCommand) -> tuple[HandInShown, bool]:
    """Hand an extract in and return it with whether it is new; the same text sent again is the same extract.

    Raise ``Invalid`` while it has a mark that is not confirmed, and as :func:`hand_in_text` does.
    """
    marks = find_marks(db, ref, command.body)
    refuse_unless(*extract_reasons(marks, command.confirmed, leaves_group=command.leaves_group), code="invalid")
    enrolment = see_enrolment(db, actor, ref.enrolment_id)
    text = TextCommand(activity_code=command.activity_code, body=command.body)
    return hand_in_text(db, actor, enrolment, text, is_extract=True)


def find_marks(db: Session, ref: OwnWritingRef, text: str) -> tuple[Mark, ...]:
    """Return what in a text would let someone be recognised: people of the group, enterprises accompanied."""
    members = (
        sa.select(shown_name(), col(Person.legal_last_name))
        .join(Enrolment, col(Enrolment.person_id) == Person.id)
        .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
        .where(col(CodevMembership.group_id) == ref.group_id, col(Person.id) != ref.person_id)
    )
    people = [name for names in db.execute(members) for name in names]
    led = holders(db, Role.FACILITATOR, college_id=ref.college_id, group_id=ref.group_id)
    enterprises = accompanied_names(db, ref.person_id)
    return marks_in(text, [*people, *(name for _, name in led)], enterprises)


def _text(db: Session, keyring: Keyring, ref: OwnWritingRef) -> str:
    content = next(iter(confidences.read(db, keyring, [ref.confidence_id], SHAPES[ref.kind]).values()), None)
    if content is None:
        raise Gone("confidences_destroyed")
    return "\n\n".join(text for name in TEXTS[ref.kind] if (text := getattr(content, name)))


def _load(
    db: Session,
    group_id: int,
    person_id: int,
    *where: sa.ColumnElement[bool],
    kinds: Sequence[OwnKind] = tuple(OwnKind),
) -> list[OwnWritingRef]:
    """Return the person's own writings of a group, newest first, each once whatever their memberships."""
    refs = [
        OwnWritingRef.model_validate(row)
        for statement in _statements(kinds)
        for row in db.execute(
            statement.where(col(CodevGroup.id) == group_id, col(Enrolment.person_id) == person_id, *where)
        )
    ]
    unique = {(ref.kind, ref.id): ref for ref in refs}
    return sorted(unique.values(), key=lambda ref: (ref.written_at, ref.id), reverse=True)


def _statements(kinds: Sequence[OwnKind]) -> Iterator[Rows]:
    """Yield the query of each kind: what was destroyed has no text any more, and is left out."""
    if OwnKind.SHEET in kinds:
        yield _of_member(sa.literal(OwnKind.SHEET.value), PreparationSheet, col(PreparationSheet.changed_at))
    for kind in (OwnKind.LEARNING, OwnKind.NOTE):
        if kind in kinds:
            statement = _of_member(sa.literal(kind.value), SessionWriting, col(SessionWriting.changed_at))
            yield statement.where(col(SessionWriting.kind) == kind.value)
    if OwnKind.JOURNAL in kinds:
        yield (
            _columns(sa.literal(OwnKind.JOURNAL.value), JournalEntry, col(JournalEntry.changed_at))
            .outerjoin(CodevSession, col(CodevSession.id) == JournalEntry.session_id)
            .join(CodevMembership, col(CodevMembership.group_id) == JournalEntry.group_id)
            .join(
                Enrolment,
                (col(Enrolment.id) == CodevMembership.enrolment_id)
                & (col(Enrolment.person_id) == JournalEntry.person_id),
            )
            .join(CodevGroup, col(CodevGroup.id) == JournalEntry.group_id)
            .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        )


def _of_member(kind: sa.ColumnElement[str], table: Any, written_at: Any) -> Rows:  # noqa: ANN401 - one of two tables
    return (
        _columns(kind, table, written_at)
        .join(CodevSession, col(CodevSession.id) == table.session_id)
        .join(CodevMembership, col(CodevMembership.id) == table.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(CodevGroup, col(CodevGroup.id) == CodevMembership.group_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(col(table.confidence_id).is_not(None))
    )


def _columns(kind: sa.ColumnElement[str], table: Any, written_at: Any) -> Rows:  # noqa: ANN401 - one of three tables
    return sa.select(
        kind.label("kind"),
        col(table.id),
        col(CodevSession.activity_code),
        written_at.label("written_at"),
        col(CodevGroup.college_id),
        col(CodevGroup.id).label("group_id"),
        col(Enrolment.person_id),
        col(Enrolment.id).label("enrolment_id"),
        col(table.confidence_id),
        col(Enrolment.curriculum_slug),
        col(Enrolment.curriculum_version),
        col(Cohort.timezone),
    ).select_from(table)
