"""A certificate as an Open Badges 3.0 credential, and the issuer's DID document and status list.

Pure: the frozen record in, a JSON-LD document out, to be signed by ``verifiable_credentials.py``. The holder is
named as on the document and identified by the certificate's own code, never by an e-mail address, hashed or
not. Competencies are aligned to the framework and its edition; levels are results. Sources:
1EdTech Open Badges 3.0; W3C VC Data Model 2.0, Bitstring Status List 1.0.
"""

import gzip
import re
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from app.certificates.schemas import CertificateRecord, PrintedCompetency
from app.network.enums import CertificateKind
from app.platform.documents.verifiable_credentials import DID, MULTIKEY, OPEN_BADGES, OPEN_BADGES_MORE, VC

SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
MEDIA_TYPE = "application/vc+ld+json"
"""The media type that wallets accept; few support ``application/vc`` yet, which has replaced it."""

STATUS_BITS = 131_072
"""Certificates of one status list: the smallest list that hides which one is being checked (16 kB)."""

STATUS_SECONDS = 300
"""How long a verifier may cache a status list."""

PUBLIC_NAME = re.compile(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]*")
PRIVATE_NAMES = (".localhost", ".local", ".internal", ".test", ".invalid", ".home.arpa")
"""Endings that no public host name has (RFC 6761, RFC 6762, RFC 8375)."""

ACHIEVEMENT_TYPES = {
    CertificateKind.attestation_participation: "Certificate",
    CertificateKind.attestation_reussite: "CertificateOfCompletion",
    CertificateKind.certification_collegiale: "Certification",
}
"""The nearest Open Badges achievement type of each kind of certificate."""


def is_public_site(site: str) -> bool:
    """Return whether the site is on the internet: TLS, and a public host name rather than an IP address."""
    parts = urlsplit(site)
    name = parts.hostname or ""
    return parts.scheme == "https" and bool(PUBLIC_NAME.fullmatch(name)) and not name.endswith(PRIVATE_NAMES)


def college_url(site: str, slug: str) -> str:
    """Return the address under which a college publishes its DID document and status lists."""
    return f"{site.rstrip('/')}/colleges/{slug}"


def did_web(site: str, slug: str) -> str:
    """Return the college's did:web identifier; its document is at ``<site>/colleges/<slug>/did.json``."""
    parts = urlsplit(college_url(site, slug))
    return ":".join(("did:web", parts.netloc.replace(":", "%3A"), *parts.path.strip("/").split("/")))


def did_key(public_key: str) -> str:
    """Return the did:key identifier of a key, the issuer of a deployment without a public host name."""
    return f"did:key:{public_key}"


def did_document(did: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the DID document with every key that a college signs or has signed with (W3C DID Core 1.0).

    ``keys`` are public Multikeys by name.
    """
    methods = [f"{did}#{name}" for name in keys]
    return {
        "@context": [DID, MULTIKEY],
        "id": did,
        "verificationMethod": [
            {"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": key}
            for method, key in zip(methods, keys.values(), strict=True)
        ],
        "assertionMethod": methods,
    }


@dataclass(frozen=True, slots=True)
class CredentialLinks:
    """What a credential refers to: its issuer's DID, the site, and its bit in the college's status list."""

    issuer: str
    site: str
    status_list: str
    index: int


@dataclass(frozen=True, slots=True)
class CredentialWording:
    """The French texts that a credential adds to the record: names, and what had to be done."""

    kind: str
    framework: str
    narrative: str


def credential(record: CertificateRecord, links: CredentialLinks, wording: CredentialWording) -> dict[str, Any]:
    """Return the credential to sign."""
    return {
        "@context": [VC, OPEN_BADGES, OPEN_BADGES_MORE],
        "id": credential_id(record.code),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": links.issuer, "type": ["Profile"], "name": record.college_name},
        "name": f"{wording.kind} – {record.path_title}",
        "validFrom": start_of_day(record.issued_on, record.zone),
        "credentialSubject": _subject(record, links, wording),
        "credentialStatus": {
            "id": f"{links.status_list}#{links.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(links.index),
            "statusListCredential": links.status_list,
        },
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }


def credential_id(code: str) -> str:
    """Return the credential's identifier: the certificate's code as a random UUID (RFC 9562, version 4).

    Version and variant replace six of the code's 128 random bits, so that every reader accepts the identifier.
    """
    return f"urn:uuid:{uuid.UUID(hex=code, version=4)}"


def start_of_day(day: date, zone: str) -> str:
    """Return the first moment of a day in a time zone, in UTC (RFC 3339)."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _subject(record: CertificateRecord, links: CredentialLinks, wording: CredentialWording) -> dict[str, Any]:
    subject: dict[str, Any] = {
        "id": f"{record.verify_url}#titulaire",
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "identityType": "name", "identityHash": record.holder, "hashed": False}
        ],
        "activityStartDate": start_of_day(record.starts_on, record.zone),
        "activityEndDate": start_of_day(record.ends_on, record.zone),
        "achievement": _achievement(record, links, wording),
    }
    if record.ceu is not None:
        subject["creditsEarned"] = _json_number(record.ceu)
    if record.competencies:
        subject["result"] = [_result(record, competency, links) for competency in record.competencies]
    return subject


