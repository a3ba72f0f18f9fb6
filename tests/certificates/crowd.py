"""A cohort of any size whose people have all done the same: one person's file copied, row by row."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from app.access import P
from app.certificates import service_batches
from app.certificates.schemas_batches import BatchChoice, BatchRef, NewBatch
from app.curricula.schema import CertificateKind
from app.db import Database, Session
from app.network import service as network
from app.progress.service import refold
from tests.certificates import story
from tests.world import World, acting

PARTICIPATION = CertificateKind.attestation_participation


def gather(database: Database, world: World, size: int) -> list[int]:
    """Someone signs, Maude has her hours, and so have as many others; their enrolments, hers first."""
    story.sign(database, world)
    story.attend(database, world, "maude")
    first = world.enrolments["maude"]
    with database.as_owner() as session:
        others = _copies(session, world, first, size - 1) if size > 1 else []
        session.execute(text("analyze"))  # the server under test never does by itself, and would plan for empty tables
        refold(session, [first, *others])
    return [first, *others]


def _copies(session: Session, world: World, first: int, size: int) -> list[int]:
    """Enrolments of as many other people, each with the facts of the first."""
    names = [f"Figurant {place:04}" for place in range(1, size + 1)]
    given = "'legal_last_name', v, 'search_key', lower(v)"
    people = _copy(session, "person", given, "r.id = :it", names, it=world.people["maude"])
    others = _copy(session, "enrolment", "'person_id', v", "r.id = :it", people, it=first)
    for table in ("activity_completion", "hand_in", "roll_call_entry", "field_hours"):
        _copy(session, table, "'enrolment_id', v", "r.enrolment_id = :it", others, it=first)
    declared = (
        "r.field_hours_id in (select h.id from field_hours h where h.enrolment_id = :it and h.activity_code = "
        "(select o.activity_code from field_hours o where o.id = v))"
    )
    ids = text("select id from field_hours where enrolment_id = any(:others)")
    hours = session.execute(ids, {"others": others}).scalars().all()
    _copy(session, "countersignature", "'field_hours_id', v", declared, hours, it=first)
    return others


def _copy(session: Session, table: str, changed: str, which: str, values: Sequence[Any], *, it: int) -> list[int]:
    """Copies of rows, one for each value ``v``; their ids, in the order of the values."""
    kind = "text" if values and isinstance(values[0], str) else "int"
    statement = text(
        f"insert into {table} select n.* from unnest(cast(:values as {kind}[])) with ordinality as given(v, place) "  # noqa: S608 - our own names
        f"join {table} r on {which} cross join lateral jsonb_populate_record(r, "
        f"jsonb_build_object('id', nextval('{table}_id_seq'), {changed})) n order by given.place returning id"
    )
    return list(session.execute(statement, {"values": list(values), "it": it}).scalars())


def decide(database: Database, world: World, enrolments: Sequence[int], by: str = "registrar") -> BatchRef:
    """The registrar decides to issue a participation to each."""
    with database.transaction() as session:
        actor = acting(session, world, by, P.CERTIFICATE_ISSUE)
        college = network.see_college(session, actor, world.alma)
        items = tuple(BatchChoice(enrolment_id=id_, kind=PARTICIPATION) for id_ in enrolments)
        return service_batches.decide(session, actor, college, NewBatch(items=items))
