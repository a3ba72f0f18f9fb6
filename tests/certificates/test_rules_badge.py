"""A certificate as an Open Badge: all that it says, and nothing it may not."""

import gzip
import json
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.certificates.badges.rules import STATUS_BITS, Place, Wording, credential, encoded, start_of, status_list
from app.certificates.schemas import CertificateRecord
from app.platform.documents.verifiable_credentials import holds, public_multikey, signed
from tests.factories import certificates as samples

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DID = f"did:key:{public_multikey(KEY.public_key())}"
SITE = "https://escouade.example.org"
PLACE = Place(issuer=DID, site=SITE, status_list=f"{SITE}/colleges/alma/statut", index=12)
WORDS = Wording(kind="Attestation", framework="Référentiel", narrative="Soixante heures.")
AT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


@pytest.fixture(params=samples.ALL)
def record(request: pytest.FixtureRequest) -> CertificateRecord:
    return samples.ALL[request.param]


def test_each_record_can_be_signed_whole(record: CertificateRecord) -> None:
    made = signed(credential(record, PLACE, WORDS), KEY, method=f"{DID}#0", at=AT)
    assert holds(made, KEY.public_key())


def test_it_says_what_the_document_says(record: CertificateRecord) -> None:
    made = credential(record, PLACE, WORDS)
    subject = made["credentialSubject"]
    assert made["issuer"]["name"] == record.college_name
    assert made["validFrom"] == start_of(record.issued_on)
    assert subject["identifier"][0]["identityHash"] == record.holder
    assert [r["value"] for r in subject.get("result", [])] == [str(c.level) for c in record.competencies]
    assert [a["targetCode"] for a in subject["achievement"].get("alignment", [])] == [
        c.code for c in record.competencies
    ]
    assert ("creditsEarned" in subject) == (record.ceu is not None)


def test_no_address_of_anyone_and_no_name_of_who_signs(record: CertificateRecord) -> None:
    text = json.dumps(credential(record, PLACE, WORDS), ensure_ascii=False)
    assert "@" not in text.replace('"@context"', "")
    assert "mailto" not in text
    assert "email" not in text.lower()
    assert all(s.name not in text for s in record.signatories)


def test_days_begin_in_quebec() -> None:
    assert start_of(date(2026, 11, 22)) == "2026-11-22T05:00:00Z"
    assert start_of(date(2026, 7, 1)) == "2026-07-01T04:00:00Z"


def test_a_bit_per_certificate_the_first_the_most_significant() -> None:
    bits = gzip.decompress(urlsafe_b64decode(encoded([0, 9]).removeprefix("u") + "=="))
    assert len(bits) * 8 == STATUS_BITS
    assert bits[:2] == b"\x80\x40"
    assert not any(bits[2:])
    assert encoded([0, 9]) == encoded([9, 0])


def test_the_list_can_be_signed() -> None:
    made = signed(status_list(PLACE.status_list, DID, [12], at=AT), KEY, method=f"{DID}#0", at=AT)
    assert holds(made, KEY.public_key())
