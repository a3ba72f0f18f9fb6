"""What is shown of the keys that sign a college's credentials."""

from datetime import datetime

from pydantic import Field

from app.platform.schema import Read


class CollegeKeyShown(Read):
    """A key that signs a college's credentials, or did: a retired one still verifies what it signed."""

    name: str
    public_key: str = Field(description="as a Multikey, to verify signatures")
    created_at: datetime
    retired_at: datetime | None = None
