"""When a certificate may be replaced or revoked, and what its holder may say first.

Pure: no session, no clock. Sources: BR-20 (never deleted), BR-21 (no reason in public), S7, S10.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.certificates.enums import CertificateState
from app.certificates.schemas import CertificateRecord
from app.platform.errors import Reason

DAYS_TO_ANSWER = 10
"""How long the holder has to be heard before a revocation is decided, unless they have answered."""

IDENTITY = frozenset(
    {"college_name", "college_slug", "city", "logo", "ink", "accent", "holder", "signatories", "design"}
)
"""What a correction of the name takes as it is today; all else stays as it was issued."""

OWN = frozenset({"number", "code", "verify_url", "issued_on", "first_issued_on"})
"""What every document has for itself."""


def corrected(before: CertificateRecord, fresh: CertificateRecord, *, whole: bool) -> CertificateRecord:
    """The record of the document that replaces another: of what is true today, the name's part or the whole.

    Both dates of issue stand on it (S7); nothing says why.
    """
    first = before.first_issued_on or before.issued_on
    taken = fresh.model_dump() if whole else fresh.model_dump(include=set(IDENTITY | OWN))
    return CertificateRecord.model_validate({**before.model_dump(), **taken, "first_issued_on": first})


FOR_A_NAME = frozenset({"certificate_own", "certificate_no_signatory"})
"""What of BR-19 forbids correcting a name: the rest was decided when the document was issued."""


def refuse_reissue(state: CertificateState, before: CertificateRecord, after: CertificateRecord) -> list[Reason]:
    """What forbids replacing a document: it is no longer valid, or the new one would say the same."""
    if state is not CertificateState.VALID:
        return [Reason("certificate_not_valid")]
    return [Reason("certificate_says_the_same")] if _said(before) == _said(after) else []


def against(reasons: Sequence[Reason], *, whole: bool) -> list[Reason]:
    """Of the reasons against issuing (:func:`app.certificates.rules.refuse_issue`), those that hold here."""
    return [reason for reason in reasons if whole or reason.code in FOR_A_NAME]


def _said(record: CertificateRecord) -> Mapping[str, Any]:
    return record.model_dump(exclude=set(OWN | {"design", "signatories", "logo", "ink", "accent"}))


def answer_by(opened_on: date) -> date:
    """The last day on which the holder may answer before the decision."""
    return opened_on + timedelta(days=DAYS_TO_ANSWER)


def refuse_revocation(
    *, today: date, answer_by: date, answered: bool, own: bool, state: CertificateState
) -> list[Reason]:
    """What forbids deciding: the holder is heard first, and nobody decides of their own certificate."""
    found = [Reason("certificate_own")] if own else []
    if state is not CertificateState.VALID:
        found.append(Reason("certificate_not_valid"))
    if not answered and today <= answer_by:
        found.append(Reason("holder_not_heard", {"day": answer_by.isoformat()}))
    return found
