"""Forms that never lose a word: the cases that people report of other systems, and the parts of the component."""

import re
from concurrent.futures import ThreadPoolExecutor
from inspect import signature

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.database.transaction import Database
from app.platform.errors import Reason
from app.platform.web.forms import FieldPath, Refusal
from app.platform.web.forms.component import Fields
from app.platform.web.pages import TEMPLATES
from tests.factories.cohorts import called, meeting
from tests.factories.forms import form_to
from tests.factories.network import PASSWORD, World, as_

LETTER = "\r\n\r\n".join(f"Paragraphe {n} : « l’avenir » d'Élise, c'est \"ici\" <b>&amp;</b>." for n in range(120))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("entries.2.minutes", FieldPath("minutes", "entries", 2)),
        ("chosen.0", FieldPath("chosen", "chosen", 0)),
        ("motive", FieldPath("motive", "motive")),
        ("", FieldPath()),
        (None, FieldPath()),
    ],
)
def test_path_of_a_reason_names_a_field_and_its_place(path: str | None, expected: FieldPath) -> None:
    assert FieldPath.of(Reason("any", field=path)) == expected


def test_refusal_concerns_the_form_of_its_action_with_the_same_fixed_values() -> None:
    refusal = Refusal("/mandats/3/jalons", 422, "invalid", "À corriger", (), (("kind", "agreement"),))
    assert refusal.concerns("/mandats/3/jalons?depuis=/mandats/3", {"kind": "agreement"})
    assert not refusal.concerns("/mandats/3/jalons", {"kind": "diagnostic"})
    assert not refusal.concerns("/mandats/4/jalons", {})


def applications(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.execute(text("select motive from application")).scalars())


def test_letter_sent_three_times_at_once_is_kept_in_each_answer(
    client: TestClient, database: Database, world: World
) -> None:
    """Case C: whichever is first, the two others come back with the letter."""
    as_(client, database, world, "nobody")
    path = f"/cohortes-ouvertes/{world.cohort}"
    letter = LETTER[:3900]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: client.post(path, data={"motive": letter}), range(3)))
    assert letter.replace("\r\n", "\n") in {a.replace("\r\n", "\n") for a in applications(database)}
    for answer in answers:
        if answer.status_code != 303:
            assert form_to(answer.text, path).data()["motive"] == [letter]


def test_form_of_an_ended_session_is_sent_after_signing_in_again(
    client: TestClient, database: Database, world: World
) -> None:
    """Case C: the form comes back beside a sign-in for another tab; then the same form does the same act."""
    path = f"/cohortes-ouvertes/{world.cohort}"
    as_(client, database, world, "nobody")
    form = form_to(client.get(path).text, path)
    client.cookies.clear()
    client.headers.pop("Authorization", None)
    sent = [("motive", LETTER[:1700]), ("employer", "L'« Œuvre » & fils")]
    answer = client.post(form.action, data=dict(sent))
    assert answer.status_code == 401
    kept = form_to(answer.text, path)
    assert kept.lacks(sent) == []
    assert kept.action == form.action
    beside = form_to(answer.text, "/connexion")
    assert re.search(r'<form[^>]*action="/connexion\?suite=/connexion/revenu[^>]*target="_blank"', answer.text)
    too_early = client.post(kept.action, data=kept.data())
    assert too_early.status_code == 401
    assert form_to(too_early.text, path).items == kept.items
    signed_in = client.post(beside.action, data={"email": world.emails["nobody"], "password": PASSWORD})
    assert signed_in.headers["location"] == "/connexion/revenu"
    assert "Fermez cet onglet" in client.get("/connexion/revenu").text
    assert client.post(kept.action, data=kept.data()).status_code == 303
    assert [motive.replace("\r\n", "\n") for motive in applications(database) if motive.startswith("Paragraphe")] == [
        LETTER[:1700].strip().replace("\r\n", "\n")
    ]


def test_form_of_someone_else_is_not_sent(client: TestClient, database: Database, world: World) -> None:
    """Two people share a browser: what one wrote is never sent in the name of the other."""
    path = f"/cohortes-ouvertes/{world.cohort}"
    as_(client, database, world, "nobody")
    form = form_to(client.get(path).text, path)
    before = applications(database)
    as_(client, database, world, "facilitator")
    answer = client.post(form.action, data={"motive": "La lettre de l’autre personne."})
    assert answer.status_code == 409
    kept = form_to(answer.text, path)
    assert (kept.action, kept.data()["motive"]) == (form.action, ["La lettre de l’autre personne."])
    assert "rempli par une autre personne" in answer.text
    assert applications(database) == before


def test_mistake_stands_beside_its_field_and_in_the_summary(
    client: TestClient, database: Database, world: World
) -> None:
    path = f"/cohortes-ouvertes/{world.cohort}"
    as_(client, database, world, "nobody")
    page = client.post(path, data={"motive": "", "employer": "x" * 201}).text
    assert page.count('role="alert"') == 1
    assert '<a href="#motive">Pourquoi cette formation</a>' in page or '<a href="#motive">' in page
    assert re.search(r'<textarea id="motive"[^>]*aria-describedby="motive-error[^"]*" aria-invalid="true"', page)
    assert re.search(r'<input id="employer"[^>]*aria-describedby="employer-error[^"]*" aria-invalid="true"', page)
    assert 'id="motive-error"' in page


