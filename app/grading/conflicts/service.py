"""Interests: declared for a term, read by their author; judgements already made are marked to be confirmed (S6)."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlmodel import col, select

from app.accompaniment.enterprises.rules import normal_neq
from app.accompaniment.interests.enums import InterestKind
from app.accompaniment.interests.models import Interest
from app.accompaniment.interests.rules import term_of
from app.accompaniment.interests.service import in_conflict
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref
from app.cohorts.models import Enrolment
from app.cohorts.service import require_enrolment_not_archived
from app.grading.assessors import facilitators_of
from app.grading.conflicts import rules
from app.grading.conflicts.models import AssessorException
from app.grading.conflicts.schemas import (
    AllowAssessor,
    DeclarantList,
    DeclarantShown,
    Declare,
    InterestShown,
    OwnInterests,
    VendorList,
    VendorShown,
)
from app.grading.models import Judgement
from app.grading.panels.confirmations import open_confirmation
from app.grading.panels.models import Panel, PanelDecision, PanelSeat
from app.identity.roles.models import RoleGrantRow
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.duties import own_case
from app.platform.security.keyring import KeyPurpose, Keyring
from app.platform.security.permissions import Role

DECLARING = (Role.TRAINER, Role.FACILITATOR)
"""The roles whose holders declare their interests."""

MOST_PEOPLE = 200


def detail_binding(college_id: int, person_id: int) -> str:
    """Return what a detail is bound to: moved to another author or college, it cannot be decrypted."""
    return f"interest:{college_id}:{person_id}"


def declare(db: Session, keyring: Keyring, actor: Actor, college: CollegeShown, command: Declare) -> OwnInterests:
    """Declare an interest for the present term; judgements of one's own that it concerns await another assessor."""
    term, neq = term_of(today()), normal_neq(command.neq) if command.neq else None
    reasons = rules.declared_reasons(
        command.kind,
        neq=neq,
        about_id=command.about_id,
        vendor=command.vendor,
        choosable={id_ for id_, _ in people_to_name(db, actor, college)},
        declared=_kinds(db, actor, college, term),
    )
    if reasons:
        raise Invalid("invalid", *reasons)
    binding = detail_binding(college.id, actor.person_id)
    row = Interest(
        college_id=college.id,
        declared_by=actor.person_id,
        term=term,
        kind=command.kind,
        neq=neq if command.kind is InterestKind.ENTERPRISE else None,
        about_id=command.about_id if command.kind is InterestKind.PERSON else None,
        vendor=command.vendor if command.kind is InterestKind.VENDOR else None,
        detail_sealed=keyring.encrypt(KeyPurpose.INTEREST, command.detail, bound=binding) if command.detail else None,
        declared_at=now(),
    )
    db.add(row)
    db.flush()
    _mark_judgements(db, actor, college)
    return own_interests(db, keyring, actor, college)


def _kinds(db: Session, actor: Actor, college: CollegeShown, term: str) -> set[InterestKind]:
    statement = sa.select(col(Interest.kind)).where(
        col(Interest.college_id) == college.id, col(Interest.declared_by) == actor.person_id, col(Interest.term) == term
    )
    return set(db.execute(statement).scalars())


def _mark_judgements(db: Session, actor: Actor, college: CollegeShown) -> None:
    """Have another assessor confirm the judgements in force of one's own on work that one may judge no more.

    The enrolments of the people concerned are locked first, in the order of a hold: a judgement of one's own that is
    written meanwhile is found here, or finds the declaration.
    """
    people = sa.select(col(Enrolment.person_id)).where(
        col(Enrolment.college_id) == college.id, in_conflict(actor.person_id)
    )
    concerned = sa.select(col(Enrolment.id)).where(
        col(Enrolment.college_id) == college.id, col(Enrolment.person_id).in_(people)
    )
    db.execute(concerned.order_by(col(Enrolment.id)).with_for_update(key_share=True))
    sat_on = sa.exists().where(
        col(PanelDecision.judgement_id) == Judgement.id,
        col(PanelSeat.panel_id) == PanelDecision.panel_id,
        col(PanelSeat.assessor_id) == actor.person_id,
    )
    statement = (
        sa.select(col(Judgement.id), col(Judgement.enrolment_id), col(Judgement.competency_code))
        .join(Enrolment, col(Enrolment.id) == Judgement.enrolment_id)
        .where(
            (col(Judgement.assessor_id) == actor.person_id) | sat_on,
            col(Judgement.college_id) == college.id,
            not_superseded(Judgement),
            in_conflict(actor.person_id),
        )
        .order_by(col(Judgement.enrolment_id), col(Judgement.id))
    )
    for judgement_id, enrolment_id, competency in db.execute(statement).all():
        open_confirmation(db, actor, enrolment_ref(db, enrolment_id), judgement_id, competency)


