"""Judging by keyboard in a real Chromium: thirty works, a server that dies, two tabs that meet."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import text

from app.curricula.library import default_library
from app.demo.data import HAND_INS
from app.demo.judging.judgements import COMMENTS
from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.site_process import SiteProcess
from tests.e2e.visits import NARROW, Visits, overflow
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.grids import grid_framework
from tests.factories.network import PARTICIPANTS, World

THIRTY = 30
MOST_KEYS = 6
"""How many keys a judgement takes at most, besides those of its text."""
ASKED = "performance.getEntriesByType('resource').map(({ name, duration }) => ({ name, duration }))"
"""What scripts asked for since the page was loaded, and the milliseconds that each took."""

CHARACTERS_A_SECOND = 3.3
"""Of someone who types 40 words a minute."""
WORDS_A_SECOND = 4.0
"""Of someone who reads a work: 240 words a minute."""
PAUSE = 1.0
"""Seconds that someone thinks before each key that is not of a text."""


def judged(database: Database) -> list[str]:
    """Return the comments of the judgements, as they were made."""
    with database.engine.begin() as owner:
        return list(owner.execute(text("select comment from judgement order by id")).scalars())


def drafted(database: Database) -> list[str]:
    """Return the comments of the drafts."""
    with database.engine.begin() as owner:
        return list(owner.execute(text("select comment from judgement_draft_text order by id")).scalars())


def works(database: Database, world: World) -> None:
    """Hand in enough works for thirty judgements, with the texts of the demo network."""
    curriculum = default_library().curriculum("generaliste", "1.0")
    codes = [
        code
        for code, (module, activity) in curriculum.placed.items()
        if activity.is_assessment and module.assesses and not activity.formative
    ]
    assert codes
    for n, code in enumerate(codes):
        for place, who in enumerate(PARTICIPANTS):
            days = 1 + n * len(PARTICIPANTS) + place
            hand_in(database, world, who, code, days=days, body=HAND_INS[days % len(HAND_INS)])


def comment(page: Page) -> Locator:
    return page.locator("textarea[name=comment]")


def open_first(page: Page) -> None:
    """Open the oldest work of the queue."""
    page.goto("/jugements")
    page.locator("td a.code").first.click()
    expect(comment(page)).to_be_visible()


def ready(page: Page) -> None:
    """Wait until the script of the form has begun: it shows the choice of keys."""
    expect(page.locator("#touches")).to_have_count(1)


def soon(page: Page, holds: Callable[[], bool], *, seconds: int = 10) -> bool:
    """Return whether something becomes true within so many seconds."""
    for _ in range(10 * seconds):
        if holds():
            return True
        page.wait_for_timeout(100)
    return False


def test_thirty_judgements_are_made_by_keyboard_alone(
    visits: Visits,
    world: World,
    database: Database,
    record_property: Callable[[str, object], None],
) -> None:
    """What a machine takes is measured; what a person adds is reckoned from what was read and typed (see above)."""
    works(database, world)
    visits.traced = False
    page = visits("trainer")
    open_first(page)
    said = [text for text in COMMENTS if text]
    machine, whole, shown = [], [], []
    for n in range(THIRTY):
        ready(page)
        read = page.locator("article blockquote").first.inner_text()
        assert read in HAND_INS
        words = len(read.split())
        answer, address = said[n % len(said)], page.url
        begun = perf_counter()
        keys = ["a", "b", "2", "m", "Control+Enter"]
        for key in keys[:-1]:
            page.keyboard.press(key)
        expect(comment(page)).to_be_focused()
        page.keyboard.type(answer)
        sent = perf_counter()
        page.keyboard.press(keys[-1])
        page.wait_for_url(lambda url, before=address: url != before and "cle=" in url)
        ended = perf_counter()
        assert len(judged(database)) == n + 1, page.locator("main").inner_text()
        shown.append(ended - sent)
        machine.append(ended - begun)
        whole.append(machine[-1] + words / WORDS_A_SECOND + len(answer) / CHARACTERS_A_SECOND + PAUSE * len(keys))
    assert sorted(set(judged(database))) == sorted(said)
    assert drafted(database) == []
    asked = [f"{entry['name']} {entry['duration']}" for entry in page.evaluate(ASKED)]
    answers = [float(one.rsplit(" ", 1)[1]) for one in asked if "brouillon=true" in one]
    assert len(answers) == THIRTY - 1 or len(answers) == THIRTY
    for name, value in (
        ("seconds a judgement, typing and reading reckoned, median", median(whole)),
        ("seconds a judgement, the machine alone, median", median(machine)),
        ("seconds from validating to the next work shown, median", median(shown)),
        ("seconds until the server has recorded it, median", median(answers) / 1000),
    ):
        record_property(name, round(value, 3))
        print(f"{name}: {value:.3f}")


def write_and_prepare(page: Page, text: str) -> str:
    """Judge the work shown by keyboard, all but the last key; return the heading of the work that was prepared."""
    ready(page)
    with page.expect_response(
        lambda answer: "/jugements/CN-" in answer.url and answer.request.method == "GET"
    ) as asked:
        for key in ["a", "b", "2", "m"]:
            page.keyboard.press(key)
    page.keyboard.type(text)
    asked.value.finished()
    address: str = asked.value.url
    return address.partition("?")[0]


def test_next_work_is_shown_without_another_request(visits: Visits, world: World, database: Database) -> None:
    works(database, world)
    page = visits("trainer")
    open_first(page)
    first = page.url
    prepared = write_and_prepare(page, "Le premier.")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != first and "cle=" in url)
    assert sent == ["POST"]
    assert page.url.startswith(prepared)
    assert judged(database) == ["Le premier."]
    expect(page.locator("h1")).to_be_focused()
    expect(comment(page)).to_have_value("")
    second = page.url
    ready(page)
    page.keyboard.press("m")
    page.keyboard.type("Le second.")
    assert soon(page, lambda: drafted(database) == ["Le second."])
    page.go_back()
    page.wait_for_url(first)
    expect(page.locator("#history-title ~ details summary")).to_contain_text("1")
    page.go_forward()
    page.wait_for_url(second)
    expect(comment(page)).to_have_value("Le second.")
    assert violations(page) == []


def test_next_work_is_the_one_that_waits_when_the_queue_changed_meanwhile(
    visits: Visits, world: World, database: Database
) -> None:
    for days, who in ((3, "maude"), (2, "karim"), (1, "elise")):
        hand_in(database, world, who, days=days)
    page = visits("trainer")
    open_first(page)
    first = page.url
    prepared = write_and_prepare(page, "Le premier.")
    withdrawn, following = (f"/parcours/{world.enrolments[who]}/" for who in ("karim", "elise"))
    assert withdrawn in prepared
    with database.engine.begin() as owner:
        owner.execute(
            text("update enrolment set state = 'withdrawn' where id = :id"), {"id": world.enrolments["karim"]}
        )
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != first and "cle=" in url)
    assert following in page.url
    assert judged(database) == ["Le premier."]
    expect(comment(page)).to_have_value("")


def test_server_killed_before_validating_keeps_what_was_written(
    own_site: SiteProcess, visits: Visits, world: World, database: Database
) -> None:
    works(database, world)
    page = visits("trainer")
    open_first(page)
    address = page.url
    write_and_prepare(page, "Avant la panne.")
    own_site.kill()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-judging-state]")).to_contain_text("gardé dans ce navigateur")
    expect(comment(page)).to_have_value("Avant la panne.")
    assert page.url == address
    own_site.start()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != address and "cle=" in url)
    assert judged(database) == ["Avant la panne."]


LEVELS_OF_CRITERIA = ((3, 3, 3), (3, 2, 3), (1, 3, 4), (4, 2, 1))


def keys_of(levels: Sequence[int]) -> list[str]:
    """Return the keys that tick these levels in a grid: the middle one for all, then each criterion that differs."""
    middle = sorted(levels)[len(levels) // 2]
    steps = [
        [letter if level < middle else f"Shift+{letter.upper()}"] * abs(level - middle)
        for letter, level in zip("abc", levels, strict=True)
    ]
    return [str(middle), *(key for keys in steps for key in keys)]


def test_no_levels_of_a_grid_take_more_than_six_keys() -> None:
    for levels in product(range(1, 5), repeat=3):
        assert len([*keys_of(levels), "m", "Control+Enter"]) <= MOST_KEYS


def test_grid_is_judged_by_at_most_six_keys(visits: Visits, world: World, database: Database) -> None:
    with grid_framework():
        works(database, world)
        page = visits("trainer")
        open_first(page)
        for n, levels in enumerate(LEVELS_OF_CRITERIA, start=1):
            ready(page)
            address = page.url
            for key in keys_of(levels):
                page.keyboard.press(key)
            expect(page.locator(f"#level-{min(levels)}")).to_be_checked()
            expect(page.locator("[data-proposed]")).to_contain_text(f"niveau {min(levels)}")
            page.keyboard.press("m")
            page.keyboard.type("Vu dans la carte.")
            page.keyboard.press("Control+Enter")
            page.wait_for_url(lambda url, before=address: url != before and "cle=" in url)
            assert len(judged(database)) == n, page.locator("main").inner_text()
        with database.engine.begin() as owner:
            kept = owner.execute(text("select level, criteria_levels from judgement order by id")).all()
    assert [(level, tuple(cells[code] for code in sorted(cells))) for level, cells in kept] == [
        (min(levels), levels) for levels in LEVELS_OF_CRITERIA
    ]


def test_mastery_is_judged_by_six_keys(visits: Visits, world: World, database: Database) -> None:
    works(database, world)
    page = visits("trainer")
    open_first(page)
    ready(page)
    address, keys = page.url, ["a", "b", "c", "3", "m", "Control+Enter"]
    assert len(keys) <= MOST_KEYS
    for key in keys[:-1]:
        page.keyboard.press(key)
    page.keyboard.type("Trois critères sur trois.")
    page.keyboard.press(keys[-1])
    page.wait_for_url(lambda url: url != address and "cle=" in url)
    with database.engine.begin() as owner:
        assert owner.execute(text("select level, cardinality(criteria_met) from judgement")).one() == (3, 3)


def test_level_that_is_proposed_follows_what_is_ticked_and_stays_when_the_page_is_loaded(
    visits: Visits, world: World, database: Database
) -> None:
    works(database, world)
    page = visits("trainer")
    open_first(page)
    ready(page)
    proposal = page.locator("[data-proposed]")
    expect(proposal).to_contain_text("Aucun niveau")
    for criterion, level in (("a", 1), ("b", 2), ("c", 3)):
        page.keyboard.press(criterion)
        expect(proposal).to_contain_text(f"niveau {level}")
    page.keyboard.press("b")
    expect(proposal).to_contain_text("niveau 2")
    expect(page.locator("[name=level]:checked")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.locator("#level-1")).to_be_focused()
    expect(page.locator("[data-judging-state]")).not_to_be_empty()
    page.reload()
    expect(proposal).to_contain_text("niveau 2")


def test_keys_do_nothing_in_a_text_nor_once_switched_off(visits: Visits, world: World, database: Database) -> None:
    works(database, world)
    page = visits("trainer")
    open_first(page)
    ready(page)
    comment(page).click()
    page.keyboard.type("3 bancs, j k")
    expect(comment(page)).to_have_value("3 bancs, j k")
    expect(page.locator("[name=level]:checked")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.locator("#level-2")).to_be_checked()
    page.locator("details:has(.keys) summary").click()
    page.locator("#touches").uncheck()
    page.locator("h1").click()
    page.keyboard.press("3")
    expect(page.locator("#level-2")).to_be_checked()
    page.reload()
    ready(page)
    page.keyboard.press("4")
    expect(page.locator("#level-4")).not_to_be_checked()
    page.evaluate("localStorage.clear()")
    page.reload()
    ready(page)
    address = page.url
    page.keyboard.press("j")
    page.wait_for_url(lambda url: url != address and "cle=" in url)
    page.keyboard.press("k")
    page.wait_for_url(lambda url: urlsplit(url).path == urlsplit(address).path and "cle=" in url)


@pytest.fixture
def own_site(visits: Visits, database: Database, tmp_path: Path) -> Iterator[SiteProcess]:
    """The site of the visits of one test, in a process of its own, to be killed."""
    site = SiteProcess(database, tmp_path)
    visits.site = site
    yield site
    site.kill()


def test_server_killed_while_typing_loses_no_text(
    own_site: SiteProcess, visits: Visits, world: World, database: Database
) -> None:
    works(database, world)
    page = visits("trainer")
    open_first(page)
    ready(page)
    comment(page).click()
    page.keyboard.type("Avant la panne. ")
    assert soon(page, lambda: drafted(database) == ["Avant la panne."])
    own_site.kill()
    page.keyboard.type("Pendant la panne. ", delay=20)
    expect(page.locator("[data-judging-state]")).to_contain_text("gardé dans ce navigateur")
    page.keyboard.type("Après.", delay=20)
    own_site.start()
    whole = "Avant la panne. Pendant la panne. Après."
    assert soon(page, lambda: drafted(database) == [whole], seconds=40), "a browser tries again every fifteen seconds"
    page.reload()
    expect(comment(page)).to_have_value(whole)


def test_tab_closed_while_the_server_is_dead_loses_no_text_of_any_field(
    own_site: SiteProcess, visits: Visits, world: World, database: Database
) -> None:
    replaced = judge(database, world, judge_command(hand_in(database, world)))
    page = visits("trainer")
    address = f"/parcours/{world.enrolments['maude']}/jugements/CN-01?remplace={replaced.id}"
    page.goto(address)
    ready(page)
    page.locator("details:has([name=feedback]) summary").click()
    texts = page.locator("form[data-judging] textarea, form[data-judging] input[type=text]")
    expect(texts).to_have_count(5)  # the reason, three criteria, the comment
    own_site.kill()
    typed = [f"Écrit sans serveur, texte {n}." for n in range(5)]
    for field, said in zip(texts.all(), typed, strict=True):
        field.fill("")
        field.press_sequentially(said)
    page.wait_for_timeout(1500)
    page.close(run_before_unload=False)
    own_site.start()
    page = visits.again()
    page.goto(address)
    expect(page.locator("[data-when=found]")).to_be_visible()
    page.locator("[data-take]").click()
    texts = page.locator("form[data-judging] textarea, form[data-judging] input[type=text]")
    assert [field.input_value() for field in texts.all()] == typed
    expect(page.locator("#feedback-CN-01\\.C1")).to_be_visible()


def test_two_tabs_meet_and_each_text_is_shown(visits: Visits, world: World, database: Database) -> None:
    works(database, world)
    visits.expected |= {412}
    page = visits("trainer")
    open_first(page)
    ready(page)
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    comment(page).click()
    page.keyboard.type("Texte du premier onglet.")
    assert soon(page, lambda: drafted(database) == ["Texte du premier onglet."])
    comment(other).click()
    other.keyboard.type("Texte du second onglet.")
    expect(other.locator("[data-theirs]")).to_contain_text("Texte du premier onglet.")
    expect(comment(other)).to_have_value("Texte du second onglet.")
    assert drafted(database) == ["Texte du premier onglet."]
    assert violations(other) == []
    other.locator("[data-mine]").click()
    assert soon(other, lambda: drafted(database) == ["Texte du second onglet."])


def test_refused_draft_is_sent_again_only_once_one_types(visits: Visits, world: World, database: Database) -> None:
    works(database, world)
    visits.expected |= {422}
    page = visits("trainer")
    open_first(page)
    ready(page)
    sent = []

    def refuse(route: Route) -> None:
        sent.append(route.request.method)
        route.fulfill(status=422, content_type="application/problem+json", body="{}")

    page.route("**/judgement-drafts/**", refuse)
    comment(page).click()
    page.keyboard.type("Un mot.")
    assert soon(page, lambda: sent == ["PUT"])
    page.wait_for_timeout(3000)
    assert sent == ["PUT"]
    page.keyboard.type(" Un autre.")
    assert soon(page, lambda: sent == ["PUT", "PUT"])


@pytest.mark.parametrize("width", [NARROW, 1280])
def test_the_form_is_accessible_and_fits(visits: Visits, world: World, database: Database, width: int) -> None:
    works(database, world)
    page = visits("trainer", width=width)
    open_first(page)
    ready(page)
    assert violations(page) == []
    assert not overflow(page)
    evidence, rubric = (page.locator(f"section[aria-labelledby={id_}]").bounding_box() for id_ in IDS)
    assert evidence is not None
    assert rubric is not None
    assert (rubric["y"] >= evidence["y"] + evidence["height"]) == (width == NARROW)


IDS = ("evidence-title", "rubric-title")


def test_without_javascript_a_draft_is_saved_and_the_work_judged(
    visits: Visits, world: World, database: Database
) -> None:
    works(database, world)
    page = visits("trainer", width=NARROW, javascript=False)
    open_first(page)
    comment(page).fill("Sans script.")
    page.locator("button[value=draft]").click()
    expect(comment(page)).to_have_value("Sans script.")
    assert drafted(database) == ["Sans script."]
    for box in page.locator("[name=criteria_met]").all()[:2]:
        box.check()
    page.locator("#level-2").check()
    page.locator("button[value=next]").click()
    expect(comment(page)).to_have_value("")
    assert judged(database) == ["Sans script."]
