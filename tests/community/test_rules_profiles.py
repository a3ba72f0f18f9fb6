"""Rules of profiles: what one may claim of oneself."""

from datetime import date
from typing import Any

import pytest

from app.community.profiles.enums import Availability, Contribution, Sector, Spoken
from app.community.profiles.rules import profile_reasons
from app.community.profiles.schemas import ExpertiseCommand, ProfileContent, ProfileForm

TODAY = date(2026, 11, 26)
CONTENT: dict[str, Any] = {
    "presentation": "J’accompagne de petites entreprises.",
    "not_doing": "Pas de programmation.",
    "regions": ("02",),
    "sectors": (Sector.TOURISM,),
    "languages": (Spoken.FRENCH,),
    "availability": Availability.OPEN,
}


def reasons(**values: Any) -> list[str]:
    content = ProfileContent(**{**CONTENT, **values})
    return [r.code for r in profile_reasons(content, {"CN-01", "CN-04"}, {7}, {3}, TODAY)]


@pytest.mark.parametrize(
    ("expertises", "expected"),
    [
        ((), []),
        (({"competency": "CN-01", "certificate_id": 7}, {"competency": "CN-04", "mandate_id": 3}), []),
        (({"competency": "CN-01"},), ["expertise_needs_proof"]),
        (({"competency": "CN-01", "certificate_id": 7, "mandate_id": 3},), ["expertise_needs_proof"]),
        (({"competency": "CN-01", "certificate_id": 8},), ["expertise_proof_not_yours"]),
        (({"competency": "CN-01", "mandate_id": 7},), ["expertise_proof_not_yours"]),
        (({"competency": "CN-99", "mandate_id": 3},), ["expertise_unknown"]),
        ((2 * ({"competency": "CN-01", "mandate_id": 3},))[:2], ["expertise_twice"]),
    ],
)
def test_expertise_is_of_the_framework_once_and_rests_on_ones_own_file(
    expertises: tuple[dict[str, Any], ...], expected: list[str]
) -> None:
    assert reasons(expertises=tuple(ExpertiseCommand(**e) for e in expertises)) == expected


@pytest.mark.parametrize(
    ("contribution", "on", "expected"),
    [
        (None, None, []),
        (Contribution.WELCOME, TODAY, []),
        (Contribution.WELCOME, None, ["contribution_dated"]),
        (None, TODAY, ["contribution_dated"]),
        (Contribution.WELCOME, date(2026, 11, 25), ["contribution_past"]),
    ],
)
def test_contribution_is_dated_and_to_come(
    contribution: Contribution | None, on: date | None, expected: list[str]
) -> None:
    assert reasons(contribution=contribution, contribution_on=on) == expected


def test_form_has_a_competency_and_its_proof_a_line_and_leaves_empty_ones_out() -> None:
    form = ProfileForm(
        **CONTENT, version=0, competency=("CN-01", "", "CN-04"), proof=("certificate-7", "mandate-2", "autre-1")
    )
    assert form.content.expertises == (
        ExpertiseCommand(competency="CN-01", certificate_id=7),
        ExpertiseCommand(competency="CN-04"),
    )
