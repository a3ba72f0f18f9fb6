"""Does a participant's work through a Python client that openapi-python-client made from the API's description.

Run by ``.venv-proofs``. In: ``{"client", "url", "email", "password", "enrolment"}``, ``client`` being the folder of the
generated package ``generated``; out: what was read back.
"""

import io
import json
import sys
from typing import Any


def main() -> None:
    """Read the job from standard input and write its results to standard output."""
    job = json.load(sys.stdin)
    sys.path.insert(0, job["client"])
    json.dump([report(job)], sys.stdout)


def report(job: dict[str, Any]) -> dict[str, Any]:
    """Sign in, read, write, and send a file and fetch it back."""
    from generated import AuthenticatedClient, Client  # type: ignore[import-not-found]  # noqa: PLC0415
    from generated.api.learning import (  # type: ignore[import-not-found]  # noqa: PLC0415
        learning_complete,
        learning_hand_in_file,
        learning_read_completions,
        learning_read_file,
    )
    from generated.api.people import people_me, people_sign_in  # type: ignore[import-not-found]  # noqa: PLC0415
    from generated.models import (  # type: ignore[import-not-found]  # noqa: PLC0415
        CompletionCommand,
        FileForm,
        Problem,
        SignInCommand,
    )
    from generated.types import File  # type: ignore[import-not-found]  # noqa: PLC0415

    stranger = Client(job["url"])
    wrong = people_sign_in.sync(client=stranger, body=SignInCommand(email=job["email"], password="autre chose"))
    signed = people_sign_in.sync(client=stranger, body=SignInCommand(email=job["email"], password=job["password"]))
    client = AuthenticatedClient(job["url"], token=signed.token)
    enrolment = job["enrolment"]
    learning_complete.sync(enrolment, client=client, body=CompletionCommand(activity_code="GEN-1.A"))
    sent = File(io.BytesIO(b"%PDF-1.7 \xc3\xa9tude"), "\u00e9tude.pdf", "application/pdf")
    handed_in = learning_hand_in_file.sync(enrolment, client=client, body=FileForm(file=sent, activity_code="GEN-1.C"))
    fetched = learning_read_file.sync(handed_in.id, client=client) if hasattr(handed_in, "id") else handed_in
    return {
        "refused": isinstance(wrong, Problem),
        "name": people_me.sync(client=client).name,
        "done": [c.activity_code for c in learning_read_completions.sync(enrolment, client=client) if c.done],
        "file": fetched.payload.read().decode() if isinstance(fetched, File) else str(fetched.to_dict()),
    }


if __name__ == "__main__":
    main()
