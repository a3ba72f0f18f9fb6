"""A cohort of any size for batches: the rows of one eligible person, copied for each of the others."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from app.certificates.batches import service as batches
from app.certificates.batches.schemas import BatchChoice, BatchRef, NewBatch
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from app.progress.service import recompute
from tests.factories import eligible
from tests.factories.network import World, acting

PARTICIPATION = CertificateKind.attestation_participation


def make_eligible(database: Database, world: World, size: int) -> list[int]:
    """Add a signatory, make Maude and clones of her eligible; return ``size`` enrolment ids, hers first."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    first = world.enrolments["maude"]
    with database.as_owner() as db:
        others = _clone_enrolment(db, world, first, size - 1) if size > 1 else []
        db.execute(text("analyze"))  # no autovacuum during tests: plans would be those of empty tables
        recompute(db, [first, *others])
    return [first, *others]


def _clone_enrolment(db: Session, world: World, first: int, size: int) -> list[int]:
    """Return the enrolments of ``size`` new people, each with copies of the facts of the first."""
    names = [f"Figurant {position:04}" for position in range(1, size + 1)]
    columns = "'legal_last_name', v, 'search_key', lower(v)"
    people = copy_rows(db, "person", columns, "r.id = :it", names, it=world.people["maude"])
    others = copy_rows(db, "enrolment", "'person_id', v", "r.id = :it", people, it=first)
    for table in ("activity_completion", "hand_in", "roll_call_entry", "field_hours"):
        copy_rows(db, table, "'enrolment_id', v", "r.enrolment_id = :it", others, it=first)
    declared = (
        "r.field_hours_id in (select h.id from field_hours h where h.enrolment_id = :it and h.activity_code = "
        "(select o.activity_code from field_hours o where o.id = v))"
    )
    ids = text("select id from field_hours where enrolment_id = any(:others)")
    hours = db.execute(ids, {"others": others}).scalars().all()
    copy_rows(db, "countersignature", "'field_hours_id', v", declared, hours, it=first)
    return others


def copy_rows(db: Session, table: str, changed: str, which: str, values: Sequence[Any], *, it: int) -> list[int]:
    """Copy rows, once for each value ``v``; return the new ids, in the order of the values."""
    kind = "text" if values and isinstance(values[0], str) else "int"
    statement = text(
        f"insert into {table} select n.* from unnest(cast(:values as {kind}[])) with ordinality as given(v, place) "  # noqa: S608 - constant names
        f"join {table} r on {which} cross join lateral jsonb_populate_record(r, "
        f"jsonb_build_object('id', nextval('{table}_id_seq'), {changed})) n order by given.place returning id"
    )
    return list(db.execute(statement, {"values": list(values), "it": it}).scalars())


def decide(database: Database, world: World, enrolments: Sequence[int], by: str = "registrar") -> BatchRef:
    """Decide, as the registrar, to issue an attestation of participation to each enrolment."""
    with database.transaction() as db:
        actor = acting(db, world, by, P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        items = tuple(BatchChoice(enrolment_id=id_, kind=PARTICIPATION) for id_ in enrolments)
        return batches.decide(db, actor, college, NewBatch(items=items))
