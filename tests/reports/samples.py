"""People of other regions, enterprises accompanied and what else reports count."""

from datetime import date, timedelta

from app.accompaniment.models import Enterprise, EnterpriseSize, Mandate, MandateMilestone, MilestoneKind
from app.cohorts.models import Cohort, Enrolment, EnrolmentState, Phase
from app.curricula.schema import MandateKind
from app.db import Database, now
from app.people.schemas import NewPerson
from app.people.service import add_person
from app.text import fold
from tests.world import STARTED, World


def settle(
    database: Database, world: World, region: str, *states: EnrolmentState, college: str = "rouyn", name: str = "Prénom"
) -> int:
    """A cohort in a region, with one new person per state; returns the cohort."""
    college_id = getattr(world, college)
    with database.transaction(colleges=[college_id]) as session:
        cohort = Cohort(
            college_id=college_id, project_id=world.project, region_code=region, phase=Phase.PROTOTYPE,
            code=f"GEN-{region}-{len(states)}", title="Généraliste", curriculum_slug="generaliste",
            curriculum_version="1.0", starts_on=STARTED, ends_on=STARTED + timedelta(weeks=16), capacity=20,
            place="Sur place", created_at=now(),
        )  # fmt: skip
        session.add(cohort)
        session.flush()
        for place, state in enumerate(states):
            person = add_person(session, NewPerson(legal_first_name=name, legal_last_name=f"Numéro {region} {place}"))
            session.add(
                Enrolment(
                    college_id=college_id, cohort_id=cohort.id or 0, person_id=person.id or 0,
                    curriculum_slug="generaliste", curriculum_version="1.0", state=state, joined_on=STARTED,
                )
            )  # fmt: skip
        return cohort.id or 0


def accompany(
    database: Database, world: World, name: str, *, college: str = "alma", neq: str | None = None, region: str = "02",
    milestones: tuple[MilestoneKind, ...] = tuple(MilestoneKind),
) -> None:  # fmt: skip
    """An enterprise with one mandate that has come so far."""
    college_id = getattr(world, college)
    with database.transaction(colleges=[college_id]) as session:
        who = world.people["coordinator"]
        enterprise = Enterprise(
            college_id=college_id, neq=neq, name=name, search_key=fold(name), sector="bois", size=EnterpriseSize.SMALL,
            region_code=region, created_at=now(), created_by=who,
        )  # fmt: skip
        session.add(enterprise)
        session.flush()
        mandate = Mandate(
            college_id=college_id, enterprise_id=enterprise.id or 0, project_id=world.project,
            kind=MandateKind.accompagnement, title="Virage", opened_on=date(2026, 1, 5), created_at=now(),
            created_by=who,
        )  # fmt: skip
        session.add(mandate)
        session.flush()
        for kind in milestones:
            session.add(
                MandateMilestone(
                    college_id=college_id, mandate_id=mandate.id or 0, kind=kind, happened_on=date(2026, 2, 1),
                    confidentiality_clause=True, recorded_at=now(), recorded_by=who,
                )
            )  # fmt: skip
