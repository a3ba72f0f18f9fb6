"""What a recognised level exempts, in the two real paths (S9, BR-03, BR-29)."""

from app.curricula.schemas import Curriculum
from app.network.enums import CertificateKind
from app.progress.facts import Attended, Fact, FieldTime, Judged, Recognised
from app.progress.rules import fold
from app.progress.schemas import Progress, State
from tests.factories.progress import FROM_THE_START, GENERALIST, SPECIALIST, day, everything


def granted(*codes: str, level: int = 3) -> list[Fact]:
    return [Recognised(n, code, level, day(1)) for n, code in enumerate(codes)]


def progress_with(*facts: Fact, curriculum: Curriculum = SPECIALIST) -> Progress:
    return fold(curriculum, FROM_THE_START, facts)


def exempted(progress: Progress) -> set[str]:
    return {a.code for m in progress.modules for a in m.activities if a.state is State.EXEMPTED}


def states(progress: Progress) -> dict[str, State]:
    return {m.code: m.state for m in progress.modules}


def test_only_what_assesses_granted_competencies_alone_is_exempted_and_the_mixed_stays() -> None:
    """CN-03 is all that SPE-3 assesses; SPE-2 assesses CN-04 beside it, and stays whole."""
    progress = progress_with(*granted("CN-03"))
    assert exempted(progress) == {f"SPE-3.{letter}" for letter in "ABCDE"}
    both = progress_with(*granted("CN-03", "CN-04"))
    assert exempted(both) == {f"SPE-3.{letter}" for letter in "ABCDE"} | {f"SPE-2.{letter}" for letter in "ABCDEF"}


def test_level_below_what_a_module_aims_at_exempts_nothing_and_still_counts() -> None:
    progress = progress_with(*granted("CN-03", level=2))
    assert exempted(progress) == set()
    [competency] = [c for c in progress.competencies if c.code == "CN-03"]
    assert (competency.level, competency.recognised_level) == (2, 2)


def test_level_recognised_stands_apart_from_the_one_judged_and_the_higher_counts() -> None:
    progress = progress_with(*granted("CN-03", level=2), *granted("CN-03", level=1), Judged(1, "CN-03", 3, day(9)))
    [competency] = [c for c in progress.competencies if c.code == "CN-03"]
    assert (competency.level, competency.recognised_level) == (3, 2)


def test_module_exempted_as_a_whole_opens_what_follows() -> None:
    """BR-03: SPE-2 opens once SPE-1, which assesses CN-02 alone, is exempted, although SPE-0 is not complete."""
    assert states(progress_with())["SPE-2"] is State.LOCKED
    progress = states(progress_with(*granted("CN-02")))
    assert (progress["SPE-0"], progress["SPE-1"], progress["SPE-2"]) == (State.OPEN, State.DONE, State.OPEN)


def test_exempted_activities_give_no_hours_and_those_followed_stay() -> None:
    """BR-29: the 12 h of SPE-1 are hours by recognition; the 3 h of a workshop that was followed are its own."""
    progress = progress_with(*granted("CN-02"))
    assert (progress.recognised_minutes, progress.prior_minutes) == (0, 12 * 60)
    followed = progress_with(*granted("CN-02"), Attended(1, "SPE-1.C", day(4), 180, 180))
    assert (followed.recognised_minutes, followed.prior_minutes) == (180, 9 * 60)
    assert followed.activity("SPE-1.C").state is State.DONE
    partly = progress_with(*granted("CN-02"), Attended(1, "SPE-1.C", day(4), 180, 10))
    assert (partly.recognised_minutes, partly.prior_minutes) == (10, 12 * 60 - 10)
    begun = progress_with(*granted("CN-03"), FieldTime(1, "SPE-3.D", day(4), 60, accepted=True))
    assert (begun.recognised_minutes, begun.prior_minutes) == (60, 17 * 60)


def test_absence_from_an_exempted_session_is_no_absence() -> None:
    absence, presence = Attended(1, "SPE-1.B", day(3), 240, 0), Attended(2, "SPE-2.B", day(6), 240, 240)
    assert progress_with(absence, presence).attendance_pct == 50
    assert progress_with(absence, presence, *granted("CN-02")).attendance_pct == 100


def test_hours_that_a_participation_asks_for_are_those_left_to_follow() -> None:
    """80 % of 192 h, not of 210: what is exempted is not asked for, and gives no hours either."""
    done = [f for f in everything(SPECIALIST) if not str(getattr(f, "activity_code", "")).startswith("SPE-3.")]
    progress = progress_with(*done, *granted("CN-03"))
    assert (progress.recognised_minutes, progress.prior_minutes) == (192 * 60, 18 * 60)
    nothing = progress_with(*granted("CN-03"))
    [participation] = [e for e in nothing.eligibility if e.kind is CertificateKind.attestation_participation]
    assert next(w.params for w in participation.why if w.code == "hours_low")["needed_minutes"] == 192 * 60 * 80 // 100
    assert all(e.eligible for e in progress.eligibility)


def test_codevelopment_and_the_mandates_stay_whatever_is_granted() -> None:
    for curriculum, field, codev in ((SPECIALIST, "SPE-10", "SPE-9"), (GENERALIST, "GEN-8", "GEN-7")):
        codes = [c.code for c in progress_with(curriculum=curriculum).competencies]
        progress = progress_with(*granted(*codes, level=4), curriculum=curriculum)
        kept = {a.code: a.state for m in progress.modules if m.code in {field, codev} for a in m.activities}
        types = {curriculum.activity(code).type.value for code, state in kept.items() if state is not State.EXEMPTED}
        assert types == {"field_mandate", "codev"}
