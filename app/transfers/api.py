"""Routes of transfers, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.transfers import reading, service
from app.transfers.reading import see_received_transfer, see_sent_transfer, see_transfer
from app.transfers.schemas import (
    AnswerConsent,
    CarriedShown,
    DecideTransfer,
    ProposeTransfer,
    TransferList,
    TransferPage,
    TransferRef,
    TransfersApiQuery,
    TransferShown,
    TransferTargets,
    WithdrawTransfer,
)

router = APIRouter(tags=["transfers"], route_class=IdempotentRoute)

Reader = Annotated[Actor, may(P.TRANSFER_READ)]
Manager = Annotated[Actor, may(P.TRANSFER_MANAGE)]
Person = Annotated[Actor, may(P.TRANSFER_CONSENT)]
Left = Annotated[EnrolmentRef, seen(see_enrolment, P.TRANSFER_MANAGE)]
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.TRANSFER_MANAGE)]
ReadTransfer = Annotated[TransferRef, seen(see_transfer, P.TRANSFER_READ)]
OwnTransfer = Annotated[TransferRef, seen(see_transfer, P.TRANSFER_CONSENT)]
SentTransfer = Annotated[TransferRef, seen(see_sent_transfer, P.TRANSFER_MANAGE)]
ReceivedTransfer = Annotated[TransferRef, seen(see_received_transfer, P.TRANSFER_MANAGE)]


@router.get("/enrolments/{enrolment_id}/transfer-targets", summary="Cohorts to which someone may be transferred")
def read_targets(db: SessionDep, enrolment: Left) -> TransferTargets:
    """Return the cohorts of every college that follow the same path, in a version to which it leads, and go on."""
    return TransferTargets(items=reading.targets(db, enrolment))


@router.post("/enrolments/{enrolment_id}/transfers", status_code=status.HTTP_201_CREATED, summary="Propose a transfer")
def propose_transfer(db: SessionDep, actor: Manager, enrolment: Left, command: ProposeTransfer) -> TransferShown:
    """Propose the transfer of someone to another cohort; to another college, their consent is asked (S3).

    409 `transfer_refused` with its reasons, `transfer_open` when one is open already.
    """
    return reading.load_transfer(db, actor, service.propose(db, actor, enrolment, command))


@router.get("/colleges/{college_id}/transfers", summary="List the transfers of a college")
def read_transfers(
    db: SessionDep, actor: Manager, college: ManagedCollege, query: Annotated[TransfersApiQuery, Query()]
) -> TransferPage:
    """Return the transfers that the college receives, or those that it proposed, latest first.

    One of another college is there once the person has consented.
    """
    return reading.college_transfers(db, actor, college, query)


@router.get("/me/transfers", summary="List one's own transfers")
def read_own_transfers(db: SessionDep, actor: Reader) -> TransferList:
    """Return the transfers of the person who asks, latest first."""
    return TransferList(items=reading.own_transfers(db, actor))


@router.get("/transfers/{transfer_id}", summary="Read a transfer")
def read_transfer(db: SessionDep, actor: Reader, transfer: ReadTransfer) -> TransferShown:
    """Return a transfer that one's college proposed or receives, or one's own."""
    return reading.load_transfer(db, actor, transfer)


@router.get("/transfers/{transfer_id}/carried", summary="What a transfer carries")
def read_carried(db: SessionDep, actor: Reader, transfer: ReadTransfer) -> CarriedShown:
    """Return what was carried, or what would be today while the transfer is open; 404 when nothing is."""
    carried = reading.carried_by(db, actor, reading.load_transfer(db, actor, transfer), transfer)
    if carried is None:
        raise NotFound
    return carried


@router.post("/transfers/{transfer_id}/consent", summary="Give or refuse one's consent")
def answer_transfer_consent(
    db: SessionDep, actor: Person, transfer: OwnTransfer, command: AnswerConsent
) -> TransferShown:
    """Agree or not that one's file passes to the other college; a consent may be taken back until the decision."""
    service.answer_consent(db, actor, transfer, command)
    return reading.load_transfer(db, actor, transfer)


@router.post("/transfers/{transfer_id}/withdrawal", summary="Take a transfer back")
def withdraw_transfer(
    db: SessionDep, actor: Manager, transfer: SentTransfer, command: WithdrawTransfer
) -> TransferShown:
    """Take a proposal back before it is decided, as the college that proposed it."""
    service.withdraw(db, actor, transfer, command)
    return reading.load_transfer(db, actor, transfer)


@router.post("/transfers/{transfer_id}/decision", summary="Accept or decline a transfer")
def decide_transfer(
    db: SessionDep, actor: Manager, transfer: ReceivedTransfer, command: DecideTransfer
) -> TransferShown:
    """Accept or decline as the college that receives; an acceptance moves both sides at once (S3).

    409 `transfer_refused` with its reasons: the cohort is over or full, a review or a hold is open.
    """
    service.decide(db, actor, transfer, command)
    return reading.load_transfer(db, actor, transfer)
