"""A network of any size from a small one: its cohorts, enterprises and batches copied whole, each with its own people.

Copy ``k`` of a row has the id of the original plus ``k`` times the greatest id of its table, and so have its links: the
facts of a copied enrolment are those of its original, and so is its progress. Nothing is drawn at random, and one
statement copies a table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from sqlalchemy import Table, UniqueConstraint, text
from sqlmodel import AutoString

from app.cohorts.models import cohort_search_key
from app.demo.data import FIRST_NAMES, LAST_NAMES
from app.features import FIGURES, METADATA
from app.people.rules import sorted_name
from app.platform.database.session import Session
from app.platform.kept_figures import CountedFigure
from app.platform.search import search_key

ROOTS = {
    "cohort": "r.state <> 'draft'",
    "enterprise": "true",
    "batch": "true",
    "invitation": "true",
    "person": (
        "exists (select from enrolment e where e.person_id = r.id) or exists (select from role_held h"
        " where h.person_id = r.id and coalesce(h.cohort_id, h.group_id) is not null)"
    ),
}
"""What is copied of a whole network, by table: colleges, their officers and what they set up stay as they are.

Drafts are few at any time, however many cohorts there were.
"""

KEPT = frozenset(
    {"accompanied_count", "accompanied_enterprise", "enterprise_word", "person_word", "project_person", "report_sum"}
)
"""Tables that triggers keep: they are written again afterwards."""

LEFT_OUT = frozenset({"api_token", "idempotent_request", "letter", "oidc_flow", "oidc_identity", "password_reset"})
"""Tables that hold what opens something once, or is on its way."""

RECORD = frozenset({"audit_entry", "audit_values"})
"""The audit record names its rows without foreign keys, and is copied last; the chain of seals is not continued."""

COHORTS_OF_A_TRAINER = 20
"""How many copies of a cohort its own staff serves too: the work of one person, however large the network."""

_DIGEST = "encode(sha256(convert_to(r.{column} || k, 'UTF8')), 'hex')"
_NUMBER = "regexp_replace(r.number, '[0-9]+$', to_char(r.sequence + k * {sequences}, 'FM9999990000'))"
_HOLDER = """(select concat_ws(' ', p.legal_first_name, p.legal_last_name)
  from enrolment e join person p on p.id = e.person_id where e.id = r.enrolment_id + k * {enrolments})"""
CHANGED: Mapping[str, Mapping[str, str]] = {
    "person": {
        "legal_first_name": "n.first_name", "legal_last_name": "n.last_name", "chosen_name": "null",
        "document_name": "null", "search_key": "n.key",
    },
    "account": {"email": "'k' || k || '.' || r.email"},
    "invitation": {"email": "'k' || k || '.' || r.email", "token_hash": _DIGEST.format(column="token_hash")},
    "cohort": {"code": "n.code", "title": "n.title", "search_key": "n.key"},
    "enterprise": {
        "name": "n.name", "search_key": "n.key", "neq": "'11' || lpad((r.id + k * {stride})::text, 8, '0')",
    },
    "certificate": {
        "sequence": "r.sequence + k * {sequences}", "number": _NUMBER, "code": "md5(r.code || k)",
        "pdf_sha256": "null", "credential": "null",
        "record": f"r.record || jsonb_build_object('number', {_NUMBER}, 'code', md5(r.code || k), 'holder', {_HOLDER})",
    },
}  # fmt: skip
"""The columns of a copy that differ from the original's: ``r`` is the row, ``k`` the copy, ``n`` its name."""


