"""PAdES: a document signed with a key of the institution, where it has one (ETSI EN 319 142-1, level B-B).

A key comes as PKCS#12 (a file, or its base64 in the environment), by the college's slug. Prefer EC P-256: it signs
sixteen times faster than RSA-3072. A signed document certifies itself: any later change, added at its end too,
is refused by readers; whether all is well is what their *bottom line* says, not that the digest is intact.
"""

import warnings
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from app.platform.clock import now
from app.platform.errors import Reason, Unavailable

FIELD = "Signature"


class SigningKeyUnreadable(Unavailable):
    """The key of a college does not open or holds no certificate (503)."""

    code = "signing_key"


class SigningKey(BaseModel):
    """Where a key is: ``file``, or ``pkcs12`` (base64), and the passphrase that opens it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None = None
    pkcs12: SecretStr | None = None
    passphrase: SecretStr | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "SigningKey":
        if (self.file is None) == (self.pkcs12 is None):
            raise ValueError("give either a file or its content in base64")
        return self


SigningKeys: TypeAlias = Mapping[str, SigningKey]
"""By college slug."""


def sign(content: bytes, key: SigningKey, name: str) -> bytes:
    """The same document with an invisible signature in the name of the institution.

    Signed twice, the same document gives two files: sign once and keep it. Raises :class:`SigningKeyUnreadable`.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415 - half a second
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter  # noqa: PLC0415
    from pyhanko.sign.signers import PdfSignatureMetadata, sign_pdf  # noqa: PLC0415

    meta = PdfSignatureMetadata(
        field_name=FIELD,
        name=name,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    signed: bytes = sign_pdf(IncrementalPdfFileWriter(BytesIO(content)), meta, _signer(key)).getvalue()
    return signed


def faults(keys: SigningKeys, moment: datetime | None = None) -> Iterator[Reason]:
    """What keeps keys from signing: ``signing_key_unreadable``, ``signing_key_expired`` or ``signing_key_early``."""
    for college, key in keys.items():
        try:
            certificate = _signer(key).signing_cert
        except SigningKeyUnreadable:
            yield Reason("signing_key_unreadable", {"college": college}, "ESCOUADE_SIGNING")
            continue
        validity = certificate["tbs_certificate"]["validity"]
        first, last = validity["not_before"].native, validity["not_after"].native
        if not first <= (moment or now()) <= last:
            code, day = ("signing_key_expired", last) if last < (moment or now()) else ("signing_key_early", first)
            yield Reason(code, {"college": college, "on": day.date().isoformat()}, "ESCOUADE_SIGNING")


@lru_cache(maxsize=64)
def _signer(key: SigningKey) -> Any:  # noqa: ANN401 - the library's own
    """Opening a key takes longer than signing with it: once per process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from pyhanko.sign.signers import SimpleSigner  # noqa: PLC0415

    try:
        content = key.file.read_bytes() if key.file else b64decode(_told(key.pkcs12), validate=True)
        return SimpleSigner.load_pkcs12_data(content, other_certs=(), passphrase=_told(key.passphrase) or None)
    except (OSError, ValueError, TypeError) as fault:
        raise SigningKeyUnreadable from fault


def _told(secret: SecretStr | None) -> bytes:
    return secret.get_secret_value().encode() if secret else b""
