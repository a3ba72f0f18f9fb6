"""A version of the competency framework whose criteria have a text at each level; version 1.0 has none."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.curricula.library import default_library
from app.curricula.schemas import Competency, Framework, Level


def text_of(code: str, level: int) -> str:
    """Return the invented text of a cell."""
    return f"Ce que {code} montre au niveau {level}."


def with_grid(competency: Competency) -> Competency:
    """Return a competency whose criteria have a text at each level."""
    criteria = tuple(
        criterion.model_copy(
            update={"levels": tuple(Level(level=n, fr=text_of(criterion.code, n)) for n in range(1, 5))}
        )
        for criterion in competency.criteria
    )
    return competency.model_copy(update={"criteria": criteria})


@contextmanager
def grid_framework(slug: str = "generaliste", version: str = "1.0") -> Iterator[Framework]:
    """Give a version of a path the framework 1.1, with a grid, while the block runs."""
    library = default_library()
    plain = library.framework("1.0")
    competencies = tuple(with_grid(competency) for competency in plain.competencies)
    grid = Framework.model_validate({**plain.model_dump(), "version": "1.1", "competencies": competencies})
    path = library.curriculum(slug, version)
    follows = path.model_copy(update={"framework": path.framework.model_copy(update={"version": "1.1"})})
    before = library.frameworks, library.curricula
    try:
        object.__setattr__(library, "frameworks", {**library.frameworks, "1.1": grid})
        object.__setattr__(library, "curricula", {**library.curricula, (slug, version): follows})
        library._worded.clear()
        yield grid
    finally:
        object.__setattr__(library, "frameworks", before[0])
        object.__setattr__(library, "curricula", before[1])
        library._worded.clear()
