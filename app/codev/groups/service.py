"""Groups: their members, their facilitator and the roles that come with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlmodel import col, select

from app.codev.contracts.notices import ask_to_agree
from app.codev.contracts.rules import Terms
from app.codev.contracts.service import agreed_at
from app.codev.entrances.rules import entry_reasons, first_day
from app.codev.entrances.service import announce, entering, entering_enrolments, has_begun, notice_days
from app.codev.groups.links import links
from app.codev.groups.models import CodevGroup, CodevMembership, CodevReturn
from app.codev.groups.people import candidates, grant_group_role, require_known_person
from app.codev.groups.rules import Candidate, group_reasons
from app.codev.groups.schemas import (
    FacilitatorCommand,
    FacilitatorShown,
    GroupRef,
    GroupShown,
    JoinCommand,
    LeaveCommand,
    MemberShown,
    NewGroup,
    ReturnCommand,
)
from app.codev.protocols.library import codev_library
from app.codev.records.service import history, sessions_attended
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
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.messages.i18n import today
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
    return reference(*row, inside=is_inside(actor, row[0].id))


def reference(row: CodevGroup, cohort: Cohort, *, inside: bool) -> GroupRef:
    """Return the reference to a group that was seen, or that a job works on."""
    return GroupRef(
        **row.model_dump(include=set(GroupRef.model_fields)),
        cohort=cohort.title,
        cohort_state=cohort.state,
        curriculum_slug=cohort.curriculum_slug,
        curriculum_version=cohort.curriculum_version,
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        timezone=cohort.timezone,
        inside=inside,
    )


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
        entering=entering(db, ref.id),
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
        protocol_version=codev_library().newest_protocol.version,
        created_at=now(),
        created_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    ref = reference(row, db.get_one(Cohort, cohort.id), inside=False)
    grant_group_role(db, actor.person_id, ref, command.facilitator_id, Role.FACILITATOR)
    for candidate in chosen:
        _add_membership(db, ref, candidate, command.joined_on or today(cohort.timezone), actor.person_id)
    ask_to_agree(db, row)
    return group(db, ref)


def add_member(db: Session, actor: Actor, ref: GroupRef, command: JoinCommand) -> GroupShown:
    """Add a person to a group, under the same rules; to one that has begun, announce that they enter it (S2)."""
    require_not_ended(db.get_one(Cohort, ref.cohort_id))
    new = check_joining(db, ref, command.enrolment_id)
    begun, days, here = has_begun(db, ref.id), notice_days(db, ref.college_id), today(ref.timezone)
    day = command.joined_on or first_day(here, begun=begun, notice_days=days)
    refuse_unless(*entry_reasons(day, here, ref.ends_on, begun=begun, notice_days=days), code="invalid")
    if begun:
        announce(db, actor, ref, new.enrolment_id, day)
        return group(db, ref)
    return group(db, enter(db, ref, new, day, granted_by=actor.person_id))


def enter(db: Session, ref: GroupRef, candidate: Candidate, day: date, *, granted_by: int | None = None) -> GroupRef:
    """Add someone, whom the rules let in, to a group that is locked; everyone is asked to agree again (S2)."""
    row = db.get_one(CodevGroup, ref.id)
    row.composition += 1
    entered = ref.model_copy(update={"composition": row.composition})
    _add_membership(db, entered, candidate, day, granted_by)
    ask_to_agree(db, row)
    return entered


def check_joining(db: Session, ref: GroupRef, enrolment_id: int) -> Candidate:
    """Return the candidate of an enrolment, the group locked; raise ``Invalid`` when they cannot be in it (BR-10)."""
    db.get_one(CodevGroup, ref.id, with_for_update={"key_share": True}, populate_existing=True)
    members = db.exec(
        select(CodevMembership.enrolment_id).where(
            CodevMembership.group_id == ref.id, col(CodevMembership.left_on).is_(None)
        )
    ).all()
    inside = list(dict.fromkeys([*members, *entering_enrolments(db, ref.id)]))
    new = candidates(db, ref.college_id, [enrolment_id])[0]
    present = [
        Candidate(c.enrolment_id, c.person_id, c.cohort_id, EnrolmentState.ACTIVE)
        for c in candidates(db, ref.college_id, inside)
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
    member = check_joining(db, ref, row.enrolment_id)
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
    grant_group_role(db, actor.person_id, ref, member.person_id, Role.PARTICIPANT)
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
    grant_group_role(db, actor.person_id, ref, command.person_id, Role.FACILITATOR)
    ask_to_agree(db, db.get_one(CodevGroup, ref.id))
    return group(db, ref)


def _facilitators(db: Session, ref: GroupRef) -> Sequence[tuple[int, str]]:
    return holders(db, Role.FACILITATOR, college_id=ref.college_id, group_id=ref.id)


def _add_membership(db: Session, ref: GroupRef, candidate: Candidate, joined_on: date, granted_by: int | None) -> None:
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
    grant_group_role(db, granted_by, ref, candidate.person_id, Role.PARTICIPANT)


def _date_reasons(day: date | None, zone: str, field: str) -> list[Reason]:
    return [Reason("date_to_come", field=field)] if day is not None and day > today(zone) else []
