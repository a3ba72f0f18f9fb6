"""The library of contracts and protocols: frozen values by version, read from ``curricula/codeveloppement/``.

Files are read and checked once. What is published never changes (BR-01): ``published.sha256`` beside them holds the
hash of each, as that of curricula does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from app.codev.protocols.rules import check_contract, check_protocol
from app.codev.protocols.schemas import Contract, Protocol
from app.curricula.files.folder import CODEV
from app.curricula.files.loader import load
from app.curricula.files.problems import CurriculumError, Problem
from app.curricula.files.register import REGISTER, digest, read_register, write_register
from app.curricula.library import default_library, newest
from app.curricula.rules import Finding
from app.curricula.schemas import Frozen
from app.platform.errors import NotFound

CONTRACTS, PROTOCOLS = "contrat", "protocole"
MODELS: Mapping[str, type[Frozen]] = {"contract.json": Contract, "protocol.json": Protocol}
"""The schemas for editors, beside the files."""
KINDS = (CONTRACTS, PROTOCOLS)
"""The folders, each with a file for each version; also what ``escouade curricula publish`` calls them."""

M = TypeVar("M", Contract, Protocol)
V = TypeVar("V")


@dataclass(frozen=True, eq=False, slots=True)
class CodevLibrary:
    """The contracts and protocols of a folder by version; ``published`` holds the SHA-256 by ``folder/version``."""

    root: Path
    contracts: Mapping[str, Contract]
    protocols: Mapping[str, Protocol]
    published: Mapping[str, str]

    def contract(self, version: str) -> Contract:
        """Return a version of the contract; raise ``NotFound`` when there is none."""
        return _require(self.contracts, version)

    def protocol(self, version: str) -> Protocol:
        """Return a version of the protocol; raise ``NotFound`` when there is none."""
        return _require(self.protocols, version)

    @property
    def newest_contract(self) -> Contract:
        """The newest published contract, which a new group gets."""
        return self.contracts[self._newest(CONTRACTS, self.contracts)]

    @property
    def newest_protocol(self) -> Protocol:
        """The newest published protocol, which a new group follows."""
        return self.protocols[self._newest(PROTOCOLS, self.protocols)]

    def _newest(self, kind: str, versions: Iterable[str]) -> str:
        return newest(v for v in versions if f"{kind}/{v}" in self.published)


def _require(values: Mapping[str, V], version: str) -> V:
    if version not in values:
        raise NotFound
    return values[version]


def check(root: Path) -> tuple[CodevLibrary, tuple[Problem, ...]]:
    """Return the library that can be read from a folder of curricula, and every problem in it."""
    folder = root / CODEV
    problems: list[Problem] = []
    contracts = dict(_versions(folder, CONTRACTS, Contract, check_contract, problems))
    protocols = dict(_versions(folder, PROTOCOLS, Protocol, check_protocol, problems))
    published, wrong = read_register(folder)
    problems += wrong
    for line, (name, value) in enumerate(published.items(), 1):
        if not (folder / f"{name}.yaml").is_file():
            problems.append(Problem(REGISTER, line, (), "curricula.register.missing", {"name": name}))
        elif digest(folder, [f"{name}.yaml"]) != value:
            problems.append(Problem(f"{name}.yaml", 1, (), "curricula.register.changed", {"name": name}))
    library = CodevLibrary(
        folder, MappingProxyType(contracts), MappingProxyType(protocols), MappingProxyType(published)
    )
    return library, tuple(problems)


def _versions(
    folder: Path, kind: str, model: type[M], rules: Callable[[M], tuple[Finding, ...]], problems: list[Problem]
) -> Iterator[tuple[str, M]]:
    """Yield each version in a folder; what is no version, or breaks a rule, is added to the problems."""
    for path in sorted(p for p in (folder / kind).glob("*") if not p.name.startswith(".")):
        file = f"{kind}/{path.name}"
        if path.suffix != ".yaml":
            problems.append(Problem(file, 1, (), "curricula.file.stray", {"name": path.name}))
            continue
        loaded = load(path, file, model)
        problems += loaded.problems
        if loaded.value is None:
            continue
        if loaded.value.version != path.stem:
            expected = {"name": "version", "expected": path.stem}
            problems.append(loaded.document.problem("curricula.misplaced", ("version",), expected))
        problems += loaded.located(rules(loaded.value))
        yield path.stem, loaded.value


@cache
def codev_library() -> CodevLibrary:
    """Return the library of the folder that this process reads, loaded once per process."""
    library, problems = check(default_library().root)
    if problems:
        raise CurriculumError(problems)
    return library


def publish(root: Path, kind: str, version: str) -> str:
    """Add a version to the register, unless it is there, and return its SHA-256.

    Raise ``CurriculumError`` when the folder has any problem, ``NotFound`` when it has no such version.
    """
    library, problems = check(root)
    if problems:
        raise CurriculumError(problems)
    name = f"{kind}/{version}"
    if not (library.root / f"{name}.yaml").is_file():
        raise NotFound
    value = digest(library.root, [f"{name}.yaml"])
    if name not in library.published:
        write_register(library.root, {**library.published, name: value})
    return value
