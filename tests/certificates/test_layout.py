"""Documents rendered by a pool: each has the same bytes as alone, and a failure costs no other."""

import io
from collections.abc import Iterator
from itertools import permutations

import pikepdf
import pytest

from app.certificates.documents.layout import CREDENTIAL, Draft, open_render_pool, render_document
from app.platform.documents.render_pool import RenderFailure, RenderPool
from app.platform.errors import Reason
from tests.factories import certificates as samples

CREDENTIAL_TEXT = '{"type": ["VerifiableCredential"]}'
DRAFTS = [
    Draft(samples.SYLLABICS),
    Draft(samples.sample(), credential=CREDENTIAL_TEXT),
    Draft(samples.FROM_EVERYWHERE),
    Draft(samples.PARTICIPATION),
]
TOO_LONG = Draft(samples.LONGEST.model_copy(update={"object": "Accompagner des entreprises. " * 300}))


@pytest.fixture(scope="module")
def pool() -> Iterator[RenderPool[Draft]]:
    """One pool for all tests: starting it costs more than rendering."""
    with open_render_pool({}, 2) as pool:
        yield pool


def test_a_document_is_the_same_whatever_its_neighbours(pool: RenderPool[Draft]) -> None:
    alone = {id(draft): render_document(draft) for draft in DRAFTS}
    for order in list(permutations(DRAFTS))[::7]:
        assert list(pool.map(order)) == [alone[id(draft)] for draft in order]


def test_a_document_that_does_not_fit_costs_no_other(pool: RenderPool[Draft]) -> None:
    first, refused, last = pool.map([DRAFTS[0], TOO_LONG, DRAFTS[1]])
    assert refused == RenderFailure(Reason("pdf_overflow", {"pages": 3, "expected": 1}))
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)


def test_each_keeps_its_own_title_and_attachment(pool: RenderPool[Draft]) -> None:
    for draft, content in zip(DRAFTS, pool.map(DRAFTS), strict=True):
        assert isinstance(content, bytes)
        with pikepdf.open(io.BytesIO(content)) as file:
            assert draft.record.holder in str(file.docinfo["/Title"])
            assert str(file.Root.Lang) == "fr-CA"
            inside = {name: file.attachments[name].get_file().read_bytes() for name in file.attachments}
        assert inside == ({CREDENTIAL: CREDENTIAL_TEXT.encode()} if draft.credential else {})


def test_credential_is_attached_as_source_of_the_document() -> None:
    with pikepdf.open(io.BytesIO(render_document(DRAFTS[1]))) as file:
        attached = file.attachments[CREDENTIAL]
        assert str(attached.obj.AFRelationship) == "/Source"
        assert "Open Badges" in attached.description
