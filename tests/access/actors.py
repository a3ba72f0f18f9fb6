"""The actors of the access matrix, and the three places whose records they try to reach.

``alma`` is the actors' own college, ``far`` its second cohort, ``rouyn`` another college.
"""

from dataclasses import dataclass, field

from sqlmodel import select

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand, MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.lifecycle import service as lifecycle
from app.cohorts.lifecycle.schemas import MoveCohort
from app.cohorts.schemas import CohortRef, NewCohort
from app.identity.account.models import Account
from app.identity.account.passwords import hasher
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.roles.service import grant_role
from app.network import service as network
from app.platform.clock import now
from app.platform.database.session import Session, open_credentials, set_actor
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission, Role
from tests.factories.cohorts import set_capacity
from tests.factories.network import PASSWORD, STARTED, World, acting

COLLEGES = {"alma": "alma", "far": "alma", "rouyn": "rouyn"}
"""The college of each place."""


@dataclass
class Place:
    """A cohort with its people by part, and the ids of its records by kind."""

    name: str
    college: int
    cohort: int
    parts: dict[str, str]
    ids: dict[str, int | str | list[int]] = field(default_factory=dict)

    def mark(self, what: str) -> str:
        """Return a unique word: in a response, it tells whose data leaked."""
        return canary(what, self.name)


def canary(what: str, place: str) -> str:
    """Return a canary such as ``CanariTexteRouyn``: letters only, the same in HTML, JSON and a spreadsheet."""
    return f"Canari{what}{place.capitalize()}"


PARTS = {
    "alma": {
        "coordinator": "coordinator", "registrar": "registrar", "trainer": "trainer", "facilitator": "facilitator",
        "owner": "maude", "peer": "karim", "third": "elise", "graduate": "yves", "applicant": "nobody",
        "fifth": "alma_fifth", "sixth": "alma_sixth",
        "loose1": "alma_loose1", "loose2": "alma_loose2", "loose3": "dual", "loose4": "manager",
    },
    "far": {
        "coordinator": "coordinator", "registrar": "registrar", "trainer": "far_trainer",
        "facilitator": "far_facilitator", "owner": "far_owner", "peer": "far_peer", "third": "far_third",
        "fifth": "far_fifth", "sixth": "far_sixth",
        "graduate": "far_graduate", "applicant": "far_applicant", "loose1": "far_loose1", "loose2": "far_loose2",
        "loose3": "far_loose3", "loose4": "far_loose4",
    },
    "rouyn": {
        "coordinator": "other_coordinator", "registrar": "other_registrar", "trainer": "other_trainer",
        "facilitator": "other_facilitator", "owner": "other_participant", "peer": "other_peer",
        "third": "other_third", "fifth": "other_fifth", "sixth": "other_sixth",
        "graduate": "other_graduate", "applicant": "other_applicant",
        "loose1": "other_loose1", "loose2": "other_loose2", "loose3": "other_loose3", "loose4": "other_loose4",
    },
}  # fmt: skip
"""The person of each part in a place."""

MEMBERS = ("owner", "peer", "third", "graduate", "fifth", "sixth")
LOOSE = ("loose1", "loose2", "loose3", "loose4")
ROLL = (*MEMBERS, *LOOSE)

ACTORS = {
    "anonymous": None,
    "participant": "maude",
    "peer": "karim",
    "trainer": "trainer",
    "trainer_elsewhere": "far_trainer",
    "facilitator": "facilitator",
    "coordinator": "coordinator",
    "registrar": "registrar",
    "observer": "observer",
    "admin": "admin",
    "dual": "dual",
    "manager_elsewhere": "manager",
    "suspended": "suspended",
    "pending": "pending",
    "token": "coordinator",
}
"""The columns of the matrix. ``peer`` follows the same cohort; ``dual`` follows it too and trains in Rouyn;
``manager_elsewhere`` follows it too and is coordinator and registrar in Rouyn, as in a small college; ``pending``
is a coordinator whose second factor is missing, ``token`` an API token of the coordinator that reads cohorts."""


def set_up_places(database: Database, world: World) -> dict[str, Place]:
    """Create the people and cohorts of each place, with canaries in their names; return the places."""
    with database.transaction() as db:
        _create_people(db, world)
        cohorts_of = {"alma": world.cohort, "far": _second_cohort(db, world), "rouyn": world.other_cohort}
    places = {
        name: Place(name, getattr(world, college), cohorts_of[name], PARTS[name]) for name, college in COLLEGES.items()
    }
    for place in places.values():
        _set_capacity(database, world, place)
        for part in (*ROLL, "applicant"):
            _enrol(database, world, place, part)
        _staff(database, world, place)
    _add_roles_elsewhere(database, world)
    _rename(database, world, places)
    return places


