"""Probes with ids of other people's records, for the tests and for the soak: each yields a list of faults."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from httpx2 import Response

from app.platform.web.forms import KEY
from app.platform.web.forms.keys import PATTERN
from app.platform.web.problems import problem
from tests.access.access_db import MISSING, NO_CODE, UNSAFE, VIEWS, AccessDatabase, shows_page_again, text_of
from tests.access.canaries import leaked
from tests.access.filling import filled, kinds, request_of
from tests.access.id_swap import QUERIES, marks, swapped
from tests.access.matrix import MATRIX, is_allowed
from tests.access.payloads import CALLS, SOON, V1, Call

ONLY_THE_DATABASE = str(problem(HTTPStatus.CONFLICT, "conflict")["title"])
"""The title of the problem when only a database constraint refuses a request: a fault."""

CALLERS = (
    "coordinator",
    "registrar",
    "trainer",
    "participant",
    "facilitator",
    "trainer_elsewhere",
    "observer",
    "admin",
)
"""Candidates to call a row, in order: each has roles in one college only, the administrator in all."""

PARTIAL_REACH = ("trainer", "participant", "facilitator")
"""Actors who reach only a part of a college."""

IN_TWO_COLLEGES = "manager_elsewhere"
"""The actor with roles in two colleges: row-level security lets them see both, so that only the checks refuse."""

OPEN_COHORT_ROUTES = frozenset(
    {
        (f"POST {V1}/cohorts/{{cohort_id}}/applications", "path cohort_id"),
        ("GET /cohortes-ouvertes/{cohort_id}", "path cohort_id"),
        (f"GET {V1}/cohorts/{{cohort_id}}/admission-conditions", "path cohort_id"),
        ("POST /cohortes-ouvertes/{cohort_id}", "path cohort_id"),
    }
)
"""Routes open to all colleges while the cohort takes applications; the college's second cohort takes none."""

DIRECTORY_ROUTES = frozenset(
    {
        (f"GET {V1}/profiles/{{person_id}}", "path person_id"),
        ("GET /conseillers/{person_id}", "path person_id"),
        ("GET /conseillers/{person_id}/photo", "path person_id"),
        (f"GET {V1}/resources/{{resource_id}}", "path resource_id"),
        (f"GET {V1}/resources/{{resource_id}}/corrections", "path resource_id"),
        (f"POST {V1}/resources/{{resource_id}}/corrections", "path resource_id"),
        ("GET /repertoire/{resource_id}", "path resource_id"),
        ("POST /repertoire/{resource_id}/corrections", "path resource_id"),
    }
)
"""Routes to an entry of the directory, which the whole network reads and corrects."""

EXCEPTIONS = (
    OPEN_COHORT_ROUTES
    | DIRECTORY_ROUTES
    | frozenset(
        {
            (f"GET {V1}/verify/{{code}}", "path code"),
            ("GET /v/{code}", "path code"),
            ("POST /v/{code}/fichier", "path code"),
            ("GET /colleges/{slug}/did.json", "path slug"),
            ("GET /colleges/{slug}/statuts/{number}", "path slug"),
            ("GET /invitation/{token}", "path token"),
            ("POST /invitation/{token}", "path token"),
            ("POST /invitation/{token}/acceptation", "path token"),
            ("GET /mot-de-passe-oublie/{token}", "path token"),
            ("GET /calendriers/{feed_secret}.ics", "path feed_secret"),
            ("POST /mot-de-passe-oublie/{token}", "path token"),
            ("POST /connexion/oidc/{provider_id}", "path provider_id"),
            ("POST /securite/oidc/{provider_id}", "path provider_id"),
            ("POST /parcours/{enrolment_id}/jugements/{competency}#correction", "form work"),
        }
    )
)
"""Parameters that are valid whatever the college: open cohorts, certificates and their proofs (see
``test_tenant_exceptions.py``), secrets of mailed links and of calendars, ways to sign in; and the trainer's next page,
which shows nothing of another college."""

KNOWN_BY_NUMBER = frozenset(
    {(f"POST {V1}/enrolments/{{enrolment_id}}/mandates#neq", "json neq"), ("POST /mandats#neq", "form neq")}
)
"""Someone who knows the whole number of an enterprise of the college may name it, whatever its mandates."""

