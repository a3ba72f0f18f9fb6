"""Pure rules of profiles: on what an expertise rests, and by when a contribution is due."""

from collections import Counter
from collections.abc import Collection
from datetime import date

from app.community.profiles.schemas import ProfileContent
from app.platform.errors import Reason


def profile_reasons(
    content: ProfileContent,
    competencies: Collection[str],
    certificates: Collection[int],
    mandates: Collection[int],
    today: date,
) -> list[Reason]:
    """Return why a profile cannot say that: each expertise is of the framework, once, and rests on one's own file."""
    reasons = []
    for expertise in content.expertises:
        if expertise.competency not in competencies:
            reasons.append(Reason("expertise_unknown", {"code": expertise.competency}, "competency"))
        named = [i for i in (expertise.certificate_id, expertise.mandate_id) if i is not None]
        if len(named) != 1:
            reasons.append(Reason("expertise_needs_proof", {"code": expertise.competency}, "proof"))
        elif expertise.certificate_id not in {*certificates, None} or expertise.mandate_id not in {*mandates, None}:
            reasons.append(Reason("expertise_proof_not_yours", {"code": expertise.competency}, "proof"))
    twice = [code for code, n in Counter(e.competency for e in content.expertises).items() if n > 1]
    reasons += [Reason("expertise_twice", {"code": code}, "competency") for code in twice]
    if (content.contribution is None) != (content.contribution_on is None):
        reasons.append(Reason("contribution_dated", field="contribution_on"))
    elif content.contribution_on is not None and content.contribution_on < today:
        reasons.append(Reason("contribution_past", field="contribution_on"))
    return reasons
