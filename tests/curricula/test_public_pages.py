"""The public pages that credentials name: published paths and frameworks."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from app.curricula import pages as curricula_pages
from app.curricula.library import default_library

LIBRARY = default_library()


@pytest.mark.parametrize("slug", LIBRARY.slugs)
def test_a_published_path_says_what_each_certificate_asks(client: TestClient, slug: str) -> None:
    answer = client.get(f"/parcours-publies/{slug}/1.0")
    assert answer.status_code == 200
    path = LIBRARY.curriculum(slug, "1.0")
    for rule in path.certificates:
        assert f'id="{rule.kind.value}"' in answer.text
        for code in rule.thresholds:
            assert f'href="/referentiel/{path.framework.version}#{code}"' in answer.text


def test_the_framework_has_a_place_for_each_competency(client: TestClient) -> None:
    answer = client.get("/referentiel/1.0")
    assert answer.status_code == 200
    for competency in LIBRARY.framework("1.0").competencies:
        for place in (competency.code, f"{competency.code}-niveau"):
            assert f'id="{place}"' in answer.text


@pytest.mark.parametrize(
    "path", ["/parcours-publies/generaliste/9.9", "/parcours-publies/x/1.0", "/referentiel/9.9", "/referentiel/x"]
)
def test_unknown_public_page_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_draft_has_no_public_page(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = replace(LIBRARY, published={})
    monkeypatch.setattr(curricula_pages, "default_library", lambda: draft)
    assert client.get("/parcours-publies/generaliste/1.0").status_code == 404
    assert client.get("/referentiel/1.0").status_code == 404