NAMED_BY_ASSESSORS = frozenset(
    {
        (f"POST {V1}/colleges/{{college_id}}/own-interests#person", "json about_id"),
        ("POST /colleges/{college_id}/mes-interets#person", "form about_id"),
    }
)
"""An assessor of a panel declares an interest in the person whom they judge there, of whichever cohort."""

OWN_COHORTS = frozenset(
    {(f"POST {V1}/me/calendar-feeds#cohort", "json cohort_id"), ("POST /securite/calendriers#cohort", "form cohort_id")}
)
"""Someone with roles in two colleges may follow the calendar of a cohort in each."""

PLATFORM_WIDE = frozenset({"admin"})
"""Actors who reach every college: the matrix checks what they may do there."""

SHARED_KINDS = frozenset({"college", "project", "provider", "code"})
"""Kinds of record that the whole college shares, and codes that anyone may verify."""

KEY_OF_A_FORM = re.compile(f"{KEY}={PATTERN.pattern}")
"""A form's one-time key, another one in each answer."""

CURSORS = frozenset({"after", "apres"})
"""Query parameters that are cursors in the actor's own list."""


def caller_for(row: str) -> str | None:
    """Return an actor whom a row accepts on a record of their own college, and not on one of another."""
    for actor in CALLERS:
        if is_allowed_in(actor, row) and actor not in PLATFORM_WIDE:
            return actor
    return None


def is_allowed_in(actor: str, row: str, cell: int = 0) -> bool:
    """Return whether a row accepts an actor on a record of Alma, or of Rouyn (``cell=1``)."""
    statuses = MATRIX[row][actor].split("/")
    return is_allowed(statuses[min(cell, len(statuses) - 1)])


def swappable() -> list[str]:
    """Return the rows that have an id and accept an actor of one college."""
    return [
        row
        for row in MATRIX
        if caller_for(row) and (any(not k.startswith("=") for k in kinds(row).values()) or any(_bodies(row)))
    ]


def _bodies(row: str) -> list[tuple[str | int, ...]]:
    call = CALLS.get(row, Call())
    return [*marks(call.json), *marks(call.form)]


def response_faults(access_db: AccessDatabase, actor: str, row: str, answer: Response) -> list[str]:
    """Return the faults of a response to another's id: canaries, a status other than 4xx, tables written."""
    faults = leaked(actor, row, text_of(answer))
    if not 400 <= answer.status_code < 500 or ONLY_THE_DATABASE in answer.text:
        faults.append(f"{answer.status_code}")
    if row.split(" ", maxsplit=1)[0] in UNSAFE:
        shown_again = VIEWS if shows_page_again(answer) else frozenset()  # the form, among one's own records
        if tables := set(access_db.changed_tables()) - shown_again:
            faults.append(f"wrote to {', '.join(sorted(tables))}")
        access_db.reset()
    return faults


def _swap(
    access_db: AccessDatabase, row: str, actor: str, own: str, other: str, *, exceptions: Any = EXCEPTIONS
) -> Iterator[str]:
    for what, request in swapped(row, access_db.places[own], access_db.places[other]):
        if (row, what) not in exceptions:
            answer = access_db.call(actor, row, access_db.places[own], **request)
            yield from (
                f"{row} as {actor}, {what} of {other}: {f}" for f in response_faults(access_db, actor, row, answer)
            )


def ids_of_another_college(access_db: AccessDatabase, row: str) -> Iterator[str]:
    """Yield the faults of a row with each id of another college, anywhere in the request."""
    yield from _swap(access_db, row, caller_for(row) or "", "alma", "rouyn")


def ids_of_another_cohort(access_db: AccessDatabase, row: str, actor: str) -> Iterator[str]:
    """Yield the faults of a row with one id, or all ids, of the college's other cohort, as who reaches only one."""
    shared = {(row, f"path {name}") for name, kind in kinds(row).items() if kind in SHARED_KINDS}
    exceptions = (EXCEPTIONS - OPEN_COHORT_ROUTES) | KNOWN_BY_NUMBER | NAMED_BY_ASSESSORS | shared
    yield from _swap(access_db, row, actor, "alma", "far", exceptions=exceptions)
    own, other = (request_of(row, access_db.places[place]) for place in ("alma", "far"))
    if own != other and not any(route == row and what.startswith("path") for route, what in exceptions):
        answer = access_db.call(actor, row, access_db.places["far"])
        yield from (f"{row} as {actor}, in far: {fault}" for fault in response_faults(access_db, actor, row, answer))


