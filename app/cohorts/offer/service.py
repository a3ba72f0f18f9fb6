"""Colleges where a cohort may open, published paths that it may follow, and cohorts that take applications."""

from sqlalchemy import text
from sqlmodel import select

from app.cohorts.schemas import OpenCohort, PathChoice
from app.curricula.library import default_library
from app.curricula.models import PublishedCurriculum
from app.network.models import College
from app.network.schemas import CollegeShown
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import search_key
from app.platform.security.actor import Actor, scoped


def managed_colleges(db: Session, actor: Actor) -> list[CollegeShown]:
    """Return the colleges within reach of the permission in force, by name."""
    within = scoped(actor, college=College.id)
    rows = db.exec(select(College).where(within).order_by(College.name)).all()
    return [CollegeShown.model_validate(row) for row in rows]


def published_paths(db: Session) -> list[PathChoice]:
    """Return the published versions that a new cohort may follow, the newest of each path first."""
    rows = db.exec(select(PublishedCurriculum.slug, PublishedCurriculum.version)).all()
    published, library = set(rows), default_library()
    choices = []
    for slug in library.slugs:
        for version in reversed(library.versions(slug)):
            if (slug, version) in published:
                curriculum = library.curriculum(slug, version)
                choices.append(
                    PathChoice(slug=slug, version=version, title=curriculum.title.text, weeks=curriculum.weeks)
                )
    return choices


def open_cohorts(db: Session, actor: Actor, *, search: str = "") -> list[OpenCohort]:
    """Return the cohorts of every college that take applications and have not ended.

    ``my_state`` is the state of the actor's own enrolment; ``search`` ignores accents and case.
    """
    records = db.execute(
        text(
            """
            select c.id, c.code, c.title, g.name as college, c.curriculum_slug, c.curriculum_version, c.starts_on,
                   c.ends_on, c.capacity, c.place, e.state as my_state
              from cohort c join college g on g.id = c.college_id
              left join enrolment e on e.cohort_id = c.id and e.person_id = :person
             where c.applications_open and c.ends_on > (cast(:now as timestamptz) at time zone c.timezone)::date
             order by c.starts_on, c.code
            """
        ),
        {"now": now(), "person": actor.person_id},
    ).mappings()
    rows = [OpenCohort.model_validate(dict(r)) for r in records]
    words = search_key(search).split()
    return [r for r in rows if all(word in search_key(f"{r.title} {r.college} {r.place}") for word in words)]
