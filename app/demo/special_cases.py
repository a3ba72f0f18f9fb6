"""Single cases of the demo network: a late hand-in (S1), cohorts of every state."""

from datetime import time, timedelta
from pathlib import Path
from typing import NamedTuple

from app.attendance.series import service as series
from app.attendance.series.schemas import ConfirmSeries, NewSeries
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.lifecycle import service as lifecycle
from app.cohorts.lifecycle.schemas import MoveCohort
from app.cohorts.schemas import CohortRef, NewCohort
from app.curricula.enums import ActivityType
from app.curricula.library import curriculum_of, default_library
from app.demo.codev import meeting_link
from app.demo.network import DemoPlan, Group, noon
from app.grading.team_traces import service as team_traces
from app.grading.team_traces.schemas import TeamCommand
from app.learning.documents import service as documents
from app.learning.documents.schemas import NewDocument
from app.learning.documents.service import SharedFile
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.schemas import FileCommand, TextCommand
from app.platform.clock import at
from app.platform.files.store import FileStore
from app.platform.security.permissions import Permission
from app.progress.path.service import progress_of
from app.progress.schemas import State

DEPOSITORS = 3
"""People of a cohort who deposit what pages ask for, and activities for which each does."""


class Shared(NamedTuple):
    """What a workshop gave: the document and its second version."""

    code: str
    title: str
    first: str
    second: str
    link: str | None = None


RULES = """1. Une pratique connue d’une seule personne ne dépasse pas 2.
2. Un outil payé mais jamais ouvert ne prouve que la dépense.
3. Sans pièce, la dimension reste vide, et on l’écrit.
4. Un écart de deux points se discute à partir de la pièce."""
SHARED = {
    "specialise": Shared(
        "SPE-2.B",
        "Règles communes de cotation",
        RULES,
        f"{RULES}\n5. Une direction sympathique ne change aucune cote.",
    ),
    "generaliste": Shared(
        "GEN-1.B",
        "Carte de l’écosystème de la région",
        "La carte de l’atelier, avec ses trois trous à vérifier par téléphone.",
        "La carte de l’atelier, deux des trois trous vérifiés.",
        "https://tableaux.example/carte",
    ),
}

PHOTOGRAPHED = "GEN-1.B"
PHOTO = Path(__file__).parent / "photos" / "carte.heic"
"""A map on a table, drawn: the workshop in which it was photographed with a phone."""
MEGABYTES = 1

TEAM_WORK = """Notre décision, en équipe de trois

Nous retenons la version la plus modeste. Une personne relit vingt réponses chaque vendredi, et peut tout arrêter.
Écarté : la version complète, dont personne n’aurait le temps de vérifier les réponses."""
"""What a team of three deposits, with no name of an enterprise."""

SERIES = 5
"""Sessions of the draft that are planned already."""

FRIDAY = 4

OVER_SINCE = 40
"""Weeks after the first day from which a cohort of the plan is closed."""


def add_special_cases(demo: DemoPlan, files: FileStore) -> None:
    """Add every special case whose cohorts are part of the plan."""
    by_name = {f"{g.plan.place} {g.plan.code}": g for g in demo.groups}
    for name in ("lac-gilman GEN-1", "harricana SPE-1"):
        if name in by_name:
            add_traces(demo, by_name[name])
            share_documents(demo, by_name[name], files)
            share_team_trace(demo, by_name[name])
    if "lac-gilman GEN-1" in by_name:
        deposit_photo(demo, by_name["lac-gilman GEN-1"], files)
        add_late_declaration(demo, by_name["lac-gilman GEN-1"])


