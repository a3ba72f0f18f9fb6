"""The settings of a deployment, from ``ESCOUADE_*`` variables, and which of them are unsafe in production."""

from email.utils import parseaddr
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.platform.database.time_limits import TimeLimits
from app.platform.database.urls import sqlalchemy_url
from app.platform.documents.pades import SigningKey, signing_key_problems
from app.platform.errors import Invalid, Reason
from app.platform.files.address import Bucket
from app.platform.locations import ROOT, default_data, settings_files
from app.platform.security.keyring import weaknesses


class Settings(BaseSettings):
    """The settings of one deployment; ``docs/settings.md`` documents every field."""

    model_config = SettingsConfigDict(
        env_prefix="ESCOUADE_", frozen=True, extra="ignore", hide_input_in_errors=True
    )  # values may be passwords

    environment: Literal["demo", "development", "production"] = Field(
        "development", description="demo lists its accounts on the sign-in page; production refuses unsafe settings"
    )
    database_url: str | None = Field(
        None,
        description="PostgreSQL 15 or later, as the login role of requests (escouade_app, or a role of your own that "
        "escouade migrate makes its member), which owns nothing; unset: the embedded server under data_dir",
    )
    database_owner_url: str | None = Field(
        None,
        description="the same database as the role that owns it, for migrate, init, worker and the commands that "
        "need it; a process that only serves requests works without",
    )
    database_pooler: bool = Field(
        default=False,
        description="database_url, and database_jobs_url, are a pooler in transaction mode, such as pgbouncer: "
        "statements are not prepared under names ([several machines](scale.md))",
    )
    database_jobs_url: str | None = Field(
        None,
        description="the same database as its owner, through the pooler, for the jobs of escouade worker; unset: "
        "database_owner_url, which always reaches PostgreSQL itself, as migrations and backups have to",
    )
    data_dir: Path = Field(
        default_factory=default_data,
        description="embedded server, and without s3_bucket handed-in files and issued PDFs; the default stands in the "
        "home folder where the package is installed without its repository",
    )
    curricula_dir: Path | None = Field(
        None,
        description="folder of the paths, in place of those of the program: what is published there is offered within "
        "seconds, without a restart ([operation](operate.md#publishing-a-version)); unset: those of the program",
    )
    s3_bucket: str | None = Field(
        None,
        description="bucket of an S3-compatible service that keeps the files in place of data_dir, for several "
        "machines ([scale](scale.md#files-in-a-bucket)); it has to exist",
        pattern=r"^[a-z0-9][a-z0-9._-]{1,62}$",
    )
    s3_endpoint: str | None = Field(
        None,
        description="address of that service, https://host:port; unset: Amazon's, of the region",
        pattern=r"^https?://[^\s/?#@]+/?$",
    )
    s3_region: str = Field("us-east-1", description="region of the bucket; many services take any", min_length=1)
    s3_access_key: str | None = Field(
        None, description="key that reads, writes, lists and deletes in the bucket", min_length=1
    )
    s3_secret_key: SecretStr | None = Field(None, description="secret of that key", min_length=1)
    s3_seconds: float = Field(
        10, ge=0.5, le=120, description="longest request to that service; then 503 with Retry-After, and jobs wait"
    )
    keyring: Path | None = Field(
        None, description="file of the keys that seal secrets, backed up apart; unset: keyring.json under data_dir"
    )
    base_url: str = Field("http://127.0.0.1:8000", description="address people use; absolute links come from it only")
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="networks of the reverse proxies in front, in CIDR notation with commas between them "
        "([deployment](deployment.md)); empty: none, X-Forwarded-For and X-Forwarded-Proto are ignored",
    )
    oidc_issuers: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="issuers (OpenID Connect) through which people may sign in, as they name themselves, with commas "
        "between them: who runs an issuer can sign in as whoever is linked to it, so the operator names them, and not "
        "those who invite; outside production every issuer is accepted",
    )
    security_contact: str | None = Field(
        None,
        description="whom to tell of a flaw, mailto:… or https://…, shown at /.well-known/security.txt; unset: no file",
        pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)$",
    )
    outgoing_loopback: bool = Field(
        default=False,
        description="let requests of the service go to this machine over plain HTTP, to try a sign-in service; "
        "refused in production",
    )
    english: bool = Field(default=False, description="offer English beside French; off by default")
    admission_seconds: float = Field(
        5, ge=0.1, le=30, description="longest wait of a request for one of them; then 503 with Retry-After"
    )
    statement_seconds: float = Field(15, ge=0.1, le=600, description="longest statement of a request, then 503")
    lock_seconds: float = Field(2, ge=0.1, le=60, description="longest wait of a request for a lock, then 503")
    idle_transaction_seconds: float = Field(
        60, ge=1, le=600, description="longest time that a request does nothing in its transaction, then 503"
    )
    slow_client_seconds: float = Field(
        20,
        ge=0.1,
        le=300,
        description="longest time for the headers of a request, and for its body beside a second for each 16 kB; "
        "then the connection is closed",
    )
    pool_size: int = Field(10, ge=2, le=100, description="database connections, and requests admitted at once")
    session_hours: int = Field(12, ge=1, le=24, description="longest time a sign-in lasts")
    idle_hours: int = Field(3, ge=1, le=24, description="a sign-in unused for so long ends")
    upload_megabytes: int = Field(10, ge=1, le=100, description="largest file handed in")
    smtp_url: str | None = Field(
        None,
        description="server that takes letters, smtp://user:password@host:587?starttls or smtps://…; unset: letters "
        "become .eml files under data_dir, and in production they wait",
    )
    closed_network: bool = Field(
        default=False,
        description="no mail leaves this machine: the operator may print the links of invitations and hand them over, "
        "each recorded; without effect beside smtp_url",
    )
    mail_from: str | None = Field(
        None, description="sender of letters; unset: Escouade <escouade@…>, at the host of base_url"
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=20,
        description="20 characters at least; whoever presents it (Authorization: Bearer …) reads /metrics and the "
        "details of /health/ready; unset: nobody in production, elsewhere programs of this machine",
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="logs as one JSON object a line, or as text; auto: text on a terminal, else JSON"
    )
    signing: dict[str, SigningKey] = Field(
        {},
        description="keys that sign documents (PAdES), as JSON by college slug: "
        '{"alma": {"file": "/run/secrets/alma.p12", "passphrase": "…"}}, or "pkcs12" with the file in base64 for '
        '"file"; prefer EC P-256; colleges without one issue documents that are not signed',
    )

    @field_validator("trusted_proxies", "oidc_issuers", mode="before")
    @classmethod
    def split_list(cls, items: object) -> object:
        """Return the items of a text, with commas or blanks between them."""
        return tuple(items.replace(",", " ").split()) if isinstance(items, str) else items

    @field_validator("trusted_proxies")
    @classmethod
    def refuse_everyone(cls, networks: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
        """Refuse a network of every address: anyone could then choose theirs."""
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError("every address is not a proxy")
        return networks

    @field_validator("database_url", "database_owner_url", "database_jobs_url")
    @classmethod
    def use_psycopg(cls, url: str | None) -> str | None:
        """Return the URL with the psycopg driver, whatever scheme names PostgreSQL, and however many hosts."""
        try:
            return None if url is None else sqlalchemy_url(url)
        except ValueError:
            raise PydanticCustomError("server_address", "not the address of a server") from None

    @field_validator("smtp_url")
    @classmethod
    def check_mail_server(cls, url: str | None) -> str | None:
        """Refuse a URL that is not one of a mail server, nor a password that is read as another part."""
        try:
            parts = urlsplit(url or "smtp://unset")
            is_server = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_server = False
        if not is_server or parts.fragment or parts.netloc.count("@") > 1:
            raise PydanticCustomError("server_address", "not the address of a mail server")
        return url

    @field_validator("mail_from")
    @classmethod
    def check_sender(cls, sender: str | None) -> str | None:
        """Refuse a sender that is not an e-mail address."""
        address = parseaddr(sender or "")[1]
        if sender is not None and not (sender.isprintable() and address.rpartition("@")[0] and address.isascii()):
            raise ValueError("not a mail address")
        return sender

    @model_validator(mode="after")
    def check_bucket(self) -> "Settings":
        """Refuse a bucket without its keys."""
        if self.s3_bucket is not None and (self.s3_access_key is None or self.s3_secret_key is None):
            raise PydanticCustomError("bucket_without_keys", "a bucket needs s3_access_key and s3_secret_key")
        return self

    @property
    def bucket(self) -> Bucket | None:
        """The bucket that keeps the files; ``None`` where they are in the folder of the data."""
        if self.s3_bucket is None or self.s3_access_key is None or self.s3_secret_key is None:
            return None
        secret = self.s3_secret_key.get_secret_value()
        return Bucket(
            self.s3_bucket, self.s3_endpoint, self.s3_region, self.s3_access_key, secret, seconds=self.s3_seconds
        )

    @property
    def curricula_folder(self) -> Path:
        """The folder of the paths."""
        return self.curricula_dir or ROOT / "curricula"

    @property
    def keyring_file(self) -> Path:
        """The file of the keyring."""
        return self.keyring or self.data_dir / "keyring.json"

    def accepts_issuer(self, issuer: str) -> bool:
        """Return whether people may sign in through an issuer: one that the operator named, or for trials any."""
        return self.environment != "production" or issuer in self.oidc_issuers

    @property
    def prints_links(self) -> bool:
        """Whether the operator may print links that letters would carry: a declared network without mail."""
        return self.closed_network and self.smtp_url is None

    @property
    def time_limits(self) -> TimeLimits:
        """The time limits of a request in the database."""
        return TimeLimits(self.statement_seconds, self.lock_seconds, self.idle_transaction_seconds)

    @property
    def secure(self) -> bool:
        """Whether people reach the service over TLS."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def origin(self) -> str:
        """Scheme and host of ``base_url``, as browsers send it in ``Origin``."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


PLACEHOLDER = "CHANGE-ME"
"""Stands in the samples of ``deploy/`` where a password is to be chosen."""


def unsafe_settings(settings: Settings) -> list[Reason]:
    """Return why these settings are unsafe in production; empty in another environment, which must be named.

    An https address without an environment is a production whose checks were forgotten.
    """
    if settings.environment != "production":
        is_forgotten = settings.secure and "environment" not in settings.model_fields_set
        return [Reason("environment_unset", field="ESCOUADE_ENVIRONMENT")] if is_forgotten else []
    reasons = []
    if settings.database_url is None:
        reasons.append(Reason("embedded_database", field="ESCOUADE_DATABASE_URL"))
    if not settings.secure:
        reasons.append(Reason("address_without_tls", field="ESCOUADE_BASE_URL"))
    if settings.outgoing_loopback:
        reasons.append(Reason("outgoing_loopback", field="ESCOUADE_OUTGOING_LOOPBACK"))
    if not _is_private(settings.s3_endpoint):
        reasons.append(Reason("files_without_tls", field="ESCOUADE_S3_ENDPOINT"))
    secrets = {
        "database_url": settings.database_url,
        "database_owner_url": settings.database_owner_url,
        "database_jobs_url": settings.database_jobs_url,
        "smtp_url": settings.smtp_url,
        "s3_secret_key": settings.s3_secret_key and settings.s3_secret_key.get_secret_value(),
        "metrics_token": settings.metrics_token and settings.metrics_token.get_secret_value(),
    }
    for name, value in secrets.items():
        if PLACEHOLDER in (value or ""):
            field = f"ESCOUADE_{name.upper()}"
            reasons.append(Reason("password_not_chosen", {"name": field, "word": PLACEHOLDER}, field))
    reasons.extend(weaknesses(settings.keyring_file))
    reasons.extend(signing_key_problems(settings.signing))
    return reasons


def _is_private(endpoint: str | None) -> bool:
    """Return whether nobody between reads what goes to an address: it is over TLS, or on this machine."""
    parts = urlsplit(endpoint or "https://unset")
    return parts.scheme == "https" or parts.hostname in {"127.0.0.1", "::1", "localhost"}


@cache
def settings() -> Settings:
    """Return the settings of the process, read once: its variables, and for those unset the settings files.

    Raise ``Invalid`` when a file cannot be read or holds a name that is no setting.
    """
    files = settings_files()
    if unknown := [reason for path in files for reason in _unknown(path)]:
        raise Invalid("settings_unknown", *unknown)
    return Settings(_env_file=files)


def _unknown(path: Path) -> list[Reason]:
    """Return a reason for each name in a file that is no setting: a misspelt one would silently leave the default."""
    try:
        names = set(dotenv_values(stream=StringIO(path.read_text(encoding="utf-8")), interpolate=False))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("settings_unreadable", path=str(path)) from error
    unknown = sorted(names - {f"ESCOUADE_{field.upper()}" for field in Settings.model_fields})
    return [Reason("unknown_setting", {"path": str(path), "name": name}, name) for name in unknown]
