"""Service of reports: a cohort's and a college's report and a project's indicators, read from the database."""

from datetime import date

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from app.accompaniment.mandates.enums import MilestoneKind
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.cohorts import service as cohorts
from app.cohorts.enums import EnrolmentState
from app.cohorts.schemas import CohortsQuery
from app.network import service as network
from app.network.enums import PARTED, CertificateKind
from app.network.service import see_project
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.errors import NotFound
from app.platform.security.permissions import Permission
from app.reports import service as reports
from app.reports.indicators import service as indicators
from app.reports.schemas import Indicators, ProgressReport, ReportQuery
from tests.factories.grading import ALL_CN01, hand_in, hold_session, judge, judge_command
from tests.factories.network import World, acting
from tests.factories.reports import add_accompanied_enterprise, add_cohort, add_region_targets

A, C = EnrolmentState.ACTIVE, EnrolmentState.COMPLETED


def read_cohort_report(database: Database, world: World, who: str = "trainer") -> ProgressReport:
    with database.transaction() as db:
        actor = acting(db, world, who, Permission.REPORT_COHORT)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        return reports.cohort_report(db, actor, cohort, as_of=date(2026, 11, 22))


def read_college_report(
    database: Database, world: World, who: str = "registrar", college: str = "alma"
) -> ProgressReport:
    with database.transaction() as db:
        actor = acting(db, world, who, Permission.REPORT_COLLEGE)
        return reports.college_report(db, actor, network.see_college(db, actor, getattr(world, college)))


def certify(database: Database, world: World, number: str, state: CertificateState, who: str = "maude") -> None:
    with database.transaction(colleges=[world.alma]) as db:
        db.add(
            Certificate(
                college_id=world.alma, enrolment_id=world.enrolments[who],
                kind=CertificateKind.attestation_participation, year=2026, sequence=int(number[-4:]), number=number,
                code=number.ljust(32, "0"), state=state, issued_on=date(2026, 11, 20),
                decided_by=world.people["registrar"], decided_at=now(), record={}, design="escouade",
                ended_on=None if state is CertificateState.VALID else date(2026, 11, 21),
            )
        )  # fmt: skip


def test_a_cohort_by_name_with_levels_hours_and_certificates(database: Database, world: World) -> None:
    hold_session(database, world)
    judge(database, world, judge_command(hand_in(database, world), level=3, criteria_met=ALL_CN01))
    certify(database, world, "ALM-2026-0001", CertificateState.REVOKED)
    certify(database, world, "ALM-2026-0002", CertificateState.VALID)
    report = read_cohort_report(database, world)
    assert [r.name for r in report.rows] == ["Maude Bérubé", "Karim Haddad", "Élise Lœwen-Côté", "Yves O’Brien"]
    maude = next(r for r in report.rows if r.name == "Maude Bérubé")
    assert (maude.recognised_minutes, maude.planned_minutes) == (180 + 60, 3600)
    assert (maude.attendance_pct, maude.modules_done, maude.modules_total) == (100, 0, 8)
    assert maude.levels["CN-01"] == 3
    assert maude.levels["CN-02"] is None
    assert [(c.number, c.issued_on) for c in maude.certificates] == [("ALM-2026-0002", date(2026, 11, 20))]
    assert next(r for r in report.rows if r.name == "Karim Haddad").attendance_pct == 0
    assert (report.college, report.cohort, report.contract) == ("Collège d’Alma", "GEN-ALM-1", "progression_v1")
    assert (report.totals.enrolments, report.totals.certificates, report.totals.attended_minutes) == (4, 1, 180)
    assert report.competencies == tuple(sorted(maude.levels))


def test_a_college_is_the_sum_of_its_cohorts(database: Database, world: World) -> None:
    hold_session(database, world)
    other = add_cohort(database, world, "10", A, A, C, college="alma")
    whole = read_college_report(database, world)
    assert whole.cohort is None
    assert [part.cohort for part in whole.cohorts] == ["GEN-10-3", "GEN-ALM-1"]
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", Permission.REPORT_COHORT)
        parts = [
            reports.cohort_report(db, actor, cohorts.see_cohort(db, actor, cohort)) for cohort in (other, world.cohort)
        ]
    for name in type(whole.totals).model_fields:
        assert getattr(whole.totals, name) == sum(getattr(part.totals, name) for part in parts)
    assert whole.rows == tuple(row for part in parts for row in part.rows)


