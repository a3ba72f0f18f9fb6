"""The register of published versions in the database, so that a cohort can only follow one of them."""

from sqlmodel import select

from app.curricula.library import default_library
from app.curricula.models import PublishedCurriculum
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict


def register_published(db: Session) -> int:
    """Register what the files' own register publishes; refuse a version whose files changed (BR-01)."""
    known = {(p.slug, p.version): p.sha256 for p in db.exec(select(PublishedCurriculum)).all()}
    added = 0
    for name, sha256 in default_library().published.items():
        slug, version = name.split("/")
        if (slug, version) not in known:
            db.add(PublishedCurriculum(slug=slug, version=version, sha256=sha256, registered_at=now()))
            added += 1
        elif known[slug, version] != sha256:
            raise Conflict("curriculum_altered", slug=slug, version=version)
    db.flush()
    return added
