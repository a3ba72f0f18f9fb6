"""Interests that people declare for a term, and the enrolments and mandates that they concern (BR-13, S6)."""
