"""Hand-ins: a text or one file an attempt, kept once however often it is sent (S1)."""

from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import default_library
from app.learning.activities.service import desk
from app.learning.hand_ins.models import HandIn
from app.learning.hand_ins.rules import TYPES, extension, file_reasons, hand_in_reasons, punctuality
from app.learning.hand_ins.schemas import FileCommand, HandInRow, HandInShown, TextCommand
from app.people.models import Person
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.documents import blob_store as files
from app.platform.errors import NotFound, Unavailable, refuse_unless
from app.platform.security.actor import Actor, scoped
from app.progress.rules import due_on


def hand_in_text(db: Session, actor: Actor, enrolment: EnrolmentRef, command: TextCommand) -> tuple[HandInShown, bool]:
    """A text as an attempt, and whether it is new: the same text sent again is the same hand-in."""
    return _hand_in(db, actor, enrolment, command, HandIn.body == command.body, body=command.body)  # type: ignore[arg-type]


def hand_in_file(
    db: Session, actor: Actor, enrolment: EnrolmentRef, command: FileCommand, *, root: Path, megabytes: int
) -> tuple[HandInShown, bool]:
    """A file as an attempt, kept under ``root``, and whether it is new: the same bytes are the same hand-in.

    ``Invalid`` with reasons on ``file`` when it is empty, above ``megabytes`` or not of an accepted type.
    """
    name = command.name
    refuse_unless(*file_reasons(name, command.content, megabytes), code="invalid")
    digest = files.digest(command.content)
    shown = _hand_in(
        db,
        actor,
        enrolment,
        command,
        HandIn.file_sha256 == digest,  # type: ignore[arg-type]
        file_name=name,
        file_type=TYPES[extension(name)],
        file_size=len(command.content),
        file_sha256=digest,
    )
    files.store(root, command.content)
    return shown


def _hand_in(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    command: TextCommand | FileCommand,
    same: ColumnElement[bool],
    **content: Any,  # noqa: ANN401 - columns of the row
) -> tuple[HandInShown, bool]:
    found = desk(db, enrolment, command.activity_code)
    mine = select(HandIn.id).where(HandIn.enrolment_id == enrolment.id, HandIn.activity_code == command.activity_code)
    again = db.exec(mine.where(same)).first()
    if again is not None:
        return _shown(db, HandIn.id == again)[0], False
    at, before = now(), len(db.exec(mine).all())
    reasons = hand_in_reasons(found, attempts=before, completed_at=command.completed_at, at=at, zone=enrolment.timezone)
    refuse_unless(*reasons, code="invalid")
    row = HandIn(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        activity_code=command.activity_code,
        attempt=before + 1,
        completed_at_declared=command.completed_at,
        received_at=at,
        received_from=actor.person_id,
        **content,
    )
    db.add(row)
    db.flush()
    return _shown(db, HandIn.id == row.id)[0], True


def hand_ins(db: Session, enrolment: EnrolmentRef) -> list[HandInRow]:
    """An enrolment's attempts without their texts, by activity then attempt."""
    shown = _shown(db, HandIn.enrolment_id == enrolment.id)
    return [HandInRow(**h.model_dump(include=set(HandInRow.model_fields))) for h in shown]


def attempts(db: Session, enrolment: EnrolmentRef, activity_code: str) -> list[HandInShown]:
    """Everything handed in for one activity, first attempt first."""
    return _shown(db, HandIn.enrolment_id == enrolment.id, HandIn.activity_code == activity_code)


def see_hand_in(db: Session, actor: Actor, hand_in_id: int) -> HandInShown:
    """An attempt within the actor's reach."""
    within = scoped(actor, college=HandIn.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    found = _shown(db, HandIn.id == hand_in_id, within)
    if not found:
        raise NotFound
    log_access(db, [(found[0].person_id, found[0].college_id)])
    return found[0]


def _shown(db: Session, *where: object) -> list[HandInShown]:
    statement = (
        select(HandIn, Enrolment, Cohort, Person)
        .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(*where)  # type: ignore[arg-type]
        .order_by(col(HandIn.activity_code), col(HandIn.attempt))
    )
    return [_whole(*row) for row in db.exec(statement).all()]


def _whole(row: HandIn, enrolment: Enrolment, cohort: Cohort, person: Person) -> HandInShown:
    curriculum = default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)
    due = due_on(curriculum.module_of(row.activity_code), cohort.starts_on)
    return HandInShown(
        **row.model_dump(),
        cohort_id=enrolment.cohort_id,
        person_id=enrolment.person_id,
        name=person.name,
        due_on=due,
        punctuality=punctuality(
            due,
            zone=cohort.timezone,
            grace_hours=cohort.grace_hours,
            received_at=row.received_at,
            declared_at=row.completed_at_declared,
        ),
    )


def file_of(hand_in: HandInShown, root: Path) -> bytes:
    """The bytes handed in; ``NotFound`` for a text, ``Unavailable`` when the store lost or altered them."""
    if hand_in.file_sha256 is None:
        raise NotFound
    try:
        return files.load(root, hand_in.file_sha256)
    except (FileNotFoundError, ValueError) as error:
        raise Unavailable("file_unavailable") from error
