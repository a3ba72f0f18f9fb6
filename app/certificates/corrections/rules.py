"""When a certificate may be replaced or revoked, and how long its holder has to answer.

Pure: no session, no clock. Sources: BR-20 (never deleted), BR-21 (no public reason), S7, S10.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.certificates.enums import CertificateState
from app.certificates.schemas import CertificateRecord
from app.platform.errors import Reason

DAYS_TO_ANSWER = 10
"""The days that the holder has to answer; before they have passed, only an answer allows a decision."""

NAME_FIELDS = frozenset(
    {"college_name", "college_slug", "city", "logo", "ink", "accent", "holder", "signatories", "design"}
)
"""Fields that a correction of the name brings up to date; all others stay as they were issued."""

DOCUMENT_FIELDS = frozenset({"number", "code", "verify_url", "issued_on", "first_issued_on", "timezone"})
"""Fields that each document has its own values of."""


def corrected_record(before: CertificateRecord, fresh: CertificateRecord, *, whole: bool) -> CertificateRecord:
    """Return the record of a replacement: ``fresh``, wholly or for the fields of the name, over the record ``before``.

    It has both dates of issue (S7) and no reason.
    """
    first = before.first_issued_on or before.issued_on
    updated = fresh.model_dump() if whole else fresh.model_dump(include=set(NAME_FIELDS | DOCUMENT_FIELDS))
    return CertificateRecord.model_validate({**before.model_dump(), **updated, "first_issued_on": first})


NAME_CORRECTION_REASONS = frozenset({"certificate_own", "certificate_no_signatory"})
"""Reasons of BR-19 that forbid correcting a name; the others were checked when the document was issued."""


def refuse_reissue(state: CertificateState, before: CertificateRecord, after: CertificateRecord) -> list[Reason]:
    """Return what forbids replacing a document: it is no longer valid, or the new one would be identical."""
    if state is not CertificateState.VALID:
        return [Reason("certificate_not_valid")]
    return [Reason("certificate_says_the_same")] if _comparable_content(before) == _comparable_content(after) else []


def applicable_reasons(reasons: Sequence[Reason], *, whole: bool) -> list[Reason]:
    """Return the reasons against issuing (``issuing.rules.refuse_issue``) that also forbid this correction."""
    return [reason for reason in reasons if whole or reason.code in NAME_CORRECTION_REASONS]


def _comparable_content(record: CertificateRecord) -> Mapping[str, Any]:
    """Return the fields that a correction must change at least one of."""
    return record.model_dump(exclude=set(DOCUMENT_FIELDS | {"design", "signatories", "logo", "ink", "accent"}))


def answer_deadline(opened_on: date) -> date:
    """Return the last day on which the holder may answer before the decision."""
    return opened_on + timedelta(days=DAYS_TO_ANSWER)


def refuse_revocation(
    *, today: date, answer_by: date, answered: bool, decider_is_holder: bool, state: CertificateState
) -> list[Reason]:
    """Return what forbids deciding: the holder may answer first, and nobody decides on their own certificate."""
    reasons = [Reason("certificate_own")] if decider_is_holder else []
    if state is not CertificateState.VALID:
        reasons.append(Reason("certificate_not_valid"))
    if not answered and today <= answer_by:
        reasons.append(Reason("holder_not_heard", {"answer_on": answer_by.isoformat()}))
    return reasons
