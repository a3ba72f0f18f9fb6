"""Who did what to whom, when, from where: append-only, derived from what each transaction wrote.

:func:`record` runs last at the commit boundary: every row that objects wrote becomes an entry, in the same
transaction, so that a change that cannot be recorded fails. A statement that escapes the unit of work says so
with :func:`note`. An entry holds identifiers and a digest; the values stand aside, with a salt so that a digest
whose values were emptied confirms no guess. The chain is sealed apart (``sealing.py``).

Views of a person's file (:func:`viewed`) are written at the same boundary, one row per person, unchained.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import text

from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.json import canonical
from app.platform.security.permissions import GRANTS, Role

DAILY = frozenset({Part.BOARD, Part.APPLICATION, Part.CANDIDATES, Part.HOURS})
"""Lists that their readers open all day long: one row per reader, person and half-day."""
HALF_DAY = timedelta(hours=12)


# Views of a person's file ------------------------------------------------------------------------


def part_of(permission: str) -> Part:
    """The part of a file that a permission opens: its noun."""
    noun = permission.partition(":")[0]
    return Part(noun) if noun in set(Part) else Part.ENROLMENT


def log_access(db: Session, people: Iterable[tuple[int, int]], part: Part | None = None) -> None:
    """Someone sees what concerns these ``(person, college)``: a row for each but themself, written at the boundary.

    The part of the file is the one that the route's permission opens, unless told. Behind no route (the command
    line, a story being told) nobody is shown anything.
    """
    context = db.actor_context
    if context.person_id is not None and context.permission:
        what = part or part_of(context.permission)
        seen: dict[tuple[int, int, Part], None] = db.info.setdefault("log_access", {})
        seen.update({(person, college, what): None for person, college in people if person != context.person_id})


_VIEWS = text(
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


def write_views(db: Session) -> None:
    seen: dict[tuple[int, int, Part], None] = db.info.pop("log_access", {})
    if not seen:
        return
    context, at = db.actor_context, now()
    people = [{"person": p, "college": c, "what": w, "daily": w in DAILY} for p, c, w in seen]
    values = {
        "people": canonical(people).decode(),
        "at": at,
        "since": at - HALF_DAY,
        "viewer": context.person_id,
        "permission": context.permission,
        "roles": [role.value for role in Role if context.permission in GRANTS[role]],
        "origin": context.origin,
    }
    db.execute(_VIEWS, values)
