"""Pure rules of projects: their period, and which targets have a part by region."""

from datetime import date

from app.network.enums import PARTED, TargetKind
from app.platform.errors import Reason


def period_reasons(starts_on: date, ends_on: date) -> list[Reason]:
    """Return why a period is none: it ends before it starts, or on that day."""
    return [] if ends_on > starts_on else [Reason("ends_before_start", field="ends_on")]


def region_target_reasons(kind: TargetKind) -> list[Reason]:
    """Return why a target has no part by region."""
    return [] if kind in PARTED else [Reason("no_region_target", field="kind")]
