"""The demo network shows the catch-up list of someone who joined late, decided: one workshop waived, the others due."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from app.curricula.service import register_published
from app.demo.data import CohortPlan
from app.demo.load import load
from app.platform.files.folder import FolderStore
from tests.conftest import RING
from tests.server import opened


@pytest.mark.timeout(400)
def test_list_of_someone_who_joined_late_is_decided(fresh_url: Callable[[], str], tmp_path: Path) -> None:
    """One small cohort of the demo network, simulated: several seconds."""
    database = opened(fresh_url())
    with database.transaction() as db:
        register_published(db)
    plan = CohortPlan("vieux-fort", "GEN-1", "generaliste", 6, 5)
    load(
        database,
        "http://testserver",
        RING,
        FolderStore(tmp_path),
        on=date(2026, 11, 22),
        places=("vieux-fort",),
        plans=(plan,),
    )
    with database.engine.connect() as owner:
        decided = owner.execute(
            text(
                "select count(*) filter (where waived_because is not null), count(*) filter (where due_on is not null)"
                " from catch_up c join enrolment e on e.id = c.enrolment_id join cohort k on k.id = e.cohort_id"
                " where e.joined_on > k.starts_on"
            )
        ).one()
    database.dispose()
    assert decided[0] == 1
    assert decided[1] >= 1
