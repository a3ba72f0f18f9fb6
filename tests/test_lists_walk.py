"""Every list over HTTP, as its readers use it: orders, filters, a search that finds nothing, a page beyond the end."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.accompaniment.field_hours.models import FieldHours
from app.accompaniment.mandates.enums import MilestoneKind
from app.cohorts.enums import EnrolmentState
from app.main import create_app  # noqa: F401 - every page is imported, so that every query of a list exists
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.paging import ListQuery
from tests.factories import codev, eligible, panels, recognition, transfers
from tests.factories.accompaniment import open_mandate, record_milestone
from tests.factories.cohorts import applied, called, meeting, move, page
from tests.factories.engine import fail_job
from tests.factories.network import STARTED, World, as_
from tests.factories.resources import add_entry

LISTS = {
    "CohortsQuery": ("coordinator", "/cohortes"),
    "OpenCohortsQuery": ("nobody", "/cohortes-ouvertes"),
    "WaitlistQuery": ("coordinator", "/cohortes/{cohort}/liste-d-attente"),
    "ApplicationsQuery": ("coordinator", "/cohortes/{cohort}/candidatures"),
    "AnnouncementsQuery": ("coordinator", "/cohortes/{cohort}/annonces"),
    "SessionsQuery": ("coordinator", "/cohortes/{cohort}/seances"),
    "PastRollCallsQuery": ("coordinator", "/seances/{session}/appel/historique"),
    "BoardListQuery": ("coordinator", "/cohortes/{cohort}"),
    "FoundPeopleQuery": ("coordinator", "/recherche/personnes"),
    "FoundActivitiesQuery": ("coordinator", "/recherche/activites"),
    "TermsQuery": ("maude", "/lexique"),
    "ResourcesQuery": ("maude", "/repertoire"),
    "ResourceHistoryQuery": ("coordinator", "/repertoire/{resource}/historique"),
    "ProfilesQuery": ("maude", "/conseillers"),
    "CorrectionsQuery": ("coordinator", "/repertoire/corrections"),
    "EnterprisesQuery": ("coordinator", "/entreprises"),
    "MandatesQuery": ("coordinator", "/mandats"),
    "AwaitingQuery": ("coordinator", "/jalons"),
    "GroupsQuery": ("coordinator", "/codev"),
    "QueueQuery": ("trainer", "/jugements"),
    "CohortWorksQuery": ("trainer", "/cohortes/{cohort}/travaux"),
    "SavedCommentsQuery": ("trainer", "/jugements/commentaires"),
    "PanelsQuery": ("coordinator", "/revisions"),
    "HoursQuery": ("coordinator", "/heures"),
    "CandidatesQuery": ("registrar", "/colleges/{alma}/attestations"),
    "RegisterQuery": ("registrar", "/colleges/{alma}/attestations/registre"),
    "ClaimsQuery": ("registrar", "/colleges/{alma}/acquis"),
    "TransfersQuery": ("other_coordinator", "/colleges/{rouyn}/transferts"),
    "HoldsQuery": ("coordinator", "/colleges/{alma}/retenues"),
    "ReportQuery": ("coordinator", "/rapports/cohortes/{cohort}"),
    "InvitationsQuery": ("registrar", "/colleges/{alma}/invitations"),
    "StaffRolesQuery": ("registrar", "/colleges/{alma}/roles"),
    "HeldRolesQuery": ("registrar", "/roles-tenus"),
    "ProjectsQuery": ("admin", "/projets"),
    "VenuesQuery": ("coordinator", "/lieux"),
    "CollegesQuery": ("admin", "/colleges"),
    "AccountListQuery": ("admin", "/comptes"),
    "NotificationsQuery": ("maude", "/messages"),
    "ViewListQuery": ("maude", "/mon-dossier/consultations"),
    "LettersQuery": ("admin", "/administration/lettres"),
    "FailedJobsQuery": ("admin", "/administration/travaux"),
}
"""Who reads a list, and where, by the class of its query."""


SOUGHT = {"FoundPeopleQuery": {"recherche": "be"}}
"""Lists that are empty until something is searched for."""

CARDS = {"OpenCohortsQuery", "GroupsQuery", "WaitlistQuery"}
"""Lists of cards, which have no headings."""


def queries(kind: type[ListQuery] = ListQuery) -> set[str]:
    """Return the names of the application's queries of lists."""
    own = {kind.__name__} if kind.__module__.startswith("app.") and kind is not ListQuery else set()
    return own.union(*(queries(child) for child in kind.__subclasses__()))


