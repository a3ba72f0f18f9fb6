"""Cohorts of other regions and accompanied enterprises, for tests of reports."""

from datetime import date, timedelta

from sqlalchemy import text

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.models import Mandate, MandateMilestone, MilestoneConfirmation
from app.cohorts.enums import EnrolmentState, Phase
from app.cohorts.models import Cohort, Enrolment
from app.curricula.enums import MandateKind
from app.people.schemas import NewPerson
from app.people.service import add_person
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.search import search_key
from tests.factories.network import STARTED, World


def add_cohort(
    database: Database, world: World, region: str, *states: EnrolmentState, college: str = "rouyn", name: str = "Prénom"
) -> int:
    """Add a cohort in a region, with one new person per state; return its id."""
    college_id = getattr(world, college)
    with database.transaction(colleges=[college_id]) as db:
        cohort = Cohort(
            college_id=college_id, project_id=world.project, region_code=region, phase=Phase.PROTOTYPE,
            code=f"GEN-{region}-{len(states)}", title="Généraliste", curriculum_slug="generaliste",
            curriculum_version="1.0", starts_on=STARTED, ends_on=STARTED + timedelta(weeks=16), capacity=20,
            place="Sur place", created_at=now(),
        )  # fmt: skip
        db.add(cohort)
        db.flush()
        for place, state in enumerate(states):
            person = add_person(db, NewPerson(legal_first_name=name, legal_last_name=f"Numéro {region} {place}"))
            db.add(
                Enrolment(
                    college_id=college_id, cohort_id=cohort.id, person_id=person.id,
                    curriculum_slug="generaliste", curriculum_version="1.0", state=state, joined_on=STARTED,
                )
            )  # fmt: skip
        return cohort.id


def add_region_targets(database: Database, world: World, *targets: tuple[str, str, int]) -> None:
    """Give regions parts of the project's targets: the region, the kind, the value."""
    statement = text("insert into project_region_target (project_id, region_code, kind, value) values (:p, :r, :k, :v)")
    with database.engine.begin() as owner:
        for region, kind, value in targets:
            owner.execute(statement, {"p": world.project, "r": region, "k": kind, "v": value})


def add_accompanied_enterprise(
    database: Database, world: World, name: str, *, college: str = "alma", neq: str | None = None, region: str = "02",
    milestones: tuple[MilestoneKind, ...] = tuple(MilestoneKind),
    confirmed: tuple[MilestoneKind, ...] = tuple(MilestoneKind),
) -> None:  # fmt: skip
    """Add an enterprise with one mandate and these milestones, of which some are confirmed."""
    college_id = getattr(world, college)
    with database.transaction(colleges=[college_id]) as db:
        who = world.people["coordinator"]
        enterprise = Enterprise(
            college_id=college_id, neq=neq, name=name, search_key=search_key(name), sector="bois",
            size=EnterpriseSize.SMALL,
            region_code=region, created_at=now(), created_by=who,
        )  # fmt: skip
        db.add(enterprise)
        db.flush()
        mandate = Mandate(
            college_id=college_id, enterprise_id=enterprise.id, project_id=world.project,
            kind=MandateKind.accompagnement, title="Virage", opened_on=date(2026, 1, 5), created_at=now(),
            created_by=who,
        )  # fmt: skip
        db.add(mandate)
        db.flush()
        for kind in milestones:
            milestone = MandateMilestone(
                college_id=college_id, mandate_id=mandate.id, kind=kind, happened_on=date(2026, 2, 1),
                confidentiality_clause=True, recorded_at=now(), recorded_by=who,
            )  # fmt: skip
            db.add(milestone)
            db.flush()
            if kind in confirmed:
                db.add(
                    MilestoneConfirmation(
                        college_id=college_id, milestone_id=milestone.id, confirmed_at=now(),
                        confirmed_by=world.people["trainer"],
                    )
                )  # fmt: skip
