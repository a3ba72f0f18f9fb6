"""Enrolments: applications, admissions and every change of state."""
