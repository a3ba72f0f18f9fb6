"""Where this machine has a Chromium: ``python -m tests.e2e.chromium`` prints it, or nothing."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)


def find() -> str:
    """Return the program, ``ESCOUADE_TEST_BROWSER`` first; empty where there is none."""
    named = os.environ.get("ESCOUADE_TEST_BROWSER")
    found = (shutil.which(name) for name in ((named,) if named else NAMES))
    return next((path for path in found if path), "") or next((p for p in ELSEWHERE if Path(p).exists()), "")


if __name__ == "__main__":
    print(find())
