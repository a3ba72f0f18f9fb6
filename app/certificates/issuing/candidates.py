"""The candidates for certificates: who may be issued which, and what is missing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.accompaniment.interests.service import in_conflict
from app.certificates import rules as certificates_rules
from app.certificates.branding.signatories import signatories_on
from app.certificates.enums import CertificateState
from app.certificates.issuing import rules
from app.certificates.issuing.schemas import (
    Candidate,
    Candidates,
    CandidateSort,
    CandidatesQuery,
    Choice,
    Situation,
)
from app.certificates.issuing.service import valid_certificates
from app.certificates.models import Certificate
from app.cohorts.models import Cohort, Enrolment
from app.holds.service import held, open_holds
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.people.models import NAMES, Person, printed_name, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.paging import Orders, count_rows, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor
from app.progress.models import ProgressRow
from app.progress.schemas import Eligibility, StoredReason


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which candidates to list: of one cohort, in a situation as to some kinds; everyone unless it says more."""

    cohort_id: int | None = None
    kinds: Collection[CertificateKind] = tuple(CertificateKind)
    situation: Situation = Situation.ALL


def list_candidates(
    db: Session,
    actor: Actor,
    college: CollegeShown,
    *,
    chosen: Chosen = Chosen(),
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> Candidates:
    """Return who follows or followed a path in the college, by name, with the state of each certificate.

    Reads the projection of progress; the decision itself computes it again from the facts (:func:`issue`).
    """
    statement = _candidate_rows(actor, college)
    if chosen.cohort_id is not None:
        statement = statement.where(col(Enrolment.cohort_id) == chosen.cohort_id)
    statement = statement.where(*_in_situation(db, actor, college, chosen.situation, chosen.kinds))
    order = (col(Person.search_key),)
    rows, next_ = fetch_after(db, statement, order, col(Enrolment.id), after=after, limit=limit)
    return Candidates(items=_as_candidates(db, actor, college, rows), next=next_)


def candidates_of(
    db: Session, actor: Actor, college: CollegeShown, enrolment_ids: Collection[int]
) -> tuple[Candidate, ...]:
    """Return those of these enrolments that are candidates of the college, in the order of :func:`list_candidates`."""
    statement = _candidate_rows(actor, college).where(col(Enrolment.id).in_(enrolment_ids))
    rows = db.execute(statement.order_by(col(Person.search_key), col(Enrolment.id))).all()
    return _as_candidates(db, actor, college, rows)


ORDERS: Orders = {
    CandidateSort.NAME: (col(Person.search_key),),
    CandidateSort.COHORT: (col(Cohort.search_key), col(Person.search_key)),
}


def list_candidate_page(db: Session, actor: Actor, college: CollegeShown, query: CandidatesQuery) -> Page[Candidate]:
    """Return a page of what :func:`list_candidates` returns; the search looks at names and cohorts."""
    statement = _candidate_rows(actor, college)
    statement = statement.where(*(_is_named(college, word) for word in query.words))
    statement = statement.where(*_in_situation(db, actor, college, query.situation, tuple(CertificateKind)))
    page = fetch_page(db, statement, query, ORDERS, col(Enrolment.id))
    return replace(page, items=_as_candidates(db, actor, college, page.items))


def count_ready(db: Session, actor: Actor, college: CollegeShown) -> int:
    """Return for how many people only a decision is missing: the list that :func:`list_candidate_page` begins with."""
    ready = _in_situation(db, actor, college, Situation.READY, tuple(CertificateKind))
    return count_rows(db, _candidate_rows(actor, college).where(*ready), col(Enrolment.id))


def _is_named(college: CollegeShown, word: str) -> ColumnElement[bool]:
    """Return the condition that a name, or the cohort, has a word: the ids that either index finds."""
    found = aliased(Enrolment)
    cohorts = sa.select(col(Cohort.id)).where(
        col(Cohort.college_id) == college.id, col(Cohort.search_key).contains(word, autoescape=True)
    )
    by_name = sa.select(col(found.id)).where(*NAMES.matches(col(found.person_id), [word], [college.id]))
    return col(Enrolment.id).in_(by_name.union(sa.select(col(found.id)).where(col(found.cohort_id).in_(cohorts))))


def _candidate_rows(actor: Actor, college: CollegeShown) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Enrolment.id),
            col(Enrolment.state),
            col(Enrolment.person_id),
            shown_name().label("name"),
            printed_name().label("legal_name"),
            col(Enrolment.cohort_id),
            col(Cohort.code).label("cohort_code"),
            col(Cohort.title).label("cohort_title"),
            col(ProgressRow.body)["eligibility"].label("eligibility"),
            in_conflict(actor.person_id).label("in_conflict"),
        )
        .select_from(Enrolment)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(ProgressRow, col(ProgressRow.enrolment_id) == Enrolment.id)
        .where(col(Enrolment.college_id) == college.id, col(Enrolment.state).in_(rules.ISSUABLE))
    )


