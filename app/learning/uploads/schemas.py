"""Command and read model of uploads. Sizes are bytes, moments UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.learning.uploads.enums import UploadState
from app.platform.schema import Command, Line, Read


class UploadCommand(Command):
    """A file to send in parts, as it is whole."""

    file_name: Annotated[Line, StringConstraints(max_length=200)]
    file_size: Annotated[int, Field(ge=1)]
    file_sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class UploadShown(Read):
    """An upload of the actor's own; commands accept it."""

    id: int
    college_id: int
    enrolment_id: int | None = None
    cohort_id: int | None = None
    file_name: str
    file_size: int
    file_sha256: str
    received: int
    state: UploadState
    expires_at: datetime
