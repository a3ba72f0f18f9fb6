"""HTML pages of self check-in: the code for the room or the call, and the form of someone who checks in."""

from typing import Annotated

import segno
from fastapi import Form, Query, Request, Response

from app.attendance.calendar.pages import session_context
from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import see_session
from app.attendance.check_ins import service
from app.attendance.check_ins.rules import GRACE_MINUTES, LONGEST_GRACE, seconds_left
from app.attendance.check_ins.schemas import CheckInCommand, OpenCheckIn, OwnCheckInRef
from app.attendance.check_ins.service import own_page, see_own_check_in
from app.platform.clock import now
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

MayCall = Annotated[Actor, may(P.ROLLCALL_RECORD)]
CalledSession = Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)]
OwnSession = Annotated[OwnCheckInRef, seen(see_own_check_in, P.ACTIVITY_DO)]
Typed = Annotated[str, Query(max_length=20)]


@router.get("/seances/{session_id}/code")
def code_page(
    request: Request,
    actor: MayCall,
    session: CalledSession,
    db: SessionDep,
    *,
    keyring: KeyringDep,
    settings: SettingsDep,
) -> Response:
    """Show the code of the moment, large and as a QR code; no names: a whole room reads this page.

    The page is read again when the code changes, by a header that needs no script.
    """
    state = service.check_in_state(db, keyring, session, site=settings.base_url)
    qr = None
    if state.is_open:
        qr = segno.make(f"{state.address}?code={state.code}", error="m", micro=False).svg_data_uri(
            scale=8, border=4, light="#fff", dark="#000"
        )
    response = render(
        request,
        "cohorts/check_in_code.html",
        state=state,
        qr=qr,
        session=session,
        grace_minutes=GRACE_MINUTES,
        longest_grace=LONGEST_GRACE,
        **session_context(db, actor, session),
    )
    if state.is_open:
        response.headers["Refresh"] = str(seconds_left(now()) + 1)
    return response


@router.post("/seances/{session_id}/code", dependencies=[form_on("/seances/{session_id}/code")])
def open_check_in(
    actor: MayCall,
    session: CalledSession,
    db: SessionDep,
    *,
    keyring: KeyringDep,
    form: Annotated[OpenCheckIn, Form()],
) -> Response:
    """Open the session's check-in."""
    service.open_check_in(db, keyring, actor, session, form)
    return redirect_after_post(f"/seances/{session.id}/code")


@router.post("/seances/{session_id}/code/fin", dependencies=[form_on("/seances/{session_id}/code")])
def close_check_in(actor: MayCall, session: CalledSession, db: SessionDep) -> Response:
    """Close the session's check-in, and go on to its roll, filled in from who checked in."""
    service.close_check_in(db, actor, session)
    return redirect_after_post(f"/seances/{session.id}/appel")


@router.get("/seances/{session_id}/presence")
def check_in_page(request: Request, own: OwnSession, db: SessionDep, code: Typed = "") -> Response:
    """Show the form to check in, its code filled in by the QR code; or when one did."""
    return render(request, "cohorts/check_in.html", own=service.own_check_in(db, own), ref=own, code=code)


@router.post(
    "/seances/{session_id}/presence",
    dependencies=[form_on("/seances/{session_id}/presence"), slowed(RateLimitScope.CHECK_IN)],
)
def check_in(
    request: Request, own: OwnSession, db: SessionDep, *, keyring: KeyringDep, form: Annotated[CheckInCommand, Form()]
) -> Response:
    """Check in."""
    service.check_in(db, keyring, own, form, origin=origin_of(request))
    return redirect_after_post(own_page(own.session.id))
