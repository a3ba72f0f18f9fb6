"""Pages of recognition of prior learning: a dossier, a claim with what its reader may do, the lists of who acts."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref, reaches, see_enrolment
from app.curricula.library import curriculum_of, default_library
from app.curricula.mappings.rules import required_levels
from app.learning.hand_ins.rules import ACCEPTED
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render
from app.recognition import reading, rules, service
from app.recognition.api import Claimant, DecidedClaim, Judge, OwnClaim, OwnEnrolment, PieceForm, Reader, Registrar
from app.recognition.enums import ClaimFilter, ClaimState, CredentialType
from app.recognition.reading import see_claim
from app.recognition.schemas import (
    LONGEST_REASON,
    LONGEST_STATEMENT,
    LONGEST_TITLE,
    AskRecognitionReview,
    ClaimRef,
    ClaimsApiQuery,
    ClaimsQuery,
    DecideRecognition,
    GiveRecognitionLevel,
    NameSpecialist,
    NewClaim,
)

router = page_router()

DOSSIER = "/parcours/{enrolment_id}/acquis"
CLAIM = "/acquis/{prior_claim_id}"
LONGEST = {"title": LONGEST_TITLE, "statement": LONGEST_STATEMENT, "reason": LONGEST_REASON}


@router.get(DOSSIER, dependencies=[keyed_page()])
def show_dossier(
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    actor: Reader,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.RECOGNITION_READ)],
) -> Response:
    """Show what someone claims, with the forms of who claims it."""
    curriculum = curriculum_of(enrolment)
    own = enrolment.person_id == actor.person_id and actor.can(P.RECOGNITION_CLAIM)
    return render(
        request,
        "recognition/dossier.html",
        enrolment=enrolment,
        dossier=reading.dossier(db, actor, enrolment),
        framework=default_library().framework_of(curriculum),
        thresholds=required_levels(curriculum),
        own=own,
        may_claim=own and enrolment.state in rules.CLAIMING,
        types=[(kind, rules.YEARS_ACCEPTED[kind]) for kind in CredentialType],
        accept=",".join(f".{kind}" for kind in ACCEPTED),
        megabytes=settings.upload_megabytes,
        longest=LONGEST,
    )


@router.post(DOSSIER + "/pieces", dependencies=[form_on(DOSSIER, creates=True)])
def deposit_piece(
    *,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    _: Claimant,
    enrolment: OwnEnrolment,
    form: Annotated[PieceForm, Form(media_type="multipart/form-data")],
) -> Response:
    """Deposit a piece, then show the dossier."""
    service.deposit(db, enrolment, form.command, file=form.sent_file(files, settings.upload_megabytes))
    return redirect_after_post(DOSSIER.format(enrolment_id=enrolment.id))


@router.post(DOSSIER, dependencies=[form_on(DOSSIER, creates=True)])
def make_claim(db: SessionDep, actor: Claimant, enrolment: OwnEnrolment, form: Annotated[NewClaim, Form()]) -> Response:
    """Claim a level, then show the dossier."""
    service.claim(db, actor, enrolment, form)
    return redirect_after_post(DOSSIER.format(enrolment_id=enrolment.id))


@router.get("/acquis")
def show_claims_to_judge(
    request: Request, db: SessionDep, actor: Judge, query: Annotated[ClaimsApiQuery, Query()]
) -> Response:
    """Show the claims that one is named to judge, latest first."""
    return render(request, "recognition/to_judge.html", claims=reading.claims_to_judge(db, actor, query))


@router.get(CLAIM)
def show_claim(
    request: Request, db: SessionDep, actor: Reader, claim: Annotated[ClaimRef, seen(see_claim, P.RECOGNITION_READ)]
) -> Response:
    """Show a claim, with what its reader may do: take it back, ask a review, name a specialist, judge, decide."""
    enrolment = enrolment_ref(db, claim.enrolment_id)
    curriculum = curriculum_of(enrolment)
    framework = default_library().framework_of(curriculum)
    dossier = reading.dossier(db, actor, enrolment)
    shown = next(c for c in dossier.claims if c.id == claim.id)
    own = claim.person_id == actor.person_id
    decides = not own and actor.can(P.RECOGNITION_DECIDE) and reaches(db, actor, P.RECOGNITION_DECIDE, enrolment)
    names = decides and shown.state in rules.NAMING
    return render(
        request,
        "recognition/claim.html",
        claim=shown,
        enrolment=enrolment,
        dossier=dossier,
        competency=framework.competency(claim.competency_code),
        scale=framework.scale,
        threshold=required_levels(curriculum).get(claim.competency_code),
        exempts=[curriculum.activity(code) for code in shown.exempts],
        waits=shown.state in rules.OPEN,
        own=own,
        withdraws=own and not rules.withdrawal_reasons(shown.state),
        asks=own and not rules.review_reasons(shown.state, max((s.round for s in shown.steps), default=1)),
        specialists=service.specialists(db, claim) if names else (),
        registers=decides,
        names=names,
        judges=service.is_to_judge(db, actor, claim),
        decides=decides and shown.state is ClaimState.JUDGED,
        longest=LONGEST,
    )


@router.post(CLAIM + "/retrait", dependencies=[form_on(CLAIM)])
def withdraw_claim(db: SessionDep, actor: Claimant, claim: OwnClaim) -> Response:
    """Take a claim back, then show it."""
    service.withdraw(db, actor, claim)
    return redirect_after_post(CLAIM.format(prior_claim_id=claim.id))


@router.post(CLAIM + "/revision", dependencies=[form_on(CLAIM)])
def ask_review(
    db: SessionDep, actor: Claimant, claim: OwnClaim, form: Annotated[AskRecognitionReview, Form()]
) -> Response:
    """Ask that a refusal be reviewed, then show the claim."""
    service.ask_review(db, actor, claim, form)
    return redirect_after_post(CLAIM.format(prior_claim_id=claim.id))


@router.post(CLAIM + "/specialiste", dependencies=[form_on(CLAIM)])
def name_specialist(
    db: SessionDep, actor: Registrar, claim: DecidedClaim, form: Annotated[NameSpecialist, Form()]
) -> Response:
    """Name the specialist, then show the claim."""
    service.name_specialist(db, actor, claim, form)
    return redirect_after_post(CLAIM.format(prior_claim_id=claim.id))


@router.post(CLAIM + "/niveau", dependencies=[form_on(CLAIM)])
def give_level(
    db: SessionDep,
    actor: Judge,
    claim: Annotated[ClaimRef, seen(see_claim, P.RECOGNITION_JUDGE)],
    form: Annotated[GiveRecognitionLevel, Form()],
) -> Response:
    """Give the level, then show the claim."""
    service.give_level(db, actor, claim, form)
    return redirect_after_post(CLAIM.format(prior_claim_id=claim.id))


@router.post(CLAIM + "/decision", dependencies=[form_on(CLAIM)])
def decide(
    db: SessionDep, actor: Registrar, claim: DecidedClaim, form: Annotated[DecideRecognition, Form()]
) -> Response:
    """Decide, then show the claim."""
    service.decide(db, actor, claim, form)
    return redirect_after_post(CLAIM.format(prior_claim_id=claim.id))


@router.get("/colleges/{college_id}/acquis")
def list_claims(
    request: Request,
    db: SessionDep,
    _: Registrar,
    college: Annotated[CollegeShown, seen(see_college, P.RECOGNITION_DECIDE)],
    query: Annotated[ClaimsQuery, Query()],
) -> Response:
    """Show the claims of a college, the oldest first."""
    claims = ListView(f"/colleges/{college.id}/acquis", query, reading.list_claims(db, college, query))
    return render(request, "recognition/claims.html", college=college, claims=claims, states=tuple(ClaimFilter))
