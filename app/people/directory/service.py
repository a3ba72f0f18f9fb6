"""Search of the people of a college by name."""

from sqlalchemy import text

from app.network.schemas import CollegeShown
from app.people.directory.schemas import PeoplePage, PeopleQuery, PersonRow
from app.people.models import SHOWN_NAME_SQL
from app.platform.database.session import Session
from app.platform.search import search_words

_PEOPLE = text(
    f"""
    with member as (
      select p.id, p.search_key, {SHOWN_NAME_SQL} as name
        from person p
       where exists (select from role_held r
                      where r.person_id = p.id and r.college_id = :college and r.ended_at is null)
          or exists (select from enrolment e where e.person_id = p.id and e.college_id = :college)
    )
    select m.id, m.name,
           array(select distinct r.role from role_held r
                  where r.person_id = m.id and r.college_id = :college and r.ended_at is null order by r.role) as roles
      from member m
     where m.search_key like all (cast(:words as text[]))
       and (cast(:after as integer) is null
            or (m.search_key, m.id) > (select a.search_key, a.id from member a where a.id = :after))
     order by m.search_key, m.id
     limit :limit
    """  # noqa: S608 - our own constant
)


def people_of(db: Session, college: CollegeShown, query: PeopleQuery) -> PeoplePage:
    """Return the people with a role or an enrolment in the college, by name; the cursor is the last person's id."""
    words = [f"%{word}%" for word in search_words(query.search)]
    values = {"college": college.id, "words": words, "after": query.after, "limit": query.limit + 1}
    rows = [PersonRow.model_validate(dict(row)) for row in db.execute(_PEOPLE, values).mappings()]
    page = tuple(rows[: query.limit])
    return PeoplePage(items=page, next=page[-1].id if len(rows) > query.limit else None)
