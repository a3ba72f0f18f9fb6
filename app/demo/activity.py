"""What happens in the demo network: sessions, activities, hours, judgements, module after module.

Everything goes through the services, at the moment when it would have happened: what the rules would
refuse a person, they refuse the demo.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date, datetime, timedelta
from multiprocessing import get_context

from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, NewSession, SessionRow
from app.attendance.catch_ups import service as catch_ups
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef, MoveCommand
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity, Module
from app.demo.codev import form_groups, meet
from app.demo.data import HAND_INS
from app.demo.field import keep_mandates
from app.demo.judgements import judge_late, judge_module
from app.demo.network import Group, Story, curriculum_of, moment, noon, weeks_done
from app.deployment import open_database
from app.learning.activities import service as learning
from app.learning.activities.schemas import CompletionCommand
from app.learning.field_hours import service as field_hours
from app.learning.field_hours.schemas import CountersignCommand, HoursCommand
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.schemas import TextCommand
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission
from app.progress.path.service import progress_of
from app.progress.schemas import State

DAY = timedelta(days=1)
MINUTES_A_DAY = 420
LEFT_FOR_LATER = 0.004
ABSENT, EXCUSED, LATE = 0.03, 0.06, 0.1
PLACES_THAT_PHONE = {"lac-gilman", "havre"}
Doing = Callable[[Session, Actor, EnrolmentRef], None]


def live(story: Story, tell: Callable[[int], None]) -> None:
    """All cohorts that have begun, college by college, on every core; ``tell`` hears how many are done.

    A college lives alone: its own chance, its own process, its own enterprises. The same seed gives the same
    people, facts and certificates, whatever college ends first; only row ids may differ.
    """
    url = story.database.engine.url.render_as_string(hide_password=False)
    colleges: dict[str, list[Group]] = {}
    for group in story.groups:
        if group.plan.weeks_ago > 0:
            colleges.setdefault(group.plan.place, []).append(group)
    largest_first = sorted(colleges.values(), key=lambda groups: -sum(g.plan.people * g.plan.weeks_ago for g in groups))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as cores:
        pools = story.pools
        lives = [
            cores.submit(live_in, url, story.seed, story.today, groups, pools[groups[0].cohort.college_id])
            for groups in largest_first
        ]
        for life in as_completed(lives):
            college_id, pool, cohorts_done = life.result()
            story.pools[college_id] = pool
            tell(cohorts_done)


def live_in(url: str, seed: int, today: date, groups: list[Group], pool: list[int]) -> tuple[int, list[int], int]:
    """One college's cohorts; ``(college id, enterprises left, cohorts done)``."""
    college_id = groups[0].cohort.college_id
    database = open_database(url, pool_size=2, recorded=False)  # nobody did what is only told
    story = Story(database, seed, today, groups=groups, pools={college_id: pool}, place=groups[0].plan.place)
    for group in groups:
        _live(story, group)
    database.dispose()
    return college_id, story.pools[college_id], len(groups)


def _live(story: Story, group: Group) -> None:
    plan_calendar(story, group)
    form_groups(story, group)
    for module in curriculum_of(group).modules:
        if module.week <= group.plan.weeks_ago:
            call_rolls(story, group, module)
            meet(story, group, module)
        if module.week <= weeks_done(group):
            work(story, group, module)
            judge_module(story, group, module)
    judge_late(story, group)
    leave(story, group)


def plan_calendar(story: Story, group: Group) -> None:
    """Sessions of every group activity, past and to come, planned at the start."""
    with at(noon(group.cohort.starts_on)), story.database.transaction() as db:
        manager = story.actor(db, group.staff.coordinator, Permission.SESSION_MANAGE)
        for module in curriculum_of(group).modules:
            meetings = [a for a in module.activities if a.is_group and a.type is not ActivityType.codev]
            for place, activity in enumerate(meetings):
                command = NewSession(activity_code=activity.code, starts_at=moment(group, module, days=place, hour=14))
                calendar.schedule(db, manager, group.cohort, command)


