"""Progress reports: the one read model behind the page, JSON, CSV and XLSX."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlmodel import col

from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.network import service as network
from app.network.enums import CertificateKind
from app.network.models import College, Project
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.database.session import Session
from app.platform.messages.i18n import today
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P
from app.progress.models import ProgressRow
from app.progress.schemas import attendance_pct
from app.reports.rules import by_cohort, competencies_of, totals
from app.reports.schemas import CertificateIssued, ProgressReport, ReportChoice, ReportRow

NEVER_FOLLOWED = (EnrolmentState.APPLIED, EnrolmentState.REFUSED)


def cohort_report(db: Session, actor: Actor, cohort: CohortRef, *, as_of: date | None = None) -> ProgressReport:
    """Return the progress of everyone of a cohort."""
    college = network.college(db, cohort.college_id)
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id)
    return _report(db, college, cohort.code, as_of, within & (col(Enrolment.cohort_id) == cohort.id))


def college_report(db: Session, actor: Actor, college: CollegeShown, *, as_of: date | None = None) -> ProgressReport:
    """Return the progress of everyone of all cohorts of a college; its totals are the sum of theirs."""
    within = scoped(actor, college=Enrolment.college_id)
    return _report(db, college, None, as_of, within & (col(Enrolment.college_id) == college.id))


def _report(
    db: Session, college: CollegeShown, cohort: str | None, as_of: date | None, where: ColumnElement[bool]
) -> ProgressReport:
    enrolments = _enrolments(db, where)
    log_access(db, [(row.person_id, college.id) for row in enrolments], Part.REPORT)
    certificates = _certificates(db, where)
    rows = tuple(_row(college, row, certificates[row.id]) for row in enrolments)
    return ProgressReport(
        college=college.name,
        college_slug=college.slug,
        cohort=cohort,
        as_of=as_of or today(college.timezone),
        competencies=_competencies(enrolments),
        rows=rows,
        cohorts=by_cohort(rows),
        totals=totals(rows),
    )


def _enrolments(db: Session, where: ColumnElement[bool]) -> Sequence[Any]:
    """Return the enrolments with their progress, by cohort, then name."""
    statement = (
        sa.select(
            col(Enrolment.id),
            col(Enrolment.person_id),
            col(Enrolment.state),
            col(Enrolment.joined_on),
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
            col(ProgressRow.planned_minutes),
            col(ProgressRow.recognised_minutes),
            col(ProgressRow.attended_minutes),
            col(ProgressRow.attendance_base_minutes),
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
        .order_by(col(Cohort.code), col(Person.search_key), col(Enrolment.id))
    )
    return db.execute(statement).all()


def _certificates(db: Session, where: ColumnElement[bool]) -> dict[int, list[CertificateIssued]]:
    statement = (
        sa.select(
            col(Certificate.enrolment_id), col(Certificate.kind), col(Certificate.number), col(Certificate.issued_on)
        )
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(where, col(Certificate.state) == CertificateState.VALID)
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
            "attendance_pct": attendance_pct(row.attended_minutes, row.attendance_base_minutes),
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
