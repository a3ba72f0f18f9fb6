"""What members of codevelopment groups prepare in the demo network: in one, the reserve client sends no sheet (S4)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from app.codev.actions import service as actions
from app.codev.actions.schemas import NewAction
from app.codev.confidences.places import own_place, see_own_place
from app.codev.destruction import service as destruction
from app.codev.destruction.rules import PROPOSED_DAYS
from app.codev.destruction.schemas import ScheduleCommand
from app.codev.extracts import service as extracts
from app.codev.extracts.enums import OwnKind
from app.codev.extracts.schemas import ExtractCommand
from app.codev.groups import lists
from app.codev.groups import service as codev
from app.codev.groups.models import CodevMembership
from app.codev.journal import service as journal
from app.codev.journal.schemas import JournalRef, NewJournalEntry
from app.codev.ratings import service as ratings
from app.codev.ratings.rules import window_of
from app.codev.ratings.schemas import RatingCommand
from app.codev.records.models import CodevRecord, CodevTurn
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession
from app.codev.sessions.schemas import CodevSessionRow, RoleCommand, RolesCommand
from app.codev.sheets import service as sheets
from app.codev.sheets.enums import TopicKind
from app.codev.sheets.schemas import SheetCommand
from app.codev.writings import service as writings
from app.codev.writings.enums import WritingKind
from app.codev.writings.schemas import WritingCommand
from app.cohorts.models import Enrolment
from app.demo.network import DemoPlan, Group, noon
from app.platform.clock import at
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import Permission

SHEETS = (
    SheetCommand(
        topic=TopicKind.CONCERN,
        title="La direction qui ne rappelle plus",
        situation="J’accompagne une entreprise de transformation, appelons-la Épinette. Le diagnostic est remis depuis"
        " un mois. La direction l’a bien reçu, puis plus rien. Deux rencontres ont été reportées, sans nouvelle date.",
        tried="Un courriel de relance, puis un appel à la réception. J’ai aussi préparé une version d’une page.",
        stakes="Je crains d’avoir mis trop de pression en chiffrant tout de suite, et de passer pour une vendeuse.",
        question="J’aimerais que vous m’aidiez à reprendre contact sans insister.",
        help_wanted="Un regard critique",
    ),
    SheetCommand(
        topic=TopicKind.PROBLEM,
        title="Deux associés, deux projets",
        situation="Chez Mélèze, deux associés se partagent la gestion. L’une veut un logiciel de gestion intégré, "
        "l’autre une boutique en ligne. Chacun me parle à part et pense que je suis de son côté.",
        tried="J’ai proposé un atelier de priorités à trois. Il a été accepté, puis remis deux fois.",
        question="J’aimerais que vous m’aidiez à les faire décider ensemble.",
        help_wanted="Des questions, des idées",
    ),
    SheetCommand(
        topic=TopicKind.PROJECT,
        title="Une première formation maison",
        situation="L’organisme où je travaille me demande une demi-journée sur les données pour ses membres, en mars.",
        tried="J’ai un plan en trois parties, et un exercice que personne n’a encore essayé.",
        stakes="C’est la première fois que j’anime un groupe que je ne connais pas.",
        question="J’aimerais que vous m’aidiez à choisir ce que j’enlève.",
    ),
)


LEARNING = "Une question posée lentement m’a appris plus que dix conseils. Je l’essaie dès mardi, au téléphone."
EXTRACT = (
    "Après une consultation, j’ai appris à poser ma question lentement; je l’ai fait au téléphone, le mardi suivant."
)
ACTION = "Appeler, poser une seule question et attendre la réponse."
ENTRY = "J’ai parlé vite au début, par crainte du silence. La prochaine fois, je compte jusqu’à trois."


ANSWERS = (
    RatingCommand(usefulness=5, climate=5, method=4, comment="Les questions lentes du début ont tout changé."),
    RatingCommand(usefulness=4, climate=5, method=3),
    RatingCommand(usefulness=4, climate=4, method=3, comment="La synthèse arrive trop tard : gardons dix minutes."),
    RatingCommand(usefulness=5, climate=3, method=4),
    RatingCommand(usefulness=3, climate=4, method=2, comment="À distance, on entend mal la fin des phrases."),
)
"""What members answer; one of the six does not."""


def write_confidences(demo: DemoPlan, keyring: Keyring) -> None:
    """Plan the next session of each group, and write what its client and its reserve prepare, but one reserve."""
    written_at = noon(demo.today - timedelta(days=1))
    with at(written_at):
        planned = [(group, id_) for group in demo.groups for id_ in _next_sessions(demo, group, written_at)]
        for number, (group, session_id) in enumerate(planned):
            _prepare(demo, keyring, group, session_id, number)
        for group in demo.groups[:1]:
            _confirm_schedule(demo, group)
        written = [
            _write_after(demo, keyring, group, session_id)
            for group in demo.groups
            for session_id in _last_held(demo, group)
        ]
        for own in [own for own in written if own is not None][:1]:
            _hand_in_extract(demo, own)
    for group in demo.groups:
        _rate_sessions(demo, keyring, group, _sessions(demo, group), written_at)


def _confirm_schedule(demo: DemoPlan, group: Group) -> None:
    """Confirm in one college how long what groups wrote is kept after their cycle."""
    with demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.CODEV_MANAGE)
        destruction.confirm(db, coordinator, group.staff.college, ScheduleCommand(days=PROPOSED_DAYS))


def _sessions(demo: DemoPlan, group: Group) -> list[list[CodevSessionRow]]:
    """Return the sessions of each codevelopment group of a cohort, in order of time, without those cancelled."""
    with demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.CODEV_READ)
        groups = lists.groups(db, coordinator, cohort_id=group.cohort.id).items
        planned = [sessions.sessions_of(db, codev.see_group(db, coordinator, g.id)) for g in groups]
    return [[s for s in of_group if not s.cancelled] for of_group in planned]


def _next_sessions(demo: DemoPlan, group: Group, since: datetime) -> list[int]:
    """Return the first session of each codevelopment group of a cohort from the next day on."""
    to_come = [[s.id for s in of_group if s.starts_at.date() > since.date()] for of_group in _sessions(demo, group)]
    return [ids[0] for ids in to_come if ids]


def _last_held(demo: DemoPlan, group: Group) -> list[int]:
    """Return the last session held by each codevelopment group of a cohort that goes on."""
    held = [[s.id for s in of_group if s.held] for of_group in _sessions(demo, group)]
    return [ids[-1] for ids in held if ids and group.cohort.ends_on >= demo.today]


def _write_after(demo: DemoPlan, keyring: Keyring, group: Group, session_id: int) -> JournalRef | None:
    """Write what the client of a session takes away from it, for the group and for themselves; return their journal."""
    with demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.CODEV_READ)
        client = db.execute(
            sa.select(col(Enrolment.person_id))
            .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
            .join(CodevTurn, col(CodevTurn.client_id) == CodevMembership.id)
            .join(CodevRecord, col(CodevRecord.id) == CodevTurn.record_id)
            .where(col(CodevRecord.session_id) == session_id, col(CodevMembership.left_on).is_(None))
            .order_by(col(CodevTurn.position))
            .limit(1)
        )
        person_id = client.scalar_one_or_none()
    if person_id is None:
        return None
    with demo.database.transaction() as db:
        member = demo.actor(db, person_id, Permission.CONFIDENCE_WRITE)
        place = own_place(db, member, session_id)
        if place is None:
            return None
        learnt = (WritingKind.LEARNING, 0)
        writings.write(db, keyring, place, learnt, WritingCommand(text=LEARNING), version=0)
        positions = [n for n, roles in writings.roles_of(db, place).items() if CodevRole.CLIENT in roles]
        decided = NewAction(position=positions[0], text=ACTION, due_on=demo.today + timedelta(days=10))
        actions.add_action(db, keyring, place, decided)
        own = journal.see_journal(db, member.using(Permission.JOURNAL_KEEP), place.group_id)
        journal.add_entry(db, keyring, own, NewJournalEntry(session_id=session_id, text=ENTRY))
    return own


def _hand_in_extract(demo: DemoPlan, own: JournalRef) -> None:
    """Have the author of a learning hand an extract of it in, as evidence that waits to be judged."""
    with demo.database.transaction() as db:
        member = demo.actor(db, own.person_id, Permission.ACTIVITY_DO)
        learnt = next(w for w in extracts.own_writings(db, own) if w.kind is OwnKind.LEARNING)
        ref = extracts.see_own_writing(db, member, own.group_id, learnt.kind, learnt.id)
        activity = extracts.extract_activities(ref)[0].code
        extracts.hand_in_extract(
            db, member, ref, ExtractCommand(activity_code=activity, body=EXTRACT, leaves_group=True)
        )


def _rate_sessions(
    demo: DemoPlan, keyring: Keyring, group: Group, groups: Sequence[Sequence[CodevSessionRow]], since: datetime
) -> None:
    """Let the members of each codevelopment group of a cohort answer about the last session whose day has come."""
    for of_group in groups:
        begun = [s for s in of_group if s.held and window_of(s.activity_code, s.starts_at).opens_at < since]
        if begun:
            _answer_ratings(demo, keyring, group, begun[-1])


def _answer_ratings(demo: DemoPlan, keyring: Keyring, group: Group, meeting: CodevSessionRow) -> None:
    with demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.CODEV_READ)
        members = db.execute(
            sa.select(col(Enrolment.person_id))
            .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
            .join(CodevSession, col(CodevSession.group_id) == CodevMembership.group_id)
            .where(col(CodevSession.id) == meeting.id, col(CodevMembership.left_on).is_(None))
            .order_by(col(CodevMembership.id))
        )
        people = list(members.scalars())
    opens_at = window_of(meeting.activity_code, meeting.starts_at).opens_at
    for place, (person_id, answer) in enumerate(zip(people, ANSWERS, strict=False)):
        with at(opens_at + timedelta(hours=20 + place)), demo.database.transaction() as db:
            own = own_place(db, demo.actor(db, person_id, Permission.CONFIDENCE_WRITE), meeting.id)
            if own is not None and not ratings.own_questionnaire(db, own).refusals:
                ratings.answer(db, keyring, own, answer)


def _prepare(demo: DemoPlan, keyring: Keyring, group: Group, session_id: int, number: int) -> None:
    with demo.database.transaction() as db:
        facilitator = demo.actor(db, group.staff.facilitator, Permission.CODEV_RECORD)
        session = sessions.see_codev_session(db, facilitator, session_id)
        proposed = sessions.rotation_for(db, session)
        if not proposed:
            return
        [turn] = proposed
        roles = ((turn.client_id, CodevRole.CLIENT), (turn.reserve_id, CodevRole.RESERVE))
        plan = tuple(RoleCommand(position=1, membership_id=id_, role=role) for id_, role in roles)
        sessions.plan_roles(db, session, RolesCommand(roles=plan))
        members = sa.select(col(CodevMembership.id), col(Enrolment.person_id)).join(
            Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id
        )
        people = {id_: person for id_, person in db.execute(members)}  # noqa: C416 - rows are no pairs to mypy
    expected = [turn.client_id] if number == 0 else [turn.client_id, turn.reserve_id]
    for place, membership_id in enumerate(expected):
        with demo.database.transaction() as db:
            member = demo.actor(db, people[membership_id], Permission.CONFIDENCE_WRITE)
            own = see_own_place(db, member, session_id)
            sheets.write_sheet(db, keyring, own, SHEETS[(number + place) % len(SHEETS)], version=0)
