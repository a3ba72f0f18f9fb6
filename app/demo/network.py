"""The demo plan, and the network that it populates first: colleges, staff, cohorts with their admissions."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments_service
from app.cohorts.enrolments.schemas import ApplyCommand, EnrolmentRef, MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState, Phase
from app.cohorts.lifecycle import service as lifecycle
from app.cohorts.lifecycle.schemas import MoveCohort
from app.cohorts.schemas import CohortRef, NewCohort, StaffCommand
from app.curricula.schemas import Module
from app.demo.data import COHORTS, EMPLOYERS, FIRST_NAMES, LAST_NAMES, PLACES, SPOTS, CohortPlan, Place
from app.identity.account.passwords import hasher
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import load_actor
from app.network import service as network
from app.network.enums import CertificateKind, TargetKind
from app.network.schemas import CollegeShown, NewCollege, NewProject, NewTarget
from app.network.venues import service as venues
from app.network.venues.schemas import NewVenue
from app.platform.clock import at, now
from app.platform.database.session import Session, set_actor
from app.platform.database.transaction import Database
from app.platform.search import search_words
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission, Role

PASSWORD = "escouade-demonstration"  # noqa: S105 - shown on the sign-in page, in demo mode only
WEEK = timedelta(weeks=1)

MOTIVES = (
    "Je reçois chaque mois des demandes de PME sur le numérique et je veux y répondre avec méthode.",
    "Mon organisme ouvre un service d’accompagnement; je veux en porter le volet numérique.",
    "Après dix ans en développement économique, je veux parler le même langage que les entreprises.",
)


POSITIONED = "Positionnement de niveau 2 ou plus sur les compétences du parcours généraliste."
"""Why people who did not complete the generalist path are admitted to the specialist one."""
JOINED_LATE = (("piekouagami", "GEN-2"), ("vieux-fort", "GEN-1"))
"""The cohorts that someone joined late: the list of what they missed is still to decide, and decided."""


@dataclass
class Staff:
    """A college and the person ids of its staff."""

    college: CollegeShown
    coordinator: int
    registrar: int
    trainers: list[int] = field(default_factory=list)
    facilitator: int = 0


@dataclass
class Group:
    """A cohort of the demo, its enrolments, and the ids of its codevelopment groups."""

    plan: CohortPlan
    staff: Staff
    cohort: CohortRef
    enrolments: list[EnrolmentRef]
    codev: list[int] = field(default_factory=list)


@dataclass
class DemoPlan:
    """What the demo network is populated from: a database, a seeded random generator, a reference date.

    ``enterprise_pools`` are the ids of enterprises without a mandate yet, by college id; ``place`` is the college
    that a process simulates, empty while the whole network is populated.
    """

    database: Database
    seed: int
    today: date
    project_id: int = 0
    staff: dict[str, Staff] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    enterprise_pools: dict[int, list[int]] = field(default_factory=dict)
    place: str = ""
    places: frozenset[str] = frozenset(p.slug for p in PLACES)
    plans: Sequence[CohortPlan] = COHORTS
    rng: random.Random = field(init=False)
    _names: Iterator[tuple[str, str]] = field(default_factory=lambda: iter(()))
    _hash: str = ""

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.seed} {self.place}")  # noqa: S311 - demo data, not a secret

    def prepare(self) -> None:
        """Shuffle the names, and hash the demo password once for all accounts."""
        pairs = list(product(FIRST_NAMES, LAST_NAMES))
        self.rng.shuffle(pairs)
        self._names = iter(pairs)
        self._hash = hasher().hash(PASSWORD)

    def new_person(self, db: Session, domain: str) -> int:
        """Create a person with an account, and return the person's id."""
        first, last = next(self._names)
        email = f"{'-'.join(search_words(first))}.{'-'.join(search_words(last))}@{domain}.example.com"
        command = NewAccount(legal_first_name=first, legal_last_name=last, email=email, password=PASSWORD)
        return add_account(db, command, password_hash=self._hash)

    def current_day(self) -> date:
        """Return the date of the simulated clock."""
        return now().date()

    def actor(self, db: Session, person_id: int, permission: Permission) -> Actor:
        """Return a person as an actor with one permission in force, the transaction limited to their colleges."""
        actor = load_actor(db, person_id, "")
        set_actor(db, colleges=actor.colleges, person=person_id)
        return actor.using(permission)


