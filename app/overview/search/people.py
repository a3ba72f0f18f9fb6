"""People by name: those of the actor's colleges, of their cohorts, and themselves. Names and places, as a directory.

As other lists of names, it is not logged as a reading of their files: what it leads to is.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlmodel import col

from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import NOT_ADMITTED
from app.identity.roles.models import RoleGrantRow
from app.network.models import College
from app.overview.search.enums import PersonSort
from app.overview.search.reach import people_reach
from app.overview.search.schemas import FoundPeopleQuery, FoundPerson, FoundPlace
from app.people.models import NAMES, Person, shown_name
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.paging import Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P, Role

ORDERS: Orders = {PersonSort.NAME: (col(Person.search_key),)}


def find_people(db: Session, actor: Actor, words: Sequence[str], limit: int) -> tuple[list[FoundPerson], bool]:
    """Return the first people whose name has each word, by name, and whether there are more."""
    rows, next_ = fetch_after(
        db, _named(actor, words), ORDERS[PersonSort.NAME], col(Person.id), after=None, limit=limit
    )
    return _with_places(db, actor, rows), next_ is not None


def list_people(db: Session, actor: Actor, query: FoundPeopleQuery) -> Page[FoundPerson]:
    """Return a page of the people whose name has each word."""
    page = fetch_page(db, _named(actor, query.words), query, ORDERS, col(Person.id))
    people = iter(_with_places(db, actor, page.items))
    return page.map(lambda _: next(people))


def _named(actor: Actor, words: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the people within reach whose name has each word; nobody without a word."""
    named = sa.or_(sa.false(), *_within(actor, words)) if words else sa.false()
    return sa.select(col(Person.id), shown_name().label("name")).where(named)


def _within(actor: Actor, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that a name matches, one for each way in which the actor reaches people.

    The index of names is read first, for whole colleges; for the people of some cohorts, it is cut with those alone.
    """
    reach, id_ = people_reach(actor), col(Person.id)
    if reach.everywhere:
        return NAMES.matches(id_, words, None)
    ways = []
    if reach.colleges:
        ways.append(sa.and_(*NAMES.matches(id_, words, reach.colleges), _is_of(reach.colleges)))
    if reach.narrow.grants:
        enrolled = sa.select(col(Enrolment.person_id)).where(_readable(reach.narrow))
        ways.append(sa.and_(*NAMES.matches(id_, words, actor.colleges, among=enrolled)))
    return ways


def _is_of(colleges: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a person is enrolled, or holds a role, in one of the colleges.

    Asked of one person after the other (``offset``): a college is not read whole.
    """
    enrolled = sa.select(col(Enrolment.id)).where(
        col(Enrolment.person_id) == Person.id, col(Enrolment.college_id).in_(colleges)
    )
    serving = sa.select(col(RoleGrantRow.id)).where(
        col(RoleGrantRow.person_id) == Person.id,
        col(RoleGrantRow.ended_at).is_(None),
        col(RoleGrantRow.college_id).in_(colleges),
    )
    return sa.or_(enrolled.offset(0).exists(), serving.offset(0).exists())


def _readable(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on the enrolments whose file the actor may open, once someone is admitted.

    Before, and after a refusal, an application concerns its author and whoever answers it.
    """
    of_applications = scoped(actor.using(P.ENROLMENT_MANAGE), college=Enrolment.college_id, cohort=Enrolment.cohort_id)
    return sa.and_(
        scoped(
            actor.using(P.ENROLMENT_READ),
            college=Enrolment.college_id,
            cohort=Enrolment.cohort_id,
            person=Enrolment.person_id,
        ),
        sa.or_(
            col(Enrolment.state).not_in(NOT_ADMITTED),
            col(Enrolment.person_id) == actor.person_id,
            of_applications,
        ),
    )


def _with_places(db: Session, actor: Actor, rows: Sequence[Any]) -> list[FoundPerson]:
    """Return people with the enrolments and the roles that the actor may see, in two statements."""
    places: dict[int, list[FoundPlace]] = defaultdict(list)
    ids = [row.id for row in rows]
    if ids:
        for row in db.execute(_enrolments(actor, ids)):
            places[row.person_id].append(FoundPlace(role=Role.PARTICIPANT, **_place(row)))
        for row in db.execute(_roles(actor, ids)):
            places[row.person_id].append(FoundPlace(**_place(row)))
    return [FoundPerson(id=row.id, name=row.name, places=tuple(places[row.id])) for row in rows]


def _place(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a named tuple
    return {name: value for name, value in row._mapping.items() if name != "person_id"}


def _enrolments(actor: Actor, ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Enrolment.person_id),
            col(Enrolment.id).label("enrolment_id"),
            col(Enrolment.state),
            col(Enrolment.cohort_id),
            col(Cohort.title).label("cohort_title"),
            col(Enrolment.college_id),
            col(College.name).label("college"),
        )
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(College, col(College.id) == Enrolment.college_id)
        .where(col(Enrolment.person_id).in_(ids), _readable(actor))
        .order_by(col(Cohort.starts_on).desc(), col(Enrolment.id))
    )


def _roles(actor: Actor, ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the roles in force, but participants', whose enrolments say the same."""
    reach = people_reach(actor)
    within = sa.true() if reach.everywhere else col(RoleGrantRow.college_id).in_(reach.colleges)
    return (
        sa.select(
            col(RoleGrantRow.person_id),
            col(RoleGrantRow.role),
            col(RoleGrantRow.cohort_id),
            col(Cohort.title).label("cohort_title"),
            col(RoleGrantRow.college_id),
            col(College.name).label("college"),
        )
        .outerjoin(Cohort, col(Cohort.id) == RoleGrantRow.cohort_id)
        .outerjoin(College, col(College.id) == RoleGrantRow.college_id)
        .where(
            col(RoleGrantRow.person_id).in_(ids),
            col(RoleGrantRow.role) != Role.PARTICIPANT,
            col(RoleGrantRow.group_id).is_(None),
            col(RoleGrantRow.ended_at).is_(None),
            within,
        )
        .order_by(col(RoleGrantRow.role), col(Cohort.starts_on).desc(), col(RoleGrantRow.id))
    )
