"""Pages of panels: their list, one of them with what its reader may do, the form that asks for a review."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response
from pydantic import Field

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref, reaches, see_enrolment
from app.curricula.library import curriculum_of, default_library
from app.curricula.rules import LEVELS
from app.grading.assessors import eligible_assessors
from app.grading.evidence.service import evidence_of
from app.grading.panels import reading, rules, service, works
from app.grading.panels.enums import PanelFilter, PanelKind, PanelState
from app.grading.panels.reading import see_panel
from app.grading.panels.schemas import (
    AskReview,
    GiveOpinion,
    NameAssessors,
    OpenPanelForm,
    PanelRef,
    PanelShown,
    PanelsQuery,
    Reasons,
)
from app.grading.rules import MASTERY, assessed_by, cell_levels, threshold
from app.grading.schemas import CRITERIA_MAX, Cell, JudgementShown, TypedCode
from app.grading.service import see_judgement
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

Reader = Annotated[Actor, may(P.JUDGEMENT_READ)]
Manager = Annotated[Actor, may(P.PANEL_MANAGE)]
Assessor = Annotated[Actor, may(P.PANEL_SIT)]
Asker = Annotated[Actor, may(P.REVIEW_ASK)]
OwnJudgement = Annotated[JudgementShown, seen(see_judgement, P.REVIEW_ASK)]
PANEL = "/revisions/{panel_id}"
ASK = "/jugements/{judgement_id}/revision"
DOUBLE = "/parcours/{enrolment_id}/jugements/{competency}/double-evaluation"


class OpinionForm(Command):
    """The fields of :class:`GiveOpinion` as the form sends them."""

    level: Annotated[int, Field(ge=1, le=4)]
    criteria_met: tuple[TypedCode, ...] = Field(default=(), max_length=CRITERIA_MAX)
    cells: tuple[Cell, ...] = Field(default=(), max_length=LEVELS * CRITERIA_MAX)
    reasons: Reasons

    def command(self) -> GiveOpinion:
        """Return the command for the service."""
        fields = self.model_dump(exclude={"cells"})
        return GiveOpinion(**fields, criteria_levels=cell_levels(self.cells))


@router.get("/revisions")
def list_panels(request: Request, db: SessionDep, actor: Reader, query: Annotated[PanelsQuery, Query()]) -> Response:
    """Show the panels that one reads, sits on or may take, those that are open first."""
    panels = ListView("/revisions", query, reading.list_panels(db, actor, query))
    return render(request, "grading/panels.html", panels=panels, states=tuple(PanelFilter))


@router.get(ASK, dependencies=[keyed_page()])
def ask_page(request: Request, db: SessionDep, actor: Asker, judgement: OwnJudgement) -> Response:
    """Show the form that asks for a review, with who decides and until when."""
    enrolment = enrolment_ref(db, judgement.enrolment_id)
    return render(
        request,
        "grading/ask_review.html",
        judgement=judgement,
        enrolment=enrolment,
        competency=default_library().framework_of(curriculum_of(enrolment)).competency(judgement.competency_code),
        offer=service.review_offer(db, enrolment, judgement),
    )


@router.post(ASK, dependencies=[form_on(ASK, creates=True)])
def ask_review(
    db: SessionDep, actor: Asker, judgement: OwnJudgement, command: Annotated[AskReview, Form()]
) -> Response:
    """Ask for the review, then show it."""
    panel = service.ask_review(db, actor, judgement, command)
    return redirect_after_post(PANEL.format(panel_id=panel.id))


@router.get(DOUBLE, dependencies=[keyed_page()])
def double_page(
    request: Request,
    db: SessionDep,
    actor: Manager,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.PANEL_MANAGE)],
    competency: str,
) -> Response:
    """Show the form that has a competency judged by two people."""
    framework, curriculum = default_library().framework_of(curriculum_of(enrolment)), curriculum_of(enrolment)
    if competency not in framework.by_code:
        raise NotFound
    fitting = [e for e in evidence_of(db, enrolment) if competency in assessed_by(curriculum, e.kind, e.activity_code)]
    return render(
        request,
        "grading/double.html",
        enrolment=enrolment,
        competency=framework.competency(competency),
        evidence=fitting,
        evidence_titles={a.code: a.title.text for a in curriculum.activities},
        assessors=eligible_assessors(db, enrolment, competency),
    )


@router.post(DOUBLE, dependencies=[form_on(DOUBLE, creates=True)])
def open_panel(
    db: SessionDep,
    actor: Manager,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.PANEL_MANAGE)],
    competency: str,
    form: Annotated[OpenPanelForm, Form()],
) -> Response:
    """Have two people judge the competency, then show the panel."""
    panel = service.open_panel(db, actor, enrolment, form.command(competency))
    return redirect_after_post(PANEL.format(panel_id=panel.id))


@router.get(PANEL)
def read_panel(
    request: Request, db: SessionDep, actor: Reader, panel: Annotated[PanelRef, seen(see_panel, P.JUDGEMENT_READ)]
) -> Response:
    """Show a panel, with what its reader may do: name its assessors, take it, record a level, appeal."""
    shown = reading.load_panel(db, actor, panel)
    return render(request, "grading/panel.html", panel=shown, **_context(db, actor, panel, shown))


def _context(db: Session, actor: Actor, ref: PanelRef, shown: PanelShown) -> dict[str, Any]:
    enrolment = enrolment_ref(db, ref.enrolment_id)
    curriculum = curriculum_of(enrolment)
    framework = default_library().framework_of(curriculum)
    own = ref.person_id == actor.person_id
    level = threshold(curriculum, ref.competency_code)
    speaks = service.speaks(db, actor, ref)
    manages = not own and reaches(db, actor, P.PANEL_MANAGE, enrolment) and actor.can(P.PANEL_MANAGE)
    contested = reading.contested(db, enrolment, ref)
    decided_on = shown.decided_judgement_id
    return {
        "enrolment": enrolment,
        "competency": framework.competency(ref.competency_code),
        "scale": framework.scale,
        "mastery": MASTERY,
        "threshold": level,
        "own": own,
        "contested": contested,
        "evidence": works.evidence_to_judge(db, actor, enrolment, ref),
        "evidence_titles": {a.code: a.title.text for a in curriculum.activities},
        "names": {seat.assessor_id: seat.name for seat in shown.seats},
        "speaks": speaks,
        "eligible": service.eligible_for(db, ref) if manages and shown.wanted else (),
        "manages": manages,
        "reads_file": reaches(db, actor, P.JUDGEMENT_READ, enrolment),
        "takes": shown.may_take and service.may_review(db, actor, enrolment, ref),
        "straddles": shown.state is PanelState.DIFFERING and rules.straddles([o.level for o in shown.opinions], level),
        "appeals": own and ref.kind is PanelKind.REVIEW and decided_on is not None,
    }


@router.post(PANEL + "/evaluation", dependencies=[form_on(PANEL)])
def name_assessors(
    db: SessionDep,
    actor: Manager,
    panel: Annotated[PanelRef, seen(see_panel, P.PANEL_MANAGE)],
    command: Annotated[NameAssessors, Form()],
) -> Response:
    """Name the assessors, then show the panel."""
    service.name_assessors(db, actor, panel, command)
    return redirect_after_post(PANEL.format(panel_id=panel.id))


@router.post(PANEL + "/prise", dependencies=[form_on("/revisions")])
def take_review(db: SessionDep, actor: Assessor, panel: Annotated[PanelRef, seen(see_panel, P.PANEL_SIT)]) -> Response:
    """Take the review, then show it."""
    service.take(db, actor, panel)
    return redirect_after_post(PANEL.format(panel_id=panel.id))


@router.post(PANEL + "/avis", dependencies=[form_on(PANEL)])
def give_opinion(
    db: SessionDep,
    actor: Assessor,
    panel: Annotated[PanelRef, seen(see_panel, P.PANEL_SIT)],
    form: Annotated[OpinionForm, Form()],
) -> Response:
    """Record one's level, then show the panel."""
    service.give_opinion(db, actor, panel, form.command())
    return redirect_after_post(PANEL.format(panel_id=panel.id))
