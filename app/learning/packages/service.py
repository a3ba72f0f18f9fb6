"""Packages of an activity and of a module, made when they are asked for: nothing of them is stored."""

from collections.abc import Sequence
from datetime import date

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.enums import ActivityType
from app.curricula.library import curriculum_of, default_library
from app.curricula.schemas import Activity, Module
from app.learning.activities.paths import activity_path
from app.learning.documents.schemas import DocumentShown
from app.learning.documents.service import documents_of
from app.learning.hand_ins.rules import ACCEPTED
from app.learning.packages.layout import activity_page, module_page
from app.learning.packages.rules import MOST_MEGABYTES, dated, entity_tag, fitting, member_name
from app.learning.packages.schemas import FileMember, Package, PageMember
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.progress.path.service import progress_of
from app.resources.rules import places_named_by

FIRST_PAGE = "lisez-moi.html"


def activity_package(
    db: Session, actor: Actor, enrolment: EnrolmentRef, code: str, *, site: str, megabytes: int
) -> Package:
    """Return the package of an activity of a path; raise ``NotFound`` for an activity that the path has not."""
    curriculum = curriculum_of(enrolment)
    if code not in curriculum.placed:
        raise NotFound
    module, activity = curriculum.placed[code]
    return _package(db, actor, enrolment, module, [activity], site=site, megabytes=megabytes)


def module_package(
    db: Session, actor: Actor, enrolment: EnrolmentRef, code: str, *, site: str, megabytes: int
) -> Package:
    """Return the package of a module of a path; raise ``NotFound`` for a module that the path has not."""
    module = next((module for module in curriculum_of(enrolment).modules if module.code == code), None)
    if module is None:
        raise NotFound
    return _package(db, actor, enrolment, module, module.activities, site=site, megabytes=megabytes, is_module=True)


def _package(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    module: Module,
    activities: Sequence[Activity],
    *,
    site: str,
    megabytes: int,
    is_module: bool = False,
) -> Package:
    due_on = next(m.due_on for m in progress_of(db, enrolment).modules if m.code == module.code)
    shared = documents_of(db, actor, enrolment.cohort_id, [activity.code for activity in activities])
    sizes = {document.id: document.file_size or 0 for document in shared if document.file_name is not None}
    kept = fitting(sizes, MOST_MEGABYTES)
    inside = {document.id: member_name(document) for document in shared if document.id in kept}
    pages = [
        _activity_member(
            enrolment=enrolment,
            module=module,
            activity=activity,
            due_on=due_on,
            shared=shared,
            inside=inside,
            site=site,
            megabytes=megabytes,
        )
        for activity in activities
    ]
    if is_module:
        about = {"enrolment": enrolment, "module": module, "activities": activities, "due_on": due_on}
        pages.insert(0, PageMember(name=FIRST_PAGE, content=module_page(**about)))
    files = [FileMember(name=inside[d.id], sha256=d.file_sha256 or "") for d in shared if d.id in inside]
    at = dated(shared, enrolment.joined_on)
    noun = module if is_module else activities[0]
    return Package(
        name=f"{noun.code} {noun.title.text}.zip",
        etag=entity_tag(pages, files, at),
        at=at,
        pages=tuple(pages),
        files=tuple(files),
    )


def _activity_member(
    *,
    enrolment: EnrolmentRef,
    module: Module,
    activity: Activity,
    due_on: date,
    shared: Sequence[DocumentShown],
    inside: dict[int, str],
    site: str,
    megabytes: int,
) -> PageMember:
    curriculum, library = curriculum_of(enrolment), default_library()
    takes_trace = library.takes_trace(curriculum, activity.code)
    content = activity_page(
        enrolment=enrolment,
        module=module,
        activity=activity,
        due_on=due_on,
        page=library.page(curriculum.slug, curriculum.version, activity.code),
        criteria=library.framework_of(curriculum).criteria,
        documents=[document for document in shared if document.activity_code == activity.code],
        inside=inside,
        is_alone=activity.type is ActivityType.self_study,
        is_field=activity.type is ActivityType.field_mandate,
        takes_deposit=activity.is_assessment or takes_trace,
        accepted=", ".join(ACCEPTED),
        megabytes=megabytes,
        most=MOST_MEGABYTES,
        places=[f"{site.rstrip('/')}/{place.value}" for place in places_named_by(activity.code)],
        address=site.rstrip("/") + activity_path(enrolment.id, activity.code),
    )
    return PageMember(name=f"{activity.code}.html", content=content)