# Roll calls -------------------------------------------------------------------------------------


def call_rolls(story: Story, group: Group, module: Module) -> None:
    """Close the roll call of each session of the module; one session of one cohort was cancelled."""
    codes = {a.code for a in module.activities}
    with story.database.transaction() as db:
        story.actor(db, group.staff.coordinator, Permission.SESSION_READ)
        meetings = [m for m in calendar.calendar(db, group.cohort) if m.activity_code in codes]
    for meeting in meetings:
        if (group.plan.place, meeting.activity_code) == ("vieux-fort", "GEN-4.B"):
            _cancel(story, group, meeting)
        else:
            _call_roll(story, group, meeting)


def _cancel(story: Story, group: Group, meeting: SessionRow) -> None:
    with at(meeting.starts_at - DAY), story.database.transaction() as db:
        manager = story.actor(db, group.staff.coordinator, Permission.SESSION_MANAGE)
        found = calendar.see_session(db, manager, meeting.id)
        calendar.cancel(db, manager, found, CancelCommand(reason="Tempête de neige : le cégep est fermé."))


def _call_roll(story: Story, group: Group, meeting: SessionRow) -> None:
    with at(meeting.starts_at + timedelta(hours=5)), story.database.transaction() as db:
        trainer = story.actor(db, group.staff.trainers[0], Permission.ROLLCALL_RECORD)
        found = calendar.see_session(db, trainer, meeting.id)
        people = roll_calls.sheet(db, found).entries
        entries = tuple(_presence(story, group, entry.enrolment_id, meeting.planned_minutes) for entry in people)
        roll_calls.close_roll_call(db, trainer, found, RollCallCommand(entries=entries))


def _presence(story: Story, group: Group, enrolment_id: int, planned: int) -> EntryCommand:
    chance = story.chance.random()
    if chance < EXCUSED:
        status = PresenceStatus.ABSENT if chance < ABSENT else PresenceStatus.EXCUSED
        return EntryCommand(enrolment_id=enrolment_id, status=status, minutes=0)
    mode = PresenceMode.ONSITE
    if group.plan.place in PLACES_THAT_PHONE:
        mode = PresenceMode.PHONE if story.chance.random() < EXCUSED else PresenceMode.VIDEO
    if chance < LATE:
        return EntryCommand(enrolment_id=enrolment_id, status=PresenceStatus.LATE, minutes=planned - 15, mode=mode)
    return EntryCommand(enrolment_id=enrolment_id, status=PresenceStatus.PRESENT, minutes=planned, mode=mode)


# What each person does --------------------------------------------------------------------------


def work(story: Story, group: Group, module: Module) -> None:
    """A module's work: alone, in the field with its mandates, then handed in; hours are countersigned."""
    catch_up(story, group, module)
    keep_mandates(story, group, module)
    steps: tuple[tuple[ActivityType, Callable[..., None]], ...] = (
        (ActivityType.self_study, _study),
        (ActivityType.field_mandate, _declare),
        (ActivityType.assessment, _hand_in),
    )
    for place, (kind, do) in enumerate(steps):
        activities = [a for a in module.activities if a.type is kind and not a.is_group]
        if activities:
            when = min(moment(group, module, days=3 + place), noon(story.today - DAY))
            each(story, group, when, _doing(story, activities, do))
    countersign(story, group, module)


def _doing(story: Story, activities: Sequence[Activity], do: Callable[..., None]) -> Doing:
    def doing(db: Session, actor: Actor, enrolment: EnrolmentRef) -> None:
        progress = progress_of(db, enrolment)
        for activity in activities:
            is_open = progress.activity(activity.code).state is not State.LOCKED
            if is_open and story.chance.random() > LEFT_FOR_LATER:
                do(story, db, actor, enrolment, activity)

    return doing


