"""The next steps of a participant."""
