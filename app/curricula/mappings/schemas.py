"""A mapping between two versions of paths, as the files of ``curricula/correspondances/`` hold it.

Hours are whole in the files and minutes in the code. What a mapping must respect is in ``rules``.
"""

from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

from pydantic import Field

from app.curricula.mappings.enums import Fate
from app.curricula.schemas import ActivityCode, CompetencyCode, Curriculum, Frozen, Hours, Localized, Slug, Version

Key: TypeAlias = tuple[str, str]
"""The name of a path and one of its versions."""


class VersionRef(Frozen):
    """A version of a path, at one end of a mapping."""

    slug: Slug = Field(description="Name of the path")
    version: Version = Field(description='Version, between quotes, e.g. "1.0"')

    @property
    def key(self) -> Key:
        """The name of the path and the version."""
        return self.slug, self.version

    def __str__(self) -> str:
        return f"{self.slug}-{self.version}"


class CreditedActivity(Frozen):
    """An activity of the target version, with the hours that it gets."""

    code: ActivityCode = Field(description="Code of the activity in the target version")
    hours: Hours = Field(description="Hours that it gets, whole")

    @property
    def minutes(self) -> int:
        """The minutes that it gets."""
        return self.hours * 60


class ActivityFate(Frozen):
    """What becomes of an activity of the source version.

    Carried, it completes the activities that it is carried to; partly, it gives them hours and they stay to do.
    """

    code: ActivityCode = Field(description="Code of the activity in the source version")
    fate: Fate = Field(description="What becomes of it: carried, partly or to_do")
    to: tuple[CreditedActivity, ...] = Field(default=(), description="Activities of the target version that get hours")


class CompetencyFate(Frozen):
    """What becomes of the levels of a competency of the source version; partly when the target asks for more."""

    code: CompetencyCode = Field(description="Code of the competency in the source version")
    fate: Fate = Field(description="What becomes of its levels: carried, partly or to_do")
    to: tuple[CompetencyCode, ...] = Field(default=(), description="Competencies of the target version, same level")


class MappingFile(Frozen):
    """The fate of each activity and competency of a version of a path in another version, or in another path."""

    source: VersionRef = Field(description="Version that people come from")
    target: VersionRef = Field(description="Version that they go to")
    summary: Localized = Field(description="What changes, in a few sentences, for the people concerned")
    activities: tuple[ActivityFate, ...] = Field(min_length=1, description="Every activity of the source version")
    competencies: tuple[CompetencyFate, ...] = Field(
        min_length=1, description="Every competency that the source version assesses"
    )


class Credit(Frozen):
    """What an activity of the target version gets from one of the source version, once that one is done.

    ``complete`` says that the source activity counts among those that complete it (``VersionMapping.completed_by``).
    """

    code: str
    minutes: int
    complete: bool


class VersionMapping(Frozen):
    """What the activities and competencies of one version give in another: of a file, composed, or the identity.

    ``given`` holds the credits of each activity of the source, ``levels`` the competencies that each of its
    competencies gives its level to, ``competency_fates`` their fates.
    """

    source: Key
    target: Key
    given: dict[str, tuple[Credit, ...]]
    levels: dict[str, tuple[str, ...]]
    competency_fates: dict[str, Fate]

    def __hash__(self) -> int:
        """Return the hash of both ends."""
        return hash((self.source, self.target))

    def credits(self, code: str) -> tuple[Credit, ...]:
        """Return what an activity of the source gives; nothing when it is to do, or unknown."""
        return self.given.get(code, ())

    def fate(self, code: str) -> Fate:
        """Return the fate of an activity of the source."""
        found = self.credits(code)
        if not found:
            return Fate.TO_DO
        return Fate.CARRIED if all(credit.complete for credit in found) else Fate.PARTLY

    @cached_property
    def completing(self) -> MappingProxyType[str, frozenset[str]]:
        """The activities of the source that together complete one of the target, by the code of that one."""
        sources: dict[str, set[str]] = {}
        for code, given in self.given.items():
            for credit in given:
                if credit.complete:
                    sources.setdefault(credit.code, set()).add(code)
        return MappingProxyType({code: frozenset(codes) for code, codes in sources.items()})

    def completed_by(self, target_code: str) -> frozenset[str]:
        """Return the source activities that together complete one of the target; none when it stays to do."""
        return self.completing.get(target_code, frozenset())

    @cached_property
    def renames(self) -> bool:
        """Whether some competency gives its level to one of another name."""
        return any(target != code for code, targets in self.levels.items() for target in targets)

    def keeps(self, code: str) -> bool:
        """Return whether an activity has the same code in both versions, and so is the same one."""
        return any(credit.code == code for credit in self.credits(code))

    def competencies(self, code: str) -> tuple[str, ...]:
        """Return the competencies of the target that get the level reached in one of the source."""
        return self.levels.get(code, ())


class MappingStep(Frozen):
    """A mapping on the way to the version that is followed: what it says of the facts of its own activities.

    ``owned`` are the activities whose facts this step translates; those of a code that a nearer version has too are
    left to that one, so that each fact is translated once.
    """

    curriculum: Curriculum
    mapping: VersionMapping
    owned: frozenset[str]