def ids_of_the_actors_other_college(access_db: AccessDatabase, row: str) -> Iterator[str]:
    """Yield the faults of a row that mixes ids of two colleges, as an actor with a role in each."""
    open_there = {(row, f"path {name}") for name in kinds(row) if is_allowed_in(IN_TWO_COLLEGES, row)}
    exceptions = EXCEPTIONS | OWN_COHORTS | open_there
    yield from _swap(access_db, row, IN_TWO_COLLEGES, "rouyn", "alma", exceptions=exceptions)


def query_ids_of_another(access_db: AccessDatabase, row: str, name: str) -> Iterator[str]:
    """Yield the faults of a query parameter whose response differs between another's record and a missing one."""
    nothing = {k: NO_CODE if k == "code" else MISSING for k in access_db.places["rouyn"].ids}
    callers = [(a, "rouyn") for a in CALLERS if a not in PLATFORM_WIDE]
    if name not in CURSORS | {"college_id"}:
        callers += [*((a, "far") for a in PARTIAL_REACH), (IN_TWO_COLLEGES, "alma")]
    for actor, place in ((a, p) for a, p in callers if is_allowed_in(a, row)):
        values = [filled(QUERIES[row][name], ids) for ids in (access_db.places[place].ids, nothing)]
        answers = []
        for value in values:
            answer = access_db.call(actor, row, access_db.places["alma"], params={name: value})
            yield from (f"{row} as {actor}, {name} of {place}: {w}" for w in leaked(actor, row, text_of(answer)))
            answers.append((answer.status_code, _without(values, answer.text)))
        if answers[0] != answers[1]:
            yield f"{row} as {actor}, {name} of {place}: another answer than for none"


def reason_of_a_turn(access_db: AccessDatabase) -> Iterator[str]:
    """Whether the coordinator reads why a turn was missed."""
    answer = access_db.call("coordinator", f"GET {V1}/codev/sessions/{{session_id}}", access_db.places["alma"])
    yield from (turn["reason"] for turn in answer.json()["turns"] if turn["reason"])


def counts_out_of_reach(access_db: AccessDatabase) -> Iterator[str]:
    """Whether a figure holds what is out of reach: it shows no name that would say so."""
    owner = access_db.copy.connection  # its triggers are off: the counts are those written here
    owner.execute("update mandate set accompanied = true")
    owner.execute("insert into accompanied_count (college_id, enterprises) select id, id + 4 from college")
    alma, rouyn = (access_db.places[place].college for place in ("alma", "rouyn"))
    for actor, expected in (("participant", (alma, 1)), ("manager_elsewhere", (rouyn, rouyn + 4))):
        answer = access_db.call(actor, f"GET {V1}/enterprises/accompanied", access_db.places["alma"])
        counts = [(row["college_id"], row["enterprises"]) for row in answer.json()]
        if counts != [expected]:
            yield f"{actor}: {counts} instead of {[expected]}"


_HOURS = "select count(*) from field_hours where not decided and college_id = %s"
_SESSIONS = """
    select array_agg(s.id order by s.id) from codev_session s join codev_group g on g.id = s.group_id
     where g.cohort_id = %s and s.cancelled_at is null
       and not exists (select from codev_record r where r.session_id = s.id)
"""
_NUMBERS = """
    select c.number from certificate c join enrolment e on e.id = c.enrolment_id
     where c.college_id = %s and e.person_id <> %s
"""


