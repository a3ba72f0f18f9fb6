"""A certificate as an Open Badges credential: its content, what it must not contain, and the status list."""

import gzip
import json
import uuid
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.certificates.badges.rules import (
    STATUS_BITS,
    CredentialLinks,
    CredentialWording,
    credential,
    credential_id,
    encode_status_bits,
    start_of_day,
    status_list,
)
from app.certificates.schemas import CertificateRecord
from app.platform.documents.verifiable_credentials import add_proof, public_multikey, verify
from tests.factories import certificates as samples

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DID = f"did:key:{public_multikey(KEY.public_key())}"
METHOD = f"{DID}#0"
KEYS = {METHOD: KEY.public_key()}
SITE = "https://escouade.example.org"
PLACE = CredentialLinks(issuer=DID, site=SITE, status_list=f"{SITE}/colleges/alma/statut", index=12)
WORDS = CredentialWording(kind="Attestation", framework="Référentiel", narrative="Soixante heures.")
AT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


@pytest.fixture(params=samples.ALL)
def record(request: pytest.FixtureRequest) -> CertificateRecord:
    return samples.ALL[request.param]


def test_each_record_can_be_signed(record: CertificateRecord) -> None:
    signed_credential = add_proof(credential(record, PLACE, WORDS), KEY, method=METHOD, at=AT)
    assert verify(signed_credential, KEYS)


def test_credential_matches_the_record(record: CertificateRecord) -> None:
    document = credential(record, PLACE, WORDS)
    subject = document["credentialSubject"]
    assert document["issuer"]["name"] == record.college_name
    assert document["validFrom"] == start_of_day(record.issued_on, record.zone)
    assert subject["identifier"][0]["identityHash"] == record.holder
    assert [r["value"] for r in subject.get("result", [])] == [str(c.level) for c in record.competencies]
    assert [a["targetCode"] for a in subject["achievement"].get("alignment", [])] == [
        c.code for c in record.competencies
    ]
    assert ("creditsEarned" in subject) == (record.ceu is not None)


def test_credential_has_no_email_address_and_no_signatory(record: CertificateRecord) -> None:
    text = json.dumps(credential(record, PLACE, WORDS), ensure_ascii=False)
    assert "@" not in text.replace('"@context"', "")
    assert "mailto" not in text
    assert "email" not in text.lower()
    assert all(s.name not in text for s in record.signatories)


@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        ("America/Toronto", date(2026, 11, 22), "2026-11-22T05:00:00Z"),
        ("America/Toronto", date(2026, 7, 1), "2026-07-01T04:00:00Z"),
        ("America/Halifax", date(2026, 1, 1), "2026-01-01T04:00:00Z"),
        ("America/Blanc-Sablon", date(2026, 7, 1), "2026-07-01T04:00:00Z"),
    ],
)
def test_day_begins_in_its_time_zone(zone: str, day: date, moment: str) -> None:
    assert start_of_day(day, zone) == moment


def test_credential_of_a_cohort_in_the_islands_is_valid_from_their_midnight() -> None:
    document = credential(samples.sample(issued_on="2026-01-01", timezone="America/Halifax"), PLACE, WORDS)
    assert document["validFrom"] == "2026-01-01T04:00:00Z"


@given(code=st.binary(min_size=16, max_size=16))
def test_credential_identifier_is_a_random_uuid_of_rfc_9562(code: bytes) -> None:
    identifier = uuid.UUID(credential_id(code.hex()))
    assert (identifier.version, identifier.variant) == (4, uuid.RFC_4122)
    assert credential_id(code.hex()) == f"urn:uuid:{identifier}"


def test_alignment_claims_no_item_of_a_case_framework(record: CertificateRecord) -> None:
    text = json.dumps(credential(record, PLACE, WORDS))
    assert "CFItem" not in text
    assert "targetType" not in text


def test_status_bits_are_most_significant_first() -> None:
    bits = gzip.decompress(urlsafe_b64decode(encode_status_bits([0, 9]).removeprefix("u") + "=="))
    assert len(bits) * 8 == STATUS_BITS
    assert bits[:2] == b"\x80\x40"
    assert not any(bits[2:])
    assert encode_status_bits([0, 9]) == encode_status_bits([9, 0])


def test_status_list_can_be_signed() -> None:
    signed_list = add_proof(status_list(PLACE.status_list, DID, [12], at=AT), KEY, method=METHOD, at=AT)
    assert verify(signed_list, KEYS)
