"""Read models of a change of a cohort."""

from datetime import date

from app.cohorts.lifecycle.schemas import Effect
from app.platform.schema import Read


class FieldChange(Read):
    """A setting before and after."""

    name: str
    before: str | int | date
    after: str | int | date


class ChangePreview(Read):
    """What would change: the settings, and for people; ``shown`` names exactly this in the change's command."""

    changes: tuple[FieldChange, ...]
    allowed: bool
    obstacles: tuple[Effect, ...]
    effects: tuple[Effect, ...]
    shown: str
