"""Nothing that progress counts is written in an archived cohort; what its people share with others still is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.accompaniment.field_hours.models import FieldHours
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.models import MandateAdvisor
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict
from app.platform.messages.i18n import today
from app.progress.service import mismatches
from tests.factories.accompaniment import new_enterprise, open_mandate, record_milestone
from tests.factories.cohorts import set_state
from tests.factories.locks import wait_for_lock_waiters
from tests.factories.network import World


def declare_hours(database: Database, world: World) -> None:
    """Declare field hours of Maude."""
    with database.transaction(colleges=[world.alma]) as db:
        row = FieldHours(
            college_id=world.alma, enrolment_id=world.enrolments["maude"], activity_code="GEN-8.A", minutes=15,
            worked_on=today(), declared_at=now(), declared_by=world.people["maude"],
        )  # fmt: skip
        db.add(row)


def move_to_another_cohort(database: Database, world: World, who: str) -> None:
    """Enrol someone in another cohort of the same college."""
    with database.as_owner() as db:
        like = db.get_one(Cohort, world.cohort)
        other = Cohort(**like.model_dump(exclude={"id", "code", "seated"}), code="GEN-ALM-2")
        db.add(other)
        db.flush()
        db.execute(
            text("update enrolment set cohort_id = :cohort where id = :id"),
            {"cohort": other.id, "id": world.enrolments[who]},
        )


def test_mandate_shared_with_an_archived_cohort_goes_on_for_the_other_one(database: Database, world: World) -> None:
    move_to_another_cohort(database, world, "karim")
    shared = open_mandate(database, world, "karim").id
    own = open_mandate(database, world, "maude", enterprise=new_enterprise("Quincaillerie", neq=None)).id
    with database.transaction(colleges=[world.alma]) as db:
        db.add(
            MandateAdvisor(
                college_id=world.alma,
                mandate_id=shared,
                enrolment_id=world.enrolments["maude"],
                person_id=world.people["maude"],
            )
        )
    set_state(database, world, CohortState.ARCHIVED)
    record_milestone(database, world, shared, MilestoneKind.AGREEMENT, who="karim")
    with pytest.raises(Conflict) as refused:
        record_milestone(database, world, own, MilestoneKind.AGREEMENT)
    assert refused.value.code == "cohort_archived"
    with database.transaction(colleges=[world.alma]) as db:
        assert mismatches(db) == []


def test_fact_that_waited_for_the_archiving_is_refused(database: Database, world: World) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.engine.begin() as archiving:
            cohort = {"id": world.cohort}
            archiving.execute(text("select id from enrolment where cohort_id = :id for no key update"), cohort)
            archive = "update cohort set state = 'archived', applications_open = false where id = :id"
            archiving.execute(text(archive), cohort)
            hours = pool.submit(declare_hours, database, world)
            wait_for_lock_waiters(database, 1, hours)
        with pytest.raises(Conflict) as refused:
            hours.result()
    assert refused.value.code == "cohort_archived"
