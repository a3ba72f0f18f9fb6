"""Recognition of prior learning: pieces deposited, claims made, judged by a specialist, decided by a registrar (S9).

Every command locks the enrolment first: two of them on one dossier come one after the other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from app.accompaniment.interests.service import concerned
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref
from app.cohorts.models import Enrolment
from app.cohorts.service import require_enrolment_not_archived
from app.curricula.library import curriculum_of
from app.grading.assessors import eligible_assessors
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import holders
from app.learning.hand_ins.kept_files import file_to_keep, load_kept
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.files.store import FileStore
from app.platform.messages.i18n import today
from app.platform.search import search_key
from app.platform.security.actor import Actor
from app.platform.security.duties import second_person
from app.platform.security.permissions import Role
from app.recognition import reading, rules
from app.recognition.enums import ClaimState, StepKind
from app.recognition.models import PriorLearningClaim, PriorLearningPiece, PriorLearningStep
from app.recognition.rules import Standing
from app.recognition.schemas import (
    AskRecognitionReview,
    ClaimRef,
    ClaimShown,
    DecideRecognition,
    GiveRecognitionLevel,
    NameSpecialist,
    NewClaim,
    NewPiece,
    PieceRef,
    PieceShown,
)

PAGE = "/acquis/{id}"


@dataclass(frozen=True, slots=True)
class SentPiece:
    """The file of a piece: its name, cleaned, and its bytes; the store that keeps it, and its largest size."""

    name: str
    content: bytes
    files: FileStore
    megabytes: int


# The person ---------------------------------------------------------------------------------------


def deposit(db: Session, enrolment: EnrolmentRef, command: NewPiece, *, file: SentPiece | None = None) -> PieceShown:
    """Deposit a piece once for all the claims of a dossier; raise ``Invalid`` for a credential that is too old."""
    _locked(db, enrolment.id)
    kept = file_to_keep(file.name, file.content, file.megabytes) if file else None
    refuse_unless(*_piece_reasons(command, enrolment, has_file=kept is not None), code="invalid")
    before = sa.select(sa.func.count()).where(col(PriorLearningPiece.enrolment_id) == enrolment.id)
    if db.execute(before).scalar_one() >= rules.MOST_PIECES:
        raise Conflict("too_many_pieces", Reason("too_many_pieces", {"n": rules.MOST_PIECES}))
    row = PriorLearningPiece(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        **command.model_dump(),
        **(kept.columns if kept else {}),
        deposited_at=now(),
    )
    db.add(row)
    db.flush()
    if file and kept:
        file.files.store(kept.content)
    return PieceShown.model_validate(row)


def _piece_reasons(command: NewPiece, enrolment: EnrolmentRef, *, has_file: bool) -> list[Reason]:
    fields = {"credential_type": command.credential_type, "issuer": command.issuer, "obtained_on": command.obtained_on}
    missing = [name for name, value in fields.items() if value is None]
    if len(missing) == len(fields):
        return [] if has_file else [Reason("piece_empty", field="file")]
    if missing or command.credential_type is None or command.obtained_on is None:
        return [Reason("missing", field=name) for name in missing]
    return rules.credential_reasons(command.credential_type, command.obtained_on, today(enrolment.timezone))


def file_of(piece: PieceRef, files: FileStore) -> bytes:
    """Return the bytes of a piece; raise ``NotFound`` where it has no file, ``Unavailable`` when lost or altered."""
    if piece.file_sha256 is None:
        raise NotFound
    return load_kept(files, piece.file_sha256)


def claim(db: Session, actor: Actor, enrolment: EnrolmentRef, command: NewClaim) -> ClaimShown:
    """Claim a level of a competency, and tell the registrars; raise ``Conflict("claim_refused")`` with what forbids it.

    Raise ``Invalid`` for a piece of no dossier of theirs.
    """
    row = _locked(db, enrolment.id)
    pieces = reading.pieces_of(db, enrolment.id)
    if not pieces.keys() >= set(command.pieces):
        raise Invalid("invalid", Reason("piece_unknown", field="pieces"))
    claims = reading.standings(reading.claims_of(db, enrolment.id, pieces, own=True))
    wanted = Standing(command.competency_code, command.level, ClaimState.RECEIVED)
    reasons = rules.claim_reasons(curriculum_of(row), row.state, wanted, claims, pieces=len(command.pieces))
    if reasons:
        raise Conflict("claim_refused", *reasons)
    new = PriorLearningClaim(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        **command.model_dump(exclude={"pieces"}),
        pieces=list(dict.fromkeys(command.pieces)),
        state=ClaimState.RECEIVED,
        claimed_at=now(),
    )
    db.add(new)
    db.flush()
    ref = ClaimRef(**new.model_dump(include=set(ClaimRef.model_fields)), person_id=enrolment.person_id)
    _tell_registrars(db, ref, "claimed")
    return reading.load_claim(db, actor, ref)


def withdraw(db: Session, actor: Actor, ref: ClaimRef) -> ClaimShown:
    """Take a claim back before it is decided."""
    state, round_, _ = _state(db, ref)
    _check(rules.withdrawal_reasons(state))
    return _add(db, actor, ref, StepKind.WITHDRAWN, round_)


def ask_review(db: Session, actor: Actor, ref: ClaimRef, command: AskRecognitionReview) -> ClaimShown:
    """Ask that a refusal be reviewed by another specialist, once, and tell the registrars."""
    state, round_, _ = _state(db, ref)
    _check(rules.review_reasons(state, round_))
    shown = _add(db, actor, ref, StepKind.REVIEW_ASKED, round_, reason=command.reason)
    _tell_registrars(db, ref, "review")
    return shown


# The college --------------------------------------------------------------------------------------


def specialists(db: Session, ref: ClaimRef) -> Sequence[tuple[int, str]]:
    """Return who may be named to judge a claim, by name: trainers whom nothing keeps from judging the person (BR-13).

    Neither their supervisor, nor somebody of the same employer, nor who judged the claim before.
    """
    enrolment = enrolment_ref(db, ref.enrolment_id)
    kept_out = _former(db, ref) | _colleagues(db, ref)
    able = eligible_assessors(db, enrolment, ref.competency_code, former=kept_out)
    supervisor = db.exec(select(PriorLearningClaim.supervisor).where(PriorLearningClaim.id == ref.id)).one()
    return [(id_, name) for id_, name in able if not supervisor or search_key(name) != search_key(supervisor)]


def _former(db: Session, ref: ClaimRef) -> frozenset[int]:
    """Return who gave a level on a claim before."""
    judged = select(PriorLearningStep.recorded_by).where(
        PriorLearningStep.claim_id == ref.id, col(PriorLearningStep.kind) == StepKind.JUDGED
    )
    return frozenset(db.exec(judged))


def _colleagues(db: Session, ref: ClaimRef) -> frozenset[int]:
    """Return the trainers of the college who have, in an enrolment of theirs, the employer of the person's."""
    employer = db.exec(select(Enrolment.employer).where(Enrolment.id == ref.enrolment_id)).one()
    if not employer:
        return frozenset()
    trainers = (
        sa.select(col(Enrolment.person_id), col(Enrolment.employer))
        .join(RoleGrantRow, col(RoleGrantRow.person_id) == Enrolment.person_id)
        .where(
            col(RoleGrantRow.role) == Role.TRAINER,
            col(RoleGrantRow.college_id) == ref.college_id,
            col(RoleGrantRow.ended_at).is_(None),
            col(Enrolment.employer).is_not(None),
        )
    )
    return frozenset(id_ for id_, name in db.execute(trainers) if search_key(name) == search_key(employer))


