"""Read a folder of curricula, and find every problem in it.

``referentiel/<version>.yaml`` are frameworks, ``<slug>/<version>.yaml`` curricula, ``<slug>/<version>/<CODE>.md``
their pages, ``<slug>/<version>.traces.yaml`` the activities that take a trace, ``<slug>/<version>.admission.yaml``
what is asked of who is admitted, ``lexique/<version>.yaml`` the words of the network,
``correspondances/<slug>-<version>_<slug>-<version>.yaml`` the mappings between two versions, ``published.sha256`` the
register, ``schema/`` is for editors. What stands in ``codeveloppement/`` is read by ``app/codev/protocols/``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.curricula.activity_page import outline
from app.curricula.files.loader import Loaded, load, read_text
from app.curricula.files.problems import Problem
from app.curricula.files.register import (
    FRAMEWORKS,
    MAPPINGS,
    REGISTER,
    fingerprint,
    mapping_fingerprint,
    read_register,
)
from app.curricula.mappings.rules import check_mapping, check_patch, corrected, is_patch, mapping_of
from app.curricula.mappings.schemas import Key, MappingFile, VersionMapping
from app.curricula.rules import (
    check_admission,
    check_curriculum,
    check_framework,
    check_lexicon,
    check_page,
    check_traces,
)
from app.curricula.schemas import AdmissionRule, Curriculum, Framework, Lexicon, Localized, Traces

SCHEMAS = "schema"
LEXICON = "lexique"
CODEV = "codeveloppement"
TRACES = ".traces"
ADMISSION = ".admission"
VERSION = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?")


@dataclass(slots=True)
class Folder:
    """What was read from a folder; ``problems`` lists everything wrong in it, except in pages."""

    root: Path
    frameworks: dict[str, Framework] = field(default_factory=dict)
    curricula: dict[tuple[str, str], Curriculum] = field(default_factory=dict)
    traces: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    teams: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    admissions: dict[tuple[str, str], AdmissionRule] = field(default_factory=dict)
    lexicons: dict[str, Lexicon] = field(default_factory=dict)
    mappings: dict[tuple[Key, Key], VersionMapping] = field(default_factory=dict)
    summaries: dict[tuple[Key, Key], Localized] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)
    published_mappings: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_folder(root: Path) -> Folder:
    """Read and check frameworks, curricula and register; no content of a file raises an exception."""
    folder = Folder(root)
    for version in _versions(folder, FRAMEWORKS):
        _add_framework(folder, version)
    for version in _versions(folder, LEXICON):
        _add_lexicon(folder, version)
    for slug in _slugs(root):
        for version in _versions(folder, slug):
            _add_curriculum(folder, slug, version)
            _add_traces(folder, slug, version)
            _add_admission(folder, slug, version)
    _check_patches(folder)
    for entry in _entries(root / MAPPINGS):
        _add_mapping(folder, entry.name)
    if not folder.curricula and not folder.problems:
        folder.problems.append(Problem(".", 1, (), "curricula.file.nothing"))
    _add_register(folder)
    return folder


def check_pages(folder: Folder) -> Iterator[Problem]:
    """Yield the problems of every page, including missing pages and pages of no activity."""
    for (slug, version), curriculum in folder.curricula.items():
        framework = folder.frameworks[curriculum.framework.version]
        for activity in curriculum.activities:
            yield from read_page(folder.root, curriculum, framework, activity.code)[1]
        yield from _changed_criteria(folder, curriculum)
        expected = {f"{activity.code}.md" for activity in curriculum.activities}
        for entry in _entries(folder.root / slug / version):
            if entry.name not in expected:
                yield Problem(f"{slug}/{version}/{entry.name}", 1, (), "curricula.page_orphan", {"name": entry.name})


def _changed_criteria(folder: Folder, curriculum: Curriculum) -> Iterator[Problem]:
    """Yield the pages of a patch whose criteria are not those of the version it corrects."""
    before = corrected_by(folder, curriculum)
    if before is None:
        return
    for activity in curriculum.activities:
        pages = (
            read_page(folder.root, c, folder.frameworks[c.framework.version], activity.code)[0]
            for c in (before, curriculum)
        )
        old, new = ([item.criterion for item in outline(text).criteria] for text in pages)
        if old != new:
            params = {"code": activity.code, "version": before.version}
            file = f"{curriculum.slug}/{curriculum.version}/{activity.code}.md"
            yield Problem(file, 1, (), "curricula.patch_criteria", params)


def read_page(root: Path, curriculum: Curriculum, framework: Framework, code: str) -> tuple[str, tuple[Problem, ...]]:
    """Return the text of an activity's page, and its problems."""
    file = f"{curriculum.slug}/{curriculum.version}/{code}.md"
    if not (root / file).is_file():
        return "", (Problem(file, 1, (), "curricula.page_missing", {"code": code}),)
    text = read_text(root / file, file)
    if isinstance(text, Problem):
        return "", (text,)
    module, activity = curriculum.placed[code]
    page = outline(text)
    findings = check_page(page, activity, module, framework)
    return text, tuple(Problem(file, page.line(f.path), f.path, f.reason.code, f.reason.params) for f in findings)


