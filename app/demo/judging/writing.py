"""What trainers are writing: comments that they use again, and a judgement that is not validated yet."""

from datetime import timedelta

from app.cohorts.enrolments import service as cohorts
from app.curricula.library import curriculum_of, default_library
from app.demo.network import DemoPlan, Group, noon
from app.grading.comments.schemas import NewSavedComment
from app.grading.comments.service import keep_comment
from app.grading.drafts.schemas import DraftCommand, DraftPlace, draft_key
from app.grading.drafts.service import save_draft
from app.grading.enums import EvidenceKind
from app.grading.schemas import CriterionText
from app.grading.works.enums import WorkState
from app.grading.works.schemas import WorkShown
from app.grading.works.service import works_of
from app.platform.clock import at
from app.platform.security.permissions import Permission

SAVED = (
    (
        "Sources à nommer",
        "Nommez la source de chaque chiffre et sa date : l’entreprise doit pouvoir le refaire sans vous.",
    ),
    ("Bonne reformulation", "La demande est bien reformulée, et l’entreprise l’a confirmée : continuez ainsi."),
    ("Rôle de chaque ressource", "Dites ce que chaque ressource fait, et ce qu’elle ne fait pas, avant de l’adresser."),
)
BEGUN = "La carte est lisible et les acteurs sont bien placés."
ON_A_CRITERION = "Il manque le rôle de deux ressources sur cinq."


def write_comments_and_draft(demo: DemoPlan, group: Group) -> None:
    """Keep comments as the first trainer, who begins to judge the work that has waited longest."""
    written = demo.today - timedelta(days=1)
    with at(noon(written)), demo.database.transaction() as db:
        trainer = demo.actor(db, group.staff.trainers[0], Permission.JUDGEMENT_MAKE)
        for title, text in SAVED:
            keep_comment(db, trainer, NewSavedComment(title=title, text=text))
        framework = default_library().framework_of(curriculum_of(group.cohort))
        waiting = [
            (work, enrolment)
            for enrolment in cohorts.enrolments_in(db, group.cohort)
            for work in works_of(db, enrolment)
            if _waits(work)
        ]
        if not waiting:
            return
        work, enrolment = min(waiting, key=lambda pair: pair[0].received_at)
        competency = framework.competency(work.left[0])
        place = DraftPlace(enrolment=enrolment, competency=competency.code, key=draft_key(work.evidence, None))
        command = DraftCommand(
            level=2,
            criteria_met=(competency.criteria[0].code,),
            criteria_feedback=(CriterionText(criterion=competency.criteria[-1].code, text=ON_A_CRITERION),),
            evidence=(work.evidence,),
            activity_code=work.activity_code,
            comment=BEGUN,
        )
        save_draft(db, trainer, place, command, version=0)


def _waits(work: WorkShown) -> bool:
    """Whether a work was handed in and nobody has begun to read it."""
    return work.evidence.kind is EvidenceKind.HAND_IN and work.state is WorkState.RECEIVED
