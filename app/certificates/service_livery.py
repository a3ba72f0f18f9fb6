"""What a college puts on its documents: its logo, two colours, the signatures of who signs."""

from pathlib import Path

from sqlmodel import col, select

from app.access import Actor, scoped
from app.certificates import rules_images
from app.certificates.models import Signatory
from app.certificates.schemas import Colours, Livery, SignatoryRef, SignatoryShown
from app.db import Session
from app.errors import Invalid, NotFound, Reason, refuse_unless
from app.files import store
from app.network.models import College
from app.network.schemas import CollegeShown


def livery(session: Session, college: CollegeShown) -> Livery:
    """As the next documents will have it; those already issued keep theirs."""
    return Livery.model_validate(session.get_one(College, college.id))


def set_colours(session: Session, college: CollegeShown, command: Colours) -> Livery:
    """The ink of titles and the accent of ornaments; none gives the design's own."""
    refuse_unless(*rules_images.refuse_ink(command.ink), code="invalid")
    row = session.get_one(College, college.id)
    row.ink, row.accent = command.ink, command.accent
    session.add(row)
    session.flush()
    return Livery.model_validate(row)


def set_logo(session: Session, college: CollegeShown, content: bytes, root: Path) -> Livery:
    """A new logo, kept under ``root``; documents already issued keep the one that they name."""
    row = session.get_one(College, college.id)
    row.logo = _kept(content, root)
    session.add(row)
    session.flush()
    return Livery.model_validate(row)


def see_signatory(session: Session, actor: Actor, signatory_id: int) -> SignatoryRef:
    """A signatory of a college within the actor's reach."""
    within = scoped(actor, college=Signatory.college_id)
    row = session.exec(select(Signatory).where(col(Signatory.id) == signatory_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return SignatoryRef.model_validate(row)


def set_signature(session: Session, seen: SignatoryRef, content: bytes, root: Path) -> SignatoryShown:
    """The picture of a signature, printed above the name from now on."""
    row = session.get_one(Signatory, seen.id)
    row.image = _kept(content, root)
    session.add(row)
    session.flush()
    return SignatoryShown.model_validate(row)


def _kept(content: bytes, root: Path) -> str:
    remade = rules_images.picture(content)
    if isinstance(remade, Reason):
        raise Invalid("invalid", remade)
    return f"{store(root, remade)}.png"
