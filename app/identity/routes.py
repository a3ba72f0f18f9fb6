"""The routers of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.identity.account import api as account_api
from app.identity.account import pages as account_pages
from app.identity.address_change import api as address_change_api
from app.identity.address_change import pages as address_change_pages
from app.identity.api_tokens import api as api_tokens_api
from app.identity.api_tokens import pages as api_tokens_pages
from app.identity.invitations import api as invitations_api
from app.identity.invitations import pages as invitations_pages
from app.identity.oidc import api as oidc_api
from app.identity.oidc import pages as oidc_pages
from app.identity.password_reset import pages as password_reset_pages
from app.identity.roles import api as roles_api
from app.identity.roles import pages as roles_pages
from app.identity.second_factor import api as second_factor_api
from app.identity.second_factor import pages as second_factor_pages
from app.identity.sign_in import api as sign_in_api
from app.identity.sign_in import pages as sign_in_pages
from app.identity.staff import api as staff_api
from app.identity.staff import pages as staff_pages
from app.identity.staff.imports import api as staff_imports_api
from app.identity.staff.imports import pages as staff_imports_pages

API = (
    sign_in_api.router,
    second_factor_api.router,
    account_api.router,
    address_change_api.router,
    api_tokens_api.router,
    invitations_api.router,
    oidc_api.router,
    roles_api.router,
    staff_api.router,
    staff_imports_api.router,
)
PAGES = (
    sign_in_pages.router,
    second_factor_pages.router,
    account_pages.router,
    address_change_pages.router,
    api_tokens_pages.router,
    password_reset_pages.router,
    invitations_pages.router,
    oidc_pages.router,
    roles_pages.router,
    staff_pages.router,
    staff_imports_pages.router,
)
