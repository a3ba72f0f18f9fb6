"""The directory of resources of the demo network: each college adds its entries, people propose corrections to some."""

from dataclasses import asdict
from datetime import timedelta

from app.cohorts.enrolments import service as enrolments
from app.cohorts.enums import EnrolmentState
from app.demo.network import DemoPlan, Staff, noon
from app.demo.resources.entries import ENTRIES, Entry
from app.platform.clock import at
from app.platform.security.permissions import Permission
from app.resources.corrections import service as corrections
from app.resources.corrections.enums import CorrectionAbout
from app.resources.corrections.schemas import NewCorrection, RefuseCorrection
from app.resources.directory import service as directory
from app.resources.directory.schemas import ResourceContent, ResourceShown

KEPT_VERB = "Ce verbe est celui que l’organisme emploie au téléphone; nous le gardons."


def add_directory(demo: DemoPlan) -> None:
    """Let each college add its entries, and people of the first one propose corrections to them."""
    added = {
        place: [_add(demo, staff, entry) for entry in ENTRIES.get(place, ())] for place, staff in demo.staff.items()
    }
    _propose_corrections(demo, next(iter(added.values())), _people(demo))


def _add(demo: DemoPlan, staff: Staff, entry: Entry) -> ResourceShown:
    day = demo.today - timedelta(days=entry.days_ago)
    said = {name: value for name, value in asdict(entry).items() if name in ResourceContent.model_fields}
    said |= {"regions": entry.regions.split(), "needs": entry.needs.split(), **entry.conditions}
    content = ResourceContent.model_validate(said | ({"consulted_on": day} if entry.conditions else {}))
    with at(noon(day)), demo.database.transaction() as db:
        actor = demo.actor(db, staff.coordinator, Permission.RESOURCE_MANAGE)
        return directory.add_resource(db, actor, staff.college, content)


def _people(demo: DemoPlan) -> list[int]:
    """Return the participants of a cohort of the first college."""
    staff = next(iter(demo.staff.values()))
    for group in demo.groups:
        if group.staff is staff:
            with demo.database.transaction() as db:
                demo.actor(db, staff.coordinator, Permission.ENROLMENT_READ)
                found = enrolments.enrolments_in(db, group.cohort)
            people = [e.person_id for e in found if e.state in {EnrolmentState.ACTIVE, EnrolmentState.COMPLETED}]
            if people:
                return people
    return []


def _propose_corrections(demo: DemoPlan, entries: list[ResourceShown], people: list[int]) -> None:
    """Leave one correction to decide on, and let one be made and one refused."""
    keeper = next(iter(demo.staff.values())).coordinator
    wrong = (
        NewCorrection(about=CorrectionAbout.ADDRESS, value="14, rue du Moulin", because="J’y suis passée mardi."),
        NewCorrection(about=CorrectionAbout.VERB, value="tester", because="C’est le mot de leur site."),
        NewCorrection(about=CorrectionAbout.PHONE, value="418 555-0118", because="Appel au numéro général."),
    )
    for entry, person, command in zip(entries, people, wrong, strict=False):
        with at(noon(demo.today - timedelta(days=4))), demo.database.transaction() as db:
            proposed = corrections.propose(db, demo.actor(db, person, Permission.RESOURCE_PROPOSE), entry, command)
        with at(noon(demo.today - timedelta(days=2))), demo.database.transaction() as db:
            actor = demo.actor(db, keeper, Permission.RESOURCE_MANAGE)
            correction = corrections.see_correction(db, actor, proposed.id)
            if command.about is CorrectionAbout.VERB:
                corrections.refuse(db, actor, correction, RefuseCorrection(answer=KEPT_VERB))
            elif command.about is CorrectionAbout.PHONE:
                corrections.accept(db, actor, correction)
