"""A trainer shows the code of a session; someone types it at 320 px, without scripts; the roll is filled in from it."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from app.attendance.calendar.schemas import NewSession
from app.attendance.calendar.service import schedule
from app.cohorts.service import see_cohort
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits, overflow
from tests.factories.network import World, acting


def begun(database: Database, world: World) -> int:
    """Return an online session that began twenty minutes ago."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        starts_at = (now() - timedelta(minutes=20)).replace(second=0, microsecond=0)
        command = NewSession.model_validate({"activity_code": "GEN-1.B", "starts_at": starts_at, "mode": "online"})
        return schedule(db, actor, see_cohort(db, actor, world.cohort), command).id


def is_fit(page: Page) -> None:
    """Look at a page for axe and for its width."""
    assert violations(page) == []
    assert overflow(page) == []


def test_code_is_shown_typed_and_confirmed_without_scripts(visits: Visits, world: World, database: Database) -> None:
    path = f"/seances/{begun(database, world)}"
    trainer = visits("trainer", javascript=False)
    trainer.goto(path)
    trainer.locator(f"main a[href='{path}/code']").click()
    trainer.locator("[name=grace_minutes]").fill("5")
    trainer.locator("form:has([name=grace_minutes]) button").click()
    code = re.sub(r"\D", "", trainer.locator(".display-code").inner_text())
    assert overflow(trainer) == []

    visits.expected |= {422}
    maude = visits("maude", width=NARROW, javascript=False)
    maude.goto(path)
    maude.locator(f"main a[href='{path}/presence']").click()
    maude.locator("[name=code]").fill("12")
    maude.locator("form:has([name=code]) button").click()
    expect(maude.locator("main [role=alert]")).to_be_visible()
    assert overflow(maude) == []
    maude.locator("[name=code]").fill(code)
    maude.locator("[name=mode]").select_option("phone")
    maude.locator("form:has([name=code]) button").click()
    expect(maude.locator("main .notice")).to_contain_text("proposée comme un retard")
    assert overflow(maude) == []

    trainer.goto(f"{path}/code")
    expect(trainer.locator("main")).to_contain_text("1 personne enregistrée sur 4")
    trainer.locator("form:has-text('Fermer') button").click()
    line = trainer.locator("fieldset:has-text('Maude')")
    expect(line.locator("[name=status]")).to_have_value("late")
    expect(line.locator("[name=mode]")).to_have_value("phone")
    trainer.locator("form:has([name=minutes]) button").click()
    expect(trainer).to_have_url(re.compile(rf"/cohortes/{world.cohort}/seances"))
    trainer.goto(f"{path}/appel")
    expect(trainer.locator("fieldset:has-text('Maude')")).to_contain_text(re.compile("1(59|60) minutes"))
    trainer.locator("[name=reason]").fill("Relu.")  # who was absent has no mode, which the browser must let pass
    trainer.locator("form:has([name=minutes]) button").click()
    expect(trainer).to_have_url(re.compile(rf"/cohortes/{world.cohort}/seances"))


def test_pages_of_a_check_in_are_accessible_and_fit(visits: Visits, world: World, database: Database) -> None:
    """The forms, and the code: each on a computer and at 320 px."""
    path = f"/seances/{begun(database, world)}"
    for width in (WIDE, NARROW):
        trainer = visits("trainer", width=width)
        trainer.goto(f"{path}/code")
        is_fit(trainer)
        if trainer.locator("[name=grace_minutes]").count():
            trainer.locator("form:has([name=grace_minutes]) button").click()
            expect(trainer.locator(".display-code")).to_be_visible()
            is_fit(trainer)
        maude = visits("maude", width=width)
        maude.goto(f"{path}/presence?code=123456")
        expect(maude.locator("[name=code]")).to_have_value("123456")
        is_fit(maude)
        trainer.goto(f"{path}/appel")
        is_fit(trainer)


def test_code_page_shows_the_next_code_by_itself(visits: Visits, world: World, database: Database) -> None:
    """Without a script, by the header that the page came with, within a minute and what the page takes."""
    path = f"/seances/{begun(database, world)}"
    page = visits("trainer", javascript=False)
    page.goto(f"{path}/code")
    page.locator("form:has([name=grace_minutes]) button").click()
    first = page.locator(".display-code").inner_text()
    expect(page.locator(".display-code")).not_to_have_text(first, timeout=90_000)
