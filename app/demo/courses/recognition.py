"""Dossiers of prior learning in the demo network: a claim in each state that somebody waits in (S9)."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.demo.network import DemoPlan, Group, noon
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.files.store import FileStore
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission
from app.recognition import reading, service
from app.recognition.enums import ClaimState, CredentialType
from app.recognition.schemas import (
    AskRecognitionReview,
    ClaimRef,
    DecideRecognition,
    GiveRecognitionLevel,
    NameSpecialist,
    NewClaim,
    NewPiece,
)
from app.recognition.service import SentPiece

COHORTS = ("piekouagami SPE-1", "harricana SPE-1", "vieux-fort SPE-1")
"""Cohorts of which someone claims what they learnt before; the last one has not begun."""

MAP = Path(__file__).parent.parent / "photos" / "carte.heic"
MEGABYTES = 1
LEVEL = 3
SUPERVISOR = "Ghislaine Rochefort"
BEGUN = 20
"""How many days ago the dossier was opened."""


class Story(NamedTuple):
    """A claim: of which competency, on which pieces by their rank, how far it is, what the specialist answered."""

    competency: str
    pieces: tuple[int, ...]
    statement: str
    state: ClaimState
    opinion: str = ""


S = ClaimState
STORIES = (
    Story(
        "CN-07", (0, 1),
        "Quinze ans de progiciels de gestion : une vingtaine de choix et d’implantations menés avec des PME, du cahier"
        " des besoins à la formation des équipes.",
        S.NAMED,
    ),
    Story(
        "CN-09", (0, 2),
        "Ma certification porte sur la protection des données, et je veille aux accès des comptes de mes clients.",
        S.REVIEW_ASKED,
        "La certification atteste de connaissances; aucune pièce ne montre une mesure mise en place en entreprise.",
    ),
    Story(
        "CN-08", (1, 2),
        "J’ai automatisé la facturation de deux ateliers et préparé leurs données; la carte montre les étapes.",
        S.JUDGED,
        "Deux automatisations décrites de bout en bout, avec leurs garde-fous et une reprise manuelle en cas de panne.",
    ),
    Story(
        "CN-10", (1,),
        "À chaque implantation, j’ai formé les équipes et suivi l’adoption pendant les trois premiers mois.",
        S.GRANTED,
        "Le plan de formation et le suivi à trois mois sont décrits pour deux entreprises, avec les résistances.",
    ),
)  # fmt: skip
GRANTED = "Le niveau et ses raisons sont clairs; les pièces ont été vues au registrariat."
REFUSED = "Aucun niveau ne peut s’appuyer sur ces pièces. Vous pouvez demander une révision, ou ajouter un cas."
REVIEW = "La carte de processus montre les sauvegardes et les accès que j’ai mis en place; l’avis n’en parle pas."


def add_dossiers(demo: DemoPlan, files: FileStore) -> None:
    """Have someone of each cohort deposit their pieces once and claim four competencies on them."""
    by_name = {f"{g.plan.place} {g.plan.code}": g for g in demo.groups}
    for group in (by_name[name] for name in COHORTS if name in by_name):
        enrolment = _claimant(demo, group)
        if enrolment is not None:
            _Dossier(demo, group, enrolment).fill(files)


def _claimant(demo: DemoPlan, group: Group) -> EnrolmentRef | None:
    """Return the first person of a cohort who has a seat and has not finished."""
    with demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
        people = enrolments.enrolments_in(db, group.cohort)
        return next((e for e in people if e.state in {EnrolmentState.ADMITTED, EnrolmentState.ACTIVE}), None)


class _Dossier:
    """The dossier of a person of the demo, filled as days go by."""

    def __init__(self, demo: DemoPlan, group: Group, enrolment: EnrolmentRef) -> None:
        self.demo, self.group, self.enrolment = demo, group, enrolment

    def _day(self, after: int) -> date:
        return self.demo.today - timedelta(days=BEGUN - after)

    def fill(self, files: FileStore) -> None:
        """Deposit three pieces, make the claims, and lead each one as far as its story says."""
        pieces = self._deposit(files)
        for story in STORIES:
            with at(noon(self._day(1))), self.demo.database.transaction() as db:
                person = self.demo.actor(db, self.enrolment.person_id, Permission.RECOGNITION_CLAIM)
                command = NewClaim(
                    competency_code=story.competency,
                    level=LEVEL,
                    statement=story.statement,
                    pieces=tuple(pieces[rank] for rank in story.pieces),
                    supervisor=SUPERVISOR,
                )
                claim = service.claim(db, person, enrolments.see_enrolment(db, person, self.enrolment.id), command).id
            self._lead(story, claim)

    def _deposit(self, files: FileStore) -> list[int]:
        year = timedelta(days=365)
        diploma = NewPiece(
            title="DEC en techniques de l’informatique",
            credential_type=CredentialType.DIPLOMA,
            issuer="Cégep de la Rive-Claire",
            obtained_on=self.demo.today - 8 * year,
        )
        process = NewPiece(title="Carte de processus d’une implantation, dessinée en atelier")
        certification = NewPiece(
            title="Certification de compétences numériques",
            credential_type=CredentialType.CERTIFICATION,
            issuer="Office québécois des compétences numériques",
            obtained_on=self.demo.today - 2 * year,
        )
        photo = SentPiece("carte-implantation.heic", MAP.read_bytes(), files, MEGABYTES)
        with at(noon(self._day(0))), self.demo.database.transaction() as db:
            person = self.demo.actor(db, self.enrolment.person_id, Permission.RECOGNITION_CLAIM)
            enrolment = enrolments.see_enrolment(db, person, self.enrolment.id)
            sent = ((diploma, None), (process, photo), (certification, None))
            return [service.deposit(db, enrolment, piece, file=file).id for piece, file in sent]

    def _lead(self, story: Story, claim: int) -> None:
        """Name the specialist, who gives a level or none; the registrar decides; a refusal is to be reviewed."""
        registrar, person = self.group.staff.registrar, self.enrolment.person_id
        able: list[int] = []

        def name(db: Session, actor: Actor, ref: ClaimRef) -> None:
            able.extend(id_ for id_, _ in service.specialists(db, ref) if id_ != registrar)
            service.name_specialist(db, actor, ref, NameSpecialist(specialist_id=able[0]))

        def judge(db: Session, actor: Actor, ref: ClaimRef) -> None:
            level = None if story.state is S.REVIEW_ASKED else LEVEL
            service.give_level(db, actor, ref, GiveRecognitionLevel(level=level, reason=story.opinion))

        def decide(db: Session, actor: Actor, ref: ClaimRef) -> None:
            granted = story.state is S.GRANTED
            reason = GRANTED if granted else REFUSED
            service.decide(db, actor, ref, DecideRecognition(granted=granted, reason=reason))

        def ask(db: Session, actor: Actor, ref: ClaimRef) -> None:
            service.ask_review(db, actor, ref, AskRecognitionReview(reason=REVIEW))

        self._step(claim, registrar, Permission.RECOGNITION_DECIDE, 4, name)
        if story.state is not S.NAMED:
            self._step(claim, able[0], Permission.RECOGNITION_JUDGE, 9, judge)
        if story.state in {S.GRANTED, S.REVIEW_ASKED}:
            self._step(claim, registrar, Permission.RECOGNITION_DECIDE, 12, decide)
        if story.state is S.REVIEW_ASKED:
            self._step(claim, person, Permission.RECOGNITION_CLAIM, 15, ask)

    def _step(
        self, claim: int, who: int, permission: Permission, after: int, do: Callable[[Session, Actor, ClaimRef], None]
    ) -> None:
        with at(noon(self._day(after))), self.demo.database.transaction() as db:
            actor = self.demo.actor(db, who, permission)
            do(db, actor, reading.see_claim(db, actor, claim))
