"""How far a search for people reaches, and the page that a person leads each reader to."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from app.overview.search.schemas import FoundPerson, FoundPlace
from app.platform.security.actor import Actor
from app.platform.security.permissions import GRANTS, P, Permission, R


@dataclass(frozen=True, slots=True)
class PeopleReach:
    """Among whom someone searches: everyone, the people of whole colleges, and those of ``narrow``'s enrolments.

    ``narrow`` is the same actor with the roles that reach less than a college: of a cohort, or of themselves.
    """

    everywhere: bool
    colleges: frozenset[int]
    narrow: Actor


def people_reach(actor: Actor) -> PeopleReach:
    """Return among whom the actor's roles, and the scope of an API token, let them search."""
    reaches = {grant: GRANTS[grant.role].get(P.PEOPLE_READ) for grant in actor.grants if actor.can(P.PEOPLE_READ)}
    whole = {R.COLLEGE, R.PLATFORM}
    limited = (g for g in actor.grants if GRANTS[g.role].get(P.ENROLMENT_READ, R.PLATFORM) not in whole)
    return PeopleReach(
        everywhere=R.PLATFORM in reaches.values(),
        colleges=frozenset(g.college_id for g, r in reaches.items() if r is R.COLLEGE and g.college_id is not None),
        narrow=replace(actor, grants=frozenset(limited)),
    )


def place_address(actor: Actor, person: FoundPerson, place: FoundPlace) -> str | None:
    """Return the page of a place where someone is found: their file, the team, their roles; none where no page is."""
    if place.enrolment_id is not None:
        own = person.id == actor.person_id
        return f"/{'parcours' if own else 'inscriptions'}/{place.enrolment_id}"
    if place.cohort_id is not None and _reaches_college(actor, P.COHORT_MANAGE, place.college_id):
        return f"/cohortes/{place.cohort_id}/equipe"
    if _reaches_college(actor, P.PEOPLE_MANAGE, place.college_id):
        return f"/roles-tenus?{urlencode({'recherche': person.name})}"
    return None


def account_address(actor: Actor, person: FoundPerson) -> str | None:
    """Return where an administrator finds a person's account."""
    return f"/comptes?{urlencode({'recherche': person.name})}" if actor.can(P.ACCOUNT_SUSPEND) else None


def _reaches_college(actor: Actor, permission: Permission, college_id: int | None) -> bool:
    reached = ((GRANTS[grant.role].get(permission), grant.college_id) for grant in actor.grants)
    is_reached = any(reach is R.PLATFORM or (reach is R.COLLEGE and place == college_id) for reach, place in reached)
    return actor.can(permission) and is_reached