def _in_situation(
    db: Session, actor: Actor, college: CollegeShown, situation: Situation, kinds: Collection[CertificateKind]
) -> list[ColumnElement[bool]]:
    """Return the conditions that something of these kinds is left to do."""
    if situation is Situation.ALL:
        return []
    is_ready = _has_ready_kind(db, actor, college, kinds)
    if situation is Situation.READY:
        return [col(ProgressRow.undecided) != sa.literal_column("'{}'"), is_ready]
    return [~is_ready, _has_kind_left()]


def _has_ready_kind(
    db: Session, actor: Actor, college: CollegeShown, kinds: Collection[CertificateKind]
) -> ColumnElement[bool]:
    """Return the condition that a kind is ready: :func:`rules.refuse_issue` in the columns of the projection."""
    if not _signatories_today(db, college):
        return sa.false()
    may_be_issued = [
        sa.literal(kind) == sa.any_(col(ProgressRow.undecided))
        for kind in college.authorised_kinds
        if CertificateKind(kind) in kinds
    ]
    others = (col(Enrolment.person_id) != actor.person_id) & ~in_conflict(actor.person_id)
    return sa.or_(sa.false(), *may_be_issued) & ~held() & others


def _has_kind_left() -> ColumnElement[bool]:
    """Return the condition that some kind of the path has no valid certificate."""
    issued = (
        sa.select(func.count())
        .where(col(Certificate.enrolment_id) == Enrolment.id, col(Certificate.state) == CertificateState.VALID)
        .correlate(Enrolment)
        .scalar_subquery()
    )
    return func.jsonb_array_length(col(ProgressRow.body)["eligibility"]) > issued


def _signatories_today(db: Session, college: CollegeShown) -> int:
    return len(signatories_on(db, college.id, certificates_rules.issue_date(now(), college.timezone)))


def _as_candidates(db: Session, actor: Actor, college: CollegeShown, rows: Sequence[Any]) -> tuple[Candidate, ...]:
    """Return rows of enrolments as candidates, and log that their files were read."""
    log_access(db, [(row.person_id, college.id) for row in rows], Part.CANDIDATES)
    ids = [row.id for row in rows]
    issued = valid_certificates(db, col(Certificate.enrolment_id) == sa.any_(sa.literal(ids, sa.ARRAY(sa.Integer))))
    holds = open_holds(db, ids)
    signatories = _signatories_today(db, college)
    return tuple(
        Candidate(
            enrolment_id=row.id,
            name=row.name,
            legal_name=row.legal_name,
            cohort_id=row.cohort_id,
            cohort_code=row.cohort_code,
            cohort_title=row.cohort_title,
            choices=tuple(
                _choice(
                    rules.IssueCase(
                        kind=eligibility.kind,
                        state=row.state,
                        missing=[why.reason for why in eligibility.why],
                        authorised=college.authorised_kinds,
                        signatories=signatories,
                        holds=holds.get(row.id, ()),
                        decider_is_holder=row.person_id == actor.person_id,
                        decider_in_conflict=row.in_conflict,
                    ),
                    issued.get((row.id, eligibility.kind)),
                )
                for eligibility in map(Eligibility.model_validate, row.eligibility)
            ),
        )
        for row in rows
    )


def _choice(case: rules.IssueCase, issued: tuple[int, str] | None) -> Choice:
    """Return the read model of a kind of certificate; ``issued`` is the ``(id, number)`` of the valid one."""
    if issued is not None:
        return Choice(kind=case.kind, certificate_id=issued[0], number=issued[1], ready=False)
    reasons = rules.refuse_issue(case)
    why = tuple(StoredReason(code=r.code, params=dict(r.params)) for r in reasons)
    return Choice(kind=case.kind, ready=not reasons, why=why)
