"""Batches: the preview, the decision, what the worker issues and renders, the archive and the register."""

import csv
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.certificates.batches import archive as archive_module
from app.certificates.batches import service as batches
from app.certificates.batches.jobs import Render, issue_next, items_to_issue, items_to_render, render_item
from app.certificates.batches.schemas import BatchChoice, BatchRef, BatchView, ItemState, NewBatch
from app.certificates.documents.layout import Draft, open_render_pool, render_document
from app.certificates.documents.service import DocumentStore
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.lent_pools import LentPools
from app.platform.documents.render_pool import RenderFailure, Result
from app.platform.documents.spreadsheets import Flavour
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from tests.certificates.test_issue import issue
from tests.conftest import RING, SITE
from tests.factories import eligible
from tests.factories.batches import batch_context, process_pending, render_stub, unfinished_batches
from tests.factories.bulk_clone import PARTICIPATION, decide, make_eligible
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.holds import hold_certificates
from tests.factories.network import World, acting
from tests.factories.panels import add_trainers, ask, speak, take

ACHIEVEMENT = CertificateKind.attestation_reussite


def document_store(settings: Settings) -> DocumentStore:
    """Return the worker's document store."""
    return DocumentStore.from_settings(settings, RING)


def read_batch(database: Database, world: World, batch: BatchRef, by: str = "registrar") -> BatchView:
    with database.transaction() as db:
        actor = acting(db, world, by, P.CERTIFICATE_ISSUE)
        return batches.batch_view(db, batches.see_batch(db, actor, batch.id))


def states(view: BatchView) -> list[ItemState]:
    return [item.state for item in view.items]


def preview(database: Database, world: World, cohort: int | None = None, *kinds: CertificateKind):  # type: ignore[no-untyped-def]  # noqa: ANN201
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        return batches.preview(db, actor, college, cohort, kinds or tuple(CertificateKind))


# Before the decision -----------------------------------------------------------------------------


def test_the_preview_says_who_is_ready_and_why_others_are_left_out(database: Database, world: World) -> None:
    make_eligible(database, world, 3)
    listed = preview(database, world, None, PARTICIPATION)
    assert [line.name for line in listed.ready] == ["Maude Bérubé", "Maude Figurant 0001", "Maude Figurant 0002"]
    karim = next(line for line in listed.left_out if line.name == "Karim Haddad")
    assert {why.code for why in karim.why} == {"attendance_low", "hours_low"}
    assert [(cohort.id, cohort.code) for cohort in listed.cohorts] == [(world.cohort, "GEN-ALM-1")]


def test_the_preview_is_of_the_kinds_and_the_cohort_asked_for(database: Database, world: World) -> None:
    make_eligible(database, world, 2)
    assert {line.kind for line in preview(database, world, None, ACHIEVEMENT).left_out} == {ACHIEVEMENT}
    assert len(preview(database, world, world.cohort, PARTICIPATION).ready) == 2
    with pytest.raises(NotFound):
        preview(database, world, world.other_cohort)


def test_preview_leaves_out_issued_and_pending_certificates(
    database: Database, world: World, settings: Settings
) -> None:
    decide(database, world, make_eligible(database, world, 2)[:1])
    [maude] = [line for line in preview(database, world, None, PARTICIPATION).left_out if line.name == "Maude Bérubé"]
    assert [why.code for why in maude.why] == ["certificate_awaited"]
    process_pending(batch_context(database, settings))
    [maude] = [line for line in preview(database, world, None, PARTICIPATION).left_out if line.name == "Maude Bérubé"]
    assert [(why.code, str(why.params["number"])[-4:]) for why in maude.why] == [("certificate_already", "0001")]


