"""Issuing: the candidates, the decision, the number, the frozen record, and the reasons of refusals."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.certificates.issuing import service as issuing
from app.certificates.issuing.candidates import list_candidates
from app.certificates.issuing.schemas import Candidate, Choice, IssueCertificate
from app.certificates.models import Certificate
from app.certificates.register import service as register
from app.certificates.schemas import CertificateView
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.network import service as network
from app.network.enums import CertificateKind
from app.network.models import College
from app.people.models import Person
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, NotFound
from app.platform.messages.i18n import QUEBEC
from app.platform.security.permissions import P
from tests.factories import eligible
from tests.factories.holds import hold_certificates, lift_hold
from tests.factories.interests import declare_maude
from tests.factories.network import PARTICIPANTS, STARTED, World, acting, count

SITE = "https://escouade.example.org/"
PARTICIPATION = CertificateKind.attestation_participation
ACHIEVEMENT = CertificateKind.attestation_reussite


def issue(
    database: Database, world: World, who: str, kind: CertificateKind = PARTICIPATION, by: str = "registrar"
) -> CertificateView:
    with database.transaction() as db:
        actor = acting(db, world, by, P.CERTIFICATE_ISSUE)
        enrolment = cohorts.see_enrolment(db, actor, world.enrolments[who])
        return issuing.issue(db, actor, enrolment, IssueCertificate(kind=kind), site=SITE)


def refusal_codes(database: Database, world: World, who: str, kind: CertificateKind = PARTICIPATION) -> list[str]:
    """Return the codes of the reasons that forbid issuing."""
    with pytest.raises(Conflict) as refusal:
        issue(database, world, who, kind)
    assert refusal.value.code == "certificate_refused"
    return [r.code for r in refusal.value.reasons]


def candidates(database: Database, world: World, by: str = "registrar") -> dict[str, Candidate]:
    with database.transaction() as db:
        actor = acting(db, world, by, P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        return {c.name: c for c in list_candidates(db, actor, college).items}


def choice(database: Database, world: World, name: str, kind: CertificateKind) -> Choice:
    return next(c for c in candidates(database, world)[name].choices if c.kind is kind)


def test_record_of_an_achievement_is_complete(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.achieve(database, world, "elise")
    issued = issue(database, world, "elise", ACHIEVEMENT)
    record = issued.record
    assert record.holder == "Élise Lœwen-Côté"
    assert (record.college_name, record.city, record.place) == ("Collège d’Alma", "Alma", "Alma")
    assert record.path_title == "Parcours généraliste – Intervenir en contexte numérique"
    assert (record.planned_minutes, record.recognised_minutes) == (3600, 3600)
    assert (record.curriculum_version, record.framework_version) == ("1.0", "1.0")
    assert record.starts_on == STARTED
    assert record.ends_on == record.issued_on == issued.issued_on
    assert [c.code for c in record.competencies] == [f"CN-{n:02}" for n in (1, 2, 3, 4, 8, 9, 10, 11, 12)]
    assert [(s.name, s.title) for s in record.signatories] == [
        ("Hélène Castonguay", "Directrice de la formation continue")
    ]
    assert record.ceu is None
    assert record.non_credited
    assert record.verify_url == f"https://escouade.example.org/v/{record.code}"
    assert len(record.code) == 32
    assert issued.number == f"ALM-{issued.issued_on.year}-0001"
    assert issued.decided_by == "Régine Registraire"


def test_a_participation_asks_for_hours_and_shows_no_level(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "karim")
    assert issue(database, world, "karim").record.competencies == ()
    assert "competency_below" in refusal_codes(database, world, "karim", ACHIEVEMENT)


def test_units_where_the_college_grants_them(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "karim")
    with database.as_owner() as db:
        college = db.get_one(College, world.alma)
        college.is_sofeduc_member = True
        db.add(college)
    assert issue(database, world, "karim").record.ceu == "4.8"


def test_candidates_show_who_is_ready_and_what_others_miss(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    ready = choice(database, world, "Maude Bérubé", PARTICIPATION)
    assert (ready.ready, ready.why, ready.certificate_id) == (True, (), None)
    assert "module_incomplete" in {w.code for w in choice(database, world, "Maude Bérubé", ACHIEVEMENT).why}
    assert {w.code for w in choice(database, world, "Karim Haddad", PARTICIPATION).why} == {
        "attendance_low", "hours_low",
    }  # fmt: skip
    issued = issue(database, world, "maude")
    after = choice(database, world, "Maude Bérubé", PARTICIPATION)
    assert (after.ready, after.certificate_id, after.number) == (False, issued.id, issued.number)


def test_the_list_is_in_french_order_and_of_the_college_only(database: Database, world: World) -> None:
    assert list(candidates(database, world)) == ["Maude Bérubé", "Karim Haddad", "Élise Lœwen-Côté", "Yves O’Brien"]
    with database.transaction() as db:
        actor = acting(db, world, "other_registrar", P.CERTIFICATE_ISSUE)
        with pytest.raises(NotFound):
            network.see_college(db, actor, world.alma)


@pytest.mark.parametrize("people", [("maude",), ("maude", "karim", "elise")])
def test_the_list_takes_a_fixed_number_of_queries(database: Database, world: World, people: tuple[str, ...]) -> None:
    from sqlalchemy import event  # noqa: PLC0415

    eligible.sign(database, world)
    for who in people:
        eligible.attend(database, world, who)
        issue(database, world, who)
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        statements: list[str] = []
        event.listen(database.request_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        list_candidates(db, actor, college)
    assert len(statements) == 4, statements


def test_only_one_valid_document_of_a_kind(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    issue(database, world, "maude")
    assert refusal_codes(database, world, "maude") == ["certificate_already"]


def test_a_hold_forbids_until_it_is_lifted(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    hold = hold_certificates(database, world, "maude")
    assert [w.code for w in choice(database, world, "Maude Bérubé", PARTICIPATION).why] == ["hold_open"]
    assert refusal_codes(database, world, "maude") == ["hold_open"]
    lift_hold(database, world, hold)
    assert issue(database, world, "maude").number.endswith("-0001")


def test_someone_must_sign_that_day(database: Database, world: World) -> None:
    eligible.attend(database, world, "maude")
    assert refusal_codes(database, world, "maude") == ["certificate_no_signatory"]


def test_the_college_must_issue_the_kind(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.as_owner() as db:
        college = db.get_one(College, world.alma)
        college.authorised_kinds = ["attestation_reussite"]
        db.add(college)
    assert refusal_codes(database, world, "maude") == ["certificate_not_authorised"]


def test_kind_outside_the_path_is_refused(database: Database, world: World) -> None:
    assert refusal_codes(database, world, "maude", CertificateKind.certification_collegiale) == [
        "certificate_not_of_path"
    ]


def test_withdrawn_enrolment_is_refused(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolment = cohorts.see_enrolment(db, actor, world.enrolments["maude"])
        cohorts.move(db, actor, enrolment, MoveCommand(to=EnrolmentState.WITHDRAWN, reason="départ"))
    assert refusal_codes(database, world, "maude") == ["certificate_not_followed"]
    assert "Maude Bérubé" not in candidates(database, world)


def test_progress_is_computed_again_at_the_decision(database: Database, world: World) -> None:
    """A projection that differs from the facts is not trusted."""
    eligible.sign(database, world)
    with database.as_owner() as db:
        db.execute(
            text(
                "update progress set body = jsonb_set(jsonb_set(body, '{eligibility,0,eligible}', 'true'), "
                "'{eligibility,0,why}', '[]') where enrolment_id = :id"
            ),
            {"id": world.enrolments["maude"]},
        )
    assert choice(database, world, "Maude Bérubé", PARTICIPATION).ready
    assert refusal_codes(database, world, "maude") == ["attendance_low", "hours_low"]


def test_a_name_that_the_fonts_cannot_draw_is_refused_and_takes_no_number(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    eligible.attend(database, world, "karim")
    with database.as_owner() as db:
        person = db.get_one(Person, world.people["maude"])
        person.legal_last_name = "Bérubé 李"
        db.add(person)
    assert refusal_codes(database, world, "maude") == ["certificate_glyphs"]
    assert issue(database, world, "karim").number.endswith("-0001")


def test_another_colleges_registrar_cannot_issue(database: Database, world: World) -> None:
    with pytest.raises(NotFound):
        issue(database, world, "maude", by="other_registrar")


def test_who_declared_an_interest_in_a_person_issues_them_nothing(database: Database, world: World) -> None:
    """Small colleges: someone trains and issues."""
    from app.identity.roles.service import grant_role  # noqa: PLC0415
    from app.platform.security.permissions import Role  # noqa: PLC0415

    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["trainer"], Role.REGISTRAR, college_id=world.alma)
    declare_maude(database, world)
    with pytest.raises(Conflict) as refusal:
        issue(database, world, "maude", by="trainer")
    assert [r.code for r in refusal.value.reasons] == ["certificate_interest"]
    hers = candidates(database, world, by="trainer")["Maude Bérubé"].choices
    assert [w.code for w in next(c for c in hers if c.kind is PARTICIPATION).why] == ["certificate_interest"]
    assert issue(database, world, "maude").number


def test_nobody_decides_on_their_own(database: Database, world: World) -> None:
    from app.identity.roles.service import grant_role  # noqa: PLC0415
    from app.platform.security.permissions import Role  # noqa: PLC0415

    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["maude"], Role.REGISTRAR, college_id=world.alma)
    with pytest.raises(Conflict) as refusal:
        issue(database, world, "maude", by="maude")
    assert [r.code for r in refusal.value.reasons] == ["certificate_own"]
    own = next(c for c in candidates(database, world, by="maude")["Maude Bérubé"].choices if c.kind is PARTICIPATION)
    assert [w.code for w in own.why] == ["certificate_own"]


# Numbers -----------------------------------------------------------------------------------------


def test_numbers_have_no_gap_whoever_decides_at_once(database: Database, world: World) -> None:
    """Four certificates, each requested three times at once, some refused: numbers 1 to 4, each once."""
    eligible.sign(database, world)
    for who in PARTICIPANTS:
        eligible.attend(database, world, who)

    def attempt(who: str) -> str | None:
        try:
            return issue(database, world, who).number
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(attempt, PARTICIPANTS * 3))
    year = datetime.now(QUEBEC).year
    assert sorted(n for n in numbers if n) == [f"ALM-{year}-{rank:04d}" for rank in (1, 2, 3, 4)]


def test_a_transaction_that_fails_leaves_no_gap(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    eligible.attend(database, world, "karim")

    def fail_after_issuing() -> None:
        with database.transaction() as db:
            actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
            enrolment = cohorts.see_enrolment(db, actor, world.enrolments["maude"])
            issuing.issue(db, actor, enrolment, IssueCertificate(kind=PARTICIPATION), site=SITE)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail_after_issuing()
    assert issue(database, world, "karim").number.endswith("-0001")


def test_each_year_begins_again_at_midnight_in_quebec(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    eligible.attend(database, world, "karim")
    midnight = datetime(now().year + 1, 1, 1, 5, tzinfo=UTC)
    with at(midnight - timedelta(seconds=1)):
        assert issue(database, world, "maude").number == f"ALM-{midnight.year - 1}-0001"
    with at(midnight):
        assert issue(database, world, "karim").number == f"ALM-{midnight.year}-0001"


# Frozen ------------------------------------------------------------------------------------------


def test_what_was_issued_stays_as_it_was(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    issued = issue(database, world, "maude")
    eligible.achieve(database, world, "karim")
    with database.as_owner() as db:
        person = db.get_one(Person, world.people["maude"])
        person.legal_last_name = "Autre"
        db.add(person)
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_READ)
        ref = register.see_certificate(db, actor, issued.id)
        assert register.load_certificate(db, ref).record == issued.record


@pytest.mark.parametrize("column", ["record", "number", "code", "issued_on", "kind"])
def test_the_application_cannot_rewrite_a_certificate(database: Database, world: World, column: str) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    issue(database, world, "maude")
    with pytest.raises(DBAPIError, match="permission denied"), database.transaction(colleges=[world.alma]) as db:
        db.execute(text(f"update certificate set {column} = {column}"))  # noqa: S608 - a literal of ours


def test_the_application_cannot_delete_a_certificate(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    issue(database, world, "maude")
    with pytest.raises(DBAPIError, match="permission denied"), database.transaction(colleges=[world.alma]) as db:
        db.delete(db.get_one(Certificate, 1))
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "certificate") == 1
