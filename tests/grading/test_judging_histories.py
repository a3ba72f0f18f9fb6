"""No sequence of judgements, reviews, appeals, panels and declarations loses a judgement, or lets a conflict judge."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlmodel import col

from app.grading.models import Judgement
from app.grading.panels.enums import PanelKind
from app.grading.panels.models import Panel, PanelDecision, PanelOpinion
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import DomainError
from tests.factories.grading import ALL_CN01, hand_in, judge, judge_command
from tests.factories.interests import NEQ, declare, enterprise_of_maude
from tests.factories.network import World
from tests.factories.panels import add_trainers, ask, name, open_double, read, speak, take

TRAINERS = ("trainer", "karim", "elise", "yves", "nobody")
STEP = st.tuples(
    st.sampled_from(
        ("judge", "replace", "ask", "take", "name", "speak", "speak", "speak", "double", "declare", "firm")
    ),
    st.integers(0, 4),
    st.integers(0, 3),
    st.integers(1, 4),
)


PANELS = sa.text(
    """
    select p.judgement_id, p.kind, d.judgement_id, p.hold_id is not null and l.id is null,
        (select array_agg(s.assessor_id) from panel_seat s where s.panel_id = p.id
            and not exists (select from panel_seat later where later.supersedes_id = s.id))
    from panel p left join panel_decision d on d.panel_id = p.id left join hold_lift l on l.hold_id = p.hold_id
    """
)
TRAINS = sa.text("select count(*) from role_held where role = 'trainer' and person_id = :person")


@dataclass
class Model:
    """What must stay true: who declared an interest in Maude, and every judgement and level that was ever written."""

    declared: set[int] = field(default_factory=set)
    judgements: dict[int, tuple[int, int]] = field(default_factory=dict)
    opinions: dict[int, tuple[int, int]] = field(default_factory=dict)

    def check(self, database: Database) -> None:
        """Compare the database with what was there before a step."""
        with database.as_owner() as db:
            rows = db.execute(sa.select(col(Judgement.id), col(Judgement.assessor_id), col(Judgement.level)))
            judgements = {id_: (assessor, level) for id_, assessor, level in rows}
            said = db.execute(sa.select(col(PanelOpinion.id), col(PanelOpinion.assessor_id), col(PanelOpinion.level)))
            opinions = {id_: (assessor, level) for id_, assessor, level in said}
            superseded = db.execute(sa.select(col(Judgement.supersedes_id)).where(col(Judgement.supersedes_id) > 0))
            replaced = list(superseded.scalars())
            decided = set(db.execute(sa.select(col(PanelDecision.judgement_id))).scalars())
        assert self.judgements.items() <= judgements.items(), "a judgement was lost or changed"
        assert self.opinions.items() <= opinions.items(), "a level that was given was lost or changed"
        assert len(replaced) == len(set(replaced)), "a judgement was replaced twice"
        assert decided <= judgements.keys()
        new_opinions = opinions.items() - self.opinions.items()
        new_judgements = judgements.items() - self.judgements.items()
        assert not {assessor for _, (assessor, _) in new_opinions} & self.declared, "someone in conflict gave a level"
        assert not {assessor for _, (assessor, _) in new_judgements} & self.declared, "someone in conflict judged"
        given_levels = {level for _, level in opinions.values()}
        assert new_opinions == set() or {level for _, (_, level) in new_judgements} <= given_levels, "nobody averages"
        self.judgements, self.opinions = judgements, opinions
        with database.as_owner() as db:
            self.check_confirmed(db, judgements.keys() - replaced)

    def check_confirmed(self, db: Session, in_force: set[int]) -> None:
        """Compare the judgements in force that rest on somebody in conflict with what others have to confirm."""
        resting = {id_ for id_ in in_force if self.judgements[id_][0] in self.declared}
        asked, confirmed = set[int](), set[int]()
        for judged, kind, made, held, assessors in db.execute(PANELS):
            if made in in_force and set(assessors or ()) & self.declared:
                resting.add(made)
            if kind == PanelKind.CONFLICT:
                asked |= {judged} if made is None else set()
                confirmed |= {judged} if made is not None and not set(assessors) & self.declared else set()
            assert held == (made is None and kind != PanelKind.DOUBLE), "a hold lasts until its panel decides"
        assert resting <= asked | confirmed, (
            "what rests on somebody in conflict is confirmed by another, or waits for it"
        )


def act(database: Database, world: World, step: tuple[str, int, int, int], model: Model) -> None:
    """Make a step, which the rules may refuse."""
    verb, person, other, level = step
    who, second = TRAINERS[person], TRAINERS[(person + 1 + other) % len(TRAINERS)]
    with database.as_owner() as db:
        open_ones = sa.select(col(Panel.id)).where(~sa.exists().where(col(PanelDecision.panel_id) == Panel.id))
        waiting = list(db.execute(open_ones.order_by(col(Panel.id).desc())).scalars())
        panel = waiting[other % len(waiting)] if waiting else 0
        newest = db.execute(sa.select(sa.func.max(col(Judgement.id)))).scalar_one() or 0
        attempt = 2 + (db.execute(sa.text("select max(attempt) from hand_in")).scalar_one() or 0)
    criteria = ALL_CN01 if level >= 3 else ALL_CN01[:level]
    if verb in {"judge", "double"}:
        evidence = hand_in(database, world, attempt=attempt)
    if verb == "judge":
        judge(database, world, judge_command(evidence, level=level, criteria_met=criteria), by=who)
    elif verb == "replace":
        again = judge_command(
            hand_in(database, world, attempt=attempt),
            level=level,
            criteria_met=criteria,
            supersedes=newest,
            reason="Relu.",
        )
        judge(database, world, again, by=who)
    elif verb == "double":
        open_double(database, world, evidence, who, second)
    elif verb == "ask":
        ask(database, world, newest)
    elif verb == "take":
        take(database, world, panel, who)
    elif verb == "name":
        wanted = read(database, world, panel, "coordinator").wanted
        name(database, world, panel, *[t for t in TRAINERS[person:] + TRAINERS[:person] if t != second][:wanted])
    elif verb == "speak":
        speak(database, world, panel, who, level)
    else:
        if verb == "firm":
            declare(database, world, who, kind="enterprise", neq=NEQ)
        else:
            declare(database, world, who, kind="person", about_id=world.people["maude"])
        model.declared.add(world.people[who])


SPOKEN_THEN_DECLARED = [
    ("double", 1, 0, 3),
    ("speak", 1, 0, 3),
    ("firm", 1, 0, 3),
    ("speak", 2, 0, 3),
    ("name", 3, 0, 3),
    ("speak", 3, 0, 3),
]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=SPOKEN_THEN_DECLARED)
@given(steps=st.lists(STEP, min_size=8, max_size=24))
def test_no_history_loses_a_judgement_or_lets_a_conflict_judge(
    database: Database, world: World, steps: list[tuple[str, int, int, int]]
) -> None:
    """A second and more: eight histories of up to twenty-four steps, each a transaction of its own."""
    with database.as_owner() as db:
        trains = db.execute(TRAINS, {"person": world.people["karim"]}).scalar_one()
        db.execute(sa.text("delete from interest"))  # of the history before: else everybody is in conflict soon
    if not trains:
        add_trainers(database, world, *TRAINERS[1:])
        enterprise_of_maude(database, world)
    model = Model()
    _start(database, model)
    for step in steps:
        try:
            act(database, world, step, model)
        except DomainError:
            continue
        finally:
            model.check(database)


def _start(database: Database, model: Model) -> None:
    """Begin from what the history before left."""
    with database.as_owner() as db:
        rows = db.execute(sa.select(col(Judgement.id), col(Judgement.assessor_id), col(Judgement.level)))
        model.judgements = {id_: (assessor, level) for id_, assessor, level in rows}
        said = db.execute(sa.select(col(PanelOpinion.id), col(PanelOpinion.assessor_id), col(PanelOpinion.level)))
        model.opinions = {id_: (assessor, level) for id_, assessor, level in said}
