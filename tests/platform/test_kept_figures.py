"""Every kept figure is what its computation gives, after any history; what differs is said, and mended."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.field_hours.models import Countersignature, FieldHours
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.models import Mandate, MandateMilestone, MilestoneConfirmation
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.cohorts.enums import EnrolmentState, Phase
from app.cohorts.models import Cohort, Enrolment
from app.curricula.enums import MandateKind
from app.features import FIGURES
from app.learning.activities.models import ActivityCompletion
from app.network.enums import CertificateKind
from app.people.models import Person
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.kept_figures import Difference, KeptFigure
from app.platform.search import search_key
from app.reports.jobs import compact_sums
from tests.database_copy import DatabaseCopy
from tests.factories.locks import wait_for_lock_waiters
from tests.factories.network import STARTED, World

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
CODES = ("GEN-1.A", "GEN-1.B", "GEN-2.A")
STATES = list(EnrolmentState)
MILESTONES = list(MilestoneKind)
REGIONS = ("02", "08")
NEQS = (None, "1122334455", "1199887766")

Act = Callable[[Session, World, int, int], None]


def one_of(db: Session, model: type, which: int) -> object:
    """Return one row of a table, by number."""
    rows: Sequence[object] = db.exec(select(model).order_by(text("id"))).all()
    return rows[which % len(rows)] if rows else None


def opens_cohort(db: Session, world: World, a: int, b: int) -> None:
    college = (world.alma, world.rouyn)[a % 2]
    code = f"C{len(db.exec(select(Cohort.id)).all())}"
    db.add(Cohort(
        college_id=college, project_id=world.project, region_code=REGIONS[b % 2], phase=Phase.PROTOTYPE, code=code,
        title="Groupe", curriculum_slug="generaliste", curriculum_version="1.0", starts_on=STARTED,
        ends_on=STARTED + timedelta(weeks=16), capacity=20, place="Ici", created_at=AT,
    ))  # fmt: skip


def enrols(db: Session, world: World, a: int, b: int) -> None:
    cohort = one_of(db, Cohort, a)
    assert isinstance(cohort, Cohort)
    person = list(world.people.values())[b % len(world.people)]
    db.add(Enrolment(
        college_id=cohort.college_id, cohort_id=cohort.id, person_id=person, curriculum_slug="generaliste",
        curriculum_version="1.0", state=STATES[(a + b) % len(STATES)], joined_on=STARTED,
    ))  # fmt: skip


def changes_state(db: Session, world: World, a: int, b: int) -> None:
    row = one_of(db, Enrolment, a)
    assert isinstance(row, Enrolment)
    row.state = STATES[b % len(STATES)]
    db.add(row)


def completes(db: Session, world: World, a: int, b: int) -> None:
    enrolment = one_of(db, Enrolment, a)
    assert isinstance(enrolment, Enrolment)
    of_activity = (ActivityCompletion.enrolment_id == enrolment.id, ActivityCompletion.activity_code == CODES[b % 3])
    last = db.exec(select(ActivityCompletion).where(*of_activity).order_by(col(ActivityCompletion.id).desc())).first()
    db.add(ActivityCompletion(
        college_id=enrolment.college_id, enrolment_id=enrolment.id, activity_code=CODES[b % 3],
        done=last is None or not last.done, done_on=date(2026, 11, 20), recorded_at=AT,
        recorded_by=world.people["trainer"], supersedes_id=last.id if last else None,
    ))  # fmt: skip


def declares(db: Session, world: World, a: int, b: int) -> None:
    enrolment = one_of(db, Enrolment, a)
    assert isinstance(enrolment, Enrolment)
    row = FieldHours(
        college_id=enrolment.college_id, enrolment_id=enrolment.id, activity_code="GEN-4.B", minutes=60,
        worked_on=date(2026, 11, 20), declared_at=AT, declared_by=enrolment.person_id,
    )  # fmt: skip
    db.add(row)
    db.flush()
    if b % 2:
        db.add(Countersignature(
            college_id=row.college_id, field_hours_id=row.id, accepted=True, decided_at=AT,
            decided_by=world.people["coordinator"],
        ))  # fmt: skip


def becomes_eligible(db: Session, world: World, a: int, b: int) -> None:
    kinds = [kind.value for kind in CertificateKind][: b % 3]
    statement = (
        "update progress set eligible = :kinds where id = (select id from progress order by id offset :n limit 1)"
    )
    db.execute(text(statement), {"kinds": kinds, "n": a % 4})


def issues(db: Session, world: World, a: int, b: int) -> None:
    enrolment = one_of(db, Enrolment, a)
    assert isinstance(enrolment, Enrolment)
    number = db.execute(text("select count(*) from certificate")).scalar_one() + 1
    db.add(Certificate(
        college_id=enrolment.college_id, enrolment_id=enrolment.id, kind=list(CertificateKind)[b % 3], year=2026,
        sequence=number, number=f"X-2026-{number:04}", code=f"{number:032}", state=CertificateState.VALID,
        issued_on=date(2026, 11, 20), decided_by=world.people["registrar"], decided_at=AT, record={}, design="escouade",
    ))  # fmt: skip


def revokes(db: Session, world: World, a: int, b: int) -> None:
    row = one_of(db, Certificate, a)
    if isinstance(row, Certificate):
        row.state, row.ended_on = CertificateState.REVOKED, date(2026, 11, 21)
        db.add(row)


def opens_mandate(db: Session, world: World, a: int, b: int) -> None:
    college, by = (world.alma, world.rouyn)[a % 2], world.people["coordinator"]
    number = db.execute(text("select count(*) from enterprise")).scalar_one()
    if number < 4:
        db.add(Enterprise(
            college_id=college, neq=NEQS[b % 3], name=f"Atelier {number}", search_key=search_key(f"Atelier {number}"),
            sector="bois", size=EnterpriseSize.SMALL, region_code=REGIONS[b % 2], created_at=AT, created_by=by,
        ))  # fmt: skip
        db.flush()
    enterprise = one_of(db, Enterprise, b)
    assert isinstance(enterprise, Enterprise)
    db.add(Mandate(
        college_id=enterprise.college_id, enterprise_id=enterprise.id, project_id=world.project,
        kind=next(iter(MandateKind)), title="Mandat", opened_on=date(2026, 11, 1), created_at=AT, created_by=by,
    ))  # fmt: skip


def reaches(db: Session, world: World, a: int, b: int) -> None:
    """Record each milestone of a mandate that has none, or correct one; confirm what is recorded last."""
    mandate = one_of(db, Mandate, a)
    if not isinstance(mandate, Mandate):
        return
    for kind in MILESTONES[: 1 + b % 3]:
        of_kind = (MandateMilestone.mandate_id == mandate.id, MandateMilestone.kind == kind)
        last = db.exec(select(MandateMilestone).where(*of_kind).order_by(col(MandateMilestone.id).desc())).first()
        row = MandateMilestone(
            college_id=mandate.college_id, mandate_id=mandate.id, kind=kind, happened_on=date(2026, 11, 2),
            confidentiality_clause=True, recorded_at=AT, recorded_by=world.people["coordinator"],
            supersedes_id=last.id if last else None,
        )  # fmt: skip
        db.add(row)
        db.flush()
        if (a + b) % 4:
            db.add(MilestoneConfirmation(
                college_id=mandate.college_id, milestone_id=row.id, confirmed_at=AT,
                confirmed_by=world.people["registrar"],
            ))  # fmt: skip


def renames(db: Session, world: World, a: int, b: int) -> None:
    enterprise = one_of(db, Enterprise, a)
    if isinstance(enterprise, Enterprise):
        enterprise.neq, enterprise.region_code = NEQS[b % 3], REGIONS[b % 2]
        db.add(enterprise)
    person = one_of(db, Person, a)
    assert isinstance(person, Person)
    person.search_key = search_key(("Lefort", "St-Pierre", "O’Neil")[b % 3])
    db.add(person)


def changes_cohort(db: Session, world: World, a: int, b: int) -> None:
    row, cohort = one_of(db, Enrolment, a), one_of(db, Cohort, b)
    assert isinstance(row, Enrolment)
    assert isinstance(cohort, Cohort)
    if row.college_id == cohort.college_id:
        db.execute(text("update enrolment set cohort_id = :to where id = :one"), {"one": row.id, "to": cohort.id})


def changes_enrolment_of_certificate(db: Session, world: World, a: int, b: int) -> None:
    row, enrolment = one_of(db, Certificate, a), one_of(db, Enrolment, b)
    assert isinstance(enrolment, Enrolment)
    if isinstance(row, Certificate) and row.college_id == enrolment.college_id:
        statement = "update certificate set enrolment_id = :to where id = :one"
        db.execute(text(statement), {"one": row.id, "to": enrolment.id})


BY_THE_OWNER: tuple[Act, ...] = (changes_cohort, changes_enrolment_of_certificate)
"""What no request does, and the triggers count all the same."""
ACTS: tuple[Act, ...] = (
    *BY_THE_OWNER,
    opens_cohort, enrols, changes_state, completes, declares, becomes_eligible, issues, revokes, opens_mandate, reaches,
    renames,
)  # fmt: skip
REFUSED = frozenset({
    "uq_enrolment_cohort_id_person_id", "uq_enrolment_one_active_per_path", "uq_certificate_one_valid",
    "uq_enterprise_college_id_neq",
})  # fmt: skip
"""The rules that an act of a history may meet."""
HISTORIES = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 30), st.integers(0, 30)), min_size=4, max_size=25)


def differing(figures: Sequence[KeptFigure], db: Session) -> dict[str, list[Difference]]:
    """Return what differs, by figure; figures that agree are absent."""
    differences = {figure.name: list(figure.differences(db)) for figure in figures}
    return {name: those for name, those in differences.items() if those}


def try_act(database: Database, world: World, act: Act, a: int, b: int) -> None:
    """Do one thing in a transaction of requests, unless a rule of the database refuses it."""
    try:
        owned = act in BY_THE_OWNER
        with database.as_owner() if owned else database.transaction(colleges=[world.alma, world.rouyn]) as db:
            act(db, world, a, b)
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation) or error.orig.diag.constraint_name not in REFUSED:
            raise


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES)
def test_any_history_leaves_each_figure_as_it_is_computed(
    database: Database, world: World, database_copy: DatabaseCopy, history: list[tuple[Act, int, int]]
) -> None:
    """Each history begins in the small network, so that one that fails can be run again."""
    database_copy.put_back()
    for act, a, b in history:
        try_act(database, world, act, a, b)
    with database.as_owner() as db:
        assert differing(FIGURES, db) == {}
    compact_sums(database)
    with database.as_owner() as db:
        assert differing(FIGURES, db) == {}
        assert db.execute(text("select count(*) from report_sum r group by project_id, college_id, region_code,"
                               " cohort_id having count(*) > 1")).first() is None  # fmt: skip


def unfinished_twice(database: Database, world: World) -> tuple[int, int]:
    """Enrol one person in two cohorts, neither of which they have completed."""
    for _ in range(2):
        try_act(database, world, opens_cohort, 0, 1)
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        cohorts = db.exec(select(Cohort).order_by(col(Cohort.id).desc()).limit(2)).all()
        first, second = (
            Enrolment(
                college_id=cohort.college_id, cohort_id=cohort.id, person_id=world.people["nobody"],
                curriculum_slug="generaliste", curriculum_version="1.0", state=EnrolmentState.INCOMPLETE,
                joined_on=STARTED,
            )
            for cohort in cohorts
        )  # fmt: skip
        db.add_all([first, second])
        db.flush()
        return first.id, second.id


def complete(db: Session, enrolment: int) -> None:
    row = db.get_one(Enrolment, enrolment)
    row.state = EnrolmentState.COMPLETED
    db.add(row)
    db.flush()


def assert_counted_once(database: Database) -> None:
    with database.as_owner() as db:
        assert differing(FIGURES, db) == {}
        people = "select sum(people_completed) from report_sum where cohort_id is null"
        assert db.execute(text(people)).scalar_one() == 1


def test_one_person_completes_in_two_cohorts_at_the_same_moment_and_counts_once(
    database: Database, world: World
) -> None:
    """The ledger is closed until both wait: one at the ledger, the other one for the first's row of ``project_person``.

    Without the lock of that row both wait at the ledger, where each adds the person whom it saw nobody count.
    """

    def complete_one(enrolment: int) -> None:
        with database.engine.begin() as owner:
            owner.execute(text("update enrolment set state = 'completed' where id = :one"), {"one": enrolment})

    both = unfinished_twice(database, world)
    with ThreadPoolExecutor(2) as threads, database.engine.begin() as closing:
        closing.execute(text("lock table report_sum in share mode"))
        waiting = [threads.submit(complete_one, enrolment) for enrolment in both]
        wait_for_lock_waiters(database, 2, *waiting)
        closing.rollback()
        for one in waiting:
            one.result()
    assert_counted_once(database)


def test_person_whose_first_enrolment_is_deleted_counts_in_the_second(database: Database, world: World) -> None:
    """Only the owner deletes an enrolment: its progress first, emptied before, as the ledger does not see it go."""
    first, _ = unfinished_twice(database, world)
    counted = "select sum(enrolments), sum(people), sum(planned_minutes) from report_sum where cohort_id = :cohort"
    with database.as_owner() as db:
        cohort = {"cohort": db.get_one(Enrolment, first).cohort_id}
        assert db.execute(text(counted), cohort).one()[:2] == (1, 1)
        one = {"one": first}
        db.execute(text("update progress set planned_minutes = 0, modules_total = 0 where enrolment_id = :one"), one)
        db.execute(text("delete from progress where enrolment_id = :one"), one)
        db.execute(text("delete from enrolment where id = :one"), one)
    with database.as_owner() as db:
        assert db.execute(text(counted), cohort).one() == (0, 0, 0)
        assert differing(FIGURES, db) == {}


def test_second_completion_waits_for_the_commit_of_the_first_and_counts_once(database: Database, world: World) -> None:
    """The first has counted the person and is not committed when the second begins."""
    first, second = unfinished_twice(database, world)

    def complete_second() -> None:
        with database.transaction(colleges=[world.alma, world.rouyn]) as db:
            complete(db, second)

    with ThreadPoolExecutor(1) as other:
        with database.transaction(colleges=[world.alma, world.rouyn]) as db:
            complete(db, first)
            waiting = other.submit(complete_second)
            wait_for_lock_waiters(database, 1, waiting)
        waiting.result()
    assert_counted_once(database)


BREAKS = {
    "cohort.seated": "update cohort set seated = seated + 1",
    "person_word": "delete from person_word where part = 'maude'",
    "progress": "update progress set body = jsonb_set(body, '{recognised_minutes}', '7')",
    "field_hours.decided": "update field_hours set decided = not decided",
    "mandate.accompanied": "alter table mandate disable trigger user; update mandate set accompanied = not accompanied;"
    " alter table mandate enable trigger user",
    "enterprise.accompanied": "update enterprise set accompanied = not accompanied",
    "accompanied_enterprise": "update accompanied_enterprise set region_code = '17'",
    "accompanied_count": "update accompanied_count set enterprises = enterprises + 1",
    "enterprise_word": "delete from enterprise_word where part = 'atelier'",
    "progress.undecided": "alter table progress disable trigger user; update progress set undecided = '{x}';"
    " alter table progress enable trigger user",
    "project_person": "update project_person set active_in = null",
    "report_sum": "update report_sum set recognised_minutes = recognised_minutes + 1",
}


def give_each_figure_something(database: Database, world: World) -> None:
    for act, a, b in ((declares, 0, 1), (opens_mandate, 0, 1), (reaches, 0, 2), (completes, 0, 0), (issues, 0, 0)):
        with database.transaction(colleges=[world.alma, world.rouyn]) as db:
            act(db, world, a, b)


def test_each_figure_has_its_break() -> None:
    assert BREAKS.keys() == {figure.name for figure in FIGURES}


@pytest.mark.parametrize("name", BREAKS)
def test_figure_that_differs_is_said_and_mended(database: Database, world: World, name: str) -> None:
    give_each_figure_something(database, world)
    with database.engine.begin() as owner:
        for statement in BREAKS[name].split(";"):
            owner.execute(text(statement))
    with database.as_owner() as db:
        assert name in differing(FIGURES, db)
        for figure in FIGURES:
            if figure.name in differing([figure], db):
                figure.mend(db)
    with database.as_owner() as db:
        assert differing(FIGURES, db) == {}


def test_cohort_keeps_its_project_and_region(database: Database, world: World) -> None:
    with pytest.raises(Exception, match="keeps its project and its region"), database.engine.begin() as owner:
        owner.execute(text("update cohort set region_code = '17'"))
