"""The level of each competency and how much it rests on. Pure. Source: BR-12."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from app.grading.levels.schemas import LevelShown
from app.grading.schemas import EvidenceRef, JudgementShown

NOBODY: Mapping[int, Collection[int]] = {}


def levels(
    judgements: Iterable[JudgementShown],
    activities: Mapping[EvidenceRef, str | None],
    panels: Mapping[int, Collection[int]] = NOBODY,
) -> list[LevelShown]:
    """Return the highest level in force of each competency, with what the judgements that gave it rest on.

    ``activities`` is the activity of each piece of evidence, ``panels`` the assessors of a judgement that several made
    or maintained. A piece, an activity or a person counts once, in however many of those judgements they are.
    """
    in_force: dict[str, list[JudgementShown]] = defaultdict(list)
    for judgement in judgements:
        if judgement.is_current:
            in_force[judgement.competency_code].append(judgement)
    return [_level(code, found, activities, panels) for code, found in sorted(in_force.items())]


def _level(
    code: str,
    judgements: list[JudgementShown],
    activities: Mapping[EvidenceRef, str | None],
    panels: Mapping[int, Collection[int]],
) -> LevelShown:
    level = max(judgement.level for judgement in judgements)
    giving = [judgement for judgement in judgements if judgement.level == level]
    evidence = {ref for judgement in giving for ref in judgement.evidence}
    named = {activities.get(ref) for ref in evidence} | {judgement.activity_code for judgement in giving}
    assessors = {judgement.assessor_id for judgement in giving}
    assessors |= {person for judgement in giving for person in panels.get(judgement.id, ())}
    return LevelShown(
        competency_code=code,
        level=level,
        evidence_count=len(evidence),
        activity_count=len(named - {None}),
        assessor_count=len(assessors),
    )
