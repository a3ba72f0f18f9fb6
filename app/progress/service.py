"""The projection: find the enrolments that a transaction affects, load their facts, write their rows.

``refresh`` runs at the commit boundary. It locks the affected enrolments in id order **before** it
reads their facts (READ COMMITTED, ``FOR NO KEY UPDATE``): without the lock, two concurrent transactions
would each compute the progress without the other's fact, and one fact would be lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ARRAY, ColumnElement, Integer, any_, bindparam
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel, col, select

from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import default_library, find_curriculum
from app.platform.clock import now
from app.platform.database.rows import Columns, Together
from app.platform.database.session import Session, written
from app.platform.errors import Conflict, Reason
from app.platform.json import dumps
from app.progress.carrying.rules import carried
from app.progress.facts import Basis, Fact
from app.progress.models import ProgressRow
from app.progress.rules import fold
from app.progress.schemas import Progress

LET_CHANGE = "let_change"
"""Where a transaction keeps the enrolments of archived cohorts that it may change (:func:`let_archived_change`)."""

Ids: TypeAlias = Sequence[int]
Affected: TypeAlias = Callable[[Session, Sequence[Any]], Iterable[int]]


@dataclass(frozen=True)
class FactQuery:
    """Where facts of a kind are: a statement whose first column is the enrolment, and the facts of the other columns.

    ``fact`` returns one, or a tuple of those that a row holds together.

    The statement limits the enrolments by :func:`of_enrolments`: those of all features are sent as one.
    """

    statement: Columns
    fact: Callable[..., Fact | tuple[Fact, ...]]


@dataclass(frozen=True)
class FactSource:
    """The facts of a feature: the enrolments that a written row of each table affects, and where they are."""

    affects: Mapping[type[SQLModel], Affected]
    queries: tuple[FactQuery, ...]


@dataclass(frozen=True)
class Computed:
    """The progress of an enrolment, computed from its facts, and the cohort with its state when they were read."""

    enrolment_id: int
    college_id: int
    cohort_id: int
    cohort_state: CohortState
    progress: Progress


def of_enrolments(enrolment_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a mapped attribute
    """Return the condition of a :class:`FactQuery`: the enrolments bound as ``ids`` when it runs."""
    return col(enrolment_id) == any_(bindparam("ids", type_=ARRAY(Integer)))


_sources: list[FactSource] = []


def register(source: FactSource) -> None:
    """Register a feature's facts; registering them twice changes nothing."""
    if source not in _sources:
        _sources.append(source)


def _own_ids(_: Session, rows: Sequence[Any]) -> list[int]:
    return [row.id for row in rows]


def named_enrolments(_: Session, rows: Sequence[Any]) -> list[int]:
    """Return the enrolments that rows name in ``enrolment_id``."""
    return [row.enrolment_id for row in rows]


def fact_tables() -> frozenset[str]:
    """Return the tables written through the unit of work alone, so that no affected enrolment is missed."""
    return frozenset(str(model.__tablename__) for source in _sources for model in source.affects)


