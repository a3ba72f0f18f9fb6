"""Whether an enrolment is late or at risk."""
