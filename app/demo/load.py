"""Loading of the demo network into an empty deployment, and the accounts that it lists on the sign-in page."""

from collections.abc import Iterable, Sequence
from datetime import date

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import text
from sqlmodel import select

from app.demo.activity import simulate
from app.demo.certificates import issue_certificates
from app.demo.codev_now import show_present
from app.demo.community.load import add_profiles
from app.demo.confidences import write_confidences
from app.demo.courses.recognition import add_dossiers
from app.demo.courses.transfers import add_transfers
from app.demo.data import COHORTS, PLACES, CohortPlan
from app.demo.field import add_enterprises, continue_mandates
from app.demo.judging.interests import declare_interests
from app.demo.late_join import decide_catch_up_lists
from app.demo.letters import add_announcement, add_letters, change_room, settle_messages
from app.demo.lists import add_lists
from app.demo.network import PASSWORD, DemoPlan, populate_network
from app.demo.resources.load import add_directory
from app.demo.special_cases import add_special_cases, show_cohort_states
from app.demo.waitlist import add_waitlist
from app.deployment import load_keyring
from app.features import METADATA
from app.identity.sign_in.schemas import DemoAccount
from app.network.models import College
from app.platform.config import Settings
from app.platform.database.session import Session, set_actor
from app.platform.database.transaction import Database
from app.platform.files.opening import file_store
from app.platform.files.store import FileStore
from app.platform.messages.i18n import t, today
from app.platform.security.keyring import Keyring

SEED = 135
ALL_PLACES = tuple(p.slug for p in PLACES)
UNFINISHED = "demo under way"
REFERENCE_TABLES = {"claim_key", "region", "published_curriculum"}
"""Tables that every deployment has filled: they survive the removal of an interrupted load."""
NETWORK_STEPS = 3
"""The weight of populating the network in the progress bar, in cohorts."""


def load_if_empty(database: Database, chosen: Settings, *, plans: Sequence[CohortPlan] = COHORTS) -> None:
    """Load the demo network, unless the deployment has a college already."""
    if is_empty(database):
        load(database, chosen.base_url, load_keyring(chosen), file_store(chosen), plans=plans)


def load(
    database: Database,
    base_url: str,
    keyring: Keyring,
    files: FileStore,
    *,
    seed: int = SEED,
    on: date | None = None,
    places: Iterable[str] = ALL_PLACES,
    plans: Sequence[CohortPlan] = COHORTS,
) -> None:
    """Populate the demo network behind a progress bar; ``places`` limits it to some colleges, ``plans`` to cohorts."""
    console = Console(stderr=True)
    demo = DemoPlan(database, seed, on or today(), places=frozenset(places), plans=plans)
    _mark(database, UNFINISHED)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(t("cli.demo.loading"), total=len(plans) + NETWORK_STEPS)
        populate_network(demo)
        add_enterprises(demo)
        progress.advance(task, NETWORK_STEPS)
        simulate(demo, lambda cohort_count: progress.advance(task, cohort_count))
        write_confidences(demo, keyring)
        show_present(demo)
        declare_interests(demo, keyring)
        continue_mandates(demo)
        add_special_cases(demo, files)
        add_transfers(demo)
        add_dossiers(demo, files)
        issue_certificates(demo, base_url)
        add_waitlist(demo)
        decide_catch_up_lists(demo)
        show_cohort_states(demo)
        add_directory(demo)
        add_profiles(demo)
        add_lists(demo, base_url)
        add_letters(demo, base_url)
        add_announcement(demo)
        change_room(demo)
        settle_messages(demo)
    _mark(database, "")
    console.print(t("cli.demo.loaded"))


def accounts_of(db: Session) -> list[DemoAccount]:
    """Return one account per role and college; the participant is the one nearest to half of the path."""
    set_actor(db, colleges=[i for i in db.exec(select(College.id)).all() if i is not None], person=None)
    rows = db.execute(
        text(
            """
            with held as (
              select role, college_id, person_id, 0 as far from role_held
               where role <> 'participant' and ended_at is null
              union all
              select 'participant', e.college_id, e.person_id, abs(2 * g.recognised_minutes - g.planned_minutes)
                from enrolment e join progress g on g.enrolment_id = e.id where e.state = 'active'
            )
            select distinct on (c.name, h.role) h.role, coalesce(c.name, '') as college,
                   concat_ws(' ', p.legal_first_name, p.legal_last_name) as name, a.email
              from held h join person p on p.id = h.person_id join account a on a.person_id = p.id
              left join college c on c.id = h.college_id
             order by c.name nulls first, h.role, h.far, p.id
            """
        )
    ).mappings()
    return [DemoAccount(**row, password=PASSWORD) for row in rows]


def is_empty(database: Database) -> bool:
    """Return whether the deployment has no college; what an interrupted load left is deleted first."""
    with database.engine.begin() as owner:
        if owner.execute(text("select obj_description('public'::regnamespace)")).scalar_one() == UNFINISHED:
            tables = ", ".join(t.name for t in METADATA.sorted_tables if t.name not in REFERENCE_TABLES)
            owner.execute(text(f"truncate {tables} restart identity"))
    with database.transaction() as db:
        return db.exec(select(College.id)).first() is None


def _mark(database: Database, note: str) -> None:
    """Set the schema's comment, which marks a load under way: an interrupted one must not pass for complete."""
    with database.engine.begin() as owner:
        owner.execute(text(f"comment on schema public is '{note}'"))
