"""A form that is refused comes back with all that was typed, whatever refused it (house rule: never lose a word).

Every route that a page's form is sent to is walked here, with the payloads of the access matrix.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from app.platform.database.transaction import Addresses, Database
from app.platform.messages.i18n import t
from app.platform.web.forms import FormPage
from app.platform.web.forms.refusals import secret_fields
from tests.access.access_db import AccessDatabase
from tests.access.filling import address, filled, request_of
from tests.access.matrix import MATRIX
from tests.access.payloads import CALLS
from tests.factories.forms import form_to

FORMS = sorted(row for row in MATRIX if row.startswith("POST /") and "/api/" not in row)
TYPED = 'Été à l’Œuvre\r\n\r\n« L’"accord" d\'Élise » <b>&amp;</b>'
"""What people type, paste and break into lines."""
WITHOUT_AN_ACCOUNT = frozenset(row for row in FORMS if MATRIX[row]["anonymous"].split("/")[0] != "401")


SAYS_ITSELF = frozenset(
    row
    for row in FORMS
    if re.search(r"codev/(groupes|liens)$|jugements|^POST /mandats|(modification|serie)/apercu$", row)
)
"""Forms whose page is found from what was typed, or from their own path: they are sent without its address."""


NOT_ON_ITS_PAGE = {
    "POST /seances/{session_id}/presence": "who sends it has checked in already",
    "POST /inscriptions/{enrolment_id}/rattrapages": "no workshop was missed",
    "POST /inscriptions/{enrolment_id}/liste-de-rattrapage": "the workshop that was to make up was attended since",
    "POST /connexion/second-facteur/inscription": "who is signing in has a second factor already",
}
"""Forms that the page does not show to these records: all that was typed comes back without it."""


def actor_of(row: str) -> str:
    """Return an actor whose form the row accepts, or whom its guard lets pass."""
    if row.startswith("POST /connexion/second-facteur"):
        return "pending"
    cells = {actor: cell.split("/")[0] for actor, cell in MATRIX[row].items() if actor != "token"}
    turned_away = {"401", "403", "404", "login", "factor"}
    accepted = [actor for actor, cell in cells.items() if cell in {"200", "303"}]
    return next(iter(accepted), None) or next(actor for actor, cell in cells.items() if cell not in turned_away)


def page_routes(site: FastAPI) -> Iterator[Any]:
    """Yield the routes that forms are sent to."""
    for context in iter_route_contexts(site.routes):
        if "POST" in (context.methods or ()) and not (context.path or "").startswith("/api/"):
            yield context


def secrets_of(site: FastAPI, row: str) -> frozenset[str]:
    """Return the fields of a row's form that are never shown again."""
    path = row.split("#", maxsplit=1)[0].removeprefix("POST ")
    return next(secret_fields(getattr(c, "dependant", None)) for c in page_routes(site) if c.path == path)


def page_of(site: FastAPI, row: str, ids: Any) -> str:
    """Return the address of the page that shows a row's form: where it leads to, when that is the page."""
    path = row.split("#", maxsplit=1)[0].removeprefix("POST ")
    context = next(c for c in page_routes(site) if c.path == path)
    page = next(d.dependency.pages[0] for d in context.route.dependencies if isinstance(d.dependency, FormPage))
    page = page.partition("?")[0]
    leads_to = str(filled(CALLS[row].to or "", ids)).partition("#")[0]
    return leads_to if compile_path(page)[0].match(leads_to) else address(f"GET {page}", ids)


def typed_in(data: dict[str, Any], secrets: frozenset[str]) -> list[tuple[str, str]]:
    """Return the items of a form as sent, without its secrets."""
    return [
        (name, str(item))
        for name, value in data.items()
        if name not in secrets
        for item in (value if isinstance(value, list) else [value])
    ]


def with_prose(data: dict[str, Any]) -> dict[str, Any]:
    """Return a form with a difficult text in each field that holds a text, repeated fields included."""

    def prose(value: object) -> object:
        return f"{value} {TYPED}" if isinstance(value, str) else value

    return {k: [prose(v) for v in value] if isinstance(value, list) else prose(value) for k, value in data.items()}


