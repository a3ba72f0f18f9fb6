"""The hash chain from the command line: verification, tampering, keys and concurrency."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from app.network.models import Region
from app.people.models import Person
from app.platform.audit.hash_chain import FIRST_MAC, Fault, Violation, append, verify
from app.platform.database.transaction import Database
from app.platform.jobs.upkeep import append_to_chain, check_chain
from app.platform.security.keyring import Keyring, save
from tests.cli.conftest import Escouade, Outcome
from tests.conftest import RING
from tests.factories.network import World

ANCHOR = re.compile(r"^\d+:[0-9a-f]{64}$", re.MULTILINE)


@pytest.fixture
def audit(escouade: Escouade, database: Database, tmp_path: Path) -> Callable[..., Outcome]:
    """Return a function that runs ``escouade audit …`` over the small network, with its own keyring."""
    save(tmp_path / "keyring.json", RING)

    def run(*words: object) -> Outcome:
        return escouade(database, "audit", *words, data_dir=str(tmp_path))

    return run


def tamper(database: Database, *statements: str) -> None:
    """Run statements with the owner's rights, once the constraint that protects linked entries is dropped."""
    with database.engine.begin() as owner:
        owner.execute(text("alter table audit_seal drop constraint if exists fk_audit_seal_entry_id_audit_entry"))
        owner.execute(text("alter table audit_values drop constraint if exists fk_audit_values_entry_id_audit_entry"))
        for statement in statements:
            owner.execute(text(statement))


def append_all(database: Database, keyring: Keyring = RING) -> int:
    with database.as_owner() as db:
        return append(db, keyring, whole=True)


def violations(database: Database, *anchors: str) -> list[Violation]:
    with database.as_owner() as db:
        return verify(db, RING, anchors).violations


def anchor(database: Database) -> str:
    with database.as_owner() as db:
        return verify(db, RING).anchor or ""


def add_people(database: Database, count: int) -> None:
    for n in range(count):
        with database.transaction() as db:
            db.add(_person(f"Personne {n}"))


def _person(name: str) -> Person:
    from app.platform.clock import now  # noqa: PLC0415

    return Person(legal_first_name=name, legal_last_name="Essai", search_key=name.lower(), created_at=now())


# Output -----------------------------------------------------------------------------------------


def test_verify_unaltered_chain_succeeds(audit: Callable[..., Outcome], database: Database, tmp_path: Path) -> None:
    first = audit("seal")
    assert first.status == 0
    assert re.search(r"\d+ entrées scellées", first.out)
    assert "0 entrée scellée" in audit("seal").out
    outcome = audit("verify")
    assert (outcome.status, outcome.err) == (0, "")
    [end] = ANCHOR.findall(outcome.out)
    add_people(database, 2)
    again = audit("verify", "--anchor", end)
    assert again.status == 0
    assert int(ANCHOR.findall(again.out)[0].split(":")[0]) == int(end.split(":")[0]) + 2
    anchors = tmp_path / "reperes.txt"
    anchors.write_text("\n".join((end, *ANCHOR.findall(again.out))), encoding="utf-8")
    assert audit("verify", "--anchor", anchors).status == 0
    assert audit("verify", "--anchor", "nimporte").status == 1


def test_verify_empty_record_succeeds(escouade: Escouade, empty: Database, tmp_path: Path) -> None:
    with empty.engine.begin() as owner:
        owner.execute(text("truncate audit_entry cascade"))
    outcome = escouade(empty, "audit", "verify", data_dir=str(tmp_path))
    assert (outcome.status, ANCHOR.findall(outcome.out)) == (0, [])


# Tampering --------------------------------------------------------------------------------------

