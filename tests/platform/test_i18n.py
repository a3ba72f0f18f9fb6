"""The display forms of dates, times and reasons."""

from datetime import UTC, date, datetime

import pytest

from app.platform.errors import Reason
from app.platform.messages import i18n as text

NBSP = text.NBSP


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2026, 11, 22), "22 novembre 2026"), (date(2026, 1, 1), "1er janvier 2026")]
)
def test_day_has_no_break_spaces(day: date, expected: str) -> None:
    assert text.day(day) == expected.replace(" ", NBSP)


@pytest.mark.parametrize(("minute", "expected"), [(0, "9 h"), (5, "9 h 05"), (30, "9 h 30")])
def test_clock_on_the_hour_has_no_minutes(minute: int, expected: str) -> None:
    assert text.clock(datetime(2026, 11, 22, 14, minute, tzinfo=UTC)) == expected.replace(" ", NBSP)


def test_zone_name_is_the_common_one() -> None:
    assert text.zone_name("America/Toronto") == "heure de l’Est"
    assert text.zone_name("America/Halifax") == "heure de l’Atlantique"


def test_explain_shows_days_and_hours_in_display_form() -> None:
    late = text.explain(Reason("too_late_to_join", {"limit_on": "2026-09-21"}))
    assert f"le 21{NBSP}septembre{NBSP}2026." in late
    missing = text.explain(Reason("field_hours_missing", {"activity": "GEN-8.A", "missing_minutes": 90}))
    assert f"Il manque 1,5{NBSP}h de terrain" in missing


def test_french_texts_do_not_break_before_colons_percents_and_in_quotation_marks() -> None:
    typed = "Choisissez « Oui » : 80 % suffisent, dès 14:00"
    assert text.no_break_spaces(typed) == "Choisissez «_Oui_»_: 80_% suffisent, dès 14:00".replace("_", NBSP)
    texts = [form for forms in text.catalogue("fr").values() for form in ([forms] if isinstance(forms, str) else forms)]
    assert any(f"{NBSP}:" in form for form in texts)
    assert [form for form in texts if any(pair in form for pair in (" :", " »", " %", "« "))] == []
