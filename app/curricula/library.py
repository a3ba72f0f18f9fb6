"""The library of curricula: frozen values by path and version, read from the files of a folder.

Files are read and checked once, when the library is loaded; an activity's page when it is first requested.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from app.curricula.activity_page import Page, render
from app.curricula.files import register
from app.curricula.files.folder import Folder, check_pages, read_folder, read_page
from app.curricula.files.problems import CurriculumError, Problem
from app.curricula.mappings.rules import compose, corrected, corrected_version, identity, inverse, is_patch
from app.curricula.mappings.schemas import Key, MappingStep, VersionMapping
from app.curricula.schemas import AdmissionRule, Curriculum, Framework, Lexicon, Localized
from app.platform.errors import NotFound
from app.platform.locations import ROOT

DEFAULT_ROOT = ROOT / "curricula"
V = TypeVar("V")


class FollowsCurriculum(Protocol):
    """Anything that names the version of a path that it follows: a cohort, an enrolment, a row with both columns."""

    @property
    def curriculum_slug(self) -> str:
        """The name of the path."""
        ...

    @property
    def curriculum_version(self) -> str:
        """The version of the path."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Library:
    """All the curricula of a folder.

    ``traces`` holds the activities that take a trace, ``teams`` those of them that teams do, and ``admissions`` what is
    asked of who is admitted, by path and version; ``lexicons`` the words of the network, by version; ``mappings`` what
    the activities of a version give in another, and ``summaries`` what changes, by both versions; ``published`` the
    SHA-256 of published versions, by ``slug/version``, and ``published_mappings`` that of the mappings.
    """

    root: Path
    frameworks: Mapping[str, Framework]
    curricula: Mapping[tuple[str, str], Curriculum]
    traces: Mapping[tuple[str, str], frozenset[str]]
    teams: Mapping[tuple[str, str], frozenset[str]]
    admissions: Mapping[tuple[str, str], AdmissionRule]
    lexicons: Mapping[str, Lexicon]
    mappings: Mapping[tuple[Key, Key], VersionMapping]
    summaries: Mapping[tuple[Key, Key], Localized]
    published: Mapping[str, str]
    published_mappings: Mapping[str, str]
    _worded: dict[Key, Curriculum] = field(default_factory=dict, init=False, repr=False)
    _pages: dict[tuple[str, str, str], Page] = field(default_factory=dict, init=False, repr=False)
    _steps: dict[Key, tuple[MappingStep, ...]] = field(default_factory=dict, init=False, repr=False)
    _mapped: dict[tuple[Key, Key], VersionMapping | None] = field(default_factory=dict, init=False, repr=False)

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs of the paths, sorted."""
        return tuple(sorted({slug for slug, _version in self.curricula}))

    def framework(self, version: str) -> Framework:
        """Return a version of the competency framework; raise ``NotFound`` when there is none."""
        return _require(self.frameworks.get(version))

    def curriculum(self, slug: str, version: str) -> Curriculum:
        """Return a version of a path; raise ``NotFound`` when there is none."""
        return _require(self.curricula.get((slug, version)))

    def worded(self, slug: str, version: str) -> Curriculum:
        """Return a version as its newest published patch words it: whoever follows it reads its corrections.

        It keeps the version's number, as a patch changes no rule (``check_patch``). Raise ``NotFound`` for none.
        """
        key = (slug, version)
        if key not in self._worded:
            latest = self._latest_wording(slug, version)
            is_own = latest.version == version
            self._worded[key] = latest if is_own else latest.model_copy(update={"version": version})
        return self._worded[key]

    def _latest_wording(self, slug: str, version: str) -> Curriculum:
        """Return the newest published patch of a version, or the version itself."""
        family = corrected_version(version)
        patches = [
            v
            for v in self.versions(slug)
            if is_patch(v) and corrected_version(v) == family and version_key(v) > version_key(version)
        ]
        published = [v for v in patches if self.is_published(slug, v)]
        return self.curriculum(slug, published[-1] if published else version)

    def framework_of(self, curriculum: Curriculum) -> Framework:
        """Return the framework version that a curriculum names."""
        return self.framework(curriculum.framework.version)

    @property
    def newest_framework(self) -> Framework:
        """The newest version of the competency framework (1.10 comes after 1.9)."""
        return self.framework(newest(self.frameworks))

    @property
    def lexicon(self) -> Lexicon:
        """The newest version of the lexicon; ``NotFound`` where the folder has none."""
        return _require(max(self.lexicons.values(), key=lambda lexicon: version_key(lexicon.version), default=None))

    def versions(self, slug: str) -> tuple[str, ...]:
        """Return the versions of a path, oldest first (1.10 comes after 1.9); empty for an unknown path."""
        return tuple(sorted((v for s, v in self.curricula if s == slug), key=version_key))

    def is_published(self, slug: str, version: str) -> bool:
        """Return whether a version is in the register, so that it may no longer change (BR-01)."""
        return f"{slug}/{version}" in self.published

    def takes_trace(self, curriculum: Curriculum, code: str) -> bool:
        """Return whether an activity takes a trace: work that its page asks to deposit and that nobody judges."""
        return code in self.traces.get((curriculum.slug, curriculum.version), ())

    def takes_team_trace(self, curriculum: Curriculum, code: str) -> bool:
        """Return whether the page of an activity asks a team for one trace, which one of them deposits."""
        return code in self.teams.get((curriculum.slug, curriculum.version), ())

    def paths_before(self, ref: FollowsCurriculum) -> tuple[str, ...]:
        """Return the paths of which one was completed by who is admitted without an exception; empty for none."""
        rule = self.admissions.get((ref.curriculum_slug, ref.curriculum_version))
        return rule.completed if rule is not None else ()

    def title(self, slug: str) -> str:
        """Return the title of a path, as its newest version has it; raise ``NotFound`` when there is none."""
        return self.curriculum(slug, self.versions(slug)[-1]).title.text if self.versions(slug) else _require(None)

    def fingerprint(self, slug: str, version: str) -> str:
        """Return the SHA-256 of a version's current files (see ``register.fingerprint``)."""
        return register.fingerprint(self.root, self.curriculum(slug, version))

    def page(self, slug: str, version: str, code: str) -> Page:
        """Return the page of an activity, as the newest published patch of the version words it.

        Raise ``NotFound`` when the path has no such activity, ``CurriculumError`` when the page of a draft is faulty.
        """
        key = (slug, version, code)
        if key not in self._pages:
            self._pages[key] = self._page(self._latest_wording(slug, version), code)
        return self._pages[key]

    def mapping(self, source: Key, target: Key) -> VersionMapping | None:
        """Return what the activities of a version give in another, or ``None`` where nothing leads from one to other.

        A version maps to itself and to a patch of it by the identity; where no file joins two versions, the files of
        those between them are composed, along the fewest. Raise ``NotFound`` for an unknown version.
        """
        if (source, target) not in self._mapped:
            self.curriculum(*target)
            self._mapped[source, target] = self._search_mapping(source, target)
        return self._mapped[source, target]

    def _search_mapping(self, source: Key, target: Key) -> VersionMapping | None:
        reached = {source: identity(self.curriculum(*source))}
        waiting = [source]
        while waiting and target not in reached:
            here = waiting.pop(0)
            for step in self._steps_from(here):
                if step.target not in reached:
                    reached[step.target] = step if here == source else compose(reached[here], step)
                    waiting.append(step.target)
        return reached.get(target)

    def _steps_from(self, here: Key) -> list[VersionMapping]:
        """Return the mappings of one step: the patches of a version, then its files, newest version first.

        A patch has the files of the version that it corrects.
        """
        slug, version = here
        patches = [v for v in self.versions(slug) if is_patch(v) and version in corrected(v)]
        by_patch = [identity(self.curriculum(*here), (slug, v)) for v in patches]
        alike = {here, *((slug, v) for v in (corrected_version(version), f"{corrected_version(version)}.0"))}
        by_file = [m.model_copy(update={"source": here}) for ends, m in self.mappings.items() if ends[0] in alike]
        return by_patch + sorted(by_file, key=lambda step: version_key(step.target[1]), reverse=True)

    def steps_to(self, curriculum: Curriculum) -> tuple[MappingStep, ...]:
        """Return the steps that lead from the other versions of a path to this one, the farthest first.

        They say what facts that were recorded under another version give in this one; a newer version leads back by
        what is the same in both.
        """
        here = (curriculum.slug, curriculum.version)
        if here not in self._steps:
            self._steps[here] = self._search_steps(here)
        return self._steps[here]

    def _search_steps(self, target: Key) -> tuple[MappingStep, ...]:
        reached, waiting, owned = {target}, [target], set(self.curriculum(*target).placed)
        steps: list[MappingStep] = []
        while waiting:
            here = waiting.pop(0)
            for version in reversed(self.versions(target[0])):
                other = (target[0], version)
                mapping = self._step_between(other, here)
                if other in reached or mapping is None:
                    continue
                curriculum = self.curriculum(*other)
                own = frozenset(curriculum.placed) - owned
                steps.append(MappingStep(curriculum=curriculum, mapping=mapping, owned=own))
                owned |= own
                reached.add(other)
                waiting.append(other)
        return tuple(reversed(steps))

    def _step_between(self, source: Key, target: Key) -> VersionMapping | None:
        """Return the mapping of one step from a version to another, or the way back of the opposite one."""
        onward = next((step for step in self._steps_from(source) if step.target == target), None)
        if onward is not None:
            return onward
        back = next((step for step in self._steps_from(target) if step.target == source), None)
        return inverse(back) if back is not None else None

    def changed_pages(self, slug: str, before: str, after: str) -> tuple[str, ...]:
        """Return the activities of both versions whose pages differ."""
        old, new = self.curriculum(slug, before), self.curriculum(slug, after)
        both = (code for code in old.placed if code in new.placed)
        return tuple(code for code in both if self._text(old, code) != self._text(new, code))

    def _text(self, curriculum: Curriculum, code: str) -> str:
        return read_page(self.root, curriculum, self.framework_of(curriculum), code)[0]

    def _page(self, curriculum: Curriculum, code: str) -> Page:
        _module, activity = _require(curriculum.placed.get(code))
        text, problems = read_page(self.root, curriculum, self.framework_of(curriculum), code)
        if problems:
            raise CurriculumError(problems)
        return render(text, code, activity.title.fr)


