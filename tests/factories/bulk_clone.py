"""A cohort of any size for batches: the rows of one eligible person, copied for each of the others."""

from collections.abc import Sequence

from sqlalchemy import text

from app.certificates.batches import service as batches
from app.certificates.batches.schemas import BatchChoice, BatchRef, NewBatch
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from bench.network import copy_rows
from tests.factories import eligible
from tests.factories.network import World, acting

PARTICIPATION = CertificateKind.attestation_participation
WALK_ONS = {
    "person": {
        "legal_last_name": "'Figurant ' || to_char(k, 'FM99990000')",
        "search_key": "'figurant ' || to_char(k, 'FM99990000')",
    }
}
"""How the copies of a person are named."""


def make_eligible(database: Database, world: World, size: int) -> list[int]:
    """Add a signatory, make Maude and copies of her eligible; return ``size`` enrolment ids, hers first."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    first = world.enrolments["maude"]
    with database.as_owner() as db:
        stride = copy_rows(db, {"person": f"r.id = {world.people['maude']}"}, size - 1, changed=WALK_ONS)["enrolment"]
        db.execute(text("analyze"))  # no autovacuum during tests: plans would be those of empty tables
    return [first + copy * stride for copy in range(size)]


def decide(database: Database, world: World, enrolments: Sequence[int], by: str = "registrar") -> BatchRef:
    """Decide, as the registrar, to issue an attestation of participation to each enrolment."""
    with database.transaction() as db:
        actor = acting(db, world, by, P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        items = tuple(BatchChoice(enrolment_id=id_, kind=PARTICIPATION) for id_ in enrolments)
        return batches.decide(db, actor, college, NewBatch(items=items))
