"""Preview another version of the path for a cohort: nothing is written."""

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.schemas import CohortRef
from app.curricula.changes import diff
from app.curricula.library import curriculum_of, default_library
from app.curricula.mappings.enums import Fate
from app.curricula.mappings.rules import corrected_version, is_patch
from app.curricula.mappings.schemas import VersionMapping
from app.curricula.schemas import Curriculum
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.progress.service import compare_versions
from app.progress.version_preview.rules import effect
from app.progress.version_preview.schemas import LostActivity, PersonEffect, VersionChoice, VersionPreview

AFFECTED = (EnrolmentState.ADMITTED, EnrolmentState.ACTIVE, EnrolmentState.ON_LEAVE)
"""The states of who follows the path, and whom a change of version affects."""


def versions_for(cohort: CohortRef) -> list[VersionChoice]:
    """Return the published versions that a mapping leads to from the one that the cohort follows, newest first."""
    library, slug = default_library(), cohort.curriculum_slug
    here = (slug, cohort.curriculum_version)
    return [
        VersionChoice(
            version=version,
            minutes=library.curriculum(slug, version).minutes,
            summary=library.summaries.get((here, (slug, version))),
        )
        for version in reversed(library.versions(slug))
        if _mapping_to(cohort, version) is not None
    ]


def _mapping_to(cohort: CohortRef, version: str) -> VersionMapping | None:
    library, slug = default_library(), cohort.curriculum_slug
    is_same = corrected_version(version) == corrected_version(cohort.curriculum_version)
    if is_same or is_patch(version) or not library.is_published(slug, version):
        return None
    return library.mapping((slug, cohort.curriculum_version), (slug, version))


def preview_version(db: Session, cohort: CohortRef, version: str) -> VersionPreview:
    """Return what a version would change for a cohort; raise ``NotFound`` for one that no mapping leads to."""
    mapping = _mapping_to(cohort, version)
    if mapping is None:
        raise NotFound
    before, after = curriculum_of(cohort), default_library().curriculum(cohort.curriculum_slug, version)
    changes, people = diff(before, after).activities, _people(db, cohort, mapping, version)
    return VersionPreview(
        cohort_id=cohort.id,
        from_version=before.version,
        to_version=version,
        summary=default_library().summaries.get((mapping.source, mapping.target)),
        gained_minutes=changes.gained_minutes,
        lost_minutes=changes.lost_minutes,
        without_equivalent=_lost(before, mapping),
        people=people,
        consents=sum(person.needs_consent for person in people),
    )


def _lost(before: Curriculum, mapping: VersionMapping) -> tuple[LostActivity, ...]:
    return tuple(
        LostActivity(code=a.code, title=a.title, minutes=a.minutes)
        for a in before.activities
        if mapping.fate(a.code) is Fate.TO_DO
    )


def _people(db: Session, cohort: CohortRef, mapping: VersionMapping, version: str) -> tuple[PersonEffect, ...]:
    """Return the effect on each person who follows the cohort's version, by name, and log the access."""
    statement = (
        sa.select(col(Enrolment.id), col(Enrolment.person_id), shown_name().label("name"))
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(
            col(Enrolment.cohort_id) == cohort.id,
            col(Enrolment.state).in_(AFFECTED),
            col(Enrolment.curriculum_version) == cohort.curriculum_version,
        )
        .order_by(col(Person.search_key), col(Enrolment.id))
    )
    rows = db.execute(statement).all()
    log_access(db, [(row.person_id, cohort.college_id) for row in rows])
    compared = compare_versions(db, [row.id for row in rows], version)
    found = []
    for row in rows:
        current, other = compared[row.id]
        its = effect(current, other, mapping)
        found.append(
            PersonEffect(
                enrolment_id=row.id,
                person_id=row.person_id,
                name=row.name,
                recognised_minutes=current.recognised_minutes,
                kept_minutes=its.kept_minutes,
                lost_minutes=its.lost_minutes,
                added_minutes=its.added_minutes,
                raised=its.raised,
                without_equivalent=its.without_equivalent,
                needs_consent=its.needs_consent,
            )
        )
    return tuple(found)
