"""What may be claimed, judged and recognised (S9)."""

from datetime import date, timedelta

import pytest

from app.cohorts.enums import EnrolmentState
from app.platform.errors import Reason
from app.recognition import rules
from app.recognition.enums import ClaimState, CredentialType, StepKind
from app.recognition.rules import Standing
from tests.factories.progress import GENERALIST, SPECIALIST

S, E = ClaimState, EnrolmentState
NEW = Standing("CN-03", 3, S.RECEIVED)
SIX = [Standing(f"CN-0{n}", 3, S.GRANTED) for n in (1, 2, 4, 5, 6, 7)]
TODAY = date(2026, 11, 27)


def codes(reasons: list[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def claim(claim: Standing = NEW, *others: Standing, state: EnrolmentState = E.ADMITTED, pieces: int = 1) -> list[str]:
    return codes(rules.claim_reasons(SPECIALIST, state, claim, others, pieces=pieces))


def test_claim_of_a_competency_of_the_path_with_a_piece_is_accepted_from_the_application_on() -> None:
    assert claim() == claim(state=E.APPLIED) == claim(state=E.ACTIVE) == claim(state=E.ON_LEAVE) == []
    assert claim(state=E.COMPLETED) == claim(state=E.REFUSED) == ["recognition_not_now"]
    assert claim(pieces=0) == ["evidence_needed"]


def test_codevelopment_and_what_the_path_does_not_ask_for_are_never_claimed() -> None:
    assert claim(Standing("CN-11", 3, S.RECEIVED)) == ["codev_not_recognised"]
    assert claim(Standing("CN-99", 3, S.RECEIVED)) == ["competency_not_of_path"]
    assert len(rules.claimable(SPECIALIST)) == 11
    assert "CN-05" not in rules.claimable(GENERALIST)


@pytest.mark.parametrize("state", [S.RECEIVED, S.NAMED, S.JUDGED, S.REVIEW_ASKED, S.GRANTED])
def test_claim_made_twice_is_refused_unless_the_first_came_to_nothing(state: ClaimState) -> None:
    assert claim(NEW, Standing("CN-03", 2, state)) == ["competency_claimed"]
    assert claim(NEW, Standing("CN-03", 2, S.REFUSED), Standing("CN-03", 3, S.WITHDRAWN)) == []


def test_ceiling_is_half_of_the_path_and_counts_what_reaches_its_threshold() -> None:
    assert (rules.ceiling(SPECIALIST), rules.ceiling(GENERALIST)) == (6, 4)
    assert claim(NEW, *SIX) == ["recognition_ceiling"]
    assert claim(Standing("CN-03", 2, S.RECEIVED), *SIX) == []
    assert claim(NEW, *SIX[:5], Standing("CN-08", 2, S.GRANTED)) == []
    assert rules.counted(SPECIALIST, [*SIX, Standing("CN-08", 2, S.GRANTED)], S.GRANTED) == {c.competency for c in SIX}


def test_credential_is_accepted_for_the_years_of_its_type() -> None:
    def reasons(kind: CredentialType, day: date, today: date = TODAY) -> list[str]:
        return codes(rules.credential_reasons(kind, day, today))

    for kind, years in rules.YEARS_ACCEPTED.items():
        last = TODAY.replace(year=TODAY.year - years)
        assert reasons(kind, last) == reasons(kind, TODAY) == []
        assert reasons(kind, last - timedelta(days=1)) == ["credential_too_old"]
    assert reasons(CredentialType.DIPLOMA, TODAY + timedelta(days=1)) == ["credential_to_come"]
    assert reasons(CredentialType.ATTESTATION, date(2025, 2, 28), date(2028, 2, 29)) == []


def test_each_step_waits_for_the_one_before() -> None:
    for state in S:
        named = codes(rules.naming_reasons(state, 1, {1}))
        assert named == ([] if state in {S.RECEIVED, S.NAMED, S.REVIEW_ASKED} else ["recognition_step_done"])
        judged = codes(rules.opinion_reasons(state, is_named=True))
        assert judged == ([] if state is S.NAMED else ["recognition_step_done"])
        decided = codes(rules.decision_reasons(SPECIALIST, state, NEW, (), granted=True))
        assert decided == ([] if state is S.JUDGED else ["recognition_step_done"])
        assert (rules.withdrawal_reasons(state) == []) == (state in rules.OPEN)
        assert codes(rules.review_reasons(state, 1)) == ([] if state is S.REFUSED else ["recognition_step_done"])
    assert codes(rules.naming_reasons(S.RECEIVED, 1, {2})) == ["specialist_not_able"]
    assert codes(rules.opinion_reasons(S.NAMED, is_named=False)) == ["recognition_step_done"]
    assert codes(rules.review_reasons(S.REFUSED, 2)) == ["recognition_reviewed"]
    assert ["received", *(kind.value for kind in StepKind)] == [s.value for s in S]


def test_grant_needs_a_level_and_a_place_below_the_ceiling_and_a_refusal_neither() -> None:
    def decide(judged: Standing | None, *others: Standing, granted: bool = True) -> list[str]:
        return codes(rules.decision_reasons(SPECIALIST, S.JUDGED, judged, others, granted=granted))

    judged = Standing("CN-03", 3, S.JUDGED)
    assert decide(None) == ["no_level_shown"]
    assert decide(None, granted=False) == decide(judged, *SIX, granted=False) == []
    assert decide(judged, *SIX) == ["recognition_ceiling"]
    assert decide(Standing("CN-03", 2, S.JUDGED), *SIX) == decide(judged, *SIX[:5]) == []


def test_what_a_level_would_exempt_is_told_before_the_decision() -> None:
    assert rules.newly_exempted(SPECIALIST, {}, "CN-03", 3) == tuple(f"SPE-3.{letter}" for letter in "ABCDE")
    assert rules.newly_exempted(SPECIALIST, {}, "CN-03", 2) == ()
    after = rules.newly_exempted(SPECIALIST, {"CN-03": 3}, "CN-04", 3)
    assert after == tuple(f"SPE-2.{letter}" for letter in "ABCDEF")