def load_library(root: Path) -> Library:
    """Return the library of a folder; raise ``CurriculumError`` with every problem, except those of pages."""
    folder = read_folder(root)
    if folder.problems:
        raise CurriculumError(folder.problems)
    return _library(folder)


class _InUse:
    """The folder of this process, the library read from it, and how its register of published versions was then."""

    root = DEFAULT_ROOT
    library: Library | None = None
    register: tuple[int, ...] = ()


def use_folder(root: Path) -> None:
    """Let this process read its curricula from a folder."""
    if root != _InUse.root:
        _InUse.root, _InUse.library = root, None


def default_library() -> Library:
    """Return the library of the folder that this process reads, loaded once until something is published in it."""
    if _InUse.library is None:
        _InUse.register = _state_of_register()
        _InUse.library = load_library(_InUse.root)
    return _InUse.library


def reread() -> bool:
    """Load the library again if its register was written since, and return whether it was.

    The register is written last, at once. Raise ``CurriculumError`` when the folder has problems: the library in use
    stays, until the register changes again.
    """
    if _InUse.library is None or (state := _state_of_register()) == _InUse.register:
        return False
    _InUse.register = state
    _InUse.library = load_library(_InUse.root)
    return True


def _state_of_register() -> tuple[int, ...]:
    path = _InUse.root / register.REGISTER
    if not path.is_file():
        return ()
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def find_curriculum(slug: str, version: str) -> Curriculum:
    """Return a version of a path as it is worded now; the folder is read again for one that another process knows.

    Raise ``NotFound`` when there is none.
    """
    if (slug, version) not in default_library().curricula:
        reread()
    return default_library().worded(slug, version)