def _create_people(db: Session, world: World) -> None:
    people = {who for parts in PARTS.values() for who in parts.values()} | {"suspended", "pending"}
    hashed = hasher().hash(PASSWORD)
    for who in sorted(people - world.people.keys()):
        world.emails[who] = f"{who.replace('_', '.')}@escouade.example.com"
        command = NewAccount(
            legal_first_name=who.capitalize(), legal_last_name="Figurant", email=world.emails[who], password=PASSWORD
        )
        world.people[who] = add_account(db, command, password_hash=hashed)


def _second_cohort(db: Session, world: World) -> int:
    actor = acting(db, world, "coordinator", Permission.COHORT_MANAGE)
    command = NewCohort(
        project_id=world.project, region_code="02", code="GEN-ALM-2", title=canary("Titre", "far"),
        curriculum_slug="generaliste", curriculum_version="1.0", starts_on=STARTED, place="Alma", capacity=12,
    )  # fmt: skip
    cohort: CohortRef = cohorts.add_cohort(db, actor, network.college(db, world.alma), command)
    for state in (CohortState.OPEN, CohortState.RUNNING):
        shown = lifecycle.preview(db, actor, cohort, state).shown
        cohort = lifecycle.move(db, actor, cohort, MoveCohort(to=state, shown=shown))
    return cohort.id


def _set_capacity(database: Database, world: World, place: Place) -> None:
    with database.transaction() as db:
        actor = acting(db, world, place.parts["coordinator"], Permission.COHORT_MANAGE)
        cohort = cohorts.see_cohort(db, actor, place.cohort)
        set_capacity(db, cohort, 12)


def _enrol(database: Database, world: World, place: Place, part: str) -> None:
    """Apply to the cohort and become active; the applicant stays an applicant."""
    who, key = place.parts[part], f"{place.name}:{part}"
    moved = (EnrolmentState.ADMITTED, EnrolmentState.ACTIVE)
    if who in world.enrolments:
        world.enrolments[key] = world.enrolments[who]
        return
    with database.transaction() as db:
        applicant = acting(db, world, who, Permission.COHORT_APPLY)
        cohort = cohorts.see_open_cohort(db, applicant, place.cohort)
        command = ApplyCommand(motive=place.mark("Motif"), employer=place.mark("Employeur"))
        world.enrolments[key] = enrolments.apply(db, applicant, cohort, command).id
    with database.transaction() as db:
        manager = acting(db, world, place.parts["coordinator"], Permission.ENROLMENT_MANAGE)
        for state in moved if part != "applicant" else ():
            enrolment = enrolments.see_enrolment(db, manager, world.enrolments[key])
            command_ = MoveCommand(to=state, joined_on=STARTED, reason=place.mark("Raison"))
            enrolments.move(db, manager, enrolment, command_)


def _staff(database: Database, world: World, place: Place) -> None:
    with database.transaction(colleges=[place.college]) as db:
        trainer, facilitator = (world.people[place.parts[part]] for part in ("trainer", "facilitator"))
        grant_role(db, trainer, Role.TRAINER, college_id=place.college)
        grant_role(db, trainer, Role.TRAINER, college_id=place.college, cohort_id=place.cohort)
        grant_role(db, facilitator, Role.FACILITATOR, college_id=place.college)
        if place.name == "far":
            cohort = cohorts.see_cohort(db, acting(db, world, "coordinator", Permission.COHORT_MANAGE), place.cohort)
            cohorts.set_applications(db, cohort, is_open=False)


def _add_roles_elsewhere(database: Database, world: World) -> None:
    """Grant the roles held in two colleges, and suspend an account."""
    with database.transaction() as db:
        set_actor(db, colleges=[world.alma, world.rouyn], person=None)
        rouyn = world.rouyn
        grant_role(db, world.people["dual"], Role.TRAINER, college_id=rouyn, cohort_id=world.other_cohort)
        grant_role(db, world.people["manager"], Role.COORDINATOR, college_id=rouyn)
        grant_role(db, world.people["manager"], Role.REGISTRAR, college_id=rouyn)
        for who in ("suspended", "pending"):
            grant_role(db, world.people[who], Role.COORDINATOR, college_id=world.alma)
        account = db.exec(select(Account).where(Account.person_id == world.people["suspended"])).one()
        open_credentials(db, account.id)
        account.suspended_at = now()
        db.add(account)


def _rename(database: Database, world: World, places: dict[str, Place]) -> None:
    """Put canaries in names: the chosen name is for screens, the legal one for certificates."""
    with database.engine.begin() as connection:
        for place in places.values():
            person = world.people[place.parts["owner"]]
            connection.exec_driver_sql(
                "update person set chosen_name = %s, legal_last_name = %s where id = %s",
                (place.mark("Nom"), place.mark("Legal"), person),
            )
            staff = [world.people[place.parts[part]] for part in ("trainer", "facilitator")]
            connection.exec_driver_sql(
                "update person set chosen_name = %s where id = any(%s)", (place.mark("Personnel"), staff)
            )
