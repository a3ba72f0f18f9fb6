"""Dependencies of the routes of certificates: the deployment's document store."""

from typing import Annotated

from fastapi import Depends

from app.certificates.documents.service import DocumentStore
from app.platform.web.deps import KeyringDep, SettingsDep


def document_store(settings: SettingsDep, keyring: KeyringDep) -> DocumentStore:
    """Return the document store of the deployment."""
    return DocumentStore.from_settings(settings, keyring)


DocumentStoreDep = Annotated[DocumentStore, Depends(document_store)]
