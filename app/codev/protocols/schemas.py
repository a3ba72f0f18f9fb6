"""The models of the files in ``curricula/codeveloppement/``: frozen values, as those of curricula."""

from pydantic import Field

from app.curricula.schemas import Frozen, Localized, Slug, Version


class Clause(Frozen):
    """A clause of a contract."""

    code: Slug = Field(description="Stable name of the clause, e.g. confidentialite")
    title: Localized = Field(description="What the clause is about")
    text: Localized = Field(description="What each person agrees to")


class Contract(Frozen):
    """A version of the contract of a codevelopment group; immutable once published (BR-01)."""

    version: Version = Field(description='Version, between quotes, e.g. "1.0"; the file\'s name')
    title: Localized = Field(description="Title of the contract")
    preamble: Localized = Field(description="Whom it binds, and when it is agreed to")
    clauses: tuple[Clause, ...] = Field(min_length=1, description="Clauses, in reading order")
