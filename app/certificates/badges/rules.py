"""A certificate as an Open Badges 3.0 credential: what it says, and nothing it may not say.

Pure: the frozen record in, a JSON-LD document out, to be signed by ``verifiable_credentials.py``. The holder is
named as on the document and has an identifier made of the certificate's own code: no address, hashed or
not. Competencies are aligned to the framework and its edition; levels are results. Source:
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

from app.certificates.schemas import CertificateRecord, PrintedCompetency
from app.network.enums import CertificateKind
from app.platform.documents.verifiable_credentials import DID, MULTIKEY, OPEN_BADGES, OPEN_BADGES_MORE, VC
from app.platform.messages.i18n import QUEBEC

SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
MEDIA_TYPE = "application/vc+ld+json"
"""What the programs of wallets read as JSON; few know ``application/vc`` yet, which has replaced it."""

STATUS_BITS = 131_072
"""Certificates that one list speaks of: the smallest list that hides who is asked about (16 kB)."""

STATUS_SECONDS = 300
"""How long who checks may keep a status list before asking again."""

PUBLIC_NAME = re.compile(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]*")
PRIVATE_NAMES = (".localhost", ".local", ".internal", ".test", ".invalid", ".home.arpa")
"""Endings that no public name has (RFC 6761, RFC 6762, RFC 8375)."""

ACHIEVEMENT_TYPES = {
    CertificateKind.attestation_participation: "Certificate",
    CertificateKind.attestation_reussite: "CertificateOfCompletion",
    CertificateKind.certification_collegiale: "Certification",
}
"""The Open Badges kind nearest to each of ours."""


# Issuers -----------------------------------------------------------------------------------------


def is_public(site: str) -> bool:
    """Whether anyone's software can ask this address: TLS, and a public name rather than a number."""
    parts = urlsplit(site)
    name = parts.hostname or ""
    return parts.scheme == "https" and bool(PUBLIC_NAME.fullmatch(name)) and not name.endswith(PRIVATE_NAMES)


def college_address(site: str, slug: str) -> str:
    """Where what a college shows to anyone's software stands."""
    return f"{site.rstrip('/')}/colleges/{slug}"


def did_web(site: str, slug: str) -> str:
    """The college's name on the web: its document is ``<site>/colleges/<slug>/did.json`` (did:web)."""
    parts = urlsplit(college_address(site, slug))
    return ":".join(("did:web", parts.netloc.replace(":", "%3A"), *parts.path.strip("/").split("/")))


def did_key(public_key: str) -> str:
    """A key that is its own name, for a deployment without a public one (did:key)."""
    return f"did:key:{public_key}"


def did_document(did: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Every key that a college signs or has signed with, by name, as public Multikey (W3C DID Core 1.0)."""
    names = [f"{did}#{name}" for name in keys]
    return {
        "@context": [DID, MULTIKEY],
        "id": did,
        "verificationMethod": [
            {"id": name, "type": "Multikey", "controller": did, "publicKeyMultibase": key}
            for name, key in zip(names, keys.values(), strict=True)
        ],
        "assertionMethod": names,
    }


# Credentials -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a credential hangs: its issuer's DID, the site, and its bit in the college's status list."""

    issuer: str
    site: str
    status_list: str
    index: int


@dataclass(frozen=True, slots=True)
class Wording:
    """What the record does not say by itself, in French as the document is: names, and what had to be done."""

    kind: str
    framework: str
    narrative: str


def credential(record: CertificateRecord, place: Place, words: Wording) -> dict[str, Any]:
    """The credential to sign."""
    return {
        "@context": [VC, OPEN_BADGES, OPEN_BADGES_MORE],
        "id": f"urn:uuid:{uuid.UUID(hex=record.code)}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": place.issuer, "type": ["Profile"], "name": record.college_name},
        "name": f"{words.kind} – {record.path_title}",
        "validFrom": start_of(record.issued_on),
        "credentialSubject": _subject(record, place, words),
        "credentialStatus": {
            "id": f"{place.status_list}#{place.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(place.index),
            "statusListCredential": place.status_list,
        },
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }


