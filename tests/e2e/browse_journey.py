"""From an application to a certificate that anyone verifies, without scripts; a participant has a telephone."""

from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.visits import NARROW, Visits, overflow
from tests.factories.eligible import achieve, sign
from tests.factories.network import STARTED, World

WORK = "GEN-1.C"
"""The activity whose work is judged, in the journey's only judgement through a page."""

COMPETENCY, LEVEL = "CN-01", 3
NAME = "Noé Sansrôle"


def test_from_application_to_a_verified_certificate_without_scripts(
    visits: Visits, world: World, database: Database
) -> None:
    participant = visits("nobody", width=NARROW, javascript=False)
    coordinator = visits("coordinator", javascript=False)
    trainer = visits("trainer", javascript=False)
    registrar = visits("registrar", javascript=False)
    anyone = visits(width=NARROW, javascript=False)

    apply(participant, world)
    admit(coordinator, world)
    world.enrolments["nobody"] = enrolment(database, world)
    # Eighteen weeks of sessions, hours and judgements; the rest goes through the pages.
    achieve(database, world, "nobody", unjudged={COMPETENCY})
    sign(database, world)
    hand_in(participant, world)
    judge(trainer, world)
    number = issue(registrar, world)
    certificate(participant, number)
    verify(anyone, code(database, number))


def apply(page: Page, world: World) -> None:
    """Apply for the cohort, from the list of those that are open."""
    page.goto("/cohortes-ouvertes")
    page.locator(f"a[href='/cohortes-ouvertes/{world.cohort}']").first.click()
    page.locator("[name=motive]").fill("Accompagner les PME d’ici.")
    page.locator("[name=employer_agrees]").check()
    page.locator("form:has([name=motive]) button").click()
    expect(page.locator("main .notice")).to_be_visible()
    assert overflow(page) == []


def admit(page: Page, world: World) -> None:
    """Admit the person late, then have them begin on the cohort's first day."""
    page.goto(f"/cohortes/{world.cohort}/candidatures")
    person = page.locator("article", has_text=NAME)
    person.locator("[name=reason]").fill("Arrivée convenue avec l’employeur.")
    person.locator("button[value=admitted]").click()
    person.locator("summary").click()
    person.locator("[name=joined_on]").fill(STARTED.isoformat())
    person.locator("button[value=active]").click()
    expect(page.locator("a[href^='/inscriptions/']", has_text=NAME)).to_be_visible()


def enrolment(database: Database, world: World) -> int:
    """Return the enrolment that came of it."""
    query = "select id from enrolment where person_id = %s and state = 'active'"
    with database.engine.connect() as connection:
        return int(connection.exec_driver_sql(query, (world.people["nobody"],)).scalar_one())


def hand_in(page: Page, world: World) -> None:
    """Write and send a work from the path, where what is left leads to it."""
    page.goto("/parcours")
    activity = f"a[href$='/activites/{WORK}']"
    page.locator(f"details:has({activity}) > summary").click()
    page.locator(activity).first.click()
    page.locator("summary", has=page.locator("xpath=following-sibling::form")).click()
    page.locator("[name=body]").fill("Ce que j’ai compris de l’entreprise, et ce qui reste à voir.")
    page.locator("form:has([name=body]) button").click()
    expect(page.locator("main article", has_text="2").first).to_be_visible()
    assert overflow(page) == []


def judge(page: Page, world: World) -> None:
    """Judge the work from the queue."""
    page.goto("/jugements")
    page.locator(f"a[href^='/parcours/{world.enrolments['nobody']}/jugements/{COMPETENCY}']").first.click()
    for criterion in page.locator("[name=criteria_met]").all():
        criterion.check()
    page.locator(f"#level-{LEVEL}").check()
    page.locator("button[name=then][value=stay]").click()
    expect(page.locator("#history-title")).to_be_visible()


def issue(page: Page, world: World) -> str:
    """Issue the certificate to whoever is ready; return its number."""
    page.goto(f"/colleges/{world.alma}/attestations")
    page.locator(f"a[href='/parcours/{world.enrolments['nobody']}/attestations/attestation_reussite']").click()
    page.locator("main form button.primary").click()
    expect(page.locator("h1")).to_be_visible()
    return str(page.locator("dd", has_text="ALM-").first.inner_text())


def certificate(page: Page, number: str) -> None:
    """Find one's certificate and download it."""
    page.goto("/attestations")
    page.locator("li", has_text=number).locator("a").click()
    with page.expect_download() as download:
        page.locator("a[href$='/pdf']").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")


def code(database: Database, number: str) -> str:
    """Return the code printed on a certificate."""
    query = "select record ->> 'code' from certificate where number = %s"
    with database.engine.connect() as connection:
        return str(connection.exec_driver_sql(query, (number,)).scalar_one())


def verify(page: Page, printed: str) -> None:
    """Type the code that is printed on the certificate."""
    page.goto("/verification")
    page.locator("[name=code]").fill(printed)
    page.keyboard.press("Enter")
    expect(page.locator("main dl")).to_contain_text(NAME)
    assert overflow(page) == []
