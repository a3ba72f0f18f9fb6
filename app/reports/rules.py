"""Totals of a report and columns of its export: pure, so that every rendering shows the same values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.curricula.schemas import Curriculum
from app.platform.documents.spreadsheets import Cell, in_hours
from app.reports.schemas import CohortTotals, ReportRow, ReportTotals

SUMMED = tuple(name for name in ReportTotals.model_fields if name not in {"enrolments", "certificates"})


class CellType(StrEnum):
    """Type of a column's cells."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the export; ``competency`` is set for a column of levels."""

    key: str
    type: CellType
    value: Callable[[ReportRow], Cell]
    competency: str | None = None


def competencies_of(curriculum: Curriculum) -> tuple[str, ...]:
    """Return the codes of the competencies that a path assesses or its certificates require, sorted."""
    required = {code for rule in curriculum.certificates for code in rule.thresholds}
    return tuple(sorted(required | {t.competency for module in curriculum.modules for t in module.assesses}))


def totals(rows: Iterable[ReportRow]) -> ReportTotals:
    """Return the sums over rows."""
    rows = tuple(rows)
    sums = {name: sum(getattr(row, name) for row in rows) for name in SUMMED}
    return ReportTotals(enrolments=len(rows), certificates=sum(len(row.certificates) for row in rows), **sums)


def by_cohort(rows: Iterable[ReportRow]) -> tuple[CohortTotals, ...]:
    """Return the totals of each cohort, in the order of the rows."""
    groups: dict[str, list[ReportRow]] = {}
    for row in rows:
        groups.setdefault(row.cohort, []).append(row)
    return tuple(CohortTotals(cohort=code, totals=totals(group)) for code, group in groups.items())


def columns(competencies: Iterable[str], words: Mapping[str, str]) -> tuple[Column, ...]:
    """Return the columns of ``progression_v1``; ``words`` translates states and kinds, an absent one stays a code.

    Levels come last: their number depends on the paths, and the other columns never move.
    """
    text, number, day = CellType.TEXT, CellType.NUMBER, CellType.DATE
    return (
        Column("college", text, lambda r: r.college),
        Column("cohort", text, lambda r: r.cohort),
        Column("path", text, lambda r: r.path),
        Column("version", text, lambda r: r.version),
        Column("enrolment", number, lambda r: r.enrolment_id),
        Column("name", text, lambda r: r.name),
        Column("state", text, lambda r: words.get(r.state.value, r.state.value)),
        Column("joined_on", day, lambda r: r.joined_on),
        Column("planned_hours", number, lambda r: in_hours(r.planned_minutes)),
        Column("recognised_hours", number, lambda r: in_hours(r.recognised_minutes)),
        Column("attendance_pct", number, lambda r: r.attendance_pct),
        Column("modules_done", number, lambda r: r.modules_done),
        Column("modules_total", number, lambda r: r.modules_total),
        Column("eligible", text, lambda r: ", ".join(words.get(k.value, k.value) for k in r.eligible)),
        Column("certificates", text, lambda r: ", ".join(f"{c.number} ({c.issued_on})" for c in r.certificates)),
        *(_level_column(code) for code in competencies),
    )


def _level_column(code: str) -> Column:
    return Column("level", CellType.NUMBER, lambda row: row.levels.get(code), competency=code)
