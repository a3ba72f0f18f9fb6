"""Destruction of what groups wrote: the college's schedule, its dry run, and the job that tells people and destroys.

Counts alone are read here, by a function of the owner: who confirms the schedule reads no word of it.
"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.actions.models import ActionItem
from app.codev.confidences.models import Confidence, GroupKey
from app.codev.destruction.models import DestructionSchedule
from app.codev.destruction.rules import (
    PROPOSED_DAYS,
    Cycle,
    destroyed_from,
    is_to_destroy,
    is_to_tell,
    over_on,
)
from app.codev.destruction.schemas import GroupToDestroy, ScheduleCommand, ScheduleShown
from app.codev.groups.models import CodevGroup
from app.codev.journal.models import JournalEntry
from app.codev.ratings.service import destroy_boxes
from app.codev.sessions.models import CodevSession
from app.codev.sheets.models import PreparationSheet
from app.codev.writings.models import SessionWriting
from app.cohorts.models import Cohort
from app.curricula.enums import ActivityType
from app.curricula.library import curriculum_of
from app.network.schemas import CollegeShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import local, today
from app.platform.security.actor import Actor

_COUNTS = sa.text("select group_id, texts, told_on, destroyed_at from confidence_counts(:college)")


@dataclass(frozen=True, slots=True)
class WritingGroup:
    """A group that wrote something: its name, its cohort, when its cycle was over, the day where it is."""

    row: CodevGroup
    cohort: Cohort
    over: date | None
    today: date


def schedule_in_force(db: Session, college_id: int) -> DestructionSchedule | None:
    """Return the schedule that a college confirmed last; ``None`` before the first."""
    newest = select(DestructionSchedule).where(DestructionSchedule.college_id == college_id)
    return db.exec(newest.order_by(col(DestructionSchedule.id).desc()).limit(1)).one_or_none()


def schedule(db: Session, college: CollegeShown, days: int | None = None) -> ScheduleShown:
    """Return a college's schedule, and as a dry run what it or another number of days would mean today for each group.

    Nothing is written, nothing is destroyed.
    """
    row = schedule_in_force(db, college.id)
    confirmed = row if row is not None and row.days is not None else None
    tried = days or (confirmed and confirmed.days) or PROPOSED_DAYS
    counts = {found.group_id: found for found in db.execute(_COUNTS, {"college": college.id})}
    shown = []
    for group in _groups(db, college.id, list(counts)):
        found = counts[group.row.id]
        in_force, would_be = (
            destroyed_from(group.over, n, found.told_on, group.today)
            if n and group.over and not found.destroyed_at
            else None
            for n in (confirmed and confirmed.days, tried)
        )
        shown.append(
            GroupToDestroy(
                group_id=group.row.id,
                group=group.row.name,
                cohort=group.cohort.title,
                texts=found.texts,
                over_on=group.over,
                told_on=found.told_on,
                destroyed_from=in_force,
                tried_from=would_be,
                destroyed_at=found.destroyed_at,
            )
        )
    return ScheduleShown(
        college_id=college.id,
        days=confirmed.days if confirmed else None,
        proposed_days=PROPOSED_DAYS,
        tried_days=tried,
        confirmed_at=confirmed.confirmed_at if confirmed else None,
        confirmed_by=db.get_one(Person, confirmed.confirmed_by).name if confirmed else None,
        groups=tuple(shown),
    )


def confirm(db: Session, actor: Actor, college: CollegeShown, command: ScheduleCommand) -> ScheduleShown:
    """Confirm how many days after its cycle what a group wrote is destroyed; without days, nothing is any more."""
    db.add(
        DestructionSchedule(college_id=college.id, days=command.days, confirmed_at=now(), confirmed_by=actor.person_id)
    )
    db.flush()
    return schedule(db, college)


def _groups(db: Session, college_id: int, ids: list[int]) -> list[WritingGroup]:
    """Return groups by cohort then name, with when the cycle of each was over."""
    rows = db.exec(
        select(CodevGroup, Cohort)
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .where(CodevGroup.college_id == college_id, col(CodevGroup.id).in_(ids))
        .order_by(col(Cohort.title), col(CodevGroup.name))
    ).all()
    held = select(CodevSession).where(col(CodevSession.group_id).in_(ids), col(CodevSession.cancelled_at).is_(None))
    sessions = db.exec(held.order_by(col(CodevSession.starts_at))).all()
    found = []
    for row, cohort in rows:
        own = [s for s in sessions if s.group_id == row.id]
        review = [a.code for a in curriculum_of(cohort).activities if a.type is ActivityType.codev][-1]
        cycle = Cycle(
            last_on=local(own[-1].starts_at, own[-1].timezone).date() if own else None,
            is_reviewed=any(s.activity_code == review for s in own),
            cohort_ends_on=cohort.ends_on,
        )
        day = today(cohort.timezone)
        found.append(WritingGroup(row, cohort, over_on(cycle, day), day))
    return found


def tell_and_destroy(db: Session) -> tuple[int, int]:
    """Tell the people of groups whose texts are due, destroy those told a week before; return how many groups of each.

    Needs the owner's session. Only colleges whose schedule is confirmed are concerned.
    """
    told = destroyed = 0
    college_ids = db.exec(select(DestructionSchedule.college_id).distinct()).all()
    for college_id in sorted(college_ids):
        row = schedule_in_force(db, college_id)
        if row is None or row.days is None:
            continue
        kept = select(GroupKey).where(GroupKey.college_id == college_id, col(GroupKey.destroyed_at).is_(None))
        keys = {key.group_id: key for key in db.exec(kept.with_for_update()).all()}
        for group in _groups(db, college_id, list(keys)):
            key = keys[group.row.id]
            if group.over is None:
                continue
            if is_to_tell(group.over, row.days, key.told_on, group.today):
                _tell(db, group, key, row.days)
                told += 1
            elif is_to_destroy(group.over, row.days, key.told_on, group.today):
                destroy(db, key)
                destroyed += 1
    return told, destroyed


def _tell(db: Session, group: WritingGroup, key: GroupKey, days: int) -> None:
    """Tell everyone who wrote something, and until when they may keep it."""
    assert group.over is not None  # noqa: S101 - whose cycle is over
    key.told_on = group.today
    db.add(key)
    writers = db.exec(select(Confidence.person_id).where(Confidence.group_id == group.row.id).distinct()).all()
    due = destroyed_from(group.over, days, key.told_on, group.today)
    params = {"cohort": group.cohort.title, "destroyed_on": due.isoformat()}
    page = f"/codev/groupes/{group.row.id}/journal"
    event = f"destruction:{group.row.id}"
    notify(db, Event(Kind.CONFIDENCES_END, event, sorted(writers), page, params, group.row.college_id))


def destroy(db: Session, key: GroupKey) -> None:
    """Destroy a group's key and texts together; that a sheet came, or an action was followed up, stays a fact."""
    ids = db.exec(select(Confidence.id).where(Confidence.group_id == key.group_id)).all()
    for entry in db.exec(select(JournalEntry).where(JournalEntry.group_id == key.group_id)).all():
        db.delete(entry)
    for model in (PreparationSheet, SessionWriting, ActionItem):
        for fact in db.exec(select(model).where(col(model.confidence_id).in_(ids))).all():
            fact.confidence_id = None
            db.add(fact)
    destroy_boxes(db, key.group_id)
    db.flush()
    for text in db.exec(select(Confidence).where(Confidence.group_id == key.group_id)).all():
        db.delete(text)
    key.key_sealed, key.destroyed_at = None, now()
    db.add(key)
    db.flush()
