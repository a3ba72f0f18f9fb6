"""Commands and read models of the change of an account's address."""

from datetime import datetime

from app.identity.account.schemas import PasswordProof
from app.platform.messages.addresses import Email
from app.platform.messages.schemas import DeliveryShown
from app.platform.schema import Read


class ChangeAddress(PasswordProof):
    """A new address, with the present password."""

    email: Email


class PendingAddress(Read):
    """An address that waits for its link; ``delivery``: where the letter with the link stands."""

    email: str
    expires_at: datetime
    delivery: DeliveryShown | None


class AccountAddress(Read):
    """The address of one's own account; ``delivery``: where the last letter to it stands, if there was one lately."""

    email: str
    delivery: DeliveryShown | None
    pending: PendingAddress | None