def own_interests(db: Session, keyring: Keyring, actor: Actor, college: CollegeShown) -> OwnInterests:
    """Return one's own interests in a college, with their private detail."""
    term = term_of(today())
    about = sa.select(shown_name()).where(col(Person.id) == Interest.about_id).correlate(Interest).scalar_subquery()
    statement = (
        sa.select(Interest, about)
        .where(col(Interest.college_id) == college.id, col(Interest.declared_by) == actor.person_id)
        .order_by(col(Interest.id).desc())
        .limit(MOST_PEOPLE)
    )
    binding = detail_binding(college.id, actor.person_id)
    items = tuple(
        InterestShown(
            **row.model_dump(include={"id", "term", "kind", "neq", "vendor", "declared_at"}),
            about=name,
            detail=keyring.decrypt(KeyPurpose.INTEREST, row.detail_sealed, bound=binding)
            if row.detail_sealed
            else None,
        )
        for row, name in db.execute(statement)
    )
    return OwnInterests(term=term, is_declared=any(item.term == term for item in items), items=items)


def people_to_name(db: Session, actor: Actor, college: CollegeShown) -> Sequence[tuple[int, str]]:
    """Return ``(person id, name)`` of those in the cohorts of the college where the actor has a role, and of those whom
    a panel has them judge.
    """
    cohorts = [g.cohort_id for g in actor.grants if g.role in DECLARING and g.college_id == college.id and g.cohort_id]
    judged = (
        sa.select(col(Panel.enrolment_id))
        .join(PanelSeat, col(PanelSeat.panel_id) == Panel.id)
        .where(col(PanelSeat.assessor_id) == actor.person_id, col(Panel.college_id) == college.id)
    )
    enrolled = sa.union(
        sa.select(col(Enrolment.person_id)).where(col(Enrolment.cohort_id).in_(cohorts)),
        sa.select(col(Enrolment.person_id)).where(
            col(Enrolment.id) == sa.any_(sa.func.array(judged.scalar_subquery(), type_=sa.ARRAY(sa.Integer)))
        ),
    )
    statement = (
        sa.select(col(Person.id), shown_name())
        .where(
            col(Person.id) == sa.any_(sa.func.array(enrolled.scalar_subquery(), type_=sa.ARRAY(sa.Integer))),
            col(Person.id) != actor.person_id,
        )
        .order_by(col(Person.search_key))
        .limit(MOST_PEOPLE)
    )
    return [(id_, name) for id_, name in db.execute(statement)]


def undeclared(db: Session, actor: Actor) -> list[int]:
    """Return the colleges where the actor trains or facilitates and has declared nothing for the term."""
    colleges = {g.college_id for g in actor.grants if g.role in DECLARING and g.college_id is not None}
    statement = sa.select(col(Interest.college_id)).where(
        col(Interest.declared_by) == actor.person_id,
        col(Interest.term) == term_of(today()),
        col(Interest.college_id).in_(colleges),
    )
    return sorted(colleges - set(db.execute(statement).scalars())) if colleges else []


def declarants(db: Session, college: CollegeShown) -> DeclarantList:
    """Return who declares interests in a college, and whether they did for the term: no kind, no detail."""
    term = term_of(today())
    statement = (
        sa.select(col(Interest.declared_by), sa.func.count(), sa.func.count().filter(col(Interest.kind) != "none"))
        .where(col(Interest.college_id) == college.id, col(Interest.term) == term)
        .group_by(col(Interest.declared_by))
    )
    counts = {person: (all_, real) for person, all_, real in db.execute(statement)}
    declaring = sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.role).in_(DECLARING),
        col(RoleGrantRow.college_id) == college.id,
        col(RoleGrantRow.ended_at).is_(None),
    )
    people = (
        sa.select(col(Person.id), shown_name())
        .where(col(Person.id) == sa.any_(sa.func.array(declaring.scalar_subquery(), type_=sa.ARRAY(sa.Integer))))
        .order_by(col(Person.search_key), col(Person.id))
    )
    items = (
        DeclarantShown(
            person_id=id_, name=name, is_declared=id_ in counts, interest_count=counts[id_][1] if id_ in counts else 0
        )
        for id_, name in db.execute(people)
    )
    return DeclarantList(term=term, items=tuple(items))


