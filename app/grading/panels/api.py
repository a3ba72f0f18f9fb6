"""Routes of panels, as JSON: reviews asked, assessors named, levels recorded."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.panels import reading, service
from app.grading.panels.reading import see_panel
from app.grading.panels.schemas import (
    AskReview,
    GiveOpinion,
    NameAssessors,
    OpenPanel,
    PanelList,
    PanelPage,
    PanelRef,
    PanelsApiQuery,
    PanelShown,
)
from app.grading.panels.works import see_panel_work
from app.grading.schemas import JudgementShown
from app.grading.service import see_judgement
from app.learning.hand_ins.schemas import HandInShown
from app.learning.hand_ins.service import file_of
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import shown_file, untrusted_file

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)

Reader = Annotated[Actor, may(P.JUDGEMENT_READ)]
Manager = Annotated[Actor, may(P.PANEL_MANAGE)]
Assessor = Annotated[Actor, may(P.PANEL_SIT)]
WorkToJudge = Annotated[HandInShown, seen(see_panel_work, P.PANEL_SIT)]


@router.post("/judgements/{judgement_id}/reviews", status_code=HTTPStatus.CREATED, summary="Ask for a review")
def ask_review(
    actor: Annotated[Actor, may(P.REVIEW_ASK)],
    judgement: Annotated[JudgementShown, seen(see_judgement, P.REVIEW_ASK)],
    db: SessionDep,
    command: AskReview,
) -> PanelShown:
    """Contest a judgement of one's own within the college's days; after a review, a committee of three decides.

    No certificate is issued until the decision, and nobody is failed meanwhile.
    """
    return service.ask_review(db, actor, judgement, command)


@router.post("/enrolments/{enrolment_id}/panels", status_code=HTTPStatus.CREATED, summary="Have two people assess")
def open_panel(
    actor: Manager,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.PANEL_MANAGE)],
    db: SessionDep,
    command: OpenPanel,
) -> PanelShown:
    """Have a competency judged by two assessors on the same evidence; neither reads the other's level first."""
    return service.open_panel(db, actor, enrolment, command)


@router.get("/enrolments/{enrolment_id}/panels", summary="List the panels of an enrolment")
def read_panels_of(
    actor: Reader, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)], db: SessionDep
) -> PanelList:
    """Return the reviews, committees and double assessments of someone, latest first."""
    return PanelList(items=reading.panels_of(db, actor, enrolment))


@router.get("/panels", summary="List panels")
def read_panels(actor: Reader, db: SessionDep, query: Annotated[PanelsApiQuery, Query()]) -> PanelPage:
    """Return the panels that the reader may read, sits on or may take, the first due first."""
    return reading.panels_after(db, actor, query)


@router.get("/panels/{panel_id}", summary="Read a panel")
def read_panel(
    actor: Reader, panel: Annotated[PanelRef, seen(see_panel, P.JUDGEMENT_READ)], db: SessionDep
) -> PanelShown:
    """Return a panel; levels are shown once each assessor has spoken, to the person judged with the decision."""
    return reading.load_panel(db, actor, panel)


@router.get(
    "/panels/{panel_id}/hand-ins/{hand_in_id}/file",
    summary="The file of a work that a panel judges",
    response_class=Response,
    responses=download("application/octet-stream", "The file as it is kept"),
)
def read_work_file(files: FilesDep, hand_in: WorkToJudge) -> Response:
    """For the assessors of the panel, whatever cohort they train; always a download."""
    return untrusted_file(file_of(hand_in, files), hand_in.file_name or "", hand_in.file_type)


@router.get(
    "/panels/{panel_id}/hand-ins/{hand_in_id}/preview",
    summary="The file of a work that a panel judges, for a browser to show",
    response_class=Response,
    responses=download("application/octet-stream", "The file as it is kept"),
)
def preview_work_file(files: FilesDep, hand_in: WorkToJudge) -> Response:
    """For the assessors of the panel: a PDF, a JPEG or a PNG; 404 for any other type, which is downloaded."""
    return shown_file(file_of(hand_in, files), hand_in.file_name or "", hand_in.file_type)


@router.post("/panels/{panel_id}/assessors", summary="Name the assessors of a panel")
def name_assessors(
    actor: Manager, panel: Annotated[PanelRef, seen(see_panel, P.PANEL_MANAGE)], db: SessionDep, command: NameAssessors
) -> PanelShown:
    """Name as many assessors as are missing; each may judge the person, and none judged it before."""
    return service.name_assessors(db, actor, panel, command)


@router.post("/panels/{panel_id}/take", summary="Take a review")
def take_review(
    actor: Assessor, panel: Annotated[PanelRef, seen(see_panel, P.PANEL_SIT)], db: SessionDep
) -> PanelShown:
    """Take a review that has no assessor yet, as a trainer of the college whom nothing keeps from it."""
    return service.take(db, actor, panel)


@router.post("/panels/{panel_id}/opinions", status_code=HTTPStatus.CREATED, summary="Record one's level")
def give_opinion(
    actor: Assessor, panel: Annotated[PanelRef, seen(see_panel, P.PANEL_SIT)], db: SessionDep, command: GiveOpinion
) -> PanelShown:
    """Record one's own level with its reasons; the last to speak makes the decision, where the levels make one."""
    return service.give_opinion(db, actor, panel, command)
