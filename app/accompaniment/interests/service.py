"""What a declared interest keeps someone from: judging a person, confirming a mandate, certifying (BR-13, S6)."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlmodel import col

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.interests.models import Interest
from app.accompaniment.interests.rules import term_of
from app.accompaniment.mandates.models import Mandate, MandateAdvisor
from app.cohorts.models import Enrolment
from app.people.models import Person
from app.platform.database.session import Session
from app.platform.messages.i18n import today


def in_conflict(person_id: int) -> ColumnElement[bool]:
    """Return the condition that someone declared, for this term, an interest in the person or an enterprise.

    An enterprise is that of any mandate of the enrolment. What was declared is read once, as two lists of ids:
    joined, PostgreSQL may read all enrolments of a college.
    """
    declared = (col(Interest.declared_by) == person_id, col(Interest.term) == term_of(today()))
    people = sa.select(col(Interest.about_id)).where(col(Interest.about_id).is_not(None), *declared)
    advisors = (
        sa.select(col(MandateAdvisor.enrolment_id))
        .join(Mandate, col(Mandate.id) == MandateAdvisor.mandate_id)
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .join(Interest, (col(Interest.neq) == Enterprise.neq) & (col(Interest.college_id) == Enterprise.college_id))
        .where(col(MandateAdvisor.enrolment_id).is_not(None), *declared)
    )
    return (col(Enrolment.person_id) == _any(people)) | (col(Enrolment.id) == _any(advisors))


def _any(ids: sa.Select[Any]) -> ColumnElement[Any]:
    return sa.any_(sa.func.array(ids.correlate(None).scalar_subquery(), type_=sa.ARRAY(sa.Integer)))


_TERM = sa.bindparam("term_of_interests", callable_=lambda: term_of(today()), type_=sa.String)


def has_interest(person: sa.SQLColumnExpression[Any], of: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a table
    """Return the condition that a person, a column of the table ``of``, declared an interest in an enrolment.

    It is looked up by person, in a statement on enrolments: PostgreSQL might read all interests for an ``exists``.
    """
    enterprises = (
        sa.select(col(Enterprise.neq))
        .join(Mandate, col(Mandate.enterprise_id) == Enterprise.id)
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .where(col(MandateAdvisor.enrolment_id) == Enrolment.id)
        .correlate(Enrolment)
    )
    in_enterprise = sa.and_(
        col(Interest.neq) == sa.any_(sa.func.array(enterprises.scalar_subquery(), type_=sa.ARRAY(sa.String))),
        col(Interest.college_id) == Enrolment.college_id,
    )
    declared = (
        sa.select(sa.true())
        .where(
            col(Interest.declared_by) == person,
            col(Interest.term) == _TERM,
            (col(Interest.about_id) == Enrolment.person_id) | in_enterprise,
        )
        .limit(1)
        .correlate(Enrolment, of)
    )
    return sa.func.coalesce(declared.scalar_subquery(), sa.false())


def conflicted(db: Session, enrolment_id: int, people: Collection[int]) -> frozenset[int]:
    """Return who of some people declared an interest in an enrolment."""
    statement = (
        sa.select(col(Person.id))
        .join(Enrolment, col(Enrolment.id) == enrolment_id)
        .where(col(Person.id).in_(people), has_interest(col(Person.id), Person))
    )
    return frozenset(db.execute(statement).scalars())


def concerned(db: Session, person_id: int, enrolment_ids: Collection[int]) -> frozenset[int]:
    """Return which of some enrolments an interest that someone declared concerns."""
    statement = sa.select(col(Enrolment.id)).where(col(Enrolment.id).in_(enrolment_ids), in_conflict(person_id))
    return frozenset(db.execute(statement).scalars())


def mandate_in_conflict(person_id: int) -> ColumnElement[bool]:
    """Return the condition that someone declared, for this term, an interest in a mandate's enterprise or advisors.

    It is of a statement on mandates and their enterprises.
    """
    declared = (col(Interest.declared_by) == person_id, col(Interest.term) == term_of(today()))
    neqs = sa.select(col(Interest.neq)).where(*declared, col(Interest.college_id) == Enterprise.college_id)
    of_advisor = (
        sa.select(col(MandateAdvisor.mandate_id))
        .join(Interest, col(Interest.about_id) == MandateAdvisor.person_id)
        .where(col(Interest.college_id) == MandateAdvisor.college_id, *declared)
    )
    in_enterprise = sa.func.coalesce(col(Enterprise.neq).in_(neqs.correlate(Enterprise)), sa.false())
    return in_enterprise | col(Mandate.id).in_(of_advisor)


def concerns_mandate(db: Session, person_id: int, mandate_id: int) -> bool:
    """Return whether an interest that someone declared concerns a mandate."""
    statement = (
        sa.select(mandate_in_conflict(person_id))
        .select_from(Mandate)
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .where(col(Mandate.id) == mandate_id)
    )
    return bool(db.execute(statement).scalar_one())
