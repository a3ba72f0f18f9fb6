"""Commands and read model of the documents shared with a cohort. Moments are UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.cohorts.schemas import Justification
from app.learning.hand_ins.schemas import WebLink
from app.platform.schema import BlankIsNone, Command, Line, Prose, Read

LONGEST_TITLE = 120
LONGEST_TEXT = 20_000


class NewDocument(Command):
    """A document to share: a text, a link, a file, or several of them; a new version names the one it replaces."""

    title: Annotated[Line, StringConstraints(max_length=LONGEST_TITLE)]
    body: Annotated[Prose | None, BlankIsNone] = None
    link: Annotated[WebLink | None, BlankIsNone] = None
    supersedes: Annotated[int | None, BlankIsNone] = None


class WithdrawCommand(Command):
    """Withdraw a document from a cohort, with the reason."""

    reason: Justification


class DocumentShown(Read):
    """A document that the actor may see; commands accept it."""

    id: int
    college_id: int
    cohort_id: int
    activity_code: str
    title: str
    body: str | None = None
    link: str | None = None
    file_name: str | None = None
    file_type: str | None = None
    file_size: int | None = Field(default=None, description="bytes")
    file_sha256: str | None = None
    withdrawn: bool
    reason: str | None = None
    shared_at: datetime
    shared_by: str
    supersedes_id: int | None = None
    in_force: bool
