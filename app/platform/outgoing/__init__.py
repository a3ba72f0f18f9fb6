"""Requests that the service sends to addresses that others chose: issuers of sign-ins."""
