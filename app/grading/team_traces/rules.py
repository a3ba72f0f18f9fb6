"""Pure rules of the team of a trace."""

from collections.abc import Collection

from app.platform.errors import Reason


def team_reasons(named: Collection[int], *, mates: Collection[int], left: Collection[int]) -> list[Reason]:
    """Return why a team is refused: it names somebody who does not follow the cohort, or who said they are not of it.

    All three are ids of enrolments.
    """
    reasons = []
    if set(named) - set(mates):
        reasons.append(Reason("not_a_team_mate", field="enrolment_ids"))
    if set(named) & set(left):
        reasons.append(Reason("left_the_team", field="enrolment_ids"))
    return reasons
