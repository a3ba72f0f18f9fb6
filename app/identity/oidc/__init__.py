"""Sign-in through a college's own identity provider (OpenID Connect, code flow with PKCE)."""
