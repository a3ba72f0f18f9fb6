"""The differences between two versions of a curriculum, for the preview of a change's impact (S8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from app.curricula.schemas import Activity, Curriculum, Frozen, Module


@dataclass(frozen=True, slots=True)
class Change:
    """A module or activity that differs; when one version lacks it, that side has 0 minutes and ``fields`` is empty."""

    code: str
    title: str
    before_minutes: int
    after_minutes: int
    fields: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """The change in minutes, negative when minutes are lost."""
        return self.after_minutes - self.before_minutes


@dataclass(frozen=True, slots=True)
class Changes:
    """The modules or activities added, removed (no equivalent, S8) or changed between two versions."""

    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    @property
    def gained_minutes(self) -> int:
        """Minutes that the later version adds."""
        return sum(max(change.minutes, 0) for change in chain(self.added, self.changed))

    @property
    def lost_minutes(self) -> int:
        """Minutes that the later version takes away, as a positive number."""
        return sum(max(-change.minutes, 0) for change in chain(self.removed, self.changed))


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences between two versions; ``fields`` are the changed fields of the curriculum itself."""

    fields: tuple[str, ...]
    modules: Changes
    activities: Changes

    def __bool__(self) -> bool:
        return bool(self.fields or self.modules or self.activities)


def diff(before: Curriculum, after: Curriculum) -> Difference:
    """Return the differences between two versions; modules and activities are matched by code."""
    return Difference(
        fields=_changed_fields(before, after, "modules", "version"),
        modules=_changes(before.modules, after.modules),
        activities=_changes(before.activities, after.activities),
    )


def _changes(before: Iterable[Module | Activity], after: Iterable[Module | Activity]) -> Changes:
    old, new = {item.code: item for item in before}, {item.code: item for item in after}
    both = ((item, new[code]) for code, item in old.items() if code in new)
    changes = (
        Change(a.code, b.title.fr, a.minutes, b.minutes, _changed_fields(a, b, "activities")) for a, b in both if a != b
    )
    return Changes(
        added=tuple(Change(c, item.title.fr, 0, item.minutes) for c, item in new.items() if c not in old),
        removed=tuple(Change(c, item.title.fr, item.minutes, 0) for c, item in old.items() if c not in new),
        changed=tuple(change for change in changes if change.fields),
    )


def _changed_fields(before: Frozen, after: Frozen, *ignored: str) -> tuple[str, ...]:
    fields = [name for name in type(before).model_fields if name not in ignored]
    return tuple(name for name in fields if getattr(before, name) != getattr(after, name))
