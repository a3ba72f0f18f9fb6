"""The lexicon through its pages and its API."""

from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.cohorts import page
from tests.factories.network import World, as_


def test_lexicon_is_searched_without_accents_and_leads_to_each_word(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    html = page(client.get("/lexique", params={"recherche": "maturite"}))
    assert '<a href="/lexique/maturite-numerique">Maturité numérique</a>' in html
    assert "Posséder beaucoup d’outils" in page(client.get("/lexique/maturite-numerique"))
    privacy = page(client.get("/lexique", params={"domaine": "protection"}))
    assert "Renseignement personnel" in privacy
    assert "Entente de mandat" not in privacy


def test_word_says_its_false_friend_its_english_name_and_how_a_need_is_heard(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "nobody")
    relay = page(client.get("/lexique/relais"))
    assert "la référence n’est qu’un nom donné" in relay
    assert '<span lang="en">referral partner</span>' in relay
    assert '<a href="/lexique/orientation">Orientation</a>' in relay
    assert "Comment ce besoin se dit" not in relay
    assert "<li>taper deux fois</li>" in page(client.get("/lexique/integration-des-systemes"))
    assert client.get("/lexique/inconnu").status_code == 404


def test_activities_that_ask_to_use_the_lexicon_lead_to_it(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/activites"
    link = '<a href="/lexique">Ouvrir le lexique</a>'
    assert link in page(client.get(f"{path}/GEN-1.A"))
    assert link not in page(client.get(f"{path}/GEN-2.A"))


def test_api_gives_the_words_of_the_newest_version_one_by_one_or_searched(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "trainer")
    whole = client.get("/api/v1/lexicon").json()
    assert whole["version"] == "1.0"
    assert len(whole["terms"]) >= 60
    found = client.get("/api/v1/lexicon", params={"search": "ENTENTE", "domain": "terrain"}).json()["terms"]
    assert found[0]["slug"] == "entente-de-mandat"
    word = client.get("/api/v1/lexicon/relais").json()
    assert (word["french"], word["english"], word["domain"]) == ("Relais", "referral partner", "terrain")
    assert [link["slug"] for link in word["see"]] == ["orientation", "organisme-ressource"]
    assert client.get("/api/v1/lexicon/inconnu").status_code == 404
    assert client.get("/api/v1/lexicon", params={"domain": "inconnu"}).status_code == 422
