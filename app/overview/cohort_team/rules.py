"""Pure rules of what someone's departure from a cohort's team leaves without anybody."""

from dataclasses import dataclass

from app.platform.errors import Reason
from app.platform.security.permissions import Role


@dataclass(frozen=True, slots=True)
class Duties:
    """What the team of a cohort has to do: sessions to come, roll calls to close, works to judge, groups to run."""

    sessions_to_come: int
    sessions_to_call: int
    works_to_judge: int
    own_groups: int


def departure_effects(role: Role, others: int, duties: Duties) -> list[Reason]:
    """Return what a departure leaves; ``others`` is how many hold the same role in the cohort."""
    if others:
        left = [Reason("others_remain", {"n": others})]
    elif role is Role.TRAINER:
        counted = {
            "sessions_without_trainer": duties.sessions_to_come,
            "calls_without_trainer": duties.sessions_to_call,
            "works_without_trainer": duties.works_to_judge,
        }
        left = [Reason("no_trainer_left"), *(Reason(code, {"n": n}) for code, n in counted.items() if n)]
    else:
        left = [Reason("no_facilitator_left")]
    return [*left, Reason("groups_kept", {"n": duties.own_groups})] if duties.own_groups else left
