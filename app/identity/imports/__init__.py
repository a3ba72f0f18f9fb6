"""Importing people from a sheet: each row becomes an invitation, never an account."""
