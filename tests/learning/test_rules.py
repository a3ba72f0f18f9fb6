"""Rules of activities done, hand-ins, and their files (BR-03, S1)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.curricula.library import default_library
from app.learning.activities.rules import ATTEMPTS, TRACES, ActivityContext, completion_reasons
from app.learning.extra_attempts.rules import extra_attempt_reasons
from app.learning.hand_ins import rules as hand_ins_rules
from app.learning.hand_ins.rules import (
    ACCEPTED,
    clean_name,
    extension,
    file_reasons,
    hand_in_reasons,
    is_rewritten,
    name_as_jpeg,
    punctuality,
)
from app.learning.hand_ins.schemas import Punctuality
from app.platform.errors import Reason
from app.progress.schemas import ActivityProgress, State, StoredReason
from tests.factories.learning import HEIC, JPEG, PDF, PNG, VALID_FILES, archive, office_document

GENERALIST = default_library().curriculum("generaliste", "1.0")
START = date(2026, 9, 7)
TODAY = date(2026, 11, 22)
ZONE = "America/Toronto"
NOW = datetime(2026, 11, 22, 19, 2, tzinfo=UTC)


def context(code: str, state: State = State.OPEN) -> ActivityContext:
    """Return the context of an activity in a state of progress."""
    activity = GENERALIST.activity(code)
    why = [StoredReason(code="prerequisite_missing", params={"module": m}) for m in ("GEN-3", "GEN-4")]
    progress = ActivityProgress(
        code=code,
        state=state,
        planned_minutes=activity.minutes,
        recognised_minutes=0,
        why=tuple(why) if state is State.LOCKED else (),
    )
    return ActivityContext(activity, progress, START, TODAY)


def codes(reasons: list[Reason]) -> list[tuple[str, str | None]]:
    """Return the code and field of each reason."""
    return [(r.code, r.field) for r in reasons]


@pytest.mark.parametrize("code", ["GEN-1.B", "GEN-1.C", "GEN-7.A", "GEN-8.A"])
def test_completion_of_another_type_than_self_study_is_refused(code: str) -> None:
    assert codes(completion_reasons(context(code), done=True, done_on=TODAY)) == [("not_self_study", "activity_code")]
    assert codes(completion_reasons(context(code), done=False, done_on=TODAY)) == [("not_self_study", "activity_code")]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (START - timedelta(days=1), "before_the_start"),
        (START, None),
        (TODAY, None),
        (TODAY + timedelta(days=1), "date_in_the_future"),
    ],
)
def test_completion_day_is_between_the_start_and_today(day: date, code: str | None) -> None:
    assert codes(completion_reasons(context("GEN-1.A"), done=True, done_on=day)) == (
        [(code, "done_on")] if code else []
    )
    assert completion_reasons(context("GEN-1.A"), done=False, done_on=day) == []


def test_completion_of_a_locked_activity_names_the_prerequisite_modules() -> None:
    """BR-03."""
    reasons = completion_reasons(context("GEN-8.D", State.LOCKED), done=True, done_on=TODAY)
    assert reasons == [Reason("activity_locked", {"activity": "GEN-8.D", "modules": "GEN-3, GEN-4"}, "activity_code")]


def hand_in_codes(
    activity: ActivityContext, attempts: int = 0, completed_at: datetime | None = None
) -> list[tuple[str, str | None]]:
    return codes(hand_in_reasons(activity, attempts=attempts, completed_at=completed_at, at=NOW, zone=ZONE))


def test_hand_in_where_the_page_asks_for_none_is_refused() -> None:
    assert hand_in_codes(context("GEN-1.A")) == [("no_deposit_asked", "activity_code")]
    assert hand_in_codes(context("GEN-7.A"), ATTEMPTS) == [("no_deposit_asked", "activity_code")]


@pytest.mark.parametrize("code", ["GEN-1.B", "GEN-8.A", "GEN-8.D"])
def test_activity_that_takes_traces_accepts_twenty_once_unlocked(code: str) -> None:
    traced = {state: replace(context(code, state), takes_trace=True) for state in State}
    assert hand_in_codes(traced[State.OPEN], TRACES - 1) == []
    assert hand_in_codes(traced[State.DONE], TRACES - 1) == []
    assert hand_in_codes(traced[State.OPEN], TRACES) == [("traces_used", "activity_code")]
    assert hand_in_codes(traced[State.LOCKED]) == [("activity_locked", "activity_code")]


def test_assessment_accepts_two_hand_ins() -> None:
    assert hand_in_codes(context("GEN-3.C", State.LOCKED)) == [("activity_locked", "activity_code")]
    assert hand_in_codes(context("GEN-1.C"), ATTEMPTS - 1) == []
    assert hand_in_codes(context("GEN-1.C", State.DONE), ATTEMPTS) == [("attempts_used", "activity_code")]


@pytest.mark.parametrize(
    ("completed_at", "code"),
    [
        (NOW, None),
        (NOW + timedelta(minutes=5), None),
        (NOW + timedelta(minutes=6), "date_in_the_future"),
        (datetime(2026, 9, 7, 4, tzinfo=UTC), None),
        (datetime(2026, 9, 7, 3, 59, tzinfo=UTC), "before_the_start"),
        (NOW - timedelta(days=40), None),
    ],
)
def test_declared_moment_is_neither_in_the_future_nor_before_the_start(
    completed_at: datetime, code: str | None
) -> None:
    """The start is midnight where the cohort is: 04:00 UTC in September."""
    assert hand_in_codes(context("GEN-1.C"), 0, completed_at) == ([(code, "completed_at")] if code else [])


DUE = date(2026, 11, 20)
END = datetime(2026, 11, 21, 5, tzinfo=UTC)
"""The end of 20 November in Quebec."""

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("received", "declared", "expected"),
    [
        (END - SECOND, None, Punctuality.ON_TIME),
        (END, None, Punctuality.LATE),
        (END + timedelta(hours=47), END - SECOND, Punctuality.ON_TIME_DECLARED),
        (END + timedelta(hours=48), END - SECOND, Punctuality.LATE),
        (END + timedelta(hours=1), END, Punctuality.LATE),
        (END - SECOND, END - timedelta(days=3), Punctuality.ON_TIME),
    ],
)
def test_punctuality_on_time_declared_relies_on_the_grace_hours(
    received: datetime, declared: datetime | None, expected: Punctuality
) -> None:
    """S1: finished before the end of the due day, received within 48 hours."""
    assert punctuality(DUE, zone=ZONE, grace_hours=48, received_at=received, declared_at=declared) is expected


def test_due_day_ends_at_midnight_in_the_cohorts_zone() -> None:
    """The Magdalen Islands are an hour ahead (BR-30)."""
    at = END - timedelta(minutes=30)
    islands = punctuality(DUE, zone="America/Halifax", grace_hours=0, received_at=at, declared_at=None)
    assert islands is Punctuality.LATE


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("Carte de l’écosystème.PDF", "Carte de l’écosystème.pdf"),
        ("C:\\Users\\moi\\bilan.docx", "bilan.docx"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("re\u0301sume\u0301.pdf", "résumé.pdf"),
        ("facture\u202efdp.exe.pdf", "facture fdp.exe.pdf"),
        ('a<b>:"|?*c.csv', "a b c.csv"),
        ("ligne\r\nSet-Cookie: x.txt", "ligne Set-Cookie x.txt"),
        (".pdf", "document.pdf"),
        ("  . .pdf", "document.pdf"),
        ("é" * 300 + ".png", "é" * 120 + ".png"),
        ("sans-extension", "document.sans-extension"),
    ],
)
def test_clean_name_keeps_words_and_removes_misleading_characters(given_name: str, expected: str) -> None:
    assert clean_name(given_name) == expected


@given(st.text(max_size=300))
def test_clean_name_of_any_text_is_safe_and_stable(name: str) -> None:
    cleaned = clean_name(name + ".pdf")
    assert cleaned.endswith(".pdf")
    assert 5 <= len(cleaned) <= 124
    assert cleaned.isprintable() or any(c.isspace() for c in cleaned)
    assert not set(cleaned) & set('/\\<>:"|?*\r\n\0')
    assert clean_name(cleaned) == cleaned


def test_an_extension_is_what_follows_the_last_dot() -> None:
    assert (extension("a.PDF"), extension("a.pdf.exe"), extension("pdf"), extension("")) == ("pdf", "exe", "", "")


@pytest.mark.parametrize("kind", ACCEPTED)
def test_each_accepted_kind_is_recognised(kind: str) -> None:
    assert file_reasons(f"remise.{kind}", VALID_FILES[kind], 10) == []


@pytest.mark.parametrize("kind", [k for k in ACCEPTED if k not in {"txt", "md", "csv"}])
def test_file_with_content_of_another_type_is_refused(kind: str) -> None:
    for content in (b"<!doctype html><script>", b"MZ\x90\x00", VALID_FILES["pdf" if kind != "pdf" else "png"]):
        assert codes(file_reasons(f"remise.{kind}", content, 10)) == [("file_not_its_type", "file")]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("outil.exe", b"MZ", "file_type_refused"),
        ("page.html", b"<p>", "file_type_refused"),
        ("dessin.svg", b"<svg/>", "file_type_refused"),
        ("macro.docm", office_document("docx"), "file_type_refused"),
        ("rien", PDF, "file_type_refused"),
        ("vide.pdf", b"", "file_empty"),
        ("gros.pdf", PDF + bytes(hand_ins_rules.MEGABYTE), "file_too_large"),
        ("texte.txt", b"a\x00b", "file_not_its_type"),
        ("texte.txt", "é\x07".encode(), "file_not_its_type"),
        ("page.csv", b"\x81\x8d\x8f", "file_not_its_type"),
        ("autre.docx", office_document("xlsx"), "file_not_its_type"),
        ("autre.odt", office_document("ods"), "file_not_its_type"),
        ("sans.odt", archive(**{"content.xml": b"<x/>"}), "file_not_its_type"),
        ("coupe.docx", office_document("docx")[:-30], "file_not_its_type"),
    ],
)
def test_refused_file_has_its_reason(name: str, content: bytes, code: str) -> None:
    assert codes(file_reasons(name, content, 1)) == [(code, "file")]


@pytest.mark.parametrize(
    ("name", "content", "rewritten"),
    [
        ("photo.heic", HEIC, "photo.jpg"),
        ("photo.heif", HEIC, "photo.jpg"),
        ("photo.jpeg", HEIC, "photo.jpeg"),
        ("photo.jpg", JPEG + b"Exif\0\0", "photo.jpg"),
        ("photo.jpg", JPEG + b"http://ns.adobe.com/xap/1.0/", "photo.jpg"),
        ("photo.jpg", JPEG, None),
        ("photo.png", PNG + b"Exif\0\0", None),
        ("texte.txt", b"Exif", None),
    ],
)
def test_photo_is_rewritten_when_it_is_in_heic_or_may_name_a_place(
    name: str, content: bytes, rewritten: str | None
) -> None:
    assert file_reasons(name, content, 1) == []
    assert (name_as_jpeg(name) if is_rewritten(name, content) else None) == rewritten


def test_archive_that_unpacks_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unpacked size is read from the archive's directory; nothing is unpacked."""
    swollen = archive(**{"word/document.xml": bytes(2_000_000)})
    assert len(swollen) < 10_000
    assert file_reasons("a.docx", swollen, 1) == []
    monkeypatch.setattr(hand_ins_rules, "UNPACKED", 1_000_000)
    assert codes(file_reasons("a.docx", swollen, 1)) == [("file_not_its_type", "file")]


