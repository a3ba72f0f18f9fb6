"""Verifies credentials with openbadgeslib, their status lists included; nothing is fetched.

Run by ``.venv-proofs``. In: ``{"web": {address: document}, "credentials": [...]}``; out: ``[{"accepted", "why"}]``.
"""

import json
import sys
from typing import Any

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.did import resolve_verification_method
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof


def main() -> None:
    """Read the job from standard input and write its results to standard output."""
    job = json.load(sys.stdin)
    json.dump([report(credential, job["web"]) for credential in job["credentials"]], sys.stdout)


def report(credential: dict[str, Any], web: dict[str, Any]) -> dict[str, Any]:
    """Check a credential's proof, its status bit, and the proof of the status list, which has the same issuer."""

    def download(address: str) -> bytes:
        return json.dumps(web[address]).encode()

    try:
        verifier = OB3LdpVerifier.for_issuer_did(credential["issuer"]["id"], download=download)
        verifier.verify(credential, check_status=True, download=download, verify_status_list=False)
        list_credential = web[credential["credentialStatus"]["statusListCredential"]]
        if list_credential["issuer"] != credential["issuer"]["id"]:
            return {"accepted": False, "why": "the list is another's"}
        key = resolve_verification_method(list_credential["proof"][0]["verificationMethod"], download)
        verify_data_integrity_proof(list_credential, key)
    except LibOpenBadgesException as refusal:
        return {"accepted": False, "why": str(refusal)}
    return {"accepted": True, "why": ""}


if __name__ == "__main__":
    main()