def waits_out_of_reach(access_db: AccessDatabase) -> Iterator[str]:
    """Whether a home page counts, or a search by number finds, what is out of reach."""
    owner, alma, rouyn = access_db.copy.connection, access_db.places["alma"], access_db.places["rouyn"]
    owner.execute("update codev_session set starts_at = now() - interval '2 days'")
    for actor, kind, statement, place in (
        ("manager_elsewhere", "hours", _HOURS, rouyn.college),
        ("facilitator", "records", _SESSIONS, alma.cohort),
    ):
        [expected] = owner.execute(statement.encode(), (place,)).fetchone() or [None]
        parts = access_db.call(actor, f"GET {V1}/me/waiting", alma).json()["parts"]
        lines = next(part["lines"] for part in parts if part["kind"] == kind)
        found = sorted(line["id"] for line in lines) if kind == "records" else sum(line["count"] for line in lines)
        if found != (expected or type(found)()):
            yield f"{actor}: {found} {kind} instead of {expected}"
    for actor, part in (("peer", "peer"), ("manager_elsewhere", "loose4")):
        others = owner.execute(_NUMBERS, (alma.college, access_db.person(part))).fetchall()
        for (number,) in others:
            query = {"params": {"search": number}}
            if access_db.call(actor, f"GET {V1}/search", alma, **query).json()["certificates"]:
                yield f"{actor}: finds {number}"


def calendar_out_of_reach(access_db: AccessDatabase) -> Iterator[str]:
    """Whether the secret address of a cohort's calendar still shows or names it to who no longer reads the cohort."""
    owner = access_db.copy.connection
    alma, far = (access_db.places[place].ids for place in ("alma", "far"))
    owner.execute("update calendar_feed set cohort_id = %s where id = %s", (far["cohort"], alma["calendar_feed"]))
    answer = access_db.call("anonymous", "GET /calendriers/{feed_secret}.ics", access_db.places["alma"])
    if answer.status_code != 404:
        yield f"{answer.status_code} instead of 404"
    listed = access_db.call("participant", f"GET {V1}/me/calendar-feeds", access_db.places["alma"]).json()["items"]
    yield from (f"names {feed['cohort']}" for feed in listed if feed["cohort"] is not None)


def clashes_out_of_reach(access_db: AccessDatabase) -> Iterator[str]:
    """Whether who plans in one college reads what is meanwhile in a cohort of another, where they only take part."""
    owner = access_db.copy.connection
    alma, far, rouyn = (access_db.places[place].ids for place in ("alma", "far", "rouyn"))
    owner.execute("update venue set college_id = null where id = %s", (alma["venue"],))
    for table, kind in (("scheduled_session", "session"), ("codev_session", "codev_session")):
        owner.execute(
            f"update {table} set starts_at = %s, venue_id = %s, cancelled_at = null where id = %s",  # noqa: S608 - ours
            (f"{SOON}T15:00:00Z", alma["venue"], far[kind]),
        )
    body = {
        "activity_code": "GEN-3.B",
        "starts_at": f"{SOON}T15:00:00Z",
        "venue_id": alma["venue"],
        "clashes_seen": "none",
    }
    answer = access_db.call(
        "manager_elsewhere", f"POST {V1}/cohorts/{{cohort_id}}/sessions", rouyn, json={**body, "mode": "onsite"}
    )
    if answer.status_code != 409:
        yield f"{answer.status_code} instead of 409"
        return
    clashes = [error for error in answer.json()["errors"] if error["code"].startswith("clash_venue")]
    if not clashes:
        yield "no clash"
    yield from (f"shows {error['params']['activity']}" for error in clashes if "activity" in error["params"])


def _without(values: list[Any], text: str) -> str:
    """Return the text of a response without the ids of the query, and without the one-time keys of its forms.

    A form may repeat the query, in its fields and in the address of its page (``depuis``).
    """
    for value in values:
        number = str(value[0] if isinstance(value, list) else value)
        text = re.sub(rf'"{number}"|(=|%3D){number}\b', "", text)
    return KEY_OF_A_FORM.sub("", text)


SWAPPED = swappable()
WITHIN_A_COLLEGE = [(row, actor) for row in SWAPPED for actor in PARTIAL_REACH if is_allowed_in(actor, row)]
OF_TWO_COLLEGES = [row for row in SWAPPED if is_allowed_in(IN_TWO_COLLEGES, row, 1)]
QUERY_IDS = [(row, name) for row, names in QUERIES.items() for name in names]
