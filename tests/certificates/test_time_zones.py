"""A cohort in the Îles-de-la-Madeleine dates its documents by its own clock, an hour before Quebec's (BR-19, BR-30)."""

from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pikepdf
import pytest

from app.certificates.badges.rules import start_of_day
from app.certificates.corrections import service as corrections
from app.certificates.corrections.revocations import open_revocation
from app.certificates.corrections.rules import DAYS_TO_ANSWER
from app.certificates.corrections.schemas import Correction, OpenRevocation, Reissue
from app.certificates.documents.layout import Draft, render_document
from app.certificates.documents.service import DocumentStore
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateRecord
from app.cohorts import service as cohorts
from app.cohorts.models import Cohort
from app.cohorts.offer.service import open_cohorts
from app.network.models import College
from app.people.legal_names.schemas import PersonRef, Rename
from app.people.legal_names.service import rename
from app.people.models import Person
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.errors import Invalid, NotFound
from app.platform.files.folder import FolderStore
from app.platform.security.permissions import P
from tests.certificates.test_issue import issue
from tests.conftest import RING
from tests.factories import certificates as samples
from tests.factories import eligible
from tests.factories.network import World, acting

ISLANDS = ZoneInfo("America/Halifax")
NEW_YEAR = datetime(2027, 1, 1, 0, 30, tzinfo=ISLANDS)
"""Half past midnight in the Îles; half past eleven the year before in Montréal."""


@pytest.fixture
def islands(database: Database, world: World) -> World:
    """The world with its college and its cohort in the Îles; someone may receive a certificate."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.as_owner() as db:
        db.get_one(College, world.alma).timezone = ISLANDS.key
        db.get_one(Cohort, world.cohort).timezone = ISLANDS.key
    return world


def test_issue_after_midnight_in_the_islands_is_of_the_new_year(database: Database, islands: World) -> None:
    with at(NEW_YEAR):
        issued = issue(database, islands, "maude")
    assert issued.issued_on == issued.record.issued_on == date(2027, 1, 1)
    assert issued.number == "ALM-2027-0001"
    assert issued.record.timezone == ISLANDS.key


def test_issue_at_the_same_moment_in_montreal_is_of_the_old_year(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with at(NEW_YEAR):
        issued = issue(database, world, "maude")
    assert (issued.issued_on, issued.number) == (date(2026, 12, 31), "ALM-2026-0001")


def test_replacement_and_revocation_follow_the_islands_too(database: Database, islands: World, tmp_path: Path) -> None:
    with at(NEW_YEAR):
        first = issue(database, islands, "maude")
        with database.transaction() as db:
            actor = acting(db, islands, "registrar", P.CERTIFICATE_CORRECT)
            db.get_one(Person, islands.people["maude"]).legal_last_name = "Bérubé-Roy"
            ref = see_certificate(db, actor, first.id)
            command = Reissue(what=Correction.NAME, reason="Nom corrigé")
            store = DocumentStore(FolderStore(tmp_path), "https://escouade.example.org", RING)
            second = corrections.reissue(db, actor, ref, command, store)
        with database.transaction() as db:
            actor = acting(db, islands, "registrar", P.CERTIFICATE_CORRECT)
            ref = see_certificate(db, actor, second.id)
            opened = open_revocation(db, actor, ref, OpenRevocation(reason="Erreur"), site="https://e.example.org")
    assert (second.number, second.issued_on) == ("ALM-2027-0002", date(2027, 1, 1))
    assert opened.answer_by == date(2027, 1, 1 + DAYS_TO_ANSWER)


def test_metadata_and_attachment_are_dated_from_midnight_in_the_islands() -> None:
    record = samples.sample(issued_on=date(2027, 1, 1), timezone=ISLANDS.key)
    with pikepdf.open(BytesIO(render_document(Draft(record, credential="{}")))) as file:
        assert str(file.docinfo.CreationDate) == str(file.docinfo.ModDate) == "D:20270101000000-04'00"
        assert "2027-01-01T00:00:00-04:00" in file.Root.Metadata.read_bytes().decode()
        [attached] = file.attachments.values()
        assert attached.get_file().creation_date == datetime(2027, 1, 1, 4, tzinfo=UTC)
    assert start_of_day(record.issued_on, record.zone) == "2027-01-01T04:00:00Z"


def test_record_frozen_before_time_zones_keeps_its_dates() -> None:
    record: CertificateRecord = samples.sample(issued_on=date(2026, 6, 1))
    assert (record.timezone, record.zone) == (None, "America/Toronto")
    with pikepdf.open(BytesIO(render_document(Draft(record)))) as file:
        assert str(file.docinfo.CreationDate) == "D:20260601"


def test_cohort_closes_to_applications_at_its_own_midnight(database: Database, islands: World) -> None:
    with database.as_owner() as db:
        cohort = db.get_one(Cohort, islands.cohort)
        cohort.applications_open, cohort.ends_on = True, date(2027, 1, 1)
    with at(NEW_YEAR), database.transaction() as db:
        actor = acting(db, islands, "elise", P.COHORT_APPLY)
        assert islands.cohort not in [c.id for c in open_cohorts(db, actor).items]
        with pytest.raises(NotFound):
            cohorts.see_open_cohort(db, actor, islands.cohort)
    with database.as_owner() as db:
        db.get_one(Cohort, islands.cohort).timezone = "America/Toronto"
    with at(NEW_YEAR), database.transaction() as db:
        actor = acting(db, islands, "elise", P.COHORT_APPLY)
        assert islands.cohort in [c.id for c in open_cohorts(db, actor).items]
        assert cohorts.see_open_cohort(db, actor, islands.cohort).id == islands.cohort


def test_proof_of_name_seen_today_in_the_islands_is_not_in_the_future(database: Database, islands: World) -> None:
    person = PersonRef(person_id=islands.people["maude"], college_id=islands.alma)
    new = Rename(legal_first_name="Maude", legal_last_name="Roy", seen_on=date(2027, 1, 1))
    with at(NEW_YEAR), database.transaction() as db:
        assert rename(db, acting(db, islands, "registrar"), person, new).legal_last_name == "Roy"
    later = new.model_copy(update={"legal_last_name": "Gagné", "seen_on": date(2027, 1, 2)})
    with at(NEW_YEAR), pytest.raises(Invalid), database.transaction() as db:
        rename(db, acting(db, islands, "registrar"), person, later)
