"""The curricula that the rest of the system reads: frozen values by path and version.

Files are read and checked once, when the library is loaded; a page when it is first asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from app.curricula.activity_page import Page, render
from app.curricula.files import register
from app.curricula.files.folder import Folder, check_pages, read_folder, read_page
from app.curricula.files.problems import CurriculumError, Problem
from app.curricula.schemas import Curriculum, Framework
from app.platform.errors import NotFound
from app.platform.locations import ROOT

DEFAULT_ROOT = ROOT / "curricula"
V = TypeVar("V")


@dataclass(frozen=True, eq=False, slots=True)
class Library:
    """All versions of a folder. ``published`` holds SHA-256 by ``slug/version``."""

    root: Path
    frameworks: Mapping[str, Framework]
    curricula: Mapping[tuple[str, str], Curriculum]
    published: Mapping[str, str]
    _pages: dict[tuple[str, str, str], Page] = field(default_factory=dict, init=False, repr=False)

    @property
    def slugs(self) -> tuple[str, ...]:
        """Names of the paths, sorted."""
        return tuple(sorted({slug for slug, _version in self.curricula}))

    def framework(self, version: str) -> Framework:
        """A version of the competency framework; ``NotFound`` when there is none."""
        return _found(self.frameworks.get(version))

    def curriculum(self, slug: str, version: str) -> Curriculum:
        """A version of a path; ``NotFound`` when there is none."""
        return _found(self.curricula.get((slug, version)))

    def framework_of(self, curriculum: Curriculum) -> Framework:
        """The framework version that a curriculum names."""
        return self.framework(curriculum.framework.version)

    def versions(self, slug: str) -> tuple[str, ...]:
        """Versions of a path, oldest first (1.10 comes after 1.9); none for an unknown path."""
        return tuple(sorted((v for s, v in self.curricula if s == slug), key=_in_order))

    def is_published(self, slug: str, version: str) -> bool:
        """Whether a version is in the register, so that it can no longer change (BR-01)."""
        return f"{slug}/{version}" in self.published

    def fingerprint(self, slug: str, version: str) -> str:
        """SHA-256 of a version as its files are now (see ``register.fingerprint``)."""
        return register.fingerprint(self.root, self.curriculum(slug, version))

    def page(self, slug: str, version: str, code: str) -> Page:
        """The page of an activity; ``NotFound`` for no activity, ``CurriculumError`` for a faulty draft."""
        key = (slug, version, code)
        if key not in self._pages:
            self._pages[key] = self._page(self.curriculum(slug, version), code)
        return self._pages[key]

    def changed_pages(self, slug: str, before: str, after: str) -> tuple[str, ...]:
        """Activities of both versions whose pages do not read the same."""
        old, new = self.curriculum(slug, before), self.curriculum(slug, after)
        both = (code for code in old.placed if code in new.placed)
        return tuple(code for code in both if self._text(old, code) != self._text(new, code))

    def _text(self, curriculum: Curriculum, code: str) -> str:
        return read_page(self.root, curriculum, self.framework_of(curriculum), code)[0]

    def _page(self, curriculum: Curriculum, code: str) -> Page:
        _module, activity = _found(curriculum.placed.get(code))
        text, problems = read_page(self.root, curriculum, self.framework_of(curriculum), code)
        if problems:
            raise CurriculumError(problems)
        return render(text, code, activity.title.fr)


def load_library(root: Path) -> Library:
    """Load a folder; ``CurriculumError`` with every problem when there is one (pages are read later)."""
    folder = read_folder(root)
    if folder.problems:
        raise CurriculumError(folder.problems)
    return _library(folder)


@cache
def default_library() -> Library:
    """The repository's own curricula, loaded once per process."""
    return load_library(DEFAULT_ROOT)


def check(root: Path) -> tuple[Library, tuple[Problem, ...]]:
    """What can be read of a folder, and every problem in it, pages included."""
    folder = read_folder(root)
    return _library(folder), (*folder.problems, *check_pages(folder))


def publish(root: Path, slug: str, version: str) -> str:
    """Put a version in the register and return its SHA-256; already there, nothing changes.

    ``CurriculumError`` unless the whole folder checks clean: a published version that was edited since is
    one of the problems (BR-01). ``NotFound`` for a version that is not in the folder.
    """
    library, problems = check(root)
    if problems:
        raise CurriculumError(problems)
    value = library.fingerprint(slug, version)
    if not library.is_published(slug, version):
        register.write_register(root, {**library.published, f"{slug}/{version}": value})
    return value


def _library(folder: Folder) -> Library:
    return Library(
        folder.root,
        MappingProxyType(folder.frameworks),
        MappingProxyType(folder.curricula),
        MappingProxyType(folder.published),
    )


def _found(value: V | None) -> V:
    if value is None:
        raise NotFound
    return value


def _in_order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
