"""The effect of another version on a person (S8)."""

from app.curricula.library import default_library
from app.curricula.mappings.schemas import VersionMapping
from app.progress.carrying.rules import carried
from app.progress.facts import Fact, Recognised
from app.progress.rules import fold
from app.progress.schemas import CompetencyProgress, Progress
from app.progress.version_preview.rules import effect
from tests.factories.progress import FROM_THE_START, GENERALIST, SPECIALIST, day, everything

LIBRARY = default_library()


def mapping(slug: str) -> VersionMapping:
    found = LIBRARY.mapping((slug, "1.0"), (slug, "1.1"))
    assert found is not None
    return found


def under(slug: str, version: str, facts: list[Fact]) -> Progress:
    curriculum = LIBRARY.curriculum(slug, version)
    return fold(curriculum, FROM_THE_START, [*facts, *carried(curriculum, facts, LIBRARY.steps_to(curriculum))])


def test_version_that_adds_an_activity_asks_whoever_follows_it() -> None:
    for facts in ([], everything(GENERALIST)):
        found = effect(under("generaliste", "1.0", facts), under("generaliste", "1.1", facts), mapping("generaliste"))
        assert (found.lost_minutes, found.added_minutes, found.raised) == (0, 120, ())
        assert found.needs_consent
        assert found.without_equivalent == ()


def test_version_that_splits_a_module_asks_nobody() -> None:
    facts = everything(SPECIALIST)
    found = effect(under("specialise", "1.0", facts), under("specialise", "1.1", facts), mapping("specialise"))
    assert (found.kept_minutes, found.added_minutes, found.needs_consent) == (SPECIALIST.minutes, 0, False)


def test_activity_done_without_an_equivalent_is_named_and_its_hours_are_lost() -> None:
    facts = everything(SPECIALIST)
    lossy = mapping("specialise").model_copy()
    kept = {code: credits_ for code, credits_ in lossy.given.items() if code != "SPE-5.C"}
    lossy = VersionMapping(**lossy.model_dump(exclude={"given"}), given=kept)
    before = under("specialise", "1.0", facts)
    after = before.model_copy(update={"recognised_minutes": before.recognised_minutes - 180})
    found = effect(before, after, lossy)
    assert (found.lost_minutes, found.without_equivalent, found.needs_consent) == (180, ("SPE-5.C",), True)


def test_level_asked_for_higher_is_named_and_asked_for() -> None:
    before = under("generaliste", "1.0", [])
    higher = tuple(
        CompetencyProgress(**c.model_dump(exclude={"threshold"}), threshold=4 if c.code == "CN-02" else c.threshold)
        for c in before.competencies
    )
    found = effect(before, before.model_copy(update={"competencies": higher}), mapping("generaliste"))
    assert (found.added_minutes, found.raised, found.needs_consent) == (0, ("CN-02",), True)


def test_exempted_activities_are_not_left_to_do() -> None:
    """CN-08 at 2 exempts all of GEN-2, the new workshop too: nothing is added."""
    facts: list[Fact] = [Recognised(1, "CN-08", 2, day(1))]
    found = effect(under("generaliste", "1.0", facts), under("generaliste", "1.1", facts), mapping("generaliste"))
    assert (found.added_minutes, found.needs_consent) == (0, False)
