"""Profiles: one's own, and those that others read by their person's consent, asked for at each reading (BR-25).

Row-level security says the same again: another's profile is a row only while its person consents to an audience of
the reader (docs/decisions/0046).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from app.accompaniment.mandates.models import Mandate, MandateAdvisor
from app.certificates.enums import CertificateState
from app.certificates.register.service import own_certificates
from app.cohorts.models import Enrolment
from app.community.profiles.enums import ProfileSort
from app.community.profiles.models import AdvisorProfile, ProfileExpertise
from app.community.profiles.rules import profile_reasons
from app.community.profiles.schemas import (
    AudienceShown,
    EmployerProfiles,
    EmployerProfilesQuery,
    ExpertiseShown,
    OwnExpertise,
    OwnProfile,
    ProfileContent,
    ProfileContentShown,
    ProfilePage,
    ProfilesApiQuery,
    ProfileShown,
    ProfilesQuery,
    ProofChoice,
)
from app.curricula.library import default_library
from app.curricula.schemas import Framework
from app.learning.documents.service import SharedFile
from app.learning.hand_ins.kept_files import file_to_keep, load_kept
from app.network.models import Region
from app.network.schemas import CollegeShown
from app.people.consents.enums import Purpose
from app.people.consents.models import Consent
from app.people.consents.service import consenting_among
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.paging import Orders, contains_words, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, Stale, refuse_unless
from app.platform.files.store import FileStore
from app.platform.messages import i18n
from app.platform.messages.i18n import today
from app.platform.paging import PAGE, Page
from app.platform.search import search_key
from app.platform.security.actor import Actor
from app.platform.security.permissions import P

AUDIENCES = (Purpose.PROFILE_DIRECTORY, Purpose.PROFILE_PHOTO, Purpose.PROFILE_EMPLOYER)
"""The three consents of the page of SPE-11.B; each is asked for, given and withdrawn by itself."""
PHOTO_TYPES = frozenset({"jpg", "jpeg", "heic", "heif"})
NAME = col(Person.search_key)


def framework() -> Framework:
    """Return the newest version of the competency framework: its competencies are the expertises."""
    return default_library().newest_framework


# One's own ---------------------------------------------------------------------------------------


def own_profile(db: Session, actor: Actor) -> OwnProfile:
    """Return the actor's own profile, its expertises and who may read it; of version 0 while there is none."""
    row = _row(db, actor.person_id)
    expertises = _expertises(db, [actor.person_id])[actor.person_id]
    given = select(Consent.purpose, Consent.given_at).where(
        Consent.person_id == actor.person_id, col(Consent.withdrawn_at).is_(None)
    )
    since = dict(db.exec(given.order_by(col(Consent.given_at).desc())).all())
    return OwnProfile(
        version=row.version if row else 0,
        content=ProfileContentShown.model_validate(row) if row else None,
        expertises=tuple(expertises),
        has_photo=row is not None and row.photo_sha256 is not None,
        changed_at=row.changed_at if row else None,
        audiences=tuple(AudienceShown(purpose=p, agreed=p in since, since=since.get(p)) for p in AUDIENCES),
    )


def _row(db: Session, person_id: int, *, lock: bool = False) -> AdvisorProfile | None:
    statement = select(AdvisorProfile).where(AdvisorProfile.person_id == person_id)
    return db.exec(statement.with_for_update(key_share=True) if lock else statement).one_or_none()


def proofs(db: Session, actor: Actor) -> list[ProofChoice]:
    """Return the pieces of the actor's own file on which an expertise may rest: valid certificates, and mandates."""
    certificates = [
        ProofChoice(certificate_id=line.id, label=f"{line.path_title}, {line.number}", dated=line.issued_on)
        for line in own_certificates(db, actor.using(P.CERTIFICATE_READ))
        if line.state is CertificateState.VALID
    ]
    rows = db.execute(
        sa.select(col(Mandate.id), col(Mandate.title), col(Mandate.opened_on))
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .where(col(MandateAdvisor.person_id) == actor.person_id)
        .order_by(col(Mandate.opened_on).desc())
        .limit(PAGE)
    )
    return [*certificates, *(ProofChoice(mandate_id=id_, label=title, dated=on) for id_, title, on in rows)]


