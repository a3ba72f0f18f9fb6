"""Letters of the demo network (sent, refused, given up, to write), an announcement, messages, most of them read."""

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import select

from app.attendance.calendar import changes
from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import ChangeSession
from app.cohorts import service as cohorts
from app.cohorts.announcements import service as announcements
from app.cohorts.announcements.schemas import NewAnnouncement
from app.curricula.enums import Mode
from app.demo.network import DemoPlan, noon
from app.identity.account.models import Account
from app.identity.invitations import service as invitations
from app.identity.invitations.schemas import NewInvitation
from app.platform.clock import at
from app.platform.messages.outbox import enqueue
from app.platform.messages.rules import DeliveryReason, LetterState
from app.platform.security.permissions import Permission

ANNOUNCED = ("lac-gilman", "GEN-1")
SUBJECT = "Stationnement fermé jeudi"
TEXT = """Le stationnement P2 est fermé jeudi pour le déneigement.

Prenez le P4, rue Principale : il est gratuit ce jour-là.

Le local reste le même."""
ROOM = "Local B-204"
MISSPELT = "marguerite.tremblay@exemple-du-cegep.example.com"
_SETTLE = text(
    """
    update letter set state = cast(:state as text), reason = :reason, status = :status, tries = :tries, body = '',
                      due_at = cast(:at as timestamptz),
                      sent_at = case when cast(:state as text) = 'sent' then cast(:at as timestamptz) end,
                      stopped_at = case when cast(:state as text) <> 'sent' then cast(:at as timestamptz) end
     where id = :id
    """
)


LATELY = timedelta(days=4)
"""How old a message is when its reader has read it, in the demo network."""
_SETTLE_MESSAGES = text(
    """
    update notification
       set mail_due_at = case when cast(session_entries -> 0 ->> 'starts_at' as timestamptz) > :noon
                               and created_at >= :lately then mail_due_at end,
           session_entries = case when cast(session_entries -> 0 ->> 'starts_at' as timestamptz) > :noon
                                 and created_at >= :lately then session_entries end,
           read_at = case when created_at < :lately then created_at + interval '5 hours' end
    """
)


def settle_messages(demo: DemoPlan) -> None:
    """Leave messages as readers would: the older ones read, letters to write about sessions to come alone."""
    with demo.database.engine.begin() as owner:
        owner.execute(_SETTLE_MESSAGES, {"noon": noon(demo.today), "lately": noon(demo.today) - LATELY})


def change_room(demo: DemoPlan) -> None:
    """Have a coordinator hold the next session of a cohort in another room: its letters carry it for one's calendar."""
    for group in demo.groups:
        with at(noon(demo.today - timedelta(days=1))), demo.database.transaction() as db:
            coordinator = demo.actor(db, group.staff.coordinator, Permission.SESSION_MANAGE)
            coming = (s for s in calendar.calendar(db, group.cohort) if s.starts_at > noon(demo.today))
            meeting = next((s for s in coming if s.mode is not Mode.online and not s.cancelled), None)
            if meeting is None:
                continue
            command = ChangeSession(
                **meeting.model_dump(include={"starts_at", "sequence", "planned_minutes", "mode"}),
                venue_id=meeting.venue.id if meeting.venue else None,
                place=ROOM,
                reason="Le local habituel est pris.",
            )
            session = calendar.see_session(db, coordinator, meeting.id)
            changes.change(db, coordinator, group.cohort, session, command)
            return


def add_announcement(demo: DemoPlan) -> None:
    """Have a coordinator write to a cohort that runs."""
    for group in demo.groups:
        if (group.plan.place, group.plan.code) == ANNOUNCED:
            with at(noon(demo.today - timedelta(days=1))), demo.database.transaction() as db:
                coordinator = demo.actor(db, group.staff.coordinator, Permission.COHORT_MANAGE)
                cohort = cohorts.see_cohort(db, coordinator, group.cohort.id)
                announcements.send(db, coordinator, cohort, NewAnnouncement(subject=SUBJECT, text=TEXT), site="")


def add_letters(demo: DemoPlan, site: str) -> None:
    """Invite at an address that does not exist, write to a mail server that is away, and to mailboxes that are full."""
    staff = next(iter(demo.staff.values()))
    full = [g.enrolments[0].person_id for g in demo.groups if (g.plan.place, g.plan.code) == ANNOUNCED]
    written = noon(demo.today - timedelta(days=5))
    with at(written), demo.database.transaction() as db:
        registrar = demo.actor(db, staff.registrar, Permission.PEOPLE_MANAGE)
        invitations.invite(db, registrar, staff.college, NewInvitation(email=MISSPELT), site=site)
        refused = db.execute(text("select max(id) from letter")).scalar_one()
    with at(written), demo.database.transaction() as db:
        address = {
            person: db.exec(select(Account.email).where(Account.person_id == person)).one()
            for person in (staff.coordinator, staff.registrar, *full)
        }
        to_full = [enqueue(db, address[person], "password_changed", person).id for person in full]
        sent = enqueue(db, address[staff.registrar], "password_changed", staff.registrar).id
        given_up = enqueue(db, address[staff.coordinator], "password_changed", staff.coordinator).id
    minute, days = timedelta(minutes=1), timedelta(days=3)
    _settle(demo, refused, LetterState.REFUSED, DeliveryReason.MAILBOX_UNKNOWN, "550 5.1.1", after=minute)
    for letter_id in to_full:
        _settle(demo, letter_id, LetterState.REFUSED, DeliveryReason.MAILBOX_FULL, "552 5.2.2", after=minute)
    _settle(demo, sent, LetterState.SENT, None, "", after=minute)
    _settle(demo, given_up, LetterState.GIVEN_UP, DeliveryReason.SERVER_UNREACHABLE, "", after=days, tries=19)


def _settle(
    demo: DemoPlan,
    letter_id: int,
    state: LetterState,
    reason: DeliveryReason | None,
    status: str,
    *,
    after: timedelta,
    tries: int = 1,
) -> None:
    """Leave a letter in the state where the worker would have left it."""
    values = {
        "id": letter_id,
        "state": state.value,
        "reason": reason and reason.value,
        "status": status,
        "tries": tries,
        "at": noon(demo.today - timedelta(days=5)) + after,
    }
    with demo.database.engine.begin() as owner:
        owner.execute(_SETTLE, values)
