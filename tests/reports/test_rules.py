"""Totals, export columns and masking of indicators (BR-24, S11)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohorts.enums import EnrolmentState
from app.curricula.library import default_library
from app.network.enums import CertificateKind
from app.platform.documents.spreadsheets import in_hours
from app.reports.indicators.rules import MIN_CELL, Count, mask, masked_keys, masked_total
from app.reports.rules import by_cohort, columns, competencies_of, totals
from app.reports.schemas import CertificateIssued, ReportRow


def row(cohort: str = "A", **given: object) -> ReportRow:
    return ReportRow.model_validate(
        {
            "college": "Collège d’Alma", "cohort": cohort, "path": "Généraliste", "version": "1.0", "enrolment_id": 1,
            "name": "Maude Bérubé", "state": EnrolmentState.ACTIVE, "joined_on": date(2026, 9, 1),
            "planned_minutes": 3600, "recognised_minutes": 100, "attended_minutes": 90, "attendance_base_minutes": 180,
            "attendance_pct": 50, "modules_done": 1, "modules_total": 8, "eligible": (), "certificates": (),
            "levels": {"CN-01": 3, "CN-02": None}, **given,
        }
    )  # fmt: skip


@pytest.mark.parametrize(("minutes", "hours"), [(0, "0.00"), (90, "1.50"), (100, "1.67"), (1, "0.02"), (3600, "60.00")])
def test_hours_are_rounded_once(minutes: int, hours: str) -> None:
    assert in_hours(minutes) == Decimal(hours)


def test_columns_of_the_contract_never_move() -> None:
    keys = [c.key for c in columns(("CN-01", "CN-02"), {})]
    assert keys == [
        "college", "cohort", "path", "version", "enrolment", "name", "state", "joined_on", "planned_hours",
        "recognised_hours", "attendance_pct", "modules_done", "modules_total", "eligible", "certificates",
        "level", "level",
    ]  # fmt: skip


def test_values_as_codes_or_words() -> None:
    issued = CertificateIssued(
        kind=CertificateKind.attestation_reussite, number="ALM-2026-0001", issued_on=date(2026, 11, 22)
    )
    full = row(eligible=[CertificateKind.attestation_reussite], certificates=[issued])
    codes = {c.key: c.value(full) for c in columns((), {})}
    assert (codes["state"], codes["eligible"]) == ("active", "attestation_reussite")
    assert codes["certificates"] == "ALM-2026-0001 (2026-11-22)"
    words = {c.key: c.value(full) for c in columns((), {"active": "Active", "attestation_reussite": "Réussite"})}
    assert (words["state"], words["eligible"]) == ("Active", "Réussite")
    assert [c.value(full) for c in columns(("CN-01", "CN-02", "CN-05"), {})][-3:] == [3, None, None]


def test_competencies_of_a_path() -> None:
    generalist = competencies_of(default_library().curriculum("generaliste", "1.0"))
    assert len(generalist) == 9
    assert "CN-05" not in generalist
    assert len(competencies_of(default_library().curriculum("specialise", "1.0"))) == 12


rows = st.builds(
    row,
    cohort=st.sampled_from("ABC"),
    recognised_minutes=st.integers(0, 3600),
    attended_minutes=st.integers(0, 900),
    modules_done=st.integers(0, 8),
)


@given(st.lists(rows, max_size=12))
def test_the_whole_is_the_sum_of_its_cohorts(report_rows: list[ReportRow]) -> None:
    whole, parts = totals(report_rows), by_cohort(report_rows)
    for name in type(whole).model_fields:
        assert getattr(whole, name) == sum(getattr(part.totals, name) for part in parts)


@pytest.mark.parametrize(
    ("values", "masked"),
    [
        ({"a": 10, "b": 12}, ""),
        ({"a": 3, "b": 12, "c": 9}, "ac"),
        ({"a": 3, "b": 4, "c": 9}, "ab"),
        ({"a": 0, "b": 0, "c": 9, "d": 30}, "abc"),
        ({"a": 1, "b": 1, "c": 1}, "abc"),
        ({"a": 3}, "a"),
        ({}, ""),
    ],
)
def test_a_small_cell_masks_another_one(values: dict[str, int], masked: str) -> None:
    assert masked_keys(values) == frozenset(masked)


def test_the_total_is_masked_when_a_cell_could_be_deduced() -> None:
    assert masked_total({"a": 3}, {"a"}) is None
    assert masked_total({"a": 7}, {"a"}) is None
    assert masked_total({"a": 3, "b": 12}, {"a", "b"}) == 15
    assert masked_total({"a": 1, "b": 1}, {"a", "b"}) is None
    assert masked_total({"a": 7, "b": 8}, ()) == 15
    assert masked_total({}, ()) is None


def figures(code: str, enrolled: int, **given: int) -> Count:
    base = {"active": enrolled, "completed": 0, "certificates": 0, "recognised_minutes": 60 * enrolled}
    return Count(**{"region_code": code, "enrolled": enrolled, "enterprises": 20, **base, **given})  # type: ignore[arg-type]


def test_a_masked_region_shows_no_figure_about_its_people() -> None:
    regions, total = mask([figures("02", 12), figures("08", 3), figures("10", 20)])
    assert regions["08"] == {
        "enrolled": None, "active": None, "completed": None, "certificates": None, "recognised_minutes": None,
        "enterprises": 20,
    }  # fmt: skip
    assert (regions["02"]["enrolled"], regions["02"]["recognised_minutes"]) == (None, None)
    assert (regions["10"]["enrolled"], regions["10"]["recognised_minutes"]) == (20, 1200)
    assert (total["enrolled"], total["recognised_minutes"], total["completed"]) == (35, 2100, None)


def test_a_lone_small_region_masks_the_total() -> None:
    regions, total = mask([figures("08", 3)])
    assert regions["08"]["enrolled"] is None
    assert (total["enrolled"], total["recognised_minutes"], total["enterprises"]) == (None, None, 20)


def test_mask_of_no_region_is_empty() -> None:
    assert mask([])[0] == {}


counts = st.dictionaries(
    st.sampled_from(["01", "02", "03", "08", "10"]), st.tuples(*[st.integers(0, 40)] * 3), max_size=5
)


@given(counts)
def test_no_small_cell_is_shown_and_none_can_be_deduced(values: dict[str, tuple[int, int, int]]) -> None:
    region_counts = [
        figures(code, max(v), active=min(v), completed=sorted(v)[1], enterprises=v[0]) for code, v in values.items()
    ]
    regions, total = mask(region_counts)
    for name in ("enrolled", "active", "completed", "certificates", "enterprises"):
        hidden = [code for code, region in regions.items() if region[name] is None]
        assert all(n is None or n >= MIN_CELL for n in (region[name] for region in regions.values()))
        if hidden and total[name] is not None:
            truth = {c.region_code: getattr(c, name) for c in region_counts}
            assert len(hidden) >= 2
            assert sum(truth[code] for code in hidden) >= MIN_CELL
