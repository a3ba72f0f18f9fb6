"""A later version of the curriculum of ``curricula``, and mappings."""

from typing import Any

from app.curricula.mappings.schemas import Credit, VersionMapping
from tests.factories import curricula as samples

Data = dict[str, Any]


def after_data() -> Data:
    """The curriculum of the factories, where ESS-1.B (2 h) is ESS-1.D (3 h) and ESS-1.C changes nothing."""
    data = samples.curriculum_data()
    data |= {"version": "1.1", "hours": 11}
    data["modules"][0]["hours"] = 5
    data["modules"][0]["activities"][1] |= samples.activity("ESS-1.D", "workshop", "hybrid", 3)
    return data


def mapping_data() -> Data:
    def carried(code: str, *to: tuple[str, int]) -> Data:
        return {"code": code, "fate": "carried", "to": [{"code": c, "hours": h} for c, h in to]}

    return {
        "source": {"slug": "essai", "version": "1.0"},
        "target": {"slug": "essai", "version": "1.1"},
        "summary": samples.localized("Une heure de plus."),
        "activities": [
            carried("ESS-1.A", ("ESS-1.A", 1)),
            carried("ESS-1.B", ("ESS-1.D", 2)) | {"fate": "partly"},
            carried("ESS-1.C", ("ESS-1.C", 1)),
            carried("ESS-2.A", ("ESS-2.A", 3)),
            carried("ESS-2.B", ("ESS-2.B", 3)),
        ],
        "competencies": [{"code": code, "fate": "carried", "to": [code]} for code in ("CN-01", "CN-02")],
    }


def simple(source: str, target: str, **given: list[tuple[str, int, bool]]) -> VersionMapping:
    """A mapping of activities named by letters."""
    return VersionMapping(
        source=("essai", source),
        target=("essai", target),
        given={
            code: tuple(Credit(code=c, minutes=m, complete=done) for c, m, done in to) for code, to in given.items()
        },
        levels={},
        competency_fates={},
    )
