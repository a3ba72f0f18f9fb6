"""What waits for whoever is signed in: a fixed number of statements, none of which reads a whole college."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from app.accompaniment.confirmations.service import count_awaiting
from app.accompaniment.field_hours.service import count_hours_to_countersign
from app.attendance.calendar.service import count_to_call
from app.certificates.issuing.candidates import count_ready
from app.codev.confirmations.schemas import RecordToConfirm
from app.codev.confirmations.service import disputed_records, records_to_confirm
from app.codev.contracts.service import contracts_to_accept
from app.codev.records.schemas import SessionToRecord
from app.codev.records.service import sessions_to_record
from app.cohorts import service as cohorts
from app.cohorts.proposals import service as enrolment_proposals
from app.cohorts.proposals.schemas import EnrolmentProposals
from app.cohorts.schemas import ListedCohort
from app.grading.conflicts.service import undeclared
from app.grading.panels.reading import count_overdue
from app.grading.queue.service import next_in_queue, queue_counts
from app.identity.roles import proposals as role_proposals
from app.identity.roles.schemas import RoleProposals
from app.network.service import reached_colleges
from app.overview.college_cohorts.service import count_applications
from app.overview.home.enums import WaitingKind as K
from app.overview.home.rules import NEEDS, in_order, kinds_of
from app.overview.home.schemas import WaitingLine, WaitingList, WaitingPart
from app.platform.database.session import Session
from app.platform.messages.i18n import local
from app.platform.paging import COUNTED, PAGE_SIZE
from app.platform.security.actor import Actor, RoleGrant
from app.platform.security.permissions import GRANTS
from app.progress.board.service import count_at_risk
from app.resources.corrections.service import count_corrections

COHORTS = 25
"""How many cohorts are looked at, those running first; beyond, a part says that it is partial and leads to the list."""
OF_COHORTS = frozenset({K.CALLS, K.RISKS, K.APPLICATIONS})
"""What is counted cohort by cohort."""
RECORDS = 5
"""How many sessions or groups of codevelopment are shown for each kind, the oldest first."""


def waiting_for(db: Session, actor: Actor) -> WaitingList:
    """Return what the actor may act on, each kind once, the most urgent first."""
    kinds = kinds_of(actor.can)
    reached: dict[frozenset[RoleGrant], tuple[list[ListedCohort], bool]] = {}

    def reach(kind: K) -> tuple[list[ListedCohort], bool]:
        """Return the cohorts of a kind and if there are more, read once for the kinds that the same roles act on."""
        roles = frozenset(grant for grant in actor.grants if NEEDS[kind] in GRANTS[grant.role])
        if roles not in reached:
            reached[roles] = cohorts.busiest_cohorts(db, actor.using(NEEDS[kind]), COHORTS)
        return reached[roles]

    def of(kind: K) -> list[ListedCohort]:
        return reach(kind)[0]

    load: dict[K, Callable[[Actor], Iterable[WaitingLine]]] = {
        K.CALLS: lambda _: _of_cohorts(of(K.CALLS), lambda ids: count_to_call(db, ids)),
        K.RISKS: lambda _: _risks(db, of(K.RISKS)),
        K.WORKS: lambda reader: _works(db, reader),
        K.REVIEWS: lambda reader: _counted(count_overdue(db, reader)),
        K.CONTRACTS: lambda reader: _contracts(db, reader),
        K.CONFIRMATIONS: lambda reader: _sessions(records_to_confirm(db, reader, RECORDS)),
        K.RECORDS: lambda reader: _sessions(sessions_to_record(db, reader, RECORDS)),
        K.DISPUTES: lambda reader: _sessions(disputed_records(db, reader, RECORDS)),
        K.APPLICATIONS: lambda _: _of_cohorts(of(K.APPLICATIONS), lambda ids: count_applications(db, ids)),
        K.PROPOSALS: lambda reader: _listed(enrolment_proposals.open_proposals(db, reader, limit=PAGE_SIZE)),
        K.ROLES: lambda reader: _listed(role_proposals.open_proposals(db, reader, limit=PAGE_SIZE)),
        K.HOURS: lambda reader: _counted(count_hours_to_countersign(db, reader)),
        K.MILESTONES: lambda reader: _counted(count_awaiting(db, reader)),
        K.CERTIFICATES: lambda reader: _certificates(db, reader),
        K.CORRECTIONS: lambda reader: _counted(count_corrections(db, reader)),
        K.INTERESTS: lambda reader: _interests(db, reader),
    }
    parts = (
        WaitingPart(
            kind=kind,
            lines=tuple(load[kind](actor.using(NEEDS[kind]))),
            is_partial=kind in OF_COHORTS and reach(kind)[1],
        )
        for kind in kinds
    )
    return WaitingList(parts=in_order(parts))


def _of_cohorts(rows: Sequence[ListedCohort], count: Callable[[Sequence[int]], Counter[int]]) -> Iterable[WaitingLine]:
    counts = count([row.id for row in rows])
    return (WaitingLine(count=counts[row.id], id=row.id, name=row.title) for row in rows if counts[row.id])


def _risks(db: Session, rows: Sequence[ListedCohort]) -> Iterable[WaitingLine]:
    at_risk = count_at_risk(db, [row.id for row in rows])
    for row in rows:
        if (found := at_risk[row.id]).people:
            why = {"long_late": found.long_late, "attendance_low": found.attendance_low}
            yield WaitingLine(count=found.people, id=row.id, name=row.title, **why)


def _works(db: Session, actor: Actor) -> Iterable[WaitingLine]:
    oldest = next_in_queue(db, actor, None)
    if oldest is not None:
        counts = queue_counts(db, actor)
        yield WaitingLine(count=counts.waiting, is_more=counts.is_more, oldest_days=oldest.age_days)


def _contracts(db: Session, actor: Actor) -> Iterable[WaitingLine]:
    return (WaitingLine(count=1, id=group.id, name=group.name) for group in contracts_to_accept(db, actor, RECORDS))


def _sessions(sessions: Iterable[SessionToRecord | RecordToConfirm]) -> Iterable[WaitingLine]:
    for session in sessions:
        day = local(session.starts_at, session.timezone).date()
        yield WaitingLine(count=1, id=session.id, name=session.group, held_on=day)


def _certificates(db: Session, actor: Actor) -> Iterable[WaitingLine]:
    for college in reached_colleges(db, actor):
        for line in _counted(count_ready(db, actor, college)):
            yield line.model_copy(update={"id": college.id, "name": college.name})


def _interests(db: Session, actor: Actor) -> Iterable[WaitingLine]:
    """Yield the colleges where one has declared nothing for the term."""
    missing = undeclared(db, actor)
    for college in reached_colleges(db, actor) if missing else ():
        if college.id in missing:
            yield WaitingLine(count=1, id=college.id, name=college.name)


def _counted(count: int) -> Iterable[WaitingLine]:
    return [WaitingLine(count=min(count, COUNTED), is_more=count > COUNTED)] if count else []


def _listed(page: EnrolmentProposals | RoleProposals) -> Iterable[WaitingLine]:
    return [WaitingLine(count=len(page.items), is_more=page.next is not None)] if page.items else []
