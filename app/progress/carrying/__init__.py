"""What facts recorded under one version of a path give in the version that the enrolment follows (S8)."""
