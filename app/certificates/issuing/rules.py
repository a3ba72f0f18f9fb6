"""What a certificate may say, how it is numbered, and what forbids issuing it.

Pure: no session, no clock. Sources: BR-07 (continuing-education units), BR-19 (issuing), BR-21 (codes),
BR-22 (competencies).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind
from app.platform.errors import Reason

# Who may be issued what --------------------------------------------------------------------------

ISSUABLE = frozenset(
    {
        EnrolmentState.ACTIVE, EnrolmentState.ON_LEAVE, EnrolmentState.COMPLETED,
        EnrolmentState.INCOMPLETE, EnrolmentState.FAILED,
    }
)  # fmt: skip
"""States in which someone has followed the path here: even without success, a participation may be attested."""


@dataclass(frozen=True, slots=True)
class Case:
    """What stands for and against issuing one kind of certificate for one enrolment, on a day.

    ``missing`` is what eligibility lacks, ``None`` when the path does not lead to the kind; ``holds`` are the
    reasons of open holds, ``signatories`` how many are active that day, ``already`` the number of the valid
    certificate of that kind, ``own`` whether the person who decides is the holder.
    """

    kind: CertificateKind
    state: EnrolmentState
    missing: Sequence[Reason] | None
    authorised: Collection[str]
    signatories: int
    holds: Sequence[str] = ()
    already: str | None = None
    own: bool = False


def refuse_issue(case: Case) -> list[Reason]:
    """Everything that forbids issuing (BR-19); empty when only the decision is left."""
    if case.missing is None:
        return [Reason("certificate_not_of_path", field="kind")]
    if case.already is not None:
        return [Reason("certificate_already", {"number": case.already}, "kind")]
    checks = (
        (case.state not in ISSUABLE, "certificate_not_followed"),
        (case.kind.value not in case.authorised, "certificate_not_authorised"),
        (not case.signatories, "certificate_no_signatory"),
        (case.own, "certificate_own"),
    )
    found = [Reason(code) for wrong, code in checks if wrong]
    found.extend(Reason("certificate_on_hold", {"hold": hold}) for hold in case.holds)
    return found + list(case.missing)
