"""What forbids issuing a certificate.

Pure: no session, no clock. Source: BR-19.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.cohorts.enums import EnrolmentState
from app.holds.rules import hold_reasons
from app.holds.schemas import OpenHold
from app.network.enums import CertificateKind
from app.platform.errors import Reason

ISSUABLE = frozenset(
    {
        EnrolmentState.ACTIVE, EnrolmentState.ON_LEAVE, EnrolmentState.COMPLETED,
        EnrolmentState.INCOMPLETE, EnrolmentState.FAILED,
    }
)  # fmt: skip
"""States of an enrolment that was followed in this college: even without success, it may earn a participation."""


@dataclass(frozen=True, slots=True)
class IssueCase:
    """What decides whether one kind of certificate may be issued for one enrolment, on a day.

    ``missing`` are the requirements not met, ``None`` when the path does not lead to the kind; ``authorised`` are the
    kinds that the college may issue, ``signatories`` the number of them active that day, ``holds`` the open holds on
    the enrolment, ``issued_number`` the number of the valid certificate of that kind, ``decider_is_holder`` whether
    the person who decides is the holder, ``decider_in_conflict`` whether they declared an interest that concerns the
    holder (S6).
    """

    kind: CertificateKind
    state: EnrolmentState
    missing: Sequence[Reason] | None
    authorised: Collection[str]
    signatories: int
    holds: Sequence[OpenHold] = ()
    issued_number: str | None = None
    decider_is_holder: bool = False
    decider_in_conflict: bool = False


def refuse_issue(case: IssueCase) -> list[Reason]:
    """Return everything that forbids issuing (BR-19); empty when only the decision is missing."""
    if case.missing is None:
        return [Reason("certificate_not_of_path", field="kind")]
    if case.issued_number is not None:
        return [Reason("certificate_already", {"number": case.issued_number}, "kind")]
    checks = (
        (case.state not in ISSUABLE, "certificate_not_followed"),
        (case.kind.value not in case.authorised, "certificate_not_authorised"),
        (not case.signatories, "certificate_no_signatory"),
        (case.decider_is_holder, "certificate_own"),
        (case.decider_in_conflict, "certificate_interest"),
    )
    reasons = [Reason(code) for forbidden, code in checks if forbidden]
    return reasons + hold_reasons(case.holds) + list(case.missing)
