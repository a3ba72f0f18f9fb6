"""What certificates say, what is asked of them and what is shown of them. Times are minutes, dates ISO 8601."""

from datetime import datetime

from pydantic import Field

from app.platform.schema import Read


class CollegeKeyShown(Read):
    """A key that signs a college's credentials, or has: a retired one goes on proving what it signed."""

    name: str
    public_key: str = Field(description="Multikey: what anyone needs to check")
    created_at: datetime
    retired_at: datetime | None = None
