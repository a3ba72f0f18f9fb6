"""Holds on the database: opened, lifted, never both with a certificate; what each reader reads of them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from app.certificates.issuing import service as issuing
from app.certificates.issuing.schemas import IssueCertificate
from app.cohorts.enrolments.service import see_enrolment
from app.holds import service
from app.holds.enums import HoldKind, HoldState
from app.holds.schemas import HoldsApiQuery, HoldShown, HoldsQuery, NewHold, Opening
from app.network.enums import CertificateKind
from app.network.service import see_college
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Forbidden, NotFound
from app.platform.security.permissions import P
from tests.factories import eligible
from tests.factories.holds import REASON, hold_certificates, lift_hold
from tests.factories.locks import wait_for_lock_waiters
from tests.factories.network import World, acting, count
from tests.factories.statements import recorded_statements

PARTICIPATION = CertificateKind.attestation_participation
SITE = "https://escouade.example.org"


def open_kind(database: Database, world: World, kind: HoldKind, who: str = "maude") -> int:
    """Open a hold of a kind as another feature does, and return its id."""
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_CORRECT)
        return service.open_hold(db, actor, Opening(world.alma, world.people[who], kind, "Sœur de l’évaluatrice."))


def issue(db: Session, world: World, who: str = "maude") -> str:
    actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
    enrolment = see_enrolment(db, actor, world.enrolments[who])
    return issuing.issue(db, actor, enrolment, IssueCertificate(kind=PARTICIPATION), site=SITE).number


def read_hold(database: Database, world: World, who: str, hold_id: int) -> HoldShown:
    with database.transaction() as db:
        actor = acting(db, world, who, P.HOLD_READ)
        return service.load_hold(db, actor, service.see_hold(db, actor, hold_id))


# Opening and lifting -----------------------------------------------------------------------------


def test_hold_is_dated_named_and_reasoned_and_so_is_its_lift(database: Database, world: World) -> None:
    hold = hold_certificates(database, world)
    opened = read_hold(database, world, "coordinator", hold)
    assert (opened.kind, opened.reason, opened.opened_by) == (HoldKind.FORMALITY, REASON, "Régine Registraire")
    assert (opened.enrolment_id, opened.lifted_at) == (world.enrolments["maude"], None)
    lift_hold(database, world, hold)
    lifted = read_hold(database, world, "registrar", hold)
    assert (lifted.lifted_by, lifted.lift_reason) == ("Régine Registraire", "Acquittés.")
    assert lifted.opened_at == opened.opened_at


def test_hold_is_lifted_once(database: Database, world: World) -> None:
    hold = hold_certificates(database, world)
    lift_hold(database, world, hold)
    with pytest.raises(Conflict) as refused:
        lift_hold(database, world, hold)
    assert [r.code for r in refused.value.reasons] == ["hold_lifted"]
    with database.as_owner() as db:
        assert count(db, "hold_lift") == 1


@pytest.mark.parametrize(
    "change",
    ["update hold set reason = ''", "delete from hold", "update hold_lift set reason = ''", "delete from hold_lift"],
)
def test_application_changes_neither_a_hold_nor_its_lift(database: Database, world: World, change: str) -> None:
    lift_hold(database, world, hold_certificates(database, world))
    with database.transaction(colleges=[world.alma]) as db, pytest.raises(DBAPIError, match="permission denied"):
        db.execute(sa.text(change))


@pytest.mark.parametrize("kind", [HoldKind.REVIEW, HoldKind.CONFLICT])
def test_hold_that_awaits_a_decision_is_lifted_by_it_alone(database: Database, world: World, kind: HoldKind) -> None:
    hold = open_kind(database, world, kind)
    with pytest.raises(Conflict) as refused:
        lift_hold(database, world, hold)
    assert [r.code for r in refused.value.reasons] == ["hold_awaits_decision"]
    with database.transaction() as db:
        service.lift_decided(db, acting(db, world, "trainer", P.JUDGEMENT_MAKE), hold, "Niveau confirmé.")
    assert read_hold(database, world, "registrar", hold).lifted_by == "Théo Formation"


def test_person_is_told_of_the_opening_and_of_the_lift_without_the_reason(database: Database, world: World) -> None:
    hold = hold_certificates(database, world)
    lift_hold(database, world, hold)
    with database.as_owner() as db:
        messages = select(Notification).where(Notification.person_id == world.people["maude"])
        rows = db.exec(messages.order_by(col(Notification.id))).all()
    assert [row.kind for row in rows[-2:]] == [Kind.HOLD_OPENED, Kind.HOLD_LIFTED]
    assert rows[-2].params == {"college": "Collège d’Alma", "hold_kind": "formality"}
    assert rows[-2].page == f"/retenues/{hold}"


# Reading -----------------------------------------------------------------------------------------


def test_person_reads_their_own_hold_and_not_the_reason_of_a_conflict(database: Database, world: World) -> None:
    formality, conflict = hold_certificates(database, world), open_kind(database, world, HoldKind.CONFLICT)
    assert read_hold(database, world, "maude", formality).reason == REASON
    own = read_hold(database, world, "maude", conflict)
    assert (own.reason, own.kind) == (None, HoldKind.CONFLICT)
    assert read_hold(database, world, "registrar", conflict).reason == "Sœur de l’évaluatrice."
    with database.transaction() as db:
        held = service.own_holds(db, acting(db, world, "maude", P.HOLD_READ))
    assert [one.id for one in held] == [conflict, formality]


@pytest.mark.parametrize("who", ["karim", "trainer", "facilitator", "observer", "other_registrar", "admin"])
def test_nobody_else_sees_a_hold(database: Database, world: World, who: str) -> None:
    hold = hold_certificates(database, world)
    with pytest.raises(NotFound):
        read_hold(database, world, who, hold)


def test_list_filters_by_state_kind_and_name(database: Database, world: World) -> None:
    lifted, conflict = hold_certificates(database, world), open_kind(database, world, HoldKind.CONFLICT, "yves")
    lift_hold(database, world, lifted)

    def listed(**state: object) -> list[int]:
        with database.transaction() as db:
            actor = acting(db, world, "coordinator", P.HOLD_READ)
            college = see_college(db, actor, world.alma)
            page = service.list_holds(db, actor, college, HoldsQuery.model_validate(state))
            return [hold.id for hold in page.items]

    assert listed() == [conflict]
    assert listed(etat=HoldState.LIFTED) == [lifted]
    assert listed(etat=HoldState.ALL) == [conflict, lifted]
    assert listed(etat=HoldState.ALL, tri="nom") == [lifted, conflict]
    assert listed(etat=HoldState.ALL, nature=HoldKind.FORMALITY) == [lifted]
    assert listed(etat=HoldState.ALL, recherche="maud") == [lifted]


@pytest.mark.parametrize("items", [1, 3])
def test_list_takes_as_many_statements_for_one_hold_as_for_three(database: Database, world: World, items: int) -> None:
    for _ in range(items):
        hold_certificates(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.HOLD_READ)
        college = see_college(db, actor, world.alma)
        with recorded_statements(database) as statements:
            page = service.college_holds(db, actor, college, HoldsApiQuery(open=True))
    assert (len(page.items), len(statements)) == (items, 1)


# Certificates ------------------------------------------------------------------------------------


def test_hold_on_one_enrolment_leaves_those_of_others_and_existing_certificates(
    database: Database, world: World
) -> None:
    eligible.sign(database, world)
    for who in ("maude", "yves"):
        eligible.attend(database, world, who)
    with database.transaction() as db:
        issue(db, world)
    hold_certificates(database, world, whole_college=True)
    with database.transaction() as db:
        assert issue(db, world, "yves").endswith("-0002")
    with database.engine.connect() as owner:
        assert owner.execute(sa.text("select count(*) from certificate where state = 'valid'")).scalar_one() == 2


def in_between(
    database: Database, first: Callable[[Session], object], second: Callable[[Session], object]
) -> Future[object]:
    """Run ``second`` while the transaction of ``first`` has not ended: it waits for it."""

    def run() -> object:
        with database.transaction() as db:
            return second(db)

    with ThreadPoolExecutor(1) as pool:
        opened: AbstractContextManager[Session] = database.transaction()
        with opened as db:
            first(db)
            waiting = pool.submit(run)
            wait_for_lock_waiters(database, 1, waiting)
    return waiting


def test_certificate_decided_while_a_hold_is_opened_waits_and_is_refused(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")

    def opened(db: Session) -> None:
        actor = acting(db, world, "registrar", P.HOLD_MANAGE)
        service.open_formality(
            db, actor, see_enrolment(db, actor, world.enrolments["maude"]), NewHold(reason=REASON, whole_college=True)
        )

    refused = in_between(database, opened, lambda db: issue(db, world))
    with pytest.raises(Conflict) as refusal:
        refused.result()
    assert [r.code for r in refusal.value.reasons] == ["hold_open"]
    with database.as_owner() as db:
        assert (count(db, "certificate"), count(db, "hold")) == (0, 1)


def test_hold_opened_while_a_certificate_is_decided_waits_and_comes_after(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")

    def opened(db: Session) -> int:
        actor = acting(db, world, "registrar", P.CERTIFICATE_CORRECT)
        opening = Opening(world.alma, world.people["maude"], HoldKind.REVOCATION, REASON)
        return service.open_hold(db, actor, opening)

    after = in_between(database, lambda db: issue(db, world), opened)
    assert after.result()
    with database.as_owner() as db:
        assert (count(db, "certificate"), count(db, "hold")) == (1, 1)


def test_second_person_lifts_what_a_revocation_opened(database: Database, world: World) -> None:
    hold = open_kind(database, world, HoldKind.REVOCATION)
    with pytest.raises(Forbidden, match="second_person_needed"):
        lift_hold(database, world, hold)
    assert read_hold(database, world, "coordinator", hold).lifted_at is None
