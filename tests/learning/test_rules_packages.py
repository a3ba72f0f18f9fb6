"""Rules of packages: what fits, how members are named and dated, and what changes the ETag."""

from datetime import UTC, date, datetime

from app.learning.documents.schemas import DocumentShown
from app.learning.hand_ins.rules import MEGABYTE
from app.learning.packages.rules import dated, entity_tag, fitting, member_name
from app.learning.packages.schemas import FileMember, PageMember

AT = datetime(2026, 9, 1, 14, tzinfo=UTC)


def document(number: int, size: int | None, at: datetime = AT) -> DocumentShown:
    return DocumentShown(
        id=number,
        college_id=1,
        cohort_id=1,
        activity_code="GEN-1.B",
        title="Règles",
        body="Cinq règles",
        file_name="Règles.pdf" if size is not None else None,
        file_size=size,
        withdrawn=False,
        shared_at=at,
        shared_by="Théo Formation",
        in_force=True,
    )


def test_files_fit_up_to_the_bound_in_their_order() -> None:
    sizes = {1: 3 * MEGABYTE - 10, 2: 11, 3: 10, 4: 1}
    assert fitting(sizes, 3) == {1, 3}, "2 is too large for what is left, and a smaller one still fits"
    assert fitting(sizes, 4) == {1, 2, 3, 4}


def test_names_of_members_differ_where_those_of_documents_do_not() -> None:
    assert member_name(document(1, 5)) == "documents/GEN-1.B-1-Règles.pdf"
    assert member_name(document(2, 5)) != member_name(document(1, 5))


def test_package_is_dated_by_its_last_document_else_by_the_day_of_joining() -> None:
    later = datetime(2026, 10, 1, tzinfo=UTC)
    assert dated([document(1, 5, later), document(2, 5)], date(2026, 8, 3)) == later
    assert dated([], date(2026, 8, 3)) == datetime(2026, 8, 3, tzinfo=UTC)
    assert dated([], None).year == 1980, "a ZIP writes no earlier year"


def test_etag_changes_with_a_page_a_document_and_the_date() -> None:
    pages, files = [PageMember(name="a.html", content=b"a")], [FileMember(name="b.pdf", sha256="c")]
    tags = {
        entity_tag(pages, files, AT),
        entity_tag([PageMember(name="a.html", content=b"A")], files, AT),
        entity_tag(pages, [FileMember(name="b.pdf", sha256="d")], AT),
        entity_tag(pages, files, AT.replace(hour=15)),
    }
    assert len(tags) == 4
    assert entity_tag(list(pages), list(files), AT) in tags
