"""The decision that issues a certificate with its number and frozen record."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.accompaniment.interests.service import concerned
from app.certificates import rules as certificates_rules
from app.certificates.branding.signatories import signatories_on
from app.certificates.documents import rules as documents_rules
from app.certificates.documents.designs import design_folder, design_for, design_version
from app.certificates.documents.fitting import refuse_unfitting
from app.certificates.documents.layout import refuse_overflow
from app.certificates.enums import CertificateState
from app.certificates.issuing import rules
from app.certificates.issuing.schemas import IssueCertificate
from app.certificates.models import Certificate, CertificateCounter
from app.certificates.register.service import certificate_view
from app.certificates.schemas import CertificateRecord, CertificateView, PrintedSignatory
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import curriculum_of, default_library
from app.holds.service import open_holds
from app.network.enums import CertificateKind
from app.network.models import College
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.documents.pdf import missing_glyphs
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.security.actor import Actor, scoped
from app.progress.schemas import Progress
from app.progress.service import compute_progress


def valid_certificates(db: Session, where: ColumnElement[bool]) -> dict[tuple[int, CertificateKind], tuple[int, str]]:
    """Return the ``(id, number)`` of valid certificates, by enrolment and kind."""
    statement = sa.select(
        col(Certificate.enrolment_id), col(Certificate.kind), col(Certificate.id), col(Certificate.number)
    ).where(col(Certificate.state) == CertificateState.VALID, where)
    return {(enrolment, kind): (id_, number) for enrolment, kind, id_, number in db.execute(statement)}


# The decision ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision is based on, read while the enrolment is locked."""

    enrolment: Enrolment
    cohort: Cohort
    college: College
    kind: CertificateKind
    progress: Progress
    signatories: tuple[PrintedSignatory, ...]
    day: date


def issue(
    db: Session, actor: Actor, enrolment: EnrolmentRef, command: IssueCertificate, *, site: str
) -> CertificateView:
    """Issue a certificate by decision of the actor, with its number and its frozen record (BR-19).

    The enrolment is locked before its progress is computed again, and the college's counter until the end of
    the transaction, so that numbers have no gap. ``site`` is the base address of the verification page.
    Raises ``Conflict("certificate_refused")`` with everything that forbids it.
    """
    moment = now()
    decision = load_decision(db, lock_enrolment(db, actor, enrolment.id), command.kind, moment)
    raise_refusal(rules.refuse_issue(issue_case(db, actor, decision)))
    row = insert_certificate(db, actor, decision, build_record(db, decision, site), moment)
    _tell_holder(db, decision, row)
    return certificate_view(row, actor.name)


def _tell_holder(db: Session, decision: Decision, row: Certificate) -> None:
    """Tell the holder of a new certificate that they have it."""
    about = {"cohort": decision.cohort.title, "certificate_kind": decision.kind.value}
    holder = [decision.enrolment.person_id]
    notify(db, Event(Kind.CERTIFICATE_ISSUED, f"certificate:{row.id}", holder, "/attestations", about, row.college_id))


def insert_certificate(
    db: Session,
    actor: Actor,
    decision: Decision,
    record: CertificateRecord,
    moment: datetime,
    *,
    replacing: int | None = None,
    why: str | None = None,
) -> Certificate:
    """Insert a certificate with the next number, and return its row.

    ``replacing`` is the id of the certificate that it replaces, ``why`` the reason of that correction.
    """
    college, year = decision.college, decision.day.year
    sequence = next_sequence(db, college.id, year)
    number = certificates_rules.format_number(college.number_prefix, year, sequence)
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


def preview_record(db: Session, actor: Actor, enrolment: EnrolmentRef, kind: CertificateKind) -> CertificateRecord:
    """Return the record of a certificate if it were issued now, without number; raises as :func:`issue` does."""
    decision = load_decision(db, lock_enrolment(db, actor, enrolment.id), kind, now())
    raise_refusal(rules.refuse_issue(issue_case(db, actor, decision)))
    return build_record(db, decision, site="")