def add_traces(demo: DemoPlan, group: Group) -> None:
    """Deposit what pages ask for, as a few people do first, in the activities of the path that are not locked (S1)."""
    curriculum = curriculum_of(group.cohort)
    codes = [a.code for a in curriculum.activities if default_library().takes_trace(curriculum, a.code)]
    with at(noon(demo.today - timedelta(days=4))), demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
        active = [e for e in enrolments.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        for enrolment in active[:DEPOSITORS]:
            actor = demo.actor(db, enrolment.person_id, Permission.ACTIVITY_DO)
            progress = progress_of(db, enrolment)
            for code in [c for c in codes if progress.activity(c).state is not State.LOCKED][:DEPOSITORS]:
                title = curriculum.activity(code).title.fr
                command = TextCommand(
                    activity_code=code,
                    body=f"{title}\n\nVersion de l’équipe, sans nom d’entreprise.",
                    link=f"https://tableaux.example/{code.lower()}" if enrolment == active[0] else None,
                )
                hand_ins.hand_in_text(db, actor, enrolment, command)


def share_team_trace(demo: DemoPlan, group: Group) -> None:
    """Deposit the work of a team in the first such workshop that is not locked, and name its two others (S1)."""
    curriculum = curriculum_of(group.cohort)
    with at(noon(demo.today - timedelta(days=2))), demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
        active = [e for e in enrolments.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        author, *mates = active[:DEPOSITORS]
        progress = progress_of(db, author)
        code = next(
            a.code
            for a in curriculum.activities
            if team_traces.is_by_team(author, a.code) and progress.activity(a.code).state is not State.LOCKED
        )
        actor = demo.actor(db, author.person_id, Permission.ACTIVITY_DO)
        command = TextCommand(activity_code=code, body=TEAM_WORK)
        work, _ = hand_ins.hand_in_text(db, actor, author, command)
        team = TeamCommand(enrolment_ids=tuple(mate.id for mate in mates))
        team_traces.name_team(db, actor, team_traces.see_trace(db, actor, work.id), team)


def deposit_photo(demo: DemoPlan, group: Group, files: FileStore) -> None:
    """Deposit the photo that a phone took of a map drawn in a workshop: it is kept as a JPEG (S1)."""
    with at(noon(demo.today - timedelta(days=3))), demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
        active = (e for e in enrolments.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE)
        enrolment = next(active)
        actor = demo.actor(db, enrolment.person_id, Permission.ACTIVITY_DO)
        command = FileCommand(activity_code=PHOTOGRAPHED, name="IMG_0412.heic", content=PHOTO.read_bytes())
        hand_ins.hand_in_file(db, actor, enrolment, command, files=files, megabytes=MEGABYTES)


def share_documents(demo: DemoPlan, group: Group, files: FileStore) -> None:
    """Share what a workshop of the path gave with its cohort, and replace it the next day (SPE-2.B, GEN-1.B)."""
    shared = SHARED[group.cohort.curriculum_slug]
    supersedes = None
    for days_ago, body in ((6, shared.first), (5, shared.second)):
        with at(noon(demo.today - timedelta(days=days_ago))), demo.database.transaction() as db:
            actor = demo.actor(db, group.staff.trainers[0], Permission.DOCUMENT_SHARE)
            command = NewDocument(title=shared.title, body=body, link=shared.link, supersedes=supersedes)
            is_photographed = shared.code == PHOTOGRAPHED
            file = SharedFile("Carte.heic", PHOTO.read_bytes(), files, MEGABYTES) if is_photographed else None
            supersedes = documents.share(db, actor, group.cohort, shared.code, command, file=file).id


def add_late_declaration(demo: DemoPlan, group: Group) -> None:
    """Hand in on Saturday an activity done off line on Thursday (S1)."""
    thursday = noon(demo.today - timedelta(days=3))
    activities = curriculum_of(group.cohort).activities
    codes = [a.code for a in activities if a.type is ActivityType.assessment and not a.is_group]
    with at(thursday + timedelta(days=2)), demo.database.transaction() as db:
        for enrolment in group.enrolments:
            actor = demo.actor(db, enrolment.person_id, Permission.ACTIVITY_DO)
            progress = progress_of(db, enrolment)
            code = next((c for c in codes if progress.activity(c).state is State.OPEN), None)
            if code is not None:
                body = "Fait hors ligne jeudi soir; envoyé samedi depuis la bibliothèque."
                command = TextCommand(activity_code=code, body=body, completed_at=thursday)
                hand_ins.hand_in_text(db, actor, enrolment, command)
                return


def show_cohort_states(demo: DemoPlan) -> None:
    """Close the cohorts that everyone has finished, and add to the first college a draft and one that was given up."""
    for group in demo.groups:
        if group.plan.weeks_ago >= OVER_SINCE:
            with demo.database.transaction() as db:
                manager = demo.actor(db, group.staff.coordinator, Permission.COHORT_MANAGE)
                cohort = cohorts.see_cohort(db, manager, group.cohort.id)
                reason = "Fin de la cohorte; les activités manquantes se terminent sur entente."
                shown = lifecycle.preview(db, manager, cohort, CohortState.CLOSED).shown
                closing = MoveCohort(to=CohortState.CLOSED, reason=reason, leave_incomplete=True, shown=shown)
                lifecycle.move(db, manager, cohort, closing)
    for like in (g for g in demo.groups if (g.plan.place, g.plan.code) == ("piekouagami", "GEN-3")):
        _plan_series(demo, like, _add_draft(demo, like, "GEN-4", 20))
        given_up = _add_draft(demo, like, "GEN-0", 2)
        with demo.database.transaction() as db:
            manager = demo.actor(db, like.staff.coordinator, Permission.COHORT_MANAGE)
            reason = "Trop peu de demandes cette session; reporté."
            shown = lifecycle.preview(db, manager, given_up, CohortState.ARCHIVED).shown
            lifecycle.move(db, manager, given_up, MoveCohort(to=CohortState.ARCHIVED, reason=reason, shown=shown))


def _plan_series(demo: DemoPlan, group: Group, cohort: CohortRef) -> None:
    """Plan the first sessions of a cohort to come, a week apart, from its first Friday on."""
    first = cohort.starts_on + timedelta(days=(FRIDAY - cohort.starts_on.weekday()) % 7)
    with demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.SESSION_MANAGE)
        code = series.activities_left(db, cohort)[0].code
        planned = NewSeries(activity_code=code, day=first, clock=time(9), number=SERIES)
        shown, link = series.preview(db, manager, cohort, planned).shown, meeting_link(group, "serie")
        command = ConfirmSeries(**planned.model_dump(), shown=shown, meeting_link=link)
        series.plan_series(db, manager, cohort, command)


def _add_draft(demo: DemoPlan, group: Group, code: str, weeks: int) -> CohortRef:
    """Prepare a cohort like another one, some weeks later."""
    like = group.cohort
    starts_on = like.starts_on + timedelta(weeks=weeks)
    with demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.COHORT_MANAGE)
        command = NewCohort(
            **like.model_dump(include={"project_id", "region_code", "phase", "capacity", "place"}),
            curriculum_slug=like.curriculum_slug,
            curriculum_version=like.curriculum_version,
            code=f"{code}-{starts_on.year}",
            title=f"Parcours généraliste, {group.staff.college.city}, {starts_on:%Y-%m}",
            starts_on=starts_on,
        )
        return cohorts.add_cohort(db, manager, group.staff.college, command)
