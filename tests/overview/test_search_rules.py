"""Which activities a search finds, and where each leads."""

import pytest

from app.overview.search import rules
from app.overview.search.schemas import FoundActivity
from app.platform.search import search_words

MAP, CODEV = (
    FoundActivity(
        code=code, title=title, module="GEN-1", module_title="Écosystème", curriculum_slug="generaliste",
        curriculum_version="1.0",
    )
    for code, title in (("GEN-1.C", "Carte à faire"), ("GEN-1.A", "Lire la carte"))
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("carte", ["GEN-1.C", "GEN-1.A"]),
        ("CARTE écosystème", ["GEN-1.C", "GEN-1.A"]),
        ("ecosysteme lire", ["GEN-1.A"]),
        ("gen-1.a", ["GEN-1.A", "GEN-1.C"]),  # « à » is a word of the other title: what was typed comes first
        ("gen-1.c", ["GEN-1.C"]),
        ("gen 2", []),
        ("r", []),
        ("", ["GEN-1.C", "GEN-1.A"]),
    ],
)
def test_activities_that_a_search_finds(typed: str, codes: list[str]) -> None:
    assert [a.code for a in rules.matching_activities(search_words(typed), [MAP, CODEV])] == codes


def test_activity_leads_to_ones_own_page_else_to_the_published_path() -> None:
    assert rules.activity_address(MAP) == "/parcours-publies/generaliste/1.0#GEN-1"
    assert rules.activity_address(MAP.model_copy(update={"enrolment_id": 8})) == "/parcours/8/activites/GEN-1.C"