def _entries(folder: Path) -> list[Path]:
    """Return the entries of a folder, sorted, without the hidden files of tools."""
    return sorted(entry for entry in folder.glob("*") if not entry.name.startswith("."))


def _slugs(root: Path) -> Iterator[str]:
    for entry in _entries(root):
        if entry.is_dir() and entry.name not in (CODEV, FRAMEWORKS, LEXICON, MAPPINGS, SCHEMAS):
            yield entry.name


def _versions(folder: Folder, slug: str) -> Iterator[str]:
    """Yield the versions in a path's folder; any entry that is neither a version nor part of one is a problem."""
    entries = _entries(folder.root / slug)
    versions = [e.stem for e in entries if e.suffix == ".yaml" and VERSION.fullmatch(e.stem)]
    yield from versions
    for entry in entries:
        named = entry.stem.removesuffix(TRACES).removesuffix(ADMISSION) if entry.suffix == ".yaml" else None
        version = entry.name if entry.is_dir() else named
        if version not in versions:
            folder.problems.append(Problem(f"{slug}/{entry.name}", 1, (), "curricula.file.stray", {"name": entry.name}))


def _add_framework(folder: Folder, version: str) -> None:
    file = f"{FRAMEWORKS}/{version}.yaml"
    loaded = load(folder.root / file, file, Framework)
    folder.problems += loaded.problems
    if loaded.value:
        folder.problems += _misplaced(loaded, version=version)
        folder.problems += loaded.located(check_framework(loaded.value))
        folder.frameworks[version] = loaded.value


def _add_lexicon(folder: Folder, version: str) -> None:
    file = f"{LEXICON}/{version}.yaml"
    loaded = load(folder.root / file, file, Lexicon)
    folder.problems += loaded.problems
    if loaded.value:
        folder.problems += _misplaced(loaded, version=version)
        folder.problems += loaded.located(check_lexicon(loaded.value))
        folder.lexicons[version] = loaded.value


def _add_curriculum(folder: Folder, slug: str, version: str) -> None:
    file = f"{slug}/{version}.yaml"
    loaded = load(folder.root / file, file, Curriculum)
    misplaced = tuple(_misplaced(loaded, slug=slug, version=version)) if loaded.value else ()
    folder.problems += (*loaded.problems, *misplaced)
    # A curriculum whose content names another version would be filed, and its pages searched, at the wrong place.
    if not loaded.value or misplaced:
        return
    reference = loaded.value.framework
    framework = folder.frameworks.get(reference.version)
    if framework is None or framework.code != reference.code:
        params = {"code": reference.code, "version": reference.version}
        folder.problems.append(loaded.document.problem("curricula.unknown_framework", ("framework",), params))
        return
    folder.problems += loaded.located(check_curriculum(loaded.value, framework))
    folder.curricula[slug, version] = loaded.value


def _add_traces(folder: Folder, slug: str, version: str) -> None:
    """Read the activities of a version that take a trace, when it has such a file."""
    file = f"{slug}/{version}{TRACES}.yaml"
    curriculum = folder.curricula.get((slug, version))
    if curriculum is None or not (folder.root / file).is_file():
        return
    loaded = load(folder.root / file, file, Traces)
    folder.problems += loaded.problems
    if loaded.value:
        folder.problems += _misplaced(loaded, slug=slug, version=version)
        folder.problems += loaded.located(check_traces(loaded.value, curriculum))
        folder.traces[slug, version] = frozenset(loaded.value.activities)
        folder.teams[slug, version] = frozenset(loaded.value.teams)


