"""A small network for tests: two colleges, a cohort each, and one person per role."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments_service
from app.cohorts.enrolments.schemas import ApplyCommand, EnrolmentRef, MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.lifecycle import service as lifecycle
from app.cohorts.lifecycle.schemas import MoveCohort
from app.cohorts.schemas import CohortRef, NewCohort
from app.curricula.service import register_published
from app.identity.account.models import Account
from app.identity.account.passwords import hasher
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.api_tokens.models import ApiToken
from app.identity.roles import proposals
from app.identity.roles.schemas import DecideRole
from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import TOKEN_PREFIX, digest, load_actor
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.service import create_sign_in
from app.network import service as network
from app.network.enums import TargetKind
from app.network.schemas import NewCollege, NewProject, NewTarget
from app.platform.clock import now
from app.platform.database.session import Session, open_credentials, set_actor
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission, Role

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


def acting(db: Session, world: World, who: str, permission: Permission | None = None) -> Actor:
    """Someone of the world at a door, the transaction limited to their colleges."""
    names = {key: f"{first} {last}" for key, first, last in PEOPLE}
    actor = load_actor(db, world.people[who], names.get(who, who))
    set_actor(db, colleges=actor.colleges, person=actor.person_id)
    return actor.using(permission) if permission else actor


def build(database: Database) -> World:
    """The network, through the services."""
    world = World()
    with database.transaction() as db:
        register_published(db)
        _places(db, world)
        hashed = hasher().hash(PASSWORD)
        for key, first, last in PEOPLE:
            email = f"{key.replace('_', '.')}@escouade.example.com"
            command = NewAccount(legal_first_name=first, legal_last_name=last, email=email, password=PASSWORD)
            world.people[key] = add_account(db, command, password_hash=hashed)
            world.emails[key] = email
        _roles(db, world)
    with database.transaction() as db:
        world.cohort = _cohort(db, world, "coordinator", world.alma, "GEN-ALM-1")
        world.other_cohort = _cohort(db, world, "other_coordinator", world.rouyn, "GEN-ROU-1")
    for who in PARTICIPANTS:
        _enrol(database, world, who, "coordinator", world.cohort)
    _enrol(database, world, "other_participant", "other_coordinator", world.other_cohort)
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["trainer"], Role.TRAINER, college_id=world.alma, cohort_id=world.cohort)
        grant_role(
            db, world.people["other_trainer"], Role.TRAINER, college_id=world.rouyn, cohort_id=world.other_cohort
        )
    return world


def _places(db: Session, world: World) -> None:
    targets = (NewTarget(kind=TargetKind.ADVISORS, value=135), NewTarget(kind=TargetKind.ENTERPRISES, value=460))
    world.project = network.open_project(
        db,
        NewProject(
            slug="brigade", name="Brigade de conseillers numériques", funder="Bailleur d’essai",
            starts_on=date(2025, 1, 1), ends_on=date(2028, 12, 31), targets=targets,
        ),
    ).id  # fmt: skip
    world.alma = network.open_college(
        db,
        NewCollege(slug="alma", name="Collège d’Alma", city="Alma", region_code="02", number_prefix="ALM"),
    ).id
    world.rouyn = network.open_college(
        db,
        NewCollege(slug="rouyn", name="Cégep de Rouyn", city="Rouyn-Noranda", region_code="08", number_prefix="ROU"),
    ).id


def _roles(db: Session, world: World) -> None:
    set_actor(db, colleges=[world.alma, world.rouyn], person=None)
    people = world.people
    grant_role(db, people["admin"], Role.ADMIN)
    grant_role(db, people["observer"], Role.OBSERVER, project_id=world.project)
    grant_role(db, people["coordinator"], Role.COORDINATOR, college_id=world.alma)
    grant_role(db, people["registrar"], Role.REGISTRAR, college_id=world.alma)
    grant_role(db, people["trainer"], Role.TRAINER, college_id=world.alma)
    grant_role(db, people["facilitator"], Role.FACILITATOR, college_id=world.alma)
    grant_role(db, people["other_coordinator"], Role.COORDINATOR, college_id=world.rouyn)
    grant_role(db, people["other_registrar"], Role.REGISTRAR, college_id=world.rouyn)
    grant_role(db, people["other_trainer"], Role.TRAINER, college_id=world.rouyn)


def begin_second_path(database: Database, world: World, who: str = "maude") -> str:
    """Enrol someone of Alma in the specialist path too, where the trainer judges; return the name of that enrolment."""
    name = f"{who}, specialist"
    with database.transaction() as db:
        cohort = _cohort(db, world, "coordinator", world.alma, "SPE-ALM-1", path="specialise")
        grant_role(db, world.people["trainer"], Role.TRAINER, college_id=world.alma, cohort_id=cohort)
    world.people[name], first = world.people[who], world.enrolments[who]
    _enrol(database, world, who, "coordinator", cohort, reason="Termine bientôt le parcours généraliste.")
    world.enrolments[name], world.enrolments[who] = world.enrolments[who], first
    return name


def _cohort(db: Session, world: World, who: str, college_id: int, code: str, *, path: str = "generaliste") -> int:
    actor = acting(db, world, who, Permission.COHORT_MANAGE)
    command = NewCohort(
        project_id=world.project, region_code="02", code=code, title=f"Généraliste {code}",
        curriculum_slug=path, curriculum_version="1.0", starts_on=STARTED, place="Alma", capacity=8,
    )  # fmt: skip
    cohort: CohortRef = cohorts.add_cohort(db, actor, network.college(db, college_id), command)
    for state in (CohortState.OPEN, CohortState.RUNNING):
        shown = lifecycle.preview(db, actor, cohort, state).shown
        cohort = lifecycle.move(db, actor, cohort, MoveCohort(to=state, shown=shown))
    return cohort.id


def _enrol(database: Database, world: World, who: str, by: str, cohort_id: int, *, reason: str | None = None) -> None:
    with database.transaction() as db:
        applicant = acting(db, world, who, Permission.COHORT_APPLY)
        found = cohorts.see_open_cohort(db, applicant, cohort_id)
        enrolment = enrolments_service.apply(db, applicant, found, ApplyCommand(motive="Accompagner les PME d’ici."))
        world.enrolments[who] = enrolment.id
    with database.transaction() as db:
        manager = acting(db, world, by, Permission.ENROLMENT_MANAGE)
        for state in (EnrolmentState.ADMITTED, EnrolmentState.ACTIVE):
            command = MoveCommand(to=state, joined_on=STARTED, reason=reason)
            enrolment = enrolments_service.move(
                db, manager, enrolments_service.see_enrolment(db, manager, enrolment.id), command
            )


def token(database: Database, world: World, who: str) -> str:
    """A bearer token for someone, without the cost of a password."""
    with database.transaction() as db:
        account = db.exec(select(Account.id).where(Account.person_id == world.people[who])).one()
        return create_sign_in(db, account, kind=SignInKind.BEARER, hours=1, second_factor=True)[0]


def pending_token(database: Database, world: World, who: str) -> str:
    """A bearer token of someone whose password is proven and whose second factor is not."""
    with database.transaction() as db:
        account = db.exec(select(Account).where(Account.person_id == world.people[who])).one()
        open_credentials(db, account.id)
        account.totp_confirmed_at = now()
        db.add(account)
        return create_sign_in(db, account.id, kind=SignInKind.BEARER, hours=1)[0]


def api_token(database: Database, world: World, who: str, *permissions: Permission) -> str:
    """An API token of someone that may do only that."""
    secret = f"{TOKEN_PREFIX}{who}-{'-'.join(permissions)}"
    with database.transaction() as db:
        account = db.exec(select(Account.id).where(Account.person_id == world.people[who])).one()
        open_credentials(db, account)
        db.add(
            ApiToken(
                account_id=account, name="essai", token_hash=digest(secret), permissions=list(permissions),
                created_at=now(), expires_at=now() + timedelta(hours=1),
            )
        )  # fmt: skip
    return secret


def as_(client: TestClient, database: Database, world: World, who: str) -> TestClient:
    """The client signed in as someone; the same client, other credentials."""
    client.headers["Authorization"] = f"Bearer {token(database, world, who)}"
    return client


def see(db: Session, world: World, who: str, permission: Permission) -> tuple[Actor, EnrolmentRef, CohortRef]:
    """``who`` acting, with Maude's enrolment and its cohort seen through the permission."""
    actor = acting(db, world, who, permission)
    enrolment = enrolments_service.see_enrolment(db, actor, world.enrolments["maude"])
    return actor, enrolment, cohorts.see_cohort(db, actor.using(Permission.COHORT_READ), world.cohort)


def count(db: Session, table: str) -> int:
    """Rows of a table that the transaction may see."""
    return int(db.execute(text(f"select count(*) from {table}")).scalar_one())  # noqa: S608 - a literal of ours


def confirm_roles(database: Database, world: World) -> None:
    """Confirm the roles that were proposed, as a second administrator: the observer, who becomes one."""
    with database.transaction() as db:
        set_actor(db, colleges=[world.alma, world.rouyn], person=None)
        grant_role(db, world.people["observer"], Role.ADMIN)
    with database.transaction() as db:
        actor = acting(db, world, "observer", Permission.ROLE_CONFIRM)
        for proposal in proposals.open_proposals(db, actor).items:
            proposals.decide(db, actor, proposals.see_role_proposal(db, actor, proposal.id), DecideRole(accept=True))
