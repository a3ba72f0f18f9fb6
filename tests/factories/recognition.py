"""Claims of prior learning in the small network, by the API."""

from typing import Any

from fastapi.testclient import TestClient

from app.cohorts.enrolments.service import see_enrolment
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from app.recognition import service
from app.recognition.enums import CredentialType
from app.recognition.schemas import NewClaim, NewPiece
from tests.factories.learning import PDF
from tests.factories.network import World, acting, as_

API = "/api/v1"
BECAUSE = "Les pièces le montrent."
SHOWN = "Quinze ans de progiciels : cartes de processus, migrations, formation des équipes."


def claimed(database: Database, world: World, who: str) -> None:
    """Claim CN-09 for someone, on a diploma."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.RECOGNITION_CLAIM)
        enrolment = see_enrolment(db, actor, world.enrolments[who])
        diploma = NewPiece(title="DEC", credential_type=CredentialType.DIPLOMA, issuer="Cégep", obtained_on=today())
        piece = service.deposit(db, enrolment, diploma)
        service.claim(
            db, actor, enrolment, NewClaim(competency_code="CN-09", level=2, statement=SHOWN, pieces=(piece.id,))
        )


class Dossier:
    """The dossier of Yves, acted on by anyone; answers are those of the API."""

    def __init__(self, client: TestClient, database: Database, world: World) -> None:
        self.client, self.database, self.world = client, database, world
        self.path = f"{API}/enrolments/{world.enrolments['yves']}/prior-learning"

    def as_(self, who: str) -> TestClient:
        """The client signed in as someone."""
        return as_(self.client, self.database, self.world, who)

    def deposit(self, **fields: str) -> int:
        """Deposit a piece, with a file; return its id."""
        sent = self.as_("yves").post(
            f"{self.path}/pieces", data={"title": "Carte de processus", **fields}, files={"file": ("carte.pdf", PDF)}
        )
        assert sent.status_code == 201, sent.text
        return int(sent.json()["id"])

    def claim(self, *pieces: int, competency: str = "CN-09", level: int = 2, **fields: Any) -> Any:
        """Claim a level; return the answer."""
        body = {"competency_code": competency, "level": level, "statement": SHOWN, "pieces": pieces, **fields}
        return self.as_("yves").post(f"{self.path}/claims", json=body)

    def step(self, who: str, claim: int, step: str, **body: Any) -> Any:
        """Do a step of a claim; return the answer."""
        return self.as_(who).post(f"{API}/prior-learning/claims/{claim}/{step}", json=body or None)

    def named(self, claim: int, specialist: str = "trainer") -> Any:
        """Have the registrar name a specialist; return the answer."""
        return self.step("registrar", claim, "specialist", specialist_id=self.world.people[specialist])

    def judged(self, claim: int, specialist: str = "trainer", level: int | None = 2) -> None:
        """Have a specialist named, who gives a level."""
        assert self.named(claim, specialist).status_code == 201
        sent = self.step(specialist, claim, "level", level=level, reason=BECAUSE)
        assert sent.status_code == 201, sent.text

    def decided(self, claim: int, *, granted: bool, who: str = "registrar") -> Any:
        """Decide; return the answer."""
        return self.step(who, claim, "decision", granted=granted, reason=BECAUSE)

    def granted(self, competency: str = "CN-09", level: int = 2) -> int:
        """Have a level recognised from the deposit to the decision; return the claim."""
        claim = int(self.claim(self.deposit(), competency=competency, level=level).json()["id"])
        self.judged(claim, level=level)
        assert self.decided(claim, granted=True).status_code == 201
        return claim
