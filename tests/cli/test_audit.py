"""The chain from the command line: what it finds, what it says, and what it never waits for."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli.worker import check_record, seal_record
from app.network.models import Region
from app.people.models import Person
from app.platform.audit.hash_chain import BEGINNING, Fault, Violation, append, verify
from app.platform.config import settings as process_settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import Keyring, save
from tests.cli.conftest import Escouade, Outcome
from tests.conftest import RING
from tests.factories.network import World

ANCHOR = re.compile(r"^\d+:[0-9a-f]{64}$", re.MULTILINE)


@pytest.fixture
def audit(escouade: Escouade, database: Database, tmp_path: Path) -> Callable[..., Outcome]:
    """``escouade audit …`` over the small network, with a keyring of its own."""
    save(tmp_path / "keyring.json", RING)

    def run(*words: object) -> Outcome:
        return escouade(database, "audit", *words, data_dir=str(tmp_path))

    return run


def attack(database: Database, *statements: str) -> None:
    """What someone with the owner's rights may do: the constraint that keeps sealed entries goes first."""
    with database.engine.begin() as owner:
        owner.execute(text("alter table audit_seal drop constraint if exists fk_audit_seal_entry_id_audit_entry"))
        owner.execute(text("alter table audit_values drop constraint if exists fk_audit_values_entry_id_audit_entry"))
        for statement in statements:
            owner.execute(text(statement))


def sealed(database: Database, keyring: Keyring = RING) -> int:
    with database.as_owner() as db:
        return append(db, keyring, whole=True)


def faults(database: Database, *anchors: str) -> list[Violation]:
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


# What it says -----------------------------------------------------------------------------------


def test_a_whole_chain(audit: Callable[..., Outcome], database: Database, tmp_path: Path) -> None:
    first = audit("seal")
    assert first.status == 0
    assert re.search(r"\d+ entrées scellées", first.out)
    assert "0 entrée scellée" in audit("seal").out
    said = audit("verify")
    assert (said.status, said.err) == (0, "")
    [end] = ANCHOR.findall(said.out)
    add_people(database, 2)
    again = audit("verify", "--anchor", end)
    assert again.status == 0
    assert int(ANCHOR.findall(again.out)[0].split(":")[0]) == int(end.split(":")[0]) + 2
    kept = tmp_path / "reperes.txt"
    kept.write_text("\n".join((end, *ANCHOR.findall(again.out))), encoding="utf-8")
    assert audit("verify", "--anchor", kept).status == 0
    assert audit("verify", "--anchor", "nimporte").status == 1


def test_an_empty_record_is_whole(escouade: Escouade, empty: Database, tmp_path: Path) -> None:
    with empty.engine.begin() as owner:
        owner.execute(text("truncate audit_entry cascade"))
    said = escouade(empty, "audit", "verify", data_dir=str(tmp_path))
    assert (said.status, ANCHOR.findall(said.out)) == (0, [])


# The attacks ------------------------------------------------------------------------------------

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
def test_an_attack_is_found(audit: Callable[..., Outcome], database: Database, name: str) -> None:
    statements, expected, words = ATTACKS[name]
    sealed(database)
    assert faults(database) == []
    attack(database, *statements)
    assert {found.fault for found in faults(database)} == expected
    said = audit("verify")
    assert said.status == 1
    assert words in said.err


@pytest.mark.parametrize("refilled", [False, True])
def test_a_cut_tail_is_found_with_an_anchor(
    audit: Callable[..., Outcome], database: Database, *, refilled: bool
) -> None:
    add_people(database, 5)
    sealed(database)
    end = anchor(database)
    attack(
        database,
        "create temporary table cut as select entry_id from audit_seal order by seq desc limit 3",
        "delete from audit_values where entry_id in (select entry_id from cut)",
        "delete from audit_entry where id in (select entry_id from cut)",
        "delete from audit_seal where entry_id in (select entry_id from cut)",
    )
    assert faults(database) == []  # the rest of the chain is whole: nothing in the database tells
    if refilled:
        add_people(database, 5)
    said = audit("verify", "--anchor", end)
    assert said.status == 1
    assert ("refaite" if refilled else "coupée") in said.err