def test_level_raised_by_a_review_after_the_batch_gives_a_certificate_of_the_day_it_is_decided(
    database: Database, world: World, settings: Settings
) -> None:
    eligible.sign(database, world)
    eligible.achieve(database, world, "elise")
    eligible.achieve(database, world, "maude", unjudged={"CN-01"})
    add_trainers(database, world, "karim")
    contested = judge(database, world, judge_command(hand_in(database, world, attempt=2), level=2))
    review = ask(database, world, contested.id)
    listed = preview(database, world, None, ACHIEVEMENT)
    assert [line.name for line in listed.ready] == ["Élise Lœwen-Côté"]
    [maude] = [line for line in listed.left_out if line.name == "Maude Bérubé"]
    assert {why.code for why in maude.why} == {"competency_below", "hold_open"}
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        choices = tuple(BatchChoice(enrolment_id=line.enrolment_id, kind=ACHIEVEMENT) for line in listed.ready)
        batch = batches.decide(db, actor, network.see_college(db, actor, world.alma), NewBatch(items=choices))
    process_pending(batch_context(database, settings))
    with at(now() + timedelta(days=6)):
        take(database, world, review.id, "karim")
        speak(database, world, review.id, "karim", 3)
    with at(now() + timedelta(days=7)):
        issued = issue(database, world, "maude", ACHIEVEMENT)
        assert issued.issued_on == issued.record.issued_on == today()
    assert next(c.level for c in issued.record.competencies if c.code == "CN-01") == 3
    view = read_batch(database, world, batch)
    assert [(item.name, (item.number or "")[-4:]) for item in view.items] == [("Élise Lœwen-Côté", "0001")]
    assert issued.number.endswith("0002")


# The decision ------------------------------------------------------------------------------------


def test_one_decision_issues_each_in_order_with_its_document(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, make_eligible(database, world, 3))
    assert states(read_batch(database, world, batch)) == [ItemState.WAITING] * 3
    process_pending(batch_context(database, settings, render_document))
    view = read_batch(database, world, batch)
    assert states(view) == [ItemState.DONE] * 3
    assert [(item.name, (item.number or "")[-4:]) for item in view.items] == [
        ("Maude Bérubé", "0001"), ("Maude Figurant 0001", "0002"), ("Maude Figurant 0002", "0003"),
    ]  # fmt: skip
    assert view.finished_at is not None
    assert unfinished_batches(database) == []
    assert view.decided_by == "Régine Registraire"
    with database.engine.connect() as connection:
        deciders = set(connection.execute(text("select decided_by from certificate")).scalars())
        entries = connection.execute(
            text("select distinct actor_id, origin from audit_entry where subject = 'certificate'")
        ).all()
    assert deciders == {world.people["registrar"]}
    assert [row.actor_id for row in entries] == [world.people["registrar"]]


def test_batch_with_nothing_ready_is_refused(database: Database, world: World) -> None:
    make_eligible(database, world, 1)
    with pytest.raises(Conflict, match="batch_empty"):
        decide(database, world, [world.enrolments["karim"]])


def test_batch_with_another_colleges_enrolment_is_not_found(database: Database, world: World) -> None:
    ready = make_eligible(database, world, 1)
    for other in (world.enrolments["other_participant"], 987654321):
        with pytest.raises(NotFound):
            decide(database, world, [*ready, other])
    assert unfinished_batches(database) == []


def test_item_that_is_not_ready_is_refused_with_reasons(database: Database, world: World, settings: Settings) -> None:
    batch = decide(database, world, [*make_eligible(database, world, 1), world.enrolments["karim"]])
    process_pending(batch_context(database, settings))
    maude, karim = read_batch(database, world, batch).items
    assert (maude.state, karim.state) == (ItemState.DONE, ItemState.REFUSED)
    assert {why.code for why in karim.why} == {"attendance_low", "hours_low"}


# Changes since the decision ------------------------------------------------------------------------


def test_item_refused_since_the_decision_takes_no_number(database: Database, world: World, settings: Settings) -> None:
    first, second, third = make_eligible(database, world, 3)
    batch = decide(database, world, [first, second, third])
    hold_certificates(database, world, enrolment_id=first)
    with database.engine.begin() as owner:  # detected only once the number has been taken
        owner.execute(
            text(
                "update person set legal_last_name = '李' where id = (select person_id from enrolment where id = :id)"
            ),
            {"id": second},
        )
    process_pending(batch_context(database, settings))
    view = read_batch(database, world, batch)
    assert [[why.code for why in item.why] for item in view.items] == [
        ["hold_open"], ["certificate_glyphs"], [],
    ]  # fmt: skip
    assert (view.items[2].number or "")[-4:] == "0001"
    assert not view.can_resume


