"""Admission conditions of a path: what is checked of who applies, and shown to them and to who decides."""
