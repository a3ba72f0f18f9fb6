"""Pure rules of works: what is left to judge of one, what may be decided on it without a level, its state.

Sources: BR-12.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.curricula.enums import ActivityType
from app.curricula.schemas import Curriculum
from app.grading.enums import EvidenceKind
from app.grading.rules import assessed_by
from app.grading.works.enums import CompetencyState, WorkDecisionKind, WorkState
from app.platform.errors import Reason


def competencies_of_work(curriculum: Curriculum, activity_code: str) -> tuple[str, ...]:
    """Return the competencies for which a work of an activity waits in the queue: none unless it is judged.

    Formative activities are not, nor those that leave a trace, nor those of a module that assesses nothing. What is
    handed in to codevelopment is an extract that a member chose as evidence.
    """
    module, activity = curriculum.placed[activity_code]
    if activity.formative or not (activity.is_assessment or activity.type is ActivityType.codev):
        return ()
    return tuple(target.competency for target in module.assesses)


def competencies_of(curriculum: Curriculum, kind: EvidenceKind, activity_code: str | None) -> tuple[str, ...]:
    """Return the competencies for which a work of a kind waits in the queue.

    A mandate waits for what the modules with field work assess; a session for what its activity assesses, where it is
    an assessment that a group attends. Presence at another session proves no level by itself: an assessor may name it.
    """
    if kind is EvidenceKind.MANDATE:
        return assessed_by(curriculum, kind, None)
    if activity_code is None or activity_code not in curriculum.placed:
        return ()
    _, activity = curriculum.placed[activity_code]
    if kind is EvidenceKind.SESSION and not (activity.is_assessment and activity.is_group):
        return ()
    return competencies_of_work(curriculum, activity_code)


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of evidence that is judged: what it assesses, what was judged on it, what was decided without a level.

    ``decided`` is by competency; its key ``None`` stands for all those that were left.
    """

    activity_code: str | None
    assessed: tuple[str, ...]
    judged: frozenset[str] = frozenset()
    decided: Mapping[str | None, WorkDecisionKind] = field(default_factory=dict)
    is_replaced: bool = False

    def state_of(self, competency: str) -> CompetencyState:
        """Return the state of a competency; a level given later prevails over what was decided without one."""
        if competency in self.judged:
            return CompetencyState.JUDGED
        kind = self.decided.get(competency, self.decided.get(None))
        return CompetencyState.WAITING if kind is None else CompetencyState(kind.value)

    @property
    def left(self) -> tuple[str, ...]:
        """The competencies still to judge, in the order of the path."""
        return tuple(code for code in self.assessed if self.state_of(code) is CompetencyState.WAITING)

    def state(self, *, is_read: bool) -> WorkState:
        """Return the state of the work; ``is_read``: someone has begun to judge it, or was asked to."""
        if self.is_replaced:
            return WorkState.REPLACED
        states = {self.state_of(code) for code in self.assessed}
        if CompetencyState.RETURNED in states:
            return WorkState.RETURNED
        if CompetencyState.WAITING in states:
            return WorkState.BEING_READ if is_read or CompetencyState.JUDGED in states else WorkState.RECEIVED
        return WorkState.JUDGED if CompetencyState.JUDGED in states else WorkState.WAIVED


def work_reasons(work: Work, competency: str | None) -> list[Reason]:
    """Return why nothing may be decided on a work without a level, or on one of its competencies."""
    where = {"activity": work.activity_code or ""}
    if not work.assessed:
        return [Reason("work_not_judged", where)]
    if work.is_replaced:
        return [Reason("work_replaced", where)]
    if not work.left:
        return [Reason("work_settled", where)]
    if competency is None or competency in work.left:
        return []
    if competency in work.assessed:
        return [Reason("competency_settled", {"competency": competency}, "competency_code")]
    params = {**where, "competency": competency, "assessed": ", ".join(work.assessed)}
    return [Reason("competency_not_of_work", params, "competency_code")]


def text_reasons(
    kind: WorkDecisionKind, text: str | None, criteria: Sequence[str], known: Iterable[str]
) -> list[Reason]:
    """Return why a decision does not say enough, or speaks of a criterion that is none of the work's.

    A return says what is missing, as a whole or by criterion; a waiver says why there is nothing to judge.
    """
    if text is None and (kind is WorkDecisionKind.WAIVED or not criteria):
        code = "missing_needed" if kind is WorkDecisionKind.RETURNED else "waiver_needs_reason"
        return [Reason(code, field="text")]
    codes = set(known)
    return [
        Reason("criterion_not_of_work", {"criterion": code}, f"criteria.{index}.criterion")
        for index, code in enumerate(criteria)
        if code not in codes
    ]
