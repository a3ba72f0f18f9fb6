"""A cohort of any size whose people have all done the same: one person's file copied, row by row."""

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
from tests.factories import eligible as story
from tests.factories.network import World, acting

PARTICIPATION = CertificateKind.attestation_participation


def gather(database: Database, world: World, size: int) -> list[int]:
    """Someone signs, Maude has her hours, and so have as many others; their enrolments, hers first."""
    story.sign(database, world)
    story.attend(database, world, "maude")
    first = world.enrolments["maude"]
    with database.as_owner() as db:
        others = _copies(db, world, first, size - 1) if size > 1 else []
        db.execute(text("analyze"))  # the server under test never does by itself, and would plan for empty tables
        recompute(db, [first, *others])
    return [first, *others]


def _copies(db: Session, world: World, first: int, size: int) -> list[int]:
    """Enrolments of as many other people, each with the facts of the first."""
    names = [f"Figurant {place:04}" for place in range(1, size + 1)]
    given = "'legal_last_name', v, 'search_key', lower(v)"
    people = _copy(db, "person", given, "r.id = :it", names, it=world.people["maude"])
    others = _copy(db, "enrolment", "'person_id', v", "r.id = :it", people, it=first)
    for table in ("activity_completion", "hand_in", "roll_call_entry", "field_hours"):
        _copy(db, table, "'enrolment_id', v", "r.enrolment_id = :it", others, it=first)
    declared = (
        "r.field_hours_id in (select h.id from field_hours h where h.enrolment_id = :it and h.activity_code = "
        "(select o.activity_code from field_hours o where o.id = v))"
    )
    ids = text("select id from field_hours where enrolment_id = any(:others)")
    hours = db.execute(ids, {"others": others}).scalars().all()
    _copy(db, "countersignature", "'field_hours_id', v", declared, hours, it=first)
    return others


def _copy(db: Session, table: str, changed: str, which: str, values: Sequence[Any], *, it: int) -> list[int]:
    """Copies of rows, one for each value ``v``; their ids, in the order of the values."""
    kind = "text" if values and isinstance(values[0], str) else "int"
    statement = text(
        f"insert into {table} select n.* from unnest(cast(:values as {kind}[])) with ordinality as given(v, place) "  # noqa: S608 - our own names
        f"join {table} r on {which} cross join lateral jsonb_populate_record(r, "
        f"jsonb_build_object('id', nextval('{table}_id_seq'), {changed})) n order by given.place returning id"
    )
    return list(db.execute(statement, {"values": list(values), "it": it}).scalars())


def decide(database: Database, world: World, enrolments: Sequence[int], by: str = "registrar") -> BatchRef:
    """The registrar decides to issue a participation to each."""
    with database.transaction() as db:
        actor = acting(db, world, by, P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        items = tuple(BatchChoice(enrolment_id=id_, kind=PARTICIPATION) for id_ in enrolments)
        return batches.decide(db, actor, college, NewBatch(items=items))
