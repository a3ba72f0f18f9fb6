"""Profiles of expertise: three that their people publish, and a draft that nobody else reads."""

from datetime import date, timedelta

from sqlmodel import col, select

from app.accompaniment.mandates.models import MandateAdvisor
from app.community.profiles import service as profiles
from app.community.profiles.enums import Availability, Contribution, Sector, Spoken
from app.community.profiles.schemas import ExpertiseCommand, ProfileContent
from app.demo.network import DemoPlan, noon
from app.people.consents import service as consents
from app.people.consents.enums import Purpose
from app.people.consents.schemas import GiveConsent
from app.platform.clock import at
from app.platform.security.permissions import Permission

WRITTEN = (
    (
        "J’accompagne des auberges et des musées qui passent à la réservation en ligne, même quand le réseau coupe.",
        "Je ne programme pas de site et je ne gère pas de publicité.",
        (Sector.TOURISM, Sector.ARTS),
        (Spoken.FRENCH, Spoken.ENGLISH),
        ("CN-03", "CN-04"),
    ),
    (
        "Ateliers de transformation du bois et d’aliments : carte des processus, données de production.",
        "Pas de choix d’équipement ni de programmation d’automates.",
        (Sector.FORESTRY, Sector.AGRIFOOD, Sector.MANUFACTURING),
        (Spoken.FRENCH,),
        ("CN-03",),
    ),
    (
        "Coopératives et organismes : mots de passe, sauvegardes et renseignements personnels, une étape à la fois.",
        "Je ne fais pas d’audit de sécurité; j’oriente vers qui en fait.",
        (Sector.SOCIAL_ECONOMY, Sector.PUBLIC_BODIES),
        (Spoken.FRENCH, Spoken.INNU),
        ("CN-01", "CN-09"),
    ),
)
CANDIDATES = 30
"""How many people are looked at to find four whose file holds something to rest an expertise on."""
REGIONS = (("02", "09"), ("08", "10"), ("02",), ("08",))
AGREED = (
    (Purpose.PROFILE_DIRECTORY, Purpose.PROFILE_EMPLOYER),
    (Purpose.PROFILE_DIRECTORY,),
    (Purpose.PROFILE_DIRECTORY, Purpose.PROFILE_PHOTO),
    (),
)
"""What each consents to; the last one to nothing: a draft."""


def add_profiles(demo: DemoPlan) -> None:
    """Write the profiles of the first advisors whose mandate or certificate is still theirs to name."""
    with demo.database.as_owner() as db:
        everyone = select(MandateAdvisor.person_id).distinct().order_by(col(MandateAdvisor.person_id)).limit(CANDIDATES)
        people = db.exec(everyone).all()
    number = 0
    for person_id in people:
        if number == len(AGREED):
            break
        with at(noon(demo.today - timedelta(days=9 - number))):
            if _write(demo, person_id, number):
                number += 1


def _write(demo: DemoPlan, person_id: int, number: int) -> bool:
    """Write a profile, and return whether its person had something to rest it on."""
    presentation, not_doing, sectors, languages, competencies = WRITTEN[number % len(WRITTEN)]
    with demo.database.transaction() as db:
        actor = demo.actor(db, person_id, Permission.ME_MANAGE)
        proof = next(iter(profiles.proofs(db, actor)), None)
        if proof is None:
            return False
        expertises = tuple(
            ExpertiseCommand(competency=code, certificate_id=proof.certificate_id, mandate_id=proof.mandate_id)
            for code in competencies
        )
        content = ProfileContent(
            presentation=presentation,
            not_doing=not_doing,
            regions=REGIONS[number],
            sectors=sectors,
            languages=languages,
            availability=tuple(Availability)[number % len(Availability)],
            contribution=tuple(Contribution)[number % len(Contribution)],
            contribution_on=date(demo.today.year + 1, 6, 1),
            expertises=expertises,
        )
        profiles.write_profile(db, actor, content, version=0)
        for purpose in AGREED[number]:
            text = consents.current_text(purpose)
            consents.give(db, actor, GiveConsent(purpose=purpose, text_version=text.version))
    return True
