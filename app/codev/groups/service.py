"""Groups: their members, their facilitator and the roles that come with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exists, func, literal
from sqlmodel import col, select

from app.codev.contracts.notices import ask_to_agree
from app.codev.contracts.rules import Terms
from app.codev.contracts.service import agreed_at
from app.codev.groups.links import links
from app.codev.groups.models import CodevGroup, CodevMembership, CodevReturn
from app.codev.groups.people import candidates, grant_group_role, require_known_person
from app.codev.groups.rules import Candidate, group_reasons
from app.codev.groups.schemas import (
    FacilitatorCommand,
    FacilitatorShown,
    GroupPage,
    GroupRef,
    GroupRow,
    GroupShown,
    GroupSort,
    GroupsQuery,
    JoinCommand,
    LeaveCommand,
    MemberShown,
    NewGroup,
    ReturnCommand,
)
from app.codev.protocols.library import codev_library
from app.codev.records.models import CodevRecord
from app.codev.records.service import current_records, history, sessions_attended
from app.codev.sessions.models import CodevSession
from app.codev.sessions.rules import tally
from app.codev.sessions.service import is_inside, sessions_of
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import FOLLOWING
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived, require_not_ended
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import holders, revoke_role
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page, folded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.messages.i18n import today
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role


def see_group(db: Session, actor: Actor, group_id: int) -> GroupRef:
    """Return a group of the actor's or of the college that they manage; raise ``NotFound`` for any other."""
    row = db.exec(
        select(CodevGroup, Cohort)
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .where(CodevGroup.id == group_id, scoped(actor, college=CodevGroup.college_id, group=CodevGroup.id))
    ).one_or_none()
    if row is None:
        raise NotFound
    return _ref(actor, *row)


def _ref(actor: Actor, row: CodevGroup, cohort: Cohort) -> GroupRef:
    return GroupRef(
        **row.model_dump(include=set(GroupRef.model_fields)),
        cohort=cohort.title,
        cohort_state=cohort.state,
        curriculum_slug=cohort.curriculum_slug,
        curriculum_version=cohort.curriculum_version,
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        timezone=cohort.timezone,
        inside=is_inside(actor, row.id),
    )


LAST_DAY = date(2200, 1, 1)
"""A day after all others: what is left until then sorts the newest first."""

ORDERS: Orders = {GroupSort.COHORT: (literal(LAST_DAY) - col(Cohort.starts_on), col(CodevGroup.name))}


def groups(
    db: Session, actor: Actor, *, cohort_id: int | None = None, after: int | None = None, limit: int = PAGE_SIZE
) -> GroupPage:
    """Return the groups within reach, newest cohort first, each with the session to come or to close."""
    order = ORDERS[GroupSort.COHORT]
    rows, next_ = fetch_after(
        db, _with_cohort(_within_reach(actor, cohort_id)), order, col(CodevGroup.id), after=after, limit=limit
    )
    return GroupPage(items=_rows(db, rows), next=next_)


def list_groups(db: Session, actor: Actor, query: GroupsQuery) -> Page[GroupRow]:
    """Return a page of what :func:`groups` returns; the search looks at names of groups and cohorts."""
    groups = _within_reach(actor, query.cohorte)
    statement = _with_cohort(groups)
    for word in query.words:
        is_named = folded(col(CodevGroup.name)).contains(word, autoescape=True)
        statement = statement.where(is_named | col(Cohort.search_key).contains(word, autoescape=True))
    counted = None if query.words else groups
    page = fetch_page(db, statement, query, ORDERS, col(CodevGroup.id), counted=counted)
    return replace(page, items=_rows(db, page.items))


def _within_reach(actor: Actor, cohort_id: int | None) -> sa.Select[*tuple[Any, ...]]:
    statement = sa.select(col(CodevGroup.id)).where(scoped(actor, college=CodevGroup.college_id, group=CodevGroup.id))
    return statement if cohort_id is None else statement.where(col(CodevGroup.cohort_id) == cohort_id)


def _with_cohort(groups: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    return groups.join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)


def _rows(db: Session, page: Sequence[Any]) -> tuple[GroupRow, ...]:
    """Return the groups of a page of ids, in its order."""
    ids = [row.id for row in page]
    records = current_records()
    members = (
        sa.select(func.count())
        .where(col(CodevMembership.group_id) == CodevGroup.id, col(CodevMembership.left_on).is_(None))
        .correlate(CodevGroup)
        .scalar_subquery()
    )
    sessions_held = (
        sa.select(func.count())
        .select_from(CodevSession)
        .join(records, records.c.session_id == CodevSession.id)
        .where(col(CodevSession.group_id) == CodevGroup.id, records.c.held)
        .correlate(CodevGroup)
        .scalar_subquery()
    )
    open_session = CodevSession.__table__.alias("open_session")  # type: ignore[attr-defined]
    closed = exists().where(col(CodevRecord.session_id) == open_session.c.id)
    next_id = (
        sa.select(open_session.c.id)
        .where(open_session.c.group_id == CodevGroup.id, open_session.c.cancelled_at.is_(None), ~closed)
        .order_by(open_session.c.starts_at, open_session.c.id)
        .limit(1)
        .correlate(CodevGroup)
        .scalar_subquery()
    )
    statement = (
        sa.select(
            col(CodevGroup.id), col(CodevGroup.name), col(CodevGroup.cohort_id), col(Cohort.title).label("cohort"),
            func.coalesce(col(CodevSession.timezone), col(Cohort.timezone)).label("timezone"),
            members.label("members"), sessions_held.label("sessions_held"),
            col(CodevSession.id).label("next_session_id"), col(CodevSession.starts_at).label("next_starts_at"),
        )
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .outerjoin(CodevSession, col(CodevSession.id) == next_id)
        .where(col(CodevGroup.id).in_(ids))
    )  # fmt: skip
    shown = {row.id: GroupRow.model_validate(row) for row in db.execute(statement)} if ids else {}
    return tuple(shown[id_] for id_ in ids)


