"""Every page, and who reads it: the rows and actors of the access matrix whose answer is a page."""

from collections.abc import Iterator

from tests.access.matrix import MATRIX

NOT_PAGES = frozenset(
    {
        "GET /.well-known/security.txt",
        "GET /favicon.ico",
        "GET /robots.txt",
        "GET /seances/{session_id}/feuille",
        "GET /codev/groupes/{group_id}/mes-textes",
        "GET /codev/mon-dossier/pdf",
        "GET /codev/seances/{session_id}/direct/flux",
        "GET /parcours/{enrolment_id}/activites/{code}/paquet",
        "GET /parcours/{enrolment_id}/modules/{code}/paquet",
        "GET /parcours/{enrolment_id}/portfolio/pdf",
        "GET /parcours/{enrolment_id}/portfolio/zip",
        "GET /conseillers/{person_id}/photo",
        "GET /attestations/{certificate_id}/justificatif",
        "GET /attestations/{certificate_id}/pdf",
        "GET /cohortes/{cohort_id}/personnes/modele.csv",
        "GET /cohortes/{cohort_id}/personnes/modele.xlsx",
        "GET /colleges/{college_id}/personnel/modele.csv",
        "GET /colleges/{college_id}/personnel/modele.xlsx",
        "GET /calendriers/{feed_secret}.ics",
        "GET /colleges/{slug}/did.json",
        "GET /colleges/{slug}/statuts/{number}",
        "GET /connexion/oidc/retour",
        "GET /jugements/voisine",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "GET /static",
    }
)
"""Rows whose answer is a file, data or nothing but a redirection."""

NOT_READERS = frozenset({"token", "suspended"})
"""Columns that nobody reads pages as: a program, and someone who is shown what a stranger is."""

PLACES = ("alma", "rouyn")


def rows(method: str) -> list[str]:
    """Return the matrix's rows of a method that answer with pages."""
    return [r for r in MATRIX if r.startswith(method + " ") and "/api/" not in r and r not in NOT_PAGES]


def readers(row: str) -> Iterator[tuple[str, str]]:
    """Yield ``(actor, place)`` of everyone who is shown a row's page, once each: of their own college if they may."""
    for actor, cell in MATRIX[row].items():
        places = [place for place, status in zip(PLACES, cell.split("/"), strict=False) if status == "200"]
        if places and actor not in NOT_READERS:
            yield actor, places[0]
