"""Problem documents and error pages, requests refused before any route, security headers."""

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from app.platform.schema import Command, Line
from tests.factories.forms import form_to
from tests.factories.network import World, as_, token

SIGN_IN = {"email": "maude@escouade.example.com", "password": "ce n’est pas la bonne phrase"}


def errors(document: dict[str, object]) -> list[tuple[str, str]]:
    """Return ``(code, field)`` of each error of a problem."""
    items = document["errors"]
    assert isinstance(items, list)
    assert all(item["message"] for item in items)
    return [(item["code"], item["field"]) for item in items]


def test_api_refusal_is_a_problem_document(client: TestClient) -> None:
    answer = client.post("/api/v1/sign-ins", json=SIGN_IN)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "type": "urn:escouade:problem:wrong_sign_in",
        "title": "L’adresse ou le mot de passe ne correspond pas. Vérifiez les deux, puis réessayez.",
        "status": 401,
        "code": "wrong_sign_in",
        "instance": "urn:escouade:request:request-of-a-test",
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**SIGN_IN, "couleur": "bleu"}, [("extra_forbidden", "couleur")]),
        ({"email": SIGN_IN["email"]}, [("missing", "password")]),
        ({**SIGN_IN, "email": 3}, [("string_type", "email")]),
        ({**SIGN_IN, "email": "x"}, [("string_too_short", "email")]),
        ({**SIGN_IN, "email": "x" * 300}, [("string_too_long", "email")]),
        (
            {"email": 3, "couleur": 1},
            [("string_type", "email"), ("missing", "password"), ("extra_forbidden", "couleur")],
        ),
        ([], [("model_attributes_type", "body")]),
    ],
)
def test_problem_names_each_invalid_field(client: TestClient, body: object, expected: list[tuple[str, str]]) -> None:
    answer = client.post("/api/v1/sign-ins", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert sorted(errors(answer.json())) == sorted(expected)
    assert "bonne phrase" not in answer.text


@pytest.mark.parametrize(
    ("content", "expected"), [(b'{"email": ', "json_invalid"), (b"\xff\xfe", "json_invalid"), (b"", "missing")]
)
def test_broken_json_is_refused(client: TestClient, content: bytes, expected: str) -> None:
    answer = client.post("/api/v1/sign-ins", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, errors(answer.json())) == (422, [(expected, "body")])


@pytest.mark.parametrize("path", ["/api/v1/rien", "/api/rien"])
def test_unknown_api_path_is_a_problem_document(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_unknown_page_is_an_error_page(client: TestClient) -> None:
    answer = client.get("/rien")
    assert answer.status_code == 404
    assert "Cette page n’existe pas, ou elle ne vous est pas accessible." in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("path", ["/rien", "/cohortes/abc", "/parcours/1.5"])
def test_unknown_page_keeps_the_menu_of_a_signed_in_person(
    client: TestClient, database: Database, world: World, path: str
) -> None:
    page = as_(client, database, world, "maude").get(path)
    assert page.status_code == 404
    assert 'href="/parcours"' in page.text
    assert "Se connecter" not in page.text


def test_text_with_a_control_character_is_refused(client: TestClient, database: Database, world: World) -> None:
    session = {"activity_code": "GEN-1.B", "starts_at": "2026-11-22T17:00:00Z"}
    as_(client, database, world, "coordinator")
    for name, value in (("place", "Salle\u0000 B"), ("activity_code", "GEN\u0007"), ("place", "salle \u009bB")):
        answer = client.post(f"/api/v1/cohorts/{world.cohort}/sessions", json=session | {name: value})
        assert (answer.status_code, errors(answer.json())) == (422, [("refused_character", name)])


class Typed(Command):
    """A command with texts of every kind of type."""

    bare: str = ""
    many: tuple[str, ...] = ()
    state: EnrolmentState = EnrolmentState.ACTIVE
    line: Line | None = None


def test_every_text_of_a_command_is_cleaned() -> None:
    typed = Typed(bare=" Zoe\u0301 ", many=("e\u0301",), line="Ame\u0301lie")
    assert (typed.bare, typed.many, typed.line) == ("Zoé", ("é",), "Amélie")
    assert typed.state is EnrolmentState.ACTIVE
    for wrong in ({"bare": "\x00"}, {"many": ("a", "\x1b")}, {"line": "a\x7f"}):
        with pytest.raises(ValidationError):
            Typed.model_validate(wrong)


def test_wrong_method_is_405_with_the_allowed_ones(client: TestClient) -> None:
    answer = client.put("/api/v1/sign-ins")
    assert (answer.status_code, answer.json()["code"], answer.headers["allow"]) == (405, "method_not_allowed", "POST")
    assert client.put("/api/v1/me/consents").headers["allow"] == "GET, HEAD, POST"
    page = client.get("/deconnexion")
    assert page.status_code == 405
    assert "Cette adresse ne permet pas ce geste." in page.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/cohorts/open", "GET, HEAD"),
        ("OPTIONS", "/api/v1/cohorts/open", "GET, HEAD"),
        ("OPTIONS", "/api/v1/cohorts/1", "GET, HEAD, PUT"),
        ("POST", "/connexion/oidc/retour", "GET, HEAD"),
        ("GET", "/mon-dossier/consentements/evaluation_study/retrait", "POST"),
    ],
)
def test_word_beside_a_parameter_has_its_own_methods_alone(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_every_method_of_a_path_beside_a_parameter_reaches_its_route(client: TestClient) -> None:
    assert client.get("/api/v1/cohorts/open").status_code == 401, "the guard's answer: its route was reached"
    assert client.get("/api/v1/cohorts/1").status_code == 401
    assert client.post("/mon-dossier/consentements/evaluation_study/retrait").status_code != 405


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://ailleurs.example"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_a_write_from_another_site_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/sign-ins", json=SIGN_IN, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert client.post("/connexion", data=SIGN_IN, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://testserver"}, {}],
)
def test_a_write_from_this_site_is_accepted(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/sign-ins", json=SIGN_IN, headers=headers).json()["code"] == "wrong_sign_in"


def test_a_read_from_another_site_is_accepted(client: TestClient) -> None:
    assert client.get("/connexion", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_write_with_a_token_from_another_site_is_accepted(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    answer = client.delete("/api/v1/sign-ins/current", headers={"Origin": "https://ailleurs.example"})
    assert answer.status_code == 204


@pytest.mark.parametrize("headers", CROSS_SITE)
@pytest.mark.parametrize("authorization", ["Basic eDp5", "Bearer", "Bearer ", "Bearer x", "Digest", "", "rien"])
def test_write_with_a_cookie_from_another_site_is_refused_whatever_authorization_says(
    client: TestClient, database: Database, world: World, headers: dict[str, str], authorization: str
) -> None:
    """All but a bearer token leave the cookie in force."""
    client.cookies.set("escouade", token(database, world, "maude"))
    sent = {**headers, "Authorization": authorization}
    assert client.delete("/api/v1/me/sign-ins", headers=sent).json()["code"] == "cross_site"
    assert client.post("/deconnexion", headers=sent).status_code == 403
    assert client.get("/api/v1/me", headers={"Authorization": "Basic eDp5"}).status_code == 200


def test_refused_form_comes_back_with_what_was_typed_but_no_password(client: TestClient) -> None:
    typed = {"email": "<b>x", "password": "ma phrase de passe", "couleur": "bleu"}
    answer = client.post("/connexion?suite=/parcours", data=typed)
    assert answer.status_code == 422
    assert form_to(answer.text, "/connexion").items == [("email", "<b>x"), ("password", "")]
    assert "ma phrase de passe" not in answer.text
    assert "par sécurité, cette valeur n’est jamais réaffichée" in answer.text
    assert 'action="/connexion?suite=/parcours' in answer.text


def test_link_back_stays_on_this_site(client: TestClient) -> None:
    for referer in ("https://ailleurs.example//piege.example", "javascript:alert(1)", ""):
        page = client.get("/rien", headers={"Referer": referer}).text
        assert "piege" not in page
        assert "javascript" not in page


def test_form_refused_to_htmx_replaces_the_page_s_content(client: TestClient) -> None:
    answer = client.post("/connexion", data={"email": "élise"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-retarget"]) == (422, "#main")
    assert answer.headers["hx-reselect"] == "#main"
    assert form_to(answer.text, "/connexion").items == [("email", "élise"), ("password", "")]


def test_htmx_request_without_a_sign_in_gets_a_fragment(client: TestClient) -> None:
    answer = client.get("/parcours", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-retarget"]) == (401, "#problem")


def test_object_of_another_college_is_answered_as_missing(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    for kind, other in (("api/v1/colleges", world.rouyn),):
        hidden = client.get(f"/{kind}/{other}/people")
        missing = client.get(f"/{kind}/999999/people")
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert (hidden.content, dict(hidden.headers)) == (missing.content, dict(missing.headers))


@pytest.mark.parametrize("path", ["/connexion", "/rien", "/api/v1/rien", "/static/escouade.css"])
def test_every_response_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers, "people reach this one over plain HTTP"
