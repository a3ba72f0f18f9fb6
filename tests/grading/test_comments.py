"""Comments to use again: kept, found, inserted without JavaScript, and read by their author alone."""

from fastapi.testclient import TestClient
from sqlalchemy import text

from app.grading.comments.service import MOST
from app.platform.database.transaction import Database
from tests.factories.grading import add_trainer, hand_in
from tests.factories.network import World, as_
from tests.grading.test_judging_form import filled, opened

PATH, API = "/jugements/commentaires", "/api/v1/saved-comments"


def kept(database: Database) -> list[str]:
    """Return the texts that are kept, whoever's they are."""
    with database.engine.begin() as owner:
        return list(owner.execute(text("select text from saved_comment order by id")).scalars())


def test_comment_is_saved_searched_and_removed(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    for title, said in (("Chiffres", "À poursuivre : chiffrer."), ("Constats", "Constats appuyés.")):
        assert client.post(PATH, data={"title": title, "text": said}).status_code == 303
    found = client.get(PATH, params={"recherche": "chiffrer"}).text
    assert "À poursuivre : chiffrer." in found
    assert "Constats appuyés." not in found
    with database.engine.begin() as owner:
        first = owner.execute(text("select min(id) from saved_comment")).scalar_one()
    assert client.post(f"{PATH}/{first}/retrait").status_code == 303
    assert kept(database) == ["Constats appuyés."]


def test_comments_are_read_and_removed_by_their_author_alone(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer").post(PATH, data={"title": "À moi", "text": "Mes mots à moi."})
    add_trainer(database, world, "facilitator")
    as_(client, database, world, "facilitator")
    assert "Mes mots à moi." not in client.get(PATH).text
    form = f"/parcours/{world.enrolments['maude']}/jugements/CN-01?preuve={work.id}"
    assert "Mes mots à moi." not in client.get(form).text
    with database.engine.begin() as owner:
        only = owner.execute(text("select id from saved_comment")).scalar_one()
    assert client.post(f"{PATH}/{only}/retrait").status_code == 404
    assert client.delete(f"{API}/{only}").status_code == 404
    assert client.get(API).json() == {"items": [], "next": None}
    sent = opened(client, world, f"preuve={work.id}")
    stolen = client.post(sent.action, data=filled(sent, saved_comment=str(only), then="insert"))
    assert stolen.status_code == 404
    assert kept(database) == ["Mes mots à moi."]


def test_saved_comment_is_inserted_after_what_was_typed(client: TestClient, database: Database, world: World) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    client.post(PATH, data={"title": "Chiffres", "text": "À poursuivre : chiffrer."})
    with database.engine.begin() as owner:
        only = owner.execute(text("select id from saved_comment")).scalar_one()
    form = opened(client, world, f"preuve={work.id}")
    typed = filled(form, comment="Bon début.", saved_comment=str(only), then="insert")
    assert client.post(form.action, data=typed).status_code == 303
    (comment,) = opened(client, world, f"preuve={work.id}").data()["comment"]
    assert comment.split() == ["Bon", "début.", "À", "poursuivre", ":", "chiffrer."]


def test_comment_of_a_judgement_is_saved_once_under_its_first_words(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    said = "Dossier clair; " + "les constats sont appuyés et la suite est réaliste. " * 3
    for _ in range(2):
        form = opened(client, world, f"preuve={work.id}")
        assert client.post(form.action, data=filled(form, comment=said, then="keep")).status_code == 303
    assert kept(database) == [said.strip()]
    with database.engine.begin() as owner:
        title = owner.execute(text("select title from saved_comment")).scalar_one()
    assert title.startswith("Dossier clair; les constats")
    assert len(title) <= 80
    assert title.endswith("…")


def test_program_saves_lists_and_removes_comments(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    for title in ("Sources", "Chiffres", "Constats"):
        body = {"title": title, "text": f"{title} à revoir."}
        sent = [client.post(API, json=body, headers={"Idempotency-Key": f"une-{title}"}) for _ in range(2)]
        assert [answer.status_code for answer in sent] == [201, 201]
        assert sent[0].json() == sent[1].json()
    first = client.get(API, params={"limit": 2}).json()
    rest = client.get(API, params={"limit": 2, "after": first["next"]}).json()
    assert [c["title"] for c in (*first["items"], *rest["items"])] == ["Chiffres", "Constats", "Sources"]
    assert rest["next"] is None
    [found] = client.get(API, params={"search": "SOURCES revoir"}).json()["items"]
    assert found["text"] == "Sources à revoir."
    same = client.post(API, json={"title": "Autre titre", "text": found["text"]}).json()
    assert same == found
    assert client.delete(f"{API}/{found['id']}").status_code == 204
    assert client.delete(f"{API}/{found['id']}").status_code == 404
    assert client.get(API, params={"after": found["id"]}).status_code == 422
    assert kept(database) == ["Chiffres à revoir.", "Constats à revoir."]


def test_too_many_comments_are_refused_and_the_text_comes_back(
    client: TestClient, database: Database, world: World
) -> None:
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "insert into saved_comment (author_id, title, search_key, text, saved_at)"
                " select :author, 'n', 'n', n::text, now() from generate_series(1, :n) n"
            ),
            {"author": world.people["trainer"], "n": MOST},
        )
    refused = as_(client, database, world, "trainer").post(PATH, data={"title": "Un de plus", "text": "De trop."})
    assert refused.status_code == 409
    assert "De trop." in refused.text
    assert client.post(API, json={"title": "Un de plus", "text": "De trop."}).json()["code"] == "too_many_comments"
    assert len(kept(database)) == MOST