@pytest.mark.parametrize(
    "gone",
    [
        "update role_held set ended_at = now() where person_id = :person",
        "update account set suspended_at = now() where person_id = :person",
    ],
)
def test_batch_stops_when_its_decider_may_no_longer_decide(
    database: Database, world: World, settings: Settings, gone: str
) -> None:
    batch = decide(database, world, make_eligible(database, world, 2))
    with database.engine.begin() as owner:
        owner.execute(text(gone), {"person": world.people["registrar"]})
    process_pending(batch_context(database, settings))
    assert unfinished_batches(database) == []
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from certificate")).scalar_one() == 0
        refusals = connection.execute(
            text("select refusal from batch_item where batch_id = :batch"), {"batch": batch.id}
        ).scalars()
        assert [[why["code"] for why in refusal] for refusal in refusals] == [["batch_decider_gone"]] * 2


def test_certificate_that_was_issued_otherwise_meanwhile_is_not_issued_again(
    database: Database, world: World, settings: Settings
) -> None:
    first = decide(database, world, make_eligible(database, world, 2))
    process_pending(batch_context(database, settings))
    with database.engine.begin() as owner:
        again = "jsonb_build_object('id', 9999, 'finished_at', null)"
        owner.execute(text(f"insert into batch select (jsonb_populate_record(b, {again})).* from batch b"))  # noqa: S608
        owner.execute(
            text(
                "insert into batch_item select (jsonb_populate_record(i, jsonb_build_object("
                "'id', 9000 + id, 'batch_id', 9999, 'certificate_id', null))).* from batch_item i"
            )
        )
    process_pending(batch_context(database, settings))
    assert states(read_batch(database, world, first)) == [ItemState.DONE] * 2
    other = read_batch(database, world, BatchRef(id=9999, college_id=world.alma))
    assert [[why.code for why in item.why] for item in other.items] == [["certificate_already"]] * 2
    assert other.finished_at is not None


def test_certificate_ended_before_rendering_does_not_block_the_batch(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, make_eligible(database, world, 2))

    def render(draft: Draft) -> Result:
        with database.engine.begin() as owner:
            owner.execute(text("update certificate set state = 'revoked', ended_on = issued_on where sequence = 2"))
        return b"%PDF-1.7" if draft.record.number.endswith("0001") else RenderFailure(Reason("pdf_failed"))

    process_pending(batch_context(database, settings, render))
    assert states(read_batch(database, world, batch)) == [ItemState.DONE] * 2
    assert read_batch(database, world, batch).finished_at is not None


# Several workers -------------------------------------------------------------


def test_two_workers_do_nothing_twice_and_number_in_order(database: Database, world: World, settings: Settings) -> None:
    """Even if each job comes twice."""
    people = make_eligible(database, world, 24)
    first, second = decide(database, world, people[:12]), decide(database, world, people[12:])
    context = batch_context(database, settings)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda item: issue_next(context, item), 2 * items_to_issue(database)))
        list(pool.map(lambda item: render_item(context, item), 2 * items_to_render(database)))
    for batch in (first, second):
        view = read_batch(database, world, batch)
        assert states(view) == [ItemState.DONE] * 12
        assert view.finished_at is not None
        assert [item.number for item in view.items] == sorted(item.number or "" for item in view.items)
    assert sequences(database) == list(range(1, 25))


def sequences(database: Database) -> list[int]:
    with database.engine.connect() as connection:
        return list(connection.execute(text("select sequence from certificate order by sequence")).scalars())


def test_batch_whose_last_document_was_rendered_on_demand_is_finished(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, make_eligible(database, world, 2))
    context = batch_context(database, settings)
    for item in items_to_issue(database):
        issue_next(context, item)
    with database.engine.begin() as owner:
        owner.execute(text("update certificate set pdf_sha256 = repeat('0', 64)"))
    [left] = items_to_render(database)
    render_item(context, left)
    assert read_batch(database, world, batch).finished_at is not None
    assert items_to_render(database) == []


def test_two_renderings_of_a_document_keep_the_first(database: Database, world: World, settings: Settings) -> None:
    """A job that was taken from a worker that is only slow."""
    batch = decide(database, world, make_eligible(database, world, 1))
    context = batch_context(database, settings)
    issue_next(context, *items_to_issue(database))
    [item] = items_to_render(database)

    def slow(draft: Draft) -> Result:
        render_item(context, item)
        return render_stub(draft) + b" again"  # type: ignore[operator]

    render_item(batch_context(database, settings, slow), item)
    _, content = read_archive(database, world, batch, settings)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert b"again" not in opened.read(opened.namelist()[0])


# Rendering -----------------------------------------------------------------------------------------


