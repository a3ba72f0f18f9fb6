"""Search of the people of a college by name."""

import sqlalchemy as sa
from sqlmodel import col

from app.network.schemas import CollegeShown
from app.people.directory.schemas import PeoplePage, PeopleQuery, PersonRow
from app.people.models import NAMES, Person, shown_name
from app.platform.database.paging import fetch_after
from app.platform.database.session import Session
from app.platform.search import search_words

_ROLES = """
    array(select distinct r.role from role_held r
           where r.person_id = person.id and r.college_id = :college and r.ended_at is null order by r.role)
"""
_IS_MEMBER = """
    (exists (select from role_held r
              where r.person_id = person.id and r.college_id = :college and r.ended_at is null offset 0)
     or exists (select from enrolment e where e.person_id = person.id and e.college_id = :college offset 0))
"""
"""Asked of one person after the other (``offset 0``): the whole college is not read to show a page of it."""


def people_of(db: Session, college: CollegeShown, query: PeopleQuery) -> PeoplePage:
    """Return the people with a role or an enrolment in the college, by name; the cursor is the last person's id."""
    roles, is_member = (sa.text(sql).bindparams(college=college.id) for sql in (_ROLES, _IS_MEMBER))
    held = sa.select(roles).scalar_subquery().label("roles")
    statement = sa.select(col(Person.id), shown_name().label("name"), held).where(
        is_member, *NAMES.matches(col(Person.id), search_words(query.search), [college.id])
    )
    order = (col(Person.search_key),)
    rows, next_ = fetch_after(db, statement, order, col(Person.id), after=query.after, limit=query.limit)
    return PeoplePage(items=tuple(map(PersonRow.model_validate, rows)), next=next_)