def _json_number(decimal: str) -> int | float:
    """Return ``6.0`` as 6, the integer that other implementations sign for both (RFC 8259, JSON-LD 1.1)."""
    value = float(decimal)
    return int(value) if value.is_integer() else value


def _achievement(record: CertificateRecord, links: CredentialLinks, wording: CredentialWording) -> dict[str, Any]:
    path = f"{links.site}/parcours-publies/{record.curriculum_slug}/{record.curriculum_version}"
    criteria = f"{path}#{record.kind}"
    achievement: dict[str, Any] = {
        "id": criteria,
        "type": ["Achievement"],
        "achievementType": ACHIEVEMENT_TYPES[record.kind],
        "name": f"{wording.kind} – {record.path_title}",
        "description": record.object,
        "inLanguage": "fr-CA",
        "version": record.curriculum_version,
        "criteria": {"id": criteria, "narrative": wording.narrative},
    }
    if record.competencies:
        achievement["alignment"] = [
            _alignment(record, competency, links, wording) for competency in record.competencies
        ]
        achievement["resultDescription"] = [
            _result_description(record, competency, links) for competency in record.competencies
        ]
    return achievement


def _competency_url(record: CertificateRecord, competency: PrintedCompetency, links: CredentialLinks) -> str:
    return f"{links.site}/referentiel/{record.framework_version}#{competency.code}"


def _alignment(
    record: CertificateRecord, competency: PrintedCompetency, links: CredentialLinks, wording: CredentialWording
) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetCode": competency.code,
        "targetName": competency.title,
        "targetFramework": f"{wording.framework}, {record.framework_version}",
        "targetUrl": _competency_url(record, competency, links),
    }


def _result_description(
    record: CertificateRecord, competency: PrintedCompetency, links: CredentialLinks
) -> dict[str, Any]:
    return {
        "id": f"{_competency_url(record, competency, links)}-niveau",
        "type": ["ResultDescription"],
        "name": f"{competency.code} {competency.title}",
        "resultType": "PerformanceLevel",
        "allowedValue": ["1", "2", "3", "4"],
    }


def _result(record: CertificateRecord, competency: PrintedCompetency, links: CredentialLinks) -> dict[str, Any]:
    return {
        "type": ["Result"],
        "resultDescription": f"{_competency_url(record, competency, links)}-niveau",
        "value": str(competency.level),
    }


def status_list(url: str, issuer: str, revoked: Iterable[int], *, at: datetime) -> dict[str, Any]:
    """Return the college's list of credentials that are no longer valid, to sign (Bitstring Status List 1.0).

    ``revoked`` are the indexes of their bits.
    """
    return {
        "@context": [VC],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "ttl": STATUS_SECONDS * 1000,
            "encodedList": encode_status_bits(revoked),
        },
    }


def is_status_bit_set(encoded_list: str, index: int) -> bool:
    """Return whether the credential at ``index`` is marked as no longer valid."""
    bits = gzip.decompress(urlsafe_b64decode(encoded_list.removeprefix("u") + "=="))
    return bool(bits[index // 8] & 0x80 >> index % 8)


def encode_status_bits(revoked: Iterable[int]) -> str:
    """Return the bit string of a status list, the first bit most significant; compressed, in multibase base64url."""
    bits = bytearray(STATUS_BITS // 8)
    for index in revoked:
        bits[index // 8] |= 0x80 >> (index % 8)
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode().rstrip("=")
