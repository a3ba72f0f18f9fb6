"""Rules of judgements (BR-12, BR-13, S5, S6)."""

from datetime import UTC, date, datetime

import pytest

from app.curricula.library import default_library
from app.grading.enums import EvidenceKind
from app.grading.rules import (
    activity_reasons,
    assessed_by,
    assessor_reasons,
    decision_reasons,
    evidence_reasons,
    is_overdue,
    level_reasons,
    proposals,
    superseding_reasons,
    threshold,
)
from app.grading.schemas import EvidenceRef, JudgementShown

FRAMEWORK = default_library().framework("1.0")
CN01 = FRAMEWORK.competency("CN-01")
ALL = tuple(c.code for c in CN01.criteria)
GENERALIST = default_library().curriculum("generaliste", "1.0")
SPECIALIST = default_library().curriculum("specialise", "1.0")


@pytest.mark.parametrize(
    ("assessor", "facilitates", "competency", "expected"),
    [
        (1, False, "CN-01", []),
        (2, False, "CN-01", ["own_judgement"]),
        (1, True, "CN-01", []),
        (1, True, "CN-11", ["facilitator_of_group"]),
        (1, False, "CN-11", []),
        (2, True, "CN-11", ["own_judgement", "facilitator_of_group"]),
    ],
)
def test_assessor_reasons_name_each_refusal(
    assessor: int, facilitates: bool, competency: str, expected: list[str]
) -> None:
    reasons = assessor_reasons(assessor=assessor, participant=2, competency=competency, facilitates=facilitates)
    assert [r.code for r in reasons] == expected


def test_the_competency_kept_from_facilitators_is_the_one_on_codevelopment() -> None:
    assert "codéveloppement" in FRAMEWORK.competency("CN-11").title.fr


@pytest.mark.parametrize("level", [1, 2])
def test_below_mastery_criteria_are_noted_only(level: int) -> None:
    assert level_reasons(CN01, level, ALL[:1]) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_no_level_is_awarded_without_a_criterion(level: int) -> None:
    assert [(r.code, r.field) for r in level_reasons(CN01, level, ())] == [("criterion_needed", "criteria_met")]


def test_criteria_met_propose_a_level() -> None:
    assert proposals(CN01) == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize(
    ("level", "met", "comment", "expected"),
    [
        (2, 2, None, []),
        (1, 2, None, ["comment_needed"]),
        (2, 1, None, ["comment_needed"]),
        (2, 1, "Deux entretiens le confirment.", []),
        (3, 3, None, []),
        (2, 3, None, ["comment_needed"]),
        (4, 3, None, ["comment_needed"]),
        (4, 3, "Ses pairs s’y réfèrent.", []),
        (3, 2, None, []),
        (1, 0, None, []),
    ],
)
def test_level_other_than_the_one_proposed_needs_a_comment(
    level: int, met: int, comment: str | None, expected: list[str]
) -> None:
    """A level that other reasons refuse asks for no comment besides."""
    assert [r.code for r in decision_reasons(CN01, level, ALL[:met], comment)] == expected


@pytest.mark.parametrize("level", [3, 4])
def test_from_mastery_on_every_criterion_is_met(level: int) -> None:
    assert level_reasons(CN01, level, ALL) == []
    (reason,) = level_reasons(CN01, level, ALL[:1])
    assert (reason.code, reason.field) == ("criteria_missing", "level")
    assert reason.params["criteria"] == "CN-01.C2, CN-01.C3"


def test_a_criterion_of_another_competency_is_named_with_its_place() -> None:
    reasons = level_reasons(CN01, 2, ("CN-01.C1", "CN-02.C1"))
    assert [(r.code, r.field) for r in reasons] == [("criterion_unknown", "criteria_met.1")]


def test_evidence_is_needed_and_is_the_enrolments_own() -> None:
    own = EvidenceRef(kind=EvidenceKind.HAND_IN, id=1)
    other = EvidenceRef(kind=EvidenceKind.MANDATE, id=1)
    known = {own: "GEN-1.C"}
    assert [r.code for r in evidence_reasons(GENERALIST, "CN-01", (), known)] == ["evidence_needed"]
    assert evidence_reasons(GENERALIST, "CN-01", (own,), known) == []
    reasons = evidence_reasons(GENERALIST, "CN-01", (own, other), known)
    assert [(r.code, r.field) for r in reasons] == [("evidence_unknown", "evidence.1")]


