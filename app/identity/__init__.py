"""Accounts and proof of who one is: sign-in, second factor, tokens, invitations, roles, the colleges' own sign-in."""