def weeks_done(group: Group) -> int:
    """Return how many weeks of the path a group has completed, at its pace."""
    return int(group.plan.weeks_ago * group.plan.pace)


def moment(group: Group, module: Module, *, days: int = 0, hour: int = 16) -> datetime:
    """Return a moment (UTC) counted from the first day of the module's week in the curriculum."""
    return noon(group.cohort.starts_on + (module.week - 1) * WEEK + timedelta(days=days), hour)


def noon(day: date, hour: int = 16) -> datetime:
    """Return an hour of a day in UTC: 16 h is around noon in Quebec."""
    return datetime.combine(day, time(hour), UTC)


def populate_network(demo: DemoPlan) -> None:
    """Open the colleges with their staff, then the cohorts with their applications, admissions and starts."""
    demo.prepare()
    with at(noon(demo.today - 60 * WEEK)):
        _open_colleges(demo)
    for plan in demo.plans:
        if plan.place in demo.places:
            _cohort(demo, plan)


def _open_colleges(demo: DemoPlan) -> None:
    with demo.database.transaction() as db:
        demo.project_id = network.open_project(
            db,
            NewProject(
                slug="brigade-numerique",
                name="Brigade de conseillers et conseillères numériques",
                funder="Offensive de transformation numérique",
                starts_on=demo.today - 70 * WEEK,
                ends_on=demo.today + 86 * WEEK,
                targets=(
                    NewTarget(kind=TargetKind.ADVISORS, value=135),
                    NewTarget(kind=TargetKind.ENTERPRISES, value=460),
                    NewTarget(kind=TargetKind.REGIONS, value=17),
                ),
            ),
        ).id
        for place in PLACES:
            if place.slug in demo.places:
                demo.staff[place.slug] = _open_college(demo, db, place)
        admin = demo.new_person(db, "escouade")
        grant_role(db, admin, Role.ADMIN)
        _add_venues(demo, db, admin)
        grant_role(db, demo.new_person(db, "bailleur"), Role.OBSERVER, project_id=demo.project_id)
        if not {"piekouagami", "harricana"} <= demo.places:
            return
        visiting_trainer = demo.staff["piekouagami"].trainers[0]
        college = demo.staff["harricana"].college
        set_actor(db, colleges=[college.id], person=None)
        grant_role(db, visiting_trainer, Role.TRAINER, college_id=college.id)
        demo.staff["harricana"].trainers.append(visiting_trainer)


def _add_venues(demo: DemoPlan, db: Session, admin: int) -> None:
    actor = demo.actor(db, admin, Permission.VENUE_MANAGE)
    for spot in SPOTS:
        if spot.place is None or spot.place in demo.staff:
            college_id = demo.staff[spot.place].college.id if spot.place else None
            command = NewVenue(
                college_id=college_id,
                name=spot.name,
                address=spot.address,
                city=spot.city,
                timezone=spot.timezone,
                accessibility=spot.accessibility,
            )
            venues.add_venue(db, actor, command)


def _open_college(demo: DemoPlan, db: Session, place: Place) -> Staff:
    college = network.open_college(
        db,
        NewCollege(
            slug=place.slug,
            name=place.name,
            city=place.city,
            region_code=place.region,
            number_prefix=place.prefix,
            timezone=place.timezone,
            is_sofeduc_member=place.ceu,
            authorised_kinds=tuple(CertificateKind),
        ),
    )
    set_actor(db, colleges=[college.id], person=None)
    small = place.slug in {"lac-gilman", "havre"}
    coordinator = demo.new_person(db, place.slug)
    staff = Staff(college, coordinator, coordinator if small else demo.new_person(db, place.slug))
    staff.trainers = [demo.new_person(db, place.slug) for _ in range(1 if small else 2)]
    staff.facilitator = demo.new_person(db, place.slug)
    grant_role(db, staff.coordinator, Role.COORDINATOR, college_id=college.id)
    grant_role(db, staff.registrar, Role.REGISTRAR, college_id=college.id)
    for trainer in staff.trainers:
        grant_role(db, trainer, Role.TRAINER, college_id=college.id)
    grant_role(db, staff.facilitator, Role.FACILITATOR, college_id=college.id)
    return staff


