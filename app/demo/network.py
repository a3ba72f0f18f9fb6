"""The demo network's places and people: colleges, staff, cohorts with their admissions."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments_service
from app.cohorts.enrolments.schemas import ApplyCommand, EnrolmentRef, MoveCommand
from app.cohorts.enums import EnrolmentState, Phase
from app.cohorts.schemas import CohortRef, NewCohort, StaffCommand
from app.curricula.library import default_library
from app.curricula.schemas import Curriculum, Module
from app.demo.data import COHORTS, EMPLOYERS, FIRST_NAMES, LAST_NAMES, PLACES, CohortPlan, Place
from app.identity.account.passwords import hasher
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import load_actor
from app.network import service as network
from app.network.enums import CertificateKind, TargetKind
from app.network.schemas import CollegeShown, NewCollege, NewProject, Target
from app.platform.clock import at, now
from app.platform.database.session import Session, set_actor
from app.platform.database.transaction import Database
from app.platform.messages.i18n import search_key
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission, Role

PASSWORD = "escouade-demonstration"  # noqa: S105 - shown on the sign-in page, in demo mode only
WEEK = timedelta(weeks=1)

MOTIVES = (
    "Je reçois chaque mois des demandes de PME sur le numérique et je veux y répondre avec méthode.",
    "Mon organisme ouvre un service d’accompagnement; je veux en porter le volet numérique.",
    "Après dix ans en développement économique, je veux parler le même langage que les entreprises.",
)


@dataclass
class Staff:
    """Who runs a college's training, by person id."""

    college: CollegeShown
    coordinator: int
    registrar: int
    trainers: list[int] = field(default_factory=list)
    facilitator: int = 0


@dataclass
class Group:
    """A cohort of the demo and its people."""

    plan: CohortPlan
    staff: Staff
    cohort: CohortRef
    enrolments: list[EnrolmentRef]
    codev: list[int] = field(default_factory=list)


@dataclass
class Story:
    """What the demo is told from: a database, a seeded chance, a reference date."""

    database: Database
    seed: int
    today: date
    project_id: int = 0
    staff: dict[str, Staff] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    pools: dict[int, list[int]] = field(default_factory=dict)
    place: str = ""
    places: frozenset[str] = frozenset(p.slug for p in PLACES)
    plans: Sequence[CohortPlan] = COHORTS
    chance: random.Random = field(init=False)
    _names: Iterator[tuple[str, str]] = field(default_factory=lambda: iter(()))
    _hash: str = ""

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed} {self.place}")  # noqa: S311 - a story, not a secret

    def begin(self) -> None:
        """Shuffle the names once."""
        pairs = list(product(FIRST_NAMES, LAST_NAMES))
        self.chance.shuffle(pairs)
        self._names = iter(pairs)
        self._hash = hasher().hash(PASSWORD)

    def person(self, db: Session, domain: str) -> int:
        """Someone new with an account."""
        first, last = next(self._names)
        email = f"{search_key(first).replace(' ', '-')}.{search_key(last).replace(' ', '-')}@{domain}.example.com"
        command = NewAccount(legal_first_name=first, legal_last_name=last, email=email, password=PASSWORD)
        return add_account(db, command, password_hash=self._hash)

    def day(self) -> date:
        """The day it is in the story."""
        return now().date()

    def actor(self, db: Session, person_id: int, permission: Permission) -> Actor:
        """Someone at a door, the transaction limited to their colleges."""
        found = load_actor(db, person_id, "")
        set_actor(db, colleges=found.colleges, person=person_id)
        return found.using(permission)


def curriculum_of(group: Group) -> Curriculum:
    """The version that a group follows."""
    return default_library().curriculum(group.cohort.curriculum_slug, group.cohort.curriculum_version)


def weeks_done(group: Group) -> int:
    """How many weeks of the path a group has behind it, at its pace."""
    return int(group.plan.weeks_ago * group.plan.pace)


def moment(group: Group, module: Module, *, days: int = 0, hour: int = 16) -> datetime:
    """A moment of the module's last week."""
    return noon(group.cohort.starts_on + (module.week - 1) * WEEK + timedelta(days=days), hour)


def noon(day: date, hour: int = 16) -> datetime:
    """A moment of a day (UTC): 16 h is around noon in Quebec."""
    return datetime.combine(day, time(hour), UTC)


def lay(story: Story) -> None:
    """Places, staff, cohorts, applications, admissions and starts."""
    story.begin()
    with at(noon(story.today - 60 * WEEK)):
        _places(story)
    for plan in story.plans:
        if plan.place in story.places:
            _cohort(story, plan)


def _places(story: Story) -> None:
    with story.database.transaction() as db:
        story.project_id = network.open_project(
            db,
            NewProject(
                slug="brigade-numerique",
                name="Brigade de conseillers et conseillères numériques",
                funder="Offensive de transformation numérique",
                starts_on=story.today - 70 * WEEK,
                ends_on=story.today + 86 * WEEK,
                targets=(
                    Target(kind=TargetKind.ADVISORS, value=135),
                    Target(kind=TargetKind.ENTERPRISES, value=460),
                    Target(kind=TargetKind.REGIONS, value=17),
                ),
            ),
        ).id
        for place in PLACES:
            if place.slug in story.places:
                story.staff[place.slug] = _staff(story, db, place)
        grant_role(db, story.person(db, "escouade"), Role.ADMIN)
        grant_role(db, story.person(db, "bailleur"), Role.OBSERVER, project_id=story.project_id)
        if not {"piekouagami", "harricana"} <= story.places:
            return
        visiting = story.staff["piekouagami"].trainers[0]
        college = story.staff["harricana"].college
        set_actor(db, colleges=[college.id], person=None)
        grant_role(db, visiting, Role.TRAINER, college_id=college.id)
        story.staff["harricana"].trainers.append(visiting)


