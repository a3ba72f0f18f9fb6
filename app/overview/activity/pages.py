"""The page of an activity, with the forms that its participant may use."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.accompaniment.field_hours.rules import choices_of_minutes, minutes_left
from app.accompaniment.field_hours.schemas import HoursState
from app.accompaniment.field_hours.service import hours_of
from app.accompaniment.mandates.service import mandates_of
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import reaches, see_enrolment
from app.cohorts.enums import EnrolmentState
from app.curricula.library import curriculum_of, default_library
from app.curricula.schemas import Activity
from app.grading.enums import EvidenceKind
from app.grading.team_traces.service import is_by_team, team_traces_at, teams_of
from app.grading.works.service import works_of
from app.learning.activities.paths import ACTIVITY, require_activity
from app.learning.activities.rules import ATTEMPTS, TRACES
from app.learning.documents.service import documents, may_share
from app.learning.extra_attempts.service import extra_attempts
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.rules import ACCEPTED
from app.learning.packages.rules import MOST_MEGABYTES
from app.platform.database.session import Session
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P, Permission
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms.one_time import keyed_page
from app.platform.web.pages import render
from app.progress.path.service import progress_of
from app.resources.rules import places_named_by

router = APIRouter(include_in_schema=False)


@router.get(ACTIVITY, dependencies=[keyed_page()])
def show_activity(
    *,
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    actor: Annotated[Actor, may(P.EVIDENCE_READ)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)],
    code: str,
) -> HTMLResponse:
    """Instructions and progress of an activity and, for its participant, the forms available now."""
    require_activity(enrolment, code)
    curriculum, library = curriculum_of(enrolment), default_library()
    progress = progress_of(db, enrolment)
    module = curriculum.module_of(code)
    own = enrolment.person_id == actor.person_id
    hours = [h for h in hours_of(db, enrolment) if h.activity_code == code]
    counted = sum(h.minutes for h in hours if h.state is not HoursState.REFUSED)
    left = minutes_left(curriculum.activity(code), counted)
    attempts = hand_ins.attempts(db, enrolment, code)
    takes_trace = library.takes_trace(curriculum, code)
    page = library.page(curriculum.slug, curriculum.version, code)
    return render(
        request,
        "learning/activity.html",
        enrolment=enrolment,
        activity=curriculum.activity(code),
        module=module,
        progress=progress.activity(code),
        due_on=next(m.due_on for m in progress.modules if m.code == module.code),
        page=page,
        names_portfolio="portfolio" in f"{page.intention}{page.steps}{page.deliverable}".casefold(),
        criteria=library.framework_of(curriculum).criteria,
        own=own,
        writable=own and enrolment.state is EnrolmentState.ACTIVE,
        attempts=attempts,
        shares=may_share(db, actor, enrolment.cohort_id, curriculum.activity(code)),
        documents=documents(db, actor, enrolment.cohort_id, code),
        takes_trace=takes_trace,
        by_team=is_by_team(enrolment, code),
        teams=teams_of(db, enrolment, code, [attempt.id for attempt in attempts]),
        team_traces=team_traces_at(db, enrolment, code),
        places=places_named_by(code),
        **_judged_work(
            db, actor, enrolment, curriculum.activity(code), (TRACES if takes_trace else ATTEMPTS) - len(attempts)
        ),
        hours=hours,
        left=left,
        durations=choices_of_minutes(left),
        mandates=mandates_of(db, enrolment),
        accept=",".join(f".{kind}" for kind in ACCEPTED),
        megabytes=settings.upload_megabytes,
        package_megabytes=MOST_MEGABYTES,
        today=today(enrolment.timezone),
    )


def _judged_work(db: Session, actor: Actor, enrolment: EnrolmentRef, activity: Activity, left: int) -> dict[str, Any]:
    """Return what the page shows of works: how far each is, and the attempts opened beyond those of everyone."""
    opened = extra_attempts(db, enrolment, activity.code)
    works = {
        work.evidence.id: work
        for work in works_of(db, enrolment)
        if work.activity_code == activity.code and work.evidence.kind is EvidenceKind.HAND_IN
    }
    left += len(opened)

    def acts(permission: Permission) -> bool:
        """Whether the reader may act on this person by a permission; nobody does on themselves."""
        is_other = enrolment.person_id != actor.person_id
        return is_other and actor.can(permission) and reaches(db, actor, permission, enrolment)

    is_used = activity.is_assessment and left <= 0 and enrolment.state is EnrolmentState.ACTIVE
    return {
        "deposits_left": left,
        "opened": opened,
        "opens_attempts": is_used and acts(P.ENROLMENT_MANAGE),
        "works": works,
        "judges": bool(works) and acts(P.JUDGEMENT_MAKE),
    }
