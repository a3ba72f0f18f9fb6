"""The register of published versions in the database, so that a cohort can follow published versions only."""

from sqlmodel import select

from app.curricula.library import default_library
from app.curricula.models import PublishedCurriculum
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict


def register_published(db: Session) -> int:
    """Add the published versions of the files to the database and return how many were added.

    Raise ``Conflict`` when the files of a registered version changed (BR-01).
    """
    registered = {(p.slug, p.version): p.sha256 for p in db.exec(select(PublishedCurriculum)).all()}
    added = 0
    for name, sha256 in default_library().published.items():
        slug, version = name.split("/")
        if (slug, version) not in registered:
            db.add(PublishedCurriculum(slug=slug, version=version, sha256=sha256, registered_at=now()))
            added += 1
        elif registered[slug, version] != sha256:
            raise Conflict("curriculum_altered", slug=slug, version=version)
    db.flush()
    return added
