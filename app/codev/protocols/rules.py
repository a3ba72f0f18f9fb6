"""Pure rules that contracts and protocols must respect."""

from collections.abc import Iterator, Sequence

from app.codev.protocols.schemas import Contract
from app.curricula.rules import Finding
from app.platform.errors import Reason


def check_contract(contract: Contract) -> tuple[Finding, ...]:
    """Return the findings on a contract: each clause has a code of its own."""
    return tuple(_duplicates([clause.code for clause in contract.clauses], "clauses"))


def _duplicates(codes: Sequence[str], *path: str | int) -> Iterator[Finding]:
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield Finding(Reason("curricula.duplicate", {"code": code}), (*path, index, "code"))
