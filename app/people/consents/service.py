"""The register of consents: nothing is agreed to by default, and a withdrawal stops the use at once.

The texts are files, ``texts/<purpose>/<version>.<language>.md``; published ones never change (their digests are
in ``texts/published.sha256``), so that what a person agreed to can always be shown. The newest version is the
one proposed. A use of the data calls :func:`has_consented` each time and stores no answer of its own.
"""

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from sqlmodel import col, select

from app.people.consents.enums import Purpose
from app.people.consents.models import Consent
from app.people.consents.schemas import ConsentShown, ConsentText, GiveConsent, PurposeShown
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.messages import i18n
from app.platform.security.actor import Actor

TEXTS = Path(__file__).with_name("texts")
FRENCH = "fr"


def has_consented(db: Session, person_id: int, purpose: Purpose) -> bool:
    """Return whether a person consents to a purpose now."""
    return bool(_active_consents(db, person_id, purpose))


def consenting_among(db: Session, people: Collection[int], purpose: Purpose) -> set[int]:
    """Return which of these people consent to a purpose now."""
    active = select(Consent.person_id).where(
        col(Consent.person_id).in_(people), Consent.purpose == purpose, col(Consent.withdrawn_at).is_(None)
    )
    return set(db.exec(active))


def consents(db: Session, actor: Actor) -> tuple[PurposeShown, ...]:
    """Return every purpose with the person's own entries in the register."""
    own = select(Consent).where(Consent.person_id == actor.person_id).order_by(col(Consent.id).desc())
    rows = db.exec(own).all()
    return tuple(_shown(purpose, [row for row in rows if row.purpose is purpose]) for purpose in Purpose)


def give(db: Session, actor: Actor, command: GiveConsent) -> PurposeShown:
    """Record consent to the current text; giving it twice changes nothing.

    Raises ``Conflict("consent_text_changed")`` when another version was read.
    """
    text = current_text(command.purpose)
    if command.text_version != text.version:
        raise Conflict("consent_text_changed", Reason("consent_text_changed", field="text_version"))
    active = _active_consents(db, actor.person_id, command.purpose)
    if text.version not in {row.text_version for row in active}:
        db.add(
            Consent(
                person_id=actor.person_id,
                purpose=command.purpose,
                text_version=text.version,
                language=text.language,
                given_at=now(),
            )
        )
        db.flush()
    return _purpose_shown(db, actor, command.purpose)


def withdraw(db: Session, actor: Actor, purpose: Purpose) -> PurposeShown:
    """Withdraw a consent, whatever the version agreed to; withdrawing twice changes nothing."""
    for row in _active_consents(db, actor.person_id, purpose):
        row.withdrawn_at = now()
        db.add(row)
    db.flush()
    return _purpose_shown(db, actor, purpose)


def text_of(purpose: Purpose, version: str) -> ConsentText:
    """Return the text of a version, old ones too, in the reader's language or in French; raise ``NotFound``."""
    texts = _texts()
    text = texts.get((purpose, version, i18n.language.get())) or texts.get((purpose, version, FRENCH))
    if text is None:
        raise NotFound
    return text


def current_text(purpose: Purpose) -> ConsentText:
    """Return the newest text of a purpose."""
    newest = max((version for of, version, _ in _texts() if of is purpose), key=_version_key)
    return text_of(purpose, newest)


def _active_consents(db: Session, person_id: int, purpose: Purpose) -> Sequence[Consent]:
    not_withdrawn = col(Consent.withdrawn_at).is_(None)
    return db.exec(
        select(Consent).where(Consent.person_id == person_id, Consent.purpose == purpose, not_withdrawn)
    ).all()


def _purpose_shown(db: Session, actor: Actor, purpose: Purpose) -> PurposeShown:
    return next(shown for shown in consents(db, actor) if shown.text.purpose is purpose)


def _shown(purpose: Purpose, rows: Sequence[Consent]) -> PurposeShown:
    versions = [row.text_version for row in rows if row.withdrawn_at is None]
    return PurposeShown(
        text=current_text(purpose),
        agreed=bool(versions),
        agreed_version=max(versions, key=_version_key, default=None),
        lines=tuple(ConsentShown.model_validate(row) for row in rows),
    )


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@cache
def _texts() -> dict[tuple[Purpose, str, str], ConsentText]:
    """Return every text by purpose, version and language; the first line of a file is its title."""
    texts = {}
    for file in TEXTS.glob("*/*.md"):
        version, language = file.name.removesuffix(".md").rsplit(".", 1)
        title, _, body = file.read_text(encoding="utf-8").partition("\n")
        purpose = Purpose(file.parent.name)
        texts[purpose, version, language] = ConsentText(
            purpose=purpose, version=version, language=language, title=title.removeprefix("# "), body=body.strip()
        )
    return texts
