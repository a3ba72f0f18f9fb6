"""The kept figure of certificates: the kinds that are left to decide on."""

from app.platform.kept_figures import CountedFigure

_UNDECIDED = """
    array(select kind from unnest(p.eligible) kind
           where not exists (select from certificate c
                              where c.enrolment_id = p.enrolment_id and c.kind = kind and c.state = 'valid'))
"""
UNDECIDED = CountedFigure(
    "progress.undecided",
    f"select p.enrolment_id as subject, p.undecided as kept, {_UNDECIDED} as computed from progress p",  # noqa: S608 - our own constants
    (f"update progress p set eligible = eligible where p.undecided <> {_UNDECIDED}",),  # noqa: S608 - the trigger counts
    ("progress", "certificate"),
)

FIGURES = (UNDECIDED,)
