"""The messages of the small network."""

from sqlalchemy import text

from app.platform.database.transaction import Database


def forget_messages(database: Database) -> None:
    """Delete every message to a person: what people were told while the network was made."""
    with database.engine.begin() as owner:
        owner.execute(text("delete from notification"))
