"""The table of people.

A person is global: one row, whatever the colleges. Others see a person through a role or an enrolment in their college.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Text, func
from sqlmodel import Field, SQLModel, col

from app.people.rules import full_name
from app.platform.database.rows import Row
from app.platform.database.types import moment
from app.platform.database.word_index import WordIndex

SEARCH_KEY = 600
"""Longest search key, in characters; what exceeds it is cut, so that an index can hold it."""


class Person(Row, table=True):
    """A person; ``search_key`` is the name as it is searched and sorted.

    Who has one name only has no first name.
    """

    legal_first_name: str | None = Field(default=None, max_length=100)
    legal_last_name: str = Field(max_length=100)
    chosen_name: str | None = Field(default=None, max_length=200)
    document_name: str | None = Field(default=None, max_length=200)
    search_key: str = Field(max_length=SEARCH_KEY, index=True)
    created_at: datetime = moment()

    @property
    def name(self) -> str:
        """The name shown on screens: the chosen name, else the legal one, which certificates carry."""
        return self.chosen_name or self.legal_name

    @property
    def legal_name(self) -> str:
        """The legal first and last names, or the only name."""
        return full_name(self.legal_first_name, self.legal_last_name)

    @property
    def printed_name(self) -> str:
        """The name on documents: the legal name, or its form in Latin letters where no document can print it."""
        return self.document_name or self.legal_name


def shown_name() -> ColumnElement[str]:
    """Return ``Person.name`` as an SQL expression, for statements that select columns."""
    return func.coalesce(col(Person.chosen_name), legal_name())


def legal_name() -> ColumnElement[str]:
    """Return ``Person.legal_name`` as an SQL expression."""
    return func.concat_ws(" ", col(Person.legal_first_name), col(Person.legal_last_name))


def printed_name() -> ColumnElement[str]:
    """Return ``Person.printed_name`` as an SQL expression."""
    return func.coalesce(col(Person.document_name), legal_name())


SHOWN_NAME_SQL = "coalesce(p.chosen_name, concat_ws(' ', p.legal_first_name, p.legal_last_name))"
"""``Person.name`` in statements written as text, where ``p`` is the person."""


class PersonWord(SQLModel, table=True):
    """A part of a word of a person's search key, kept by the database: once for the network, once for each college."""

    __tablename__ = "person_word"
    __table_args__ = (Index(None, "part", "college_id", "person_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger)
    part: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    college_id: int | None = None
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE", index=True)


NAMES = WordIndex(col(PersonWord.part), col(PersonWord.person_id), col(PersonWord.college_id))
"""People by the words of their names."""
