"""Rules of a portfolio: names of files in the archive, what fits in it, what nobody has judged."""

from datetime import UTC, datetime

import pytest

from app.grading.enums import EvidenceKind
from app.grading.schemas import EvidenceRef, JudgementShown
from app.overview.portfolio.rules import distinct, folder_name, judged_by, member_name


def test_folder_of_a_competency_has_its_code_and_plain_letters() -> None:
    assert folder_name("CN-01", "Situer l’écosystème / et..\\") == "CN-01-situer-lecosysteme-et"
    assert folder_name("CN-01", "mot " * 40) == ("CN-01" + "-mot" * 40)[:60].rstrip("-")
    assert folder_name("", "") == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("carte.pdf", "CN-01-x/GEN-1.C-2-carte.pdf"),
        ("../../etc/passwd.txt", "CN-01-x/GEN-1.C-2-passwd.txt"),
        ("C:\\dossier\\plan.docx", "CN-01-x/GEN-1.C-2-plan.docx"),
        ("=cmd()|'a'!A1.csv", "CN-01-x/GEN-1.C-2-=cmd() 'a'!A1.csv"),
        ("a\r\nb\u202efdp.pdf", "CN-01-x/GEN-1.C-2-a b fdp.pdf"),
    ],
)
def test_no_name_of_a_file_leads_out_of_its_folder_or_begins_as_a_formula(name: str, expected: str) -> None:
    assert member_name("CN-01-x", "GEN-1.C", 2, name) == expected


def test_two_files_of_one_name_get_numbers_whatever_their_case() -> None:
    assert distinct(["a/Plan.pdf", "a/plan.pdf", "b/plan.pdf", "a/PLAN.PDF"]) == [
        "a/Plan.pdf", "a/plan-2.pdf", "b/plan.pdf", "a/PLAN-3.PDF",
    ]  # fmt: skip


def judgement(id_: int, code: str, hand_in: int, superseded_by: int | None = None) -> JudgementShown:
    """Return a judgement that rests on a hand-in."""
    return JudgementShown(
        id=id_, enrolment_id=1, competency_code=code, activity_code=None, level=2, criteria_met=(),
        criteria_levels=(), criteria_feedback=(), comment="",
        validated_at=datetime(2026, 11, 1, tzinfo=UTC), assessor_id=1, assessor="Théo", supersedes_id=None, reason=None,
        superseded_by=superseded_by, evidence=(EvidenceRef(kind=EvidenceKind.HAND_IN, id=hand_in),),
    )  # fmt: skip


def test_evidence_is_judged_for_a_competency_by_the_judgements_in_force() -> None:
    history = [judgement(1, "CN-01", 10, superseded_by=2), judgement(2, "CN-01", 11), judgement(3, "CN-02", 12)]
    assert {ref.id for ref in judged_by(history, "CN-01")} == {11}
