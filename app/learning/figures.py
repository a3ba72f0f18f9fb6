"""The kept figure of learning: whether someone decided on declared hours."""

from app.platform.kept_figures import CountedFigure

_DECIDED = "exists (select from countersignature c where c.field_hours_id = h.id)"
DECIDED = CountedFigure(
    "field_hours.decided",
    f"select h.id as subject, h.decided as kept, {_DECIDED} as computed from field_hours h",  # noqa: S608 - our own constants
    (f"update field_hours h set decided = not h.decided where h.decided <> {_DECIDED}",),  # noqa: S608
    ("field_hours", "countersignature"),
)

FIGURES = (DECIDED,)
