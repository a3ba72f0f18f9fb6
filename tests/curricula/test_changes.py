from hypothesis import given, settings
from hypothesis import strategies as st

from app.curricula.changes import Change, diff
from app.curricula.schemas import Curriculum
from tests.factories import curricula as samples
from tests.factories.curricula import activity


def test_a_version_does_not_differ_from_itself() -> None:
    difference = diff(samples.curriculum(), samples.curriculum())
    assert not difference
    assert (difference.activities.gained_minutes, difference.modules.lost_minutes) == (0, 0)


def test_added_removed_and_changed_with_minutes() -> None:
    data = samples.curriculum_data() | {"version": "1.1", "weeks": 6}
    first, second = data["modules"]
    first["hours"], second["hours"] = 6, 3
    first["activities"][0]["hours"] = 2
    first["activities"].append(activity("ESS-1.D", "workshop", "online", 1))
    second["activities"].pop()
    difference = diff(samples.curriculum(), Curriculum.model_validate(data))
    assert difference.fields == ("weeks",)
    assert difference.modules.changed == (
        Change("ESS-1", "Module 1", 240, 360, ("hours",)),
        Change("ESS-2", "Module 2", 360, 180, ("hours",)),
    )
    assert (difference.modules.added, difference.modules.removed) == ((), ())
    assert difference.activities.added == (Change("ESS-1.D", "Activité ESS-1.D", 0, 60),)
    assert difference.activities.removed == (Change("ESS-2.B", "Activité ESS-2.B", 180, 0),)
    assert difference.activities.changed == (Change("ESS-1.A", "Activité ESS-1.A", 60, 120, ("hours",)),)
    assert (difference.activities.gained_minutes, difference.activities.lost_minutes) == (120, 180)
    assert (difference.modules.gained_minutes, difference.modules.lost_minutes) == (120, 180)


def test_the_order_of_modules_is_no_difference() -> None:
    data = samples.curriculum_data()
    data["modules"].reverse()
    assert not diff(samples.curriculum(), Curriculum.model_validate(data))


HOURS = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@settings(deadline=None)
@given(HOURS, HOURS)
def test_what_one_way_gains_the_other_loses(before: list[int], after: list[int]) -> None:
    a, b = (_with_activities(hours) for hours in (before, after))
    forward, back = diff(a, b).activities, diff(b, a).activities
    assert (forward.gained_minutes, forward.lost_minutes) == (back.lost_minutes, back.gained_minutes)
    assert forward.gained_minutes - forward.lost_minutes == 60 * (sum(after) - sum(before))


def _with_activities(hours: list[int]) -> Curriculum:
    data = samples.curriculum_data()
    activities = [activity(f"ESS-1.{n:02}", "self_study", "async", value) for n, value in enumerate(hours)]
    data["modules"] = [data["modules"][0] | {"activities": activities}]
    return Curriculum.model_validate(data)
