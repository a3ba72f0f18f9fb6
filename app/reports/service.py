"""Progress reports: the one read model behind the page, JSON, CSV and XLSX."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import PENDING
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.network import service as network
from app.network.enums import CertificateKind
from app.network.models import College, Project
from app.network.schemas import CollegeShown
from app.people.models import NAMES, Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.database.paging import Orders, Rows, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.messages.i18n import today
from app.platform.paging import Page
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P
from app.progress.models import ProgressRow
from app.progress.schemas import attendance_pct
from app.reports.models import ReportSum
from app.reports.rules import by_cohort, competencies_of, totals
from app.reports.schemas import (
    CertificateIssued,
    CohortTotals,
    ProgressReport,
    ReportChoice,
    ReportQuery,
    ReportRow,
    ReportSort,
    ReportTotals,
)

ROWS = 50
"""How many rows a page of a report shows."""

NEVER_FOLLOWED = PENDING | {EnrolmentState.REFUSED, EnrolmentState.DECLINED}


def cohort_report(db: Session, actor: Actor, cohort: CohortRef, *, as_of: date | None = None) -> ProgressReport:
    """Return the progress of everyone of a cohort."""
    college = network.college(db, cohort.college_id)
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id)
    return _report(db, college, cohort.code, as_of, _enrolments(within & (col(Enrolment.cohort_id) == cohort.id)))


def college_report(db: Session, actor: Actor, college: CollegeShown, *, as_of: date | None = None) -> ProgressReport:
    """Return the progress of everyone of all cohorts of a college, for a file; its totals are the sum of theirs."""
    return _report(db, college, None, as_of, _of_college(actor, college))


def college_report_part(
    db: Session, actor: Actor, college: CollegeShown, *, after: int | None, limit: int
) -> ProgressReport:
    """Return some rows of a college's report, with the kept totals of their cohorts and of the whole college."""
    statement = _of_college(actor, college)
    rows, next_ = fetch_after(db, statement, BY_COHORT, col(Enrolment.id), after=after, limit=limit)
    return _part(db, college, rows, next_)


def list_college_report(
    db: Session, actor: Actor, college: CollegeShown, query: ReportQuery
) -> tuple[ProgressReport, Page[ReportRow]]:
    """Return a college's report with the rows that a query asks for, and these rows as a page."""
    asked = _matching(college, query.words)
    if query.etat is not None:
        asked.append(col(Enrolment.state) == query.etat)
    followed = (col(Enrolment.college_id) == college.id, col(Enrolment.state).not_in(NEVER_FOLLOWED))
    counted = sa.select(col(Enrolment.id)).where(scoped(actor, college=Enrolment.college_id), *followed, *asked)
    statement = _of_college(actor, college).where(*asked)
    page = fetch_page(db, statement, query, ORDERS, col(Enrolment.id), size=ROWS, counted=counted)
    report = _part(db, college, page.items, None)
    return report, replace(page, items=report.rows)


def _of_college(actor: Actor, college: CollegeShown) -> Rows:
    within = scoped(actor, college=Enrolment.college_id)
    in_college = (col(Enrolment.college_id) == college.id) & (col(Cohort.college_id) == college.id)
    return _enrolments(within & in_college)


