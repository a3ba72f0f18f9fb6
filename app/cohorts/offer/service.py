"""What is on offer: where a cohort may open, what it may follow, which cohorts take applications."""

from sqlalchemy import text
from sqlmodel import select

from app.cohorts.schemas import OpenCohort, PathChoice
from app.curricula.library import default_library
from app.curricula.models import PublishedCurriculum
from app.network.models import College
from app.network.schemas import CollegeShown
from app.platform.database.session import Session
from app.platform.messages.i18n import search_key, today
from app.platform.security.actor import Actor, scoped


def managed_colleges(db: Session, actor: Actor) -> list[CollegeShown]:
    """Colleges within reach of the permission in force, by name (to choose where a cohort opens)."""
    within = scoped(actor, college=College.id)
    found = db.exec(select(College).where(within).order_by(College.name)).all()
    return [CollegeShown.model_validate(c) for c in found]


def published_paths(db: Session) -> list[PathChoice]:
    """Published versions that a new cohort may follow, the newest of each path first."""
    rows = db.exec(select(PublishedCurriculum.slug, PublishedCurriculum.version)).all()
    published, library = set(rows), default_library()
    found = []
    for slug in library.slugs:
        for version in reversed(library.versions(slug)):
            if (slug, version) in published:
                curriculum = library.curriculum(slug, version)
                found.append(
                    PathChoice(slug=slug, version=version, title=curriculum.title.text, weeks=curriculum.weeks)
                )
    return found


def open_cohorts(db: Session, actor: Actor, *, search: str = "") -> list[OpenCohort]:
    """Cohorts of every college that take applications and have not ended, with what became of the actor's own."""
    found = db.execute(
        text(
            """
            select c.id, c.code, c.title, g.name as college, c.curriculum_slug, c.curriculum_version, c.starts_on,
                   c.ends_on, c.capacity, c.place, e.state as my_state
              from cohort c join college g on g.id = c.college_id
              left join enrolment e on e.cohort_id = c.id and e.person_id = :person
             where c.applications_open and c.ends_on > :today
             order by c.starts_on, c.code
            """
        ),
        {"today": today(), "person": actor.person_id},
    ).mappings()
    rows = [OpenCohort.model_validate(dict(r)) for r in found]
    wanted = search_key(search).split()
    return [r for r in rows if all(word in search_key(f"{r.title} {r.college} {r.place}") for word in wanted)]
