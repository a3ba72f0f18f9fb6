"""Rules of holds: what an open one forbids, who lifts it, who reads its reason."""

from datetime import date

import pytest

from app.holds import rules
from app.holds.enums import HoldKind
from app.holds.schemas import OpenHold

K = HoldKind


def hold(kind: HoldKind = K.FORMALITY) -> OpenHold:
    return OpenHold(kind=kind, opened_on=date(2026, 11, 27))


def test_hold_reasons_say_the_kind_and_the_day_and_never_the_reason() -> None:
    first, second = rules.hold_reasons([hold(), hold(K.REVOCATION)])
    assert (first.code, dict(first.params)) == ("hold_open", {"hold_kind": "formality", "opened_on": "2026-11-27"})
    assert second.params["hold_kind"] == "revocation"
    assert rules.hold_reasons([]) == []


@pytest.mark.parametrize(
    ("kind", "lifted", "by_hand", "codes"),
    [
        (K.FORMALITY, False, True, []),
        (K.REVOCATION, False, True, []),
        (K.REVIEW, False, True, ["hold_awaits_decision"]),
        (K.CONFLICT, False, True, ["hold_awaits_decision"]),
        (K.REVIEW, False, False, []),
        (K.CONFLICT, False, False, []),
        (K.FORMALITY, True, True, ["hold_lifted"]),
        (K.REVIEW, True, False, ["hold_lifted"]),
    ],
)
def test_lift_reasons_by_kind(kind: HoldKind, lifted: bool, by_hand: bool, codes: list[str]) -> None:
    assert [r.code for r in rules.lift_reasons(kind, lifted=lifted, by_hand=by_hand)] == codes


@pytest.mark.parametrize("kind", K)
def test_person_reads_every_reason_but_that_of_a_conflict(kind: HoldKind) -> None:
    assert rules.shows_reason(kind, own=False)
    assert rules.shows_reason(kind, own=True) is (kind is not K.CONFLICT)