def lock_enrolment(db: Session, actor: Actor, enrolment_id: int) -> Enrolment:
    """Return an enrolment within the actor's reach, locked until the transaction ends: two decisions cannot overlap."""
    within = scoped(actor, college=Enrolment.college_id)
    statement = select(Enrolment).where(Enrolment.id == enrolment_id, within).with_for_update(key_share=True)
    row = db.exec(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row


def load_decision(db: Session, row: Enrolment, kind: CertificateKind, moment: datetime) -> Decision:
    """Return what a decision on a locked enrolment is based on, its progress computed again from the facts.

    The decision is dated by the day that ``moment`` is in the cohort's time zone.
    """
    [(_, _, progress)] = compute_progress(db, [row.id])
    cohort = db.get_one(Cohort, row.cohort_id)
    day = certificates_rules.issue_date(moment, cohort.timezone)
    return Decision(
        enrolment=row,
        cohort=cohort,
        college=db.get_one(College, row.college_id),
        kind=kind,
        progress=progress,
        signatories=signatories_on(db, row.college_id, day, to_sign=True),
        day=day,
    )


def issue_case(db: Session, actor: Actor, decision: Decision) -> rules.IssueCase:
    """Return the case to check against the rules of issuing."""
    row, kind = decision.enrolment, decision.kind
    eligibility = next((e for e in decision.progress.eligibility if e.kind is kind), None)
    issued = valid_certificates(db, col(Certificate.enrolment_id) == row.id)
    _, issued_number = issued.get((row.id, kind), (0, None))
    return rules.IssueCase(
        kind=kind,
        state=row.state,
        missing=None if eligibility is None else [why.reason for why in eligibility.why],
        authorised=decision.college.authorised_kinds,
        signatories=len(decision.signatories),
        holds=open_holds(db, [row.id]).get(row.id, ()),
        issued_number=issued_number,
        decider_is_holder=row.person_id == actor.person_id,
        decider_in_conflict=row.id in concerned(db, actor.person_id, [row.id]),
    )


def raise_refusal(reasons: list[Reason], code: str = "certificate_refused") -> None:
    """Raise ``Conflict`` with the reasons when there are any."""
    if reasons:
        raise Conflict(code, *reasons)


def next_sequence(db: Session, college_id: int, year: int) -> int:
    """Return the next sequence number of the year; the counter's row stays locked until the transaction ends."""
    first = insert(CertificateCounter).values(college_id=college_id, year=year, last=1)
    table = CertificateCounter.__table__  # type: ignore[attr-defined]
    upsert = first.on_conflict_do_update(index_elements=["college_id", "year"], set_={"last": table.c.last + 1})
    sequence: int = db.connection().execute(upsert.returning(table.c.last)).scalar_one()
    return sequence


def build_record(db: Session, decision: Decision, site: str) -> CertificateRecord:
    """Return the record of a certificate, with a new code and without number.

    Raises ``Conflict("certificate_refused")`` when the design's fonts lack a character, or a text would not fit on the
    page; ``PdfUnavailable`` where only laying the document out can show that, and the engine is missing.
    """
    row, college, progress, day = decision.enrolment, decision.college, decision.progress, decision.day
    person = db.get_one(Person, row.person_id)
    cohort = decision.cohort
    curriculum = curriculum_of(row)
    framework = default_library().framework_of(curriculum)
    starts_on, ends_on = documents_rules.participation_period(cohort.starts_on, cohort.ends_on, row.joined_on, day)
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
        holder=documents_rules.printable(person.printed_name),
        path_title=documents_rules.printable(curriculum.title.fr),
        curriculum_slug=curriculum.slug,
        curriculum_version=curriculum.version,
        framework_version=framework.version,
        object=documents_rules.printable(curriculum.object.fr),
        starts_on=starts_on,
        ends_on=ends_on,
        place=documents_rules.printable(cohort.place),
        planned_minutes=progress.planned_minutes,
        recognised_minutes=progress.recognised_minutes + progress.prior_minutes,
        prior_minutes=progress.prior_minutes,
        employer=row.employer,
        ceu=documents_rules.ceu(progress.recognised_minutes, accredited=college.is_sofeduc_member),
        competencies=documents_rules.printed_competencies(decision.kind, curriculum, framework, levels),
        timezone=cohort.timezone,
        issued_on=day,
        number="",
        code=code,
        verify_url=f"{site.rstrip('/')}/v/{code}",
        signatories=decision.signatories,
        design=design_version(design_for(curriculum.slug)),
    )
    glyphs = missing_glyphs(design_folder(record.design), record.printed_text)
    raise_refusal(documents_rules.refuse_missing_glyphs(glyphs) + refuse_unfitting(record))
    raise_refusal(refuse_overflow(record))
    return record