def _enrolments_of_cohorts(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    return db.exec(select(Enrolment.id).where(col(Enrolment.cohort_id).in_([row.id for row in rows]))).all()


ENROLMENTS = FactSource(affects={Enrolment: _own_ids, Cohort: _enrolments_of_cohorts}, queries=())
"""What progress depends on besides facts: the enrolment and its cohort's dates."""


# At the commit boundary -------------------------------------------------------------------------


def affected_enrolments(db: Session) -> list[int]:
    """Return the ids of the enrolments that this transaction's writes affect, in order."""
    by_type: dict[type, list[Any]] = defaultdict(list)
    for row in written(db):
        by_type[type(row)].append(row)
    ids: set[int] = set()
    for source in _sources:
        for model, enrolments_of in source.affects.items():
            if model in by_type:
                ids.update(enrolments_of(db, by_type[model]))
    return sorted(ids)


def refresh(db: Session) -> None:
    """Recompute every enrolment that the transaction affects, once, under its lock.

    Raises ``Conflict("cohort_archived")`` for a row that affects enrolments of archived cohorts alone, unless the
    transaction writes the cohort too, or :func:`let_archived_change` was called for them: what people of several
    cohorts share is still written for the others.
    """
    ids = affected_enrolments(db)
    if ids:
        _lock(db, ids)
        computed = _compute(db, ids)
        _refuse_archived(db, computed)
        _write(db, computed)


def let_archived_change(db: Session, enrolment_id: int) -> None:
    """Let this transaction write what counts for an enrolment of an archived cohort, as a review that decides does."""
    db.info.setdefault(LET_CHANGE, set()).add(enrolment_id)


def _refuse_archived(db: Session, computed: Sequence[Computed]) -> None:
    written_cohorts = {row.id for row in written(db) if isinstance(row, Cohort)}
    archived = {
        c.enrolment_id
        for c in computed
        if c.cohort_state is CohortState.ARCHIVED and c.cohort_id not in written_cohorts
    } - db.info.get(LET_CHANGE, set())
    if archived and any(ids <= archived for ids in _affected_by_each(db)):
        raise Conflict("cohort_archived", Reason("cohort_archived"))


def _affected_by_each(db: Session) -> Iterable[set[int]]:
    """Yield the enrolments that each written row affects, of those that affect any."""
    for row in list(written(db)):
        found = [source.affects[type(row)](db, [row]) for source in _sources if type(row) in source.affects]
        if ids := {enrolment_id for ids in found for enrolment_id in ids}:
            yield ids


def recompute(db: Session, ids: Ids) -> None:
    """Lock the enrolments, compute their progress and write it with version + 1, in the caller's transaction."""
    _lock(db, ids)
    _write(db, _compute(db, ids))


def _lock(db: Session, ids: Ids) -> None:
    """Lock the enrolments in id order; what is read beside them here may be of before a wait for a lock."""
    lock = select(Enrolment.id).where(col(Enrolment.id).in_(ids)).order_by(col(Enrolment.id))
    if len(db.exec(lock.with_for_update(key_share=True)).all()) != len(ids):
        raise RuntimeError("an enrolment to recompute is not visible to this transaction")


def _write(db: Session, computed: Sequence[Computed]) -> None:
    values = [_row(c.enrolment_id, c.college_id, c.progress) for c in computed]
    statement = insert(ProgressRow)
    new = {c.name: c for c in statement.excluded if c.name not in {"id", "version", "enrolment_id", "college_id"}}
    table = ProgressRow.__table__  # type: ignore[attr-defined]
    statement = statement.on_conflict_do_update(
        index_elements=["enrolment_id"], set_={**new, "version": table.c.version + 1}
    )
    db.connection().execute(statement, values)


_BASIS = (
    sa.select(
        col(Enrolment.id),
        col(Enrolment.college_id),
        col(Enrolment.cohort_id),
        col(Cohort.state),
        col(Enrolment.curriculum_slug),
        col(Enrolment.curriculum_version),
        col(Enrolment.joined_on),
        col(Cohort.starts_on),
    )
    .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    .where(of_enrolments(Enrolment.id))
    .order_by(col(Enrolment.id))
)


@cache
def _together(queries: tuple[FactQuery, ...]) -> Together:
    return Together(_BASIS, *(query.statement for query in queries))


def compute_progress(db: Session, ids: Ids) -> list[tuple[int, int, Progress]]:
    """Return ``(enrolment id, college id, progress)``, computed from the current facts, which one statement reads."""
    return [(c.enrolment_id, c.college_id, c.progress) for c in _compute(db, ids)]


def compare_versions(db: Session, ids: Ids, version: str) -> dict[int, tuple[Progress, Progress]]:
    """Return the progress of each enrolment under its version and under another, from facts that are read once."""
    basis, facts = _read(db, ids, _sources)
    return {
        row[0]: (_folded(row, facts[row[0]]).progress, _folded(row, facts[row[0]], version).progress) for row in basis
    }


def _compute(db: Session, ids: Ids) -> list[Computed]:
    basis, facts = _read(db, ids, _sources)
    return [_folded(row, facts[row[0]]) for row in basis]


def _folded(row: Sequence[Any], facts: list[Fact], other: str | None = None) -> Computed:
    """Return what facts amount to for a row of ``_BASIS``, those of other versions through their mappings."""
    id_, college_id, cohort_id, state, slug, version, joined_on, starts_on = row
    curriculum = find_curriculum(slug, other or version)
    known = [*facts, *carried(curriculum, facts, default_library().steps_to(curriculum))]
    return Computed(id_, college_id, cohort_id, state, fold(curriculum, Basis(starts_on, joined_on), known))


def _read(db: Session, ids: Ids, sources: Iterable[FactSource]) -> tuple[Sequence[Any], dict[int, list[Fact]]]:
    """Return the rows of ``_BASIS`` and the facts of each enrolment, which one statement reads."""
    queries = tuple(query for source in sources for query in source.queries)
    basis, *found = _together(queries).fetch(db, ids=list(ids))
    facts: dict[int, list[Fact]] = defaultdict(list)
    for query, rows in zip(queries, found, strict=True):
        for enrolment_id, *values in rows:
            fact = query.fact(*values)
            facts[enrolment_id].extend(fact if isinstance(fact, tuple) else (fact,))
    return basis, facts


def progress_without(db: Session, enrolment_id: int, source: FactSource) -> tuple[Progress, list[Fact]]:
    """Return what the current facts of an enrolment but those of one source amount to, and these facts."""
    [row], facts = _read(db, [enrolment_id], [registered for registered in _sources if registered is not source])
    return _folded(row, facts[enrolment_id]).progress, facts[enrolment_id]


def _row(enrolment_id: int, college_id: int, progress: Progress) -> dict[str, object]:
    return {
        "enrolment_id": enrolment_id,
        "college_id": college_id,
        "version": 1,
        "recognised_minutes": progress.recognised_minutes,
        "planned_minutes": progress.planned_minutes,
        "attended_minutes": progress.attended_minutes,
        "attendance_base_minutes": progress.attendance_base_minutes,
        "carried_minutes": progress.carried_minutes,
        "carried_attended_minutes": progress.carried_attended_minutes,
        "carried_base_minutes": progress.carried_base_minutes,
        "modules_done": progress.modules_done,
        "modules_total": len(progress.modules),
        "next_due_on": progress.next_due_on,
        "last_fact_on": progress.last_fact_on,
        "eligible": [e.kind.value for e in progress.eligibility if e.eligible],
        "body": progress.model_dump(mode="json"),
        "folded_at": now(),
    }


def is_eligible(db: Session, enrolment_id: int) -> bool:
    """Return whether the facts allow some kind of certificate, by the projection."""
    eligible = select(ProgressRow.eligible).where(ProgressRow.enrolment_id == enrolment_id)
    return bool(db.exec(eligible).first())


def count_recorded(db: Session, cohort_id: int) -> int:
    """Return how many people of a cohort have something recorded: a presence, a work, hours."""
    recorded = (
        sa.select(sa.func.count())
        .select_from(ProgressRow)
        .join(Enrolment, col(Enrolment.id) == ProgressRow.enrolment_id)
        .where(col(Enrolment.cohort_id) == cohort_id, col(ProgressRow.last_fact_on).is_not(None))
    )
    return int(db.execute(recorded).scalar_one())


def mismatches(db: Session, *, batch: int = 200) -> list[int]:
    """Return the enrolments whose stored row differs from what their facts give (``escouade doctor --progress``)."""
    ids = list(db.exec(select(Enrolment.id).order_by(col(Enrolment.id))).all())
    wrong: list[int] = []
    for start in range(0, len(ids), batch):
        batch_ids = ids[start : start + batch]
        stored = dict(
            db.exec(
                select(ProgressRow.enrolment_id, ProgressRow.body).where(col(ProgressRow.enrolment_id).in_(batch_ids))
            ).all()
        )
        fresh = {id_: progress.model_dump(mode="json") for id_, _, progress in compute_progress(db, batch_ids)}
        wrong.extend(id_ for id_ in batch_ids if dumps(stored.get(id_)) != dumps(fresh[id_]))
    return wrong
