"""What a college puts on its documents: its logo, two colours, the signatures of who signs."""

from pathlib import Path

from sqlmodel import col, select

from app.certificates.branding import images
from app.certificates.branding.models import Signatory
from app.certificates.branding.schemas import Branding, Colours, SignatoryRef, SignatoryShown
from app.network.models import College
from app.network.schemas import CollegeShown
from app.platform.database.session import Session
from app.platform.documents.blob_store import store
from app.platform.errors import Invalid, NotFound, Reason, refuse_unless
from app.platform.security.actor import Actor, scoped


def branding_of(db: Session, college: CollegeShown) -> Branding:
    """As the next documents will have it; those already issued keep theirs."""
    return Branding.model_validate(db.get_one(College, college.id))


def set_colours(db: Session, college: CollegeShown, command: Colours) -> Branding:
    """The ink of titles and the accent of ornaments; none gives the design's own."""
    refuse_unless(*images.refuse_ink(command.ink), code="invalid")
    row = db.get_one(College, college.id)
    row.ink, row.accent = command.ink, command.accent
    db.add(row)
    db.flush()
    return Branding.model_validate(row)


def set_logo(db: Session, college: CollegeShown, content: bytes, root: Path) -> Branding:
    """A new logo, kept under ``root``; documents already issued keep the one that they name."""
    row = db.get_one(College, college.id)
    row.logo = _kept(content, root)
    db.add(row)
    db.flush()
    return Branding.model_validate(row)


def see_signatory(db: Session, actor: Actor, signatory_id: int) -> SignatoryRef:
    """A signatory of a college within the actor's reach."""
    within = scoped(actor, college=Signatory.college_id)
    row = db.exec(select(Signatory).where(col(Signatory.id) == signatory_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return SignatoryRef.model_validate(row)


def set_signature(db: Session, seen: SignatoryRef, content: bytes, root: Path) -> SignatoryShown:
    """The picture of a signature, printed above the name from now on."""
    row = db.get_one(Signatory, seen.id)
    row.image = _kept(content, root)
    db.add(row)
    db.flush()
    return SignatoryShown.model_validate(row)


def _kept(content: bytes, root: Path) -> str:
    remade = images.picture(content)
    if isinstance(remade, Reason):
        raise Invalid("invalid", remade)
    return f"{store(root, remade)}.png"
