"""Activities done, hand-ins and field hours through the services, with what the projection makes of them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from app import files
from app.access import P, Role
from app.cohorts.models import EnrolmentState
from app.cohorts.service import see_enrolment
from app.db import Database, now
from app.errors import Conflict, DomainError, Invalid, NotFound, Unavailable
from app.learning.schemas import (
    CompletionCommand,
    CountersignCommand,
    FileCommand,
    HandInShown,
    HoursCommand,
    HoursShown,
    HoursState,
    Punctuality,
    TextCommand,
)
from app.learning.service import complete, completions
from app.learning.service_hand_ins import attempts, file_of, hand_in_file, hand_in_text, hand_ins, see_hand_in
from app.learning.service_hours import (
    countersign,
    countersign_all,
    declare_hours,
    hours_of,
    hours_to_countersign,
    see_hours,
)
from app.people.service import hold
from app.progress.schemas import ActivityProgress, State
from app.progress.service import mismatches
from app.progress.service_path import progress_of
from app.text import today
from tests.learning.ground import kept, open_the_field, set_state
from tests.learning.samples import PDF
from tests.world import STARTED, World, acting


def standing(database: Database, world: World, code: str, who: str = "maude") -> ActivityProgress:
    """Where an activity is, as stored; the projection is what the facts give."""
    with database.transaction() as session:
        actor = acting(session, world, who, P.PROGRESS_READ)
        found = progress_of(session, see_enrolment(session, actor, world.enrolments[who])).activity(code)
    with database.transaction(colleges=[world.alma]) as session:
        assert mismatches(session) == []
    return found


def mark(database: Database, world: World, code: str, *, done: bool = True, days_ago: int = 0) -> int:
    with database.transaction() as session:
        actor = acting(session, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(session, actor, world.enrolments["maude"])
        command = CompletionCommand(activity_code=code, done=done, done_on=today() - timedelta(days=days_ago))
        return complete(session, actor, enrolment, command).id


def refusal(action: Callable[[], object]) -> tuple[str, list[str]]:
    with pytest.raises(DomainError) as found:
        action()
    return found.value.code, [r.code for r in found.value.reasons]


# Activities done alone --------------------------------------------------------------------------


def test_done_then_taken_back_then_done_again_are_three_facts_and_one_result(database: Database, world: World) -> None:
    mark(database, world, "GEN-1.A", days_ago=3)
    first = standing(database, world, "GEN-1.A")
    assert (first.state, first.recognised_minutes, first.done_on) == (State.DONE, 120, today() - timedelta(days=3))
    mark(database, world, "GEN-1.A", done=False)
    assert standing(database, world, "GEN-1.A").recognised_minutes == 0
    mark(database, world, "GEN-1.A")
    assert standing(database, world, "GEN-1.A").done_on == today()
    assert kept(database, world)["activity_completion"] == 3
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.EVIDENCE_READ)
        shown = completions(session, see_enrolment(session, actor, world.enrolments["maude"]))
    assert [(c.activity_code, c.done) for c in shown] == [("GEN-1.A", True)]


def test_saying_the_same_again_changes_nothing(database: Database, world: World) -> None:
    first = mark(database, world, "GEN-1.A")
    assert mark(database, world, "GEN-1.A") == first
    back = mark(database, world, "GEN-1.A", done=False)
    assert mark(database, world, "GEN-1.A", done=False, days_ago=2) == back
    assert kept(database, world)["activity_completion"] == 2


def test_another_day_corrects_the_first(database: Database, world: World) -> None:
    mark(database, world, "GEN-1.A")
    mark(database, world, "GEN-1.A", days_ago=5)
    assert standing(database, world, "GEN-1.A").done_on == today() - timedelta(days=5)
    assert kept(database, world)["activity_completion"] == 2


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
def test_what_cannot_be_marked_leaves_nothing(
    database: Database, world: World, code: str, expected: tuple[str, list[str]], *, done: bool, days_ago: int
) -> None:
    assert refusal(lambda: mark(database, world, code, done=done, days_ago=days_ago)) == expected
    assert kept(database, world)["activity_completion"] == 0


@pytest.mark.parametrize("state", [s for s in EnrolmentState if s is not EnrolmentState.ACTIVE])
def test_only_an_active_enrolment_leaves_facts(database: Database, world: World, state: EnrolmentState) -> None:
    set_state(database, world, state)
    assert refusal(lambda: mark(database, world, "GEN-1.A")) == ("not_active", ["not_active"])


def test_the_same_mark_from_eight_windows_is_one_fact(database: Database, world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: mark(database, world, "GEN-1.A"), range(8)))
    assert len(set(ids)) == 1
    assert kept(database, world)["activity_completion"] == 1


# Hand-ins ---------------------------------------------------------------------------------------


def text(
    database: Database, world: World, body: str, code: str = "GEN-1.C", who: str = "maude"
) -> tuple[HandInShown, bool]:
    with database.transaction() as session:
        actor = acting(session, world, who, P.ACTIVITY_DO)
        enrolment = see_enrolment(session, actor, world.enrolments[who])
        return hand_in_text(session, actor, enrolment, TextCommand(activity_code=code, body=body))


def upload(
    database: Database, world: World, root: Path, content: bytes = PDF, name: str = "carte.pdf"
) -> tuple[HandInShown, bool]:
    with database.transaction() as session:
        actor = acting(session, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(session, actor, world.enrolments["maude"])
        command = FileCommand(activity_code="GEN-1.C", name=name, content=content)
        return hand_in_file(session, actor, enrolment, command, root=root, megabytes=1)


def test_a_text_sent_again_is_the_same_hand_in(database: Database, world: World) -> None:
    """S1: a cut after sending makes people send again."""
    first, is_new = text(database, world, "Ma carte")
    assert is_new
    assert (first.attempt, first.body, first.name, first.punctuality) == (
        1,
        "Ma carte",
        "Maude Bérubé",
        Punctuality.LATE,
    )
    assert first.due_on == STARTED + timedelta(days=13)
    again, is_new = text(database, world, "Ma carte")
    assert (again, is_new) == (first, False)
    second, is_new = text(database, world, "Ma carte, revue")
    assert (second.attempt, is_new) == (2, True)
    assert standing(database, world, "GEN-1.C").recognised_minutes == 60


def test_after_two_attempts_the_coordination_is_asked_but_a_resend_still_answers(
    database: Database, world: World
) -> None:
    first, _ = text(database, world, "un")
    text(database, world, "deux")
    assert refusal(lambda: text(database, world, "trois")) == ("invalid", ["attempts_used"])
    assert text(database, world, "un") == (first, False)
    assert kept(database, world)["hand_in"] == 2


def test_a_file_is_kept_once_by_its_content(database: Database, world: World, tmp_path: Path) -> None:
    first, is_new = upload(database, world, tmp_path, name="C:\\Bureau\\Ma carte.PDF")
    assert is_new
    assert (first.file_name, first.file_type, first.file_size) == ("Ma carte.pdf", "application/pdf", len(PDF))
    assert first.file_sha256 == files.digest(PDF)
    assert file_of(first, tmp_path) == PDF
    again, is_new = upload(database, world, tmp_path, name="autre nom.pdf")
    assert (again, is_new) == (first, False)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [files.digest(PDF)]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"MZ", "outil.exe", "file_type_refused"),
        (b"", "vide.pdf", "file_empty"),
        (PDF + bytes(1_000_000), "gros.pdf", "file_too_large"),
        (b"<html>", "faux.pdf", "file_not_its_type"),
    ],
)
def test_a_refused_file_is_kept_nowhere(
    database: Database, world: World, tmp_path: Path, *, content: bytes, name: str, code: str
) -> None:
    assert refusal(lambda: upload(database, world, tmp_path, content, name)) == ("invalid", [code])
    assert kept(database, world)["hand_in"] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_refused_for_another_reason_is_not_stored_either(
    database: Database, world: World, tmp_path: Path
) -> None:
    set_state(database, world, EnrolmentState.ON_LEAVE)
    assert refusal(lambda: upload(database, world, tmp_path)) == ("not_active", ["not_active"])
    assert list(tmp_path.iterdir()) == []


def test_a_lost_or_altered_file_is_said_to_be_unavailable(database: Database, world: World, tmp_path: Path) -> None:
    shown, _ = upload(database, world, tmp_path)
    place = next(p for p in tmp_path.rglob("*") if p.is_file())
    place.write_bytes(b"%PDF-altered")
    with pytest.raises(Unavailable):
        file_of(shown, tmp_path)
    place.unlink()
    with pytest.raises(Unavailable):
        file_of(shown, tmp_path)
    with pytest.raises(NotFound):
        file_of(text(database, world, "pas un fichier")[0], tmp_path)


def test_two_windows_never_make_a_third_attempt(database: Database, world: World) -> None:
    def send(n: int) -> str:
        try:
            return str(text(database, world, f"essai {n}")[0].attempt)
        except Invalid as refused:
            return refused.reasons[0].code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == ["1", "2", *["attempts_used"] * 4]


def test_declared_completion_within_the_grace_is_on_time(database: Database, world: World) -> None:
    """GEN-1 was due yesterday at midnight: finished two days ago, received today."""
    with database.transaction() as session:
        actor = acting(session, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(session, actor, world.enrolments["maude"])
        command = TextCommand(activity_code="GEN-1.C", body="Hors ligne", completed_at=now() - timedelta(days=2))
        shown, _ = hand_in_text(session, actor, enrolment, command)
    assert shown.punctuality is Punctuality.ON_TIME_DECLARED
    assert shown.completed_at_declared == command.completed_at


def test_lists_leave_texts_out(database: Database, world: World) -> None:
    text(database, world, "long")
    text(database, world, "autre", "GEN-2.C")
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.EVIDENCE_READ)
        enrolment = see_enrolment(session, actor, world.enrolments["maude"])
        rows = hand_ins(session, enrolment)
        assert [(r.activity_code, r.attempt) for r in rows] == [("GEN-1.C", 1), ("GEN-2.C", 1)]
        assert "body" not in type(rows[0]).model_fields
        assert [a.body for a in attempts(session, enrolment, "GEN-2.C")] == ["autre"]


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("maude", True), ("trainer", True), ("coordinator", True),
        ("karim", False), ("registrar", False), ("other_trainer", False), ("admin", False),
        ("other_coordinator", False),
    ],
)  # fmt: skip
def test_who_sees_a_hand_in(database: Database, world: World, who: str, *, seen: bool) -> None:
    shown, _ = text(database, world, "Ma carte")
    with database.transaction() as session:
        actor = acting(session, world, who, P.EVIDENCE_READ)
        if seen:
            assert see_hand_in(session, actor, shown.id) == shown
        else:
            with pytest.raises(NotFound):
                see_hand_in(session, actor, shown.id)


# Field hours ------------------------------------------------------------------------------------


def declare(
    database: Database,
    world: World,
    minutes: int,
    *,
    note: str | None = None,
    who: str = "maude",
    code: str = "GEN-8.A",
) -> tuple[HoursShown, bool]:
    with database.transaction() as session:
        actor = acting(session, world, who, P.ACTIVITY_DO)
        enrolment = see_enrolment(session, actor, world.enrolments[who])
        command = HoursCommand(activity_code=code, minutes=minutes, worked_on=today(), note=note)
        return declare_hours(session, actor, enrolment, command)


def decide(
    database: Database,
    world: World,
    hours: HoursShown,
    *,
    accepted: bool,
    reason: str | None = None,
    supersedes: int | None = None,
    who: str = "coordinator",
) -> HoursShown:
    with database.transaction() as session:
        actor = acting(session, world, who, P.HOURS_COUNTERSIGN)
        command = CountersignCommand(accepted=accepted, reason=reason, supersedes=supersedes)
        return countersign(session, actor, see_hours(session, actor, hours.id), command)


def test_hours_count_when_accepted_and_no_more_when_that_is_superseded(database: Database, world: World) -> None:
    open_the_field(database, world)
    hours, is_new = declare(database, world, 180, note="Visite de l’atelier")
    assert (hours.state, hours.note, is_new) == (HoursState.PENDING, "Visite de l’atelier", True)
    assert standing(database, world, "GEN-8.A").state is State.WAITING
    accepted = decide(database, world, hours, accepted=True)
    assert (accepted.state, accepted.decided_by) == (HoursState.ACCEPTED, "Corinne Coordination")
    assert standing(database, world, "GEN-8.A").recognised_minutes == 180
    refused = decide(
        database, world, hours, accepted=False, reason="Autre entreprise", supersedes=accepted.countersignature_id
    )
    assert (refused.state, refused.reason) == (HoursState.REFUSED, "Autre entreprise")
    assert standing(database, world, "GEN-8.A").recognised_minutes == 0
    assert kept(database, world)["countersignature"] == 2


def test_the_same_declaration_sent_again_is_one_unless_it_was_refused(database: Database, world: World) -> None:
    open_the_field(database, world)
    first, _ = declare(database, world, 60)
    assert declare(database, world, 60) == (first, False)
    decide(database, world, first, accepted=False, reason="À préciser")
    again, is_new = declare(database, world, 60)
    assert is_new
    assert again.id != first.id


def test_declared_hours_never_pass_the_plan(database: Database, world: World) -> None:
    """BR-06: what waits counts too; what was refused does not."""
    open_the_field(database, world)
    first, _ = declare(database, world, 120)
    assert refusal(lambda: declare(database, world, 61)) == ("invalid", ["hours_above_plan"])
    refused = decide(database, world, first, accepted=False, reason="Doublon")
    declare(database, world, 180)
    revised = {"accepted": True, "reason": "Erreur", "supersedes": refused.countersignature_id}
    assert refusal(lambda: decide(database, world, first, **revised)) == ("invalid", ["hours_above_plan"])  # type: ignore[arg-type]


def test_eight_declarations_at_once_stay_within_the_plan(database: Database, world: World) -> None:
    open_the_field(database, world)

    def send(n: int) -> int:
        try:
            return declare(database, world, 60, note=f"jour {n}")[0].minutes
        except Invalid:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == 180


def test_a_closed_field_takes_no_hours(database: Database, world: World) -> None:
    assert refusal(lambda: declare(database, world, 60)) == ("invalid", ["activity_locked"])


def test_a_decision_made_meanwhile_is_not_overwritten(database: Database, world: World) -> None:
    open_the_field(database, world)
    hours, _ = declare(database, world, 60)
    decide(database, world, hours, accepted=True)
    assert refusal(lambda: decide(database, world, hours, accepted=True)) == ("stale", ["countersignature_stale"])
    assert refusal(lambda: decide(database, world, hours, accepted=False, supersedes=999))[0] == "stale"
    assert kept(database, world)["countersignature"] == 1


def test_nobody_countersigns_their_own_hours(database: Database, world: World) -> None:
    """Small colleges: someone coordinates and follows a path."""
    open_the_field(database, world)
    hours, _ = declare(database, world, 60)
    with database.transaction(colleges=[world.alma]) as session:
        hold(session, world.people["maude"], Role.COORDINATOR, college_id=world.alma)
    assert refusal(lambda: decide(database, world, hours, accepted=True, who="maude")) == ("invalid", ["own_hours"])


def test_hours_may_be_decided_after_the_enrolment_ended(database: Database, world: World) -> None:
    open_the_field(database, world)
    hours, _ = declare(database, world, 60)
    set_state(database, world, EnrolmentState.WITHDRAWN)
    assert decide(database, world, hours, accepted=True).state is HoursState.ACCEPTED


def test_many_are_decided_together_or_not_at_all(database: Database, world: World) -> None:
    open_the_field(database, world, "maude", "karim")
    hours = [declare(database, world, 60, who=who)[0] for who in ("karim", "maude")]
    decide(database, world, hours[1], accepted=True)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.HOURS_COUNTERSIGN)
        with pytest.raises(Conflict):
            countersign_all(session, actor, hours, CountersignCommand(accepted=True))
        session.rollback()
    assert kept(database, world)["countersignature"] == 1
    more = declare(database, world, 120)[0]
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.HOURS_COUNTERSIGN)
        done = countersign_all(session, actor, [hours[0], more], CountersignCommand(accepted=True))
    assert {h.state for h in done} == {HoursState.ACCEPTED}


def test_the_oldest_declaration_comes_first_and_another_college_sees_none(database: Database, world: World) -> None:
    open_the_field(database, world, "maude", "karim")
    ids = [
        declare(database, world, minutes, who=who)[0].id
        for who, minutes in (("karim", 60), ("maude", 30), ("karim", 90))
    ]
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.HOURS_COUNTERSIGN)
        assert [h.id for h in hours_to_countersign(session, actor)] == ids
        assert [h.id for h in hours_to_countersign(session, actor, college_id=world.alma)] == ids
        with pytest.raises(NotFound):
            hours_to_countersign(session, actor, college_id=world.rouyn)
    with database.transaction() as session:
        actor = acting(session, world, "other_coordinator", P.HOURS_COUNTERSIGN)
        assert hours_to_countersign(session, actor) == []
        with pytest.raises(NotFound):
            see_hours(session, actor, ids[0])


def test_an_enrolments_hours_are_its_own(database: Database, world: World) -> None:
    open_the_field(database, world, "maude", "karim")
    mine, _ = declare(database, world, 60)
    declare(database, world, 90, who="karim")
    with database.transaction() as session:
        actor = acting(session, world, "maude", P.EVIDENCE_READ)
        assert hours_of(session, see_enrolment(session, actor, world.enrolments["maude"])) == [mine]