def write_profile(db: Session, actor: Actor, content: ProfileContent, *, version: int) -> OwnProfile:
    """Write the actor's own profile, or what it becomes; ``version`` is the one that was read.

    Raises ``Stale`` for another version, ``Invalid`` for what a profile cannot say.
    """
    row = _lock_own(db, actor)
    if version != (row.version if row else 0):
        raise Stale(None, Reason("profile_stale", field="version"))
    own = proofs(db, actor)
    competencies = framework().by_code
    certificates = {p.certificate_id: p.dated for p in own if p.certificate_id is not None}
    mandates = {p.mandate_id: p.dated for p in own if p.mandate_id is not None}
    reasons = profile_reasons(content, competencies, certificates, mandates, today())
    unknown = set(content.regions) - set(db.exec(select(Region.code)).all())
    refuse_unless(*reasons, *(Reason("region_unknown", field="regions") for _ in unknown), code="invalid")
    columns = {
        **content.model_dump(exclude={"expertises"}),
        "regions": sorted(set(content.regions)),
        "sectors": sorted({s.value for s in content.sectors}),
        "languages": sorted({s.value for s in content.languages}),
        "search_text": _search_text(db, content),
        "changed_at": now(),
    }
    if row is None:
        row = AdvisorProfile(person_id=actor.person_id, version=1, **columns)
    else:
        for name, value in {**columns, "version": row.version + 1}.items():
            setattr(row, name, value)
    db.add(row)
    _delete_expertises(db, actor.person_id)
    for expertise in content.expertises:
        dated = certificates.get(expertise.certificate_id or 0) or mandates[expertise.mandate_id or 0]
        db.add(ProfileExpertise(person_id=actor.person_id, proven_on=dated, **expertise.model_dump()))
    db.flush()
    return own_profile(db, actor)


def _lock_own(db: Session, actor: Actor) -> AdvisorProfile | None:
    """Lock the actor, so that writing and deleting take turns, and return their profile, if there is one."""
    db.get_one(Person, actor.person_id, with_for_update={"key_share": True})
    return _row(db, actor.person_id, lock=True)


def _delete_expertises(db: Session, person_id: int) -> None:
    for former in db.exec(select(ProfileExpertise).where(ProfileExpertise.person_id == person_id)).all():
        db.delete(former)
    db.flush()


def _search_text(db: Session, content: ProfileContent) -> str:
    """Return what the search reads of a profile besides its person's name, without accents."""
    regions = select(Region.name).where(col(Region.code).in_(content.regions))
    names = [framework().by_code[e.competency].title.fr for e in content.expertises]
    sectors = [i18n.t(f"sector.{sector.value}") for sector in content.sectors]
    languages = [i18n.t(f"spoken.{spoken.value}") for spoken in content.languages]
    parts = (content.presentation, *names, *sectors, *languages, *db.exec(regions).all())
    return search_key(" ".join(parts))


def delete_profile(db: Session, actor: Actor) -> None:
    """Delete the actor's own profile with its expertises and its photo; deleting nothing changes nothing."""
    row = _lock_own(db, actor)
    _delete_expertises(db, actor.person_id)
    if row is not None:
        db.delete(row)
    db.flush()


def set_photo(db: Session, actor: Actor, sent: SharedFile) -> None:
    """Keep a photo of the actor, as a JPEG that names no place; raise ``Conflict`` before there is a profile."""
    row = _row(db, actor.person_id, lock=True)
    if row is None:
        raise Conflict("profile_first")
    if sent.name.rpartition(".")[2].lower() not in PHOTO_TYPES:
        raise Invalid(None, Reason("profile_photo_type", field="file"))
    kept = file_to_keep(sent.name, sent.content, sent.megabytes)
    row.photo_sha256, row.changed_at = sent.files.store(kept.content), now()
    db.add(row)
    db.flush()


