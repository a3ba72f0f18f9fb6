"""Ratings: one answer a member, added to an encrypted box; results for the group once the box is closed.

Nothing here is read by a coordinator but how many answered (BR-11, docs/decisions/0044).
"""

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.codev.confidences import service as confidences
from app.codev.confidences.places import MemberPlace, archived_reasons
from app.codev.groups.models import CodevGroup
from app.codev.ratings.enums import RatingState
from app.codev.ratings.models import RatingAnswered, RatingBox
from app.codev.ratings.rules import (
    EMPTY,
    add_answer,
    answer_reasons,
    hidden_reasons,
    mean_of,
    padded,
    state_of,
    window_of,
)
from app.codev.ratings.schemas import (
    BoxContent,
    OwnQuestionnaire,
    QuestionResult,
    RatingCommand,
    RatingFigures,
    RatingResults,
    RatingWritten,
)
from app.codev.records.service import current_record, roster
from app.codev.sessions.models import CodevSessionChange
from app.codev.sessions.schemas import CodevSessionRef
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason
from app.platform.security.keyring import Keyring


def figures(db: Session, meeting: CodevSessionRef) -> RatingFigures:
    """Return how many members have answered the questionnaire of a session, of how many."""
    of_session = select(RatingAnswered.membership_id).where(RatingAnswered.session_id == meeting.id)
    answered = db.exec(of_session).all()
    asked = len(roster(db, meeting, answered))
    window = window_of(meeting.activity_code, meeting.starts_at)
    return RatingFigures(
        session_id=meeting.id,
        state=_state(db, meeting),
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        asked=asked,
        answered=len(answered),
        response_rate=round(100 * len(answered) / asked) if asked else None,
    )


def _state(db: Session, of: CodevSessionRef | MemberPlace) -> RatingState:
    id_, cancelled = (of.session_id, of.cancelled) if isinstance(of, MemberPlace) else (of.id, bool(of.cancelled_at))
    moved = sa.select(col(CodevSessionChange.starts_at), col(CodevSessionChange.changed_at)).where(
        col(CodevSessionChange.session_id) == id_
    )
    moves = [(row[0], row[1]) for row in db.execute(moved)]
    return state_of(of.activity_code, of.starts_at, moves, now(), cancelled=cancelled)


def own_questionnaire(db: Session, place: MemberPlace) -> OwnQuestionnaire:
    """Return whether the actor has answered, and why they cannot answer now."""
    answered = db.exec(_own_answer(place)).first() is not None
    return OwnQuestionnaire(answered=answered, refusals=tuple(_refusals(db, place, answered=answered)))


def _own_answer(place: MemberPlace) -> SelectOfScalar[RatingAnswered]:
    return select(RatingAnswered).where(
        RatingAnswered.session_id == place.session_id, RatingAnswered.membership_id == place.membership_id
    )


def _refusals(db: Session, place: MemberPlace, *, answered: bool) -> list[Reason]:
    if reasons := archived_reasons(db, place.group_id):
        return reasons
    record = db.exec(current_record(place.session_id)).one_or_none()
    if record is not None and not record.held:
        return [Reason("rating_not_held")]
    destroyed = confidences.is_destroyed(db, place.group_id)
    return answer_reasons(_state(db, place), answered=answered, destroyed=destroyed)


def answer(db: Session, keyring: Keyring, place: MemberPlace, command: RatingCommand) -> RatingWritten:
    """Add the actor's answer to the box of a session; it cannot be read back, changed or withdrawn.

    Raises ``Conflict``: ``rating_answered``, ``rating_not_open``, ``rating_closed``, ``rating_cancelled``,
    ``rating_not_held``, ``cohort_archived``, ``rating_destroyed``.
    """
    db.get_one(CodevGroup, place.group_id, with_for_update={"key_share": True})  # two answers are added one by one
    answered = db.exec(_own_answer(place)).first() is not None
    if reasons := _refusals(db, place, answered=answered):
        raise Conflict(reasons[0].code, *reasons)
    box = db.exec(
        select(RatingBox).where(RatingBox.session_id == place.session_id).execution_options(populate_existing=True)
    ).one_or_none()
    if box is None:
        box = RatingBox(college_id=place.college_id, group_id=place.group_id, session_id=place.session_id)
    content = add_answer(_opened(db, keyring, box), command.marks, command.comment)
    box.content_sealed = confidences.seal_for_group(
        db, keyring, (place.college_id, place.group_id), padded(content.model_dump_json()), bound=_bound(box)
    )
    db.add(box)
    db.add(RatingAnswered(college_id=place.college_id, session_id=place.session_id, membership_id=place.membership_id))
    db.flush()
    return RatingWritten(session_id=place.session_id, answered=True)


def _bound(box: RatingBox) -> str:
    return f"ratings {box.session_id}"


def _opened(db: Session, keyring: Keyring, box: RatingBox | None) -> BoxContent:
    if box is None or box.content_sealed is None:
        return EMPTY
    plain = confidences.open_for_group(db, keyring, box.group_id, box.content_sealed, bound=_bound(box))
    return BoxContent.model_validate_json(plain)


def results(db: Session, keyring: Keyring, meeting: CodevSessionRef) -> RatingResults:
    """Return the results of a closed questionnaire with three answers or more; else only why there are none."""
    shown = figures(db, meeting)
    box = db.exec(select(RatingBox).where(RatingBox.session_id == meeting.id)).one_or_none()
    destroyed = box is not None and box.content_sealed is None
    hidden = hidden_reasons(shown.state, shown.answered, destroyed=destroyed)
    content = EMPTY if hidden else _opened(db, keyring, box)
    questions = () if hidden else content.counts.items()
    return RatingResults(
        figures=shown,
        hidden=tuple(r.code for r in hidden),
        questions=tuple(QuestionResult(question=q, counts=n, mean=mean_of(n)) for q, n in questions),
        comments=content.comments,
    )


def destroy_boxes(db: Session, group_id: int) -> None:
    """Destroy what a group's boxes hold; that its members answered stays a fact."""
    for box in db.exec(select(RatingBox).where(RatingBox.group_id == group_id)).all():
        box.content_sealed = None
        db.add(box)