def test_an_archive_of_too_many_members_is_refused() -> None:
    many = archive(**{f"m{n}": b"" for n in range(hand_ins_rules.MEMBERS)}, **{"word/document.xml": b"x"})
    assert codes(file_reasons("a.docx", many, 10)) == [("file_not_its_type", "file")]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"a.pdf": PDF, "photos/b.png": PNG, "c.jpg": JPEG, "d.mp3": VALID_FILES["mp3"]}, None),
        ({"a.pdf": PDF, "__MACOSX/._a.pdf": b"\0\5\x16\7", ".DS_Store": b"\0\0\0\1Bud1"}, None),
        ({}, "archive_too_large"),
        ({f"{n}.txt": b"a" for n in range(hand_ins_rules.PIECES + 1)}, "archive_too_large"),
        ({"a.txt": b" " * (hand_ins_rules.PIECES_UNPACKED + 1)}, "archive_too_large"),
        ({"a.pdf": PDF, "outil.exe": b"MZ"}, "archive_piece_refused"),
        ({"a.pdf": b"MZ"}, "archive_piece_refused"),
        ({"__MACOSX/._a.pdf": b"MZ"}, "archive_piece_refused"),
        ({"b.zip": VALID_FILES["zip"]}, "archive_piece_refused"),
        ({"../a.pdf": PDF}, "archive_piece_refused"),
        ({"/a.pdf": PDF}, "archive_piece_refused"),
        ({"x\\a.pdf": PDF}, "archive_piece_refused"),
        ({"a.heic": HEIC}, "archive_photo"),
        ({"a.jpg": JPEG + b"Exif\0\0"}, "archive_photo"),
    ],
)
def test_archive_is_taken_when_each_of_its_files_would_be(members: dict[str, bytes], code: str | None) -> None:
    reasons = file_reasons("pieces.zip", archive(**members), 10)
    assert codes(reasons) == ([] if code is None else [(code, "file")])


