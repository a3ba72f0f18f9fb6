"""Pure rules of the effect of another version on a person: what they keep, what they lose, what is asked beside."""

from dataclasses import dataclass

from app.curricula.mappings.enums import Fate
from app.curricula.mappings.schemas import VersionMapping
from app.progress.schemas import Progress, State


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a version on a person, in minutes; ``without_equivalent`` are activities done that give nothing.

    ``added_minutes`` are those to do beside what was left before, negative when less is left; ``raised`` the
    competencies whose level is asked for higher.
    """

    kept_minutes: int
    lost_minutes: int
    added_minutes: int
    raised: tuple[str, ...]
    without_equivalent: tuple[str, ...]

    @property
    def needs_consent(self) -> bool:
        """Whether it adds obligations, or takes hours away: the person is then asked."""
        return self.added_minutes > 0 or self.lost_minutes > 0 or bool(self.raised)


def effect(before: Progress, after: Progress, mapping: VersionMapping) -> Effect:
    """Return the effect of another version, from the progress under each."""
    levels = {c.code: c.threshold or 0 for c in before.competencies}
    return Effect(
        kept_minutes=after.recognised_minutes,
        lost_minutes=max(before.recognised_minutes - after.recognised_minutes, 0),
        added_minutes=_left(after) - _left(before),
        raised=tuple(c.code for c in after.competencies if (c.threshold or 0) > levels.get(c.code, 0)),
        without_equivalent=tuple(
            a.code
            for m in before.modules
            for a in m.activities
            if (a.recognised_minutes or a.state is State.DONE) and mapping.fate(a.code) is Fate.TO_DO
        ),
    )


def _left(progress: Progress) -> int:
    """Return the minutes that are left to do: none of what is exempted."""
    activities = (a for module in progress.modules for a in module.activities if a.state is not State.EXEMPTED)
    return sum(a.planned_minutes - a.recognised_minutes for a in activities if a.state is not State.DONE)
