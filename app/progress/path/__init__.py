"""An enrolment's stored progress, read."""
