"""The lists of people that the demo network should contain: staff of a college, people who may apply to a cohort."""

from datetime import timedelta

from sqlalchemy import text

from app.cohorts import service as cohorts
from app.cohorts.enums import CohortState
from app.cohorts.imports import service as people_lists
from app.demo.network import DemoPlan, noon
from app.identity.imports.people import Answers
from app.identity.imports.sheet import Column, read_sheet
from app.identity.staff.imports import service as staff_lists
from app.platform.clock import at
from app.platform.security.permissions import Permission

STAFF = """courriel;prenom;nom;role
odile.savard@cegep.example.com;Odile;Savard;formatrice
rachid.benali@cegep.example.com;Rachid;Benali;formateur
rachid.benali@cegep.example.com;Rachid;Benali;animateur
"""
PEOPLE = """courriel;prenom;nom
noemie.girard@entreprise.example.com;Noémie;Girard
thomas.awashish@entreprise.example.com;Thomas;Awashish
"""
_SENT = text(
    """
    update letter set state = 'sent', body = '', tries = 1, due_at = :at, sent_at = :at
     where id in (select letter_id from invitation where legal_last_name is not null and used_at is null)
    """
)
"""Leave the letters of the lists, which alone give names, as the worker would have left them."""


def add_lists(demo: DemoPlan, site: str) -> None:
    """Bring in a list of staff of the first college, and one of people for its first cohort that takes some."""
    staff = next(iter(demo.staff.values()))
    written = noon(demo.today - timedelta(days=2))
    with at(written), demo.database.transaction() as db:
        registrar = demo.actor(db, staff.registrar, Permission.PEOPLE_MANAGE)
        staff_lists.invite_staff(db, registrar, staff.college, read_sheet(STAFF.encode()), Answers(), site=site)
    for group in demo.groups:
        if group.staff is staff:
            with at(written), demo.database.transaction() as db:
                coordinator = demo.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
                cohort = cohorts.see_cohort(db, coordinator, group.cohort.id)
                if cohort.state in {CohortState.OPEN, CohortState.RUNNING}:
                    sheet = read_sheet(PEOPLE.encode(), required=(Column.EMAIL,))
                    people_lists.add_people(db, coordinator, cohort, sheet, Answers(), site=site)
                    break
    with demo.database.engine.begin() as owner:
        owner.execute(_SENT, {"at": written})