def test_every_form_says_which_page_shows_it(site: FastAPI) -> None:
    """The page is a route that is read; its parameters are in the path of the form, or the form says its page."""
    pages = {c.path for c in iter_route_contexts(site.routes) if "GET" in (c.methods or ())}
    routes = list(page_routes(site))
    assert len(routes) > 60
    for context in routes:
        found = [d.dependency for d in context.route.dependencies if isinstance(d.dependency, FormPage)]
        assert len(found) == 1, f"POST {context.path}: add dependencies=[form_on(…)]"
        assert {page.partition("?")[0] for page in found[0].pages} <= pages, (
            f"POST {context.path}: {found[0].pages} is no page"
        )


@pytest.mark.parametrize("row", sorted(set(FORMS) - WITHOUT_AN_ACCOUNT))
@pytest.mark.parametrize(("actor", "status"), [("anonymous", 401), ("pending", 403), ("another", 409)])
def test_form_refused_to_its_sender_comes_back_whole(
    access_db: AccessDatabase, site: FastAPI, row: str, actor: str, status: int
) -> None:
    """The session ended, the second factor is missing, or somebody else has signed in since."""
    if actor == "pending" and row.startswith("POST /connexion/second-facteur"):
        return  # these forms are how the second factor is given
    place = access_db.places["alma"]
    request = request_of(row, place)
    request["data"] = data = with_prose(request.get("data", {}))
    query = {"personne": "987654321"} if actor == "another" else {}
    sender = actor_of(row) if actor == "another" else actor
    answer = access_db.call(sender, row, place, data=data, params=query)
    assert answer.status_code == status, answer.text
    typed = typed_in(data, secrets_of(site, row))
    assert form_to(answer.text, address(row, place.ids)).lacks(typed) == []
    assert access_db.changed_tables() == []


@pytest.fixture
def database_away(access_db: AccessDatabase, site: FastAPI) -> Iterator[None]:
    """Point the application at a database that nobody serves."""
    site.state.database = Database(Addresses("postgresql+psycopg://nobody@127.0.0.1:9/nowhere?connect_timeout=1"))
    yield
    access_db.attach()


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize("row", FORMS)
def test_form_sent_while_the_database_is_away_comes_back_whole(
    access_db: AccessDatabase, site: FastAPI, row: str
) -> None:
    place = access_db.places["alma"]
    request = request_of(row, {**place.ids, "proposal": "une proposition", "first_code": "123456"})
    data = with_prose(request.get("data", {}))
    answer = access_db.client.request(**{**request, "data": data})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert form_to(answer.text, address(row, place.ids)).lacks(typed_in(data, secrets_of(site, row))) == []


ONE_FOR_EACH_COHORT = {"POST /securite/calendriers#cohort"}
"""A form that the page has for each cohort: nothing is typed in it, and all of them are there again."""


@pytest.mark.parametrize("row", [r for r in FORMS if CALLS.get(r) and CALLS[r].form and r not in ONE_FOR_EACH_COHORT])
def test_form_with_a_mistake_comes_back_on_its_page(access_db: AccessDatabase, site: FastAPI, row: str) -> None:
    place = access_db.places["alma"]
    request = request_of(row, place)
    wrong = {**request["data"], "champ": "inconnu"}
    page = {} if row in SAYS_ITSELF else {"depuis": page_of(site, row, place.ids)}
    answer = access_db.call(actor_of(row), row, place, data=wrong, params=page)
    assert answer.status_code == 422, answer.text
    is_alone = t("core.form.kept.title") in answer.text
    assert is_alone == (row in NOT_ON_ITS_PAGE), "the page that the form is on is not shown again"
    form = form_to(answer.text, address(row, place.ids))
    secrets = secrets_of(site, row) | {"proposal", "confirmed", "upload_id"}  # the page or its script makes them
    assert form.lacks(typed_in(request["data"], secrets)) == []
    assert "<strong>champ" not in answer.text
