"""Pure rules of mappings: what a file must respect (S8, BR-01), composing two, inverting one, and patches."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from pydantic import BaseModel

from app.curricula.mappings.enums import Fate
from app.curricula.mappings.schemas import Credit, Key, MappingFile, VersionMapping
from app.curricula.rules import Finding, duplicates, finding
from app.curricula.schemas import Activity, Curriculum, Framework, Localized, Module

PATCH_PARTS = 3
"""How many numbers the version of a patch has, as 1.0.1."""


# What a file must respect -----------------------------------------------------------------------


def check_mapping(
    mapping: MappingFile, source: Curriculum, target: Curriculum, frameworks: tuple[Framework, Framework]
) -> tuple[Finding, ...]:
    """Return the findings on a mapping: holes, unknown codes, credits given twice, codes kept for what changed.

    ``frameworks`` are those of the source and of the target.
    """
    return tuple(
        chain(
            _check_holes(mapping, source),
            duplicates([a.code for a in mapping.activities], "activities"),
            *(_check_activity(mapping, index, source, target) for index in range(len(mapping.activities))),
            _check_targets(mapping, target),
            _check_kept(mapping, source, target),
            duplicates([c.code for c in mapping.competencies], "competencies"),
            *(
                _check_competency(mapping, index, (source, target), frameworks)
                for index in range(len(mapping.competencies))
            ),
        )
    )


def _check_holes(mapping: MappingFile, source: Curriculum) -> Iterator[Finding]:
    """Yield a finding for each activity and competency of the source without a fate."""
    given = {a.code for a in mapping.activities}
    for code in source.placed:
        if code not in given:
            yield finding("mapping_hole", "activities", code=code)
    levels = {c.code for c in mapping.competencies}
    for code in sorted(assessed(source)):
        if code not in levels:
            yield finding("mapping_hole", "competencies", code=code)


def assessed(curriculum: Curriculum) -> frozenset[str]:
    """Return the competencies that a version assesses or asks for."""
    return frozenset(target.competency for module in curriculum.modules for target in module.assesses) | frozenset(
        required_levels(curriculum)
    )


def required_levels(curriculum: Curriculum) -> dict[str, int]:
    """Return the highest level that a certificate of the version asks for, by competency."""
    levels: dict[str, int] = {}
    for rule in curriculum.certificates:
        for code, level in rule.thresholds.items():
            levels[code] = max(level, levels.get(code, 0))
    return levels


def _check_activity(mapping: MappingFile, index: int, source: Curriculum, target: Curriculum) -> Iterator[Finding]:
    item, path = mapping.activities[index], ("activities", index)
    if item.code not in source.placed:
        yield finding("mapping_unknown", *path, "code", code=item.code, version=str(mapping.source))
    elif (given := sum(credit.minutes for credit in item.to)) > (planned := source.activity(item.code).minutes):
        yield finding("mapping_source_doubled", *path, "to", code=item.code, given=given // 60, planned=planned // 60)
    yield from _check_fate(item.fate, item.code, item.to, *path)
    yield from duplicates([credit.code for credit in item.to], *path, "to")
    for position, credit in enumerate(item.to):
        if credit.code not in target.placed:
            yield finding("mapping_unknown", *path, "to", position, code=credit.code, version=str(mapping.target))


def _check_fate(fate: Fate, code: str, to: Sequence[object], *path: str | int) -> Iterator[Finding]:
    """Yield a finding when what is carried or partly carried goes nowhere, or what is to do goes somewhere."""
    if bool(to) is (fate is Fate.TO_DO):
        yield finding("mapping_fate", *path, "fate", code=code, fate=fate.value)


def _check_targets(mapping: MappingFile, target: Curriculum) -> Iterator[Finding]:
    """Yield a finding for each target activity that gets more than its planned minutes."""
    given: dict[str, int] = defaultdict(int)
    for item in mapping.activities:
        for credit in item.to:
            given[credit.code] += credit.minutes
    for code, minutes in given.items():
        if code in target.placed and minutes > (planned := target.activity(code).minutes):
            yield finding("mapping_target_doubled", "activities", code=code, given=minutes // 60, planned=planned // 60)


def _check_kept(mapping: MappingFile, source: Curriculum, target: Curriculum) -> Iterator[Finding]:
    """Yield a finding for each code of a path kept for an activity that changed, or that the mapping gives away.

    The code of a fact then always says what it was: an activity that changes takes a new code.
    """
    if source.slug != target.slug:
        return
    fates = {item.code: (index, item) for index, item in enumerate(mapping.activities)}
    for code in source.placed:
        if code not in target.placed:
            continue
        if _substance(*source.placed[code]) != _substance(*target.placed[code]):
            yield finding("mapping_code_reused", "activities", code=code, version=str(mapping.target))
        elif code in fates:
            index, item = fates[code]
            whole = [(credit.code, credit.minutes) for credit in item.to] == [(code, source.activity(code).minutes)]
            if item.fate is not Fate.CARRIED or not whole:
                yield finding("mapping_code_kept", "activities", index, code=code)


def _substance(module: Module, activity: Activity) -> tuple[object, ...]:
    """Return what an activity is, beside its wording: its minutes, type and mode, and what is assessed in it."""
    judged = {(target.competency, target.target) for target in module.assesses}
    return activity.minutes, activity.type, activity.mode, activity.formative, frozenset(judged)


def _check_competency(
    mapping: MappingFile,
    index: int,
    ends: tuple[Curriculum, Curriculum],
    frameworks: tuple[Framework, Framework],
) -> Iterator[Finding]:
    item, path = mapping.competencies[index], ("competencies", index)
    if item.code not in assessed(ends[0]) or item.code not in frameworks[0].by_code:
        yield finding("mapping_unknown", *path, "code", code=item.code, version=str(mapping.source))
    yield from _check_fate(item.fate, item.code, item.to, *path)
    yield from duplicates(item.to, *path, "to", key=None)
    before, after = (required_levels(end) for end in ends)
    for position, code in enumerate(item.to):
        if code not in frameworks[1].by_code:
            yield finding("mapping_unknown", *path, "to", position, code=code, version=str(mapping.target))
        elif item.fate is Fate.CARRIED and after.get(code, 0) > before.get(item.code, 0):
            yield finding("mapping_level", *path, "fate", code=code, level=after[code])


# Values -----------------------------------------------------------------------------------------


def mapping_of(file: MappingFile) -> VersionMapping:
    """Return the mapping of a file."""
    return VersionMapping(
        source=file.source.key,
        target=file.target.key,
        given={
            item.code: tuple(
                Credit(code=credit.code, minutes=credit.minutes, complete=item.fate is Fate.CARRIED)
                for credit in item.to
            )
            for item in file.activities
        },
        levels={item.code: item.to for item in file.competencies},
        competency_fates={item.code: item.fate for item in file.competencies},
    )


def identity(curriculum: Curriculum, target: Key | None = None) -> VersionMapping:
    """Return the mapping of a version to itself, or to a patch of it: everything is carried."""
    return VersionMapping(
        source=(curriculum.slug, curriculum.version),
        target=target or (curriculum.slug, curriculum.version),
        given={a.code: (Credit(code=a.code, minutes=a.minutes, complete=True),) for a in curriculum.activities},
        levels={code: (code,) for code in sorted(assessed(curriculum))},
        competency_fates=dict.fromkeys(sorted(assessed(curriculum)), Fate.CARRIED),
    )


def module_fate(mapping: VersionMapping, module: Module) -> Fate:
    """Return the fate of a module of the source: that of its activities when they share one, partly otherwise."""
    fates = {mapping.fate(activity.code) for activity in module.activities}
    return fates.pop() if len(fates) == 1 else Fate.PARTLY


def compose(first: VersionMapping, second: VersionMapping) -> VersionMapping:
    """Return the mapping of the first one's source to the second one's target.

    The minutes that activities give to one between lie in it one after the other, and what that one gives takes
    them in the same order: no minute is given twice.
    """
    starts: dict[str, int] = defaultdict(int)
    given: dict[str, tuple[Credit, ...]] = {}
    for code, credits_ in first.given.items():
        through: dict[str, Credit] = {}
        for credit in credits_:
            start = starts[credit.code]
            starts[credit.code] += credit.minutes
            for minutes, onward in _overlaps(second.credits(credit.code), start, start + credit.minutes):
                complete = credit.complete and onward.complete and _completes(first, second, onward.code)
                known = through.get(onward.code, Credit(code=onward.code, minutes=0, complete=False))
                if minutes or complete or known.minutes:
                    through[onward.code] = Credit(
                        code=onward.code, minutes=known.minutes + minutes, complete=known.complete or complete
                    )
        given[code] = tuple(through.values())
    levels = {
        code: tuple(dict.fromkeys(onward for between in codes for onward in second.competencies(between)))
        for code, codes in first.levels.items()
    }
    return VersionMapping(
        source=first.source,
        target=second.target,
        given=given,
        levels=levels,
        competency_fates={code: _fate_through(first, second, code, bool(levels[code])) for code in first.levels},
    )


def _overlaps(credits_: Iterable[Credit], start: int, end: int) -> Iterator[tuple[int, Credit]]:
    """Yield each credit with how many of its minutes lie between two moments of the activity that gives them."""
    position = 0
    for credit in credits_:
        yield max(min(end, position + credit.minutes) - max(start, position), 0), credit
        position += credit.minutes


def _completes(first: VersionMapping, second: VersionMapping, code: str) -> bool:
    """Return whether all that completes an activity of the second's target is completed through the first."""
    return all(first.completed_by(between) for between in second.completed_by(code))


