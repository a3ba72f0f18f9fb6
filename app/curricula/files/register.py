"""The register of published versions, ``published.sha256``, whose files may no longer change (BR-01).

One line per version, ``<sha256>  <slug>/<version>``. The hash covers the curriculum file, its pages and the
framework version that it names: nothing that participants are judged on changes during their cohort. A mapping has a
line too, ``<sha256>  correspondances/<source>_<target>``, over its file.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from app.curricula.files.problems import Problem
from app.curricula.schemas import Curriculum

REGISTER = "published.sha256"
FRAMEWORKS = "referentiel"
MAPPINGS = "correspondances"
_VERSION = r"[0-9]+(?:\.[0-9]+){1,2}"
_SLUG = r"[a-z][a-z0-9-]*"
ENTRY = re.compile(
    rf"(?P<hash>[0-9a-f]{{64}})  "
    rf"(?P<name>{MAPPINGS}/{_SLUG}-{_VERSION}_{_SLUG}-{_VERSION}|(?!{MAPPINGS}/){_SLUG}/{_VERSION})"
)


def read_register(root: Path) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Return the hashes by name, ``slug/version`` or that of a mapping.

    A line that is malformed or repeats a name is a problem.
    """
    path = root / REGISTER
    entries: dict[str, str] = {}
    problems: list[Problem] = []
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, 1):
        entry = ENTRY.fullmatch(line)
        if entry is None or entry["name"] in entries:
            problems.append(Problem(REGISTER, number, (), "curricula.register.line", {"excerpt": line[:80]}))
        else:
            entries[entry["name"]] = entry["hash"]
    return entries, tuple(problems)


def write_register(root: Path, entries: Mapping[str, str]) -> None:
    """Replace the register atomically: a reader sees the old file or the new one."""
    draft = root / f"{REGISTER}.new"
    draft.write_text("".join(f"{value}  {name}\n" for name, value in sorted(entries.items())), "utf-8", newline="\n")
    os.replace(draft, root / REGISTER)  # noqa: PTH105 - unlike Path.replace, its name says that it overwrites


def fingerprint(root: Path, curriculum: Curriculum) -> str:
    """Return the SHA-256 of a version over its files (:func:`digest`)."""
    return digest(root, _files(root, curriculum))


def mapping_fingerprint(root: Path, name: str) -> str:
    """Return the SHA-256 of a mapping, by its name in the register (:func:`digest`)."""
    return digest(root, (f"{name}.yaml",))


def digest(root: Path, names: Iterable[str]) -> str:
    """Return the SHA-256 of files, in hexadecimal, over each one's name, length and bytes, in order of name.

    Line ends count as ``\\n``, so that a checkout that rewrites them does not change a published version.
    """
    total = sha256()
    for name in sorted(names):
        body = (root / name).read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name}\0{len(body)}\0".encode() + body)
    return total.hexdigest()


def _files(root: Path, curriculum: Curriculum) -> Iterator[str]:
    version = f"{curriculum.slug}/{curriculum.version}"
    yield f"{FRAMEWORKS}/{curriculum.framework.version}.yaml"
    yield f"{version}.yaml"
    for page in (root / version).glob("*.md"):
        yield f"{version}/{page.name}"
