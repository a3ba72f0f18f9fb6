"""The page of one enrolment: its state, its history, what was missed, the catch-ups."""