def name_specialist(db: Session, actor: Actor, ref: ClaimRef, command: NameSpecialist) -> ClaimShown:
    """Name who judges a claim, and tell them and the person; raise ``Conflict`` for who may not (BR-13)."""
    state, round_, _ = _state(db, ref)
    able = dict(specialists(db, ref))
    _check(rules.naming_reasons(state, command.specialist_id, able))
    shown = _add(db, actor, ref, StepKind.NAMED, round_, specialist_id=command.specialist_id)
    _tell(db, Kind.RECOGNITION_TO_JUDGE, ref, f"{round_}:{command.specialist_id}", [command.specialist_id])
    _tell(db, Kind.RECOGNITION_STEP, ref, f"named:{round_}", [ref.person_id])
    return shown


def give_level(db: Session, actor: Actor, ref: ClaimRef, command: GiveRecognitionLevel) -> ClaimShown:
    """Give the level that the evidence shows, with the reason, as the specialist named; tell the registrars."""
    state, round_, specialist = _state(db, ref)
    reasons = rules.opinion_reasons(state, is_named=specialist == actor.person_id)
    if not reasons and actor.person_id not in dict(specialists(db, ref)):
        reasons = [Reason("specialist_not_able")]
    _check(reasons)
    shown = _add(db, actor, ref, StepKind.JUDGED, round_, level=command.level, reason=command.reason)
    _tell(db, Kind.RECOGNITION_STEP, ref, f"judged:{round_}", [ref.person_id])
    _tell_registrars(db, ref, f"judged:{round_}")
    return shown


