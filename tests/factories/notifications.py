"""The messages of the small network."""

from sqlalchemy import text

from app.notifications import service
from app.notifications.schemas import NotificationsApiQuery
from app.platform.database.transaction import Database
from app.platform.messages.i18n import NBSP
from app.platform.security.permissions import P
from tests.factories.network import World, acting


def forget_messages(database: Database) -> None:
    """Delete every message to a person: what people were told while the network was made."""
    with database.engine.begin() as owner:
        owner.execute(text("delete from notification"))


def inbox(database: Database, world: World, who: str) -> list[str]:
    """Return the titles of someone's messages, newest first, with plain spaces."""
    with database.transaction() as db:
        page = service.notifications_of(db, acting(db, world, who, P.ME_READ), NotificationsApiQuery())
        return [item.title.replace(NBSP, " ") for item in page.items]
