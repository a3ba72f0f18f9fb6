"""Mappings between published versions, as the API and the pages show them."""

from app.curricula.library import Library, default_library, version_key
from app.curricula.mappings.enums import Fate
from app.curricula.mappings.rules import module_fate, required_levels
from app.curricula.mappings.schemas import Key, VersionMapping
from app.curricula.schemas import Curriculum, Localized, Module
from app.platform.errors import NotFound
from app.platform.schema import Read


class VersionName(Read):
    """A version of a path, with its title."""

    slug: str
    version: str
    title: Localized
    minutes: int


class MappingRow(Read):
    """A mapping in a list: where people come from and where they go to, and what changes."""

    source: VersionName
    target: VersionName
    summary: Localized


class CreditShown(Read):
    """An activity of the target that gets minutes; ``complete`` when it is done, with all that goes to it."""

    code: str
    title: Localized
    minutes: int
    complete: bool


class ActivityFateShown(Read):
    """What becomes of an activity of the source."""

    code: str
    title: Localized
    minutes: int
    fate: Fate
    to: tuple[CreditShown, ...]


class ModuleFateShown(Read):
    """What becomes of a module of the source, and of each of its activities."""

    code: str
    title: Localized
    fate: Fate
    activities: tuple[ActivityFateShown, ...]


class AddedActivity(Read):
    """An activity of the target, with the minutes that nothing of the source gives: they are to do."""

    code: str
    title: Localized
    minutes: int
    missing_minutes: int


class CompetencyFateShown(Read):
    """What becomes of the levels of a competency; ``level`` is what the target asks for, if anything."""

    code: str
    title: Localized
    fate: Fate
    to: tuple[str, ...]
    level: int | None


class MappingShown(Read):
    """A mapping between two published versions; one composed along a chain of versions has no summary."""

    source: VersionName
    target: VersionName
    summary: Localized | None
    modules: tuple[ModuleFateShown, ...]
    added: tuple[AddedActivity, ...]
    competencies: tuple[CompetencyFateShown, ...]


def show_mapping(source: Key, target: Key) -> MappingShown:
    """Return the mapping between two published versions; raise ``NotFound`` where nothing leads there."""
    library = default_library()
    mapping = library.mapping(source, target) if library.is_published(*source) else None
    if mapping is None or source == target or not library.is_published(*target):
        raise NotFound
    before, after = library.curriculum(*source), library.curriculum(*target)
    return MappingShown(
        source=_named(before),
        target=_named(after),
        summary=library.summaries.get((source, target)),
        modules=tuple(_module(mapping, module, after) for module in before.modules),
        added=_added(mapping, after),
        competencies=_competencies(library, mapping, before, after),
    )


def list_mappings(here: Key) -> list[MappingRow]:
    """Return the published mappings that lead from a version or to it, the newest target first."""
    library = default_library()
    rows = [
        MappingRow(
            source=_named(library.curriculum(*source)),
            target=_named(library.curriculum(*target)),
            summary=library.summaries[source, target],
        )
        for source, target in library.summaries
        if here in (source, target) and library.is_published(*source) and library.is_published(*target)
    ]
    return sorted(rows, key=_ends, reverse=True)


def _ends(row: MappingRow) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    return row.target.slug, version_key(row.target.version), version_key(row.source.version)


def _named(curriculum: Curriculum) -> VersionName:
    return VersionName(
        slug=curriculum.slug, version=curriculum.version, title=curriculum.title, minutes=curriculum.minutes
    )


def _module(mapping: VersionMapping, module: Module, after: Curriculum) -> ModuleFateShown:
    activities = tuple(
        ActivityFateShown(
            code=activity.code,
            title=activity.title,
            minutes=activity.minutes,
            fate=mapping.fate(activity.code),
            to=tuple(
                CreditShown(
                    code=credit.code,
                    title=after.activity(credit.code).title,
                    minutes=credit.minutes,
                    complete=credit.complete,
                )
                for credit in mapping.credits(activity.code)
            ),
        )
        for activity in module.activities
    )
    return ModuleFateShown(
        code=module.code, title=module.title, fate=module_fate(mapping, module), activities=activities
    )


def _added(mapping: VersionMapping, after: Curriculum) -> tuple[AddedActivity, ...]:
    given: dict[str, int] = {}
    for credits_ in mapping.given.values():
        for credit in credits_:
            given[credit.code] = given.get(credit.code, 0) + credit.minutes
    return tuple(
        AddedActivity(code=a.code, title=a.title, minutes=a.minutes, missing_minutes=a.minutes - given.get(a.code, 0))
        for a in after.activities
        if not mapping.completed_by(a.code)
    )


def _competencies(
    library: Library, mapping: VersionMapping, before: Curriculum, after: Curriculum
) -> tuple[CompetencyFateShown, ...]:
    titles, levels = library.framework_of(before).by_code, required_levels(after)
    return tuple(
        CompetencyFateShown(
            code=code,
            title=titles[code].title,
            fate=fate,
            to=mapping.competencies(code),
            level=max((levels[to] for to in mapping.competencies(code) if to in levels), default=None),
        )
        for code, fate in mapping.competency_fates.items()
    )
