"""People, their accounts and the roles they hold."""

from sqlalchemy import text
from sqlmodel import select

from app.network.models import College
from app.people.directory.schemas import PeoplePage, PeopleQuery, PersonRow
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import search_key
from app.platform.security.actor import Actor, scoped

_PEOPLE = text(
    """
    with known as (
      select p.id, p.search_key, coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as name
        from person p
       where exists (select from role_held r
                      where r.person_id = p.id and r.college_id = :college and r.ended_at is null)
          or exists (select from enrolment e where e.person_id = p.id and e.college_id = :college)
    )
    select k.id, k.name,
           array(select distinct r.role from role_held r
                  where r.person_id = k.id and r.college_id = :college and r.ended_at is null order by r.role) as roles
      from known k
     where k.search_key like all (cast(:words as text[]))
       and (cast(:after as integer) is null
            or (k.search_key, k.id) > (select a.search_key, a.id from known a where a.id = :after))
     order by k.search_key, k.id
     limit :limit
    """
)


def people_of(db: Session, actor: Actor, college_id: int, query: PeopleQuery) -> PeoplePage:
    """People with a role or an enrolment in a college within reach, by name; the cursor is the last one's id."""
    within = select(College.id).where(College.id == college_id, scoped(actor, college=College.id))
    if db.exec(within).first() is None:
        raise NotFound
    words = [f"%{word}%" for word in search_key(query.search).split()]
    values = {"college": college_id, "words": words, "after": query.after, "limit": query.limit + 1}
    rows = [PersonRow.model_validate(dict(row)) for row in db.execute(_PEOPLE, values).mappings()]
    shown = tuple(rows[: query.limit])
    return PeoplePage(items=shown, next=shown[-1].id if len(rows) > query.limit else None)