def test_form_that_its_page_no_longer_shows_comes_back_alone(
    client: TestClient, database: Database, world: World
) -> None:
    """Someone who has already applied sends another letter: the page has no form any more, the letter is kept."""
    path = f"/cohortes-ouvertes/{world.cohort}"
    as_(client, database, world, "nobody")
    client.post(path, data={"motive": "Première."})
    answer = client.post(path, data={"motive": LETTER[:500]})
    assert answer.status_code == 409
    assert form_to(answer.text, path).data()["motive"] == [LETTER[:500]]


@pytest.mark.parametrize("depuis", ["https://ailleurs.example/", "//ailleurs.example", "/cohortes/1", "/connexion\n"])
def test_page_that_a_form_claims_is_only_one_that_shows_it(client: TestClient, depuis: str) -> None:
    answer = client.post("/connexion", params={"depuis": depuis}, data={"email": "x"})
    assert answer.status_code == 422
    assert form_to(answer.text, "/connexion").data()["email"] == ["x"]
    assert "ailleurs" not in answer.text


def test_generic_problem_page_is_for_addresses_only(client: TestClient) -> None:
    page = client.get("/rien").text
    assert "problem-page" in page
    assert "problem-page" not in client.post("/connexion", data={}).text


def test_form_with_a_long_text_is_drafted_for_its_person(client: TestClient, database: Database, world: World) -> None:
    path = f"/cohortes-ouvertes/{world.cohort}"
    as_(client, database, world, "nobody")
    page = client.get(path).text
    assert f'data-draft="{path}?" data-person="{world.people["nobody"]}"' in page
    assert re.search(r"<textarea[^>]*name=\"motive\"[^>]*data-drafted", page)
    assert "data-refused" in client.post(path, data={"motive": ""}).text
    answer = client.post(form_to(page, path).action, data={"motive": LETTER[:300]})
    assert answer.headers["set-cookie"].startswith(f"escouade-saved={path};")
    assert "data-draft" not in client.get("/entreprises").text


def test_saved_cookie_is_only_for_forms_with_a_draft(client: TestClient, world: World) -> None:
    answer = client.post("/connexion", data={"email": world.emails["maude"], "password": PASSWORD})
    assert answer.status_code == 303
    assert "escouade-saved" not in answer.headers["set-cookie"]


def test_sign_out_clears_what_the_browser_kept(client: TestClient) -> None:
    assert client.post("/deconnexion").headers["clear-site-data"] == '"storage"'


FIELD = re.compile(r"f\.(?:area|text)\('(\w+)'((?:[^{}]|{[^{%])*?)\) *}}")
DRAFTED = {
    ("cohorts/apply.html", "motive"),
    ("grading/competency.html", "comment"),
    ("grading/competency.html", "feedback"),
    ("grading/competency.html", "reason"),
    ("grading/work.html", "text"),
    ("learning/activity.html", "body"),
}
"""The texts that a browser keeps a draft of: long, written for the college, and nobody's confidence."""


def test_only_the_listed_texts_are_drafted() -> None:
    """A new field, of codevelopment or of an appeal, is drafted by nobody's oversight: the default is not to."""
    drafted = {
        (str(template.relative_to(TEMPLATES)), name)
        for template in TEMPLATES.rglob("*.html")
        for name, options in FIELD.findall(template.read_text(encoding="utf-8"))
        if "drafted" in options
    }
    assert drafted == DRAFTED
    assert [signature(field).parameters["drafted"].default for field in (Fields.area, Fields.text)] == [False, False]
    assert not [name for template, name in DRAFTED if template.startswith(("codev/", "certificates/"))]


def test_every_form_is_made_with_the_component() -> None:
    """Only the sign-out of the menu, what the component draws and the page that keeps a form write it themselves."""
    own = {"base.html", "form_parts.html", "form_kept.html"}
    for template in TEMPLATES.rglob("*.html"):
        posted = re.findall(r'<form\b[^>]*method="post"', template.read_text(encoding="utf-8"))
        assert template.name in own or not posted, f"{template}: write {{% call(f) form('/…') %}}"


def test_page_begins_with_what_it_extends() -> None:
    """A line before it would stand before the doctype."""
    for template in TEMPLATES.rglob("*.html"):
        before, extends, _ = template.read_text(encoding="utf-8").partition("{% extends")
        assert not extends or re.fullmatch(r"(\{#.*?-#\}\s*)?", before, re.DOTALL), template


def test_form_that_met_somebody_else_s_writing_shows_both_texts(
    client: TestClient, database: Database, world: World
) -> None:
    """A correction of a roll call that another person has corrected meanwhile: nothing is overwritten unread."""
    session_id = meeting(database, world)
    called(database, world, session_id)
    path = f"/seances/{session_id}/appel"
    as_(client, database, world, "trainer")
    first, second = (form_to(client.get(path).text, path) for _ in range(2))
    theirs, mine = first.data(), second.data()
    theirs["minutes"][0], theirs["reason"] = "45", ["La leur."]
    mine["minutes"][0], mine["reason"] = "90", ["La mienne, « relue »."]
    assert client.post(first.action, data=theirs).status_code == 303
    answer = client.post(second.action, data=mine)
    assert answer.status_code == 409
    again = form_to(answer.text, path)
    assert (again.data()["minutes"][0], again.data()["reason"]) == ("90", ["La mienne, « relue »."])
    assert again.data()["supersedes"] != mine["supersedes"]
    saved_now = re.search(r'id="minutes-saved">.*?<blockquote><p>(.*?)</p>', answer.text, re.S)
    assert saved_now is not None
    assert saved_now[1] == "45"
    assert client.post(again.action, data=again.data()).status_code == 303
