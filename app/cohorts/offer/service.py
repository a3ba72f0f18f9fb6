"""Published paths that a new cohort may follow, and cohorts that take applications."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.cohorts.applications.service import has_application
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef, OpenCohort, OpenCohortPage, OpenCohortsQuery, OwnEnrolment, PathChoice
from app.cohorts.service import ORDERS, in_offer, matching
from app.curricula.library import default_library
from app.curricula.mappings.rules import is_patch
from app.curricula.models import PublishedCurriculum
from app.network.models import College
from app.platform.database.paging import fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.paging import PAGE_SIZE, Page
from app.platform.search import search_words
from app.platform.security.actor import Actor


def published_paths(db: Session) -> list[PathChoice]:
    """Return the published versions that a new cohort may follow, the newest of each path first.

    A patch is none of its own: it is how the version that it corrects is read.
    """
    rows = db.exec(select(PublishedCurriculum.slug, PublishedCurriculum.version)).all()
    published, library = set(rows), default_library()
    choices = []
    for slug in library.slugs:
        for version in reversed(library.versions(slug)):
            if (slug, version) in published and not is_patch(version):
                curriculum = library.worded(slug, version)
                choices.append(
                    PathChoice(slug=slug, version=version, title=curriculum.title.text, weeks=curriculum.weeks)
                )
    return choices


def open_cohorts(
    db: Session, actor: Actor, *, search: str = "", after: int | None = None, limit: int = PAGE_SIZE
) -> OpenCohortPage:
    """Return the cohorts of every college that take applications and have not ended, soonest first.

    ``my_state`` is the state of the actor's own enrolment; ``search`` ignores accents and case.
    """
    statement = _open_cohorts(actor).where(*matching(db, search_words(search)))
    rows, next_ = fetch_after(db, statement, (col(Cohort.starts_on),), col(Cohort.id), after=after, limit=limit)
    return OpenCohortPage(items=tuple(OpenCohort.model_validate(row) for row in rows), next=next_)


def list_open_cohorts(db: Session, actor: Actor, query: OpenCohortsQuery) -> Page[OpenCohort]:
    """Return a page of what :func:`open_cohorts` returns."""
    statement = _open_cohorts(actor).where(*matching(db, query.words))
    return fetch_page(db, statement, query, ORDERS, col(Cohort.id)).map(OpenCohort.model_validate)


def own_enrolment(db: Session, actor: Actor, cohort: CohortRef) -> OwnEnrolment | None:
    """Return the actor's own enrolment in a cohort, if any."""
    own = (Enrolment.cohort_id == cohort.id, Enrolment.person_id == actor.person_id)
    row = db.exec(select(Enrolment).where(*own)).first()
    if row is None:
        return None
    applied = has_application(db, row.id)
    return OwnEnrolment(id=row.id, state=row.state, joined_on=row.joined_on, has_application=applied)


def _open_cohorts(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    is_own = (col(Enrolment.cohort_id) == Cohort.id) & (col(Enrolment.person_id) == actor.person_id)
    return (
        sa.select(
            *(
                col(c)
                for c in (
                    Cohort.id, Cohort.code, Cohort.title, Cohort.curriculum_slug, Cohort.curriculum_version,
                    Cohort.starts_on, Cohort.ends_on, Cohort.capacity, Cohort.place,
                )
            ),
            col(College.name).label("college"),
            col(Enrolment.state).label("my_state"),
        )
        .join(College, col(College.id) == Cohort.college_id)
        .outerjoin(Enrolment, is_own)
        .where(in_offer(), col(College.closed_at).is_(None))
    )  # fmt: skip
