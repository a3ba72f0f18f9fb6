"""Whether people meet the admission conditions of a path."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy import func

from app.cohorts.conditions.schemas import AdmissionConditions
from app.curricula.library import FollowsCurriculum, curriculum_of, default_library
from app.platform.database.session import Session


def conditions(db: Session, path: FollowsCurriculum, person_id: int) -> AdmissionConditions:
    """Return what a path asks of who is admitted, and whether a person meets what is checked of it."""
    library = default_library()
    return AdmissionConditions(
        admission=curriculum_of(path).admission.text,
        paths_before=tuple(library.title(slug) for slug in library.paths_before(path)),
        is_met=person_id in who_meets(db, path, [person_id]),
    )


def who_meets(db: Session, path: FollowsCurriculum, people: Iterable[int]) -> Collection[int]:
    """Return which of some people completed one of the paths that another asks for: all of them where it asks for none.

    They may have completed it in any college: a function of the owner says who, never where.
    """
    ids, slugs = sorted(set(people)), default_library().paths_before(path)
    if not slugs or not ids:
        return ids
    return set(db.execute(sa.select(func.who_completed(ids, list(slugs)))).scalars())
