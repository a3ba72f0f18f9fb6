"""Holds: what forbids issuing certificates to a person until a named person lifts it (BR-19)."""
