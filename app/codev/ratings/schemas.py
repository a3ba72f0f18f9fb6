"""Commands and read models of ratings: no model says who answered what."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.codev.ratings.enums import RatingQuestion, RatingState
from app.platform.errors import Reason
from app.platform.schema import BlankIsNone, Command, Prose, Read

Mark = Annotated[int, Field(ge=1, le=5)]


class RatingCommand(Command):
    """A member's answer, which is given once: marks from 1 to 5, and a comment on how the group works."""

    usefulness: Mark
    climate: Mark
    method: Mark
    comment: Annotated[Annotated[Prose, StringConstraints(max_length=500)] | None, BlankIsNone] = None

    @property
    def marks(self) -> dict[RatingQuestion, int]:
        """Return the mark of each question."""
        return {question: getattr(self, question.value) for question in RatingQuestion}


class BoxContent(Read):
    """What a box holds, encrypted: for each question how often each mark was given, and the comments."""

    counts: dict[RatingQuestion, tuple[int, ...]]
    comments: tuple[str, ...]


class RatingFigures(Read):
    """The questionnaire of a session in figures, for everyone who may see the session."""

    session_id: int
    state: RatingState
    opens_at: datetime
    closes_at: datetime
    asked: int = Field(description="members of the group who are asked")
    answered: int
    response_rate: int | None = Field(description="answers in percent of the members asked")


class RatingWritten(Read):
    """That one's answer is in the box, without a word of it."""

    session_id: int
    answered: bool


class QuestionResult(Read):
    """How often each mark was given to a question, from 1 to 5, and their mean."""

    question: RatingQuestion
    counts: tuple[int, ...]
    mean: float | None


class RatingResults(Read):
    """The results of a questionnaire, for the group; without questions while they are hidden."""

    figures: RatingFigures
    hidden: tuple[str, ...] = Field(description="codes of why no result is shown")
    questions: tuple[QuestionResult, ...]
    comments: tuple[str, ...]


class OwnQuestionnaire(Read):
    """What the page of a questionnaire shows to a member: whether they answered, and why they cannot."""

    answered: bool
    refusals: tuple[Reason, ...]
