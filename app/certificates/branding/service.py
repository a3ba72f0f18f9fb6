"""A college's branding on its documents: its logo, two colours, the signatures of its signatories."""

from sqlmodel import col, select

from app.certificates.branding import images
from app.certificates.branding.models import Signatory
from app.certificates.branding.schemas import Branding, Colours, SignatoryRef, SignatoryShown
from app.network.models import College
from app.network.schemas import CollegeShown
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.files.store import FileStore
from app.platform.security.actor import Actor, scoped


def branding_of(db: Session, college: CollegeShown) -> Branding:
    """Return the branding of the college's next documents; issued documents do not change."""
    return Branding.model_validate(db.get_one(College, college.id))


def set_colours(db: Session, college: CollegeShown, command: Colours) -> Branding:
    """Set the ink of titles and the accent of ornaments; the design's own where empty."""
    refuse_unless(*images.refuse_ink(command.ink), code="invalid")
    row = db.get_one(College, college.id)
    row.ink, row.accent = command.ink, command.accent
    db.add(row)
    db.flush()
    return Branding.model_validate(row)


def set_logo(db: Session, college: CollegeShown, content: bytes, files: FileStore) -> Branding:
    """Set the logo, stored as a file; issued documents keep theirs. Raises ``Invalid`` with the reason."""
    row = db.get_one(College, college.id)
    row.logo = _store_picture(content, files)
    db.add(row)
    db.flush()
    return Branding.model_validate(row)


def see_signatory(db: Session, actor: Actor, signatory_id: int) -> SignatoryRef:
    """Return a signatory of a college within the actor's reach; raise ``NotFound`` otherwise."""
    within = scoped(actor, college=Signatory.college_id)
    row = db.exec(select(Signatory).where(col(Signatory.id) == signatory_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return SignatoryRef.model_validate(row)


def set_signature(db: Session, ref: SignatoryRef, content: bytes, files: FileStore) -> SignatoryShown:
    """Set the picture of a signature, printed above the name from now on.

    Raises ``Invalid`` with the reason, ``Conflict("signatory_ended")``.
    """
    row = db.get_one(Signatory, ref.id)
    if row.ended_at is not None:
        raise Conflict("signatory_ended")
    row.image = _store_picture(content, files)
    db.add(row)
    db.flush()
    return SignatoryShown.model_validate(row)


def _store_picture(content: bytes, files: FileStore) -> str:
    """Store a picture and return its file name, ``<sha256>.png``; raise ``Invalid`` with the reason."""
    png = images.reencode_picture(content)
    if isinstance(png, Reason):
        raise Invalid("invalid", png)
    return f"{files.store(png)}.png"
