"""A certificate as an Open Badges 3.0 credential: what it says, and nothing it may not say.

Pure: the frozen record in, a JSON-LD document out, to be signed by ``app/credentials.py``. The holder is
named as on the document and has an identifier made of the certificate's own code: no address, hashed or
not (trust.md 1.2). Competencies are aligned to the framework and its edition; levels are results. Source:
1EdTech Open Badges 3.0; W3C VC Data Model 2.0, Bitstring Status List 1.0.
"""

import gzip
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from app.certificates.schemas import CertificateRecord, PrintedCompetency
from app.credentials import OPEN_BADGES, OPEN_BADGES_MORE, VC
from app.curricula.schema import CertificateKind
from app.text import QUEBEC

SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
FRAMEWORK = "Référentiel de compétences de la conseillère et du conseiller numérique"
STATUS_BITS = 131_072
"""Certificates that one list speaks of: the smallest list that hides who is asked about (16 kB)."""

ACHIEVEMENT_TYPES = {
    CertificateKind.attestation_participation: "Certificate",
    CertificateKind.attestation_reussite: "CertificateOfCompletion",
    CertificateKind.certification_collegiale: "Certification",
}
"""The Open Badges kind nearest to each of ours."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a credential hangs: its issuer's DID, the site, and its bit in the college's status list."""

    issuer: str
    site: str
    status_list: str
    index: int


def credential(record: CertificateRecord, place: Place, *, kind_title: str) -> dict[str, Any]:
    """The credential to sign; ``kind_title`` is the French name of the kind of certificate."""
    return {
        "@context": [VC, OPEN_BADGES, OPEN_BADGES_MORE],
        "id": f"urn:uuid:{uuid.UUID(hex=record.code)}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": place.issuer, "type": ["Profile"], "name": record.college_name},
        "name": f"{kind_title} – {record.path_title}",
        "validFrom": start_of(record.issued_on),
        "credentialSubject": _subject(record, place, kind_title),
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


def _subject(record: CertificateRecord, place: Place, kind_title: str) -> dict[str, Any]:
    subject: dict[str, Any] = {
        "id": f"{record.verify_url}#titulaire",
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "identityType": "name", "identityHash": record.holder, "hashed": False}
        ],
        "activityStartDate": start_of(record.starts_on),
        "activityEndDate": start_of(record.ends_on),
        "achievement": _achievement(record, place, kind_title),
    }
    if record.ceu is not None:
        subject["creditsEarned"] = float(record.ceu)
    if record.competencies:
        subject["result"] = [_result(record, line, place) for line in record.competencies]
    return subject


def _achievement(record: CertificateRecord, place: Place, kind_title: str) -> dict[str, Any]:
    path = f"{place.site}/parcours-publies/{record.curriculum_slug}/{record.curriculum_version}"
    achievement: dict[str, Any] = {
        "id": f"{path}#{record.kind}",
        "type": ["Achievement"],
        "achievementType": ACHIEVEMENT_TYPES[record.kind],
        "name": f"{kind_title} – {record.path_title}",
        "description": record.object,
        "inLanguage": "fr-CA",
        "version": record.curriculum_version,
        "criteria": {"narrative": _narrative(record)},
    }
    if record.competencies:
        achievement["alignment"] = [_alignment(record, line, place) for line in record.competencies]
        achievement["resultDescription"] = [_described(record, line, place) for line in record.competencies]
    return achievement


def _narrative(record: CertificateRecord) -> str:
    """What had to be done, in words that stand alone (French, as the document is)."""
    hours = f"{record.recognised_minutes / 60:g}".replace(".", ",")
    done = f"{record.path_title}, version {record.curriculum_version} : {hours} heures reconnues."
    if not record.competencies:
        return f"{done} Participation attestée; aucun niveau de compétence n’est certifié."
    judged = "Chaque compétence a été jugée sur des preuves par une personne formatrice."
    return f"{done} {judged} Référentiel, version {record.framework_version}."


def _target(record: CertificateRecord, line: PrintedCompetency, place: Place) -> str:
    return f"{place.site}/referentiel/{record.framework_version}#{line.code}"


def _alignment(record: CertificateRecord, line: PrintedCompetency, place: Place) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetCode": line.code,
        "targetName": line.title,
        "targetFramework": f"{FRAMEWORK}, {record.framework_version}",
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
            "encodedList": encoded(revoked),
        },
    }


def encoded(revoked: Iterable[int]) -> str:
    """A bit per certificate, the first the most significant; compressed, in multibase base64url."""
    bits = bytearray(STATUS_BITS // 8)
    for index in revoked:
        bits[index // 8] |= 0x80 >> (index % 8)
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode().rstrip("=")
