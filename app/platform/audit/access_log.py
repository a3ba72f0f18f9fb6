"""The log of accesses to people's files: who read which part of whose file, when and from where.

Services call :func:`log_access`; the rows are written before the transaction commits, one per person, and are not
part of the hash chain.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import text

from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.json import canonical
from app.platform.security.permissions import GRANTS, Role

DAILY = frozenset({Part.BOARD, Part.APPLICATION, Part.CANDIDATES, Part.HOURS, Part.NAME, Part.TIMETABLE})
"""What is opened all day long: logged once per reader, person and half-day."""
HALF_DAY = timedelta(hours=12)


def part_of(permission: str) -> Part:
    """Return the part of a file that a permission gives access to: the one named by the permission's noun."""
    noun = permission.partition(":")[0]
    return Part(noun) if noun in set(Part) else Part.ENROLMENT


def log_access(db: Session, people: Iterable[tuple[int, int]], part: Part | None = None) -> None:
    """Log that the actor reads the files of these ``(person, college)`` pairs, but their own; written at commit.

    ``part`` defaults to the one of the route's permission. Outside a request (the command line, the demo network)
    nothing is logged.
    """
    context = db.actor_context
    if context.person_id is not None and context.permission:
        what = part or part_of(context.permission)
        accesses: dict[tuple[int, int, Part], None] = db.info.setdefault("log_access", {})
        accesses.update({(person, college, what): None for person, college in people if person != context.person_id})


def keep_accesses(db: Session, part: Part) -> None:
    """Write the accesses to a part in a transaction of their own: the refusal that shows it undoes this one."""
    accesses: dict[tuple[int, int, Part], None] = db.info.get("log_access", {})
    shown = {access: None for access in accesses if access[2] is part}
    if not shown:
        return
    colleges = {college for _, college, _ in shown}
    with db.database.transaction(colleges=colleges, person=db.actor_context.person_id) as other:
        other.actor_context = db.actor_context
        other.info["log_access"] = shown


def drop_accesses(db: Session) -> None:
    """Log none of the accesses of this transaction: what it read was not shown."""
    db.info.pop("log_access", None)


_INSERT_ACCESSES = text(
    """
    insert into view_log (at, viewer_id, subject_id, college_id, permission, role, what, origin)
    select :at, :viewer, g.person, g.college, :permission,
           (select r.role from role_held r
             where r.person_id = :viewer and r.ended_at is null and r.role = any (cast(:roles as text[]))
               and (r.college_id is null or r.college_id = g.college)
             order by array_position(cast(:roles as text[]), r.role::text) limit 1),
           g.what, :origin
      from jsonb_to_recordset(cast(:people as jsonb)) as g(person int, college int, what text, daily bool)
     where not (g.daily and exists (
             select from view_log v
              where v.viewer_id = :viewer and v.subject_id = g.person and v.what = g.what and v.at > :since))
    """
)


def write_accesses(db: Session) -> None:
    """Write the accesses that the transaction logged: at most one statement."""
    accesses: dict[tuple[int, int, Part], None] = db.info.pop("log_access", {})
    if not accesses:
        return
    context, at = db.actor_context, now()
    people = [{"person": p, "college": c, "what": w, "daily": w in DAILY} for p, c, w in accesses]
    values = {
        "people": canonical(people).decode(),
        "at": at,
        "since": at - HALF_DAY,
        "viewer": context.person_id,
        "permission": context.permission,
        "roles": [role.value for role in Role if context.permission in GRANTS[role]],
        "origin": context.origin,
    }
    db.execute(_INSERT_ACCESSES, values)
