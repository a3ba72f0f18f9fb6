"""The search of every page: each kind with the reach that its own pages have, a few of each."""

from collections.abc import Iterable, Sequence
from functools import cache

from app.accompaniment.enterprises.service import enterprises
from app.certificates.register.service import certificates_by_code
from app.cohorts import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolments_of
from app.cohorts.offer.service import open_cohorts
from app.cohorts.rules import PENDING, SEATED
from app.cohorts.schemas import CohortRow, OpenCohort
from app.community.profiles.service import profiles_about
from app.curricula.library import curriculum_of, default_library, find_curriculum
from app.curricula.schemas import Curriculum
from app.overview.search.enums import ActivitySort, SearchKind
from app.overview.search.people import find_people
from app.overview.search.rules import matching_activities
from app.overview.search.schemas import (
    FoundActivitiesQuery,
    FoundActivity,
    FoundAdvisor,
    FoundCohort,
    FoundEnterprise,
    FoundResource,
    FoundTerm,
    SearchResults,
)
from app.platform.database.session import Session
from app.platform.messages.i18n import language
from app.platform.paging import Page, page_of
from app.platform.search import search_key, search_words
from app.platform.security.actor import Actor
from app.platform.security.permissions import P, Role
from app.resources.directory.service import resources_named
from app.resources.lexicon.schemas import LexiconQuery
from app.resources.lexicon.service import lexicon


def search(db: Session, actor: Actor, typed: str, limit: int) -> SearchResults:
    """Return the first of each kind that the actor may see; nothing where nothing was typed."""
    words = search_words(typed)
    if not words:
        return SearchResults()
    people, more_people = find_people(db, actor, words, limit)
    reached, more_cohorts = _cohorts(db, actor, typed, limit)
    offered, more_offered = _offered(db, actor, typed, limit)
    activities = matching_activities(words, _activities(db, actor))
    companies, more_companies = _enterprises(db, actor, typed, limit)
    terms = _terms(actor, typed)
    entries = _resources(db, actor, words, limit)
    advisors = _advisors(db, actor, words, limit)
    has_more = {
        SearchKind.PEOPLE: more_people,
        SearchKind.COHORTS: more_cohorts,
        SearchKind.OPEN_COHORTS: more_offered,
        SearchKind.ACTIVITIES: len(activities) > limit,
        SearchKind.ENTERPRISES: more_companies,
        SearchKind.TERMS: len(terms) > limit,
        SearchKind.RESOURCES: len(entries) > limit,
        SearchKind.ADVISORS: len(advisors) > limit,
    }
    return SearchResults(
        people=tuple(people),
        cohorts=reached,
        open_cohorts=offered,
        activities=tuple(activities[:limit]),
        enterprises=companies,
        certificates=certificates_by_code(db, actor.using(P.CERTIFICATE_READ), typed),
        terms=tuple(terms[:limit]),
        resources=tuple(entries[:limit]),
        advisors=tuple(advisors[:limit]),
        more=tuple(kind for kind, has in has_more.items() if has),
    )


def list_activities(db: Session, actor: Actor, query: FoundActivitiesQuery) -> Page[FoundActivity]:
    """Return a page of the activities found; the paths are files, read once."""
    found = matching_activities(query.words, _activities(db, actor))
    places = {id(activity): place for place, activity in enumerate(found)}
    orders = {ActivitySort.PLACE: lambda a: places[id(a)], ActivitySort.TITLE: lambda a: search_key(a.title)}
    return page_of(found, query, orders=orders)


def _cohorts(db: Session, actor: Actor, typed: str, limit: int) -> tuple[tuple[FoundCohort, ...], bool]:
    if not actor.can(P.COHORT_READ):
        return (), False
    page = cohorts.cohorts(db, actor.using(P.COHORT_READ), search=typed, limit=limit)
    return _found_cohorts(page.items), page.next is not None