ATTACKS = {
    "an edit": (["update audit_entry set actor_id = 1 where id = 3"], {Fault.ALTERED}, "a changé"),
    "an edit of the time": (
        ["update audit_entry set at = at + interval '1 microsecond' where id = 3"], {Fault.ALTERED}, "a changé"
    ),
    "an edit of the values": (
        ["""update audit_values set after = after || '{"chosen_name": "Autre"}' where entry_id = 3"""],
        {Fault.VALUES_ALTERED}, "valeurs ont changé",
    ),
    "a hash made again for edited values": (
        ["update audit_entry set digest = repeat('a', 64) where id = 3"],
        {Fault.ALTERED, Fault.VALUES_ALTERED}, "a changé",
    ),
    "values removed with their row": (
        ["delete from audit_values where entry_id = 3"], {Fault.VALUES_MISSING}, "valeurs ont disparu"
    ),
    "an entry removed": (
        ["delete from audit_values where entry_id = 3", "delete from audit_entry where id = 3"],
        {Fault.ENTRY_MISSING}, "l’entrée a disparu",
    ),
    "an entry removed with its seal": (
        ["delete from audit_values where entry_id = 3", "delete from audit_entry where id = 3",
         "delete from audit_seal where entry_id = 3"],
        {Fault.GAP, Fault.ALTERED}, "le maillon a disparu",
    ),
    "an entry removed, the chain closed up": (
        ["delete from audit_values where entry_id = 3", "delete from audit_entry where id = 3",
         "delete from audit_seal where entry_id = 3", "update audit_seal set seq = -seq where seq > 3",
         "update audit_seal set seq = -seq - 1 where seq < 0"],
        {Fault.ALTERED}, "a changé",
    ),
    "two entries in another order": (
        ["update audit_seal set seq = -3 where seq = 3", "update audit_seal set seq = 3 where seq = 4",
         "update audit_seal set seq = 4 where seq = -3"],
        {Fault.ALTERED}, "a changé",
    ),
    "two entries swapped": (
        ["update audit_entry set id = -3 where id = 3", "update audit_entry set id = 3 where id = 4",
         "update audit_entry set id = 4 where id = -3"],
        {Fault.ALTERED, Fault.VALUES_ALTERED}, "a changé",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_verify_reports_each_kind_of_tampering(audit: Callable[..., Outcome], database: Database, name: str) -> None:
    statements, expected, words = ATTACKS[name]
    append_all(database)
    assert violations(database) == []
    tamper(database, *statements)
    assert {violation.fault for violation in violations(database)} == expected
    outcome = audit("verify")
    assert outcome.status == 1
    assert words in outcome.err


@pytest.mark.parametrize("refilled", [False, True])
def test_verify_with_an_anchor_reports_a_truncated_chain(
    audit: Callable[..., Outcome], database: Database, *, refilled: bool
) -> None:
    add_people(database, 5)
    append_all(database)
    end = anchor(database)
    tamper(
        database,
        "create temporary table cut as select entry_id from audit_seal order by seq desc limit 3",
        "delete from audit_values where entry_id in (select entry_id from cut)",
        "delete from audit_entry where id in (select entry_id from cut)",
        "delete from audit_seal where entry_id in (select entry_id from cut)",
    )
    assert violations(database) == []  # the rest of the chain is whole: nothing in the database tells
    if refilled:
        add_people(database, 5)
    outcome = audit("verify", "--anchor", end)
    assert outcome.status == 1
    assert ("refaite" if refilled else "coupée") in outcome.err


def test_verify_counts_emptied_values_without_a_violation(audit: Callable[..., Outcome], database: Database) -> None:
    append_all(database)
    with database.engine.begin() as owner:
        owner.execute(text("update audit_values set before = null, after = null, salt = null where entry_id in (3, 5)"))
    outcome = audit("verify")
    assert outcome.status == 0
    assert "2 entrées aux valeurs effacées" in outcome.out


def test_verify_partly_emptied_values_are_a_violation(database: Database) -> None:
    append_all(database)
    tamper(database, "update audit_values set after = null where entry_id = 3")
    assert [b.fault for b in violations(database)] == [Fault.VALUES_ALTERED]


# Keys, order and concurrency --------------------------------------------------------------------


def test_chain_continues_under_a_new_key_and_verifies_with_the_old(database: Database) -> None:
    append_all(database)
    renewed = RING.rotated()
    add_people(database, 2)
    assert append_all(database, renewed) == 2
    with database.as_owner() as db:
        report = verify(db, renewed)
        versions = db.execute(text("select distinct key_version from audit_seal order by 1")).scalars().all()
    assert (report.violations, versions) == ([], [1, 2])


def test_verify_with_another_keyring_reports_every_link(database: Database) -> None:
    append_all(database)
    with database.as_owner() as db:
        foreign = Keyring(1, {1: bytes(32)})
        assert {b.fault for b in verify(db, foreign).violations} == {Fault.ALTERED}


def test_entry_committed_late_is_linked_later(database: Database) -> None:
    """Its id is lower than those linked before it, but its position in the chain is not."""
    append_all(database)
    with database.engine.begin() as early:
        lower = early.execute(text("select nextval('audit_entry_id_seq')")).scalar_one()
        add_people(database, 1)
        assert append_all(database) == 1
        early.execute(
            text(
                "insert into audit_entry (id, at, permission, action, subject, outcome, origin, digest)"
                " values (:id, now(), '', 'change', 'person', 'done', 'cli', '')"
            ),
            {"id": lower},
        )
    with database.as_owner() as db:
        assert append(db, RING) == 1
        last = db.execute(text("select entry_id from audit_seal order by seq desc limit 1")).scalar_one()
    assert last == lower
    assert violations(database) == []


def test_requests_do_not_wait_while_links_are_appended(database: Database) -> None:
    """While links are appended under their lock, others write and commit; another append waits."""
    with database.as_owner() as db:
        assert append(db, RING) > 0
        done = threading.Event()

        def write() -> None:
            add_people(database, 3)
            done.set()

        writing = threading.Thread(target=write)
        writing.start()
        assert done.wait(10), "writers waited for the sealing to end"
        writing.join()
        waiting: list[int] = []
        second = threading.Thread(target=lambda: waiting.append(append_all(database)))
        second.start()
        second.join(0.5)
        assert second.is_alive(), "two sealings at once would give two entries one place"
    second.join(10)
    assert waiting == [3]
    assert violations(database) == []


def test_concurrent_writers_and_appenders_keep_the_chain_valid(database: Database) -> None:
    writers = [threading.Thread(target=add_people, args=(database, 10)) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        append_all(database)
    for writer in writers:
        writer.join()
    append_all(database)
    with database.as_owner() as db:
        report = verify(db, RING)
        entries = db.execute(text("select count(*) from audit_entry")).scalar_one()
    assert (report.violations, report.sealed) == ([], entries)


def test_worker_appends_links_and_verifies_the_chain(
    database: Database, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.people
    assert append_to_chain(database, RING) > 0
    assert append_to_chain(database, RING) == 0
    with caplog.at_level("INFO", logger="escouade.worker"):
        report = check_chain(database, RING)
    assert report.violations == []
    assert f"audit anchor {report.anchor}" in caplog.text
    tamper(database, "update audit_entry set action = 'autre' where id = 2")
    assert [b.fault for b in check_chain(database, RING).violations] == [Fault.ALTERED]
    assert "the audit chain is broken" in caplog.text


def test_first_mac_of_the_chain_is_constant(database: Database) -> None:
    assert FIRST_MAC == "0" * 64
    with database.as_owner() as db:
        assert db.get(Region, "02") is not None
        report = verify(db, RING)
    assert (report.sealed, report.anchor, report.violations) == (0, None, [])
