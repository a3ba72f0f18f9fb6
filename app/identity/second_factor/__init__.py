"""The second factor (TOTP, RFC 6238) and its recovery codes."""
