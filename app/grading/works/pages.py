"""The page on which an assessor returns a work to be redone, or waives what is left to judge of it."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field

from app.cohorts.enrolments.service import see_enrolment
from app.curricula.library import curriculum_of, default_library
from app.grading.schemas import CRITERIA_MAX, Comment, CriterionFeedback, CriterionText, TypedCode
from app.grading.works import service
from app.grading.works.enums import WorkDecisionKind
from app.grading.works.schemas import WorkDecisionCommand
from app.learning.hand_ins.schemas import HandInShown
from app.learning.hand_ins.service import see_hand_in
from app.platform.schema import BlankIsNone, Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/remises/{hand_in_id}/decision"


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
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    hand_in: Annotated[HandInShown, seen(see_hand_in, P.JUDGEMENT_MAKE)],
) -> HTMLResponse:
    """A work, how far each of its competencies is, what was decided, and the forms that return or waive it."""
    enrolment = see_enrolment(db, actor, hand_in.enrolment_id)
    curriculum = curriculum_of(enrolment)
    framework = default_library().framework_of(curriculum)
    work = service.work_of(db, enrolment, hand_in.id)
    criteria = [criterion.code for code in work.left for criterion in framework.competency(code).criteria]
    return render(
        request,
        "grading/work.html",
        enrolment=enrolment,
        hand_in=hand_in,
        activity=curriculum.activity(hand_in.activity_code),
        framework=framework,
        work=work,
        places={code: place for place, code in enumerate(criteria)},
    )


@router.post("/remises/{hand_in_id}/retour", dependencies=[form_on(PATH, creates=True)])
def return_work(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    hand_in: Annotated[HandInShown, seen(see_hand_in, P.JUDGEMENT_MAKE)],
    form: Annotated[DecisionForm, Form()],
) -> RedirectResponse:
    """Return the work to be redone."""
    service.decide(db, actor, hand_in, form.command(WorkDecisionKind.RETURNED))
    return redirect_after_post(PATH.format(hand_in_id=hand_in.id))


@router.post("/remises/{hand_in_id}/dispense", dependencies=[form_on(PATH, creates=True)])
def waive_work(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    hand_in: Annotated[HandInShown, seen(see_hand_in, P.JUDGEMENT_MAKE)],
    form: Annotated[DecisionForm, Form()],
) -> RedirectResponse:
    """Waive what is left to judge of the work, or one competency of it."""
    service.decide(db, actor, hand_in, form.command(WorkDecisionKind.WAIVED))
    return redirect_after_post(PATH.format(hand_in_id=hand_in.id))
