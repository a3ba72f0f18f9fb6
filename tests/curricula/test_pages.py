"""The pages of the activities: their shape, their rendering, their originality."""

import re
from itertools import combinations

import pytest

from app.curricula.activity_page import outline, render
from app.curricula.library import DEFAULT_ROOT, default_library
from app.curricula.schemas import Curriculum
from tests.factories import curricula as samples

REAL = [
    pytest.param(curriculum, activity.code, id=activity.code)
    for curriculum in default_library().curricula.values()
    for activity in curriculum.activities
    if curriculum.version == "1.0" or activity.code not in default_library().curriculum(curriculum.slug, "1.0").placed
]


@pytest.mark.parametrize(("curriculum", "code"), REAL)
def test_a_real_page(curriculum: Curriculum, code: str) -> None:
    page = default_library().page(curriculum.slug, curriculum.version, code)
    framework = default_library().framework_of(curriculum)
    assert page.title == curriculum.activity(code).title.fr
    assert 1 <= len(page.criteria_codes) <= 4
    assert set(page.criteria_codes) <= set(framework.criteria)
    assert 5 <= page.steps.count("<li>") <= 9
    assert all((page.intention, page.deliverable, page.criteria, page.time))
    source = (DEFAULT_ROOT / curriculum.slug / curriculum.version / f"{code}.md").read_text("utf-8")
    assert 250 <= len(re.findall(r"\w+", source)) <= 600
    assert not re.search(r"https?:|www\.|TODO|lorem", source, re.IGNORECASE)


def test_no_two_pages_share_their_words() -> None:
    """Fewer than 12 % of the shorter page's sequences of six words are in another page."""
    shingles = {}
    for path in DEFAULT_ROOT.glob("*/*/*.md"):
        words = re.findall(r"\w+", path.read_text("utf-8").casefold())
        shingles[path.stem] = {tuple(words[i : i + 6]) for i in range(len(words) - 5)}
    assert len(shingles) == 87
    shared = {
        (a, b): len(shingles[a] & shingles[b]) / min(len(shingles[a]), len(shingles[b]))
        for a, b in combinations(sorted(shingles), 2)
    }
    assert {pair: share for pair, share in shared.items() if share >= 0.12 and pair not in renamed()} == {}


def renamed() -> set[tuple[str, str]]:
    """Return the activities that one version has from another, in alphabetical order: they may share their words."""
    mappings = default_library().mappings.values()
    given = (
        (code, c.code) for m in mappings for code in m.given for c in m.credits(code) if m.source[0] == m.target[0]
    )
    return {(min(pair), max(pair)) for pair in given}


PAGE = samples.page("ESS-1.A", 60)


def test_a_page_as_a_participant_reads_it() -> None:
    page = render(PAGE, "ESS-1.A", "Activité\u00a0: lire")
    assert (page.code, page.title, page.criteria_codes) == ("ESS-1.A", "Activité\u00a0: lire", ("CN-01.C1",))
    assert page.intention == "<p>Comprendre, dans ESS-1.A.</p>\n"
    assert page.steps == "<ol>\n<li>Lire.</li>\n<li>Faire.</li>\n</ol>\n"
    assert page.deliverable == "<p>Rien.</p>\n"
    assert page.criteria == "<ul>\n<li><strong>CN-01.C1</strong> – se voit.</li>\n</ul>\n"
    assert page.time == "<ul>\n<li>50 min – travail</li>\n<li>10 min – retour</li>\n</ul>\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("un <b onclick=x>mot</b>", "<p>un &lt;b onclick=x&gt;mot&lt;/b&gt;</p>\n"),
        ("[clic](javascript:alert(1))", "<p>[clic](javascript:alert(1))</p>\n"),
        ("[clic](data:text/html;base64,AAAA)", "<p>[clic](data:text/html;base64,AAAA)</p>\n"),
        ('[clic](/a "x&quot; onclick=y")', '<p><a href="/a" title="x&quot; onclick=y">clic</a></p>\n'),
        ("![suivi](https://exemple.test/p.gif)", '<p>!<a href="https://exemple.test/p.gif">suivi</a></p>\n'),
        ("A & B < C", "<p>A &amp; B &lt; C</p>\n"),
    ],
)
def test_nothing_in_a_page_can_become_html(written: str, shown: str) -> None:
    assert render(PAGE.replace("Rien.", written), "ESS-1.A", "Titre").deliverable == shown


def test_the_outline_has_the_lines_of_the_file() -> None:
    page = outline(PAGE)
    assert [(item.line, item.text) for item in page.headings] == [
        (3, "Intention"),
        (6, "Démarche"),
        (10, "À remettre"),
        (13, "Critères"),
        (16, "Temps"),
    ]
    assert [item.line for item in (*page.steps, *page.criteria, *page.time)] == [7, 8, 14, 17, 18]
    assert [page.line(path) for path in ((), ("Temps",), ("Temps", 1), ("Critères", 0), ("Absente",))] == [
        1,
        16,
        18,
        14,
        1,
    ]


def test_only_lists_of_the_first_level_count() -> None:
    nested = "- 50 min – travail\n  - 5 min – détail\n  - 10 min – autre\n\n> - 7 min – cité\n"
    page = outline(PAGE.replace("- 50 min – travail\n", nested))
    assert [item.minutes for item in page.time] == [50, 10]
    assert [item.text for item in outline("## Démarche\n1. Un\n   - a\n2. Deux\n").steps] == ["Un", "Deux"]


def test_an_empty_page_has_an_outline() -> None:
    page = outline("")
    assert (page.title, page.headings, page.steps, page.line(("Temps",))) == (None, (), (), 1)