def remove_photo(db: Session, actor: Actor) -> None:
    """Take the actor's photo away."""
    row = _row(db, actor.person_id, lock=True)
    if row is not None:
        row.photo_sha256, row.changed_at = None, now()
        db.add(row)
        db.flush()


# The directory -----------------------------------------------------------------------------------


def _consents(person_id: Any, purpose: Purpose) -> ColumnElement[bool]:  # noqa: ANN401 - a mapped attribute
    return sa.exists().where(
        col(Consent.person_id) == person_id, col(Consent.purpose) == purpose, col(Consent.withdrawn_at).is_(None)
    )


def _profiles(*where: ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of profiles as their readers see them; a photo only by the consent to it."""
    table = sa.inspect(AdvisorProfile).local_table
    made = {"name", "has_photo", "expertises"}
    photo = col(AdvisorProfile.photo_sha256).is_not(None) & _consents(AdvisorProfile.person_id, Purpose.PROFILE_PHOTO)
    return (
        sa.select(
            *(table.c[name] for name in ProfileShown.model_fields if name not in made),
            col(AdvisorProfile.id),
            shown_name().label("name"),
            photo.label("has_photo"),
        )
        .join(Person, col(Person.id) == AdvisorProfile.person_id)
        .where(*where)
    )


def _published() -> sa.Select[*tuple[Any, ...]]:
    return _profiles(_consents(AdvisorProfile.person_id, Purpose.PROFILE_DIRECTORY))


def _filtered(statement: sa.Select[*tuple[Any, ...]], region: str | None, competency: str | None) -> Any:  # noqa: ANN401
    if region is not None:
        statement = statement.where(sa.literal(region) == sa.any_(col(AdvisorProfile.regions)))
    if competency is not None:
        statement = statement.where(
            sa.exists().where(
                col(ProfileExpertise.person_id) == AdvisorProfile.person_id,
                col(ProfileExpertise.competency) == competency,
                _stands(),
            )
        )
    return statement


def _stands() -> ColumnElement[bool]:
    """Return whether an expertise rests on a valid certificate, or a mandate, of its person: asked of the database."""
    proof = (col(ProfileExpertise.person_id), col(ProfileExpertise.certificate_id), col(ProfileExpertise.mandate_id))
    return func.expertise_stands(*proof, type_=sa.Boolean)


def _words(words: Sequence[str]) -> list[ColumnElement[bool]]:
    return contains_words(NAME + " " + col(AdvisorProfile.search_text), words)


def list_profiles(db: Session, query: ProfilesQuery) -> Page[ProfileShown]:
    """Return a page of the directory of advisors."""
    statement = _filtered(_published(), query.region, query.expertise).where(*_words(query.words))
    orders: Orders = {ProfileSort.NAME: (NAME,), ProfileSort.CHANGED: (col(AdvisorProfile.changed_at),)}
    page = fetch_page(db, statement, query, orders, col(AdvisorProfile.id))
    shown = {profile.person_id: profile for profile in _with_expertises(db, page.items)}
    return page.map(lambda row: shown[row.person_id])


def profiles(db: Session, query: ProfilesApiQuery, *, limit: int = PAGE) -> ProfilePage:
    """Return profiles of the directory by name."""
    words = search_key(query.search).split()
    statement = _filtered(_published(), query.region, query.competency).where(*_words(words))
    rows, next_ = fetch_after(db, statement, (NAME,), col(AdvisorProfile.id), after=query.after, limit=limit)
    return ProfilePage(items=tuple(_with_expertises(db, rows)), next=next_)


def profiles_about(db: Session, words: Sequence[str], *, limit: int) -> list[ProfileShown]:
    """Return the first profiles, by name, whose text holds each word; a letter alone finds none.

    Names are left to the directory's own search: the search of every page reads no person for this.
    """
    if all(len(word) == 1 for word in words):
        return []
    matches = contains_words(col(AdvisorProfile.search_text), words)
    ids = db.execute(sa.select(col(AdvisorProfile.id)).where(*matches)).scalars().all()
    if not ids:
        return []
    is_found = col(AdvisorProfile.id) == sa.any_(sa.literal(ids, sa.ARRAY(sa.Integer)))
    return _with_expertises(db, db.execute(_published().where(is_found).order_by(NAME).limit(limit)).all())


def see_profile(db: Session, actor: Actor, person_id: int) -> ProfileShown:
    """Return a published profile; raise ``NotFound`` for any other, its author's own included."""
    rows = db.execute(_published().where(col(AdvisorProfile.person_id) == person_id)).all()
    if not rows:
        raise NotFound
    return _with_expertises(db, rows)[0]


def photo_of(db: Session, profile: ProfileShown, files: FileStore) -> bytes:
    """Return the photo of a profile; raise ``NotFound`` without consent to show it."""
    row = _row(db, profile.person_id)
    if row is None or row.photo_sha256 is None or not profile.has_photo:
        raise NotFound
    return load_kept(files, row.photo_sha256)


def _with_expertises(db: Session, rows: Sequence[Any]) -> list[ProfileShown]:
    proven = _expertises(db, [row.person_id for row in rows])
    return [
        ProfileShown(
            **{name: value for name, value in row._mapping.items() if name != "id"},
            expertises=tuple(
                ExpertiseShown(**e.model_dump(include=set(ExpertiseShown.model_fields)))
                for e in proven[row.person_id]
                if e.stands
            ),
        )
        for row in rows
    ]


def _expertises(db: Session, people: Collection[int]) -> dict[int, list[OwnExpertise]]:
    by_person: dict[int, list[OwnExpertise]] = defaultdict(list)
    statement = (
        sa.select(
            col(ProfileExpertise.person_id),
            col(ProfileExpertise.competency),
            col(ProfileExpertise.certificate_id),
            col(ProfileExpertise.mandate_id),
            col(ProfileExpertise.proven_on),
            _stands().label("stands"),
        )
        .where(col(ProfileExpertise.person_id).in_(people))
        .order_by(col(ProfileExpertise.competency))
    )
    for row in db.execute(statement) if people else ():
        values = {name: value for name, value in row._mapping.items() if name != "person_id"}
        proof = "certificate" if row.certificate_id is not None else "mandate"
        by_person[row.person_id].append(OwnExpertise(**values, proof=proof))
    return by_person


# An employer -------------------------------------------------------------------------------------


def employer_profiles(db: Session, college: CollegeShown, query: EmployerProfilesQuery) -> EmployerProfiles:
    """Return the profiles of the people of a college whom an employer sends and who consent to share it with them."""
    wanted = search_key(query.employer)
    spellings = [name for name in _employers(db, college) if search_key(name) == wanted]
    sent = sa.select(col(Enrolment.person_id)).where(
        col(Enrolment.college_id) == college.id,
        col(Enrolment.employer) == sa.any_(sa.literal(spellings, sa.ARRAY(sa.String))),
    )
    people = set(db.execute(sent).scalars())
    consenting = consenting_among(db, people, Purpose.PROFILE_EMPLOYER)
    statement = _profiles(col(AdvisorProfile.person_id).in_(consenting)).order_by(NAME)
    shown = _with_expertises(db, db.execute(statement).all()) if consenting else []
    log_access(db, [(profile.person_id, college.id) for profile in shown])
    return EmployerProfiles(employer=query.employer, items=tuple(shown), withheld=len(people) - len(consenting))


def _employers(db: Session, college: CollegeShown) -> Iterator[str]:
    """Yield each spelling of an employer in a college, one after the other: the index is read, not their people."""
    employer = col(Enrolment.employer)
    least = sa.select(func.min(employer)).where(col(Enrolment.college_id) == college.id, employer.is_not(None))
    names = least.cte("names", recursive=True)
    above = least.where(employer > names.c[0]).correlate(names).scalar_subquery()
    names = names.union_all(sa.select(above).where(names.c[0].is_not(None)))
    yield from db.execute(sa.select(names.c[0]).where(names.c[0].is_not(None))).scalars()