def test_a_college_comes_in_parts_with_its_kept_totals(database: Database, world: World) -> None:
    hold_session(database, world)
    certify(database, world, "ALM-2026-0002", CertificateState.VALID)
    add_cohort(database, world, "10", A, A, C, EnrolmentState.APPLIED, college="alma")
    whole = read_college_report(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "registrar", Permission.REPORT_COLLEGE)
        college = network.see_college(db, actor, world.alma)
        parts: list[ProgressReport] = []
        after: int | None = None
        while not parts or after is not None:
            parts.append(reports.college_report_part(db, actor, college, after=after, limit=2))
            after = parts[-1].next
    assert [len(part.rows) for part in parts] == [2, 2, 2, 1]
    assert tuple(row for part in parts for row in part.rows) == whole.rows
    assert {part.totals for part in parts} == {whole.totals}
    assert {total for part in parts for total in part.cohorts} == set(whole.cohorts)


MAUDE, KARIM, ELISE, YVES = "Maude Bérubé", "Karim Haddad", "Élise Lœwen-Côté", "Yves O’Brien"
FIRST, SECOND = "Prénom Numéro 10 0", "Prénom Numéro 10 1"
PROGRESS = ((30, 20, 20, 4), (10, 60, 600, 2), (60, 40, 100, 1), (20, 10, 50, 6), (50, 30, 100, 3), (40, 50, 100, 5))
"""Recognised and attended minutes, the base of attendance and modules done of each of the six, by enrolment."""


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("cohorte", [FIRST, SECOND, MAUDE, KARIM, ELISE, YVES]),
        ("heures", [KARIM, YVES, MAUDE, SECOND, FIRST, ELISE]),
        ("assiduite", [KARIM, YVES, FIRST, ELISE, SECOND, MAUDE]),
        ("modules", [ELISE, KARIM, FIRST, MAUDE, SECOND, YVES]),
    ],
)
def test_a_page_of_a_college_is_sorted_searched_and_filtered(
    database: Database, world: World, order: str, expected: list[str]
) -> None:
    add_cohort(database, world, "10", A, C, college="alma")
    with database.engine.begin() as owner:
        statement = text("select id from enrolment where college_id = :alma order by id")
        ids = owner.execute(statement, {"alma": world.alma}).scalars().all()
        for enrolment_id, (hours, attended, base, modules) in zip(ids, PROGRESS, strict=True):
            owner.execute(
                text(
                    "update progress set recognised_minutes = :hours, attended_minutes = :attended,"
                    " attendance_base_minutes = :base, modules_done = :modules where enrolment_id = :id"
                ),
                {"id": enrolment_id, "hours": hours, "attended": attended, "base": base, "modules": modules},
            )

    def names(**state: object) -> list[str]:
        with database.transaction() as db:
            actor = acting(db, world, "registrar", Permission.REPORT_COLLEGE)
            query = ReportQuery.model_validate({"tri": order, **state})
            report, page = reports.list_college_report(db, actor, network.see_college(db, actor, world.alma), query)
            assert (page.items, report.totals.enrolments) == (report.rows, 6)
            return [row.name for row in page.items]

    assert names() == expected
    assert names(tri=f"-{order}") == expected[::-1]
    assert names(recherche="maude berube") == ["Maude Bérubé"]
    assert names(recherche="berube gen-alm-1") == ["Maude Bérubé"]
    assert names(recherche="berube gen-10") == []
    assert names(etat="completed") == ["Prénom Numéro 10 1"]


