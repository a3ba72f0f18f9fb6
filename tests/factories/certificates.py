"""Records of invented people, short and long."""

import json
from datetime import date
from io import BytesIO
from typing import Any

from PIL import Image

from app.certificates.schemas import CertificateRecord, PrintedCompetency, PrintedSignatory
from app.network.enums import CertificateKind
from app.platform.documents.pdf import DESIGNS

K = CertificateKind


def picture(width: int = 60, height: int = 40, kind: str = "PNG", mode: str = "RGB", **more: Any) -> bytes:
    """A picture of a plain colour."""
    made = BytesIO()
    Image.new(mode, (width, height)).save(made, kind, **more)
    return made.getvalue()


PNG = picture()


def sample(**changes: Any) -> CertificateRecord:
    """The design's own sample: a certification with twelve competencies."""
    values = json.loads((DESIGNS / "escouade" / "sample.json").read_text(encoding="utf-8"))
    return CertificateRecord.model_validate(values | changes)


def competencies(title: str, level_title: str = "Maîtrisé", count: int = 12) -> tuple[PrintedCompetency, ...]:
    return tuple(
        PrintedCompetency(code=f"CN-{n:02}", title=title, level=3, level_title=level_title) for n in range(1, count + 1)
    )


def cut(text: str, length: int) -> str:
    """A long text of about a length, ending with a whole word."""
    return (text * (length // len(text) + 1))[:length].rsplit(" ", 1)[0]


PARTICIPATION = sample(kind=K.attestation_participation, competencies=(), ceu=None, holder="Maude Bérubé")
ACHIEVEMENT = sample(
    kind=K.attestation_reussite, holder="Zoé O’Brien-Côté", competencies=competencies("Situer", count=9)
)
TWO_SURNAMES = sample(
    holder="Marie-Françoise-Élisabeth de La Bruère-Montmorency et du Gardeur-Saint-Pierre",
    path_title="Parcours spécialisé – Conseiller ou conseillère numérique en transformation des organisations "
    "de l’économie sociale et des entreprises manufacturières des régions",
    place="Rouyn-Noranda, Amos, Val-d’Or, Ville-Marie, Chibougamau, Mashteuiatsh et en visioconférence",
)
LONGEST = sample(
    holder=cut("Marie-Françoise-Élisabeth-Wilhelmine de La Bruère ", 200),
    college_name=cut("Cégep régional du Nord et de la Basse-Rive ", 120),
    path_title=cut("Parcours spécialisé en transformation numérique des organisations ", 200),
    object=cut("Accompagner des entreprises de bout en bout dans leur transformation numérique. ", 1000),
    place=cut("Rouyn-Noranda, Chibougamau et en visioconférence ", 200),
    competencies=competencies(
        "Mobiliser les données, l’automatisation et l’intelligence artificielle de façon responsable et mesurée",
        "En développement",
    ),
    signatories=tuple(
        PrintedSignatory(
            name=cut("Marie-Antoinette Castonguay-Bérubé de Saint-Vallier ", 80),
            title=cut("Directrice de la formation continue et des services internationaux aux entreprises ", 140),
        )
        for _ in range(4)
    ),
)
LONG_PARTICIPATION = LONGEST.model_copy(update={"kind": K.attestation_participation, "competencies": ()})
FROM_EVERYWHERE = sample(
    holder="Nguyễn Thị Hồng-Ánh Šťastná-Łukasiewicz",
    place="Pekuakamiᵘ, ᑰᔾᔪᐊᖅ et Kuujjuaq",
    signatories=(PrintedSignatory(name="Anne Nguyễn-Šťastná", title="Directrice"),),
)
SYLLABICS = sample(kind=K.attestation_reussite, holder="ᐱᐊᓯ ᓄᓇᒃ", competencies=competencies("Situer", count=3))

ALL = {
    "sample": sample(),
    "participation": PARTICIPATION,
    "achievement": ACHIEVEMENT,
    "two_surnames": TWO_SURNAMES,
    "longest": LONGEST,
    "long_participation": LONG_PARTICIPATION,
    "from_everywhere": FROM_EVERYWHERE,
    "syllabics": SYLLABICS,
}
TODAY = date(2026, 11, 22)