def curriculum_of(ref: FollowsCurriculum) -> Curriculum:
    """Return the curriculum that a cohort, an enrolment or a group follows; raise ``NotFound`` when there is none."""
    return find_curriculum(ref.curriculum_slug, ref.curriculum_version)


def check(root: Path) -> tuple[Library, tuple[Problem, ...]]:
    """Return the library that can be read from a folder, and every problem in it, pages included."""
    folder = read_folder(root)
    return _library(folder), (*folder.problems, *check_pages(folder))


def publish(root: Path, slug: str, version: str) -> str:
    """Add a version to the register, with the mappings that join it to others of it, and return its SHA-256.

    Raise ``CurriculumError`` when the folder has any problem, such as a published version that was edited
    since (BR-01) or a version without a mapping from the one before it; raise ``NotFound`` when the folder has no
    such version.
    """
    library, problems = check(root)
    if problems:
        raise CurriculumError(problems)
    value = library.fingerprint(slug, version)
    problems = _missing_mapping(library, slug, version)
    if problems:
        raise CurriculumError(problems)
    versions = {**library.published, f"{slug}/{version}": value}
    mappings = {**_mappings_between(library, versions), **library.published_mappings}
    if (versions, mappings) != (library.published, library.published_mappings):
        register.write_register(root, {**versions, **mappings})
    return value