def test_document_that_cannot_be_rendered_fails_alone_and_is_retried(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, make_eligible(database, world, 3))
    with closing(LentPools(lambda: open_render_pool({}, processes=1))) as pools:
        process_pending(batch_context(database, settings, overflowing(pools.render, sequence=2)))
    before, view = numbers_and_codes(database), read_batch(database, world, batch)
    assert states(view) == [ItemState.DONE, ItemState.UNDRAWN, ItemState.DONE]
    assert [why.code for why in view.items[1].why] == ["pdf_overflow"]
    assert view.finished_at is not None
    assert view.can_resume
    with database.engine.begin() as owner:
        owner.execute(text('update certificate set record = record || \'{"object": "Accompagner."}\''))
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        batches.resume(db, batches.see_batch(db, actor, batch.id))
    process_pending(batch_context(database, settings, render_document))
    view = read_batch(database, world, batch)
    assert states(view) == [ItemState.DONE] * 3
    assert (view.finished_at is not None, view.can_resume) == (True, False)
    assert numbers_and_codes(database) == before
    with pytest.raises(Conflict, match="batch_whole"):
        resume(database, world, batch)


def resume(database: Database, world: World, batch: BatchRef) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        batches.resume(db, batches.see_batch(db, actor, batch.id))


def numbers_and_codes(database: Database) -> list[tuple[str, str]]:
    with database.engine.connect() as connection:
        rows = connection.execute(text("select right(number, 4), code from certificate order by number"))
        return [(number, code) for number, code in rows]


def overflowing(render: Render, *, sequence: int) -> Render:
    """Return a renderer that first makes one of the drafts longer than its page."""

    def longer(draft: Draft) -> Draft:
        changes = {"object": "Accompagner des entreprises. " * 400}
        return replace(draft, record=draft.record.model_copy(update=changes))

    def overflowing_render(draft: Draft) -> Result:
        return render(longer(draft) if draft.record.number.endswith(f"{sequence:04}") else draft)

    return overflowing_render


# Archive and register ------------------------------------------------------------------------------


def test_the_register_and_the_archive(database: Database, world: World, settings: Settings) -> None:
    batch = decide(database, world, make_eligible(database, world, 3))
    with pytest.raises(Conflict, match="batch_unfinished"):
        read_archive(database, world, batch, settings)
    process_pending(batch_context(database, settings))
    name, content = read_archive(database, world, batch, settings)
    assert name.startswith("registre_v1 alma ")
    assert read_archive(database, world, batch, settings)[1] == content
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


def read_archive(database: Database, world: World, batch: BatchRef, settings: Settings) -> tuple[str, bytes]:
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        ref = batches.see_batch(db, actor, batch.id)
        name, pieces = archive_module.stream_archive(db, ref, document_store(settings))
    return name, b"".join(pieces)


def test_register_escapes_a_name_that_looks_like_a_formula(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, make_eligible(database, world, 1))
    with database.engine.begin() as owner:
        owner.execute(text("update person set legal_first_name = '=1+1'"))
    process_pending(batch_context(database, settings))
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        register = archive_module.batch_register(db, batches.see_batch(db, actor, batch.id))
    assert "'=1+1 Bérubé" in archive_module.register_csv(register, Flavour.DONNEES).decode()
    with zipfile.ZipFile(io.BytesIO(archive_module.register_xlsx(register))) as book:
        assert b"<f>" not in b"".join(book.read(n) for n in book.namelist() if "worksheets" in n)


def test_revoked_certificate_leaves_the_archive_and_stays_in_the_register(
    database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, make_eligible(database, world, 2))
    process_pending(batch_context(database, settings))
    with database.engine.begin() as owner:
        owner.execute(text("update certificate set state = 'revoked', ended_on = issued_on where sequence = 1"))
    _, content = read_archive(database, world, batch, settings)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert [n[-8:] for n in opened.namelist()] == ["0002.pdf", "ster.csv"]
        assert "Révoqué" in opened.read("register.csv").decode()


def test_archive_recreates_a_lost_file(database: Database, world: World, settings: Settings) -> None:
    batch = decide(database, world, make_eligible(database, world, 1))
    process_pending(batch_context(database, settings, render_document))
    _, content = read_archive(database, world, batch, settings)
    [file] = [path for path in (settings.data_dir / "files").rglob("*") if path.is_file()]
    file.unlink()
    assert read_archive(database, world, batch, settings)[1] == content
    assert file.is_file()
