"""Services of activities done and of hand-ins, and their effect on progress."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.enums import EnrolmentState
from app.learning.activities.schemas import CompletionCommand
from app.learning.activities.service import complete, completions
from app.learning.hand_ins.rules import clean_name
from app.learning.hand_ins.schemas import FileCommand, HandInShown, Punctuality, TextCommand
from app.learning.hand_ins.service import attempts, file_of, hand_in_file, hand_in_text, hand_ins, see_hand_in
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Invalid, NotFound, Unavailable
from app.platform.files.folder import FolderStore
from app.platform.files.store import digest
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from app.progress.schemas import State
from tests.factories.activities import activity_progress, refusal, row_counts, set_state
from tests.factories.learning import PDF
from tests.factories.network import STARTED, World, acting


def mark(database: Database, world: World, code: str, *, done: bool = True, days_ago: int = 0) -> int:
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        command = CompletionCommand(activity_code=code, done=done, done_on=today() - timedelta(days=days_ago))
        return complete(db, actor, enrolment, command).id


def test_done_then_not_done_then_done_are_three_rows_and_one_result(database: Database, world: World) -> None:
    mark(database, world, "GEN-1.A", days_ago=3)
    first = activity_progress(database, world, "GEN-1.A")
    assert (first.state, first.recognised_minutes, first.done_on) == (State.DONE, 120, today() - timedelta(days=3))
    mark(database, world, "GEN-1.A", done=False)
    assert activity_progress(database, world, "GEN-1.A").recognised_minutes == 0
    mark(database, world, "GEN-1.A")
    assert activity_progress(database, world, "GEN-1.A").done_on == today()
    assert row_counts(database, world)["activity_completion"] == 3
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.EVIDENCE_READ)
        shown = completions(db, see_enrolment(db, actor, world.enrolments["maude"]))
    assert [(c.activity_code, c.done) for c in shown] == [("GEN-1.A", True)]


def test_complete_repeated_writes_no_row(database: Database, world: World) -> None:
    first = mark(database, world, "GEN-1.A")
    assert mark(database, world, "GEN-1.A") == first
    undone = mark(database, world, "GEN-1.A", done=False)
    assert mark(database, world, "GEN-1.A", done=False, days_ago=2) == undone
    assert row_counts(database, world)["activity_completion"] == 2


def test_complete_on_another_day_corrects_the_first(database: Database, world: World) -> None:
    mark(database, world, "GEN-1.A")
    mark(database, world, "GEN-1.A", days_ago=5)
    assert activity_progress(database, world, "GEN-1.A").done_on == today() - timedelta(days=5)
    assert row_counts(database, world)["activity_completion"] == 2


@pytest.mark.parametrize(
    ("code", "done", "days_ago", "expected"),
    [
        ("GEN-1.A", False, 0, ("not_marked_done", [])),
        ("GEN-3.A", True, 0, ("invalid", ["activity_locked"])),
        ("GEN-1.B", True, 0, ("invalid", ["not_self_study"])),
        ("GEN-1.A", True, -1, ("invalid", ["date_in_the_future"])),
        ("GEN-1.A", True, 15, ("invalid", ["before_the_start"])),
        ("SPE-1.A", True, 0, ("invalid", ["unknown_activity"])),
    ],
)
def test_complete_refused_writes_no_row(
    database: Database, world: World, code: str, expected: tuple[str, list[str]], *, done: bool, days_ago: int
) -> None:
    assert refusal(lambda: mark(database, world, code, done=done, days_ago=days_ago)) == expected
    assert row_counts(database, world)["activity_completion"] == 0


def test_complete_on_an_enrolment_not_active_is_refused(database: Database, world: World) -> None:
    for state in set(EnrolmentState) - {EnrolmentState.ACTIVE}:
        set_state(database, world, state)
        assert refusal(lambda: mark(database, world, "GEN-1.A")) == ("not_active", ["not_active"])


def test_same_completion_sent_eight_times_at_once_is_one_row(database: Database, world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: mark(database, world, "GEN-1.A"), range(8)))
    assert len(set(ids)) == 1
    assert row_counts(database, world)["activity_completion"] == 1


def submit_text(
    database: Database, world: World, body: str, code: str = "GEN-1.C", who: str = "maude"
) -> tuple[HandInShown, bool]:
    with database.transaction() as db:
        actor = acting(db, world, who, P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments[who])
        return hand_in_text(db, actor, enrolment, TextCommand(activity_code=code, body=body))


def upload(
    database: Database, world: World, root: Path, content: bytes = PDF, name: str = "carte.pdf"
) -> tuple[HandInShown, bool]:
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        command = FileCommand(activity_code="GEN-1.C", name=clean_name(name), content=content)
        return hand_in_file(db, actor, enrolment, command, files=FolderStore(root), megabytes=1)


def test_text_sent_again_is_the_same_attempt(database: Database, world: World) -> None:
    """S1: when the network fails after sending, people send again."""
    first, is_new = submit_text(database, world, "Ma carte")
    assert is_new
    assert (first.attempt, first.body, first.name, first.punctuality) == (
        1,
        "Ma carte",
        "Maude Bérubé",
        Punctuality.LATE,
    )
    assert first.due_on == STARTED + timedelta(days=13)
    again, is_new = submit_text(database, world, "Ma carte")
    assert (again, is_new) == (first, False)
    second, is_new = submit_text(database, world, "Ma carte, revue")
    assert (second.attempt, is_new) == (2, True)
    assert activity_progress(database, world, "GEN-1.C").recognised_minutes == 60


def test_third_attempt_is_refused_but_the_first_sent_again_is_returned(database: Database, world: World) -> None:
    first, _ = submit_text(database, world, "un")
    submit_text(database, world, "deux")
    assert refusal(lambda: submit_text(database, world, "trois")) == ("invalid", ["attempts_used"])
    assert submit_text(database, world, "un") == (first, False)
    assert row_counts(database, world)["hand_in"] == 2


def test_file_is_stored_once_by_its_content(database: Database, world: World, tmp_path: Path) -> None:
    first, is_new = upload(database, world, tmp_path, name="C:\\Bureau\\Ma carte.PDF")
    assert is_new
    assert (first.file_name, first.file_type, first.file_size) == ("Ma carte.pdf", "application/pdf", len(PDF))
    assert first.file_sha256 == digest(PDF)
    assert file_of(first, FolderStore(tmp_path)) == PDF
    again, is_new = upload(database, world, tmp_path, name="autre nom.pdf")
    assert (again, is_new) == (first, False)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [digest(PDF)]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"MZ", "outil.exe", "file_type_refused"),
        (b"", "vide.pdf", "file_empty"),
        (PDF + bytes(1_000_000), "gros.pdf", "file_too_large"),
        (b"<html>", "faux.pdf", "file_not_its_type"),
    ],
)
def test_refused_file_is_not_stored(
    database: Database, world: World, tmp_path: Path, *, content: bytes, name: str, code: str
) -> None:
    assert refusal(lambda: upload(database, world, tmp_path, content, name)) == ("invalid", [code])
    assert row_counts(database, world)["hand_in"] == 0
    assert list(tmp_path.iterdir()) == []


def test_file_of_an_enrolment_on_leave_is_not_stored(database: Database, world: World, tmp_path: Path) -> None:
    set_state(database, world, EnrolmentState.ON_LEAVE)
    assert refusal(lambda: upload(database, world, tmp_path)) == ("not_active", ["not_active"])
    assert list(tmp_path.iterdir()) == []


def test_lost_or_altered_file_is_unavailable(database: Database, world: World, tmp_path: Path) -> None:
    shown, _ = upload(database, world, tmp_path)
    stored = next(p for p in tmp_path.rglob("*") if p.is_file())
    stored.write_bytes(b"%PDF-altered")
    with pytest.raises(Unavailable):
        file_of(shown, FolderStore(tmp_path))
    stored.unlink()
    with pytest.raises(Unavailable):
        file_of(shown, FolderStore(tmp_path))
    with pytest.raises(NotFound):
        file_of(submit_text(database, world, "pas un fichier")[0], FolderStore(tmp_path))


def test_hand_ins_sent_at_once_never_exceed_two_attempts(database: Database, world: World) -> None:
    def send(n: int) -> str:
        try:
            return str(submit_text(database, world, f"essai {n}")[0].attempt)
        except Invalid as refused:
            return refused.reasons[0].code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == ["1", "2", *["attempts_used"] * 4]


def test_completion_declared_within_the_grace_hours_is_on_time(database: Database, world: World) -> None:
    """GEN-1 was due yesterday at midnight: finished two days ago, received today."""
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        command = TextCommand(activity_code="GEN-1.C", body="Hors ligne", completed_at=now() - timedelta(days=2))
        shown, _ = hand_in_text(db, actor, enrolment, command)
    assert shown.punctuality is Punctuality.ON_TIME_DECLARED
    assert shown.completed_at_declared == command.completed_at


def test_hand_ins_list_leaves_texts_out(database: Database, world: World) -> None:
    submit_text(database, world, "long")
    submit_text(database, world, "autre", "GEN-2.C")
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.EVIDENCE_READ)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        rows = hand_ins(db, enrolment)
        assert [(r.activity_code, r.attempt) for r in rows] == [("GEN-1.C", 1), ("GEN-2.C", 1)]
        assert "body" not in type(rows[0]).model_fields
        assert [a.body for a in attempts(db, enrolment, "GEN-2.C")] == ["autre"]


@pytest.mark.parametrize(
    ("who", "is_visible"),
    [
        ("maude", True), ("trainer", True), ("coordinator", True),
        ("karim", False), ("registrar", False), ("other_trainer", False), ("admin", False),
        ("other_coordinator", False),
    ],
)  # fmt: skip
def test_hand_in_is_visible_within_reach_only(database: Database, world: World, who: str, *, is_visible: bool) -> None:
    shown, _ = submit_text(database, world, "Ma carte")
    with database.transaction() as db:
        actor = acting(db, world, who, P.EVIDENCE_READ)
        if is_visible:
            assert see_hand_in(db, actor, shown.id) == shown
        else:
            with pytest.raises(NotFound):
                see_hand_in(db, actor, shown.id)


def deposit(database: Database, world: World, code: str, body: str) -> HandInShown:
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        return hand_in_text(db, actor, enrolment, TextCommand(activity_code=code, body=body))[0]


def test_trace_of_a_workshop_is_received_and_completes_nothing(database: Database, world: World) -> None:
    before = activity_progress(database, world, "GEN-1.B")
    first, second = (deposit(database, world, "GEN-1.B", body) for body in ("Notre carte.", "Notre carte, corrigée."))
    assert (first.attempt, second.attempt) == (1, 2)
    assert activity_progress(database, world, "GEN-1.B") == before
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.EVIDENCE_READ)
        shown = hand_ins(db, see_enrolment(db, actor, world.enrolments["maude"]))
    assert [(h.activity_code, h.attempt) for h in shown] == [("GEN-1.B", 1), ("GEN-1.B", 2)]


def test_trace_is_never_late(database: Database, world: World) -> None:
    with at(datetime.now(UTC) + timedelta(days=120)):
        trace, work = (deposit(database, world, code, "Travail.") for code in ("GEN-1.B", "GEN-1.C"))
    assert (trace.punctuality, work.punctuality) == (None, Punctuality.LATE)
