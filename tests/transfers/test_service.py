"""Transfers on the database (S3): what moves, who consents and decides, what refuses them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from app.cohorts import service as cohorts
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort, EnrolmentMove
from app.cohorts.schemas import NewCohort
from app.grading.models import Judgement
from app.network import service as network
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Invalid, NotFound
from app.platform.security.permissions import P
from app.transfers import reading, service
from app.transfers.enums import CarriedFate, Side, TransferState
from app.transfers.models import CarriedFile
from app.transfers.schemas import TransfersQuery, WithdrawTransfer
from tests.factories import eligible
from tests.factories.cohorts import move, set_state
from tests.factories.holds import hold_certificates
from tests.factories.network import STARTED, World, acting
from tests.factories.notifications import forget_messages, inbox
from tests.factories.panels import ask, judged
from tests.factories.transfers import REASON, consent, decide, progress, propose, read, states, transfer


def change_target(database: Database, world: World, **values: object) -> None:
    """Change Rouyn's cohort without what a move does."""
    with database.as_owner() as db:
        row = db.get_one(Cohort, world.other_cohort)
        for name, value in values.items():
            setattr(row, name, value)
        db.add(row)


def second_cohort(database: Database, world: World, slug: str = "generaliste") -> int:
    """Add a cohort that runs in Alma."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_MANAGE)
        command = NewCohort(
            project_id=world.project, region_code="02", code="DEUX", title="Deuxième", curriculum_slug=slug,
            curriculum_version="1.0", starts_on=STARTED, place="Alma",
        )  # fmt: skip
        id_ = cohorts.add_cohort(db, actor, network.college(db, world.alma), command).id
    with database.as_owner() as db:
        db.get_one(Cohort, id_).state = CohortState.RUNNING
    return id_


# What a transfer is (S3) --------------------------------------------------------------------------


def test_transfer_carries_hours_levels_and_mandates_with_their_origin(database: Database, world: World) -> None:
    """S3: the source enrolment ends as transferred, the target opens with what was done, each with its origin."""
    eligible.achieve(database, world, "maude")
    before = progress(database, world, world.enrolments["maude"])
    new = transfer(database, world)
    assert states(database, world) == [("alma", "transferred"), ("rouyn", "active")]
    after = progress(database, world, new)
    assert after.recognised_minutes == before.recognised_minutes == after.carried_minutes
    assert [(m.code, m.recognised_minutes) for m in after.modules] == [
        (m.code, m.recognised_minutes) for m in before.modules
    ]
    assert after.competencies == before.competencies
    assert after.mandates == before.mandates
    assert (after.attended_minutes, after.attendance_base_minutes) == (
        before.attended_minutes, before.attendance_base_minutes,
    )  # fmt: skip
    assert progress(database, world, world.enrolments["maude"]) == before, "what was left stays as it was"
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.TRANSFER_READ)
        [own] = reading.own_transfers(db, actor)
        assert (own.side, own.state, own.to_enrolment_id) == (Side.PERSON, TransferState.ACCEPTED, new)
        carried = reading.carried_by(db, actor, own, reading.see_transfer(db, actor, own.id))
    assert carried is not None
    assert {(r.college, r.cohort, r.curriculum_version) for r in carried.results} == {
        ("Collège d’Alma", "Généraliste GEN-ALM-1", "1.0")
    }
    assert {r.fate for r in carried.results} == {CarriedFate.CARRIED}
    assert carried.counted_minutes == before.recognised_minutes
    assert {(level.college, level.assessor) for level in carried.levels} == {("Collège d’Alma", "Théo Formation")}
    assert [m.counts for m in carried.mandates] == [True] * before.mandates.completed


def test_turns_as_client_do_not_carry_and_sessions_do(database: Database, world: World) -> None:
    """S3: the new group begins its own rotation; participation counts."""
    eligible.achieve(database, world, "maude")
    before = progress(database, world, world.enrolments["maude"])
    assert before.codev.times_client > 0
    after = progress(database, world, transfer(database, world))
    assert after.codev.sessions_attended == before.codev.sessions_attended
    assert after.codev.times_client == 0
    [codev] = [m for m in after.modules if m.code == "GEN-7"]
    assert [why.code for why in codev.why] == ["codev_client_missing"]


def test_consent_is_asked_logged_and_may_be_taken_back_until_the_decision(database: Database, world: World) -> None:
    """S3: without consent the other college knows nothing; it is dated, and its author takes it back."""
    proposed = propose(database, world)
    with pytest.raises(NotFound):
        read(database, world, proposed, "other_coordinator")
    with pytest.raises(NotFound):
        decide(database, world, proposed)
    consent(database, world, proposed)
    shown = read(database, world, proposed, "other_coordinator")
    assert (shown.side, shown.state, shown.consented_at is not None) == (
        Side.RECEIVER, TransferState.AWAITING_DECISION, True,
    )  # fmt: skip
    with pytest.raises(Conflict, match="consent_given"):
        consent(database, world, proposed)
    consent(database, world, proposed, agrees=False)
    with pytest.raises(Conflict, match="transfer_over"):
        decide(database, world, proposed)
    assert states(database, world) == [("alma", "active")]


def test_only_the_person_consents_and_nobody_transfers_themselves(database: Database, world: World) -> None:
    proposed = propose(database, world)
    for who in ("karim", "other_participant"):
        with pytest.raises(NotFound):
            consent(database, world, proposed, who)
    with database.transaction() as db:
        assert not acting(db, world, "coordinator").can(P.TRANSFER_CONSENT)


def test_receiving_college_declines_with_a_reason_and_the_person_goes_on(database: Database, world: World) -> None:
    """S3: the receiving college decides."""
    proposed = propose(database, world)
    consent(database, world, proposed)
    with pytest.raises(Conflict, match="reason_needed"):
        decide(database, world, proposed, accepts=False)
    with pytest.raises(NotFound):
        decide(database, world, proposed, by="coordinator")
    forget_messages(database)
    decide(database, world, proposed, accepts=False, reason="Le groupe est trop avancé.")
    for who in ("maude", "coordinator"):
        assert read(database, world, proposed, who).answer == "Le groupe est trop avancé."
        assert inbox(database, world, who) == [
            "Transfert vers Généraliste GEN-ROU-1 : refusé par le collège qui reçoit"
        ]
    assert states(database, world) == [("alma", "active")]


def test_proposal_is_withdrawn_before_its_decision_and_may_be_made_again(database: Database, world: World) -> None:
    first = propose(database, world)
    with pytest.raises(Conflict, match="transfer_open"):
        propose(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.TRANSFER_MANAGE)
        ref = reading.see_sent_transfer(db, actor, first)
        service.withdraw(db, actor, ref, WithdrawTransfer(reason="Elle reste."))
    with pytest.raises(Conflict, match="transfer_over"):
        consent(database, world, first)
    assert read(database, world, propose(database, world, by="registrar"), "maude").state is (
        TransferState.AWAITING_CONSENT
    )


def test_each_is_told_when_it_is_their_turn(database: Database, world: World) -> None:
    forget_messages(database)
    proposed = propose(database, world)
    assert inbox(database, world, "maude") == ["Votre consentement est demandé : transfert vers Généraliste GEN-ROU-1"]
    assert inbox(database, world, "other_coordinator") == []
    consent(database, world, proposed)
    assert inbox(database, world, "other_coordinator") == ["Un transfert attend votre décision : Généraliste GEN-ROU-1"]
    decide(database, world, proposed)
    assert inbox(database, world, "coordinator") == ["Transfert vers Généraliste GEN-ROU-1 : accepté"]


def test_transfer_within_a_college_needs_no_consent(database: Database, world: World) -> None:
    to = second_cohort(database, world)
    eligible.attend(database, world, "maude")
    proposed = propose(database, world, to=to)
    with pytest.raises(Conflict, match="consent_not_asked"):
        consent(database, world, proposed)
    decide(database, world, proposed, by="registrar")
    assert states(database, world) == [("alma", "transferred"), ("alma", "active")]


def test_person_who_comes_back_finds_their_hours_once_and_what_they_did_meanwhile(
    database: Database, world: World
) -> None:
    """S3: out to Rouyn and back to the same cohort of Alma."""
    eligible.attend(database, world, "maude")
    left = progress(database, world, world.enrolments["maude"])
    new = transfer(database, world)
    with database.transaction(colleges=[world.rouyn]) as db:
        db.add(
            Judgement(
                college_id=world.rouyn, enrolment_id=new, competency_code="CN-02", level=3, criteria_met=[],
                validated_at=now(), assessor_id=world.people["other_trainer"],
            )
        )  # fmt: skip
    world.enrolments["maude"], first = new, world.enrolments["maude"]
    back = propose(database, world, to=world.cohort, by="other_coordinator")
    consent(database, world, back)
    decide(database, world, back, by="coordinator")
    assert states(database, world) == [("alma", "active"), ("rouyn", "transferred")]
    again = progress(database, world, first)
    assert (again.recognised_minutes, again.carried_minutes) == (left.recognised_minutes, 0)
    assert (again.attended_minutes, again.carried_base_minutes) == (left.attended_minutes, 0)
    assert {c.code: c.level for c in again.competencies}["CN-02"] == 3


# What refuses it -----------------------------------------------------------------------------------

CASES: dict[str, Callable[[Database, World], object]] = {
    "transfer_cohort_over": lambda d, w: change_target(d, w, state=CohortState.CLOSED, applications_open=False),
    "transfer_no_seat": lambda d, w: change_target(d, w, capacity=1),
    "transfer_not_followed": lambda d, w: move(
        d, w, w.enrolments["maude"], EnrolmentState.WITHDRAWN, reason="Elle part."
    ),
    "transfer_under_review": lambda d, w: ask(d, w, judged(d, w).id),
    "hold_open": hold_certificates,
}


@pytest.mark.parametrize("code", CASES)
def test_refused_acceptance_moves_nothing(database: Database, world: World, code: str) -> None:
    proposed = propose(database, world)
    consent(database, world, proposed)
    CASES[code](database, world)
    before = states(database, world)
    with pytest.raises(Conflict, match="transfer_refused") as refused:
        decide(database, world, proposed)
    assert code in [reason.code for reason in refused.value.reasons]
    assert states(database, world) == before
    with database.transaction(colleges=[world.rouyn]) as db:
        assert db.exec(select(CarriedFile)).first() is None
    assert read(database, world, proposed, "maude").state is TransferState.AWAITING_DECISION


def test_other_path_unknown_and_own_cohorts_are_no_targets(database: Database, world: World) -> None:
    other_path = second_cohort(database, world, "specialise")
    for to in (other_path, world.cohort, 10_000):
        with pytest.raises(Invalid) as refused:
            propose(database, world, to=to)
        assert [(r.code, r.field) for r in refused.value.reasons] == [("transfer_unknown_cohort", "to_cohort_id")]
    set_state(database, world, CohortState.CLOSED)
    change_target(database, world, capacity=1)
    with pytest.raises(Conflict) as full:
        propose(database, world)
    assert [r.code for r in full.value.reasons] == ["transfer_no_seat"]


def test_two_acceptances_at_once_are_one(database: Database, world: World) -> None:
    proposed = propose(database, world)
    consent(database, world, proposed)

    def accept(by: str) -> str:
        try:
            decide(database, world, proposed, by=by)
        except Conflict as refused:
            return refused.code
        except OperationalError:
            return "locked"  # it waited two seconds for the other
        return "done"

    with ThreadPoolExecutor(2) as pool:
        done, refused = sorted(pool.map(accept, ("other_coordinator", "other_registrar")))
    assert (done, refused in {"transfer_over", "locked"}) == ("done", True)
    assert states(database, world) == [("alma", "transferred"), ("rouyn", "active")]


def test_college_lists_what_it_receives_once_consented_and_what_it_sent(database: Database, world: World) -> None:
    proposed = propose(database, world)

    def listed(who: str, **query: object) -> list[int]:
        with database.transaction() as db:
            actor = acting(db, world, who, P.TRANSFER_MANAGE)
            college = network.college(db, world.alma if who == "coordinator" else world.rouyn)
            asked = TransfersQuery.model_validate(query)
            return [x.id for x in reading.list_transfers(db, actor, college, asked).items]

    assert listed("other_coordinator") == []
    assert listed("coordinator", sens="envoyes") == [proposed]
    assert listed("coordinator", sens="envoyes", recherche="personne d’autre") == []
    consent(database, world, proposed)
    assert listed("other_coordinator", recherche="bérubé", etat="awaiting_decision") == [proposed]
    assert listed("other_coordinator", etat="accepted") == []


def test_reason_is_kept_in_the_history_of_both_enrolments(database: Database, world: World) -> None:
    """BR-04: each move has who, when and why."""
    new = transfer(database, world)
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        last = sa.select(EnrolmentMove).where(col(EnrolmentMove.reason) == REASON).order_by(col(EnrolmentMove.id))
        moves = db.execute(last).scalars().all()
    assert [(m.enrolment_id, m.to_state.value, m.moved_by) for m in moves] == [
        (world.enrolments["maude"], "transferred", world.people["other_coordinator"]),
        (new, "active", world.people["other_coordinator"]),
    ]
