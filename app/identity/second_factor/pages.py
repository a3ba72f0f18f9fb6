"""One's own account on pages: second factor, devices, password, API tokens; and the suspension of accounts.

What is shown once (recovery codes, a token) is the answer to its POST: there is nowhere to go and look at it again.
"""

from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import APIRouter, Form, Request, Response

from app.identity.second_factor import service
from app.identity.second_factor.rules import shown_secret
from app.identity.second_factor.schemas import Enrol, Enrolled, FirstCode, Proposal, SecondFactorCode
from app.identity.sign_in.service import give_cookie
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Invalid
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import SECOND_FACTOR, local_path, redirect_after_post, render

router = APIRouter(include_in_schema=False)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
Finishing = Annotated[Actor, may(P.SIGN_IN_FINISH)]
MINE = "/securite"


# The second factor, at the sign-in --------------------------------------------------------------


@router.get(SECOND_FACTOR)
def second_factor_page(actor: Finishing, db: SessionDep, request: Request, suite: str = "/") -> Response:
    """A code is asked; whoever has no second factor yet takes one here, and can do nothing else before."""
    if not actor.pending:
        return redirect_after_post(local_path(suite))
    state = request.app.state
    if service.state(db, actor, state.settings).on:
        return render(request, "people/second_factor.html", suite=local_path(suite), error="")
    proposal = service.propose(db, state.keyring, actor)
    return _enrolment(request, proposal, f"{SECOND_FACTOR}/inscription", suite=local_path(suite))


@router.post(SECOND_FACTOR)
def finish(
    actor: Finishing,
    db: SessionDep,
    request: Request,
    command: Annotated[SecondFactorCode, Form()],
    suite: str = "/",
) -> Response:
    """Go on signed in, under a new cookie."""
    settings: Settings = request.app.state.settings
    keyring = request.app.state.keyring
    try:
        done = service.finish(db, keyring, actor, command, hours=settings.session_hours)
    except Invalid as refusal:
        values = {"suite": local_path(suite), "error": refusal.code}
        return render(request, "people/second_factor.html", status=refusal.status, **values)
    response = redirect_after_post(local_path(suite))
    give_cookie(response, settings, done.token)
    return response


@router.post(SECOND_FACTOR + "/inscription")
def enrol_at_sign_in(
    actor: Finishing, db: SessionDep, request: Request, command: Annotated[FirstCode, Form()], suite: str = "/"
) -> Response:
    """The first second factor of someone whose role needs one."""
    asked = Enrol(proposal=command.proposal, code=command.code)
    here = f"{SECOND_FACTOR}/inscription"
    return _enrol(db, request, actor, asked, here=here, suite=local_path(suite))


def _enrol(db: Session, request: Request, actor: Actor, asked: Enrol, *, here: str, suite: str) -> Response:
    settings: Settings = request.app.state.settings
    keyring = request.app.state.keyring
    try:
        done = service.enrol(db, keyring, actor, asked, hours=settings.session_hours)
    except Invalid as refusal:
        if refusal.code == "proposal_over":
            raise
        proposal = service.propose_again(db, keyring, actor, asked.proposal)
        return _enrolment(request, proposal, here, suite=suite, error=refusal.code, status=refusal.status)
    return _codes(request, done, suite)


def _enrolment(
    request: Request, proposal: Proposal, here: str, *, suite: str = "/", error: str = "", status: int = 200
) -> Response:
    # Dark on white whatever the page's colours: that is what cameras read.
    qr = segno.make(proposal.uri, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff", dark="#000")
    return render(
        request,
        "people/security_enrolment.html",
        status=status,
        qr=qr,
        secret=shown_secret(proposal.secret),
        proposal=proposal.proposal,
        action=f"{here}?suite={quote(suite)}",
        at_sign_in=here != f"{MINE}/second-facteur",
        error=error,
    )


def _codes(request: Request, done: Enrolled, suite: str) -> Response:
    response = render(request, "people/security_codes.html", codes=done.codes, suite=suite)
    give_cookie(response, request.app.state.settings, done.token)
    return response


@router.get(MINE + "/second-facteur")
def enrolment_page(actor: Mine, db: SessionDep, request: Request) -> Response:
    """A second factor to take, or another in place of the one there is."""
    proposal = service.propose(db, request.app.state.keyring, actor)
    return _enrolment(request, proposal, f"{MINE}/second-facteur", suite=MINE)


@router.post(MINE + "/second-facteur")
def enrol(actor: Mine, db: SessionDep, request: Request, command: Annotated[Enrol, Form()]) -> Response:
    """Proven by its first code and the password."""
    return _enrol(db, request, actor, command, here=f"{MINE}/second-facteur", suite=MINE)
