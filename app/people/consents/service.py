"""The register of consents: nothing is agreed to by default, and taking it back stops the use at once.

The words are files, ``consents/<purpose>/<version>.<language>.md``; published ones never change (their digests
are in ``consents/published.sha256``), so that what someone agreed to can always be shown. The newest version is
the one proposed. A use asks :func:`agreed` each time: it keeps no answer of its own.
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
from app.platform.messages import i18n as text
from app.platform.security.actor import Actor

TEXTS = Path(__file__).with_name("texts")
FRENCH = "fr"


def agreed(db: Session, person_id: int, purpose: Purpose) -> bool:
    """Whether someone agrees to a purpose now."""
    return bool(_standing(db, person_id, purpose))


def agreeing(db: Session, people: Collection[int], purpose: Purpose) -> set[int]:
    """Who of these agrees to a purpose now."""
    standing = select(Consent.person_id).where(
        col(Consent.person_id).in_(people), Consent.purpose == purpose, col(Consent.withdrawn_at).is_(None)
    )
    return set(db.exec(standing))


def consents(db: Session, actor: Actor) -> tuple[PurposeShown, ...]:
    """Every purpose with one's own lines of the register."""
    mine = select(Consent).where(Consent.person_id == actor.person_id).order_by(col(Consent.id).desc())
    rows = db.exec(mine).all()
    return tuple(_shown(purpose, [row for row in rows if row.purpose is purpose]) for purpose in Purpose)


def give(db: Session, actor: Actor, command: GiveConsent) -> PurposeShown:
    """Agree, in the words of today: 409 ``consent_text_changed`` when others were read. Twice changes nothing."""
    words = proposed(command.purpose)
    if command.text_version != words.version:
        raise Conflict("consent_text_changed", Reason("consent_text_changed", field="text_version"))
    standing = _standing(db, actor.person_id, command.purpose)
    if words.version not in {row.text_version for row in standing}:
        db.add(
            Consent(
                person_id=actor.person_id,
                purpose=command.purpose,
                text_version=words.version,
                language=words.language,
                given_at=now(),
            )
        )
        db.flush()
    return _mine(db, actor, command.purpose)


def withdraw(db: Session, actor: Actor, purpose: Purpose) -> PurposeShown:
    """Take it back, whatever the version agreed to; twice changes nothing."""
    for row in _standing(db, actor.person_id, purpose):
        row.withdrawn_at = now()
        db.add(row)
    db.flush()
    return _mine(db, actor, purpose)


def wording(purpose: Purpose, version: str) -> ConsentText:
    """The words of a version, old ones too, in the reader's language or in French."""
    found = _texts()
    chosen = found.get((purpose, version, text.language.get())) or found.get((purpose, version, FRENCH))
    if chosen is None:
        raise NotFound
    return chosen


def proposed(purpose: Purpose) -> ConsentText:
    """The words of today."""
    newest = max((version for known, version, _ in _texts() if known is purpose), key=_order)
    return wording(purpose, newest)


def _standing(db: Session, person_id: int, purpose: Purpose) -> Sequence[Consent]:
    not_withdrawn = col(Consent.withdrawn_at).is_(None)
    return db.exec(
        select(Consent).where(Consent.person_id == person_id, Consent.purpose == purpose, not_withdrawn)
    ).all()


def _mine(db: Session, actor: Actor, purpose: Purpose) -> PurposeShown:
    return next(shown for shown in consents(db, actor) if shown.text.purpose is purpose)


def _shown(purpose: Purpose, rows: Sequence[Consent]) -> PurposeShown:
    versions = [row.text_version for row in rows if row.withdrawn_at is None]
    return PurposeShown(
        text=proposed(purpose),
        agreed=bool(versions),
        agreed_version=max(versions, key=_order, default=None),
        lines=tuple(ConsentShown.model_validate(row) for row in rows),
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@cache
def _texts() -> dict[tuple[Purpose, str, str], ConsentText]:
    """Every wording there is; the first line of a file is its title."""
    found = {}
    for file in TEXTS.glob("*/*.md"):
        version, language = file.name.removesuffix(".md").rsplit(".", 1)
        title, _, body = file.read_text(encoding="utf-8").partition("\n")
        purpose = Purpose(file.parent.name)
        found[purpose, version, language] = ConsentText(
            purpose=purpose, version=version, language=language, title=title.removeprefix("# "), body=body.strip()
        )
    return found
