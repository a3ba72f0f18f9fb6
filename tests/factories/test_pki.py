"""A certificate authority for the tests: keys that sign documents, EC P-256, as PKCS#12."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from pydantic import SecretStr

from app.platform.documents.pades import SigningKey

PASSPHRASE = "un mot pour les essais"


@dataclass(frozen=True)
class Authority:
    """A root key with its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def signing_key(self, name: str, *, begins: int = -1, ends: int = 365) -> bytes:
        """Return the PKCS#12 file of a new signing key, valid from ``begins`` to ``ends`` (days from now)."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _builder(_name(name), self.certificate.subject, key, begins, ends)
            .add_extension(usage, critical=True)
            .sign(self.key, hashes.SHA256())
        )
        lock = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        return pkcs12.serialize_key_and_certificates(b"signature", key, certificate, [self.certificate], lock)

    @property
    def der(self) -> bytes:
        """The root's certificate in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


def authority(name: str = "Autorité de papier") -> Authority:
    """Return a new root."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(name), _name(name), key, -2, 3650)
    basic = x509.BasicConstraints(ca=True, path_length=None)
    return Authority(key, builder.add_extension(basic, critical=True).sign(key, hashes.SHA256()))


def signing_setting(pkcs12_file: bytes) -> SigningKey:
    """Return a key in the form of the setting ``signing``."""
    return SigningKey(pkcs12=SecretStr(b64encode(pkcs12_file).decode()), passphrase=SecretStr(PASSPHRASE))


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: int, ends: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    first, last = now + timedelta(days=begins), now + timedelta(days=ends)
    return x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), first, last)
