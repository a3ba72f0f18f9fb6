"""Venues where tests hold sessions."""

from app.network.venues.models import Venue
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import allow
from app.platform.database.transaction import Database

HALIFAX, TORONTO = "America/Halifax", "America/Toronto"


def venue_in(
    database: Database, college: int | None, name: str, timezone: str = TORONTO, *, retired: bool = False
) -> int:
    """Add a venue; return its id."""
    with database.transaction(colleges=[] if college is None else [college]) as db:
        allow(db, Right.NETWORK)
        row = Venue(
            college_id=college, name=name, search_key=name.lower(), address="1, chemin du Phare", city="Havre-Aubert",
            timezone=timezone, created_at=now(), retired_at=now() if retired else None,
        )  # fmt: skip
        db.add(row)
        db.flush()
        return row.id
