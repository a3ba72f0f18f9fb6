"""Own files of codevelopment of invented people, without a database."""

from datetime import date, timedelta

from app.codev.own_file.enums import FileRole
from app.codev.own_file.rules import RoleCount, by_role, by_year
from app.codev.own_file.schemas import CodevFile, FileModule, FileRoleTotal, FileSession, FileYear

FIRST = date(2025, 10, 6)
FACILITATORS = ("Fanny Facilitation", "Kaʼnahsohon Ḱarihwá", "Élise Tremblay-Desrochers de la Haute-Mauricie")
PATHS = (
    "Parcours généraliste – Intervenir en contexte numérique",
    "Parcours spécialisé – Conseiller ou conseillère numérique",
)
OUTCOMES = (
    "Jouer les rôles de client et de consultant selon la démarche",
    "Nommer un apprentissage transférable après chaque séance",
)


def codev_file(count: int) -> CodevFile:
    """Return the file of someone who took part in as many sessions, a month apart, and facilitated every fifth."""
    sessions = tuple(_session(n) for n in reversed(range(count)))
    return CodevFile(
        name="Maude Bérubé", since=FIRST if count else None, until=None, made_on=date(2026, 11, 27),
        colleges=tuple(sorted({s.college for s in sessions})),
        modules=tuple(
            FileModule(path=path, title="Codéveloppement professionnel", outcomes=OUTCOMES)
            for path in PATHS[: min(count, 2)]
        ),
        sessions=sessions,
        years=tuple(
            FileYear(year=y, sessions=n, member_minutes=m, facilitated_minutes=f) for y, n, m, f in by_year(sessions)
        ),
        roles=tuple(FileRoleTotal(role=r, sessions=n, consultations=c) for r, n, c in by_role(sessions)),
        minutes=sum(s.minutes for s in sessions),
        all_years=tuple(y for y, *_ in by_year(sessions)),
    )  # fmt: skip


def _session(n: int) -> FileSession:
    leads = n % 5 == 4
    roles = (FileRole.FACILITATOR,) if leads else (FileRole.CLIENT, FileRole.CONSULTANT)[n % 2 :]
    return FileSession(
        session_id=n, on=FIRST + timedelta(days=30 * n), college=("Cégep d’Alma", "Cégep de Rouyn")[n % 2],
        path=PATHS[n % 2], activity_code="GEN-7.A", activity="Séance 1 – contrat de groupe et première consultation",
        facilitator=FACILITATORS[n % 3], facilitated=leads, minutes=180 if n % 3 else 155,
        roles=tuple(RoleCount(role=role, consultations=1) for role in roles),
    )  # fmt: skip