def test_emptied_values_are_said_and_break_nothing(audit: Callable[..., Outcome], database: Database) -> None:
    sealed(database)
    with database.engine.begin() as owner:
        owner.execute(text("update audit_values set before = null, after = null, salt = null where entry_id in (3, 5)"))
    said = audit("verify")
    assert said.status == 0
    assert "2 entrées aux valeurs effacées" in said.out


def test_half_emptied_values_are_a_break(database: Database) -> None:
    sealed(database)
    attack(database, "update audit_values set after = null where entry_id = 3")
    assert [b.fault for b in faults(database)] == [Fault.VALUES_ALTERED]


# Keys, order, and no waiting --------------------------------------------------------------------


def test_a_new_key_seals_and_the_old_one_still_reads(database: Database) -> None:
    sealed(database)
    renewed = RING.rotated()
    add_people(database, 2)
    assert sealed(database, renewed) == 2
    with database.as_owner() as db:
        report = verify(db, renewed)
        versions = db.execute(text("select distinct key_version from audit_seal order by 1")).scalars().all()
    assert (report.violations, versions) == ([], [1, 2])


def test_another_ring_verifies_nothing(database: Database) -> None:
    sealed(database)
    with database.as_owner() as db:
        foreign = Keyring(1, {1: bytes(32)})
        assert {b.fault for b in verify(db, foreign).violations} == {Fault.ALTERED}


def test_an_entry_committed_late_is_sealed_later(database: Database) -> None:
    """Its id is lower than those sealed before it; its place in the chain is not."""
    sealed(database)
    with database.engine.begin() as early:
        lower = early.execute(text("select nextval('audit_entry_id_seq')")).scalar_one()
        add_people(database, 1)
        assert sealed(database) == 1
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
    assert faults(database) == []


def test_no_request_waits_on_sealing(database: Database) -> None:
    """With a sealing under way and its lock held, others write and commit; another sealing waits its turn."""
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
        second = threading.Thread(target=lambda: waiting.append(sealed(database)))
        second.start()
        second.join(0.5)
        assert second.is_alive(), "two sealings at once would give two entries one place"
    second.join(10)
    assert waiting == [3]
    assert faults(database) == []


def test_writers_and_sealers_together(database: Database) -> None:
    writers = [threading.Thread(target=add_people, args=(database, 10)) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        sealed(database)
    for writer in writers:
        writer.join()
    sealed(database)
    with database.as_owner() as db:
        report = verify(db, RING)
        entries = db.execute(text("select count(*) from audit_entry")).scalar_one()
    assert (report.violations, report.sealed) == ([], entries)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A process whose settings name the tests' keyring."""
    save(tmp_path / "keyring.json", RING)
    monkeypatch.setenv("ESCOUADE_DATA_DIR", str(tmp_path))
    process_settings.cache_clear()
    yield
    process_settings.cache_clear()


@pytest.mark.usefixtures("deployed")
def test_the_worker_seals_and_checks(database: Database, world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert world.people
    assert seal_record(database) > 0
    assert seal_record(database) == 0
    with caplog.at_level("INFO", logger="escouade.worker"):
        report = check_record(database)
    assert report.violations == []
    assert f"audit anchor {report.anchor}" in caplog.text
    attack(database, "update audit_entry set action = 'autre' where id = 2")
    assert [b.fault for b in check_record(database).violations] == [Fault.ALTERED]
    assert "the audit chain is broken" in caplog.text


def test_the_chain_begins_from_nothing(database: Database) -> None:
    assert BEGINNING == "0" * 64
    with database.as_owner() as db:
        assert db.get(Region, "02") is not None
        report = verify(db, RING)
    assert (report.sealed, report.anchor, report.violations) == (0, None, [])