def test_report_leaves_out_applied_and_refused_enrolments(database: Database, world: World) -> None:
    add_cohort(
        database, world, "10", EnrolmentState.APPLIED, EnrolmentState.REFUSED, EnrolmentState.WITHDRAWN, college="alma"
    )
    report = read_college_report(database, world)
    assert [r.state for r in report.rows if r.cohort == "GEN-10-3"] == [EnrolmentState.WITHDRAWN]


def test_only_kinds_that_the_college_issues_are_named(database: Database, world: World) -> None:
    with database.engine.begin() as owner:
        owner.execute(text("update progress set eligible = '{attestation_participation,attestation_reussite}'"))
        owner.execute(text("update college set authorised_kinds = '{attestation_participation}'"))
    assert read_cohort_report(database, world).rows[0].eligible == (CertificateKind.attestation_participation,)


@pytest.mark.parametrize(("who", "college"), [("other_registrar", "alma"), ("registrar", "rouyn"), ("trainer", "alma")])
def test_a_college_report_stays_in_its_college(database: Database, world: World, who: str, college: str) -> None:
    with pytest.raises(NotFound):
        read_college_report(database, world, who, college)


def test_a_trainer_elsewhere_gets_no_cohort_report(database: Database, world: World) -> None:
    with pytest.raises(NotFound):
        read_cohort_report(database, world, "other_trainer")


def test_a_report_costs_the_same_for_one_and_many(database: Database, world: World) -> None:
    def query_count() -> int:
        statements: list[str] = []
        with database.transaction() as db:
            actor = acting(db, world, "registrar", Permission.REPORT_COLLEGE)
            college = network.see_college(db, actor, world.alma)

            def record(*args: object) -> None:
                statements.append(str(args[2]))

            event.listen(database.request_engine, "before_cursor_execute", record)
            reports.college_report(db, actor, college)
            event.remove(database.request_engine, "before_cursor_execute", record)
        return len(statements)

    before = query_count()
    add_cohort(database, world, "10", A, A, A, college="alma")
    assert query_count() == before == 2


def test_reports_of_each_role_are_those_within_reach(database: Database, world: World) -> None:
    def report_counts(who: str) -> tuple[int, int, int]:
        with database.transaction() as db:
            actor = acting(db, world, who, Permission.ME_READ)
            readable = cohorts.list_cohorts(db, actor.using(Permission.REPORT_COHORT), CohortsQuery())
            return readable.total, len(reports.college_choices(db, actor)), len(reports.project_choices(db, actor))

    assert report_counts("registrar") == (1, 1, 0)
    assert report_counts("trainer") == (1, 0, 0)
    assert report_counts("observer") == (0, 0, 1)
    assert report_counts("maude") == (0, 0, 0)


def read_indicators(database: Database, world: World) -> Indicators:
    with database.transaction() as db:
        actor = acting(db, world, "observer", Permission.INDICATOR_READ)
        project = see_project(db, actor, world.project)
        return indicators.indicators(db, project)


def by_region(indicators: Indicators) -> dict[str, dict[str, int | None]]:
    return {r.region_code: r.model_dump(exclude={"region_code", "region", "targets"}) for r in indicators.regions}


def test_an_observer_reads_aggregates_of_every_college(database: Database, world: World) -> None:
    add_cohort(database, world, "08", *[A] * 6, *[C] * 7, EnrolmentState.REFUSED)
    figures = read_indicators(database, world)
    regions = by_region(figures)
    assert (regions["02"]["enrolled"], regions["08"]["enrolled"]) == (5, 13)
    assert (regions["02"]["active"], regions["08"]["active"]) == (5, 6)
    assert (regions["02"]["completed"], regions["08"]["completed"], figures.total.completed) == (None, None, 7)
    assert (figures.total.enrolled, figures.total.recognised_minutes) == (18, 0)
    assert {t.kind.value: (t.target, t.reached) for t in figures.targets} == {
        "advisors": (135, 7),
        "enterprises": (460, None),
    }


