"""The page on which an assessor returns a work to be redone, or waives what is left to judge of it."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.curricula.library import curriculum_of, default_library
from app.grading.schemas import (
    CRITERIA_MAX,
    Comment,
    CriterionFeedback,
    CriterionText,
    EvidenceKey,
    TypedCode,
    name_of_work,
    refs_of,
)
from app.grading.works import service
from app.grading.works.enums import WorkDecisionKind
from app.grading.works.schemas import WorkDecisionCommand
from app.platform.schema import BlankIsNone, Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
WORK = "/parcours/{enrolment_id}/travaux/{work}"
PATH = WORK + "/decision"


class DecisionForm(Command):
    """A decision as its form sends it: the texts on criteria are in the order of their codes, blank where none is."""

    competency_code: Annotated[TypedCode | None, BlankIsNone] = None
    text: Comment = None
    criterion: tuple[TypedCode, ...] = Field(default=(), max_length=CRITERIA_MAX)
    missing: tuple[CriterionFeedback, ...] = Field(default=(), max_length=CRITERIA_MAX)

    def command(self, kind: WorkDecisionKind) -> WorkDecisionCommand:
        """Return the command for the service."""
        texts = zip(self.criterion, self.missing, strict=False)
        return WorkDecisionCommand(
            kind=kind,
            competency_code=self.competency_code,
            text=self.text,
            criteria=tuple(CriterionText(criterion=code, text=text) for code, text in texts if text),
        )


@router.get(PATH, dependencies=[keyed_page()])
def show_decisions(
    *,
    request: Request,
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_MAKE)],
    work: EvidenceKey,
) -> HTMLResponse:
    """A work, how far each of its competencies is, what was decided, and the forms that return or waive it."""
    (evidence,) = refs_of([work])
    curriculum = curriculum_of(enrolment)
    framework = default_library().framework_of(curriculum)
    shown = service.work_of(db, enrolment, evidence)
    criteria = [criterion.code for code in shown.left for criterion in framework.competency(code).criteria]
    return render(
        request,
        "grading/work.html",
        enrolment=enrolment,
        framework=framework,
        work=shown,
        path=WORK.format(enrolment_id=enrolment.id, work=work),
        name=name_of_work(evidence),
        places={code: place for place, code in enumerate(criteria)},
    )


@router.post(WORK + "/retour", dependencies=[form_on(PATH, creates=True)])
def return_work(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_MAKE)],
    work: EvidenceKey,
    form: Annotated[DecisionForm, Form()],
) -> RedirectResponse:
    """Return the work to be redone."""
    (evidence,) = refs_of([work])
    service.decide(db, actor, enrolment, evidence, form.command(WorkDecisionKind.RETURNED))
    return redirect_after_post(PATH.format(enrolment_id=enrolment.id, work=work))


@router.post(WORK + "/dispense", dependencies=[form_on(PATH, creates=True)])
def waive_work(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_MAKE)],
    work: EvidenceKey,
    form: Annotated[DecisionForm, Form()],
) -> RedirectResponse:
    """Waive what is left to judge of the work, or one competency of it."""
    (evidence,) = refs_of([work])
    service.decide(db, actor, enrolment, evidence, form.command(WorkDecisionKind.WAIVED))
    return redirect_after_post(PATH.format(enrolment_id=enrolment.id, work=work))
