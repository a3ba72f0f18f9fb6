"""A small network for tests: two colleges, a cohort each, and one person per role."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.access import Actor, Permission, Role
from app.cohorts import service as cohorts
from app.cohorts.models import EnrolmentState
from app.cohorts.schemas import ApplyCommand, CohortRef, EnrolmentRef, MoveCommand, NewCohort
from app.curricula.service import register_published
from app.db import Database, Session, act_for, now
from app.network import service as network
from app.network.models import TargetKind
from app.network.schemas import NewCollege, NewProject, Target
from app.people.models import Account, ApiToken, SignInKind
from app.people.schemas import NewAccount
from app.people.service import add_account, hasher, hold
from app.people.service_sign_in import TOKEN_PREFIX, actor_for, digest, open_sign_in
from app.text import today

PASSWORD = "une phrase de passe assez longue"
STARTED = today() - timedelta(days=14)


@dataclass
class World:
    """Ids by name; people by role."""

    project: int = 0
    alma: int = 0
    rouyn: int = 0
    cohort: int = 0
    other_cohort: int = 0
    people: dict[str, int] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    enrolments: dict[str, int] = field(default_factory=dict)


PEOPLE = (
    ("admin", "Ariane", "Administration"),
    ("observer", "Octave", "Observateur"),
    ("coordinator", "Corinne", "Coordination"),
    ("registrar", "Régine", "Registraire"),
    ("trainer", "Théo", "Formation"),
    ("facilitator", "Flavie", "Animation"),
    ("maude", "Maude", "Bérubé"),
    ("karim", "Karim", "Haddad"),
    ("elise", "Élise", "Lœwen-Côté"),
    ("yves", "Yves", "O’Brien"),
    ("other_coordinator", "Odile", "Ailleurs"),
    ("other_registrar", "Rémi", "Ailleurs"),
    ("other_trainer", "Tania", "Ailleurs"),
    ("other_participant", "Paule", "Ailleurs"),
    ("nobody", "Noé", "Sansrôle"),
)
PARTICIPANTS = ("maude", "karim", "elise", "yves")


def acting(session: Session, world: World, who: str, permission: Permission | None = None) -> Actor:
    """Someone of the world at a door, the transaction limited to their colleges."""
    actor = actor_for(session, world.people[who], who)
    act_for(session, colleges=actor.colleges, person=actor.person_id)
    return actor.using(permission) if permission else actor


def build(database: Database) -> World:
    """The network, through the services."""
    world = World()
    with database.transaction() as session:
        register_published(session)
        _places(session, world)
        hashed = hasher().hash(PASSWORD)
        for key, first, last in PEOPLE:
            email = f"{key.replace('_', '.')}@escouade.example.com"
            command = NewAccount(legal_first_name=first, legal_last_name=last, email=email, password=PASSWORD)  # type: ignore[arg-type]
            world.people[key] = add_account(session, command, password_hash=hashed)
            world.emails[key] = email
        _roles(session, world)
    with database.transaction() as session:
        world.cohort = _cohort(session, world, "coordinator", world.alma, "GEN-ALM-1")
        world.other_cohort = _cohort(session, world, "other_coordinator", world.rouyn, "GEN-ROU-1")
    for who in PARTICIPANTS:
        _enrol(database, world, who, "coordinator", world.cohort)
    _enrol(database, world, "other_participant", "other_coordinator", world.other_cohort)
    with database.transaction(colleges=[world.alma, world.rouyn]) as session:
        hold(session, world.people["trainer"], Role.TRAINER, college_id=world.alma, cohort_id=world.cohort)
        hold(session, world.people["other_trainer"], Role.TRAINER, college_id=world.rouyn, cohort_id=world.other_cohort)
    return world


def _places(session: Session, world: World) -> None:
    targets = (Target(kind=TargetKind.ADVISORS, value=135), Target(kind=TargetKind.ENTERPRISES, value=460))
    world.project = network.open_project(
        session,
        NewProject(
            slug="brigade", name="Brigade de conseillers numériques", funder="Bailleur d’essai",
            starts_on=date(2025, 1, 1), ends_on=date(2028, 12, 31), targets=targets,
        ),
    ).id  # fmt: skip
    world.alma = network.open_college(
        session,
        NewCollege(slug="alma", name="Collège d’Alma", city="Alma", region_code="02", number_prefix="ALM"),
    ).id
    world.rouyn = network.open_college(
        session,
        NewCollege(slug="rouyn", name="Cégep de Rouyn", city="Rouyn-Noranda", region_code="08", number_prefix="ROU"),
    ).id


def _roles(session: Session, world: World) -> None:
    act_for(session, colleges=[world.alma, world.rouyn], person=None)
    people = world.people
    hold(session, people["admin"], Role.ADMIN)
    hold(session, people["observer"], Role.OBSERVER, project_id=world.project)
    hold(session, people["coordinator"], Role.COORDINATOR, college_id=world.alma)
    hold(session, people["registrar"], Role.REGISTRAR, college_id=world.alma)
    hold(session, people["trainer"], Role.TRAINER, college_id=world.alma)
    hold(session, people["facilitator"], Role.FACILITATOR, college_id=world.alma)
    hold(session, people["other_coordinator"], Role.COORDINATOR, college_id=world.rouyn)
    hold(session, people["other_registrar"], Role.REGISTRAR, college_id=world.rouyn)
    hold(session, people["other_trainer"], Role.TRAINER, college_id=world.rouyn)


def _cohort(session: Session, world: World, who: str, college_id: int, code: str) -> int:
    actor = acting(session, world, who, Permission.COHORT_MANAGE)
    command = NewCohort(
        project_id=world.project, region_code="02", code=code, title=f"Généraliste {code}",
        curriculum_slug="generaliste", curriculum_version="1.0", starts_on=STARTED, place="Alma", capacity=8,
    )  # fmt: skip
    return cohorts.open_cohort(session, actor, network.college(session, college_id), command).id


def _enrol(database: Database, world: World, who: str, by: str, cohort_id: int) -> None:
    with database.transaction() as session:
        applicant = acting(session, world, who, Permission.COHORT_APPLY)
        found = cohorts.see_open_cohort(session, cohort_id)
        enrolment = cohorts.apply(session, applicant, found, ApplyCommand(motive="Accompagner les PME d’ici."))
        world.enrolments[who] = enrolment.id
    with database.transaction() as session:
        manager = acting(session, world, by, Permission.ENROLMENT_MANAGE)
        for state in (EnrolmentState.ADMITTED, EnrolmentState.ACTIVE):
            command = MoveCommand(to=state, joined_on=STARTED)
            enrolment = cohorts.move(session, manager, cohorts.see_enrolment(session, manager, enrolment.id), command)


def token(database: Database, world: World, who: str) -> str:
    """A bearer token for someone, without the cost of a password."""
    with database.transaction() as session:
        account = session.exec(select(Account.id).where(Account.person_id == world.people[who])).one()
        return open_sign_in(session, account or 0, kind=SignInKind.BEARER, hours=1, second_factor=True)[0]


def pending_token(database: Database, world: World, who: str) -> str:
    """A bearer token of someone whose password is proven and whose second factor is not."""
    with database.transaction() as session:
        account = session.exec(select(Account).where(Account.person_id == world.people[who])).one()
        account.totp_confirmed_at = now()
        session.add(account)
        return open_sign_in(session, account.id or 0, kind=SignInKind.BEARER, hours=1)[0]


def api_token(database: Database, world: World, who: str, *permissions: Permission) -> str:
    """An API token of someone that may do only that."""
    secret = f"{TOKEN_PREFIX}{who}-{'-'.join(permissions)}"
    with database.transaction() as session:
        account = session.exec(select(Account.id).where(Account.person_id == world.people[who])).one()
        session.add(
            ApiToken(
                account_id=account or 0, name="essai", token_hash=digest(secret), permissions=list(permissions),
                created_at=now(), expires_at=now() + timedelta(hours=1),
            )
        )  # fmt: skip
    return secret


def as_(client: TestClient, database: Database, world: World, who: str) -> TestClient:
    """The client signed in as someone; the same client, other credentials."""
    client.headers["Authorization"] = f"Bearer {token(database, world, who)}"
    return client


def see(session: Session, world: World, who: str, permission: Permission) -> tuple[Actor, EnrolmentRef, CohortRef]:
    """``who`` acting, with Maude's enrolment and its cohort seen through the permission."""
    actor = acting(session, world, who, permission)
    enrolment = cohorts.see_enrolment(session, actor, world.enrolments["maude"])
    return actor, enrolment, cohorts.see_cohort(session, actor.using(Permission.COHORT_READ), world.cohort)


def count(session: Session, table: str) -> int:
    """Rows of a table that the transaction may see."""
    return int(session.execute(text(f"select count(*) from {table}")).scalar_one())  # noqa: S608 - a literal of ours
