"""Who may be issued what, and the decision itself."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.certificates import rules as certificates_rules
from app.certificates.branding.signatories import signing_on
from app.certificates.documents import rules as documents_rules
from app.certificates.documents.layout import design_folder, design_of, design_version
from app.certificates.enums import CertificateState
from app.certificates.issuing import rules
from app.certificates.issuing.schemas import Candidate, Choice, IssueCertificate
from app.certificates.models import Certificate, CertificateCounter, Hold
from app.certificates.register.service import view
from app.certificates.schemas import CertificateRecord, CertificateView, PrintedSignatory
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import default_library
from app.network.enums import CertificateKind
from app.network.models import College
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.documents.pdf import missing_glyphs
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.security.actor import Actor, scoped
from app.progress.models import ProgressRow
from app.progress.schemas import Eligibility, Progress, StoredReason
from app.progress.service import folded

# Who may be issued what --------------------------------------------------------------------------


def eligible(db: Session, actor: Actor, college: CollegeShown) -> tuple[Candidate, ...]:
    """Everyone who follows or followed a path in the college, by name, with what may be issued and what not yet.

    From the projection: the decision itself folds the facts again (:func:`issue`).
    """
    followed = db.execute(
        sa.select(
            col(Enrolment.id),
            col(Enrolment.state),
            col(Enrolment.person_id),
            shown_name().label("name"),
            (col(Person.legal_first_name) + " " + col(Person.legal_last_name)).label("legal_name"),
            col(Enrolment.cohort_id),
            col(Cohort.code).label("cohort_code"),
            col(Cohort.title).label("cohort_title"),
            col(ProgressRow.body)["eligibility"].label("eligibility"),
        )
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(ProgressRow, col(ProgressRow.enrolment_id) == Enrolment.id)
        .where(col(Enrolment.college_id) == college.id, col(Enrolment.state).in_(rules.ISSUABLE))
        .order_by(col(Person.search_key), col(Enrolment.id))
    ).all()
    log_access(db, [(row.person_id, college.id) for row in followed], Part.CANDIDATES)
    issued = _valid_by_enrolment(db, col(Certificate.college_id) == college.id)
    holds = _holds_by_enrolment(db, col(Hold.college_id) == college.id)
    signatories = len(signing_on(db, college.id, certificates_rules.issued_on(now())))
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
                    rules.Case(
                        kind=found.kind,
                        state=row.state,
                        missing=[why.reason for why in found.why],
                        authorised=college.authorised_kinds,
                        signatories=signatories,
                        holds=holds.get(row.id, ()),
                        own=row.person_id == actor.person_id,
                    ),
                    issued.get((row.id, found.kind)),
                )
                for found in map(Eligibility.model_validate, row.eligibility)
            ),
        )
        for row in followed
    )


def _choice(case: rules.Case, issued: tuple[int, str] | None) -> Choice:
    if issued is not None:
        return Choice(kind=case.kind, certificate_id=issued[0], number=issued[1], ready=False)
    reasons = rules.refuse_issue(case)
    why = tuple(StoredReason(code=r.code, params=dict(r.params)) for r in reasons)
    return Choice(kind=case.kind, ready=not reasons, why=why)


def _valid_by_enrolment(db: Session, *where: Any) -> dict[tuple[int, CertificateKind], tuple[int, str]]:  # noqa: ANN401
    statement = sa.select(
        col(Certificate.enrolment_id), col(Certificate.kind), col(Certificate.id), col(Certificate.number)
    ).where(col(Certificate.state) == CertificateState.VALID, *where)
    return {(enrolment, kind): (id_, number) for enrolment, kind, id_, number in db.execute(statement)}


def _holds_by_enrolment(db: Session, *where: Any) -> dict[int, list[str]]:  # noqa: ANN401
    statement = sa.select(col(Hold.enrolment_id), col(Hold.reason)).where(col(Hold.closed_at).is_(None), *where)
    found: dict[int, list[str]] = {}
    for enrolment_id, reason in db.execute(statement.order_by(col(Hold.id))):
        found.setdefault(enrolment_id, []).append(reason)
    return found


# The decision ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision rests on, read under the enrolment's lock."""

    enrolment: Enrolment
    college: College
    kind: CertificateKind
    progress: Progress
    signatories: tuple[PrintedSignatory, ...]
    day: date


def issue(
    db: Session, actor: Actor, enrolment: EnrolmentRef, command: IssueCertificate, *, site: str
) -> CertificateView:
    """Issue a certificate: the decision of a named person, its number and its frozen record (BR-19).

    The enrolment is locked before its facts are folded again, and the college's counter until the end of
    the transaction: numbers leave no gap. ``site`` is the address that the verification page stands on.
    Raises ``Conflict("certificate_refused")`` with everything that forbids it.
    """
    moment = now()
    decision = decision_on(db, locked(db, actor, enrolment.id), command.kind, certificates_rules.issued_on(moment))
    refuse(rules.refuse_issue(case_of(db, actor, decision)))
    return view(write(db, actor, decision, record_of(db, decision, site), moment), actor.name)


