"""The register of consents: nothing is agreed to by default, and taking it back stops the use at once.

The words are files, ``consents/<purpose>/<version>.<language>.md``; published ones never change (their digests
are in ``consents/published.sha256``), so that what someone agreed to can always be shown. The newest version is
the one proposed. A use asks :func:`agreed` each time: it keeps no answer of its own.
"""

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from sqlmodel import col, select

from app import text
from app.access import Actor
from app.db import Session, now
from app.errors import Conflict, NotFound, Reason
from app.people.models import Consent, Purpose
from app.people.schemas_consents import ConsentShown, ConsentText, GiveConsent, PurposeShown

TEXTS = Path(__file__).with_name("consents")
FRENCH = "fr"


def agreed(session: Session, person_id: int, purpose: Purpose) -> bool:
    """Whether someone agrees to a purpose now."""
    return bool(_standing(session, person_id, purpose))


def agreeing(session: Session, people: Collection[int], purpose: Purpose) -> set[int]:
    """Who of these agrees to a purpose now."""
    standing = select(Consent.person_id).where(
        col(Consent.person_id).in_(people), Consent.purpose == purpose, col(Consent.withdrawn_at).is_(None)
    )
    return set(session.exec(standing))


def consents(session: Session, actor: Actor) -> tuple[PurposeShown, ...]:
    """Every purpose with one's own lines of the register."""
    mine = select(Consent).where(Consent.person_id == actor.person_id).order_by(col(Consent.id).desc())
    rows = session.exec(mine).all()
    return tuple(_shown(purpose, [row for row in rows if row.purpose is purpose]) for purpose in Purpose)


def give(session: Session, actor: Actor, command: GiveConsent) -> PurposeShown:
    """Agree, in the words of today: 409 ``consent_text_changed`` when others were read. Twice changes nothing."""
    words = proposed(command.purpose)
    if command.text_version != words.version:
        raise Conflict("consent_text_changed", Reason("consent_text_changed", field="text_version"))
    standing = _standing(session, actor.person_id, command.purpose)
    if words.version not in {row.text_version for row in standing}:
        session.add(
            Consent(
                person_id=actor.person_id,
                purpose=command.purpose,
                text_version=words.version,
                language=words.language,
                given_at=now(),
            )
        )
        session.flush()
    return _mine(session, actor, command.purpose)


def withdraw(session: Session, actor: Actor, purpose: Purpose) -> PurposeShown:
    """Take it back, whatever the version agreed to; twice changes nothing."""
    for row in _standing(session, actor.person_id, purpose):
        row.withdrawn_at = now()
        session.add(row)
    session.flush()
    return _mine(session, actor, purpose)


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


def _standing(session: Session, person_id: int, purpose: Purpose) -> Sequence[Consent]:
    not_withdrawn = col(Consent.withdrawn_at).is_(None)
    return session.exec(
        select(Consent).where(Consent.person_id == person_id, Consent.purpose == purpose, not_withdrawn)
    ).all()


def _mine(session: Session, actor: Actor, purpose: Purpose) -> PurposeShown:
    return next(shown for shown in consents(session, actor) if shown.text.purpose is purpose)


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
