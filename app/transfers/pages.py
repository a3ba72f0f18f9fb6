"""Pages of transfers: those of a college, one of them, and the form that proposes one."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render
from app.transfers import reading, service
from app.transfers.api import (
    Left,
    ManagedCollege,
    Manager,
    OwnTransfer,
    Person,
    Reader,
    ReadTransfer,
    ReceivedTransfer,
    SentTransfer,
)
from app.transfers.enums import Direction, TransferState
from app.transfers.schemas import (
    AnswerConsent,
    DecideTransfer,
    ProposeTransfer,
    TransfersQuery,
    WithdrawTransfer,
)

router = page_router()

PROPOSAL = "/inscriptions/{enrolment_id}/transfert"
TRANSFER = "/transferts/{transfer_id}"


@router.get(PROPOSAL, dependencies=[keyed_page()])
def show_proposal(actor: Manager, enrolment: Left, db: SessionDep, request: Request) -> Response:
    """Show the form that proposes a transfer, and the transfers of the enrolment."""
    return render(
        request,
        "transfers/proposal.html",
        enrolment=enrolment,
        targets=reading.targets(db, enrolment),
        transfers=reading.transfers_from(db, actor, enrolment),
    )


@router.post(PROPOSAL, dependencies=[form_on(PROPOSAL, creates=True)])
def propose(actor: Manager, enrolment: Left, db: SessionDep, command: Annotated[ProposeTransfer, Form()]) -> Response:
    """Propose a transfer, then show it."""
    transfer = service.propose(db, actor, enrolment, command)
    return redirect_after_post(TRANSFER.format(transfer_id=transfer.id))


@router.get("/colleges/{college_id}/transferts")
def list_transfers(
    actor: Manager, college: ManagedCollege, db: SessionDep, request: Request, query: Annotated[TransfersQuery, Query()]
) -> Response:
    """Show the transfers that a college receives, or those that it proposed."""
    page = reading.list_transfers(db, actor, college, query)
    return render(
        request,
        "transfers/list.html",
        college=college,
        transfers=ListView(f"/colleges/{college.id}/transferts", query, page),
        states=tuple(TransferState),
        incoming=query.sens is Direction.INCOMING,
        directions=tuple(Direction),
    )


@router.get(TRANSFER)
def show_transfer(actor: Reader, transfer: ReadTransfer, db: SessionDep, request: Request) -> Response:
    """Show a transfer with what it carries, and what its reader may do: consent, decide, take it back."""
    shown = reading.load_transfer(db, actor, transfer)
    own = transfer.person_id == actor.person_id
    managed = reading.managed_by(actor) if not own else frozenset()
    return render(
        request,
        "transfers/transfer.html",
        transfer=shown,
        carried=reading.carried_by(db, actor, shown, transfer),
        own=own,
        receives=transfer.to_college_id in managed,
        sends=transfer.college_id in managed,
        college_id=transfer.college_id if transfer.college_id in managed else transfer.to_college_id,
    )


@router.post(TRANSFER + "/consentement", dependencies=[form_on(TRANSFER)])
def answer_consent(
    actor: Person, transfer: OwnTransfer, db: SessionDep, command: Annotated[AnswerConsent, Form()]
) -> Response:
    """Give or refuse one's consent, then show the transfer."""
    service.answer_consent(db, actor, transfer, command)
    return redirect_after_post(TRANSFER.format(transfer_id=transfer.id))


@router.post(TRANSFER + "/retrait", dependencies=[form_on(TRANSFER)])
def withdraw(
    actor: Manager, transfer: SentTransfer, db: SessionDep, command: Annotated[WithdrawTransfer, Form()]
) -> Response:
    """Take a transfer back, then show it."""
    service.withdraw(db, actor, transfer, command)
    return redirect_after_post(TRANSFER.format(transfer_id=transfer.id))


@router.post(TRANSFER + "/decision", dependencies=[form_on(TRANSFER)])
def decide(
    actor: Manager, transfer: ReceivedTransfer, db: SessionDep, command: Annotated[DecideTransfer, Form()]
) -> Response:
    """Accept or decline a transfer, then show it."""
    service.decide(db, actor, transfer, command)
    return redirect_after_post(TRANSFER.format(transfer_id=transfer.id))
