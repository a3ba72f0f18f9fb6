"""The kept figures of reports: their sums, and where each person of a project counts."""

from app.platform.kept_figures import CountedFigure
from app.reports.models import ReportSum

PLACE = ("project_id", "college_id", "region_code", "cohort_id")
"""Where a row of the ledger counts."""
SUMMANDS = tuple(name for name in ReportSum.model_fields if name not in {"id", *PLACE})
"""What it adds there."""

_PLACE = ", ".join(PLACE)
_WHERE = "concat('project ', project_id, ', college ', college_id, ', region ', region_code, ', cohort ', cohort_id)"
_VALUES = f"concat_ws(' ', {', '.join(SUMMANDS)})"
SUMS = CountedFigure(
    "report_sum",
    f"""
    select coalesce(k.place, n.place) as subject, k.sums as kept, n.sums as computed
      from (select {_WHERE} as place, {_VALUES} as sums
              from (select {_PLACE}, {", ".join(f"sum({name})::bigint as {name}" for name in SUMMANDS)}
                      from report_sum group by {_PLACE}) s) k
      full join (select {_WHERE} as place, {_VALUES} as sums from computed_report_sums()) n using (place)
    """,  # noqa: S608 - our own constants
    ("select rebuild_report_sums()",),
    ("cohort", "enrolment", "progress", "certificate", "project_person", "report_sum"),
)

PEOPLE = CountedFigure(
    "project_person",
    """
    select coalesce(k.subject, n.subject) as subject, k.cohorts as kept, n.cohorts as computed
      from (select concat('project ', project_id, ', person ', person_id) as subject,
                   concat_ws('/', enrolled_in, active_in, completed_in) as cohorts
              from project_person where enrolled_in is not null) k
      full join (select concat('project ', project_id, ', person ', person_id) as subject,
                        concat_ws('/', enrolled_in, active_in, completed_in) as cohorts
                   from people_of_projects()) n using (subject)
    """,
    ("select rebuild_report_sums()",),
    ("cohort", "enrolment", "progress", "certificate", "project_person", "report_sum"),
)

FIGURES = (PEOPLE, SUMS)