def test_region_target_stands_beside_the_regions_figure_masked_as_it_is(database: Database, world: World) -> None:
    add_cohort(database, world, "08", *[C] * 7)
    add_cohort(database, world, "10", *[C] * 9)
    add_region_targets(database, world, ("08", "advisors", 20), ("10", "advisors", 30), ("11", "enterprises", 4))
    figures = read_indicators(database, world)
    assert [r.region_code for r in figures.regions] == ["02", "08", "10", "11"]
    targets = {r.region_code: [(t.kind.value, t.target, t.reached) for t in r.targets] for r in figures.regions}
    assert targets == {
        "02": [],
        "08": [("advisors", 20, None)],
        "10": [("advisors", 30, 9)],
        "11": [("enterprises", 4, None)],
    }
    assert set(by_region(figures)["11"].values()) == {None}


def test_a_region_of_three_is_masked_with_another(database: Database, world: World) -> None:
    add_cohort(database, world, "08", A, A, A)
    add_cohort(database, world, "10", *[A] * 9)
    figures = read_indicators(database, world)
    regions = by_region(figures)
    assert (regions["08"]["enrolled"], regions["02"]["enrolled"], regions["10"]["enrolled"]) == (None, None, 9)
    assert regions["08"]["recognised_minutes"] is regions["02"]["recognised_minutes"] is None
    assert figures.total.enrolled == 17


def test_an_enterprise_counts_once_and_only_with_its_three_milestones(database: Database, world: World) -> None:
    for place in range(6):
        add_accompanied_enterprise(database, world, f"Scierie {place}")
    add_accompanied_enterprise(database, world, "Boulangerie", neq="1122334455")
    add_accompanied_enterprise(database, world, "Boulangerie (Rouyn)", neq="1122334455", college="rouyn", region="08")
    add_accompanied_enterprise(
        database, world, "Garage", milestones=(MilestoneKind.AGREEMENT, MilestoneKind.DIAGNOSTIC)
    )
    add_accompanied_enterprise(database, world, "Ferme", confirmed=(MilestoneKind.AGREEMENT, MilestoneKind.DIAGNOSTIC))
    figures = read_indicators(database, world)
    assert figures.total.enterprises == 7
    assert by_region(figures)["02"]["enterprises"] == 7


def test_someone_in_two_cohorts_is_one_person(database: Database, world: World) -> None:
    cohort = add_cohort(database, world, "02", *[A] * 5)
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "update enrolment set person_id = :person, state = 'completed' where id = "
                "(select max(id) from enrolment where cohort_id = :cohort)"
            ),
            {"person": world.people["maude"], "cohort": cohort},
        )
    assert read_indicators(database, world).total.enrolled == 9


def test_project_indicators_function_answers_the_projects_observer_only(database: Database, world: World) -> None:
    statement = text("select count(*) from project_indicators(:project)")
    for who, rows in (("observer", 1), ("coordinator", 0), ("admin", 0), ("nobody", 0)):
        with database.transaction() as db:
            acting(db, world, who)
            assert db.execute(statement, {"project": world.project}).scalar_one() == rows
    with database.transaction() as db:
        assert db.execute(statement, {"project": world.project}).scalar_one() == 0
    with database.engine.begin() as owner:
        owner.execute(text("create role outsider"))
        owner.execute(text("grant outsider to current_user"))  # an ordinary owner is not its member by itself
        owner.execute(text("set local role outsider"))
        with pytest.raises(DBAPIError, match="permission denied"):
            owner.execute(statement, {"project": world.project})
        owner.rollback()


def test_each_target_with_parts_by_region_has_its_figure() -> None:
    assert set(indicators.FIGURE_OF) == set(PARTED)


def test_an_observer_of_another_project_finds_nothing(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "observer", Permission.INDICATOR_READ)
        with pytest.raises(NotFound):
            see_project(db, actor, world.project + 1)


def test_an_observer_whose_role_ended_gets_nothing(database: Database, world: World) -> None:
    with database.engine.begin() as owner:
        owner.execute(text("update role_held set ended_at = now() where role = 'observer'"))
    with database.transaction(person=world.people["observer"]) as db:
        assert db.execute(text("select count(*) from project_indicators(1)")).scalar_one() == 0