def _fate_through(first: VersionMapping, second: VersionMapping, code: str, goes_on: bool) -> Fate:
    if not goes_on:
        return Fate.TO_DO
    onward = [second.competency_fates[between] for between in first.levels[code] if between in second.competency_fates]
    fates = {first.competency_fates[code], *onward}
    return Fate.CARRIED if fates == {Fate.CARRIED} else Fate.PARTLY


def inverse(mapping: VersionMapping) -> VersionMapping:
    """Return the way back: what activities of the target give in the source, for those carried one to one.

    Who stays on the older version while their cohort follows the newer gets there what is the same in both.
    """
    given: dict[str, tuple[Credit, ...]] = {}
    for code, credits_ in mapping.given.items():
        if len(credits_) == 1 and mapping.completed_by(credits_[0].code) == {code}:
            back = Credit(code=code, minutes=credits_[0].minutes, complete=True)
            given[credits_[0].code] = (back,)
    levels = {codes[0]: (code,) for code, codes in mapping.levels.items() if len(codes) == 1}
    return VersionMapping(
        source=mapping.target,
        target=mapping.source,
        given=given,
        levels=levels,
        competency_fates=dict.fromkeys(levels, Fate.CARRIED),
    )


# Patches ----------------------------------------------------------------------------------------


def is_patch(version: str) -> bool:
    """Return whether a version only corrects the wording of another: its third number is not 0, as in 1.0.1."""
    parts = version.split(".")
    return len(parts) == PATCH_PARTS and int(parts[2]) > 0


def corrected_version(version: str) -> str:
    """Return the version that patches correct, without its third number: 1.0 for 1.0.2, and for 1.0."""
    return ".".join(version.split(".")[:2])


def corrected(version: str) -> tuple[str, ...]:
    """Return the names that the version corrected by a patch may have: 1.0.2 corrects 1.0.1, 1.0.1 corrects 1.0."""
    major, minor, patch = version.split(".")
    before = f"{major}.{minor}.{int(patch) - 1}"
    return (before, f"{major}.{minor}") if patch == "1" else (before,)


def check_patch(before: Curriculum, after: Curriculum) -> tuple[Finding, ...]:
    """Return the findings on a patch: everything in it but its wording is that of the version it corrects."""
    return tuple(
        finding("patch_rule", *path, version=before.version)
        for path in _differences(before, after, ())
        if path != ("version",)
    )


def _differences(before: object, after: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each value that differs, except texts."""
    if isinstance(before, Localized) and isinstance(after, Localized):
        return
    if isinstance(before, BaseModel) and type(before) is type(after):
        for name in type(before).model_fields:
            yield from _differences(getattr(before, name), getattr(after, name), (*path, name))
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, (*path, index))
    elif before != after:
        yield path