def vendors(db: Session, enrolment: EnrolmentRef) -> VendorList:
    """Return what the people who train the cohort of an enrolment sell, as they declared for the term."""
    trains = sa.exists().where(
        col(RoleGrantRow.person_id) == Interest.declared_by,
        col(RoleGrantRow.cohort_id) == enrolment.cohort_id,
        col(RoleGrantRow.role).in_(DECLARING),
        col(RoleGrantRow.ended_at).is_(None),
    )
    statement = (
        sa.select(shown_name(), col(Interest.vendor))
        .join(Person, col(Person.id) == Interest.declared_by)
        .where(
            col(Interest.college_id) == enrolment.college_id,
            col(Interest.term) == term_of(today()),
            col(Interest.kind) == InterestKind.VENDOR,
            trains,
        )
        .order_by(col(Interest.id))
    )
    return VendorList(items=tuple(VendorShown(name=name, vendor=vendor) for name, vendor in db.execute(statement)))


def allow_assessor(db: Session, actor: Actor, enrolment: EnrolmentRef, command: AllowAssessor) -> None:
    """Let whoever facilitates the person's group judge their CN-11 where they train; a reason stays.

    Raise ``Forbidden("own_case")`` for oneself, ``Invalid`` for whoever needs none, ``Conflict`` for one that
    exists, or for an archived cohort.
    """
    require_enrolment_not_archived(db, enrolment.id)
    if command.assessor_id == actor.person_id:
        raise own_case()
    if command.assessor_id not in {id_ for id_, _ in facilitators(db, enrolment)}:
        raise Invalid("invalid", Reason("facilitator_needed", field="assessor_id"))
    before = select(AssessorException.id).where(
        AssessorException.enrolment_id == enrolment.id, AssessorException.assessor_id == command.assessor_id
    )
    if db.exec(before).first() is not None:
        raise Conflict("exception_exists", Reason("exception_exists", field="assessor_id"))
    db.add(
        AssessorException(
            college_id=enrolment.college_id,
            enrolment_id=enrolment.id,
            assessor_id=command.assessor_id,
            reason=command.reason,
            granted_at=now(),
            granted_by=actor.person_id,
        )
    )
    db.flush()


def facilitators(db: Session, enrolment: EnrolmentRef) -> list[tuple[int, str]]:
    """Return who facilitates, or did, a group of this person, by name: whom an exception may let judge CN-11."""
    statement = sa.select(col(Person.id), shown_name()).where(
        col(Person.id).in_(facilitators_of(db, enrolment)), col(Person.id) != enrolment.person_id
    )
    return [(id_, name) for id_, name in db.execute(statement.order_by(col(Person.search_key)))]


def some_details(db: Session, limit: int) -> Iterator[tuple[str, str]]:
    """Yield some details as they are stored, each with what it is bound to. Needs the owner's session."""
    kept = select(Interest).where(col(Interest.detail_sealed).is_not(None)).order_by(col(Interest.id)).limit(limit)
    for row in db.exec(kept):
        yield row.detail_sealed or "", detail_binding(row.college_id, row.declared_by)


def reencrypt_details(db: Session, keyring: Keyring) -> int:
    """Encrypt every detail under the keyring's current key; return how many changed. Needs the owner's session."""
    changed = 0
    kept = select(Interest).where(col(Interest.detail_sealed).is_not(None)).order_by(col(Interest.id))
    for row in db.exec(kept.with_for_update()).all():
        before, binding = row.detail_sealed or "", detail_binding(row.college_id, row.declared_by)
        row.detail_sealed = keyring.reencrypt(KeyPurpose.INTEREST, before, bound=binding)
        changed += row.detail_sealed != before
        db.add(row)
    return changed
