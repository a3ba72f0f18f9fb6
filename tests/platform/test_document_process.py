"""The process for documents belongs to the process that started it."""

import subprocess
import sys

from app.platform.documents.document_process import in_document_process
from app.platform.errors import Reason
from app.platform.locations import ROOT

PROGRAM = """
import os
from app.platform.documents.document_process import in_document_process

own = in_document_process(os.getpid)
child = os.fork()
if not child:
    os._exit(in_document_process(os.getpid) == own)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the child used the process of its parent"
assert in_document_process(os.getpid) == own, "the child took the process of its parent"
"""


def test_forked_process_has_a_document_process_of_its_own() -> None:
    """Two that share one read each other's answers, or parts of them."""
    program = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM]  # later Pythons warn of the fork
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_reason_comes_back_from_the_process_with_its_values() -> None:
    reason = in_document_process(Reason, "too_large", {"megabytes": 1}, "file")
    assert (reason.code, dict(reason.params), reason.field) == ("too_large", {"megabytes": 1}, "file")
    assert dict(in_document_process(Reason, "empty").params) == {}
