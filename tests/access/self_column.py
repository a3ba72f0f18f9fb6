"""The column ``self`` of the matrix: what someone who holds every role gets when the record is about themselves.

The person whom a call is about (``SUBJECTS``, a part of the place) is given all roles of the college, of the cohort
and of the group, and the platform's, then makes the call. What the roles allow to others and refuses them is refused by
the separation of duties alone (``app/platform/security/duties.py``).
"""

from collections.abc import Iterator

from tests.access.access_db import UNSAFE, AccessDatabase
from tests.access.matrix import SELF
from tests.access.payloads import SUBJECTS

GIVEN = """
    insert into role_held (person_id, role, college_id, cohort_id, group_id, granted_at)
    select {person}, role, college, cohort, grp, now()
      from (values ('coordinator', {college}, null::int, null::int), ('registrar', {college}, null, null),
                   ('trainer', {college}, {cohort}, null), ('facilitator', {college}, {cohort}, {group}),
                   ('participant', {college}, {cohort}, null), ('admin', null, null, null))
           as given (role, college, cohort, grp)
    on conflict do nothing
"""

FORBIDDEN = 403
CODES = frozenset({"own_case", "grants_oneself"})
"""The codes of the refusals that come of the separation of duties."""

WRITES = tuple(row for row in SELF if row.split(" ", maxsplit=1)[0] in UNSAFE)


def self_faults(access_db: AccessDatabase, row: str) -> Iterator[str]:
    """Yield a line when the call about oneself gets another status than the column says, or is refused and writes."""
    access_db.reset()
    place, part = access_db.places["alma"], subject_of(row)
    give_every_role(access_db, part)
    answer = access_db.call(f"self {part}", row, place)
    if str(answer.status_code) != SELF[row]:
        yield f"{row} on oneself: {answer.status_code} instead of {SELF[row] or 'nothing'}: {answer.text[:200]!r}"
    elif answer.status_code == FORBIDDEN and "/api/" in row and answer.json()["code"] not in CODES:
        yield f"{row} on oneself: refused as {answer.json()['code']}"
    access_db.recreate()


def subject_of(row: str) -> str:
    """Return the part of the person whom a row's call is about."""
    return next((part for part, rows in SUBJECTS.items() if row in rows), "owner")


def give_every_role(access_db: AccessDatabase, part: str) -> None:
    """Give the person of a part every role, in the place ``alma`` and on the platform."""
    place = access_db.places["alma"]
    ids = {name: place.ids[name] for name in ("college", "cohort", "group")}
    access_db.copy.connection.execute(GIVEN.format(person=access_db.person(part), **ids).encode())
