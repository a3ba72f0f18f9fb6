"""Which activities a search finds, where a result leads, and among whom one searches for people."""

import pytest

from app.overview.search import reach, rules
from app.overview.search.schemas import FoundActivity, FoundPerson, FoundPlace
from app.platform.search import search_words
from app.platform.security.actor import Actor, RoleGrant
from app.platform.security.permissions import P, Permission, Role

MAP, CODEV = (
    FoundActivity(
        code=code, title=title, module="GEN-1", module_title="Écosystème", curriculum_slug="generaliste",
        curriculum_version="1.0",
    )
    for code, title in (("GEN-1.C", "Carte à faire"), ("GEN-1.A", "Lire la carte"))
)  # fmt: skip


def actor(*grants: RoleGrant, scope: frozenset[Permission] | None = None) -> Actor:
    return Actor(person_id=1, name="Corinne", grants=frozenset(grants), scope=scope)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("carte", ["GEN-1.C", "GEN-1.A"]),
        ("CARTE écosystème", ["GEN-1.C", "GEN-1.A"]),
        ("ecosysteme lire", ["GEN-1.A"]),
        ("gen-1.a", ["GEN-1.A", "GEN-1.C"]),  # « à » is a word of the other title: what was typed comes first
        ("gen-1.c", ["GEN-1.C"]),
        ("gen 2", []),
        ("r", []),
        ("", ["GEN-1.C", "GEN-1.A"]),
    ],
)
def test_activities_that_a_search_finds(typed: str, codes: list[str]) -> None:
    assert [a.code for a in rules.matching_activities(search_words(typed), [MAP, CODEV])] == codes


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


def test_activity_leads_to_ones_own_page_else_to_the_published_path() -> None:
    assert rules.activity_address(MAP) == "/parcours-publies/generaliste/1.0#GEN-1"
    assert rules.activity_address(MAP.model_copy(update={"enrolment_id": 8})) == "/parcours/8/activites/GEN-1.C"
