"""Pure rule of assignments: to whom a work may be assigned (BR-13)."""

from collections.abc import Collection

from app.curricula.schemas import Curriculum
from app.grading.works.rules import competencies_of_work
from app.platform.errors import Reason


def assignment_reasons(
    curriculum: Curriculum,
    activity_code: str | None,
    *,
    assignee: int | None,
    participant: int,
    trainers: Collection[int],
    kept_from: Collection[int] = (),
    substitute: str = "",
) -> list[Reason]:
    """Return why works are not assigned so: an activity without works to judge, or someone who does not judge them.

    ``kept_from`` are those who declared an interest in the person, or in an enterprise of their mandates (S6);
    ``substitute`` may judge instead.
    """
    reasons = []
    if activity_code is not None and (
        activity_code not in curriculum.placed or not competencies_of_work(curriculum, activity_code)
    ):
        reasons.append(Reason("work_not_judged", {"activity": activity_code}, "activity_code"))
    if assignee is not None and assignee not in trainers:
        reasons.append(Reason("assignee_not_trainer", field="assignee_id"))
    if assignee == participant:
        reasons.append(Reason("own_judgement", field="assignee_id"))
    if assignee in kept_from:
        code = "assignee_in_conflict" if substitute else "assignee_without_substitute"
        reasons.append(Reason(code, {"substitute": substitute} if substitute else {}, "assignee_id"))
    return reasons
