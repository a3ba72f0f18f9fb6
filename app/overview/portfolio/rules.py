"""Pure rules of a portfolio: how its files are named, and which evidence a judgement in force rests on."""

from collections.abc import Iterable, Sequence

from app.grading.schemas import EvidenceRef, JudgementShown
from app.learning.hand_ins.rules import clean_name
from app.platform.search import search_words

MOST_MEGABYTES = 300
"""Largest size of the files of an archive; those beyond are downloaded one by one."""
LONGEST_FOLDER = 60


def folder_name(code: str, title: str) -> str:
    """Return the name of a competency's folder: ``CN-01-situer-l-ecosysteme``, of plain letters alone."""
    return f"{code}-{'-'.join(search_words(title))}"[:LONGEST_FOLDER].rstrip("-")


def member_name(folder: str, activity_code: str, attempt: int, file_name: str) -> str:
    """Return where a hand-in stands in the archive: no name of a file leads out of its folder, or is a formula."""
    return f"{folder}/{activity_code}-{attempt}-{clean_name(file_name)}"


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of files, each once whatever its case: a second one gets a number."""
    used: set[str] = set()
    kept = []
    for name in names:
        stem, dot, extension = name.rpartition(".")
        candidate, n = name, 1
        while candidate.casefold() in used:
            n += 1
            candidate = f"{stem}-{n}{dot}{extension}"
        used.add(candidate.casefold())
        kept.append(candidate)
    return kept


def judged_by(history: Sequence[JudgementShown], competency: str) -> frozenset[EvidenceRef]:
    """Return the evidence on which a judgement in force of a competency rests."""
    return frozenset(ref for j in history if j.is_current and j.competency_code == competency for ref in j.evidence)
