"""Rules of the contract of a group: what an agreement covers, whose presence waits for it, and the files."""

from pathlib import Path

import pytest

from app.attendance.roll_calls.enums import PresenceStatus
from app.codev.contracts.rules import Terms, agreement_reasons, presence_reasons, terms_of_session
from app.codev.protocols.library import check, codev_library, publish
from app.codev.records.rules import Presence
from app.curricula.files.problems import CurriculumError
from app.platform.errors import NotFound


@pytest.mark.parametrize(
    ("agreed", "asked", "holds"),
    [
        (Terms("1.0", 1), Terms("1.0", 1), True),
        (Terms("1.0", 2), Terms("1.0", 1), True),
        (Terms("1.0", 1), Terms("1.0", 2), False),
        (Terms("1.0", 3), Terms("1.1", 1), False),
    ],
)
def test_agreement_holds_for_the_same_text_and_nobody_who_entered_since(
    *, agreed: Terms, asked: Terms, holds: bool
) -> None:
    assert agreed.covers(asked) is holds


@pytest.mark.parametrize(
    ("read", "accepted", "codes"),
    [
        (Terms("1.0", 2), True, []),
        (Terms("1.0", 2), False, ["contract_not_accepted"]),
        (Terms("1.0", 1), True, ["composition_changed"]),
        (Terms("0.9", 1), True, ["contract_changed"]),
    ],
)
def test_agreement_is_to_what_was_read(*, read: Terms, accepted: bool, codes: list[str]) -> None:
    assert [r.code for r in agreement_reasons(read, Terms("1.0", 2), accepted=accepted)] == codes


def test_presence_of_whoever_has_not_agreed_waits_and_absence_does_not() -> None:
    entries = [
        Presence(1, PresenceStatus.PRESENT, 180),
        Presence(2, PresenceStatus.ABSENT, 0),
        Presence(3, PresenceStatus.LATE, 120),
    ]
    reasons = presence_reasons(entries, {2, 3}, facilitator_agrees=True)
    assert [(r.code, r.field) for r in reasons] == [("contract_to_accept", "entries.2.status")]
    reasons = presence_reasons(entries, (), facilitator_agrees=False)
    assert [(r.code, r.field) for r in reasons] == [("own_contract_to_accept", "facilitator_present")]


def test_session_asks_for_the_agreement_with_those_of_that_day() -> None:
    assert terms_of_session("1.0", [1, 1, 3]) == Terms("1.0", 3)
    assert terms_of_session("1.0", []) == Terms("1.0", 1)


def test_the_real_contract_says_what_is_kept_who_reads_and_how_long() -> None:
    contract = codev_library().newest_contract
    codes = [clause.code for clause in contract.clauses]
    assert {"confidentialite", "bonne-foi", "une-personne-cliente", "volontariat", "presence"} <= set(codes)
    assert {"ce-qui-est-consigne", "qui-lit", "conservation", "entrees-et-departs"} <= set(codes)
    with pytest.raises(NotFound):
        codev_library().contract("9.9")


def write(root: Path, version: str, name: str = "1.0.yaml", *, codes: tuple[str, ...] = ("a",)) -> None:
    """Write a contract, with the version and the clauses given."""
    folder = root / "codeveloppement/contrat"
    folder.mkdir(parents=True, exist_ok=True)
    clauses = "".join(f"  - {{code: {c}, title: {{fr: T}}, text: {{fr: X}}}}\n" for c in codes)
    text = f'version: "{version}"\ntitle: {{fr: T}}\npreamble: {{fr: P}}\nclauses:\n{clauses}'
    (folder / name).write_text(text, "utf-8")


def problems(root: Path) -> list[tuple[str, str]]:
    """Return the file and the code of each problem."""
    return [(p.file, p.code.removeprefix("curricula.")) for p in check(root)[1]]


def test_published_contract_that_was_changed_or_is_gone_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "1.0")
    digest = publish(tmp_path, "contrat", "1.0")
    assert publish(tmp_path, "contrat", "1.0") == digest
    write(tmp_path, "1.0", codes=("a", "b"))
    assert problems(tmp_path) == [("contrat/1.0.yaml", "register.changed")]
    with pytest.raises(CurriculumError):
        publish(tmp_path, "contrat", "1.0")
    (tmp_path / "codeveloppement/contrat/1.0.yaml").unlink()
    assert problems(tmp_path) == [("published.sha256", "register.missing")]


def test_contract_that_breaks_a_rule_is_a_problem_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, "1.1", codes=("a", "a"))
    (tmp_path / "codeveloppement/contrat/note.txt").write_text("?", "utf-8")
    (tmp_path / "codeveloppement/contrat/2.0.yaml").write_text("version: 2.0\n", "utf-8")
    assert sorted(set(problems(tmp_path))) == [
        ("contrat/1.0.yaml", "duplicate"),
        ("contrat/1.0.yaml", "misplaced"),
        ("contrat/2.0.yaml", "yaml.quote"),
        ("contrat/note.txt", "file.stray"),
    ]


def test_contract_that_is_not_there_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        publish(tmp_path, "contrat", "1.0")


def test_newest_contract_is_the_newest_published(tmp_path: Path) -> None:
    for version in ("1.2", "1.10", "2.0"):
        write(tmp_path, version, f"{version}.yaml")
    for version in ("1.2", "1.10"):
        publish(tmp_path, "contrat", version)
    library, found = check(tmp_path)
    assert (library.newest_contract.version, found) == ("1.10", ())
