"""The simulation of the demo network's cohorts, module by module: sessions, activities, hours, judgements.

Everything goes through the services, with the clock set to the moment when it would have happened, so the rules
apply to the demo as to anyone.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date, datetime, timedelta
from multiprocessing import get_context

from app.accompaniment.field_hours import service as field_hours
from app.accompaniment.field_hours.schemas import CountersignCommand, HoursCommand
from app.accompaniment.mandates.service import mandates_of
from app.attendance.calendar import changes
from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, ChangeSession, NewSession, SessionRow
from app.attendance.catch_ups import service as catch_ups
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone
from app.attendance.check_ins import service as check_ins
from app.attendance.check_ins.schemas import CheckInCommand, CheckInShown, OpenCheckIn
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand, Sheet
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef, MoveCommand
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import ActivityType, Mode
from app.curricula.library import curriculum_of
from app.curricula.schemas import Activity, Module
from app.demo.codev import announce_entrance, form_groups, hold_sessions, meeting_link, own_venues
from app.demo.data import HAND_INS
from app.demo.field import open_mandates
from app.demo.judging.judgements import decide_on_works, judge_module, judge_remaining
from app.demo.judging.writing import write_comments_and_draft
from app.demo.network import DemoPlan, Group, moment, noon, weeks_done
from app.deployment import open_database
from app.learning.activities import service as learning
from app.learning.activities.schemas import CompletionCommand
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.schemas import TextCommand
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.database.transaction import Addresses
from app.platform.security.actor import Actor
from app.platform.security.keyring import new_keyring
from app.platform.security.permissions import Permission
from app.progress.path.service import progress_of
from app.progress.schemas import State

DAY = timedelta(days=1)
MINUTES_A_DAY = 420
MOST_HOURS = 1_000
SKIPPED = 0.004
ABSENT, EXCUSED, LATE = 0.03, 0.06, 0.1
REMOTE_COLLEGES = {"lac-gilman", "havre"}
Action = Callable[[Session, Actor, EnrolmentRef], None]


def simulate(demo: DemoPlan, on_progress: Callable[[int], None]) -> None:
    """Simulate the cohorts that have started, a process per college; call ``on_progress`` with each college's count.

    Each college has its own random generator, process and enterprises: the same seed gives the same people, facts
    and certificates, whichever college ends first; only row ids may differ.
    """
    colleges: dict[str, list[Group]] = {}
    for group in demo.groups:
        if group.plan.weeks_ago > 0:
            colleges.setdefault(group.plan.place, []).append(group)
    largest_first = sorted(colleges.values(), key=lambda groups: -sum(g.plan.people * g.plan.weeks_ago for g in groups))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as executor:
        pools = demo.enterprise_pools
        shared = (demo.database.addresses, demo.seed, demo.today)
        futures = [
            executor.submit(simulate_college, *shared, groups, pools[groups[0].cohort.college_id])
            for groups in largest_first
        ]
        for future in as_completed(futures):
            college_id, pool, cohort_count = future.result()
            demo.enterprise_pools[college_id] = pool
            on_progress(cohort_count)


def simulate_college(
    addresses: Addresses, seed: int, today: date, groups: list[Group], pool: list[int]
) -> tuple[int, list[int], int]:
    """Simulate one college's cohorts; return ``(college id, remaining enterprise ids, number of cohorts)``."""
    college_id = groups[0].cohort.college_id
    database = open_database(addresses, pool_size=2, audited=False)  # unaudited: nobody did what is simulated
    demo = DemoPlan(
        database, seed, today, groups=groups, enterprise_pools={college_id: pool}, place=groups[0].plan.place
    )
    for group in groups:
        _simulate_cohort(demo, group)
    database.dispose()
    return college_id, demo.enterprise_pools[college_id], len(groups)


def _simulate_cohort(demo: DemoPlan, group: Group) -> None:
    plan_calendar(demo, group)
    form_groups(demo, group)
    for module in curriculum_of(group.cohort).modules:
        if module.week <= group.plan.weeks_ago:
            call_rolls(demo, group, module)
            hold_sessions(demo, group, module)
        if module.week <= weeks_done(group):
            do_activities(demo, group, module)
            judge_module(demo, group, module)
    announce_entrance(demo, group)
    judge_remaining(demo, group)
    decide_on_works(demo, group)
    write_comments_and_draft(demo, group)
    end_enrolments(demo, group)


