"""Reading who is signed in."""

from sqlalchemy import text

from app.overview.home.schemas import HeldRole, Me
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def me(db: Session, actor: Actor) -> Me:
    """Return the signed-in person with their roles and where they hold each."""
    rows = db.execute(
        text(
            """
            select r.role, c.name as college, h.title as cohort, r.cohort_id, g.name as group, r.group_id,
                   r.college_id, r.project_id
              from role_held r left join college c on c.id = r.college_id left join cohort h on h.id = r.cohort_id
              left join codev_group g on g.id = r.group_id
             where r.person_id = :person and r.ended_at is null
             order by r.role, c.name, h.starts_on desc, g.name
            """
        ),
        {"person": actor.person_id},
    ).mappings()
    return Me(person_id=actor.person_id, name=actor.name, roles=tuple(HeldRole(**row) for row in rows))
