"""JSON endpoints of the paths, their activities and the competency framework."""

from typing import Annotated

from fastapi import APIRouter

from app.curricula.library import default_library
from app.curricula.mappings.service import MappingRow, MappingShown, list_mappings, show_mapping
from app.curricula.schemas import Activity, Criterion, Curriculum, Framework, Localized
from app.platform.schema import Read
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["curricula"], route_class=IdempotentRoute)
Reader = Annotated[Actor, may(P.CURRICULUM_READ)]


class CurriculumRow(Read):
    """A version of a path in a list; a published version never changes (BR-01)."""

    slug: str
    version: str
    title: Localized
    hours: int
    weeks: int
    published: bool


class ActivityShown(Read):
    """An activity with its page: each section is HTML without headings, safe to show."""

    module: str
    activity: Activity
    intention: str
    steps: str
    deliverable: str
    time: str
    criteria: tuple[Criterion, ...]
    takes_trace: bool


@router.get("/curricula", summary="Versions of the paths")
def curricula(_: Reader) -> list[CurriculumRow]:
    """List every version, published or not, by path and then oldest first."""
    library = default_library()
    curricula = (library.curriculum(slug, version) for slug in library.slugs for version in library.versions(slug))
    return [
        CurriculumRow(
            slug=c.slug,
            version=c.version,
            title=c.title,
            hours=c.hours,
            weeks=c.weeks,
            published=library.is_published(c.slug, c.version),
        )
        for c in curricula
    ]


@router.get("/curricula/{slug}/{version}", summary="A version of a path")
def curriculum(_: Reader, slug: str, version: str) -> Curriculum:
    """Return a version of a path: modules, activities and the requirements of each certificate."""
    return default_library().curriculum(slug, version)


@router.get("/curricula/{slug}/{version}/activities/{code}", summary="An activity and its page")
def activity(_: Reader, slug: str, version: str, code: str) -> ActivityShown:
    """Return an activity with its page and the criteria that it is judged on."""
    library = default_library()
    page = library.page(slug, version, code)
    curriculum = library.curriculum(slug, version)
    criteria = library.framework_of(curriculum).criteria
    return ActivityShown(
        module=curriculum.module_of(code).code,
        activity=curriculum.activity(code),
        intention=page.intention,
        steps=page.steps,
        deliverable=page.deliverable,
        time=page.time,
        criteria=tuple(criteria[c] for c in page.criteria_codes),
        takes_trace=library.takes_trace(curriculum, code),
    )


@router.get("/curricula/{slug}/{version}/mappings", summary="Mappings of a version")
def mappings(_: Reader, slug: str, version: str) -> list[MappingRow]:
    """List the mappings that lead from a published version to others, and to it from others."""
    default_library().curriculum(slug, version)
    return list_mappings((slug, version))


@router.get(
    "/curricula/{slug}/{version}/mappings/{target_slug}/{target_version}",
    summary="What a version gives in another",
)
def mapping(_: Reader, slug: str, version: str, target_slug: str, target_version: str) -> MappingShown:
    """Return what becomes of each module, activity and competency of a version in another, of one path or of two.

    A mapping that no file holds is composed along the versions between.
    """
    return show_mapping((slug, version), (target_slug, target_version))


@router.get("/frameworks/{version}", summary="A version of the competency framework")
def framework(_: Reader, version: str) -> Framework:
    """Return the competencies with their elements, criteria and levels."""
    return default_library().framework(version)
