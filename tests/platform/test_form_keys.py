"""One-time keys of forms: sent twice at once or in a row, gone back to, from another tab, after a day (case B)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.web.forms import FormPage
from app.platform.web.forms.keys import LIFETIME, is_expired, is_key, new_key
from app.platform.web.forms.one_time import FormRoute, _with_key
from tests.factories.forms import form_to
from tests.factories.network import World, as_

NAVIGATION = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
FIRM = {"name": "Ferme Boréale", "sector": "agriculture", "size": "5-49", "region_code": "02", "neq": ""}


def names(database: Database) -> list[str]:
    """Return the names of the enterprises."""
    with database.engine.connect() as connection:
        return sorted(connection.execute(text("select name from enterprise")).scalars())


@pytest.fixture
def page(client: TestClient, database: Database, world: World) -> str:
    """The list of enterprises, as a coordinator's browser has it: a key in its address."""
    as_(client, database, world, "coordinator")
    redirect = client.get("/entreprises", headers=NAVIGATION)
    assert redirect.status_code == 303
    address = redirect.headers["location"]
    assert re.fullmatch(r"/entreprises\?cle=[0-9a-f]{8}\.[\w-]{16}", address)
    shown = client.get(address, headers=NAVIGATION)
    assert shown.status_code == 200
    return shown.text


def send(client: TestClient, page: str, **changed: str) -> Any:
    """Send the page's form with the values of a firm."""
    form = form_to(page, "/entreprises")
    known = {name: values[0] for name, values in form.data().items() if values}
    return client.post(form.action, data=known | FIRM | changed)


def test_form_sent_twice_in_a_row_is_done_once_and_lands_where_it_did(
    client: TestClient, database: Database, page: str
) -> None:
    before = names(database)
    first, second = send(client, page), send(client, page)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert names(database) == sorted([*before, "Ferme Boréale"])


def test_form_sent_by_eight_clicks_at_once_is_done_once(client: TestClient, database: Database, page: str) -> None:
    before = names(database)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(client, page), range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert names(database) == sorted([*before, "Ferme Boréale"])


def test_form_gone_back_to_and_changed_comes_back_with_what_was_made_and_may_be_sent_as_another(
    client: TestClient, database: Database, page: str
) -> None:
    landing = send(client, page).headers["location"]
    again = send(client, page, name="Ferme Laurentienne")
    assert again.status_code == 409
    assert "Vous avez déjà envoyé ce formulaire" in again.text
    assert f'href="{landing}"' in again.text
    form = form_to(again.text, "/entreprises")
    assert form.data()["name"] == ["Ferme Laurentienne"]
    assert "Ferme Laurentienne" not in names(database)
    assert client.post(form.action, data={k: v[0] for k, v in form.data().items()}).status_code == 303
    assert "Ferme Laurentienne" in names(database)


def test_refused_form_leaves_its_key_free(client: TestClient, database: Database, page: str) -> None:
    assert send(client, page, neq="12").status_code == 422
    assert send(client, page).status_code == 303
    assert "Ferme Boréale" in names(database)


def test_key_used_by_someone_else_is_another_key(
    client: TestClient, database: Database, world: World, page: str
) -> None:
    """A key is of the person who sends it: nobody lands on what another person made."""
    action = re.sub(r"&personne=\d+", "", form_to(page, "/entreprises").action)
    firm = FIRM | {"college_id": str(world.alma)}
    first = client.post(action, data=firm)
    as_(client, database, world, "other_coordinator")
    assert client.post(action, data=firm).status_code == 404
    as_(client, database, world, "coordinator")
    assert client.post(action, data=firm).headers["location"] == first.headers["location"]


def test_form_opened_the_day_before_comes_back_with_its_text_and_a_new_key(
    client: TestClient, database: Database, world: World, page: str
) -> None:
    with at(now() + timedelta(seconds=LIFETIME + 60)):
        as_(client, database, world, "coordinator")
        late = send(client, page)
        assert late.status_code == 409
        assert "ouvert depuis plus d’une journée" in late.text
        form = form_to(late.text, "/entreprises")
        assert form.data()["name"] == ["Ferme Boréale"]
        assert client.post(form.action, data={k: v[0] for k, v in form.data().items()}).status_code == 303
    assert "Ferme Boréale" in names(database)


def test_state_changed_by_a_double_click_is_no_conflict(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/ouverture"
    form = form_to(client.get(f"/cohortes/{world.cohort}").text, path)
    data = {name: values[0] for name, values in form.data().items()}
    first, second = client.post(form.action, data=data), client.post(form.action, data=data)
    assert (first.status_code, second.status_code) == (303, 303)


def test_program_or_script_that_reads_a_page_is_not_redirected(client: TestClient, page: str) -> None:
    shown = client.get("/entreprises")
    assert shown.status_code == 200
    assert is_key(re.search(r"cle=([^\"&]+)", form_to(shown.text, "/entreprises").action).group(1))  # type: ignore[union-attr]


@pytest.mark.parametrize("key", ["", "x", "0" * 25, "ffffffff." + "a" * 16, "../" * 8, "6b080e97.iB8corm7HRDMO5ONx"])
def test_page_with_a_key_that_is_none_gets_another(client: TestClient, page: str, key: str) -> None:
    answer = client.get("/entreprises", params={"cle": key}, headers=NAVIGATION)
    assert answer.status_code == 303
    assert "recherche=x" in client.get("/entreprises?recherche=x", headers=NAVIGATION).headers["location"]


def test_key_lives_a_day() -> None:
    key = new_key()
    assert is_key(key)
    assert not is_expired(key)
    with at(now() + timedelta(seconds=LIFETIME + 2)):
        assert is_expired(key)
    with at(now() - timedelta(hours=1)):
        assert is_expired(key), "a key of the future was made by nobody"


def test_every_page_of_a_form_that_creates_is_keyed_and_every_form_is_done_once(client: TestClient) -> None:
    site = client.app
    assert isinstance(site, FastAPI)
    routes: list[Any] = [c.original_route for c in iter_route_contexts(site.routes)]
    routes = [route for route in routes if hasattr(route, "dependencies")]
    keyed = {r.path for r in routes if _with_key in [d.dependency for d in r.dependencies]}
    made = 0
    for route in routes:
        for page in (d.dependency for d in route.dependencies if isinstance(d.dependency, FormPage)):
            assert isinstance(route, FormRoute), route.path
            if page.creates:
                made += 1
                assert {p.partition("?")[0] for p in page.pages} <= keyed, route.path
    assert made >= 19
