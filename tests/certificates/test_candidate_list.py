"""The list of candidates: what SQL selects as ready is what the rules say, and pages take the same statements."""

import pytest
from sqlalchemy import text

from app.certificates.issuing import candidates, service
from app.certificates.issuing.schemas import Candidate, CandidatesQuery, IssueCertificate, Situation
from app.cohorts.enrolments.service import see_enrolment
from app.network.enums import CertificateKind
from app.network.service import see_college
from app.platform.database.transaction import Database
from app.platform.paging import Page
from app.platform.security.permissions import P
from tests.factories import eligible
from tests.factories.bulk_clone import make_eligible
from tests.factories.holds import hold_certificates, lift_hold
from tests.factories.network import STARTED, World, acting
from tests.factories.statements import recorded_statements

PARTICIPATION = CertificateKind.attestation_participation


def listed(database: Database, world: World, **state: object) -> Page[Candidate]:
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        college = see_college(db, actor, world.alma)
        return candidates.list_candidate_page(db, actor, college, CandidatesQuery.model_validate(state))


def everyone(database: Database, world: World) -> tuple[Candidate, ...]:
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        return candidates.list_candidates(db, actor, see_college(db, actor, world.alma)).items


def assert_sql_agrees_with_the_rules(database: Database, world: World) -> None:
    """The situations of SQL hold exactly those whose choices say so."""
    people = everyone(database, world)
    ready = {c.name for c in people if any(choice.ready for choice in c.choices)}
    left = {
        c.name for c in people if c.name not in ready and any(choice.certificate_id is None for choice in c.choices)
    }
    assert {c.name for c in listed(database, world, situation=Situation.READY).items} == ready
    assert {c.name for c in listed(database, world, situation=Situation.LATER).items} == left
    assert {c.name for c in listed(database, world, situation=Situation.ALL).items} == {c.name for c in people}


def test_situation_without_signatory_is_ready_for_nobody(database: Database, world: World) -> None:
    eligible.attend(database, world, "maude")
    assert_sql_agrees_with_the_rules(database, world)
    assert listed(database, world).total == 0


def test_situation_of_the_eligible_is_ready_until_issued_or_held(database: Database, world: World) -> None:
    eligible.sign(database, world)
    for who in ("maude", "yves", "karim"):
        eligible.attend(database, world, who)
    assert_sql_agrees_with_the_rules(database, world)
    assert listed(database, world).total == 3
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        service.issue(db, actor, enrolment, IssueCertificate(kind=PARTICIPATION), site="https://escouade.example.com")
    hold = hold_certificates(database, world, "yves")
    assert_sql_agrees_with_the_rules(database, world)
    assert [c.name for c in listed(database, world).items] == ["Karim Haddad"]
    hold_certificates(database, world, "karim", whole_college=True)
    assert_sql_agrees_with_the_rules(database, world)
    assert listed(database, world).total == 0
    lift_hold(database, world, hold)
    assert_sql_agrees_with_the_rules(database, world)
    assert [c.name for c in listed(database, world).items] == ["Yves O’Brien"]


def test_kind_that_the_college_may_not_issue_is_ready_for_nobody(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.as_owner() as db:
        db.execute(text("update college set authorised_kinds = '{}' where id = :it"), {"it": world.alma})
    assert_sql_agrees_with_the_rules(database, world)


@pytest.mark.parametrize(("people", "pages"), [(20, 1), (70, 3)])
def test_page_takes_the_same_statements_however_many_pages(
    database: Database, world: World, people: int, pages: int
) -> None:
    make_eligible(database, world, people)
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        college = see_college(db, actor, world.alma)
        with recorded_statements(database) as statements:
            page = candidates.list_candidate_page(db, actor, college, CandidatesQuery())
    assert (page.pages, page.total, len(statements)) == (pages, people, 6)


UNDECIDED = """
    select count(*) from progress p where p.undecided is distinct from coalesce(
      (select array_agg(kind) from unnest(p.eligible) kind where not exists (
         select from certificate c where c.enrolment_id = p.enrolment_id and c.kind = kind and c.state = 'valid')),
      '{}')
"""


def undecided(database: Database, world: World) -> list[str]:
    """Return what is kept for Maude, which is what would be counted."""
    with database.as_owner() as db:
        assert db.execute(text(UNDECIDED)).scalar_one() == 0
        kept = text("select undecided from progress where enrolment_id = :it")
        return list(db.execute(kept, {"it": world.enrolments["maude"]}).scalar_one())


def test_undecided_kinds_follow_progress_and_certificates(database: Database, world: World) -> None:
    eligible.sign(database, world)
    assert undecided(database, world) == []
    eligible.attend(database, world, "maude")
    assert undecided(database, world) == [PARTICIPATION]
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        service.issue(db, actor, enrolment, IssueCertificate(kind=PARTICIPATION), site="https://escouade.example.com")
    assert undecided(database, world) == []
    for state, ended, left in (("revoked", STARTED, [PARTICIPATION]), ("valid", None, [])):
        with database.as_owner() as db:
            db.execute(
                text("update certificate set state = :state, ended_on = :ended"), {"state": state, "ended": ended}
            )
        assert undecided(database, world) == left