def test_archive_that_does_not_read_whole_is_refused() -> None:
    sound = archive(**{"a.txt": b"abc" * 50})
    place = sound.index(b"PK\1\2") - 4
    assert codes(file_reasons("a.zip", sound[:place] + b"\0\0" + sound[place + 2 :], 10)) == [
        ("file_not_its_type", "file")
    ]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["docx", "odt", "zip"]), st.binary(max_size=60), st.integers(0, 400), st.integers(0, 400))
@example("odt", b"\xff" * 8, 30, 38)
def test_damaged_archive_is_refused_or_accepted_without_an_error(kind: str, noise: bytes, start: int, end: int) -> None:
    sound = VALID_FILES[kind]
    damaged = sound[:start] + noise + sound[end:]
    assert codes(file_reasons(f"a.{kind}", damaged, 10)) in (
        [],
        [("archive_too_large", "file")],
        [("archive_piece_refused", "file")],
        [("file_not_its_type", "file")],
        [("file_empty", "file")],
    )


@pytest.mark.parametrize(
    ("code", "attempts", "opened", "expected"),
    [
        ("GEN-1.A", 0, 0, ["not_an_assessment"]),
        ("GEN-1.C", ATTEMPTS - 1, 0, ["attempts_left"]),
        ("GEN-1.C", ATTEMPTS, 0, []),
        ("GEN-1.C", ATTEMPTS, 1, ["attempts_left"]),
        ("GEN-1.C", ATTEMPTS + 1, 1, []),
    ],
)
def test_attempt_is_opened_once_none_is_left(code: str, attempts: int, opened: int, expected: list[str]) -> None:
    reasons = extra_attempt_reasons(context(code), attempts=attempts, opened=opened)
    assert [reason.code for reason in reasons] == expected


@pytest.mark.parametrize(("attempts", "expected"), [(ATTEMPTS, []), (ATTEMPTS + 1, ["attempts_used"])])
def test_opened_attempt_may_be_handed_in(attempts: int, expected: list[str]) -> None:
    reasons = hand_in_reasons(context("GEN-1.C"), attempts=attempts, opened=1, completed_at=None, at=NOW, zone=ZONE)
    assert [reason.code for reason in reasons] == expected
