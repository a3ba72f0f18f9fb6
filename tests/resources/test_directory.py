"""The directory: found by a sentence, kept up by a college, read by the whole network."""

from concurrent.futures import ThreadPoolExecutor
from html import unescape

from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.database.transaction import Database
from app.platform.errors import Stale
from app.platform.security.permissions import P
from app.resources.directory import service
from app.resources.directory.schemas import ResourceContent
from tests.factories.cohorts import page
from tests.factories.network import World, acting, as_
from tests.factories.resources import CONDITIONS, ENTRY, add_entry

API = "/api/v1/resources"
FIRST = {"If-Match": '"1"'}


def names(client: TestClient, **query: str) -> list[str]:
    answer = client.get(API, params=query)
    assert answer.status_code == 200, answer.text
    return [entry["name"] for entry in answer.json()["items"]]


def test_sentence_finds_the_entries_that_answer_it_the_best_first(
    client: TestClient, database: Database, world: World
) -> None:
    add_entry(database, world, name="Clinique des systèmes", needs=["integration-des-systemes"])
    add_entry(database, world, name="Bons de travail", summary="Imprime des bons de livraison.")
    add_entry(database, world, name="Atelier de soudure", needs=["formation-du-personnel"])
    as_(client, database, world, "other_participant")  # of another college
    sentence = "On tape deux fois chaque bon de livraison"
    assert names(client, search=sentence) == ["Clinique des systèmes", "Bons de travail"]
    html = page(client.get("/repertoire", params={"recherche": sentence}))
    assert html.index("Clinique des systèmes") < html.index("Bons de travail")
    assert "Atelier de soudure" not in html
    assert 'Besoin que cette phrase laisse entendre : <a href="/lexique/integration-des-systemes">' in html
    assert names(client, search="zzzz introuvable") == []


def test_filters_choose_by_region_kind_and_need_and_what_serves_all_serves_each(
    client: TestClient, database: Database, world: World
) -> None:
    add_entry(database, world, name="Ici", regions=["02"])
    add_entry(database, world, name="Là-bas", regions=["08"])
    add_entry(database, world, name="Partout", regions=[], kind="programme", **CONDITIONS)
    as_(client, database, world, "maude")
    assert names(client) == ["Ici", "Là-bas", "Partout"]
    assert names(client, region="02") == ["Ici", "Partout"]
    assert names(client, resource_kind="programme") == ["Partout"]
    assert names(client, need="essai-de-technologie", region="08") == ["Là-bas", "Partout"]
    assert names(client, need="sauvegarde") == []


def test_entry_older_than_a_year_warns_until_its_keeper_verifies_it(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world, days_ago=400)
    as_(client, database, world, "maude")
    warning = "Personne n’a vérifié cette fiche depuis plus d’un an."
    assert warning in page(client.get(f"/repertoire/{id_}"))
    assert ENTRY["name"] in page(client.get("/repertoire", params={"etat": "a_verifier"}))
    as_(client, database, world, "registrar")
    assert client.post(f"/repertoire/{id_}/verification", data={"version": "1"}).status_code == 303
    html = page(client.get(f"/repertoire/{id_}"))
    assert warning not in html
    assert "Vérifiée par" in html
    assert ENTRY["name"] not in page(client.get("/repertoire", params={"etat": "a_verifier"}))