def plan_calendar(demo: DemoPlan, group: Group) -> None:
    """Schedule the sessions of every group activity, past and to come, at the cohort's start."""
    with at(noon(group.cohort.starts_on)), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.SESSION_MANAGE)
        rooms = own_venues(db, group)
        for module in curriculum_of(group.cohort).modules:
            activities = [a for a in module.activities if a.is_group and a.type is not ActivityType.codev]
            for days, activity in enumerate(activities):
                command = NewSession(
                    activity_code=activity.code,
                    starts_at=moment(group, module, days=days, hour=14),
                    venue_id=rooms[days % len(rooms)] if rooms and activity.mode is not Mode.online else None,
                    meeting_link=None if activity.mode is Mode.onsite else meeting_link(group, activity.code),
                )
                calendar.schedule(db, manager, group.cohort, command)


# Roll calls -------------------------------------------------------------------------------------


def call_rolls(demo: DemoPlan, group: Group, module: Module) -> None:
    """Close the roll call of each session of the module; cancel one session of one cohort."""
    codes = {a.code for a in module.activities}
    with demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.SESSION_READ)
        meetings = [m for m in calendar.calendar(db, group.cohort) if m.activity_code in codes]
    for meeting in meetings:
        if (group.plan.place, meeting.activity_code) == ("vieux-fort", "GEN-4.B"):
            _cancel(demo, group, meeting)
        elif (group.plan.place, meeting.activity_code) == ("vieux-fort", "GEN-3.B"):
            _call_roll(demo, group, _move(demo, group, meeting))
        else:
            _call_roll(demo, group, meeting)


def _cancel(demo: DemoPlan, group: Group, meeting: SessionRow) -> None:
    with at(meeting.starts_at - DAY), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.SESSION_MANAGE)
        session = calendar.see_session(db, manager, meeting.id)
        calendar.cancel(db, manager, session, CancelCommand(reason="Tempête de neige : le cégep est fermé."))


def _move(demo: DemoPlan, group: Group, meeting: SessionRow) -> SessionRow:
    """Move a session to the next day, the day before it."""
    with at(meeting.starts_at - DAY), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.SESSION_MANAGE)
        session = calendar.see_session(db, manager, meeting.id)
        command = ChangeSession(
            **meeting.model_dump(include={"sequence", "planned_minutes", "mode", "place"}),
            venue_id=meeting.venue.id if meeting.venue else None,
            starts_at=meeting.starts_at + DAY,
            reason="Verglas annoncé : la séance est remise au lendemain.",
        )
        return changes.change(db, manager, group.cohort, session, command)


def _call_roll(demo: DemoPlan, group: Group, meeting: SessionRow) -> None:
    if (group.plan.place, meeting.activity_code) == ("lac-gilman", "GEN-2.B"):
        _check_in(demo, group, meeting)
    with at(meeting.starts_at + timedelta(hours=5)), demo.database.transaction() as db:
        trainer = demo.actor(db, group.staff.trainers[0], Permission.ROLLCALL_RECORD)
        session = calendar.see_session(db, trainer, meeting.id)
        blank = roll_calls.sheet(db, session).entries
        came = check_ins.check_ins(db, session)
        entries = tuple(_presence(demo, group, entry.enrolment_id, meeting) for entry in blank)
        entries = tuple(_confirmed(entries, came)) if came else entries
        sheet = roll_calls.close_roll_call(db, trainer, session, RollCallCommand(entries=entries))
    if (group.plan.place, meeting.activity_code) == ("lac-gilman", "GEN-2.B"):
        _correct_roll(demo, group, meeting, sheet)


def _confirmed(entries: Sequence[EntryCommand], came: Sequence[CheckInShown]) -> Iterator[EntryCommand]:
    """Yield the roll as it is filled in from those who checked in: the others are absent."""
    proposed = {c.enrolment_id: c for c in came}
    for entry in entries:
        own = proposed.get(entry.enrolment_id)
        if own is None:
            yield EntryCommand(enrolment_id=entry.enrolment_id, status=PresenceStatus.ABSENT)
        else:
            yield EntryCommand(**own.model_dump(include={"enrolment_id", "status", "mode", "arrived_at"}))


