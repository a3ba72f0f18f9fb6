"""Hand-ins: attempts at assessments, as text or as a file."""
