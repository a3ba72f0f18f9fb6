"""The settings in force, without anything that opens something."""

from pydantic import SecretStr

from app.operations.deployment.schemas import SettingShown, SettingsInForce
from app.platform.config import Settings
from app.platform.messages.i18n import t

SECRET = frozenset(
    {
        "database_url",
        "database_owner_url",
        "database_jobs_url",
        "s3_access_key",
        "s3_secret_key",
        "smtp_url",
        "metrics_token",
        "signing",
    }
)
"""The settings that hold a password, a key or a token: only whether they are set is shown."""
SHOWN = frozenset(
    {
        "environment", "database_pooler", "data_dir", "curricula_dir", "keyring", "base_url", "trusted_proxies",
        "oidc_issuers", "security_contact", "outgoing_loopback", "english", "admission_seconds", "statement_seconds",
        "lock_seconds", "idle_transaction_seconds", "slow_client_seconds", "pool_size", "session_hours",
        "idle_hours",
        "upload_megabytes", "s3_bucket", "s3_endpoint", "s3_region", "s3_seconds",
        "closed_network", "mail_from", "log_format",
    }
)  # fmt: skip
"""The settings whose value is shown; one that is in neither table is as secret."""


def settings_in_force(settings: Settings) -> SettingsInForce:
    """Return every setting, in the order of docs/settings.md."""
    return SettingsInForce(items=tuple(_shown(settings, name) for name in Settings.model_fields))


def _shown(settings: Settings, name: str) -> SettingShown:
    value = getattr(settings, name)
    is_set = value not in (None, (), {}) and not (isinstance(value, SecretStr) and not value.get_secret_value())
    return SettingShown(
        variable=f"ESCOUADE_{name.upper()}",
        meaning=t(f"setting.{name}"),
        value=_text(value) if name in SHOWN and is_set else None,
        is_set=is_set,
        is_default=name not in settings.model_fields_set,
        is_secret=name not in SHOWN,
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(str(item) for item in value) if isinstance(value, tuple) else str(value)