def _staff(story: Story, db: Session, place: Place) -> Staff:
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
    coordinator = story.person(db, place.slug)
    staff = Staff(college, coordinator, coordinator if small else story.person(db, place.slug))
    staff.trainers = [story.person(db, place.slug) for _ in range(1 if small else 2)]
    staff.facilitator = story.person(db, place.slug)
    grant_role(db, staff.coordinator, Role.COORDINATOR, college_id=college.id)
    grant_role(db, staff.registrar, Role.REGISTRAR, college_id=college.id)
    for trainer in staff.trainers:
        grant_role(db, trainer, Role.TRAINER, college_id=college.id)
    grant_role(db, staff.facilitator, Role.FACILITATOR, college_id=college.id)
    return staff


def _cohort(story: Story, plan: CohortPlan) -> None:
    staff = story.staff[plan.place]
    monday = story.today - timedelta(days=story.today.weekday())
    starts_on = monday - plan.weeks_ago * WEEK
    with at(noon(min(starts_on - 8 * WEEK, story.today))), story.database.transaction() as db:
        manager = story.actor(db, staff.coordinator, Permission.COHORT_MANAGE)
        label = "généraliste" if plan.path == "generaliste" else "spécialisé"
        cohort = cohorts.open_cohort(
            db,
            manager,
            staff.college,
            NewCohort(
                project_id=story.project_id,
                region_code=staff.college.region_code,
                phase=Phase(plan.phase),
                code=f"{plan.code}-{starts_on.year}",
                title=f"Parcours {label}, {staff.college.city}, {starts_on:%Y-%m}",
                curriculum_slug=plan.path,
                curriculum_version="1.0",
                starts_on=starts_on,
                capacity=12,
                place=f"{staff.college.name}, {staff.college.city}",
            ),
        )
        for trainer in staff.trainers:
            cohorts.add_staff(db, manager, cohort, StaffCommand(person_id=trainer))
    people = _applications(story, plan, staff, cohort, starts_on)
    enrolments = _admissions(story, plan, staff, cohort, people)
    story.groups.append(Group(plan, staff, cohort, enrolments))


def _applications(story: Story, plan: CohortPlan, staff: Staff, cohort: CohortRef, starts_on: date) -> list[int]:
    """One application each, in the weeks before; the transaction is the applicant's own."""
    with at(noon(min(starts_on - 5 * WEEK, story.today))):
        with story.database.transaction() as db:
            people = [story.person(db, plan.place) for _ in range(plan.people)]
        for person_id in people:
            with story.database.transaction() as db:
                applicant = story.actor(db, person_id, Permission.COHORT_APPLY)
                command = ApplyCommand(
                    motive=story.chance.choice(MOTIVES),
                    employer=f"{story.chance.choice(EMPLOYERS)} ({staff.college.city})",
                    employer_agrees=True,
                )
                enrolments_service.apply(db, applicant, cohorts.see_open_cohort(db, cohort.id), command)
    return people


def _admissions(
    story: Story, plan: CohortPlan, staff: Staff, cohort: CohortRef, people: list[int]
) -> list[EnrolmentRef]:
    """Admitted three weeks before; one of a running cohort joins late (S2); cohorts to come wait."""
    begun = plan.weeks_ago > 0
    late = people[-1] if plan.place == "piekouagami" and plan.code == "GEN-2" else None
    with at(noon(min(cohort.starts_on - 3 * WEEK, story.today))), story.database.transaction() as db:
        manager = story.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment in enrolments_service.enrolments_in(db, cohort):
            waits = not begun and story.chance.random() < 0.4  # noqa: PLR2004 - some applications are still open
            if enrolment.person_id != late and not waits:
                enrolments_service.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.ADMITTED))
    if begun:
        with at(noon(cohort.starts_on)), story.database.transaction() as db:
            manager = story.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
            enrolments_service.start(db, manager, cohort)
    if late is not None:
        _join_late(story, staff, cohort, late)
    with story.database.transaction() as db:
        manager = story.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        if begun:
            cohorts.set_applications(db, cohort, is_open=False)
        return enrolments_service.enrolments_in(db, cohort)


def _join_late(story: Story, staff: Staff, cohort: CohortRef, person_id: int) -> None:
    joined = cohort.starts_on + timedelta(weeks=3, days=2)
    with at(noon(joined)), story.database.transaction() as db:
        manager = story.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        mine = next(e for e in enrolments_service.enrolments_in(db, cohort) if e.person_id == person_id)
        mine = enrolments_service.move(db, manager, mine, MoveCommand(to=EnrolmentState.ADMITTED, joined_on=joined))
        enrolments_service.move(db, manager, mine, MoveCommand(to=EnrolmentState.ACTIVE, joined_on=joined))
