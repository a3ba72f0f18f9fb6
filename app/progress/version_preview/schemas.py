"""The versions that a cohort could follow, and what one of them would change."""

from app.curricula.schemas import Localized
from app.platform.schema import Read


class VersionChoice(Read):
    """A published version to which a mapping leads; ``summary`` says what changes, where one file says it."""

    version: str
    minutes: int
    summary: Localized | None


class LostActivity(Read):
    """An activity of the current version with nothing that it is carried to, as a whole or in part."""

    code: str
    title: Localized
    minutes: int


class PersonEffect(Read):
    """What the version would change for someone; ``needs_consent`` when it adds obligations or takes hours away."""

    enrolment_id: int
    person_id: int
    name: str
    recognised_minutes: int
    kept_minutes: int
    lost_minutes: int
    added_minutes: int
    raised: tuple[str, ...]
    without_equivalent: tuple[str, ...]
    needs_consent: bool


class VersionPreview(Read):
    """What a version would change for a cohort: hours of the path gained and lost, and each person affected."""

    cohort_id: int
    from_version: str
    to_version: str
    summary: Localized | None
    gained_minutes: int
    lost_minutes: int
    without_equivalent: tuple[LostActivity, ...]
    people: tuple[PersonEffect, ...]
    consents: int