def start_of(day: date) -> str:
    """The first moment of a day in Quebec, in UTC (RFC 3339)."""
    return datetime.combine(day, time(), QUEBEC).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _subject(record: CertificateRecord, place: Place, words: Wording) -> dict[str, Any]:
    subject: dict[str, Any] = {
        "id": f"{record.verify_url}#titulaire",
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "identityType": "name", "identityHash": record.holder, "hashed": False}
        ],
        "activityStartDate": start_of(record.starts_on),
        "activityEndDate": start_of(record.ends_on),
        "achievement": _achievement(record, place, words),
    }
    if record.ceu is not None:
        subject["creditsEarned"] = _number(record.ceu)
    if record.competencies:
        subject["result"] = [_result(record, line, place) for line in record.competencies]
    return subject


def _number(written: str) -> int | float:
    """``6.0`` as 6: other languages read both as one number, and sign it as an integer (RFC 8259, JSON-LD 1.1)."""
    value = float(written)
    return int(value) if value.is_integer() else value


def _achievement(record: CertificateRecord, place: Place, words: Wording) -> dict[str, Any]:
    path = f"{place.site}/parcours-publies/{record.curriculum_slug}/{record.curriculum_version}"
    criteria = f"{path}#{record.kind}"
    achievement: dict[str, Any] = {
        "id": criteria,
        "type": ["Achievement"],
        "achievementType": ACHIEVEMENT_TYPES[record.kind],
        "name": f"{words.kind} – {record.path_title}",
        "description": record.object,
        "inLanguage": "fr-CA",
        "version": record.curriculum_version,
        "criteria": {"id": criteria, "narrative": words.narrative},
    }
    if record.competencies:
        achievement["alignment"] = [_alignment(record, line, place, words) for line in record.competencies]
        achievement["resultDescription"] = [_described(record, line, place) for line in record.competencies]
    return achievement


def _target(record: CertificateRecord, line: PrintedCompetency, place: Place) -> str:
    return f"{place.site}/referentiel/{record.framework_version}#{line.code}"


def _alignment(record: CertificateRecord, line: PrintedCompetency, place: Place, words: Wording) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetCode": line.code,
        "targetName": line.title,
        "targetFramework": f"{words.framework}, {record.framework_version}",
        "targetType": "CFItem",
        "targetUrl": _target(record, line, place),
    }


def _described(record: CertificateRecord, line: PrintedCompetency, place: Place) -> dict[str, Any]:
    return {
        "id": f"{_target(record, line, place)}-niveau",
        "type": ["ResultDescription"],
        "name": f"{line.code} {line.title}",
        "resultType": "PerformanceLevel",
        "allowedValue": ["1", "2", "3", "4"],
    }


def _result(record: CertificateRecord, line: PrintedCompetency, place: Place) -> dict[str, Any]:
    return {
        "type": ["Result"],
        "resultDescription": f"{_target(record, line, place)}-niveau",
        "value": str(line.level),
    }


# Status ------------------------------------------------------------------------------------------


def status_list(address: str, issuer: str, revoked: Iterable[int], *, at: datetime) -> dict[str, Any]:
    """The college's list of what is no longer valid, to sign (Bitstring Status List 1.0)."""
    return {
        "@context": [VC],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "ttl": STATUS_SECONDS * 1000,
            "encodedList": encoded(revoked),
        },
    }


def is_ended(encoded_list: str, index: int) -> bool:
    """What a list says of one of its credentials."""
    bits = gzip.decompress(urlsafe_b64decode(encoded_list.removeprefix("u") + "=="))
    return bool(bits[index // 8] & 0x80 >> index % 8)


def encoded(revoked: Iterable[int]) -> str:
    """A bit per certificate, the first the most significant; compressed, in multibase base64url."""
    bits = bytearray(STATUS_BITS // 8)
    for index in revoked:
        bits[index // 8] |= 0x80 >> (index % 8)
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode().rstrip("=")
