"""``escouade keys``: creation, check and rotation of the keyring, and encryption of secrets again."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app.identity.oidc.providers import secret_binding
from app.platform.database.transaction import Database
from app.platform.errors import Unavailable
from app.platform.security.keyring import KeyPurpose, Keyring, create, load, save, version_of
from tests.cli.conftest import Escouade
from tests.factories.network import World, token

ISSUER, CLIENT = "https://connexion.alma.example.com", "escouade"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the keyring file of the commands."""
    return tmp_path / "keyring.json"


def stored(database: Database, keyring: Keyring, world: World) -> int:
    """Store a second factor and a provider's secret under a keyring; return the account's id."""
    with database.engine.begin() as connection:
        account = connection.execute(
            text("select id from account where person_id = :maude"), {"maude": world.people["maude"]}
        ).scalar_one()
        sealed = keyring.encrypt(KeyPurpose.TOTP, "JBSWY3DPEHPK3PXP", bound=f"account:{account}")
        connection.execute(
            text(
                "with confirmed as (update account set totp_confirmed_at = now() where id = :id) "
                "update account_secret set totp_sealed = :sealed where account_id = :id"
            ),
            {"sealed": sealed, "id": account},
        )
        secret = keyring.encrypt(KeyPurpose.OIDC, "secret du client", bound=secret_binding(ISSUER, CLIENT))
        connection.execute(
            text(
                "insert into oidc_provider (college_id, label, issuer, client_id, client_secret_sealed, created_at) "
                "values (:college, 'Alma', :issuer, :client, :secret, now())"
            ),
            {"college": world.alma, "issuer": ISSUER, "client": CLIENT, "secret": secret},
        )
    return int(account)


def stored_secrets(database: Database) -> tuple[str, str]:
    """Return the stored second factor and provider's secret."""
    with database.engine.connect() as connection:
        totp = connection.execute(
            text("select totp_sealed from account_secret where totp_sealed is not null")
        ).scalar_one()
        oidc = connection.execute(text("select client_secret_sealed from oidc_provider")).scalar_one()
    return totp, oidc


def test_keys_create_never_replaces_the_keyring(escouade: Escouade, empty: Database, file: Path) -> None:
    missing = escouade(empty, "keys", "check")
    assert (missing.status, missing.out) == (1, "")
    assert "escouade keys create" in missing.err
    assert "remettez-en la copie" in missing.err
    made = escouade(empty, "keys", "create")
    assert (made.status, made.err) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    again = escouade(empty, "keys", "create")
    assert (again.status, again.out) == (1, "")
    assert "rien n’a été changé" in again.err
    assert file.read_bytes() == before
    assert escouade(empty, "keys", "check").out == f"{file} : clé courante 1; versions 1.\n"


def test_keys_check_reports_a_keyring_readable_by_others(escouade: Escouade, empty: Database, file: Path) -> None:
    create(file)
    file.chmod(0o644)
    checked = escouade(empty, "keys", "check")
    assert (checked.status, checked.out) == (1, "")
    assert f"chmod 600 {file}" in checked.err
    assert "✗ Trousseau de clés" in escouade(empty, "doctor").out


def test_keys_rotate_without_a_keyring_is_refused(escouade: Escouade, empty: Database) -> None:
    done = escouade(empty, "keys", "rotate")
    assert (done.status, done.out) == (1, "")
    assert "Traceback" not in done.err


def test_keys_rotate_then_reseal_encrypts_every_secret_again(
    escouade: Escouade, database: Database, world: World, file: Path
) -> None:
    create(file)
    first = load(file)
    account = stored(database, first, world)
    place, oidc_place = f"account:{account}", secret_binding(ISSUER, CLIENT)
    rotated = escouade(database, "keys", "rotate").out
    assert "version 2" in rotated
    assert (
        rotated.index("escouade migrate") < rotated.index("rechargez alors le service") < rotated.index("keys reseal")
    )
    turned = load(file)
    totp, oidc = stored_secrets(database)
    assert turned.decrypt(KeyPurpose.TOTP, totp, bound=place) == "JBSWY3DPEHPK3PXP", (
        "the old key still opens what it sealed"
    )
    done = escouade(database, "keys", "reseal")
    assert (done.status, done.out) == (
        0,
        "Scellés de nouveau avec la clé 2 : seconds facteurs, 1; connexions de collèges, 1; "
        "clés de justificatifs, 0; clés de groupes de codéveloppement, 0; "
        "détails d’intérêts déclarés, 0.\n",
    )
    totp, oidc = stored_secrets(database)
    assert (version_of(totp), version_of(oidc)) == (2, 2)
    alone = Keyring(2, {2: turned.keys[2]})
    assert alone.decrypt(KeyPurpose.TOTP, totp, bound=place) == "JBSWY3DPEHPK3PXP"
    assert alone.decrypt(KeyPurpose.OIDC, oidc, bound=oidc_place) == "secret du client"
    with pytest.raises(Unavailable, match="key_missing"):
        first.decrypt(KeyPurpose.TOTP, totp, bound=place)
    again = escouade(database, "keys", "reseal").out
    assert "facteurs, 0; connexions de collèges, 0; clés de justificatifs, 0; clés de groupes" in again
    assert stored_secrets(database) == (totp, oidc)


def test_keys_reseal_with_an_unreadable_secret_changes_nothing(
    escouade: Escouade, database: Database, world: World, file: Path
) -> None:
    create(file)
    stored(database, load(file), world)
    with database.engine.begin() as connection:
        connection.execute(
            text("update oidc_provider set client_id = 'autre'")
        )  # the seal's place is no longer its own
    save(file, load(file).rotated())
    before = stored_secrets(database)
    done = escouade(database, "keys", "reseal")
    assert (done.status, done.out) == (1, "")
    assert "altéré ou déplacé" in done.err
    assert stored_secrets(database) == before


def test_doctor_checks_the_keyring(escouade: Escouade, empty: Database, file: Path) -> None:
    assert "✓ Trousseau de clés" in escouade(empty, "doctor").out, "made at the first need, outside production"
    file.write_text("{}")
    assert "✗ Trousseau de clés" in escouade(empty, "doctor").out
    file.unlink()
    produced = escouade(
        empty, "doctor", environment="production", base_url="https://escouade.example.com"
    ).out.splitlines()  # fmt: skip
    assert "✗ Trousseau de clés" in produced
    assert "✓ Réglages" in produced


def test_forget_second_factor_removes_it(escouade: Escouade, database: Database, world: World, file: Path) -> None:
    create(file)
    stored(database, load(file), world)
    token(database, world, "maude")
    done = escouade(database, "accounts", "forget-second-factor", world.emails["maude"].upper())
    assert (done.status, done.err) == (0, "")
    assert "est oublié" in done.out
    with database.engine.connect() as connection:
        left = connection.execute(
            text(
                "select count(*) from account join account_secret on account_id = id"
                " where totp_sealed is not null or totp_confirmed_at is not null"
            )
        ).scalar_one()
        signed_in = connection.execute(text("select count(*) from sign_in where ended_at is null")).scalar_one()
    assert (left, signed_in) == (0, 0)
    assert "n’avait pas" in escouade(database, "accounts", "forget-second-factor", world.emails["maude"]).out
    unknown = escouade(database, "accounts", "forget-second-factor", "personne@escouade.example.com")
    assert (unknown.status, unknown.err) == (1, "Aucun compte n’a cette adresse.\n")