def _missing_mapping(library: Library, slug: str, version: str) -> tuple[Problem, ...]:
    """Return the problem of a version that follows a published one without a mapping from it."""
    before = [v for v in library.versions(slug) if version_key(v) < version_key(version)]
    earlier = [v for v in before if library.is_published(slug, v)]
    if not earlier or library.is_published(slug, version):
        return ()
    if library.mapping((slug, earlier[-1]), (slug, version)) is not None:
        return ()
    params = {"before": f"{slug}-{earlier[-1]}", "after": f"{slug}-{version}"}
    return (Problem(f"{slug}/{version}.yaml", 1, (), "curricula.mapping_missing", params),)


def _mappings_between(library: Library, versions: Iterable[str]) -> dict[str, str]:
    """Return the names and hashes of the mappings between published versions."""
    names = {name.replace("/", "-") for name in versions}
    return {
        name: register.mapping_fingerprint(library.root, name)
        for source, target in library.mappings
        if {"-".join(source), "-".join(target)} <= names
        for name in [f"{register.MAPPINGS}/{'-'.join(source)}_{'-'.join(target)}"]
    }


def _library(folder: Folder) -> Library:
    return Library(
        folder.root,
        MappingProxyType(folder.frameworks),
        MappingProxyType(folder.curricula),
        MappingProxyType(folder.traces),
        MappingProxyType(folder.teams),
        MappingProxyType(folder.admissions),
        MappingProxyType(folder.lexicons),
        MappingProxyType(folder.mappings),
        MappingProxyType(folder.summaries),
        MappingProxyType(folder.published),
        MappingProxyType(folder.published_mappings),
    )


def _require(value: V | None) -> V:
    if value is None:
        raise NotFound
    return value


def newest(versions: Iterable[str]) -> str:
    """Return the newest of some versions (1.10 comes after 1.9)."""
    return max(versions, key=version_key)


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions are put in order by: 1.10 comes after 1.9."""
    return tuple(int(part) for part in version.split("."))
