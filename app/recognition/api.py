"""Recognition of prior learning as JSON, and the files of its dossiers."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response, UploadFile

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.hand_ins.rules import MEGABYTE, clean_name
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.files.store import FileStore
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import untrusted_file
from app.recognition import reading, service
from app.recognition.reading import see_claim, see_piece
from app.recognition.schemas import (
    AskRecognitionReview,
    ClaimPage,
    ClaimRef,
    ClaimsApiQuery,
    ClaimShown,
    DecideRecognition,
    DossierShown,
    GiveRecognitionLevel,
    NameSpecialist,
    NewClaim,
    NewPiece,
    PieceRef,
    PieceShown,
)
from app.recognition.service import SentPiece

router = APIRouter(tags=["recognition"], route_class=IdempotentRoute)

Claimant = Annotated[Actor, may(P.RECOGNITION_CLAIM)]
Reader = Annotated[Actor, may(P.RECOGNITION_READ)]
Judge = Annotated[Actor, may(P.RECOGNITION_JUDGE)]
Registrar = Annotated[Actor, may(P.RECOGNITION_DECIDE)]
OwnClaim = Annotated[ClaimRef, seen(see_claim, P.RECOGNITION_CLAIM)]
DecidedClaim = Annotated[ClaimRef, seen(see_claim, P.RECOGNITION_DECIDE)]
OwnEnrolment = Annotated[EnrolmentRef, seen(see_enrolment, P.RECOGNITION_CLAIM)]
DOSSIER = "/enrolments/{enrolment_id}/prior-learning"
CLAIM = "/prior-learning/claims/{prior_claim_id}"


class PieceForm(NewPiece):
    """A multipart form: a piece, with a file or without."""

    file: UploadFile | None = None

    @property
    def command(self) -> NewPiece:
        """The piece without its file."""
        return NewPiece(**self.model_dump(exclude={"file"}))

    def sent_file(self, files: FileStore, megabytes: int) -> SentPiece | None:
        """Return the file, read no further than one byte above the limit; a field left empty is none."""
        if self.file is None or not self.file.filename:
            return None
        content = self.file.file.read(megabytes * MEGABYTE + 1)
        return SentPiece(clean_name(self.file.filename), content, files, megabytes)


@router.get(DOSSIER, summary="Read what someone claims to have learned before the path")
def read_dossier(
    db: SessionDep, actor: Reader, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.RECOGNITION_READ)]
) -> DossierShown:
    """Return the pieces, the claims with their steps, and how many competencies may be recognised (S9)."""
    return reading.dossier(db, actor, enrolment)


@router.post(DOSSIER + "/pieces", status_code=HTTPStatus.CREATED, summary="Deposit a piece of a dossier")
def deposit_piece(
    *,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    _: Claimant,
    enrolment: OwnEnrolment,
    form: Annotated[PieceForm, Form(media_type="multipart/form-data")],
) -> PieceShown:
    """A file, a credential of another body, or both, once for all claims; 422 for a credential that is too old."""
    return service.deposit(db, enrolment, form.command, file=form.sent_file(files, settings.upload_megabytes))


@router.get(
    "/prior-learning/pieces/{piece_id}/file",
    summary="The file of a piece",
    response_class=Response,
    responses=download("application/octet-stream", "The file as it is kept"),
)
def read_piece_file(files: FilesDep, piece: Annotated[PieceRef, seen(see_piece, P.RECOGNITION_READ)]) -> Response:
    """Always a download, never displayed by the browser: the content is not trusted."""
    return untrusted_file(service.file_of(piece, files), piece.file_name or "", piece.file_type)


@router.post(DOSSIER + "/claims", status_code=HTTPStatus.CREATED, summary="Claim a level of a competency")
def make_claim(db: SessionDep, actor: Claimant, enrolment: OwnEnrolment, command: NewClaim) -> ClaimShown:
    """409 `claim_refused` with the reason: claimed already, beyond the ceiling of the path, codevelopment."""
    return service.claim(db, actor, enrolment, command)


@router.get(CLAIM, summary="Read a claim")
def read_claim(
    db: SessionDep, actor: Reader, claim: Annotated[ClaimRef, seen(see_claim, P.RECOGNITION_READ)]
) -> ClaimShown:
    """Return a claim with its pieces and its dated steps; who claims reads a level once it is decided on."""
    return reading.load_claim(db, actor, claim)


@router.post(CLAIM + "/withdrawal", status_code=HTTPStatus.CREATED, summary="Take a claim back")
def withdraw_claim(db: SessionDep, actor: Claimant, claim: OwnClaim) -> ClaimShown:
    """Before it is decided; the same competency may be claimed again."""
    return service.withdraw(db, actor, claim)


@router.post(CLAIM + "/review", status_code=HTTPStatus.CREATED, summary="Ask that a refusal be reviewed")
def ask_review(db: SessionDep, actor: Claimant, claim: OwnClaim, command: AskRecognitionReview) -> ClaimShown:
    """By another specialist, once."""
    return service.ask_review(db, actor, claim, command)


@router.get("/colleges/{college_id}/prior-learning", summary="List the claims of a college")
def read_claims(
    db: SessionDep,
    _: Registrar,
    college: Annotated[CollegeShown, seen(see_college, P.RECOGNITION_DECIDE)],
    query: Annotated[ClaimsApiQuery, Query()],
) -> ClaimPage:
    """Return the claims, latest first; `open` are those that wait for somebody of the college."""
    return reading.college_claims(db, college, query)


@router.get("/me/prior-learning/claims-to-judge", summary="List the claims that one is named to judge")
def read_claims_to_judge(db: SessionDep, actor: Judge, query: Annotated[ClaimsApiQuery, Query()]) -> ClaimPage:
    """Return those claims, latest first; `open` are those whose level one has not given."""
    return reading.claims_to_judge(db, actor, query)


@router.post(CLAIM + "/specialist", status_code=HTTPStatus.CREATED, summary="Name who judges a claim")
def name_specialist(db: SessionDep, actor: Registrar, claim: DecidedClaim, command: NameSpecialist) -> ClaimShown:
    """A trainer of the college, whom neither a tie nor a declared interest keeps from it (BR-13)."""
    return service.name_specialist(db, actor, claim, command)


@router.post(CLAIM + "/level", status_code=HTTPStatus.CREATED, summary="Give the level that the evidence shows")
def give_level(
    db: SessionDep,
    actor: Judge,
    claim: Annotated[ClaimRef, seen(see_claim, P.RECOGNITION_JUDGE)],
    command: GiveRecognitionLevel,
) -> ClaimShown:
    """As the specialist named, with the reason; without a level, the evidence shows none."""
    return service.give_level(db, actor, claim, command)


@router.post(CLAIM + "/decision", status_code=HTTPStatus.CREATED, summary="Recognise the level given, or refuse it")
def decide(db: SessionDep, actor: Registrar, claim: DecidedClaim, command: DecideRecognition) -> ClaimShown:
    """By another person than the specialist; 409 `claim_refused` at the ceiling of the path."""
    return service.decide(db, actor, claim, command)