def each(story: Story, group: Group, when: datetime, doing: Doing) -> None:
    """Everyone active in turn, in one transaction: one fold each at its end."""
    with at(when), story.database.transaction() as db:
        story.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
        people = cohorts.enrolments_in(db, group.cohort)
        for enrolment in people:
            joined = enrolment.joined_on is not None and enrolment.joined_on <= when.date()
            if enrolment.state is EnrolmentState.ACTIVE and joined:
                doing(db, story.actor(db, enrolment.person_id, Permission.ACTIVITY_DO), enrolment)


def _study(_: Story, db: Session, actor: Actor, who: EnrolmentRef, activity: Activity) -> None:
    learning.complete(db, actor, who, CompletionCommand(activity_code=activity.code))


def _hand_in(story: Story, db: Session, actor: Actor, who: EnrolmentRef, activity: Activity) -> None:
    body = "\n\n".join((activity.title.fr, *story.chance.sample(HAND_INS, 2)))
    hand_ins.hand_in_text(db, actor, who, TextCommand(activity_code=activity.code, body=body))


def _declare(story: Story, db: Session, actor: Actor, who: EnrolmentRef, activity: Activity) -> None:
    days = -(-activity.minutes // MINUTES_A_DAY)
    for day in range(days):
        minutes = min(MINUTES_A_DAY, activity.minutes - day * MINUTES_A_DAY)
        worked_on = story.day() - (days - day) * DAY
        command = HoursCommand(activity_code=activity.code, minutes=minutes, worked_on=worked_on)
        field_hours.declare_hours(db, actor, who, command)


def countersign(story: Story, group: Group, module: Module) -> None:
    """The coordinator accepts what was declared, a few days later; the last days still wait."""
    when = moment(group, module, days=9)
    if when > noon(story.today - 4 * DAY):
        return
    with at(when), story.database.transaction() as db:
        coordinator = story.actor(db, group.staff.coordinator, Permission.HOURS_COUNTERSIGN)
        waiting = field_hours.hours_to_countersign(db, coordinator, college_id=group.staff.college.id)
        field_hours.countersign_all(db, coordinator, waiting, CountersignCommand(accepted=True))


def catch_up(story: Story, group: Group, module: Module) -> None:
    """Who was absent makes the workshop up; who joined late too, with a date for each (S2)."""
    codes = [a.code for a in module.activities if a.is_group and a.type is not ActivityType.codev]
    with at(moment(group, module, days=6)), story.database.transaction() as db:
        coordinator = story.actor(db, group.staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            if enrolment.state is not EnrolmentState.ACTIVE:
                continue
            progress = progress_of(db, enrolment)
            missed = [c for c in codes if progress.activity(c).state is not State.DONE and c != "GEN-4.B"]
            for code in missed:
                due_on = story.day() + timedelta(days=14)
                given = catch_ups.assign_catch_up(
                    db, coordinator, enrolment, CatchUpCommand(activity_code=code, due_on=due_on)
                )
                if story.chance.random() > EXCUSED:
                    done = CatchUpDone(done_on=story.day())
                    catch_ups.finish_catch_up(db, coordinator, enrolment, given.id, done)


def leave(story: Story, group: Group) -> None:
    """In the older cohorts someone withdraws, someone takes a leave; finished people are said to be so."""
    if group.plan.weeks_ago < 20:  # noqa: PLR2004 - weeks
        return
    with at(noon(story.today - 5 * DAY)), story.database.transaction() as db:
        manager = story.actor(db, group.staff.coordinator, Permission.ENROLMENT_MANAGE)
        people = [e for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        unfinished = [e for e in people if not any(x.eligible for x in progress_of(db, e).eligibility)]
        moves = (
            MoveCommand(to=EnrolmentState.WITHDRAWN, reason="Changement d’emploi."),
            MoveCommand(to=EnrolmentState.ON_LEAVE, reason="Congé parental."),
        )
        for enrolment, move in zip(unfinished[:2], moves, strict=False):
            cohorts.move(db, manager, enrolment, move)