def group(db: Session, ref: GroupRef) -> GroupShown:
    """Return a group with its people, their turns so far and its sessions."""
    agreed = agreed_at(db, ref.id, Terms(ref.contract_version, ref.composition))
    return GroupShown(
        **ref.model_dump(),
        members=_members(db, ref, agreed),
        facilitators=tuple(
            FacilitatorShown(person_id=id_, name=name, agreed_at=agreed.get(id_))
            for id_, name in _facilitators(db, ref)
        ),
        sessions=tuple(sessions_of(db, ref)),
    )


def _members(db: Session, ref: GroupRef, agreed: Mapping[int, datetime]) -> tuple[MemberShown, ...]:
    rows = db.exec(
        select(CodevMembership, Enrolment.state, Person)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevMembership.group_id == ref.id)
        .order_by(col(CodevMembership.left_on).is_not(None), Person.search_key)
    ).all()
    past = history(db, ref.id)
    tallies = {t.membership_id: t for t in tally([m.id for m, _, _ in rows], past)}
    attended = sessions_attended(db, ref.id)
    return tuple(
        MemberShown(
            membership_id=m.id,
            enrolment_id=m.enrolment_id,
            name=person.name,
            joined_on=m.joined_on,
            left_on=m.left_on,
            follows=m.left_on is None and state in FOLLOWING,
            turns=tallies[m.id].turns,
            last_turn_on=tallies[m.id].last_on,
            turn_kept=tallies[m.id].is_owed,
            sessions_attended=attended.get(m.id, 0),
            agreed_at=agreed.get(person.id) if m.left_on is None else None,
        )
        for m, state, person in rows
    )


def facilitates(db: Session, person_id: int, enrolment_id: int) -> bool:
    """Whether someone facilitates, or ever did, a group of this enrolment: they do not judge its CN-11 (S6, BR-13)."""
    statement = (
        select(RoleGrantRow.id)
        .join(CodevMembership, col(CodevMembership.group_id) == RoleGrantRow.group_id)
        .where(
            RoleGrantRow.person_id == person_id,
            RoleGrantRow.role == Role.FACILITATOR,
            CodevMembership.enrolment_id == enrolment_id,
        )
    )
    return db.exec(statement).first() is not None


