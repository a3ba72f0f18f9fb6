"""Checks of some certificates of a restored database: public verification, document, credential."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import col, select

from app.certificates.badges.models import CollegeKey
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.register import service as register
from app.certificates.register.schemas import Verified
from app.platform.database.transaction import Database
from app.platform.documents.verifiable_credentials import public_key
from app.platform.documents.verifiable_credentials import verify as verify_credential
from app.platform.errors import NotFound, Reason
from app.platform.files.store import FileStore
from app.platform.security.keyring import Keyring

SAMPLE = 10


def check_certificates(database: Database, keyring: Keyring, files: FileStore) -> tuple[int, list[Reason]]:
    """Return how many certificates were checked, of any college and year, and what is wrong with them.

    Needs the owner's address, and writes what public verification writes: for a database that serves nobody.
    """
    with database.as_owner() as db:
        by_code = sa.func.md5(col(Certificate.code))  # of any age, and the same ones each time
        sample = db.exec(select(Certificate).order_by(by_code).limit(SAMPLE)).all()
        keys = db.exec(select(CollegeKey)).all()
    problems = []
    for row in sample:
        own = [key for key in keys if key.college_id == row.college_id]
        problems += [Reason(code, {"number": row.number}) for code in _problems(database, keyring, files, row, own)]
    return len(sample), problems


def _problems(
    database: Database, keyring: Keyring, files: FileStore, row: Certificate, keys: list[CollegeKey]
) -> Iterator[str]:
    try:
        with database.transaction() as db:
            proof = register.verify(db, keyring, row.code, origin="cli").proof
        is_right = isinstance(proof, Verified) == (row.state is CertificateState.VALID)
    except NotFound:
        is_right = False
    if not is_right:
        yield "certificate_not_verified"
    if row.pdf_sha256 is not None:
        try:
            files.load_restricted(row.pdf_sha256)
        except (FileNotFoundError, ValueError):
            yield "certificate_document_lost"
    if row.credential is not None and not _is_signed(row.credential, keys):
        yield "certificate_credential_broken"


def _is_signed(credential: str, keys: list[CollegeKey]) -> bool:
    """Return whether one of the college's keys made the credential's proof, whatever the site's address was then."""
    document = json.loads(credential)
    issuer = document["issuer"] if isinstance(document["issuer"], str) else document["issuer"]["id"]
    methods = {f"{issuer}#{name}": public_key(k.public_key) for k in keys for name in (k.name, k.public_key)}
    return verify_credential(document, methods)