def decide(db: Session, actor: Actor, ref: ClaimRef, command: DecideRecognition) -> ClaimShown:
    """Recognise the level that the specialist gave, or refuse it, by a named decision; tell the person.

    Raises ``Forbidden("second_person_needed")`` for the specialist themself, ``Conflict("claim_refused")`` at the
    ceiling of the path, where the evidence shows no level, or where the one who decides declared an interest.
    """
    state, round_, specialist = _state(db, ref)
    second_person(actor.person_id, specialist)
    row = db.get_one(Enrolment, ref.enrolment_id)
    claims = reading.claims_of(db, ref.enrolment_id, reading.pieces_of(db, ref.enrolment_id), own=False)
    judged = _level_given(next(c for c in claims if c.id == ref.id), round_)
    standing = Standing(ref.competency_code, judged, state) if judged is not None else None
    others = reading.standings([c for c in claims if c.id != ref.id])
    reasons = rules.decision_reasons(curriculum_of(row), state, standing, others, granted=command.granted)
    if not reasons and concerned(db, actor.person_id, [row.id]):
        reasons = [Reason("recognition_conflict")]
    _check(reasons)
    kind = StepKind.GRANTED if command.granted else StepKind.REFUSED
    shown = _add(db, actor, ref, kind, round_, level=judged if command.granted else None, reason=command.reason)
    _tell(db, Kind.RECOGNITION_DECIDED, ref, f"{round_}", [ref.person_id])
    return shown


def _level_given(shown: ClaimShown, round_: int) -> int | None:
    steps = (step for step in shown.steps if step.kind is StepKind.JUDGED and step.round == round_)
    return next((step.level for step in steps), None)


# Steps --------------------------------------------------------------------------------------------


def _locked(db: Session, enrolment_id: int) -> Enrolment:
    """Return an enrolment, locked until the transaction ends; raise ``Conflict`` when its cohort is archived."""
    require_enrolment_not_archived(db, enrolment_id)
    return db.get_one(Enrolment, enrolment_id, with_for_update={"key_share": True}, populate_existing=True)


def _state(db: Session, ref: ClaimRef) -> tuple[ClaimState, int, int | None]:
    """Return the state of a claim of a locked enrolment, its round, and the specialist named last."""
    _locked(db, ref.enrolment_id)
    state = db.exec(select(col(PriorLearningClaim.state)).where(PriorLearningClaim.id == ref.id)).one()
    statement = select(PriorLearningStep).where(PriorLearningStep.claim_id == ref.id)
    steps = db.exec(statement.order_by(col(PriorLearningStep.id))).all()
    reviews = sum(step.kind is StepKind.REVIEW_ASKED for step in steps)
    named = [step.specialist_id for step in steps if step.kind is StepKind.NAMED and step.round == 1 + reviews]
    return state, 1 + reviews, named[-1] if named else None


def _check(reasons: Sequence[Reason]) -> None:
    if reasons:
        raise Conflict("claim_refused", *reasons)


def _add(
    db: Session,
    actor: Actor,
    ref: ClaimRef,
    kind: StepKind,
    round_: int,
    *,
    specialist_id: int | None = None,
    level: int | None = None,
    reason: str | None = None,
) -> ClaimShown:
    db.add(
        PriorLearningStep(
            college_id=ref.college_id,
            enrolment_id=ref.enrolment_id,
            claim_id=ref.id,
            round=round_,
            kind=kind,
            specialist_id=specialist_id,
            level=level,
            reason=reason,
            recorded_at=now(),
            recorded_by=actor.person_id,
        )
    )
    row = db.get_one(PriorLearningClaim, ref.id)
    row.state = ClaimState(kind)
    row.specialist_id = specialist_id or row.specialist_id
    db.flush()
    return reading.load_claim(db, actor, ref)


def _tell(db: Session, kind: Kind, ref: ClaimRef, step: str, people: Collection[int]) -> None:
    params = {"cohort": enrolment_ref(db, ref.enrolment_id).cohort_title, "competency": ref.competency_code}
    notify(db, Event(kind, f"claim:{ref.id}:{step}", people, PAGE.format(id=ref.id), params, ref.college_id))


def _tell_registrars(db: Session, ref: ClaimRef, step: str) -> None:
    registrars = [id_ for id_, _ in holders(db, Role.REGISTRAR, college_id=ref.college_id) if id_ != ref.person_id]
    _tell(db, Kind.RECOGNITION_WAITING, ref, step, registrars)


def is_to_judge(db: Session, actor: Actor, ref: ClaimRef) -> bool:
    """Return whether a claim waits for the actor's level (it locks nothing)."""
    row = db.get_one(PriorLearningClaim, ref.id)
    return row.state is ClaimState.NAMED and row.specialist_id == actor.person_id