def _check_in(demo: DemoPlan, group: Group, meeting: SessionRow) -> None:
    """Let everyone but the last check in to a session with the code of the moment, the first of them late."""
    keyring = new_keyring()
    for place, enrolment in enumerate(group.enrolments[:-1]):
        with at(meeting.starts_at + timedelta(minutes=5 if place else 25)), demo.database.transaction() as db:
            trainer = demo.actor(db, group.staff.trainers[0], Permission.ROLLCALL_RECORD)
            session = calendar.see_session(db, trainer, meeting.id)
            check_ins.open_check_in(db, keyring, trainer, session, OpenCheckIn())
            code = check_ins.check_in_state(db, keyring, session, site="").code or ""
            person = demo.actor(db, enrolment.person_id, Permission.ACTIVITY_DO)
            own = check_ins.see_own_check_in(db, person, meeting.id)
            check_ins.check_in(db, keyring, own, CheckInCommand(code=code), origin="")


def _correct_roll(demo: DemoPlan, group: Group, meeting: SessionRow, sheet: Sheet) -> None:
    """Correct the presence of the first person there, who had left early, as the coordinator learns the next day."""
    lines = [EntryCommand(**line.model_dump(exclude={"name"})) for line in sheet.entries]
    place = next(n for n, line in enumerate(lines) if line.status is PresenceStatus.PRESENT)
    lines[place] = EntryCommand(
        **lines[place].model_dump(include={"enrolment_id", "mode"}),
        status=PresenceStatus.LEFT_EARLY,
        left_at=meeting.starts_at + timedelta(minutes=meeting.planned_minutes - 40),
    )
    command = RollCallCommand(
        entries=tuple(lines), supersedes=sheet.roll_call_id, reason="Départ avant la fin, signalé le lendemain."
    )
    with at(meeting.starts_at + DAY), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.ROLLCALL_RECORD)
        roll_calls.close_roll_call(db, manager, calendar.see_session(db, manager, meeting.id), command)


def _presence(demo: DemoPlan, group: Group, enrolment_id: int, meeting: SessionRow) -> EntryCommand:
    chance = demo.rng.random()
    if chance < EXCUSED:
        status = PresenceStatus.ABSENT if chance < ABSENT else PresenceStatus.EXCUSED
        return EntryCommand(enrolment_id=enrolment_id, status=status, minutes=0)
    mode = PresenceMode.ONSITE
    if group.plan.place in REMOTE_COLLEGES:
        mode = PresenceMode.PHONE if demo.rng.random() < EXCUSED else PresenceMode.VIDEO
    if chance < LATE:
        arrived_at = meeting.starts_at + timedelta(minutes=15)
        return EntryCommand(enrolment_id=enrolment_id, status=PresenceStatus.LATE, mode=mode, arrived_at=arrived_at)
    return EntryCommand(enrolment_id=enrolment_id, status=PresenceStatus.PRESENT, mode=mode)


# Activities of each person ----------------------------------------------------------------------


def do_activities(demo: DemoPlan, group: Group, module: Module) -> None:
    """Do a module's individual activities: self-study, field mandates and hand-ins; countersign the hours."""
    assign_catch_ups(demo, group, module)
    open_mandates(demo, group, module)
    steps: tuple[tuple[ActivityType, Callable[..., None]], ...] = (
        (ActivityType.self_study, _study),
        (ActivityType.field_mandate, _declare_hours),
        (ActivityType.assessment, _hand_in),
    )
    for position, (kind, do) in enumerate(steps):
        activities = [a for a in module.activities if a.type is kind and not a.is_group]
        if activities:
            when = min(moment(group, module, days=3 + position), noon(demo.today - DAY))
            for_each_active(demo, group, when, _on_open_activities(demo, activities, do))
    countersign(demo, group, module)


def _on_open_activities(demo: DemoPlan, activities: Sequence[Activity], do: Callable[..., None]) -> Action:
    """Return the action that does each activity open to an enrolment, but a few that are skipped at random."""

    def action(db: Session, actor: Actor, enrolment: EnrolmentRef) -> None:
        progress = progress_of(db, enrolment)
        for activity in activities:
            is_open = progress.activity(activity.code).state is not State.LOCKED
            if is_open and demo.rng.random() > SKIPPED:
                do(demo, db, actor, enrolment, activity)

    return action