def _matching(college: CollegeShown, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that each word is in the person's name, or in the title, code or place of the cohort."""
    found = aliased(Enrolment)
    ids = sa.select(col(found.id)).where(col(found.college_id) == college.id)
    cohorts = sa.select(col(Cohort.id)).where(col(Cohort.college_id) == college.id).correlate(None)
    conditions: list[ColumnElement[bool]] = []
    for word in words:
        of_cohorts = cohorts.where(col(Cohort.search_key).contains(word, autoescape=True))
        either = sa.union(  # each by its index, where a condition with "or" would read the whole college
            ids.where(*NAMES.matches(col(found.person_id), [word], [college.id])),
            ids.where(col(found.cohort_id).in_(of_cohorts)),
        )
        conditions.append(col(Enrolment.id) == sa.any_(func.array(either.scalar_subquery())))
    return conditions


def _part(db: Session, college: CollegeShown, found: Sequence[Any], next_: int | None) -> ProgressReport:
    rows = _shown(db, college, found)
    codes = {row.cohort_id: row.cohort for row in found}
    sums = _kept_totals(db, [None, *codes], college)
    return ProgressReport(
        college=college.name,
        college_slug=college.slug,
        cohort=None,
        as_of=today(college.timezone),
        competencies=_competencies(found),
        rows=rows,
        cohorts=tuple(CohortTotals(cohort=code, totals=sums[id_]) for id_, code in codes.items()),
        totals=sums[None],
        next=next_,
    )


def _kept_totals(db: Session, places: Sequence[int | None], college: CollegeShown) -> dict[int | None, ReportTotals]:
    """Return the kept totals of cohorts, by id, and of the whole college where one is ``None``."""
    table = sa.inspect(ReportSum).local_table
    summed = (func.sum(table.c[name]).label(name) for name in ReportTotals.model_fields)
    statement = (
        sa.select(col(ReportSum.cohort_id), *summed)
        .where(
            col(ReportSum.college_id) == college.id,
            col(ReportSum.cohort_id).is_(None) | col(ReportSum.cohort_id).in_([p for p in places if p is not None]),
        )
        .group_by(col(ReportSum.cohort_id))
    )
    kept = {row.cohort_id: ReportTotals.model_validate(row) for row in db.execute(statement)}
    return {place: kept.get(place, ReportTotals()) for place in places}


def _report(
    db: Session, college: CollegeShown, cohort: str | None, as_of: date | None, statement: Rows
) -> ProgressReport:
    found = db.execute(statement.order_by(*BY_COHORT, col(Enrolment.id))).all()
    rows = _shown(db, college, found)
    return ProgressReport(
        college=college.name,
        college_slug=college.slug,
        cohort=cohort,
        as_of=as_of or today(college.timezone),
        competencies=_competencies(found),
        rows=rows,
        cohorts=by_cohort(rows),
        totals=totals(rows),
    )


def _shown(db: Session, college: CollegeShown, found: Sequence[Any]) -> tuple[ReportRow, ...]:
    """Return the rows of ``_enrolments`` with their certificates; the access to these files is logged."""
    log_access(db, [(row.person_id, college.id) for row in found], Part.REPORT)
    certificates = _certificates(db, [row.id for row in found])
    return tuple(_row(college, row, certificates[row.id]) for row in found)


_FOLLOWED = col(ProgressRow.recognised_minutes) - ProgressRow.carried_minutes
"""The minutes recognised where they were followed, so that those that a transfer carried count once (S3)."""
BY_COHORT = (col(Cohort.code), col(Person.search_key))
ORDERS: Orders = {
    ReportSort.COHORT: BY_COHORT,
    ReportSort.HOURS: (_FOLLOWED,),
    ReportSort.ATTENDANCE: (
        col(ProgressRow.attended_minutes) * 100 / func.nullif(col(ProgressRow.attendance_base_minutes), 0),
    ),
    ReportSort.MODULES: (col(ProgressRow.modules_done),),
}


def _enrolments(where: ColumnElement[bool]) -> Rows:
    """Return the statement of enrolments with their progress."""
    return (
        sa.select(
            col(Enrolment.id),
            col(Enrolment.cohort_id),
            col(Enrolment.person_id),
            col(Enrolment.state),
            col(Enrolment.joined_on),
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
            col(ProgressRow.planned_minutes),
            _FOLLOWED.label("recognised_minutes"),
            col(ProgressRow.carried_minutes),
            (col(ProgressRow.attended_minutes) - ProgressRow.carried_attended_minutes).label("attended_minutes"),
            (col(ProgressRow.attendance_base_minutes) - ProgressRow.carried_base_minutes).label(
                "attendance_base_minutes"
            ),
            col(ProgressRow.attended_minutes).label("attended_in_all"),
            col(ProgressRow.attendance_base_minutes).label("base_in_all"),
            col(ProgressRow.modules_done),
            col(ProgressRow.modules_total),
            col(ProgressRow.eligible),
            col(ProgressRow.body)["competencies"].label("competencies"),
            col(Cohort.code).label("cohort"),
            shown_name().label("name"),
        )
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(ProgressRow, col(ProgressRow.enrolment_id) == Enrolment.id)
        .where(where, col(Enrolment.state).not_in(NEVER_FOLLOWED))
    )


def _certificates(db: Session, enrolment_ids: Sequence[int]) -> dict[int, list[CertificateIssued]]:
    statement = (
        sa.select(
            col(Certificate.enrolment_id), col(Certificate.kind), col(Certificate.number), col(Certificate.issued_on)
        )
        .where(
            col(Certificate.enrolment_id) == sa.any_(sa.literal(enrolment_ids, sa.ARRAY(sa.Integer))),
            col(Certificate.state) == CertificateState.VALID,
        )
        .order_by(col(Certificate.issued_on), col(Certificate.number))
    )
    certificates: dict[int, list[CertificateIssued]] = defaultdict(list)
    for enrolment_id, kind, number, issued_on in db.execute(statement):
        certificates[enrolment_id].append(CertificateIssued(kind=kind, number=number, issued_on=issued_on))
    return certificates


def _row(
    college: CollegeShown,
    row: Any,  # noqa: ANN401 - a row of ``_enrolments``
    certificates: Iterable[CertificateIssued],
) -> ReportRow:
    curriculum = curriculum_of(row)
    levels = {c["code"]: c["level"] for c in row.competencies}
    shared = {name: value for name, value in row._mapping.items() if name in ReportRow.model_fields}
    return ReportRow(
        **{
            **shared,
            "college": college.name,
            "path": curriculum.title.text,
            "version": row.curriculum_version,
            "enrolment_id": row.id,
            "attendance_pct": attendance_pct(row.attended_in_all, row.base_in_all),
            "eligible": tuple(k for k in CertificateKind if k in row.eligible and k in college.authorised_kinds),
            "certificates": tuple(certificates),
            "levels": {code: levels.get(code) for code in competencies_of(curriculum)},
        }
    )


def _competencies(enrolments: Iterable[Any]) -> tuple[str, ...]:
    paths = {curriculum_of(row) for row in enrolments}
    return tuple(sorted({code for path in paths for code in competencies_of(path)}))


def college_choices(db: Session, actor: Actor) -> tuple[ReportChoice, ...]:
    """Return the colleges whose report the actor may read and download, by name."""
    within = scoped(actor.using(P.REPORT_COLLEGE), college=College.id)
    return _choices(db, sa.select(col(College.id), col(College.name), col(College.city)).where(within))


def project_choices(db: Session, actor: Actor) -> tuple[ReportChoice, ...]:
    """Return the projects whose indicators the actor may read, by name."""
    within = scoped(actor.using(P.INDICATOR_READ), project=Project.id)
    return _choices(db, sa.select(col(Project.id), col(Project.name), col(Project.funder)).where(within))


def _choices(db: Session, statement: Any) -> tuple[ReportChoice, ...]:  # noqa: ANN401 - a statement
    rows = sorted(db.execute(statement).all(), key=lambda row: search_key(row.name))
    return tuple(ReportChoice(id=i, label=label, detail=detail) for i, label, detail in rows)
