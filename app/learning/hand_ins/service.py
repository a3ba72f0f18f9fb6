"""Hand-ins: a text or one file an attempt, recorded once however often it is sent (S1)."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import curriculum_of
from app.learning.activities.service import lock_activity
from app.learning.extra_attempts.service import extra_attempts
from app.learning.hand_ins.kept_files import file_to_keep, load_kept
from app.learning.hand_ins.models import HandIn
from app.learning.hand_ins.rules import hand_in_reasons, link_reasons, punctuality
from app.learning.hand_ins.schemas import FileCommand, HandInRow, HandInShown, TextCommand
from app.people.models import Person
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import NotFound, refuse_unless
from app.platform.files.store import FileStore, digest
from app.platform.security.actor import Actor, scoped
from app.progress.rules import due_on


def hand_in_text(
    db: Session, actor: Actor, enrolment: EnrolmentRef, command: TextCommand, *, is_extract: bool = False
) -> tuple[HandInShown, bool]:
    """Return a text's attempt and whether it is new: the same text and link sent again are the same attempt.

    Codevelopment takes an extract (``is_extract``), which its author chose and made unrecognisable, and nothing else.
    """
    refuse_unless(*link_reasons(command.link), code="invalid")
    is_same = (col(HandIn.body) == command.body) & col(HandIn.link).is_not_distinct_from(command.link)
    return _hand_in(db, actor, enrolment, command, is_same, is_extract=is_extract, body=command.body, link=command.link)


def hand_in_file(
    db: Session, actor: Actor, enrolment: EnrolmentRef, command: FileCommand, *, files: FileStore, megabytes: int
) -> tuple[HandInShown, bool]:
    """Return a file's attempt and whether it is new; the same bytes are the same attempt, stored as a file.

    A photo is kept as a JPEG that does not say where it was taken, and not as it was sent. Raise ``Invalid`` with
    reasons on ``file`` when it is empty, above ``megabytes``, not of an accepted type, or a photo that cannot be read.
    """
    kept = file_to_keep(command.name, command.content, megabytes)
    is_same = col(HandIn.file_sha256) == digest(kept.content)
    attempt = _hand_in(db, actor, enrolment, command, is_same, **kept.columns)
    files.store(kept.content)
    return attempt


def _hand_in(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    command: TextCommand | FileCommand,
    is_same: ColumnElement[bool],
    *,
    is_extract: bool = False,
    **content: Any,  # noqa: ANN401 - columns of the row
) -> tuple[HandInShown, bool]:
    context = lock_activity(db, enrolment, command.activity_code, is_extract=is_extract)
    attempt_ids = select(HandIn.id).where(
        HandIn.enrolment_id == enrolment.id, HandIn.activity_code == command.activity_code
    )
    repeated_id = db.exec(attempt_ids.where(is_same)).first()
    if repeated_id is not None:
        return _load_attempts(db, HandIn.id == repeated_id)[0], False
    at, count = now(), len(db.exec(attempt_ids).all())
    is_beyond = count >= context.most_hand_ins
    opened = len(extra_attempts(db, enrolment, command.activity_code)) if is_beyond else 0
    reasons = hand_in_reasons(
        context, attempts=count, opened=opened, completed_at=command.completed_at, at=at, zone=enrolment.timezone
    )
    refuse_unless(*reasons, code="invalid")
    row = HandIn(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        activity_code=command.activity_code,
        attempt=count + 1,
        completed_at_declared=command.completed_at,
        received_at=at,
        received_from=actor.person_id,
        **content,
    )
    db.add(row)
    db.flush()
    return _load_attempts(db, HandIn.id == row.id)[0], True


def hand_ins(db: Session, enrolment: EnrolmentRef) -> list[HandInRow]:
    """Return the attempts of an enrolment without their texts, by activity then attempt."""
    loaded = _load_attempts(db, HandIn.enrolment_id == enrolment.id)
    return [HandInRow(**h.model_dump(include=set(HandInRow.model_fields))) for h in loaded]


def attempts(db: Session, enrolment: EnrolmentRef, activity_code: str) -> list[HandInShown]:
    """Return the attempts at one activity, in order."""
    return _load_attempts(db, HandIn.enrolment_id == enrolment.id, HandIn.activity_code == activity_code)


def hand_in_of(db: Session, enrolment: EnrolmentRef, hand_in_id: int) -> HandInShown:
    """Return an attempt of an enrolment that was seen; raise ``NotFound`` for any other."""
    loaded = _load_attempts(db, HandIn.enrolment_id == enrolment.id, HandIn.id == hand_in_id)
    if not loaded:
        raise NotFound
    return loaded[0]


def see_hand_in(db: Session, actor: Actor, hand_in_id: int) -> HandInShown:
    """Return an attempt within the actor's reach; raise ``NotFound`` for any other."""
    within = scoped(actor, college=HandIn.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    attempt = next(iter(_load_attempts(db, HandIn.id == hand_in_id, within)), None)
    if attempt is None:
        raise NotFound
    log_access(db, [(attempt.person_id, attempt.college_id)])
    return attempt


def _load_attempts(db: Session, *where: object) -> list[HandInShown]:
    statement = (
        select(HandIn, Enrolment, Cohort, Person)
        .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(*where)  # type: ignore[arg-type]
        .order_by(col(HandIn.activity_code), col(HandIn.attempt))
    )
    return [_attempt_shown(*row) for row in db.exec(statement).all()]


def _attempt_shown(row: HandIn, enrolment: Enrolment, cohort: Cohort, person: Person) -> HandInShown:
    module, activity = curriculum_of(enrolment).placed[row.activity_code]
    due = due_on(module, cohort.starts_on)
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
        )
        if activity.is_assessment
        else None,
    )


def file_of(hand_in: HandInShown, files: FileStore) -> bytes:
    """Return the bytes handed in; raise ``NotFound`` for a text, ``Unavailable`` when lost or altered."""
    if hand_in.file_sha256 is None:
        raise NotFound
    return load_kept(files, hand_in.file_sha256)
