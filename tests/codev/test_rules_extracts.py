"""Rules of extracts: what would let someone be recognised, and what is taken."""

from datetime import UTC, date, datetime, time

import pytest

from app.codev.extracts.enums import MarkKind
from app.codev.extracts.rules import extract_reasons, marks_in
from app.codev.extracts.schemas import Mark
from app.curricula.library import default_library
from app.learning.activities.rules import TRACES, ActivityContext
from app.learning.hand_ins.rules import hand_in_reasons
from app.progress.schemas import ActivityProgress, State

STARTED = date(2026, 9, 7)
PEOPLE = ("Karim Haddad", "Élise Tremblay-Roy", "Kaʼnahsohon Ḱarihwá")
ENTERPRISES = ("Ferme Boréale inc.", "Les Scieries du Lac Bouchette")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("J’ai appris à attendre la question.", []),
        ("Karim attend.", [("person", "Karim")]),
        ("KARIM et karim", [("person", "KARIM"), ("person", "karim")]),
        ("Avec Elise, puis Mme Roy.", [("person", "Elise"), ("person", "Roy")]),
        ("L’idée d’Élise", [("person", "d’Élise")]),
        ("Ka’nahsohon a parlé.", [("person", "Ka’nahsohon")]),
        ("La ferme va bien.", []),
        ("Chez Boréale, à Bouchette.", [("enterprise", "Boréale"), ("enterprise", "Bouchette")]),
        ("Écrire à karim.h@exemple.ca.", [("email", "karim.h@exemple.ca")]),
        ("Au 418 555-0134 ou (418) 555.0134", [("phone", "418 555-0134"), ("phone", "(418) 555.0134")]),
        ("+1-418-555-0134", [("phone", "+1-418-555-0134")]),
        ("En 2026, 12 500 $ et 180 minutes", []),
    ],
)
def test_marks_are_names_of_the_group_enterprises_addresses_and_numbers(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(mark.kind.value, mark.text) for mark in marks_in(text, PEOPLE, ENTERPRISES)] == expected


def test_extract_is_taken_once_each_mark_is_removed_or_confirmed() -> None:
    marks = [Mark(kind=MarkKind.PERSON, text="Rose"), Mark(kind=MarkKind.EMAIL, text="a@b.ca")]
    reasons = extract_reasons(marks, ["Rose"], leaves_group=True)
    assert [(r.code, r.params["text"], r.field) for r in reasons] == [("extract_identifies", "a@b.ca", "confirmed")]
    assert extract_reasons(marks, ["Rose", "a@b.ca"], leaves_group=True) == []
    unsaid = extract_reasons([], [], leaves_group=False)
    assert [(r.code, r.field) for r in unsaid] == [("extract_leaves_group", "leaves_group")]


@pytest.mark.parametrize(
    ("code", "is_extract", "most"),
    [("GEN-7.A", True, TRACES), ("GEN-7.A", False, 0), ("GEN-1.C", True, 0), ("GEN-8.D", True, 0)],
)
def test_codevelopment_takes_extracts_alone_and_no_other_activity_takes_one(
    code: str,
    is_extract: bool,
    most: int,
) -> None:
    curriculum = default_library().curricula["generaliste", "1.0"]
    progress = ActivityProgress(code=code, state=State.OPEN, planned_minutes=1, recognised_minutes=0)
    context = ActivityContext(
        activity=curriculum.activity(code), progress=progress, starts_on=STARTED, today=STARTED, is_extract=is_extract
    )
    assert context.most_hand_ins == most


def test_extract_is_taken_while_its_module_is_locked_and_a_deposit_is_not() -> None:
    """It tells of what took place in the group."""
    curriculum = default_library().curricula["generaliste", "1.0"]
    progress = ActivityProgress(code="GEN-7.A", state=State.LOCKED, planned_minutes=180, recognised_minutes=0)
    at = datetime.combine(STARTED, time(17), UTC)
    context = ActivityContext(curriculum.activity("GEN-7.A"), progress, STARTED, STARTED, is_extract=True)
    assert hand_in_reasons(context, attempts=0, completed_at=None, at=at, zone="America/Toronto") == []
    full = hand_in_reasons(context, attempts=TRACES, completed_at=None, at=at, zone="America/Toronto")
    assert [reason.code for reason in full] == ["traces_used"]
