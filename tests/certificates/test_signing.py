"""Signed documents: valid as issued, invalid once anything in them or after them has changed."""

import io
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509 as asn1
from pydantic import SecretStr, ValidationError
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from app.certificates.documents.layout import Draft, open_render_pool, render_document, render_signed_document
from app.platform.clock import now
from app.platform.config import Settings, unsafe_settings
from app.platform.documents.pades import (
    SigningKey,
    SigningKeyUnreadable,
    add_signature_field,
    sign,
    signing_key_problems,
)
from app.platform.documents.render_pool import RenderFailure
from tests.factories import certificates as samples
from tests.factories.test_pki import PASSPHRASE, authority, signing_setting

COLLEGE = samples.sample().college_slug
ROOT = authority()
PKCS12 = ROOT.signing_key("Cégep du Piékouagami")
KEYS = {COLLEGE: signing_setting(PKCS12)}
DRAFT = Draft(samples.sample())


@pytest.fixture(scope="module")
def content() -> bytes:
    """A signed document."""
    return render_signed_document(DRAFT, KEYS)


def validate(content: bytes, *roots: bytes) -> PdfSignatureStatus:
    """Return what an independent validator reports on the only signature."""
    trusted = [asn1.Certificate.load(root) for root in roots or (ROOT.der,)]
    [signature] = PdfFileReader(io.BytesIO(content)).embedded_signatures
    context = ValidationContext(trust_roots=trusted, allow_fetching=False)
    return validate_pdf_signature(signature, signer_validation_context=context)


def test_signature_is_valid(content: bytes) -> None:
    status = validate(content)
    assert status.bottom_line
    assert status.docmdp_ok
    assert "Cégep du Piékouagami" in status.signing_cert.subject.human_friendly


def test_it_is_pades_in_the_name_of_the_college_and_shows_nothing(content: bytes) -> None:
    [signature] = PdfFileReader(io.BytesIO(content)).embedded_signatures
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.sig_object["/Name"] == "Cégep du Piékouagami"
    assert signature.docmdp_level is MDPPerm.NO_CHANGES
    assert [float(side) for side in signature.sig_field["/Rect"]] == [0, 0, 0, 0]


def test_signature_is_invalid_under_another_root(content: bytes) -> None:
    assert not validate(content, authority("Quelqu’un d’autre").der).bottom_line


def test_one_changed_byte_is_refused(content: bytes) -> None:
    changed = bytearray(content)
    at = content.index(b"stream\n") + 20
    changed[at] ^= 1
    status = validate(bytes(changed))
    assert not status.intact
    assert not status.bottom_line


def test_what_is_added_after_the_signature_is_refused(content: bytes) -> None:
    """The digest stays intact and the signature valid: only the bottom line shows the change."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    writer.root["/Lang"] = pdf_string("en-CA")
    writer.update_root()  # type: ignore[no-untyped-call]
    added = io.BytesIO()
    writer.write(added)  # type: ignore[no-untyped-call]
    assert added.getvalue().startswith(content)
    status = validate(added.getvalue())
    assert status.intact
    assert status.valid
    assert not status.bottom_line


def test_signing_keeps_pdf_a_and_pdf_ua_declarations(content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as file:
        metadata = file.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
        assert metadata["pdfuaid:part"] == "1"
        assert file.Root.MarkInfo.Marked


def test_signature_field_has_a_name_and_stands_in_the_structure_tree(content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as file:
        [field] = file.Root.AcroForm.Fields
        assert str(field.TU) == f"Signature électronique : {DRAFT.record.college_name}"
        form = file.Root.StructTreeRoot.K[0].K[-1]
        assert form.S == "/Form"
        assert form.K[0].Obj.objgen == field.objgen
        numbers = list(file.Root.StructTreeRoot.ParentTree.Nums)
        parents = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
        assert parents[int(field.StructParent)].objgen == form.objgen
        others = [int(a.StructParent) for a in file.pages[0].obj.Annots if a.objgen != field.objgen]
        assert int(field.StructParent) not in others


def test_field_added_before_signing_gives_the_same_bytes_twice() -> None:
    unsigned = render_document(DRAFT)
    assert add_signature_field(unsigned, "Signature") == add_signature_field(unsigned, "Signature")


def test_college_without_a_key_issues_unsigned_documents() -> None:
    assert render_signed_document(DRAFT, {"autre": signing_setting(PKCS12)}) == render_document(DRAFT)


def test_a_key_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "piekouagami.p12"
    file.write_bytes(PKCS12)
    key = SigningKey(file=file, passphrase=SecretStr(PASSPHRASE))
    assert validate(sign(render_document(DRAFT), key, "Cégep", "Signature")).bottom_line


def test_render_pool_signs_too() -> None:
    with open_render_pool(KEYS, 1) as pool:
        [printed] = pool.map([DRAFT])
    assert isinstance(printed, bytes)
    assert validate(printed).bottom_line


# Unusable keys ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        SigningKey(pkcs12=SecretStr("bm9uIQ==")),
        SigningKey(pkcs12=SecretStr("pas du base64")),
        SigningKey(file=Path("/nulle/part.p12")),
        signing_setting(PKCS12).model_copy(update={"passphrase": SecretStr("un autre")}),
        signing_setting(PKCS12).model_copy(update={"passphrase": None}),
    ],
)
def test_unreadable_key_is_reported(key: SigningKey) -> None:
    with pytest.raises(SigningKeyUnreadable):
        render_signed_document(DRAFT, {COLLEGE: key})
    [fault] = signing_key_problems({COLLEGE: key})
    assert (fault.code, fault.params["college"]) == ("signing_key_unreadable", COLLEGE)


def test_render_pool_reports_an_unreadable_key() -> None:
    with open_render_pool({COLLEGE: SigningKey(pkcs12=SecretStr("bm9uIQ=="))}, 1) as pool:
        [refused] = pool.map([DRAFT])
    assert isinstance(refused, RenderFailure)
    assert refused.reason.code == "signing_key"


def test_expired_or_future_signing_certificate_is_reported() -> None:
    late = signing_setting(ROOT.signing_key("Tard", begins=-40, ends=-10))
    early = signing_setting(ROOT.signing_key("Tôt", begins=10, ends=40))
    assert [
        (f.code, f.params["college"]) for f in signing_key_problems({**KEYS, "tard": late, "tot": early}, now())
    ] == [
        ("signing_key_expired", "tard"),
        ("signing_key_early", "tot"),
    ]


def test_production_refuses_an_unusable_key(settings: Settings) -> None:
    bad = settings.model_copy(update={"environment": "production", "signing": {"alma": SigningKey(file=Path("/x"))}})
    assert "signing_key_unreadable" in {reason.code for reason in unsafe_settings(bad)}


def test_keys_are_read_from_the_environment_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCOUADE_SIGNING", '{"alma": {"pkcs12": "c2VjcmV0", "passphrase": "secret"}}')
    settings = Settings()
    assert settings.signing["alma"].passphrase == SecretStr("secret")
    assert "c2VjcmV0" not in repr(settings)
    monkeypatch.setenv("ESCOUADE_SIGNING", '{"alma": {"passphrase": "secret"}}')
    with pytest.raises(ValidationError):
        Settings()
