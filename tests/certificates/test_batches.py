"""Issuing by the hundred: what is shown before, the one decision, what the worker makes of it, what it leaves out."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import TypeAlias

import pytest
from sqlalchemy import text

from app.certificates.batches import archive as archive_module
from app.certificates.batches import service as batches
from app.certificates.batches.jobs import BatchContext, Draw, process_pending, unfinished
from app.certificates.batches.schemas import BatchRef, BatchView, ItemState
from app.certificates.documents.layout import Draft, document, open_render_pool
from app.certificates.documents.service import DocumentStore
from app.certificates.models import Hold
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.render_pool import RenderFailure, Result
from app.platform.documents.spreadsheets import Flavour
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.security.permissions import P
from tests.conftest import RING, SITE
from tests.factories.bulk_clone import PARTICIPATION, decide, gather
from tests.factories.network import World, acting

Drafts: TypeAlias = Sequence[Draft]

ACHIEVEMENT = CertificateKind.attestation_reussite


def drawn_here(drafts: Drafts) -> Iterator[Result]:
    """The documents, without other processes."""
    return map(document, drafts)


def short(drafts: Drafts) -> Iterator[Result]:
    """Quick files that say whose they are, where the layout does not matter."""
    return (b"%PDF-1.7 " + draft.record.number.encode() for draft in drafts)


def shop(settings: Settings) -> DocumentStore:
    """Where the worker makes them."""
    return DocumentStore.of(settings, RING)


def bench(database: Database, settings: Settings, draw: Draw = short) -> BatchContext:
    return BatchContext(database, shop(settings), draw, Event())


def seen(database: Database, world: World, batch: BatchRef, by: str = "registrar") -> BatchView:
    with database.transaction() as db:
        actor = acting(db, world, by, P.CERTIFICATE_ISSUE)
        return batches.batch_of(db, batches.see_batch(db, actor, batch.id))


def states(view: BatchView) -> list[ItemState]:
    return [item.state for item in view.items]


def preview(database: Database, world: World, cohort: int | None = None, *kinds: CertificateKind):  # type: ignore[no-untyped-def]  # noqa: ANN201
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        return batches.preview(db, actor, college, cohort, kinds or tuple(CertificateKind))


# Before the decision -----------------------------------------------------------------------------


def test_the_preview_says_who_is_ready_and_why_others_are_left_out(database: Database, world: World) -> None:
    gather(database, world, 3)
    found = preview(database, world, None, PARTICIPATION)
    assert [line.name for line in found.ready] == ["Maude Bérubé", "Maude Figurant 0001", "Maude Figurant 0002"]
    karim = next(line for line in found.left_out if line.name == "Karim Haddad")
    assert {why.code for why in karim.why} == {"attendance_low", "hours_low"}
    assert [(cohort.id, cohort.code) for cohort in found.cohorts] == [(world.cohort, "GEN-ALM-1")]


def test_the_preview_is_of_the_kinds_and_the_cohort_asked_for(database: Database, world: World) -> None:
    gather(database, world, 2)
    assert {line.kind for line in preview(database, world, None, ACHIEVEMENT).left_out} == {ACHIEVEMENT}
    assert len(preview(database, world, world.cohort, PARTICIPATION).ready) == 2
    with pytest.raises(NotFound):
        preview(database, world, world.other_cohort)


def test_what_is_issued_or_awaited_is_left_out(database: Database, world: World, settings: Settings) -> None:
    decide(database, world, gather(database, world, 2)[:1])
    [maude] = [line for line in preview(database, world, None, PARTICIPATION).left_out if line.name == "Maude Bérubé"]
    assert [why.code for why in maude.why] == ["certificate_awaited"]
    process_pending(bench(database, settings))
    [maude] = [line for line in preview(database, world, None, PARTICIPATION).left_out if line.name == "Maude Bérubé"]
    assert [(why.code, why.params["number"][-4:]) for why in maude.why] == [("certificate_already", "0001")]  # type: ignore[index]


# The decision ------------------------------------------------------------------------------------


def test_one_decision_issues_each_in_order_with_its_document(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, gather(database, world, 3))
    assert states(seen(database, world, batch)) == [ItemState.WAITING] * 3
    process_pending(bench(database, settings, drawn_here))
    found = seen(database, world, batch)
    assert states(found) == [ItemState.DONE] * 3
    assert [(item.name, (item.number or "")[-4:]) for item in found.items] == [
        ("Maude Bérubé", "0001"), ("Maude Figurant 0001", "0002"), ("Maude Figurant 0002", "0003"),
    ]  # fmt: skip
    assert found.finished_at is not None
    assert unfinished(database) == []
    assert found.decided_by == "Régine Registraire"
    with database.engine.connect() as connection:
        by = set(connection.execute(text("select decided_by from certificate")).scalars())
        told = connection.execute(
            text("select distinct actor_id, origin from audit_entry where subject = 'certificate'")
        ).all()
    assert by == {world.people["registrar"]}
    assert [row.actor_id for row in told] == [world.people["registrar"]]


def test_nothing_ready_is_no_decision(database: Database, world: World) -> None:
    gather(database, world, 1)
    with pytest.raises(Conflict, match="batch_empty"):
        decide(database, world, [world.enrolments["karim"]])


def test_another_colleges_enrolment_is_not_there(database: Database, world: World) -> None:
    mine = gather(database, world, 1)
    for other in (world.enrolments["other_participant"], 987654321):
        with pytest.raises(NotFound):
            decide(database, world, [*mine, other])
    assert unfinished(database) == []


def test_who_is_not_ready_is_written_down_with_the_reasons(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, [*gather(database, world, 1), world.enrolments["karim"]])
    process_pending(bench(database, settings))
    maude, karim = seen(database, world, batch).items
    assert (maude.state, karim.state) == (ItemState.DONE, ItemState.REFUSED)
    assert {why.code for why in karim.why} == {"attendance_low", "hours_low"}


# What comes up in between ------------------------------------------------------------------------


def test_what_came_up_since_the_decision_is_a_refusal_and_takes_no_number(
    database: Database, world: World, settings: Settings
) -> None:
    first, second, third = gather(database, world, 3)
    batch = decide(database, world, [first, second, third])
    with database.transaction(colleges=[world.alma]) as db:
        held = {"opened_at": now(), "opened_by": world.people["registrar"], "reason": "preuve à confirmer"}
        db.add(Hold(college_id=world.alma, enrolment_id=first, **held))
    with database.engine.begin() as owner:  # found out only once the number has been taken
        owner.execute(
            text(
                "update person set legal_last_name = '李' where id = (select person_id from enrolment where id = :id)"
            ),
            {"id": second},
        )
    process_pending(bench(database, settings))
    found = seen(database, world, batch)
    assert [[why.code for why in item.why] for item in found.items] == [
        ["certificate_on_hold"], ["certificate_glyphs"], [],
    ]  # fmt: skip
    assert (found.items[2].number or "")[-4:] == "0001"
    assert not found.can_resume


@pytest.mark.parametrize(
    "gone",
    [
        "update role_held set ended_at = now() where person_id = :person",
        "update account set suspended_at = now() where person_id = :person",
    ],
)
def test_who_may_no_longer_decide_stops_the_batch(
    database: Database, world: World, settings: Settings, gone: str
) -> None:
    batch = decide(database, world, gather(database, world, 2))
    with database.engine.begin() as owner:
        owner.execute(text(gone), {"person": world.people["registrar"]})
    process_pending(bench(database, settings))
    assert unfinished(database) == []
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from certificate")).scalar_one() == 0
        refusals = connection.execute(
            text("select refusal from batch_item where batch_id = :batch"), {"batch": batch.id}
        ).scalars()
        assert [[why["code"] for why in refusal] for refusal in refusals] == [["batch_decider_gone"]] * 2


def test_two_decisions_on_the_same_people_issue_once(database: Database, world: World, settings: Settings) -> None:
    people = gather(database, world, 2)
    first = decide(database, world, people)
    with database.engine.begin() as owner:  # as two who decide at the same moment, neither seeing the other
        owner.execute(text("insert into batch select (jsonb_populate_record(b, '{\"id\": 9999}')).* from batch b"))
        owner.execute(
            text(
                "insert into batch_item select (jsonb_populate_record(i, "
                "jsonb_build_object('id', 9000 + id, 'batch_id', 9999))).* from batch_item i"
            )
        )
    process_pending(bench(database, settings))
    assert states(seen(database, world, first)) == [ItemState.DONE] * 2
    other = seen(database, world, BatchRef(id=9999, college_id=world.alma))
    assert [[why.code for why in item.why] for item in other.items] == [["certificate_already"]] * 2


def test_a_certificate_that_ended_before_it_was_drawn_holds_nothing_up(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, gather(database, world, 2))

    def ended(drafts: Drafts) -> Iterator[Result]:
        with database.engine.begin() as owner:
            owner.execute(text("update certificate set state = 'revoked', ended_on = issued_on where sequence = 2"))
        return iter((b"%PDF-1.7", RenderFailure(Reason("pdf_failed"))))

    process_pending(bench(database, settings, ended))
    assert states(seen(database, world, batch)) == [ItemState.DONE] * 2
    assert seen(database, world, batch).finished_at is not None


# Several workers, and the end of one -------------------------------------------------------------


def test_two_workers_do_nothing_twice(database: Database, world: World, settings: Settings) -> None:
    people = gather(database, world, 24)
    one, other = decide(database, world, people[:12]), decide(database, world, people[12:])
    drawn: list[str] = []

    def draw(drafts: Drafts) -> Iterator[Result]:
        for draft in drafts:
            drawn.append(draft.record.number)
            yield b"%PDF-1.7 " + draft.record.number.encode()

    benches = [bench(database, settings, draw) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):  # a worker leaves a batch to the one that is at it
            list(pool.map(process_pending, benches))
    assert states(seen(database, world, one)) + states(seen(database, world, other)) == [ItemState.DONE] * 24
    assert len(drawn) == len(set(drawn)) == 24
    assert sequences(database) == list(range(1, 25))


def sequences(database: Database) -> list[int]:
    with database.engine.connect() as connection:
        return list(connection.execute(text("select sequence from certificate order by sequence")).scalars())


def test_told_to_stop_it_finishes_what_is_under_way(database: Database, world: World, settings: Settings) -> None:
    batch = decide(database, world, gather(database, world, 3))
    at = bench(database, settings)

    def draw(drafts: Drafts) -> Iterator[Result]:
        for draft in drafts:
            at.stop.set()
            yield draft.record.number.encode()

    process_pending(BatchContext(database, shop(settings), draw, at.stop))
    found = seen(database, world, batch)
    assert states(found) == [ItemState.DONE, ItemState.ISSUED, ItemState.ISSUED]
    assert found.finished_at is None
    process_pending(bench(database, settings))
    assert states(seen(database, world, batch)) == [ItemState.DONE] * 3


# Drawing -----------------------------------------------------------------------------------------


def test_a_document_that_cannot_be_drawn_is_refused_alone_and_taken_up_again(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, gather(database, world, 3))
    with open_render_pool({}) as hands:
        process_pending(bench(database, settings, too_long(hands.printed, sequence=2)))
    before, found = frozen(database), seen(database, world, batch)
    assert states(found) == [ItemState.DONE, ItemState.UNDRAWN, ItemState.DONE]
    assert [why.code for why in found.items[1].why] == ["pdf_overflow"]
    assert found.finished_at is not None
    assert found.can_resume
    with database.engine.begin() as owner:
        owner.execute(text('update certificate set record = record || \'{"object": "Accompagner."}\''))
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        batches.resume(db, batches.see_batch(db, actor, batch.id))
    process_pending(bench(database, settings, drawn_here))
    found = seen(database, world, batch)
    assert states(found) == [ItemState.DONE] * 3
    assert (found.finished_at is not None, found.can_resume) == (True, False)
    assert frozen(database) == before
    with pytest.raises(Conflict, match="batch_whole"):
        resume(database, world, batch)


def resume(database: Database, world: World, batch: BatchRef) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        batches.resume(db, batches.see_batch(db, actor, batch.id))


def frozen(database: Database) -> list[tuple[str, str]]:
    with database.engine.connect() as connection:
        found = connection.execute(text("select right(number, 4), code from certificate order by number"))
        return [(number, code) for number, code in found]


def too_long(draw: Draw, *, sequence: int) -> Draw:
    """Before they are drawn, one of them comes to say more than a page holds."""

    def longer(draft: Draft) -> Draft:
        said = {"object": "Accompagner des entreprises. " * 400}
        return replace(draft, record=draft.record.model_copy(update=said))

    def drawn(drafts: Drafts) -> Iterator[Result]:
        return draw([longer(d) if d.record.number.endswith(f"{sequence:04}") else d for d in drafts])

    return drawn


# What it hands over ------------------------------------------------------------------------------


def test_the_register_and_the_archive(database: Database, world: World, settings: Settings) -> None:
    batch = decide(database, world, gather(database, world, 3))
    with pytest.raises(Conflict, match="batch_unfinished"):
        archive(database, world, batch, settings)
    process_pending(bench(database, settings))
    name, content = archive(database, world, batch, settings)
    assert name.startswith("registre_v1 alma ")
    assert archive(database, world, batch, settings)[1] == content
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        *documents, register = opened.namelist()
        assert [n[-8:] for n in documents] == ["0001.pdf", "0002.pdf", "0003.pdf"]
        assert opened.read(documents[1]) == b"%PDF-1.7 " + documents[1].removesuffix(".pdf").encode()
        lines = list(csv.DictReader(io.StringIO(opened.read(register).decode("utf-8-sig")), delimiter=";"))
    assert [line["Titulaire"] for line in lines] == ["Maude Bérubé", "Maude Figurant 0001", "Maude Figurant 0002"]
    assert lines[0]["Heures suivies"] == lines[0]["Heures reconnues"] == "48,00"
    assert lines[0]["Document"] == "Attestation de participation"
    assert lines[0]["État"] == "Valide"
    assert lines[0]["Adresse de vérification"].startswith(f"{SITE}/v/")


def archive(database: Database, world: World, batch: BatchRef, settings: Settings) -> tuple[str, bytes]:
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        found = batches.see_batch(db, actor, batch.id)
        name, pieces = archive_module.archive(db, found, shop(settings))
    return name, b"".join(pieces)


def test_a_name_that_a_spreadsheet_would_compute_is_no_formula(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, gather(database, world, 1))
    with database.engine.begin() as owner:
        owner.execute(text("update person set legal_first_name = '=1+1'"))
    process_pending(bench(database, settings))
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        register = archive_module.register_of(db, batches.see_batch(db, actor, batch.id))
    assert "'=1+1 Bérubé" in archive_module.register_csv(register, Flavour.DONNEES).decode()
    with zipfile.ZipFile(io.BytesIO(archive_module.register_xlsx(register))) as book:
        assert b"<f>" not in b"".join(book.read(n) for n in book.namelist() if "worksheets" in n)


def test_what_is_no_longer_valid_leaves_the_archive_and_stays_in_the_register(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, gather(database, world, 2))
    process_pending(bench(database, settings))
    with database.engine.begin() as owner:
        owner.execute(text("update certificate set state = 'revoked', ended_on = issued_on where sequence = 1"))
    _, content = archive(database, world, batch, settings)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert [n[-8:] for n in opened.namelist()] == ["0002.pdf", "ster.csv"]
        assert "Révoqué" in opened.read("register.csv").decode()


def test_a_lost_file_is_made_again_or_nothing_is_sent(database: Database, world: World, settings: Settings) -> None:
    batch = decide(database, world, gather(database, world, 1))
    process_pending(bench(database, settings, drawn_here))
    _, content = archive(database, world, batch, settings)
    [kept] = [path for path in (settings.data_dir / "files").rglob("*") if path.is_file()]
    kept.unlink()
    assert archive(database, world, batch, settings)[1] == content
    assert kept.is_file()
