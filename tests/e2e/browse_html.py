"""The HTML of every page, as the Nu checker reads it: no error and no warning."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.access.access_db import AccessDatabase, Template
from tests.access.matrix import MATRIX, is_allowed
from tests.e2e.html_checker import WRAPPER, errors
from tests.e2e.page_list import NOT_READERS, readers, rows

HTML = "text/html"


@pytest.fixture(scope="module")
def access_db(records: Template, site: FastAPI) -> Iterator[AccessDatabase]:
    """Return the database of every record under the application."""
    found = AccessDatabase(records, site)
    found.attach()
    with found.client:
        yield found
    found.drop()


@pytest.mark.timeout(600)  # four hundred answers, then one run of the checker
def test_html_of_every_page_for_each_reader_is_valid(access_db: AccessDatabase, tmp_path: Path) -> None:
    found = {}
    for row in rows("GET"):
        for actor, place in readers(row):
            access_db.clear_attempts()
            answer = access_db.call(actor, row, access_db.places[place])
            assert answer.status_code == 200, f"{row} as {actor}: {answer.status_code}"
            assert answer.headers["content-type"].startswith(HTML), row
            found[f"{row} as {actor}"] = answer.text
    wrong = errors(found, tmp_path)
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
def test_html_of_every_refused_form_is_valid(access_db: AccessDatabase, tmp_path: Path, fragment: bool) -> None:
    """Each form sent empty by everyone who may send it: the page that says why, or htmx's part of it."""
    found = {}
    for row in rows("POST"):
        for actor, cell in MATRIX[row].items():
            if actor in NOT_READERS or not is_allowed(cell.split("/")[0]):
                continue
            access_db.clear_attempts()
            headers = {"HX-Request": "true"} if fragment else {}
            access_db.client.headers.update(headers)
            answer = access_db.call(actor, row, access_db.places["alma"], data={}, files={})
            for name in headers:
                del access_db.client.headers[name]
            if answer.headers.get("content-type", "").startswith(HTML):
                is_whole = answer.text.startswith("<!doctype")
                found[f"{row} as {actor}"] = answer.text if is_whole else WRAPPER.format(answer.text)
            access_db.reset()
    assert len(found) > 50
    wrong = errors(found, tmp_path)
    assert not wrong, "\n".join(wrong)
