"""Sends files to the page of a list, in a process of its own, and prints what each came to, with the peak of memory.

``python -m tests.cohorts.people_list_process ADDRESSES TOKEN PATH FOLDER``: one line of JSON, the page of each file of
the folder and by how many bytes the peak of the process has grown since a small list was taken.
"""

import json
import pickle
import re
import resource
import sys
from pathlib import Path

from fastapi.testclient import TestClient

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.conftest import RING, SITE

STATUS = Path("/proc/self/status")
SMALL = b"courriel;nom\na@exemple.ca;A\n"


def peak() -> int:
    """Return the most memory that this process has had, in bytes.

    Linux's ``ru_maxrss`` begins with that of the process that started this one, and would hide what is measured.
    """
    if STATUS.exists():
        return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", STATUS.read_text())[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(addresses: str, token: str, path: str, folder: str) -> None:
    """Send each file as a browser does, after one that loads what any list needs."""
    settings = Settings(base_url=SITE, data_dir=Path(folder).parent / "data")
    database = Database(pickle.loads(bytes.fromhex(addresses)))  # noqa: S301 - from the test that starts it
    site = create_app(settings, database, RING)
    with TestClient(site, follow_redirects=False, headers={"Authorization": f"Bearer {token}"}) as client:
        client.post(path, files={"file": ("petite.csv", SMALL)})
        before, pages = peak(), {}
        for file in sorted(Path(folder).iterdir()):
            answer = client.post(path, files={"file": (file.name, file.read_bytes())})
            pages[file.name] = {"status": answer.status_code, "page": answer.text, "grown": peak() - before}
    print(json.dumps(pages))
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