def enlarge(db: Session, enrolments: int) -> None:
    """Copy the network of a database until it has this many enrolments; the session is the owner's."""
    present = int(db.execute(text("select count(*) from enrolment")).scalar_one())
    grants = (
        db.execute(text("select id from role_held where cohort_id is not null and group_id is null")).scalars().all()
    )
    copies = max(0, -(-enrolments // present) - 1)
    strides = copy_rows(db, ROOTS, copies)
    statement = """
        insert into role_held (person_id, role, college_id, cohort_id, granted_at, granted_by)
        select r.person_id, r.role, r.college_id, r.cohort_id + k * :stride, r.granted_at, r.granted_by
          from role_held r cross join generate_series(1, :copies) k
         where r.id = any(:grants) and r.role <> 'participant' and r.ended_at is null
    """
    served = min(copies, COHORTS_OF_A_TRAINER)
    db.execute(text(statement), {"grants": grants, "stride": strides["cohort"], "copies": served})


def copy_rows(
    db: Session,
    roots: Mapping[str, str],
    copies: int,
    *,
    changed: Mapping[str, Mapping[str, str]] | None = None,
    alone: bool = False,
) -> dict[str, int]:
    """Copy rows ``r``, by table, with all that refers to them unless ``alone``; return the stride of each table.

    The copy ``k`` of a row has the id of the original plus ``k`` strides. ``changed`` replaces entries of ``CHANGED``.
    Where the owner may skip foreign keys, they are not checked again.
    """
    tables = [t for t in METADATA.sorted_tables if t.name not in LEFT_OUT | RECORD | KEPT]
    tables += [t for t in METADATA.sorted_tables if t.name in RECORD]
    run = _Run(db, roots, copies, {**CHANGED, **(changed or {})}, alone=alone)
    may_skip = bool(db.execute(text("select rolsuper from pg_roles where rolname = current_user")).scalar_one())
    if may_skip:
        db.execute(text("set local session_replication_role = replica"))
    for table in tables:
        run.choose(table)
    run.name_copies()
    for table in tables:
        if table.name in run.strides:
            run.copy(table)
    db.execute(text(
        "update certificate_counter c set last = greatest(last, (select max(sequence) from certificate r"
        " where r.college_id = c.college_id and r.year = c.year))"
    ))  # fmt: skip
    db.execute(text(f"drop table {', '.join(run.temporary)}"))
    if may_skip:
        db.execute(text("set local session_replication_role = origin"))
    for figure in FIGURES:
        if isinstance(figure, CountedFigure):  # progress is copied with its facts
            figure.mend(db)
    return run.strides


@dataclass
class _Run:
    """What is copied in one transaction."""

    db: Session
    roots: Mapping[str, str]
    copies: int
    changed: Mapping[str, Mapping[str, str]]
    alone: bool
    strides: dict[str, int] = field(default_factory=dict)
    temporary: list[str] = field(default_factory=list)

    def choose(self, table: Table) -> None:
        """Write the ids of the rows of a table to copy in ``copied_<table>``."""
        name, key = table.name, key_of(table)
        conditions = [f"({self.roots[name]})"] if name in self.roots else []
        if name == "audit_entry" and not self.alone:
            conditions = [f"r.subject = '{n}' and r.subject_id in (select id from copied_{n})" for n in self.strides]
        elif not self.alone:
            links = _links(table).items()
            conditions += [f"r.{c} in (select id from copied_{to})" for c, to in links if to in self.strides]
        if not conditions:
            return
        chosen = f"copied_{name}"
        self._temporary(f"{chosen} as select r.{key} as id from {name} r where {' or '.join(conditions)}")
        if self._one(f"select count(*) from {chosen}"):
            self.strides[name] = self._one(f"select max({key}) from {name}")

    def name_copies(self) -> None:
        """Write the names of people, and those of each copy of a cohort and of an enterprise."""
        pairs = enumerate(product(LAST_NAMES, FIRST_NAMES))
        people = [(rank, first, last, search_key(sorted_name(first, last))) for rank, (last, first) in pairs]
        self._temporary("copy_person (rank int, first_name text, last_name text, key text)", people)
        cohorts = self._chosen("cohort", "code, title, place")
        names = [(c.id, k, f"{c.code}-{k}", f"{c.title} {k}", c.place) for c in cohorts for k in self._numbers]
        keyed = [(*row[:4], cohort_search_key(row[3], row[2], row[4])) for row in names]
        self._temporary("copy_cohort (id int, copy int, code text, title text, key text)", keyed)
        firms = [(f.id, k, f"{f.name} {k}") for f in self._chosen("enterprise", "name") for k in self._numbers]
        self._temporary(
            "copy_enterprise (id int, copy int, name text, key text)", [(*f, search_key(f[2])) for f in firms]
        )

    def copy(self, table: Table) -> None:
        """Insert the copies of the chosen rows of a table."""
        name, key = table.name, key_of(table)
        values = {"stride": self.strides[name], "enrolments": self.strides.get("enrolment", 0)}
        if name == "certificate":
            values["sequences"] = self._one("select max(sequence) from certificate")
        columns = {column.name: self._value(table, column.name, values) for column in table.columns}
        named = ""
        if any("n." in value for value in columns.values()):
            rank = f"n.rank = (r.id * 7919 + k * 104729) % {len(LAST_NAMES) * len(FIRST_NAMES)}"
            named = f"join copy_{name} n on {rank if name == 'person' else 'n.id = r.id and n.copy = k'}"
        into = ", ".join(f'"{column}"' for column in columns)
        self.db.execute(text(
            f"insert into {name} ({into}) select {', '.join(columns.values())} from generate_series(1, {self.copies}) k"
            f" cross join {name} r {named} where r.{key} in (select id from copied_{name}) order by k, r.{key}"
        ))  # fmt: skip
        if key == "id":
            self._one(f"select setval(pg_get_serial_sequence('{name}', 'id'), (select max(id) from {name}))")

    def _value(self, table: Table, column: str, values: Mapping[str, int]) -> str:
        """Return what a column of a copy holds, in SQL."""
        links = _links(table)
        if column in _unique_texts(table) - CHANGED.get(table.name, {}).keys():
            return f"left({_DIGEST.format(column=column)}, {getattr(table.columns[column].type, 'length', None) or 64})"
        if column in self.changed.get(table.name, ()):
            return self.changed[table.name][column].format(**values)
        if (table.name, column) == ("audit_entry", "subject_id"):
            steps = " ".join(f"when '{name}' then {stride}" for name, stride in self.strides.items())
            return f"r.subject_id + k * case r.subject {steps} end"
        if column in links:
            to = links[column]
            if to not in self.strides:
                return f'r."{column}"'
            is_copied = f"r.{column} in (select id from copied_{to})"
            return f"r.{column} + case when {is_copied} then k * {self.strides[to]} else 0 end"
        return f"r.{column} + k * {self.strides[table.name]}" if column == key_of(table) else f'r."{column}"'

    @property
    def _numbers(self) -> range:
        return range(1, self.copies + 1)

    def _chosen(self, table: str, columns: str) -> Sequence[Any]:
        if table not in self.strides:
            return ()
        return self.db.execute(
            text(f"select id, {columns} from {table} where id in (select id from copied_{table})")
        ).all()

    def _one(self, statement: str) -> int:
        return int(self.db.execute(text(statement)).scalar_one())

    def _temporary(self, definition: str, rows: Sequence[tuple[object, ...]] = ()) -> None:
        """Create a temporary table, and copy rows into it."""
        name = definition.split(" ", 1)[0]
        self.temporary.append(name)
        self.db.execute(text(f"create temp table {definition}"))
        connection: Any = self.db.connection().connection.driver_connection
        with connection.cursor() as cursor, cursor.copy(f"copy {name} from stdin") as into:
            for row in rows:
                into.write_row(row)


def key_of(table: Table) -> str:
    """Return the first column of a table's primary key."""
    return next(iter(table.primary_key.columns)).name


def _unique_texts(table: Table) -> set[str]:
    """Return the columns of texts of which no two rows have the same: digests, mostly."""
    keys = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
    keys += [index.columns for index in table.indexes if index.unique]
    unique = {column.name for columns in keys if len(columns) == 1 for column in columns}
    return {name for name in unique if isinstance(table.columns[name].type, AutoString)}


def _links(table: Table) -> dict[str, str]:
    """Return the table that each column refers to, but for the college that a row is in."""
    found = {}
    for key in table.foreign_keys:
        if key.parent.name != "college_id" and key.column.name == key_of(key.column.table):
            found[key.parent.name] = key.column.table.name
    return found
