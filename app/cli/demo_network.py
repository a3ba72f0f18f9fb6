"""The demo network's places and people: colleges, staff, cohorts with their admissions."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from app.access import Actor, Permission, Role
from app.cli.demo_data import COHORTS, EMPLOYERS, FIRST_NAMES, LAST_NAMES, PLACES, CohortPlan, Place
from app.clock import at, now
from app.cohorts import service as cohorts
from app.cohorts.models import EnrolmentState, Phase
from app.cohorts.schemas import ApplyCommand, CohortRef, EnrolmentRef, MoveCommand, NewCohort, StaffCommand
from app.curricula.library import default_library
from app.curricula.schema import CertificateKind, Curriculum, Module
from app.db import Database, Session, act_for
from app.network import service as network
from app.network.models import TargetKind
from app.network.schemas import CollegeShown, NewCollege, NewProject, Target
from app.people.schemas import NewAccount
from app.people.service import add_account, hasher, hold
from app.people.service_sign_in import actor_for
from app.text import fold

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

    def person(self, session: Session, domain: str) -> int:
        """Someone new with an account."""
        first, last = next(self._names)
        email = f"{fold(first).replace(' ', '-')}.{fold(last).replace(' ', '-')}@{domain}.example.com"
        command = NewAccount(legal_first_name=first, legal_last_name=last, email=email, password=PASSWORD)
        return add_account(session, command, password_hash=self._hash)

    def day(self) -> date:
        """The day it is in the story."""
        return now().date()

    def actor(self, session: Session, person_id: int, permission: Permission) -> Actor:
        """Someone at a door, the transaction limited to their colleges."""
        found = actor_for(session, person_id, "")
        act_for(session, colleges=found.colleges, person=person_id)
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
    with story.database.transaction() as session:
        story.project_id = network.open_project(
            session,
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
                story.staff[place.slug] = _staff(story, session, place)
        hold(session, story.person(session, "escouade"), Role.ADMIN)
        hold(session, story.person(session, "bailleur"), Role.OBSERVER, project_id=story.project_id)
        if not {"piekouagami", "harricana"} <= story.places:
            return
        visiting = story.staff["piekouagami"].trainers[0]
        college = story.staff["harricana"].college
        act_for(session, colleges=[college.id], person=None)
        hold(session, visiting, Role.TRAINER, college_id=college.id)
        story.staff["harricana"].trainers.append(visiting)


def _staff(story: Story, session: Session, place: Place) -> Staff:
    college = network.open_college(
        session,
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
    act_for(session, colleges=[college.id], person=None)
    small = place.slug in {"lac-gilman", "havre"}
    coordinator = story.person(session, place.slug)
    staff = Staff(college, coordinator, coordinator if small else story.person(session, place.slug))
    staff.trainers = [story.person(session, place.slug) for _ in range(1 if small else 2)]
    staff.facilitator = story.person(session, place.slug)
    hold(session, staff.coordinator, Role.COORDINATOR, college_id=college.id)
    hold(session, staff.registrar, Role.REGISTRAR, college_id=college.id)
    for trainer in staff.trainers:
        hold(session, trainer, Role.TRAINER, college_id=college.id)
    hold(session, staff.facilitator, Role.FACILITATOR, college_id=college.id)
    return staff


def _cohort(story: Story, plan: CohortPlan) -> None:
    staff = story.staff[plan.place]
    monday = story.today - timedelta(days=story.today.weekday())
    starts_on = monday - plan.weeks_ago * WEEK
    with at(noon(min(starts_on - 8 * WEEK, story.today))), story.database.transaction() as session:
        manager = story.actor(session, staff.coordinator, Permission.COHORT_MANAGE)
        label = "généraliste" if plan.path == "generaliste" else "spécialisé"
        cohort = cohorts.open_cohort(
            session,
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
            cohorts.add_staff(session, manager, cohort, StaffCommand(person_id=trainer))
    people = _applications(story, plan, staff, cohort, starts_on)
    enrolments = _admissions(story, plan, staff, cohort, people)
    story.groups.append(Group(plan, staff, cohort, enrolments))


def _applications(story: Story, plan: CohortPlan, staff: Staff, cohort: CohortRef, starts_on: date) -> list[int]:
    """One application each, in the weeks before; the transaction is the applicant's own."""
    with at(noon(min(starts_on - 5 * WEEK, story.today))):
        with story.database.transaction() as session:
            people = [story.person(session, plan.place) for _ in range(plan.people)]
        for person_id in people:
            with story.database.transaction() as session:
                applicant = story.actor(session, person_id, Permission.COHORT_APPLY)
                command = ApplyCommand(
                    motive=story.chance.choice(MOTIVES),
                    employer=f"{story.chance.choice(EMPLOYERS)} ({staff.college.city})",
                    employer_agrees=True,
                )
                cohorts.apply(session, applicant, cohorts.see_open_cohort(session, cohort.id), command)
    return people


def _admissions(
    story: Story, plan: CohortPlan, staff: Staff, cohort: CohortRef, people: list[int]
) -> list[EnrolmentRef]:
    """Admitted three weeks before; one of a running cohort joins late (S2); cohorts to come wait."""
    begun = plan.weeks_ago > 0
    late = people[-1] if plan.place == "piekouagami" and plan.code == "GEN-2" else None
    with at(noon(min(cohort.starts_on - 3 * WEEK, story.today))), story.database.transaction() as session:
        manager = story.actor(session, staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment in cohorts.enrolments_in(session, cohort):
            waits = not begun and story.chance.random() < 0.4  # noqa: PLR2004 - some applications are still open
            if enrolment.person_id != late and not waits:
                cohorts.move(session, manager, enrolment, MoveCommand(to=EnrolmentState.ADMITTED))
    if begun:
        with at(noon(cohort.starts_on)), story.database.transaction() as session:
            manager = story.actor(session, staff.coordinator, Permission.ENROLMENT_MANAGE)
            cohorts.start(session, manager, cohort)
    if late is not None:
        _join_late(story, staff, cohort, late)
    with story.database.transaction() as session:
        manager = story.actor(session, staff.coordinator, Permission.ENROLMENT_MANAGE)
        if begun:
            cohorts.set_applications(session, cohort, is_open=False)
        return cohorts.enrolments_in(session, cohort)


def _join_late(story: Story, staff: Staff, cohort: CohortRef, person_id: int) -> None:
    joined = cohort.starts_on + timedelta(weeks=3, days=2)
    with at(noon(joined)), story.database.transaction() as session:
        manager = story.actor(session, staff.coordinator, Permission.ENROLMENT_MANAGE)
        mine = next(e for e in cohorts.enrolments_in(session, cohort) if e.person_id == person_id)
        mine = cohorts.move(session, manager, mine, MoveCommand(to=EnrolmentState.ADMITTED, joined_on=joined))
        cohorts.move(session, manager, mine, MoveCommand(to=EnrolmentState.ACTIVE, joined_on=joined))
