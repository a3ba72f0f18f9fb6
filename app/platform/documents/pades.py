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
PRINTED_AND_LOCKED = 4 | 128
"""The flags of the signature's annotation (ISO 32000-1, table 165): PDF/A wants every annotation printed."""


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


def sign(content: bytes, key: SigningKey, name: str, label: str) -> bytes:
    """Return the tagged document with an invisible signature in the name of the institution.

    ``label`` is what a screen reader says of the signature's field. Signing is not deterministic: sign once and store
    the result. Raise :class:`SigningKeyUnreadable`.
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
    with_field = IncrementalPdfFileWriter(BytesIO(add_signature_field(content, label)))
    signed: bytes = sign_pdf(with_field, meta, _signer(key), existing_fields_only=True).getvalue()
    return signed


def add_signature_field(content: bytes, label: str) -> bytes:
    """Return the tagged document with an empty signature field on its last page, the last thing that is read there.

    The field has a name for screen readers and stands in the structure tree as a form (ISO 14289-1, 7.18.1 and
    7.18.4), which the signing library does not do.
    """
    import pikepdf  # noqa: PLC0415 - costly to import, and needed only by processes that render
    from pikepdf import Array, Dictionary, Name  # noqa: PLC0415

    with pikepdf.open(BytesIO(content)) as document:
        page, tree = document.pages[-1].obj, document.Root.StructTreeRoot
        reading, parents = tree.K[0], tree.ParentTree.Nums
        index = max((int(number) for number in list(parents)[::2]), default=-1) + 1
        widget = document.make_indirect(
            Dictionary(
                Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=FIELD, TU=label, F=PRINTED_AND_LOCKED,
                Rect=Array([0, 0, 0, 0]), P=page, StructParent=index,
            )
        )  # fmt: skip
        reference = Dictionary(Type=Name.OBJR, Obj=widget, Pg=page)
        form = document.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name.Form, P=reading, Pg=page, K=Array([reference]))
        )
        reading.K.append(form)
        tree.ParentTree.Nums = Array([*parents, index, form])
        page.Annots = Array([*page.get("/Annots", []), widget])
        document.Root.AcroForm = Dictionary(Fields=Array([widget]))
        out = BytesIO()
        document.save(out, deterministic_id=True)
    return out.getvalue()


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
