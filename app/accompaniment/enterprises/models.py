"""Tables of enterprises and of the words of their names."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel, col

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned
from app.platform.database.uniqueness import refused_as
from app.platform.database.word_index import WordIndex


class Enterprise(Row, table=True):
    """An enterprise of one college; the NEQ identifies the same enterprise in two colleges (BR-15).

    ``accompanied`` says whether one of its mandates is: the database keeps it.
    """

    __table_args__ = owned(
        extra=(
            UniqueConstraint("college_id", "neq", info=refused_as("neq_taken", "neq")),
            check("neq", "neq ~ '^[0-9]{10}$'"),
            Index("ix_enterprise_identity", text("enterprise_identity(neq, id)")),
        )
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    neq: str | None = Field(default=None, max_length=10)
    name: str = Field(max_length=200)
    search_key: str = Field(max_length=600, index=True)
    sector: str = Field(max_length=60)
    size: EnterpriseSize = Field(sa_type=by_value(EnterpriseSize))
    region_code: str = Field(foreign_key="region.code", index=True)
    accompanied: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")


class EnterpriseWord(SQLModel, table=True):
    """A part of a word of an enterprise's search key, kept by the database."""

    __tablename__ = "enterprise_word"
    __table_args__ = (
        ForeignKeyConstraint(
            ["enterprise_id", "college_id"], ["enterprise.id", "enterprise.college_id"], ondelete="CASCADE"
        ),
        Index(None, "part", "college_id", "enterprise_id"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger)
    part: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    college_id: int
    enterprise_id: int = Field(index=True)


NAMES = WordIndex(col(EnterpriseWord.part), col(EnterpriseWord.enterprise_id), col(EnterpriseWord.college_id))
"""Enterprises by the words of their names."""
