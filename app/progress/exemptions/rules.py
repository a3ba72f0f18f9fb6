"""Which activities a recognised level exempts. Pure. Sources: S9, BR-03, BR-29; docs/decisions/0049."""

from collections.abc import Collection, Iterable, Mapping

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity, Curriculum, Module
from app.progress.schemas import ModuleProgress


def exempted_activities(curriculum: Curriculum, levels: Mapping[str, int]) -> frozenset[str]:
    """Return the activities of the modules that assess only competencies recognised at the level aimed at.

    A module that assesses another one too stays whole, as does one that assesses none. Codevelopment is never
    exempted, nor the field work of the module that has the most of it: nobody is recognised all their mandates.
    """
    if not levels:
        return frozenset()
    mandates = _module_of_mandates(curriculum)
    return frozenset(
        activity.code
        for module in curriculum.modules
        if module.assesses and all(levels.get(t.competency, 0) >= t.target for t in module.assesses)
        for activity in module.activities
        if _may_be_exempted(module, activity, mandates)
    )


def prior_minutes(modules: Iterable[ModuleProgress], exempted: Collection[str]) -> int:
    """Return the planned minutes of the exempted activities, without what was followed of them (BR-29).

    Someone who follows a part of one all the same loses none of the rest.
    """
    activities = (a for module in modules for a in module.activities if a.code in exempted)
    return sum(a.planned_minutes - a.recognised_minutes for a in activities)


def _may_be_exempted(module: Module, activity: Activity, mandates: str) -> bool:
    if activity.type is ActivityType.codev or module.codev_quorum is not None:
        return False
    return activity.type is not ActivityType.field_mandate or module.code != mandates


def _module_of_mandates(curriculum: Curriculum) -> str:
    """Return the code of the module with the most field work."""
    return max(curriculum.modules, key=_field_minutes).code


def _field_minutes(module: Module) -> int:
    return sum(a.minutes for a in module.activities if a.type is ActivityType.field_mandate)
