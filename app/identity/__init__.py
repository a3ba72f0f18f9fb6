"""Accounts and authentication: sign-in, second factor, API tokens, invitations, roles, OpenID Connect."""