def _cohort(demo: DemoPlan, plan: CohortPlan) -> None:
    staff = demo.staff[plan.place]
    monday = demo.today - timedelta(days=demo.today.weekday())
    starts_on = monday - plan.weeks_ago * WEEK
    with at(noon(min(starts_on - 8 * WEEK, demo.today))), demo.database.transaction() as db:
        manager = demo.actor(db, staff.coordinator, Permission.COHORT_MANAGE)
        label = "généraliste" if plan.path == "generaliste" else "spécialisé"
        cohort = cohorts.add_cohort(
            db,
            manager,
            staff.college,
            NewCohort(
                project_id=demo.project_id,
                region_code=staff.college.region_code,
                phase=Phase(plan.phase),
                code=f"{plan.code}-{starts_on.year}",
                title=f"Parcours {label}, {staff.college.city}, {starts_on:%Y-%m}",
                curriculum_slug=plan.path,
                curriculum_version=plan.version,
                starts_on=starts_on,
                capacity=12,
                place=f"{staff.college.name}, {staff.college.city}",
            ),
        )
        for trainer in staff.trainers:
            cohorts.add_staff(db, manager, cohort, StaffCommand(person_id=trainer))
        shown = lifecycle.preview(db, manager, cohort, CohortState.OPEN).shown
        lifecycle.move(db, manager, cohort, MoveCohort(to=CohortState.OPEN, shown=shown))
    person_ids = _apply(demo, plan, staff, cohort, starts_on)
    enrolments = _admit(demo, plan, staff, cohort, person_ids)
    demo.groups.append(Group(plan, staff, cohort, enrolments))


def _apply(demo: DemoPlan, plan: CohortPlan, staff: Staff, cohort: CohortRef, starts_on: date) -> list[int]:
    """Create the cohort's people, each with an application in a transaction of their own; return their ids."""
    with at(noon(min(starts_on - 5 * WEEK, demo.today))):
        with demo.database.transaction() as db:
            person_ids = [demo.new_person(db, plan.place) for _ in range(plan.people)]
        for person_id in person_ids:
            with demo.database.transaction() as db:
                applicant = demo.actor(db, person_id, Permission.COHORT_APPLY)
                command = ApplyCommand(
                    motive=demo.rng.choice(MOTIVES),
                    employer=f"{demo.rng.choice(EMPLOYERS)} ({staff.college.city})",
                    employer_agrees=True,
                )
                enrolments_service.apply(db, applicant, cohorts.see_open_cohort(db, applicant, cohort.id), command)
    return person_ids


def _admit(
    demo: DemoPlan, plan: CohortPlan, staff: Staff, cohort: CohortRef, person_ids: list[int]
) -> list[EnrolmentRef]:
    """Admit the applicants three weeks before the start, and start the cohort if its day has come.

    One person joins a running cohort late (S2); some applications to a cohort to come stay open.
    """
    started = plan.weeks_ago > 0
    late = person_ids[-1] if (plan.place, plan.code) in JOINED_LATE else None
    with at(noon(min(cohort.starts_on - 3 * WEEK, demo.today))), demo.database.transaction() as db:
        manager = demo.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment in enrolments_service.enrolments_in(db, cohort):
            stays_open = not started and demo.rng.random() < 0.4  # noqa: PLR2004 - some applications are still open
            if enrolment.person_id != late and not stays_open:
                why = None if plan.path == "generaliste" else POSITIONED
                enrolments_service.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.ADMITTED, reason=why))
    if started:
        with at(noon(cohort.starts_on)), demo.database.transaction() as db:
            manager = demo.actor(db, staff.coordinator, Permission.COHORT_MANAGE)
            ready = cohorts.see_cohort(db, manager, cohort.id)
            shown = lifecycle.preview(db, manager, ready, CohortState.RUNNING).shown
            lifecycle.move(db, manager, ready, MoveCohort(to=CohortState.RUNNING, shown=shown))
    if late is not None:
        _join_late(demo, staff, cohort, late)
    with demo.database.transaction() as db:
        manager = demo.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        if started:
            cohorts.set_applications(db, cohort, is_open=False)
        return enrolments_service.enrolments_in(db, cohort)


def _join_late(demo: DemoPlan, staff: Staff, cohort: CohortRef, person_id: int) -> None:
    joined = cohort.starts_on + timedelta(weeks=3, days=2)
    with at(noon(joined)), demo.database.transaction() as db:
        manager = demo.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        enrolment = next(e for e in enrolments_service.enrolments_in(db, cohort) if e.person_id == person_id)
        admission = MoveCommand(to=EnrolmentState.ADMITTED, joined_on=joined)
        enrolment = enrolments_service.move(db, manager, enrolment, admission)
        enrolments_service.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.ACTIVE, joined_on=joined))
