"""PAdES signatures of PDF documents with the key of a college (ETSI EN 319 142-1, level B-B).

A key is a PKCS#12 file, or its base64 in the environment, by the college's slug. EC P-256 signs sixteen times faster
than RSA-3072. The signature certifies the document: readers reject any later change, incremental updates included.
When verifying, read the validator's overall status, not only that the digest is intact.
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
    """The key of a college cannot be read, or holds no certificate (503)."""

    code = "signing_key"


class SigningKey(BaseModel):
    """The location of a key: ``file``, or ``pkcs12`` in base64, with the passphrase that decrypts it."""

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
    """Return the document with an invisible signature in the name of the institution.

    Signing is not deterministic: sign once and store the result. Raise :class:`SigningKeyUnreadable`.
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


def signing_key_problems(keys: SigningKeys, moment: datetime | None = None) -> Iterator[Reason]:
    """Yield why keys cannot sign: ``signing_key_unreadable``, ``signing_key_expired`` or ``signing_key_early``."""
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
def _signer(key: SigningKey) -> Any:  # noqa: ANN401 - the library's own type
    """Return the signer of a key, cached: decrypting a key takes longer than signing with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from pyhanko.sign.signers import SimpleSigner  # noqa: PLC0415

    try:
        content = key.file.read_bytes() if key.file else b64decode(_secret_bytes(key.pkcs12), validate=True)
        return SimpleSigner.load_pkcs12_data(content, other_certs=(), passphrase=_secret_bytes(key.passphrase) or None)
    except (OSError, ValueError, TypeError) as fault:
        raise SigningKeyUnreadable from fault


def _secret_bytes(secret: SecretStr | None) -> bytes:
    return secret.get_secret_value().encode() if secret else b""