def _offered(db: Session, actor: Actor, typed: str, limit: int) -> tuple[tuple[FoundCohort, ...], bool]:
    """Return the cohorts that take applications, to those whose menu leads to them."""
    if not actor.can(P.COHORT_APPLY) or not (actor.has(Role.PARTICIPANT) or not actor.grants):
        return (), False
    page = open_cohorts(db, actor.using(P.COHORT_APPLY), search=typed, limit=limit)
    return _found_cohorts(page.items), page.next is not None


def _found_cohorts(rows: Iterable[CohortRow | OpenCohort]) -> tuple[FoundCohort, ...]:
    return tuple(FoundCohort.model_validate(row.model_dump(include=set(FoundCohort.model_fields))) for row in rows)


def _enterprises(db: Session, actor: Actor, typed: str, limit: int) -> tuple[tuple[FoundEnterprise, ...], bool]:
    if not actor.can(P.ENTERPRISE_READ):
        return (), False
    page = enterprises(db, actor.using(P.ENTERPRISE_READ), search=typed, limit=limit)
    found = (FoundEnterprise(id=row.id, name=row.name, neq=row.neq) for row in page.items)
    return tuple(found), page.next is not None


def _terms(actor: Actor, typed: str) -> list[FoundTerm]:
    if not actor.can(P.RESOURCE_READ):
        return []
    found = lexicon(LexiconQuery(search=typed)).terms
    return [FoundTerm(slug=term.slug, name=term.name) for term in found]


def _resources(db: Session, actor: Actor, words: Sequence[str], limit: int) -> list[FoundResource]:
    if not actor.can(P.RESOURCE_READ):
        return []
    found = resources_named(db, actor.using(P.RESOURCE_READ), words, limit=limit + 1)
    return [FoundResource(id=row.id, name=row.name, verb=row.verb) for row in found]


def _advisors(db: Session, actor: Actor, words: Sequence[str], limit: int) -> list[FoundAdvisor]:
    if not actor.can(P.PROFILE_READ):
        return []
    return [
        FoundAdvisor(person_id=p.person_id, name=p.name, expertises=tuple(e.competency for e in p.expertises))
        for p in profiles_about(db, words, limit=limit + 1)
    ]


def _activities(db: Session, actor: Actor) -> list[FoundActivity]:
    """Return the activities of the paths that the actor follows, then those of the other paths' newest version."""
    followed = _followed(db, actor)
    own = [activity for enrolment in followed for activity in _own_activities(enrolment)]
    slugs = {enrolment.curriculum_slug for enrolment in followed}
    others = [p for p in _newest_published() if p[0] not in slugs] if actor.can(P.CURRICULUM_READ) else []
    return [*own, *(a for path in others for a in _activities_of(find_curriculum(*path), language.get()))]


def _followed(db: Session, actor: Actor) -> list[EnrolmentRef]:
    """Return the actor's enrolments whose activities they may open."""
    colleges = {grant.college_id for grant in actor.grants if grant.role is Role.PARTICIPANT}
    if not colleges or not actor.can(P.PROGRESS_READ):
        return []
    enrolments = enrolments_of(db, actor.person_id)
    return [e for e in enrolments if e.college_id in colleges and e.state in SEATED - PENDING]


def _own_activities(enrolment: EnrolmentRef) -> Iterable[FoundActivity]:
    for activity in _activities_of(curriculum_of(enrolment), language.get()):
        yield activity.model_copy(update={"enrolment_id": enrolment.id})


def _newest_published() -> tuple[tuple[str, str], ...]:
    library = default_library()
    published = ((s, [v for v in library.versions(s) if library.is_published(s, v)]) for s in library.slugs)
    return tuple((slug, versions[-1]) for slug, versions in published if versions)


@cache
def _activities_of(curriculum: Curriculum, _language: str) -> tuple[FoundActivity, ...]:
    """Return the activities of a path, with their titles in the language of the reader."""
    return tuple(
        FoundActivity(
            code=code,
            title=activity.title.text,
            module=module.code,
            module_title=module.title.text,
            curriculum_slug=curriculum.slug,
            curriculum_version=curriculum.version,
        )
        for code, (module, activity) in curriculum.placed.items()
    )
