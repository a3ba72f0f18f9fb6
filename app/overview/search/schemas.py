"""The queries and the results of the search of every page."""

from typing import ClassVar

from app.certificates.schemas import CertificateLine
from app.cohorts.enums import EnrolmentState
from app.overview.search.enums import ActivitySort, PersonSort, SearchKind
from app.platform.paging import Limit, ListQuery
from app.platform.schema import Command, Read, SearchText
from app.platform.security.permissions import Role

CAP = 5
"""How many of each kind are shown, unless a request asks for more."""


class SearchQuery(Command):
    """What is searched for: words of names and titles, a code, a number; at most ``limit`` of each kind."""

    search: SearchText = ""
    limit: Limit = CAP


class TypedSearch(Command):
    """What stands in the search box of a page."""

    recherche: SearchText = ""


class FoundPeopleQuery(ListQuery):
    """The people found, by name."""

    SORTS: ClassVar = PersonSort
    tri: str = "nom"


class FoundActivitiesQuery(ListQuery):
    """The activities found, in the order of their paths."""

    SORTS: ClassVar = ActivitySort
    tri: str = "parcours"


class FoundPlace(Read):
    """Where someone is found: an enrolment with its state, or a role of the staff; its cohort and college, if any."""

    role: Role
    enrolment_id: int | None = None
    state: EnrolmentState | None = None
    cohort_id: int | None = None
    cohort_title: str | None = None
    college_id: int | None = None
    college: str | None = None


class FoundPerson(Read):
    """A person, with the enrolments and roles that the reader may see."""

    id: int
    name: str
    places: tuple[FoundPlace, ...] = ()


class FoundCohort(Read):
    """A cohort."""

    id: int
    code: str
    title: str
    college: str


class FoundActivity(Read):
    """An activity of a path; ``enrolment_id`` is the reader's own, where they follow the path."""

    code: str
    title: str
    module: str
    module_title: str
    curriculum_slug: str
    curriculum_version: str
    enrolment_id: int | None = None


class FoundEnterprise(Read):
    """An enterprise of the reader's colleges or mandates."""

    id: int
    name: str
    neq: str | None


class FoundTerm(Read):
    """A word of the lexicon."""

    slug: str
    name: str


class FoundResource(Read):
    """An entry of the directory of resources; ``verb`` is what it does first."""

    id: int
    name: str
    verb: str


class FoundAdvisor(Read):
    """A profile of the directory of advisors, by its person's consent."""

    person_id: int
    name: str
    expertises: tuple[str, ...]


class SearchResults(Read):
    """What the reader may see of each kind; ``more`` names the kinds of which there are more than shown."""

    people: tuple[FoundPerson, ...] = ()
    cohorts: tuple[FoundCohort, ...] = ()
    open_cohorts: tuple[FoundCohort, ...] = ()
    activities: tuple[FoundActivity, ...] = ()
    enterprises: tuple[FoundEnterprise, ...] = ()
    certificates: tuple[CertificateLine, ...] = ()
    terms: tuple[FoundTerm, ...] = ()
    resources: tuple[FoundResource, ...] = ()
    advisors: tuple[FoundAdvisor, ...] = ()
    more: tuple[SearchKind, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is found."""
        people = (self.people, self.certificates, self.advisors)
        others = (self.cohorts, self.open_cohorts, self.activities, self.enterprises, self.terms, self.resources)
        return not any((*people, *others))