@pytest.fixture
def filled(client: TestClient, database: Database, world: World) -> World:
    """A row at least for each list: everyone reads a list that holds something."""
    called(database, world, meeting(database, world), absent=("karim",))
    move(database, world, applied(database, world), EnrolmentState.REFUSED, reason="Complet.")
    mandate = open_mandate(database, world)
    record_milestone(database, world, mandate.id, MilestoneKind.AGREEMENT)
    codev.create_group(database, world)
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    eligible.attend(database, world, "yves")
    panels.ask(database, world, panels.judged(database, world, of="karim").id, "karim")
    recognition.claimed(database, world, "karim")
    transfers.consent(database, world, transfers.propose(database, world, "yves"), "yves")
    with database.transaction(colleges=[world.alma]) as db:
        hours = FieldHours(
            college_id=world.alma, enrolment_id=world.enrolments["elise"], activity_code="GEN-8.A", minutes=60,
            worked_on=STARTED, declared_at=now(), declared_by=world.people["elise"],
        )  # fmt: skip
        db.add(hours)
    as_(client, database, world, "coordinator")
    announcement = {"subject": "Stationnement", "text": "Fermé demain."}
    assert client.post(f"/cohortes/{world.cohort}/annonces", data=announcement).status_code == 303
    venue = {"name": "Local B-214", "address": "1, rue du Lac", "city": "Alma", "college_id": world.alma}
    assert client.post("/lieux", data=venue).status_code == 303
    as_(client, database, world, "registrar")
    maude = f"/parcours/{world.enrolments['maude']}"
    assert client.post(f"{maude}/attestations", data={"kind": "attestation_participation"}).status_code == 303
    assert client.post(f"{maude}/retenues", data={"reason": "Frais de dossier."}).status_code == 303
    invited = client.post(f"/colleges/{world.alma}/invitations", data={"email": "lea@escouade.example.com"})
    assert invited.status_code == 303
    as_(client, database, world, "maude")
    profile = {
        "presentation": "Une fiche.", "not_doing": "Rien.", "regions": ["02"], "sectors": ["tourism"],
        "languages": ["french"], "availability": "open", "version": 0,
    }  # fmt: skip
    assert client.post("/mon-dossier/fiche", data=profile).status_code == 303
    agreed = {"purpose": "profile_directory", "text_version": "1.0"}
    assert client.post("/mon-dossier/consentements", data=agreed).status_code == 303
    wrong = {"about": "phone", "value": "418 555-0199", "because": "Appel au numéro général."}
    entry = f"/repertoire/{add_entry(database, world)}"
    assert client.post(f"{entry}/corrections", data=wrong).status_code == 303
    as_(client, database, world, "trainer")
    assert client.post("/jugements/commentaires", data={"title": "Bien vu", "text": "À chiffrer."}).status_code == 303
    page(client.get(maude))  # for the list of those who opened her file
    fail_job(database)
    return world


def path_of(database: Database, world: World, pattern: str) -> str:
    """Return the address of a list, of a session with a roll call where it is one of a session's, or of an entry."""
    with database.as_owner() as db:
        called_or_not = "select coalesce((select max(session_id) from roll_call), max(id)) from scheduled_session"
        session = db.execute(text(called_or_not)).scalar_one()
        resource = db.execute(text("select max(id) from resource")).scalar_one()
    if session is None and "{session}" in pattern:
        session = meeting(database, world)
    if resource is None and "{resource}" in pattern:
        resource = add_entry(database, world)
    return pattern.format(cohort=world.cohort, alma=world.alma, rouyn=world.rouyn, session=session, resource=resource)


def links(html: str, path: str) -> list[str]:
    """Return the addresses of the list that its page links to: orders and pages."""
    hrefs = (unescape(href) for href in re.findall(r'<a (?:class="sort" |rel="\w+" )?href="([^"]+)"', html))
    return sorted({href for href in hrefs if href.split("?")[0] == path and "tri=" in href})


def test_each_query_of_a_list_has_its_page_here() -> None:
    assert queries() == LISTS.keys()


@pytest.mark.parametrize("name", LISTS)
def test_list_every_order_and_filter_that_it_offers_answers(
    client: TestClient, database: Database, filled: World, name: str
) -> None:
    who, pattern = LISTS[name]
    path = path_of(database, filled, pattern)
    as_(client, database, filled, who)
    html = page(client.get(path, params=SOUGHT.get(name)))
    sorts = links(html, path)
    assert bool(sorts) == (name not in CARDS), f"{path}: {sorts}"
    for href in sorts:
        sorted_page = page(client.get(href))
        [tri] = parse_qs(urlsplit(href).query)["tri"]
        direction = "descending" if tri.startswith("-") else "ascending"
        assert f'aria-sort="{direction}"' in sorted_page, href
    for select, options in re.findall(r'<select id="liste-(?!tri)(\w+)".*?>(.*?)</select>', html, re.S):
        for value in re.findall(r'<option value="([^"]+)"', options):
            assert client.get(path, params={select: unescape(value)}).status_code == 200, (select, value)
    assert client.get(path, params={"page": 99}).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_list_search_that_finds_nothing_says_so_and_offers_the_whole_list(
    client: TestClient, database: Database, filled: World, name: str
) -> None:
    who, pattern = LISTS[name]
    path = path_of(database, filled, pattern)
    as_(client, database, filled, who)
    html = page(client.get(path, params={"recherche": "zzzz introuvable"}))
    assert 'value="zzzz introuvable"' in html
    assert "Rien ne correspond à ces critères." in html
    assert re.search(rf'<a href="{re.escape(path)}(?:\?[^"]*)?">Effacer la recherche et les filtres</a>', html)


@pytest.mark.parametrize("name", LISTS)
def test_list_address_that_no_link_makes_is_refused_in_words(
    client: TestClient, database: Database, world: World, name: str
) -> None:
    who, pattern = LISTS[name]
    as_(client, database, world, who)
    for query in ({"inconnu": "1"}, {"tri": "inconnu"}, {"page": "0"}):
        answer = client.get(path_of(database, world, pattern), params=query)
        assert (answer.status_code, "<h1>" in answer.text) == (422, True), query


def test_answered_application_and_board_state_stand_in_the_address(
    client: TestClient, database: Database, filled: World
) -> None:
    move(database, filled, filled.enrolments["yves"], EnrolmentState.WITHDRAWN, reason="Départ.")
    as_(client, database, filled, "coordinator")
    html = page(client.get(f"/cohortes/{filled.cohort}?etat=withdrawn&tri=-heures"))
    assert "Yves O’Brien" in html
    assert '<option value="withdrawn" selected>' in html
    assert '<option value="-heures" selected>' in html
