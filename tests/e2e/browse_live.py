"""A session as it happens in real browsers: six members, a facilitator with two devices, a line that is cut (S4)."""

from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.platform.clock import now
from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits
from tests.factories.codev import assign_roles, create_group, join_group, membership_ids, plan_session
from tests.factories.network import World

if TYPE_CHECKING:
    from playwright.sync_api import Page

MEMBERS = ("maude", "karim", "elise", "yves", "nobody", "registrar")


def session(database: Database, world: World) -> int:
    """Plan a session of six people with two consultations, which begins now; return its id."""
    group = join_group(database, world, create_group(database, world).id, "nobody", "registrar")
    session_id = plan_session(database, world, group.id, at=now())
    m = membership_ids(group)
    assign_roles(database, world, session_id, (m["maude"], m["karim"]), (m["elise"], m["yves"]))
    return session_id


def touch(page: "Page", name: str) -> None:
    """Press one of the facilitator's buttons."""
    page.get_by_role("button", name=name, exact=True).click()


def clock_ends(page: "Page") -> float:
    """Return when the time of the step ends by the page's clock, in milliseconds of this machine."""
    found: float = page.evaluate("Date.now() + 1000 * Number(document.getElementById('live-clock').dataset.shown)")
    return found


def version(page: "Page") -> str:
    """Return how many things were done in the session, as the page knows it."""
    return page.locator("#live").get_attribute("data-version") or ""


def state(page: "Page") -> list[str]:
    """Return the state of the session as a screen shows it: step, client, who is there and their roles, its version."""
    people = page.locator(".live-people li")
    shown = [page.locator("#etape").inner_text(), page.locator(".live-client").inner_text(), version(page)]
    return shown + [
        f"{one.locator('span').first.inner_text()} {one.locator('.state').inner_text()}" for one in people.all()
    ]


def test_session_of_six_is_followed_in_eight_browsers_while_the_facilitator_s_line_is_cut_and_back(
    visits: Visits, world: World, database: Database
) -> None:
    """Eight contexts: state whole on each, clocks within a second of each other."""
    path = f"/codev/seances/{session(database, world)}/direct"
    visits.expected |= {412}
    lead = visits("facilitator")
    second = visits("facilitator", width=NARROW)
    members = [visits(who, width=NARROW) for who in MEMBERS]
    everyone = [lead, second, *members]
    for page in everyone:
        page.goto(path)
    for first_name in ("Maude", "Karim", "Élise", "Yves"):
        line = lead.locator(".live-people li", has_text=first_name)
        line.get_by_role("button").click()
        expect(line).to_contain_text("Sur place")
    touch(lead, "Commencer la séance")
    for title in ("Ouverture", "Retours sur la séance précédente"):
        expect(lead.locator("#etape")).to_have_text(title)
        touch(lead, "Étape suivante")
    for page in everyone:
        expect(page.locator("#etape")).to_have_text("Exposé")
        expect(page.locator(".live-client")).to_contain_text("Maude")
    moments = [clock_ends(page) for page in everyone]
    assert max(moments) - min(moments) <= 1000, moments

    lead.context.set_offline(True)
    touch(lead, "Étape suivante")
    expect(lead.get_by_text("La connexion est coupée : votre geste")).to_be_visible()
    touch(second, "Étape suivante")
    for page in (second, *members):
        expect(page.locator("#etape")).to_have_text("Clarification")
    expect(lead.locator("#etape")).to_have_text("Exposé")
    lead.context.set_offline(False)
    expect(lead.locator("#etape")).to_have_text("Clarification")
    assert {version(page) for page in everyone} == {version(second)}
    lead.reload()
    members[0].reload()
    for page in everyone:
        expect(page.locator("#live-clock[data-shown]")).to_have_count(1)
        assert state(page) == state(second)
    assert sum("Sur place" in line for line in state(second)) == 4
    moments = [clock_ends(page) for page in everyone]
    assert max(moments) - min(moments) <= 1000, moments
    touch(lead, "Une minute de plus")
    for page in everyone:
        expect(page.get_by_text("sur 16 minutes")).to_be_visible()
    touch(lead, "Suspendre")
    for page in everyone:
        expect(page.get_by_text("En pause")).to_be_visible()
    touch(lead, "Reprendre")
    expect(lead.get_by_text("En pause")).to_have_count(0)
    touch(lead, "Terminer la séance")
    for page in everyone:
        expect(page.get_by_text("La séance est terminée.")).to_be_visible()
        assert violations(page) == []
    lead.get_by_role("link", name="Vérifier et fermer le bilan").click()
    expect(lead.get_by_text("rempli d’après la séance en direct")).to_be_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_session_is_led_and_followed_without_javascript(
    visits: Visits, world: World, database: Database, *, width: int
) -> None:
    path = f"/codev/seances/{session(database, world)}/direct"
    visits.expected |= {412}
    lead = visits("facilitator", width=width, javascript=False)
    follower = visits("maude", width=width, javascript=False)
    other_device = visits("facilitator", width=width, javascript=False)
    for page in (lead, follower):
        page.goto(path)
    touch(lead, "Commencer la séance")
    other_device.goto(path)
    touch(lead, "Étape suivante")
    expect(lead.locator("#etape")).to_have_text("Retours sur la séance précédente")
    touch(other_device, "Étape suivante")
    expect(other_device.get_by_text("La séance a avancé depuis")).to_be_visible()
    expect(other_device.locator("#etape")).to_have_text("Retours sur la séance précédente")
    follower.get_by_role("link", name="Actualiser").click()
    expect(follower.locator("#etape")).to_have_text("Retours sur la séance précédente")
    expect(follower.get_by_role("button", name="Étape suivante")).to_have_count(0)


def test_screen_goes_on_where_events_do_not_come(visits: Visits, world: World, database: Database) -> None:
    path = f"/codev/seances/{session(database, world)}/direct"
    lead, follower = visits("facilitator"), visits("maude", width=NARROW)
    follower.route("**/direct/flux", lambda route: route.abort())
    visits.expected |= {412}
    for page in (lead, follower):
        page.goto(path)
    touch(lead, "Commencer la séance")
    expect(follower.locator("#etape")).to_have_text("Ouverture")
    touch(lead, "Étape suivante")
    expect(follower.locator("#etape")).to_have_text("Retours sur la séance précédente")


def test_screen_shows_a_cancellation_which_makes_no_version(visits: Visits, world: World, database: Database) -> None:
    session_id = session(database, world)
    lead, follower, coordinator = visits("facilitator"), visits("maude", width=NARROW), visits("coordinator")
    follower.route("**/direct/flux", lambda route: route.abort())
    for page in (lead, follower):
        page.goto(f"/codev/seances/{session_id}/direct")
    lead.locator(".live-people li", has_text="Maude").get_by_role("button").click()
    expect(follower.locator(".live-people li", has_text="Maude")).to_contain_text("Sur place")
    answer = coordinator.context.request.post(f"/api/v1/codev/sessions/{session_id}/cancellation")
    assert answer.status == HTTPStatus.OK
    expect(follower.get_by_text("Annulée", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_screen_is_accessible_at_each_width(visits: Visits, world: World, database: Database, *, width: int) -> None:
    path = f"/codev/seances/{session(database, world)}/direct"
    lead = visits("facilitator", width=width)
    lead.goto(path)
    touch(lead, "Commencer la séance")
    touch(lead, "Passer à la consultation suivante")
    expect(lead.locator("#etape")).to_have_text("Exposé")
    assert violations(lead) == []
    assert lead.evaluate("document.documentElement.scrollWidth") <= width
