"""Accounts: passwords, suspension, and accounts that a college opens."""