def create_group(db: Session, actor: Actor, cohort: CohortRef, command: NewGroup) -> GroupShown:
    """Create a group of a cohort with its members and its facilitator, who is granted the role (BR-10)."""
    require_not_ended(cohort)
    if db.exec(select(CodevGroup.id).where(CodevGroup.cohort_id == cohort.id, CodevGroup.name == command.name)).first():
        raise Conflict("codev_group_name_taken", Reason("codev_group_name_taken", field="name"))
    require_known_person(db, cohort.college_id, command.facilitator_id, "facilitator_id")
    chosen = candidates(db, cohort.college_id, command.enrolment_ids)
    refuse_unless(
        *group_reasons(
            chosen,
            cohort_id=cohort.id,
            facilitators=[command.facilitator_id],
            links=links(db, cohort.college_id),
        ),
        *_date_reasons(command.joined_on, cohort.timezone, "joined_on"),
        code="invalid",
    )
    row = CodevGroup(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        name=command.name,
        contract_version=codev_library().newest_contract.version,
        created_at=now(),
        created_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    ref = _ref(actor, row, db.get_one(Cohort, cohort.id))
    grant_group_role(db, actor, ref, command.facilitator_id, Role.FACILITATOR)
    for candidate in chosen:
        _add_membership(db, actor, ref, candidate, command.joined_on or today(cohort.timezone))
    ask_to_agree(db, actor, row)
    return group(db, ref)


def add_member(db: Session, actor: Actor, ref: GroupRef, command: JoinCommand) -> GroupShown:
    """Add a person to a group (S2), under the same rules."""
    require_not_ended(db.get_one(Cohort, ref.cohort_id))
    new = _check_joining(db, ref, command.enrolment_id)
    refuse_unless(*_date_reasons(command.joined_on, ref.timezone, "joined_on"), code="invalid")
    row = db.get_one(CodevGroup, ref.id)
    row.composition += 1
    entered = ref.model_copy(update={"composition": row.composition})
    _add_membership(db, actor, entered, new, command.joined_on or today(ref.timezone))
    ask_to_agree(db, actor, row)
    return group(db, entered)


def _check_joining(db: Session, ref: GroupRef, enrolment_id: int) -> Candidate:
    """Return the candidate of an enrolment, the group locked; raise ``Invalid`` when they cannot be in it (BR-10)."""
    db.get_one(CodevGroup, ref.id, with_for_update={"key_share": True}, populate_existing=True)
    members = db.exec(
        select(CodevMembership.enrolment_id).where(
            CodevMembership.group_id == ref.id, col(CodevMembership.left_on).is_(None)
        )
    ).all()
    new = candidates(db, ref.college_id, [enrolment_id])[0]
    present = [
        Candidate(c.enrolment_id, c.person_id, c.cohort_id, EnrolmentState.ACTIVE)
        for c in candidates(db, ref.college_id, members)
    ]
    reasons = group_reasons(
        [*present, new],
        cohort_id=ref.cohort_id,
        facilitators=[id_ for id_, _ in _facilitators(db, ref)],
        links=links(db, ref.college_id),
        minimum=1,
    )
    refuse_unless(*(replace(reason, field="enrolment_id") for reason in reasons), code="invalid")
    return new


def return_member(db: Session, actor: Actor, ref: GroupRef, command: ReturnCommand) -> GroupShown:
    """Take a departure back, under the rules of joining: the membership goes on, with its turns and its presences.

    Raises ``Conflict("cohort_archived")``, ``Invalid``: ``not_of_the_group`` for someone who did not leave it, or as
    :func:`add_member`.
    """
    require_not_archived(db.get_one(Cohort, ref.cohort_id))
    row = db.exec(
        select(CodevMembership)
        .where(CodevMembership.id == command.membership_id, CodevMembership.group_id == ref.id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None or row.left_on is None:
        raise Invalid("invalid", Reason("not_of_the_group", field="membership_id"))
    member = _check_joining(db, ref, row.enrolment_id)
    db.add(
        CodevReturn(
            college_id=row.college_id,
            membership_id=row.id,
            left_on=row.left_on,
            returned_at=now(),
            returned_by=actor.person_id,
            reason=command.reason,
        )
    )
    row.left_on = None
    db.add(row)
    db.flush()
    grant_group_role(db, actor, ref, member.person_id, Role.PARTICIPANT)
    return group(db, ref)


def remove_member(db: Session, ref: GroupRef, command: LeaveCommand) -> GroupShown:
    """End a membership: its past stays, the right to read the group ends."""
    require_not_archived(db.get_one(Cohort, ref.cohort_id))
    row = db.exec(
        select(CodevMembership)
        .where(CodevMembership.id == command.membership_id, CodevMembership.group_id == ref.id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None or row.left_on is not None:
        raise Invalid("invalid", Reason("not_of_the_group", field="membership_id"))
    left_on = command.left_on or today(ref.timezone)
    refuse_unless(*_date_reasons(left_on, ref.timezone, "left_on"), code="invalid")
    if left_on < row.joined_on:
        raise Invalid("invalid", Reason("left_before_joining", field="left_on"))
    row.left_on = left_on
    db.add(row)
    revoke_role(db, db.get_one(Enrolment, row.enrolment_id).person_id, Role.PARTICIPANT, group_id=ref.id)
    return group(db, ref)


def set_facilitator(db: Session, actor: Actor, ref: GroupRef, command: FacilitatorCommand) -> GroupShown:
    """Replace the facilitator of a group."""
    require_not_archived(db.get_one(Cohort, ref.cohort_id))
    require_known_person(db, ref.college_id, command.person_id, "person_id")
    member = (
        select(CodevMembership.id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(
            CodevMembership.group_id == ref.id,
            col(CodevMembership.left_on).is_(None),
            Enrolment.person_id == command.person_id,
        )
    )
    if db.exec(member).first() is not None:
        raise Invalid("invalid", Reason("facilitator_is_member", field="person_id"))
    for id_, _ in _facilitators(db, ref):
        if id_ != command.person_id:
            revoke_role(db, id_, Role.FACILITATOR, group_id=ref.id)
    grant_group_role(db, actor, ref, command.person_id, Role.FACILITATOR)
    ask_to_agree(db, actor, db.get_one(CodevGroup, ref.id))
    return group(db, ref)


def _facilitators(db: Session, ref: GroupRef) -> Sequence[tuple[int, str]]:
    return holders(db, Role.FACILITATOR, college_id=ref.college_id, group_id=ref.id)


def _add_membership(db: Session, actor: Actor, ref: GroupRef, candidate: Candidate, joined_on: date) -> None:
    db.add(
        CodevMembership(
            college_id=ref.college_id,
            group_id=ref.id,
            enrolment_id=candidate.enrolment_id,
            joined_on=joined_on,
            composition=ref.composition,
        )
    )
    db.flush()
    grant_group_role(db, actor, ref, candidate.person_id, Role.PARTICIPANT)


def _date_reasons(day: date | None, zone: str, field: str) -> list[Reason]:
    return [Reason("date_to_come", field=field)] if day is not None and day > today(zone) else []