def test_programme_is_added_by_its_form_which_keeps_what_was_typed_when_a_condition_is_missing(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    typed = {**ENTRY, **CONDITIONS, "kind": "programme", "name": "Programme Élan", "college_id": world.alma}
    refused = client.post("/repertoire/ajouter", data={**typed, "ceiling": ""})
    html = page(refused, 422)
    assert "Un programme d’aide donne ses six conditions." in html
    assert 'value="Programme Élan"' in html
    assert 'value="essai-de-technologie" checked' in html
    added = client.post("/repertoire/ajouter", data=typed)
    assert added.status_code == 303
    shown = page(client.get(added.headers["location"]))
    assert "10 000 $ (exemple)" in shown
    assert "Guide du programme, page 4, consultée le 2 novembre 2026" in shown


def test_change_keeps_what_the_entry_said_and_does_not_verify_it(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world, days_ago=10)
    as_(client, database, world, "coordinator")
    before = client.get(f"{API}/{id_}").json()
    new = {**ENTRY, "phone": "418 555-0199"}
    changed = client.put(f"{API}/{id_}", json=new, headers=FIRST)
    assert (changed.status_code, changed.json()["phone"]) == (200, "418 555-0199")
    assert changed.json()["verified_at"] == before["verified_at"]
    again = client.put(f"{API}/{id_}", json=new, headers={"If-Match": changed.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (200, '"2"')  # nothing changes
    acts = [(change["act"], change["before"]) for change in client.get(f"{API}/{id_}/history").json()["items"]]
    assert acts == [("changed", {"phone": "418 555-0100"}), ("added", {})]
    assert "Téléphone, avant :" in page(client.get(f"/repertoire/{id_}"))


def test_two_who_change_an_entry_from_one_version_write_once_and_the_second_reads_both_texts(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world)
    path = f"/repertoire/{id_}/modifier"
    as_(client, database, world, "coordinator")
    entry = {**ENTRY, "phone": "418 555-0111"}
    without = client.put(f"{API}/{id_}", json=entry)
    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")
    opened = page(client.get(path))
    assert 'name="version" value="1"' in opened
    as_(client, database, world, "registrar")
    first = client.put(f"{API}/{id_}", json=entry, headers=FIRST)
    assert (first.status_code, first.headers["ETag"], first.json()["version"]) == (200, '"2"', 2)
    late = client.put(f"{API}/{id_}", json={**ENTRY, "phone": "418 555-0222"}, headers=FIRST)
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    unread = client.post(f"{API}/{id_}/verification", headers=FIRST)
    assert (unread.status_code, unread.json()["code"]) == (412, "stale")
    as_(client, database, world, "coordinator")
    refused = client.post(path, data={**ENTRY, "phone": "418 555-0333", "version": "1"})
    html = unescape(refused.text)
    assert refused.status_code == 412
    assert 'value="418 555-0333"' in html, "what was typed is kept"
    assert "418 555-0111" in html, "and what the other one wrote is beside it"
    assert 'name="version" value="2"' in html, "sent again, it is made from what was then read"
    assert client.post(path, data={**ENTRY, "phone": "418 555-0333", "version": "2"}).status_code == 303
    assert client.get(f"{API}/{id_}").json()["phone"] == "418 555-0333"


def test_eight_who_change_an_entry_at_once_write_once(client: TestClient, database: Database, world: World) -> None:
    id_ = add_entry(database, world)

    def change(number: int) -> str:
        with database.transaction() as db:
            actor = acting(db, world, "coordinator", P.RESOURCE_MANAGE)
            entry = service.see_kept_resource(db, actor, id_)
            content = ResourceContent.model_validate({**ENTRY, "phone": f"418 555-02{number:02}"})
            try:
                service.change_resource(db, actor, entry, content, version=1)
            except Stale:
                return "stale"
        return "written"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(change, range(8))) == ["stale"] * 7 + ["written"]


def test_history_beyond_a_page_is_read_page_by_page_without_gap(
    client: TestClient, database: Database, world: World
) -> None:
    """More than a second: an entry is verified sixty times."""
    id_ = add_entry(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.RESOURCE_MANAGE)
        entry = service.see_kept_resource(db, actor, id_)
        for version in range(1, 61):
            service.verify_resource(db, actor, entry, version=version)
    as_(client, database, world, "coordinator")
    acts, after = [], None
    while True:
        answer = client.get(f"{API}/{id_}/history", params={"after": after} if after else {}).json()
        acts += [(change["act"], change["done_at"]) for change in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert [act for act, _ in acts] == ["verified"] * 60 + ["added"]
    assert len({at for _, at in acts}) == 61
    assert f'href="/repertoire/{id_}/historique"' in page(client.get(f"/repertoire/{id_}"))
    shown = page(client.get(f"/repertoire/{id_}/historique"))
    assert "61 actes" in shown
    assert "page=2" in shown


def test_entry_out_of_use_is_not_found_any_more_and_comes_back(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world)
    as_(client, database, world, "coordinator")
    assert client.post(f"{API}/{id_}/retirement").status_code == 200
    again = client.post(f"{API}/{id_}/retirement")
    assert (again.status_code, again.json()["code"]) == (409, "resource_retired")
    assert names(client) == []
    assert "Retirée du répertoire le" in page(client.get(f"/repertoire/{id_}"))
    now_ = {"If-Match": client.get(f"{API}/{id_}").headers["ETag"]}
    assert client.post(f"{API}/{id_}/verification", headers=now_).json()["code"] == "resource_retired"
    assert client.post(f"{API}/{id_}/return").status_code == 200
    assert client.post(f"{API}/{id_}/return").json()["code"] == "resource_not_retired"
    assert names(client) == [ENTRY["name"]]


def test_another_college_reads_an_entry_and_changes_nothing_of_it(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world)
    as_(client, database, world, "other_coordinator")
    shown = client.get(f"{API}/{id_}").json()
    assert (shown["name"], shown["may_change"]) == (ENTRY["name"], False)
    for answer in (
        client.put(f"{API}/{id_}", json=ENTRY, headers=FIRST),
        client.post(f"{API}/{id_}/verification", headers=FIRST),
        client.get(f"{API}/{id_}/history"),
        client.get(f"/repertoire/{id_}/modifier"),
    ):
        assert answer.status_code == 404
    assert "Tenir cette fiche" not in page(client.get(f"/repertoire/{id_}"))


def test_database_hides_the_directory_from_who_is_not_signed_in_and_lets_its_college_alone_write(
    database: Database, world: World
) -> None:
    id_ = add_entry(database, world)
    rename = text("update resource set name = 'Autre' where id = :id")
    with database.transaction() as db:
        assert db.execute(text("select count(*) from resource")).scalar_one() == 0
    with database.transaction(colleges=[world.rouyn], person=world.people["other_coordinator"]) as db:
        assert db.execute(text("select count(*) from resource")).scalar_one() == 1
        assert db.execute(text("select count(*) from resource_change")).scalar_one() == 0
        assert db.connection().execute(rename, {"id": id_}).rowcount == 0


def test_search_of_every_page_finds_an_entry_by_its_words(client: TestClient, database: Database, world: World) -> None:
    id_ = add_entry(database, world)
    as_(client, database, world, "maude")
    found = client.get("/api/v1/search", params={"search": "essai piekouagami"}).json()
    assert found["resources"] == [{"id": id_, "name": ENTRY["name"], "verb": "essayer"}]
    assert f'<a href="/repertoire/{id_}">' in page(client.get("/recherche", params={"recherche": "essai"}))


def test_activity_that_explores_the_directory_leads_to_it(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    html = page(client.get(f"/parcours/{world.enrolments['maude']}/activites/GEN-6.A"))
    assert '<a href="/repertoire">Ouvrir le répertoire des ressources</a>' in html