def write(
    db: Session,
    actor: Actor,
    decision: Decision,
    record: CertificateRecord,
    moment: datetime,
    *,
    replacing: int | None = None,
    why: str | None = None,
) -> Certificate:
    """The row of a decided certificate, with the number that comes next; ``replacing`` is the one that it replaces."""
    college, year = decision.college, decision.day.year
    sequence = next_in(db, college.id, year)
    number = certificates_rules.number_of(college.number_prefix, year, sequence)
    row = Certificate(
        college_id=decision.enrolment.college_id,
        enrolment_id=decision.enrolment.id,
        kind=decision.kind,
        year=year,
        sequence=sequence,
        number=number,
        code=record.code,
        state=CertificateState.VALID,
        issued_on=decision.day,
        decided_by=actor.person_id,
        decided_at=moment,
        record=record.model_copy(update={"number": number}).model_dump(mode="json"),
        design=record.design,
        supersedes_id=replacing,
        why=why,
    )
    db.add(row)
    db.flush()
    return row


def proposed(db: Session, actor: Actor, enrolment: EnrolmentRef, kind: CertificateKind) -> CertificateRecord:
    """What a certificate issued now would say, its number and its address left blank; refused as :func:`issue` is."""
    decision = decision_on(db, locked(db, actor, enrolment.id), kind, certificates_rules.issued_on(now()))
    refuse(rules.refuse_issue(case_of(db, actor, decision)))
    return record_of(db, decision, site="")


def locked(db: Session, actor: Actor, enrolment_id: int) -> Enrolment:
    """The enrolment within reach, held until the end of the transaction: what is decided of it is decided once."""
    within = scoped(actor, college=Enrolment.college_id)
    lock = select(Enrolment).where(Enrolment.id == enrolment_id, within).with_for_update(key_share=True)
    row = db.exec(lock.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row


def decision_on(db: Session, row: Enrolment, kind: CertificateKind, day: date) -> Decision:
    [(_, _, progress)] = folded(db, [row.id])
    return Decision(
        enrolment=row,
        college=db.get_one(College, row.college_id),
        kind=kind,
        progress=progress,
        signatories=signing_on(db, row.college_id, day),
        day=day,
    )


def case_of(db: Session, actor: Actor, decision: Decision) -> rules.Case:
    row, kind = decision.enrolment, decision.kind
    eligibility = next((e for e in decision.progress.eligibility if e.kind is kind), None)
    issued = _valid_by_enrolment(db, col(Certificate.enrolment_id) == row.id)
    _, already = issued.get((row.id, kind), (0, None))
    return rules.Case(
        kind=kind,
        state=row.state,
        missing=None if eligibility is None else [why.reason for why in eligibility.why],
        authorised=decision.college.authorised_kinds,
        signatories=len(decision.signatories),
        holds=_holds_by_enrolment(db, col(Hold.enrolment_id) == row.id).get(row.id, ()),
        already=already,
        own=row.person_id == actor.person_id,
    )


def refuse(reasons: list[Reason], code: str = "certificate_refused") -> None:
    """Nothing, or a conflict with every reason."""
    if reasons:
        raise Conflict(code, *reasons)


def next_in(db: Session, college_id: int, year: int) -> int:
    """The next rank of the year; the counter's row stays locked until the transaction ends."""
    first = insert(CertificateCounter).values(college_id=college_id, year=year, last=1)
    table = CertificateCounter.__table__  # type: ignore[attr-defined]
    following = first.on_conflict_do_update(index_elements=["college_id", "year"], set_={"last": table.c.last + 1})
    rank: int = db.connection().execute(following.returning(table.c.last)).scalar_one()
    return rank


def record_of(db: Session, decision: Decision, site: str) -> CertificateRecord:
    """Everything that will be printed but the number, with a code of its own.

    Refused (``certificate_refused``) when the design's fonts lack a character.
    """
    row, college, progress, day = decision.enrolment, decision.college, decision.progress, decision.day
    person = db.get_one(Person, row.person_id)
    cohort = db.get_one(Cohort, row.cohort_id)
    library = default_library()
    curriculum = library.curriculum(row.curriculum_slug, row.curriculum_version)
    framework = library.framework_of(curriculum)
    starts_on, ends_on = documents_rules.period(cohort.starts_on, cohort.ends_on, row.joined_on, day)
    levels = {c.code: c.level for c in progress.competencies}
    code = secrets.token_hex(16)
    record = CertificateRecord(
        college_name=documents_rules.printable(college.name),
        college_slug=college.slug,
        logo=college.logo,
        ink=college.ink,
        accent=college.accent,
        city=documents_rules.printable(college.city),
        kind=decision.kind,
        holder=documents_rules.printable(f"{person.legal_first_name} {person.legal_last_name}"),
        path_title=documents_rules.printable(curriculum.title.fr),
        curriculum_slug=curriculum.slug,
        curriculum_version=curriculum.version,
        framework_version=framework.version,
        object=documents_rules.printable(curriculum.object.fr),
        starts_on=starts_on,
        ends_on=ends_on,
        place=documents_rules.printable(cohort.place),
        planned_minutes=progress.planned_minutes,
        recognised_minutes=progress.recognised_minutes,
        employer=row.employer,
        ceu=documents_rules.ceu(progress.recognised_minutes, accredited=college.is_sofeduc_member),
        competencies=documents_rules.printed_competencies(decision.kind, curriculum, framework, levels),
        issued_on=day,
        number="",
        code=code,
        verify_url=f"{site.rstrip('/')}/v/{code}",
        signatories=decision.signatories,
        design=design_version(design_of(curriculum.slug)),
    )
    refuse(documents_rules.undrawable(missing_glyphs(design_folder(record.design), record.printed_text)))
    return record
