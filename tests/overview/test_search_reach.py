"""Among whom one searches for people, and the page that a person leads to."""

import pytest

from app.overview.search import reach
from app.overview.search.schemas import FoundPerson, FoundPlace
from app.platform.security.actor import Actor, RoleGrant
from app.platform.security.permissions import P, Permission, Role


def actor(*grants: RoleGrant, scope: frozenset[Permission] | None = None) -> Actor:
    return Actor(person_id=1, name="Corinne", grants=frozenset(grants), scope=scope)


def test_people_are_searched_where_roles_reach() -> None:
    coordinator, trainer = RoleGrant(Role.COORDINATOR, college_id=3), RoleGrant(Role.TRAINER, college_id=4, cohort_id=9)
    within = reach.people_reach(actor(coordinator, trainer))
    assert (within.everywhere, within.colleges, within.narrow.grants) == (False, frozenset({3}), frozenset({trainer}))
    assert reach.people_reach(actor(RoleGrant(Role.ADMIN))).everywhere
    within = reach.people_reach(actor(RoleGrant(Role.OBSERVER, project_id=1)))
    assert (within.everywhere, within.colleges, within.narrow.grants) == (False, frozenset(), frozenset())


def test_people_are_not_searched_beyond_the_scope_of_a_token() -> None:
    scope = frozenset({P.ME_READ, P.COHORT_READ})
    for role in (Role.ADMIN, Role.COORDINATOR):
        within = reach.people_reach(actor(RoleGrant(role, college_id=3), scope=scope))
        assert (within.everywhere, within.colleges) == (False, frozenset())


ENROLLED = FoundPlace(role=Role.PARTICIPANT, enrolment_id=8, cohort_id=5, college_id=3)
IN_TEAM = FoundPlace(role=Role.TRAINER, cohort_id=5, college_id=3)
OF_COLLEGE = FoundPlace(role=Role.REGISTRAR, college_id=3)
EVERYWHERE = FoundPlace(role=Role.ADMIN)


@pytest.mark.parametrize(
    ("role", "college", "place", "address"),
    [
        (Role.COORDINATOR, 3, ENROLLED, "/inscriptions/8"),
        (Role.COORDINATOR, 3, IN_TEAM, "/cohortes/5/equipe"),
        (Role.COORDINATOR, 4, IN_TEAM, None),
        (Role.COORDINATOR, 3, OF_COLLEGE, None),
        (Role.REGISTRAR, 3, IN_TEAM, "/roles-tenus?recherche=L%C3%A9a+Roy"),
        (Role.REGISTRAR, 4, OF_COLLEGE, None),
        (Role.ADMIN, None, OF_COLLEGE, "/roles-tenus?recherche=L%C3%A9a+Roy"),
        (Role.ADMIN, None, EVERYWHERE, "/roles-tenus?recherche=L%C3%A9a+Roy"),
        (Role.TRAINER, 3, ENROLLED, "/inscriptions/8"),
    ],
)
def test_place_leads_to_the_page_that_its_reader_may_open(
    role: Role, college: int | None, place: FoundPlace, address: str | None
) -> None:
    person = FoundPerson(id=2, name="Léa Roy", places=(place,))
    assert reach.place_address(actor(RoleGrant(role, college_id=college)), person, place) == address


def test_own_enrolment_leads_to_ones_path() -> None:
    oneself = FoundPerson(id=1, name="Corinne", places=(ENROLLED,))
    assert reach.place_address(actor(RoleGrant(Role.PARTICIPANT, college_id=3)), oneself, ENROLLED) == "/parcours/8"


def test_account_is_offered_to_administrators_alone() -> None:
    person = FoundPerson(id=2, name="Léa Roy")
    assert reach.account_address(actor(RoleGrant(Role.ADMIN)), person) == "/comptes?recherche=L%C3%A9a+Roy"
    assert reach.account_address(actor(RoleGrant(Role.REGISTRAR, college_id=3)), person) is None
