"""Texts that a codevelopment group keeps to itself, encrypted under a key of the group's own (BR-11)."""
