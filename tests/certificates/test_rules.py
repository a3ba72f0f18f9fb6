"""Rules of certificates: numbers, codes, units, the printed content, the reasons that forbid issuing."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.certificates import rules as certificates_rules
from app.certificates.documents import rules as documents_rules
from app.certificates.issuing.rules import IssueCase, refuse_issue
from app.cohorts.enums import EnrolmentState
from app.curricula.library import default_library
from app.holds.enums import HoldKind
from app.holds.schemas import OpenHold
from app.network.enums import CertificateKind
from app.platform.errors import Reason
from tests.factories import certificates as samples

K = CertificateKind
CODE = "3f9a0c1d77e24b58a6109d3cf2e4b871"


def test_a_number_names_the_college_the_year_and_the_rank() -> None:
    assert certificates_rules.format_number("ALM", 2026, 1) == "ALM-2026-0001"
    assert certificates_rules.format_number("ALM", 2026, 12345) == "ALM-2026-12345"


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), "America/Toronto", date(2026, 12, 31)),
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), "America/Toronto", date(2027, 1, 1)),
        (datetime(2026, 7, 1, 3, 59, tzinfo=UTC), "America/Toronto", date(2026, 6, 30)),
        (datetime(2027, 1, 1, 3, 59, tzinfo=UTC), "America/Halifax", date(2026, 12, 31)),
        (datetime(2027, 1, 1, 4, 30, tzinfo=UTC), "America/Halifax", date(2027, 1, 1)),
    ],
)
def test_year_turns_at_midnight_in_the_time_zone_of_the_cohort(moment: datetime, zone: str, day: date) -> None:
    assert certificates_rules.issue_date(moment, zone) == day


def test_a_code_reads_in_groups_of_four() -> None:
    assert certificates_rules.group_code(CODE) == "3f9a 0c1d 77e2 4b58 a610 9d3c f2e4 b871"


@pytest.mark.parametrize(
    ("joined_on", "issued", "expected"),
    [
        (None, date(2026, 12, 1), (date(2026, 2, 2), date(2026, 11, 13))),
        (date(2026, 3, 1), date(2026, 12, 1), (date(2026, 3, 1), date(2026, 11, 13))),
        (date(2026, 1, 5), date(2026, 6, 1), (date(2026, 2, 2), date(2026, 6, 1))),
        (None, date(2026, 1, 1), (date(2026, 2, 2), date(2026, 2, 2))),
    ],
)
def test_the_period_is_the_persons_own(joined_on: date | None, issued: date, expected: tuple[date, date]) -> None:
    assert documents_rules.participation_period(date(2026, 2, 2), date(2026, 11, 13), joined_on, issued) == expected


@pytest.mark.parametrize(
    ("minutes", "units"),
    [(0, "0.0"), (59, "0.0"), (600, "1.0"), (3600, "6.0"), (659, "1.0"), (660, "1.1"), (12510, "20.8")],
)
def test_units_are_hours_by_ten_cut_to_one_decimal(minutes: int, units: str) -> None:
    assert documents_rules.ceu(minutes, accredited=True) == units
    assert documents_rules.ceu(minutes, accredited=False) is None


# Printed content ---------------------------------------------------------------------------------

LIBRARY = default_library()
GENERALIST = LIBRARY.curriculum("generaliste", "1.0")
FRAMEWORK = LIBRARY.framework_of(GENERALIST)
LEVELS: dict[str, int | None] = {**{c.code: 3 for c in FRAMEWORK.competencies}, "CN-02": 4, "CN-12": None}


def test_a_participation_attests_no_level() -> None:
    assert documents_rules.printed_competencies(K.attestation_participation, GENERALIST, FRAMEWORK, LEVELS) == ()


def test_an_achievement_shows_what_it_asks_for_and_the_level_reached() -> None:
    printed = documents_rules.printed_competencies(K.attestation_reussite, GENERALIST, FRAMEWORK, LEVELS)
    assert [(c.code, c.level, c.level_title) for c in printed[:2]] == [
        ("CN-01", 3, "Maîtrisé"),
        ("CN-02", 4, "Référent"),
    ]
    assert [c.code for c in printed] == ["CN-01", "CN-02", "CN-03", "CN-04", "CN-08", "CN-09", "CN-10", "CN-11"]


def test_a_kind_that_the_path_does_not_have_prints_none() -> None:
    assert documents_rules.printed_competencies(K.certification_collegiale, GENERALIST, FRAMEWORK, LEVELS) == ()


def test_texts_are_composed_and_keep_to_what_fonts_have() -> None:
    assert documents_rules.printable("Zoe\u0301 14\u202fh peut\u2011être") == "Zoé 14\u00a0h peut-être"


def test_french_typography() -> None:
    assert documents_rules.typographic("L'objet : « l'eau » ?") == "L’objet\u00a0: «\u00a0l’eau\u00a0»\u00a0?"
    assert documents_rules.typographic("'ainsi'") == "'ainsi'"


@given(st.text(max_size=300))
def test_longer_text_never_gets_a_larger_size(text: str) -> None:
    ranks = [
        documents_rules.SIZES.index(documents_rules.size_class(t, documents_rules.NAME_LIMITS))
        for t in (text, text + "x")
    ]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("name", "density"),
    [
        ("participation", "airy"), ("long_participation", "airy"), ("sample", "normal"),
        ("achievement", "normal"), ("two_surnames", "dense"), ("longest", "dense"),
    ],
)  # fmt: skip
def test_density(name: str, density: str) -> None:
    assert documents_rules.density(samples.ALL[name]) == density


def test_the_table_has_one_column_up_to_six_lines() -> None:
    assert documents_rules.split_columns(()) == []
    assert [len(part) for part in documents_rules.split_columns(samples.competencies("Situer", count=6))] == [6]
    assert [len(part) for part in documents_rules.split_columns(samples.competencies("Situer", count=7))] == [4, 3]


def test_two_columns_of_about_the_same_height() -> None:
    assert [len(part) for part in documents_rules.split_columns(samples.sample().competencies)] == [7, 5]


# Reasons that forbid issuing --------------------------------------------------------------------------


def case(**changes: object) -> IssueCase:
    """Return a case that nothing forbids, with changes."""
    values = {
        "kind": K.attestation_reussite, "state": EnrolmentState.COMPLETED, "missing": [],
        "authorised": ["attestation_reussite"], "signatories": 1,
    }  # fmt: skip
    return IssueCase(**(values | changes))  # type: ignore[arg-type]


HELD = OpenHold(kind=HoldKind.FORMALITY, opened_on=date(2026, 9, 1))


def test_complete_case_has_no_reason() -> None:
    assert refuse_issue(case()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"missing": None}, "certificate_not_of_path"),
        ({"issued_number": "ALM-2026-0001"}, "certificate_already"),
        ({"state": EnrolmentState.WITHDRAWN}, "certificate_not_followed"),
        ({"state": EnrolmentState.TRANSFERRED}, "certificate_not_followed"),
        ({"authorised": []}, "certificate_not_authorised"),
        ({"signatories": 0}, "certificate_no_signatory"),
        ({"decider_is_holder": True}, "certificate_own"),
        ({"decider_in_conflict": True}, "certificate_interest"),
        ({"holds": [HELD]}, "hold_open"),
        ({"missing": [Reason("attendance_low")]}, "attendance_low"),
    ],
)
def test_each_obstacle_gives_its_reason(changes: dict[str, object], code: str) -> None:
    assert [r.code for r in refuse_issue(case(**changes))] == [code]


def test_refusal_gives_every_reason_at_once() -> None:
    reasons = refuse_issue(case(holds=[HELD, HELD], signatories=0, missing=[Reason("attendance_low")]))
    assert [r.code for r in reasons] == [
        "certificate_no_signatory", "hold_open", "hold_open", "attendance_low",
    ]  # fmt: skip


def test_missing_glyphs_are_a_reason() -> None:
    assert documents_rules.refuse_missing_glyphs([]) == []
    assert documents_rules.refuse_missing_glyphs({"ب", "ا"}) == [Reason("certificate_glyphs", {"characters": "ا ب"})]