def _add_admission(folder: Folder, slug: str, version: str) -> None:
    """Read what a version asks of who is admitted, when it has such a file."""
    file = f"{slug}/{version}{ADMISSION}.yaml"
    if (slug, version) not in folder.curricula or not (folder.root / file).is_file():
        return
    loaded = load(folder.root / file, file, AdmissionRule)
    folder.problems += loaded.problems
    if loaded.value:
        folder.problems += _misplaced(loaded, slug=slug, version=version)
        folder.problems += loaded.located(check_admission(loaded.value, tuple(_slugs(folder.root))))
        folder.admissions[slug, version] = loaded.value


def _misplaced(
    loaded: Loaded[Framework] | Loaded[Curriculum] | Loaded[Traces] | Loaded[AdmissionRule] | Loaded[Lexicon],
    **expected: str,
) -> Iterator[Problem]:
    """Yield a problem for each field whose value differs from the file's name."""
    for name, value in expected.items():
        if getattr(loaded.value, name) != value:
            yield loaded.document.problem("curricula.misplaced", (name,), {"name": name, "expected": value})


def corrected_by(folder: Folder, curriculum: Curriculum) -> Curriculum | None:
    """Return the version that a patch corrects; ``None`` for what is no patch, or corrects nothing that exists."""
    if not is_patch(curriculum.version):
        return None
    known = (folder.curricula.get((curriculum.slug, version)) for version in corrected(curriculum.version))
    return next((found for found in known if found is not None), None)


def _check_patches(folder: Folder) -> None:
    """Check that each patch differs in its wording alone from the version it corrects, which exists."""
    for (slug, version), curriculum in folder.curricula.items():
        file, before = f"{slug}/{version}.yaml", corrected_by(folder, curriculum)
        if before is not None:
            folder.problems += load(folder.root / file, file, Curriculum).located(check_patch(before, curriculum))
        elif is_patch(version):
            params = {"expected": corrected(version)[-1]}
            folder.problems.append(Problem(file, 1, (), "curricula.patch_alone", params))


def _add_mapping(folder: Folder, name: str) -> None:
    """Read a mapping, whose file is named after the versions that it goes from and to."""
    file = f"{MAPPINGS}/{name}"
    if not name.endswith(".yaml"):
        folder.problems.append(Problem(file, 1, (), "curricula.file.stray", {"name": name}))
        return
    loaded = load(folder.root / file, file, MappingFile)
    folder.problems += loaded.problems
    if loaded.value is None:
        return
    value = loaded.value
    if name != f"{value.source}_{value.target}.yaml":
        params = {"name": "target", "expected": name.removesuffix(".yaml")}
        folder.problems.append(loaded.document.problem("curricula.misplaced", ("source",), params))
    ends = tuple(folder.curricula.get(end.key) for end in (value.source, value.target))
    for end, name_, curriculum in zip((value.source, value.target), ("source", "target"), ends, strict=True):
        if curriculum is None:
            params = {"version": str(end)}
            folder.problems.append(loaded.document.problem("curricula.mapping_version", (name_,), params))
    source, target = ends
    if source is not None and target is not None:
        frameworks = (folder.frameworks[source.framework.version], folder.frameworks[target.framework.version])
        folder.problems += loaded.located(check_mapping(value, source, target, frameworks))
        folder.mappings[value.source.key, value.target.key] = mapping_of(value)
        folder.summaries[value.source.key, value.target.key] = value.summary


def _add_register(folder: Folder) -> None:
    """Read the register; what is published and is missing or was changed is a problem (BR-01)."""
    entries, problems = read_register(folder.root)
    folder.problems += problems
    for line, (name, value) in enumerate(entries.items(), 1):
        is_mapping = name.startswith(f"{MAPPINGS}/")
        (folder.published_mappings if is_mapping else folder.published)[name] = value
        if not (folder.root / f"{name}.yaml").is_file():
            folder.problems.append(Problem(REGISTER, line, (), "curricula.register.missing", {"name": name}))
        elif (found := _fingerprint(folder, name, is_mapping=is_mapping)) is not None and found != value:
            folder.problems.append(Problem(f"{name}.yaml", 1, (), "curricula.register.changed", {"name": name}))


def _fingerprint(folder: Folder, name: str, *, is_mapping: bool) -> str | None:
    """Return the SHA-256 of what is published, or ``None`` for a version that could not be read."""
    if is_mapping:
        return mapping_fingerprint(folder.root, name)
    slug, _, version = name.partition("/")
    curriculum = folder.curricula.get((slug, version))
    return fingerprint(folder.root, curriculum) if curriculum else None