def for_each_active(demo: DemoPlan, group: Group, when: datetime, action: Action) -> None:
    """Run an action for each active enrolment in one transaction, so that progress is computed once for each."""
    with at(when), demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            joined = enrolment.joined_on is not None and enrolment.joined_on <= when.date()
            if enrolment.state is EnrolmentState.ACTIVE and joined:
                action(db, demo.actor(db, enrolment.person_id, Permission.ACTIVITY_DO), enrolment)


def _study(_: DemoPlan, db: Session, actor: Actor, enrolment: EnrolmentRef, activity: Activity) -> None:
    learning.complete(db, actor, enrolment, CompletionCommand(activity_code=activity.code))


def _hand_in(demo: DemoPlan, db: Session, actor: Actor, enrolment: EnrolmentRef, activity: Activity) -> None:
    body = "\n\n".join((activity.title.fr, *demo.rng.sample(HAND_INS, 2)))
    hand_ins.hand_in_text(db, actor, enrolment, TextCommand(activity_code=activity.code, body=body))


def _declare_hours(demo: DemoPlan, db: Session, actor: Actor, enrolment: EnrolmentRef, activity: Activity) -> None:
    mandates = mandates_of(db, enrolment)
    days = -(-activity.minutes // MINUTES_A_DAY)
    for day in range(days):
        minutes = min(MINUTES_A_DAY, activity.minutes - day * MINUTES_A_DAY)
        worked_on = demo.current_day() - (days - day) * DAY
        command = HoursCommand(
            activity_code=activity.code,
            mandate_id=mandates[-1].id if mandates else None,
            minutes=minutes,
            worked_on=worked_on,
        )
        field_hours.declare_hours(db, actor, enrolment, command)


def countersign(demo: DemoPlan, group: Group, module: Module) -> None:
    """Countersign the declared hours a few days later, as the coordinator; those of the last days still wait."""
    when = moment(group, module, days=9)
    if when > noon(demo.today - 4 * DAY):
        return
    with at(when), demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.HOURS_COUNTERSIGN)
        waiting = field_hours.hours_to_countersign(db, coordinator, group.staff.college, limit=MOST_HOURS)
        field_hours.countersign_all(db, coordinator, waiting.items, CountersignCommand(accepted=True))


def assign_catch_ups(demo: DemoPlan, group: Group, module: Module) -> None:
    """Assign a dated catch-up for each workshop that someone missed once they had joined; most are done.

    Of what was missed before, the list is decided as a whole (``late_join``).
    """
    codes = [a.code for a in module.activities if a.is_group and a.type is not ActivityType.codev]
    with at(moment(group, module, days=6)), demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            if enrolment.state is not EnrolmentState.ACTIVE or not _has_joined(demo, enrolment):
                continue
            progress = progress_of(db, enrolment)
            missed = [c for c in codes if progress.activity(c).state is not State.DONE and c != "GEN-4.B"]
            for code in missed:
                due_on = demo.current_day() + timedelta(days=14)
                assigned = catch_ups.assign_catch_up(
                    db, coordinator, enrolment, CatchUpCommand(activity_code=code, due_on=due_on)
                )
                if demo.rng.random() > EXCUSED:
                    done = CatchUpDone(done_on=demo.current_day())
                    catch_ups.finish_catch_up(db, coordinator, enrolment, assigned, done)


def _has_joined(demo: DemoPlan, enrolment: EnrolmentRef) -> bool:
    return enrolment.joined_on is not None and enrolment.joined_on <= demo.current_day()


def end_enrolments(demo: DemoPlan, group: Group) -> None:
    """In the older cohorts, withdraw one unfinished enrolment and put another on leave."""
    if group.plan.weeks_ago < 20:  # noqa: PLR2004 - weeks
        return
    with at(noon(demo.today - 5 * DAY)), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_MANAGE)
        active = [e for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        unfinished = [e for e in active if not any(rule.eligible for rule in progress_of(db, e).eligibility)]
        moves = (
            MoveCommand(to=EnrolmentState.WITHDRAWN, reason="Changement d’emploi."),
            MoveCommand(to=EnrolmentState.ON_LEAVE, reason="Congé parental."),
        )
        for enrolment, move in zip(unfinished[:2], moves, strict=False):
            cohorts.move(db, manager, enrolment, move)
