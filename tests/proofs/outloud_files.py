"""Reads files with outloud, which checks PDF/UA-1 as a screen reader would meet it.

Run by ``.venv-proofs``. In: ``[file]``; out: ``[{"passed", "failed"}]``, ``failed`` being the rules that found a fault.
"""

import json
import sys
from typing import Any

import outloud


def main() -> None:
    """Read the job from standard input and write its results to standard output."""
    json.dump([report(file) for file in json.load(sys.stdin)], sys.stdout)


def report(file: str) -> dict[str, Any]:
    """Check a file; warnings fail it as errors do."""
    result = outloud.check(file)
    failed = sorted({f.rule for f in result.findings if f.severity in {"error", "warning"}})
    return {"passed": not failed and result.error is None, "failed": failed}


if __name__ == "__main__":
    main()
