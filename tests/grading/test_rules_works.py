"""Rules of works: what waits on one, what may be decided on it without a level, and the state that its author reads."""

import pytest

from app.curricula.library import default_library
from app.grading.enums import EvidenceKind
from app.grading.works.enums import CompetencyState, WorkDecisionKind, WorkState
from app.grading.works.rules import Work, competencies_of, competencies_of_work, text_reasons, work_reasons

GENERALIST = default_library().curriculum("generaliste", "1.0")
RETURNED, WAIVED = WorkDecisionKind.RETURNED, WorkDecisionKind.WAIVED
BOTH = ("CN-03", "CN-04")


def work(
    judged: tuple[str, ...] = (),
    decided: dict[str | None, WorkDecisionKind] | None = None,
    *,
    assessed: tuple[str, ...] = BOTH,
    is_replaced: bool = False,
) -> Work:
    return Work("GEN-3.C", assessed, frozenset(judged), decided or {}, is_replaced)


@pytest.mark.parametrize(
    ("code", "expected"), [("GEN-3.C", BOTH), ("GEN-3.B", ()), ("GEN-8.D", ()), ("GEN-7.A", ("CN-11",))]
)
def test_only_an_assessment_waits_for_what_its_module_assesses(code: str, expected: tuple[str, ...]) -> None:
    assert competencies_of_work(GENERALIST, code) == expected


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        (EvidenceKind.HAND_IN, "GEN-3.C", BOTH),
        (EvidenceKind.HAND_IN, "GEN-9.Z", ()),
        (EvidenceKind.MANDATE, None, ("CN-04", "CN-12")),
        (EvidenceKind.SESSION, "GEN-8.E", ("CN-04", "CN-12")),
        (EvidenceKind.SESSION, "GEN-3.C", ()),
        (EvidenceKind.SESSION, "GEN-3.B", ()),
        (EvidenceKind.SESSION, "GEN-7.A", ()),
        (EvidenceKind.SESSION, None, ()),
    ],
)
def test_mandate_waits_for_field_work_and_a_session_for_an_assessment_of_a_group(
    kind: EvidenceKind, code: str | None, expected: tuple[str, ...]
) -> None:
    assert competencies_of(GENERALIST, kind, code) == expected


def test_formative_assessment_waits_for_nothing() -> None:
    specialist = default_library().curriculum("specialise", "1.0")
    formative = [code for code, (_, a) in specialist.placed.items() if a.formative and a.is_assessment]
    assert formative
    assert {competencies_of_work(specialist, code) for code in formative} == {()}


@pytest.mark.parametrize(
    ("given", "left", "state", "state_read"),
    [
        (work(), BOTH, WorkState.RECEIVED, WorkState.BEING_READ),
        (work(judged=("CN-03",)), ("CN-04",), WorkState.BEING_READ, WorkState.BEING_READ),
        (work(judged=BOTH), (), WorkState.JUDGED, WorkState.JUDGED),
        (work(decided={None: RETURNED}), (), WorkState.RETURNED, WorkState.RETURNED),
        (work(decided={"CN-03": RETURNED}), ("CN-04",), WorkState.RETURNED, WorkState.RETURNED),
        (work(judged=("CN-03",), decided={None: WAIVED}), (), WorkState.JUDGED, WorkState.JUDGED),
        (work(decided={"CN-03": WAIVED, "CN-04": WAIVED}), (), WorkState.WAIVED, WorkState.WAIVED),
        (work(judged=BOTH, decided={None: RETURNED}), (), WorkState.JUDGED, WorkState.JUDGED),
        (work(decided={None: RETURNED}, is_replaced=True), (), WorkState.REPLACED, WorkState.REPLACED),
    ],
)
def test_state_of_a_work(given: Work, left: tuple[str, ...], state: WorkState, state_read: WorkState) -> None:
    assert given.left == left
    assert (given.state(is_read=False), given.state(is_read=True)) == (state, state_read)


def test_level_given_after_a_return_prevails() -> None:
    given = work(judged=("CN-03",), decided={None: RETURNED})
    assert (given.state_of("CN-03"), given.state_of("CN-04")) == (CompetencyState.JUDGED, CompetencyState.RETURNED)


@pytest.mark.parametrize(
    ("given", "competency", "expected"),
    [
        (work(), None, []),
        (work(), "CN-04", []),
        (work(judged=("CN-03",)), None, []),
        (work(assessed=()), None, ["work_not_judged"]),
        (work(is_replaced=True), None, ["work_replaced"]),
        (work(judged=BOTH), None, ["work_settled"]),
        (work(decided={"CN-03": RETURNED}), "CN-03", ["competency_settled"]),
        (work(), "CN-01", ["competency_not_of_work"]),
    ],
)
def test_decision_without_a_level_needs_something_left(
    given: Work, competency: str | None, expected: list[str]
) -> None:
    assert [reason.code for reason in work_reasons(given, competency)] == expected


@pytest.mark.parametrize(
    ("kind", "text", "criteria", "expected"),
    [
        (RETURNED, "Il manque la carte.", (), []),
        (RETURNED, None, ("CN-03.C1",), []),
        (RETURNED, None, (), [("missing_needed", "text")]),
        (WAIVED, "Déjà montrée.", (), []),
        (WAIVED, None, ("CN-03.C1",), [("waiver_needs_reason", "text")]),
        (RETURNED, "x", ("CN-03.C1", "CN-01.C1"), [("criterion_not_of_work", "criteria.1.criterion")]),
    ],
)
def test_decision_says_what_is_missing_or_why(
    kind: WorkDecisionKind, text: str | None, criteria: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    reasons = text_reasons(kind, text, criteria, ("CN-03.C1", "CN-04.C1"))
    assert [(reason.code, reason.field) for reason in reasons] == expected