@pytest.mark.parametrize(
    ("competency", "kind", "activity", "expected"),
    [
        ("CN-01", EvidenceKind.HAND_IN, "GEN-1.C", []),
        ("CN-04", EvidenceKind.HAND_IN, "GEN-1.C", ["evidence_of_other_competency"]),
        ("CN-01", EvidenceKind.SESSION, "GEN-1.B", []),
        ("CN-11", EvidenceKind.SESSION, "GEN-1.B", ["evidence_of_other_competency"]),
        ("CN-11", EvidenceKind.SESSION, "GEN-7.A", ["codev_by_choice"]),
        ("CN-11", EvidenceKind.HAND_IN, "GEN-1.B", []),
        ("CN-04", EvidenceKind.MANDATE, None, []),
        ("CN-01", EvidenceKind.MANDATE, None, ["mandate_of_other_competency"]),
    ],
)
def test_evidence_shows_what_its_activity_assesses_in_this_version(
    competency: str, kind: EvidenceKind, activity: str | None, expected: list[str]
) -> None:
    ref = EvidenceRef(kind=kind, id=1)
    reasons = evidence_reasons(GENERALIST, competency, (ref,), {ref: activity})
    assert [r.code for r in reasons] == expected
    assert {r.field for r in reasons} <= {"evidence.0"}


def test_every_threshold_of_a_path_has_evidence_that_may_show_it() -> None:
    for path in (GENERALIST, SPECIALIST):
        shown = {c for a in path.activities for c in assessed_by(path, EvidenceKind.HAND_IN, a.code)}
        assert shown >= {c for rule in path.certificates for c in rule.thresholds}


def test_formative_work_shows_no_competency() -> None:
    assert assessed_by(SPECIALIST, EvidenceKind.HAND_IN, "SPE-0.C") == ()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, []),
        ("SPE-1.D", []),
        ("SPE-3.E", ["activity_of_other_competency"]),
        ("GEN-1.C", ["activity_unknown"]),
        ("SPE-0.C", ["activity_formative"]),
    ],
)
def test_only_an_activity_of_the_path_that_assesses_the_competency(code: str | None, expected: list[str]) -> None:
    assert [r.code for r in activity_reasons(SPECIALIST, code, "CN-02")] == expected


def judgement(level: int = 2) -> JudgementShown:
    return JudgementShown(
        id=1, enrolment_id=1, competency_code="CN-01", activity_code=None, level=level, criteria_met=(),
        criteria_levels=(), criteria_feedback=(), comment="",
        validated_at=datetime(2026, 11, 2, tzinfo=UTC), assessor_id=7, assessor="Théo Formation", supersedes_id=None,
        reason=None, superseded_by=None, evidence=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("assessor", "level", "reason", "expected"),
    [
        (7, 1, "erreur de saisie", []),
        (8, 3, "révision demandée", []),
        (8, 2, "révision demandée", []),
        (8, 1, "révision demandée", ["review_lowers"]),
        (7, 3, None, ["reason_needed"]),
        (8, 1, None, ["reason_needed", "review_lowers"]),
    ],
)
def test_superseding_reasons_by_assessor_and_level(
    assessor: int, level: int, reason: str | None, expected: list[str]
) -> None:
    assert [r.code for r in superseding_reasons(judgement(), assessor=assessor, level=level, reason=reason)] == expected


def test_overdue_after_ten_working_days() -> None:
    assert not is_overdue(date(2026, 11, 2), date(2026, 11, 16))
    assert is_overdue(date(2026, 11, 2), date(2026, 11, 17))
    assert not is_overdue(date(2026, 12, 18), date(2027, 1, 5)), "Christmas and New Year are no working days"
    assert is_overdue(date(2026, 12, 18), date(2027, 1, 6))


def test_threshold_of_the_path() -> None:
    assert threshold(GENERALIST, "CN-01") == 3
    assert threshold(SPECIALIST, "CN-05") == 3
    assert threshold(GENERALIST, "CN-05") is None
