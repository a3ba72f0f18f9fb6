"""Files that are no list, sent to the page of a cohort: refused with the row and the reason, in bounded memory.

In a process of its own, whose peak is the system's: everything counts, the request, the reader and the page.
"""

import json
import pickle
import subprocess
import sys
from pathlib import Path

from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from tests.cohorts.test_people_lists import path, plain, written
from tests.factories.network import World, token
from tests.identity.test_import_records import MEGABYTE, book, many, with_rows

MOST = 200 * MEGABYTE
HEADER = b"courriel;prenom;nom;role\n"
LEA = b"lea@exemple.ca;L\xc3\xa9a;Nouvelle;participante\n"
FILES: dict[str, tuple[bytes, str, int | None]] = {
    "20000-lignes.csv": (many(20_000), "plus de 500 personnes", 512),
    "20000-lignes.xlsx": (
        book(*((f"p{n}@exemple.ca", "Prénom", f"Nom {n}") for n in range(20_000))), "plus de 500 personnes", 512,
    ),
    "photo.csv": (b"\x89PNG\r\n\x1a\n" + bytes(9 * MEGABYTE), "une image ou un autre document", 1),
    "photo-de-telephone.csv": (b"\x00\x00\x00\x18ftypheic" + bytes(9 * MEGABYTE), "une image ou un autre document", 1),
    "deux-titres.csv": (HEADER + LEA + HEADER + LEA, "répète les titres", 3),
    "formules.csv": (HEADER + LEA + b"a@exemple.ca;=1+1;B;\n", "une formule", 3),
    "formules.xlsx": (book(("a@exemple.ca", '=HYPERLINK("http://x")', "B")), "une formule", 2),
    "cellule-au-loin.xlsx": (
        with_rows('<row r="1"><c r="A1"/></row><row r="8000000"><c r="A8000000"><v>1</v></c></row>'), "trop bas",
        100_001,
    ),
    "dernieres-colonnes.xlsx": (with_rows('<row><c r="XFD1"/></row>' * 20_000), "La liste est vide", 1),
    "lignes-vides.csv": (b"\n" * 10 * MEGABYTE, "trop bas", 100_001),
    "trop-grosse.csv": (HEADER + LEA * 255_000, "dépasse 10 Mo", 1),
    "separateurs.csv": (HEADER + b";" * 10 * MEGABYTE, "plus de", 2),
    "emoji.csv": (HEADER + "😀".encode() + b"x" * 10 * MEGABYTE, "plus de", 2),
}  # fmt: skip
"""Each file, the words of its refusal, and the row that is named."""


def test_file_that_is_no_list_is_refused_on_its_page_and_takes_less_than_200_megabytes(
    database: Database, world: World, tmp_path: Path
) -> None:
    """A process that loads the application, and a dozen files of up to ten megabytes, take ten seconds."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, (content, _, _) in FILES.items():
        (folder / name).write_bytes(content)
    addresses = pickle.dumps(database.addresses).hex()
    command = [sys.executable, "-m", "tests.cohorts.people_list_process", addresses]
    ended = subprocess.run(
        [*command, token(database, world, "coordinator"), path(world), str(folder)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    pages = json.loads(ended.stdout.splitlines()[-1])
    for name, (_, words, row) in FILES.items():
        page = plain(pages[name]["page"])
        assert pages[name]["status"] == 200, name
        assert words in page, name
        assert f'<th scope="row">{row}</th>' in page, name
        assert 'name="confirmed"' not in page, name
    assert written(database) == []
    grown = {name: page["grown"] // MEGABYTE for name, page in pages.items()}
    assert max(page["grown"] for page in pages.values()) < MOST, grown
