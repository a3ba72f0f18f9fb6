"""Importing a sheet of people: what is known of its addresses and names, then inviting, all rows or none."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import TextClause, text

from app.identity.imports.people import (
    Answers,
    CheckedPerson,
    KnownPeople,
    KnownPerson,
    Purpose,
    check_people,
    names_in,
)
from app.identity.imports.rules import Known, KnownCollege, KnownName, Report, addresses
from app.identity.imports.sheet import Sheet
from app.identity.invitations.rules import Place
from app.identity.invitations.schemas import Invitee
from app.identity.invitations.service import invite_to
from app.people.models import SHOWN_NAME_SQL
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.word_index import LONGEST
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role

_NAMES = text(
    """
    select i.email, coalesce(i.legal_first_name, '') as first, coalesce(i.legal_last_name, '') as last,
           coalesce(i.chosen_name, '') as chosen, false as has_account
      from invitation i
     where i.email = any (:emails) and i.used_at is null and i.withdrawn_at is null and i.expires_at > :at
    union all
    select a.email, coalesce(p.legal_first_name, ''), p.legal_last_name, coalesce(p.chosen_name, ''), true
      from account a join person p on p.id = a.person_id where a.email = any (:emails)
     order by has_account
    """
)
_HELD = text(
    """
    select a.email, r.role, r.college_id, r.cohort_id, r.project_id
      from role_held r join account a on a.person_id = r.person_id
     where a.email = any (:emails) and r.ended_at is null and r.group_id is null
    """
)
_WAITING = text(
    """
    select i.email, i.role, i.college_id, i.cohort_id, i.project_id from invitation i
     where i.email = any (:emails) and i.used_at is null and i.withdrawn_at is null and i.expires_at > :at
    """
)
_COHORTS = text("select college_id, code, id from cohort order by code")


def known_of(db: Session, emails: Iterable[str]) -> Known:
    """Return what is known of some addresses, and of every college; for the operator.

    Two imports at once are serialised here, so that nobody is invited twice.
    """
    db.execute(text("lock table invitation in share row exclusive mode"))
    values = {"emails": sorted(emails), "at": now()}
    cohorts: dict[int, dict[str, int]] = defaultdict(dict)
    for row in db.execute(_COHORTS):
        cohorts[row.college_id][row.code] = row.id
    colleges = db.execute(text("select id, slug, name, closed_at is not null as is_closed from college order by slug"))
    names = db.execute(_NAMES, values)
    return Known(
        colleges=tuple(KnownCollege(c.id, c.slug, c.name, cohorts[c.id], c.is_closed) for c in colleges),
        projects=tuple(db.execute(text("select id from project order by id")).scalars()),
        names={n.email: KnownName(n.first, n.last, n.chosen, n.has_account) for n in names},
        held=_places_of(db, _HELD, values),
        waiting=_places_of(db, _WAITING, values),
    )


def _places_of(db: Session, statement: TextClause, values: dict[str, object]) -> frozenset[tuple[str, Place]]:
    rows = db.execute(statement, values)
    return frozenset(
        (r.email, Place(Role(r.role) if r.role is not None else None, r.college_id, r.cohort_id, r.project_id))
        for r in rows
    )


def invite_rows(db: Session, report: Report, *, letter_from: str | None) -> tuple[str, ...]:
    """Invite the people of a report without problems, each with one link to all their places; return the addresses.

    ``letter_from``: see :func:`invite_to`.
    """
    places: dict[str, list[Place]] = defaultdict(list)
    invitees: dict[str, Invitee] = {}
    for row in report.rows:
        if row.places:
            invitees.setdefault(row.invitee.email, row.invitee)
            places[row.invitee.email] += row.places
    for email, invitee in invitees.items():
        invite_to(db, invitee, places[email], letter_from=letter_from)
    return tuple(invitees)


# By someone of a college --------------------------------------------------------------------------

HOLDS_A_ROLE = (
    "exists (select from role_held r where r.person_id = p.id and r.college_id = :college and r.ended_at is null)"
)
"""The condition that a person holds a role in a college."""


def listed_people(belongs: str = HOLDS_A_ROLE) -> TextClause:
    """Return the statement of those of a college who have an address of a list, or all the words of a name in it.

    The rules compare the names. ``belongs`` is the condition that the college knows the person ``p``; the
    importer, who may have a role in no college, is always known: nobody brings themselves in.
    """
    return text(
        f"""
        select p.id, {SHOWN_NAME_SQL} as name, (select a.email from account a where a.person_id = p.id) as email
          from person p
         where p.id in (select of_address.person_id from account of_address where of_address.email = any (:emails)
                        union
                        select w.person_id
                          from unnest(cast(:names as int[]), cast(:words as text[]), cast(:sizes as int[]))
                               as listed(name, word, size)
                          join person_word w on w.college_id = :college and w.part = listed.word
                         group by listed.name, listed.size, w.person_id
                        having count(distinct w.part) = listed.size)
           and ({belongs} or p.id = :importer)
         order by p.search_key, p.id
        """  # noqa: S608 - constants of ours
    )


def known_people(db: Session, actor: Actor, college_id: int, sheet: Sheet, statement: TextClause) -> KnownPeople:
    """Return the people of a college whom a list may be about; the actor's reach ends there."""
    parts = [sorted({word[:LONGEST] for word in name}) for name in sorted(names_in(sheet))]
    words = [(place, word, len(name)) for place, name in enumerate(parts) for word in name]
    values = {
        "college": college_id,
        "importer": actor.person_id,
        "emails": sorted(addresses(sheet)),
        "names": [place for place, _, _ in words],
        "words": [word for _, word, _ in words],
        "sizes": [size for _, _, size in words],
    }
    people = tuple(KnownPerson(**row._mapping) for row in db.execute(statement, values))
    return KnownPeople(people, college_id, actor.person_id)


def checked_people(
    db: Session, sheet: Sheet, known: KnownPeople, answers: Answers, purpose: Purpose
) -> tuple[CheckedPerson, ...]:
    """Return what each row does, and log whom of the college it showed the actor."""
    rows = check_people(sheet, known, answers, purpose)
    shown = {person.id for row in rows for person in (row.person, *row.candidates) if person is not None}
    log_access(db, [(person_id, known.college_id) for person_id in shown], Part.NAME)
    return rows


def addresses_of(sheet: Sheet, known: KnownPeople) -> list[str]:
    """Return the addresses to which a list may lead: those that it names, and those of the people it may be about."""
    return sorted(addresses(sheet) | known.by_address.keys())
